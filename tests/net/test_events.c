// The event sockets.
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "net_client.h"
#include "net_server.h"
#include "tests/net/child.h"
#include "tests/net/support.h"

struct listener {
    struct record record; // for its lock and condition
    struct net_sub *sub;
    unsigned events, snapshots, restarts;
    uint64_t lost;
    uint64_t first_seq, last_seq;
    char json[64];
    bool block; // the callback waits until this is false
};

static void on_event(void *user, const struct net_event *event)
{
    struct listener *listener = user;
    pthread_mutex_lock(&listener->record.lock);
    while (listener->block)
        pthread_cond_wait(&listener->record.changed, &listener->record.lock);
    if (strcmp(event->topic, "event") == 0)
        listener->events++;
    else
        listener->snapshots++;
    listener->restarts += event->restarted;
    listener->lost += event->lost;
    if (listener->first_seq == 0)
        listener->first_seq = event->seq;
    listener->last_seq = event->seq;
    if (strlen(event->json) == event->len)
        snprintf(listener->json, sizeof(listener->json), "%s", event->json);
    pthread_cond_broadcast(&listener->record.changed);
    pthread_mutex_unlock(&listener->record.lock);
}

static void listen_to(struct listener *listener, const char *address, const char *topic,
                      uint32_t silence_ms)
{
    memset(listener, 0, sizeof(*listener));
    record_init(&listener->record);
    struct net_sub_options options = {.address = address,
                                      .topics = {topic},
                                      .silence_ms = silence_ms,
                                      .on_event = on_event,
                                      .user = listener};
    struct net_error err;
    cr_assert_eq(net_sub_open(&options, &listener->sub, &err), NET_OK, "%s", err.text);
}

static void stop(struct listener *listener)
{
    net_sub_close(listener->sub);
    record_finish(&listener->record);
}

static struct net_pub *publish(const char *address)
{
    struct net_pub *pub;
    struct net_error err;
    struct net_pub_options options = {.address = address};
    cr_assert_eq(net_pub_create(&options, &pub, &err), NET_OK, "%s", err.text);
    return pub;
}

static uint64_t put(struct net_pub *pub, enum net_topic topic, const char *json)
{
    uint64_t seq = 0;
    cr_assert_eq(net_pub_send(pub, topic, json, strlen(json), &seq), NET_OK);
    return seq;
}

// Publishes until the subscriber hears the first message: PUB has no memory.
#define UNTIL_HEARD(pub, topic, listener, condition)                                          \
    do {                                                                                      \
        uint64_t until_ = net_clock_ms() + WAIT_MS;                                           \
        bool heard_ = false;                                                                  \
        while (!heard_ && net_clock_ms() < until_) {                                          \
            put(pub, topic, "{\"n\":1}");                                                     \
            struct timespec soon_ = wait_deadline(5);                                         \
            pthread_mutex_lock(&(listener)->record.lock);                                     \
            if (!(condition))                                                                 \
                pthread_cond_timedwait(&(listener)->record.changed, &(listener)->record.lock, \
                                       &soon_);                                               \
            heard_ = (condition);                                                             \
            pthread_mutex_unlock(&(listener)->record.lock);                                   \
        }                                                                                     \
        cr_assert(heard_);                                                                    \
    } while (0)

Test(events, seq_comes_first_and_counts_by_topic)
{
    struct listener all;
    struct net_pub *pub = publish("tcp://127.0.0.1:0");
    listen_to(&all, net_pub_address(pub), NULL, 0);
    UNTIL_HEARD(pub, NET_TOPIC_SNAPSHOT, &all, all.snapshots > 0);
    cr_assert_eq(put(pub, NET_TOPIC_EVENT, "{\"kind\":\"job.done\"}"), 1);
    cr_assert(WAIT_FOR(&all.record, all.events == 1));
    cr_assert_str_eq(all.json, "{\"seq\":1,\"kind\":\"job.done\"}");
    cr_assert_eq(put(pub, NET_TOPIC_EVENT, "{ }"), 2);
    cr_assert(WAIT_FOR(&all.record, all.events == 2));
    cr_assert_str_eq(all.json, "{\"seq\":2 }");
    struct net_sub_stats stats;
    net_sub_stats(all.sub, &stats);
    cr_assert(stats.heard && stats.connected);
    cr_assert_eq(stats.lost, 0);
    cr_assert_eq(stats.malformed, 0);
    stop(&all);
    net_pub_free(pub);
}

// A publisher need not make what nobody wants, and sends it to nobody.
Test(events, the_publisher_knows_which_topics_are_wanted)
{
    struct listener silent, deltas;
    struct net_pub *pub = publish("tcp://127.0.0.1:0");
    cr_assert(!net_pub_heard(pub, NET_TOPIC_EVENT));
    listen_to(&silent, net_pub_address(pub), NULL, 0);
    UNTIL_HEARD(pub, NET_TOPIC_SNAPSHOT, &silent, silent.snapshots > 0);
    cr_assert(net_pub_heard(pub, NET_TOPIC_EVENT));
    cr_assert(!net_pub_heard(pub, NET_TOPIC_DELTA), "who asks for nothing gets no deltas");
    listen_to(&deltas, net_pub_address(pub), "delta", 0);
    UNTIL_HEARD(pub, NET_TOPIC_DELTA, &deltas, deltas.last_seq > 0);
    stop(&silent);
    uint64_t until = net_clock_ms() + WAIT_MS;
    while (net_pub_heard(pub, NET_TOPIC_EVENT) && net_clock_ms() < until)
        put(pub, NET_TOPIC_DELTA, "{}");
    cr_assert(!net_pub_heard(pub, NET_TOPIC_EVENT), "the one that is left wants no events");
    struct net_sub_stats stats;
    net_sub_stats(deltas.sub, &stats);
    cr_assert_eq(stats.lost, 0);
    stop(&deltas);
    net_pub_free(pub);
}

Test(events, a_topic_is_chosen)
{
    struct listener events;
    struct net_pub *pub = publish(temp_ipc_address());
    listen_to(&events, net_pub_address(pub), "event", 0);
    UNTIL_HEARD(pub, NET_TOPIC_EVENT, &events, events.events > 0);
    put(pub, NET_TOPIC_SNAPSHOT, "{}");
    uint64_t last = put(pub, NET_TOPIC_EVENT, "{}");
    cr_assert(WAIT_FOR(&events.record, events.last_seq == last));
    cr_assert_eq(events.snapshots, 0);
    stop(&events);
    net_pub_free(pub);
}

Test(events, what_a_slow_subscriber_loses_is_counted)
{
    struct listener slow;
    struct net_pub *pub;
    struct net_pub_options options = {.address = "tcp://127.0.0.1:0", .queue_bytes_max = 65536};
    cr_assert_eq(net_pub_create(&options, &pub, NULL), NET_OK);
    static char big[1002];
    memset(big, ' ', sizeof(big));
    big[0] = '{';
    big[1000] = '}';
    big[1001] = '\0';
    listen_to(&slow, net_pub_address(pub), "event", 60000);
    UNTIL_HEARD(pub, NET_TOPIC_EVENT, &slow, slow.events > 0);
    pthread_mutex_lock(&slow.record.lock);
    slow.block = true;
    pthread_mutex_unlock(&slow.record.lock);
    uint64_t last = 0;
    for (int i = 0; i < 30000; i++)
        last = put(pub, NET_TOPIC_EVENT, big);
    pthread_mutex_lock(&slow.record.lock);
    slow.block = false;
    pthread_cond_broadcast(&slow.record.changed);
    pthread_mutex_unlock(&slow.record.lock);
    UNTIL_HEARD(pub, NET_TOPIC_EVENT, &slow, slow.last_seq > last);
    struct net_sub_stats stats;
    net_sub_stats(slow.sub, &stats);
    cr_assert_gt(stats.lost, 0);
    stop(&slow);
    // What was published before the subscription stood is not a loss.
    cr_assert_eq(slow.events + slow.lost, slow.last_seq - slow.first_seq + 1);
    cr_assert_eq(slow.restarts, 0);
    net_pub_free(pub);
}

// A flood of events, to a subscriber that does not keep up, leaves room for the snapshots.
Test(events, snapshots_are_not_crowded_out)
{
    struct listener slow;
    struct net_pub *pub;
    struct net_pub_options options = {.address = "tcp://127.0.0.1:0", .queue_bytes_max = 1 << 20};
    cr_assert_eq(net_pub_create(&options, &pub, NULL), NET_OK);
    static char big[1002];
    memset(big, ' ', sizeof(big));
    big[0] = '{';
    big[1000] = '}';
    big[1001] = '\0';
    listen_to(&slow, net_pub_address(pub), "snapshot", 60000);
    UNTIL_HEARD(pub, NET_TOPIC_SNAPSHOT, &slow, slow.snapshots > 0);
    pthread_mutex_lock(&slow.record.lock);
    slow.block = true;
    pthread_mutex_unlock(&slow.record.lock);
    uint64_t last = 0;
    for (int i = 0; i < 30000; i++) {
        put(pub, NET_TOPIC_EVENT, big);
        if (i % 500 == 0)
            last = put(pub, NET_TOPIC_SNAPSHOT, big);
    }
    pthread_mutex_lock(&slow.record.lock);
    slow.block = false;
    pthread_cond_broadcast(&slow.record.changed);
    pthread_mutex_unlock(&slow.record.lock);
    cr_assert(WAIT_FOR(&slow.record, slow.last_seq == last));
    cr_assert_eq(slow.lost, 0);
    stop(&slow);
    net_pub_free(pub);
}

Test(events, a_restarted_publisher_is_told_apart)
{
    struct listener all;
    char address[64];
    struct net_pub *pub = publish("tcp://127.0.0.1:0");
    snprintf(address, sizeof(address), "%s", net_pub_address(pub));
    listen_to(&all, address, NULL, 0);
    UNTIL_HEARD(pub, NET_TOPIC_EVENT, &all, all.last_seq >= 3);
    for (int i = 0; i < 500; i++) {
        uint64_t last = put(pub, NET_TOPIC_EVENT, "{}");
        cr_assert(WAIT_FOR(&all.record, all.last_seq == last));
    }
    net_pub_free(pub);
    pub = publish(address);
    UNTIL_HEARD(pub, NET_TOPIC_EVENT, &all, all.restarts == 1);
    cr_assert_eq(all.lost, 0);
    stop(&all);
    net_pub_free(pub);
}

// NNG does not notice a publisher that is stopped; the age shows it, and the connection is
// replaced.
Test(events, silence_shows_as_age_and_makes_a_new_connection)
{
    struct listener all;
    struct child child;
    child_start(&child, (const char *[]){NET_PEER, "publisher", NULL});
    listen_to(&all, child.line, NULL, 200);
    cr_assert(WAIT_FOR(&all.record, all.snapshots > 2));
    child_pause(&child);
    struct net_sub_stats stats;
    uint64_t oldest = 0;
    uint64_t until = net_clock_ms() + WAIT_MS;
    do {
        net_sub_stats(all.sub, &stats);
        oldest = stats.age_ms > oldest ? stats.age_ms : oldest;
    } while ((stats.silences < 2 || oldest < 400) && net_clock_ms() < until);
    cr_assert_geq(stats.silences, 2);
    cr_assert_geq(oldest, 400);
    pthread_mutex_lock(&all.record.lock);
    unsigned before = all.snapshots;
    pthread_mutex_unlock(&all.record.lock);
    kill(child.pid, SIGCONT);
    cr_assert(WAIT_FOR(&all.record, all.snapshots > before + 2));
    stop(&all);
    child_stop(&child);
}

Test(events, foreign_messages_are_counted_and_dropped)
{
    struct listener all;
    struct net_pub *pub = publish("tcp://127.0.0.1:0"); // for a port that is free
    char address[64];
    snprintf(address, sizeof(address), "%s", net_pub_address(pub));
    net_pub_free(pub);
    struct child child;
    const char *argv[] = {"sh", "-c",
                          "echo ready; exec nngcat --pub --listen \"$0\" --data 'event junk' "
                          "--interval 1 </dev/null",
                          address, NULL};
    child_start(&child, argv);
    listen_to(&all, address, NULL, 0);
    struct net_sub_stats stats;
    uint64_t until = net_clock_ms() + WAIT_MS;
    do
        net_sub_stats(all.sub, &stats);
    while (stats.malformed < 1 && net_clock_ms() < until);
    cr_assert_geq(stats.malformed, 1);
    cr_assert_eq(stats.received, 0);
    cr_assert_eq(all.events, 0);
    stop(&all);
    child_stop(&child);
}

Test(events, bad_messages_and_settings_are_refused)
{
    struct net_pub *pub = publish("tcp://127.0.0.1:0");
    cr_assert_eq(net_pub_send(pub, NET_TOPIC_EVENT, "[]", 2, NULL), NET_ERR_INVAL);
    cr_assert_eq(net_pub_send(pub, NET_TOPIC_EVENT, "{", 1, NULL), NET_ERR_INVAL);
    cr_assert_eq(net_pub_send(pub, NET_TOPIC_COUNT, "{}", 2, NULL), NET_ERR_INVAL);
    cr_assert_eq(put(pub, NET_TOPIC_EVENT, "{}"), 1, "a refused message uses no seq");
    struct net_sub *sub = NULL;
    struct net_sub_options options = {
        .address = "tcp://127.0.0.1:1", .topics = {"gossip"}, .on_event = on_event};
    cr_assert_eq(net_sub_open(&options, &sub, NULL), NET_ERR_INVAL);
    options = (struct net_sub_options){.address = "nowhere", .on_event = on_event};
    cr_assert_eq(net_sub_open(&options, &sub, NULL), NET_ERR_ADDRESS);
    cr_assert_null(sub);
    net_pub_free(pub);
}
