/* The feed against coordinators that answer, hang, die and come back, over real sockets. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "feed/feed.h"
#include "feed/queue.h"
#include "net_server.h"

#define TRIES 1500
#define TRY_US 10000
#define HELD_MAX 256
#define AT_ONCE_MS 50 /* a call that doesn't wait for anybody, on a machine that is busy */

/* A coordinator of which only its answers to polls are made up. */
struct coordinator {
    struct net_server *server;
    struct net_pub *pub;
    char address[128];
    _Atomic unsigned int epoch, snapshots, actions;
    _Atomic bool hangs;
    struct net_request *held[HELD_MAX]; /* what came while it hung */
    size_t held_count;
};

static void on_request(void *user, struct net_request *request, const char *text, size_t len)
{
    struct coordinator *coordinator = user;
    char reply[512] = "{\"v\":1,\"ok\":true,\"events\":[],\"next\":0}";

    (void)len;
    coordinator->actions += strstr(text, "\"cordon\"") != NULL;
    if (coordinator->hangs && coordinator->held_count < HELD_MAX) {
        /* The client's time runs out. */
        coordinator->held[coordinator->held_count++] = request;
        return;
    }
    if (strstr(text, "\"version\"")) {
        snprintf(reply, sizeof(reply), "{\"ok\":true,\"events\":\"%s\"}",
                 net_pub_address(coordinator->pub));
    } else if (strstr(text, "\"snapshot\"")) {
        coordinator->snapshots++;
        snprintf(reply, sizeof(reply),
                 "{\"ok\":true,\"epoch\":%u,\"time_ms\":%u,\"totals\":{\"agents\":1},"
                 "\"agents\":[{\"name\":\"ember-01\",\"state\":\"ready\"}]}",
                 coordinator->epoch, coordinator->snapshots);
    }
    net_server_reply(request, reply, strlen(reply));
}

static void start(struct coordinator *coordinator, const char *address)
{
    struct net_pub_options pub = {.address = "tcp://127.0.0.1:0"};
    struct net_server_options options = {
        .address = address, .on_request = on_request, .user = coordinator};
    struct net_error error = {0};

    cr_assert_eq(net_pub_create(&pub, &coordinator->pub, &error), NET_OK, "%s", error.text);
    cr_assert_eq(net_server_create(&options, &coordinator->server, &error), NET_OK, "%s",
                 error.text);
    snprintf(coordinator->address, sizeof(coordinator->address), "%s",
             net_server_address(coordinator->server));
}

static void stop(struct coordinator *coordinator)
{
    net_server_close(coordinator->server);
    while (coordinator->held_count > 0)
        net_server_reply(coordinator->held[--coordinator->held_count], "{}", 2);
    net_server_free(coordinator->server);
    net_pub_free(coordinator->pub);
}

static struct tui_feed *open_feed(const char *address)
{
    struct tui_feed *feed = NULL;
    char error[TUI_TEXT_SIZE];

    cr_assert(tui_feed_create(address, NULL, &feed, error), "%s", error);
    return feed;
}

/* Takes updates until one of the kind comes, which the caller owns. */
static struct tui_update *next(struct tui_feed *feed, enum tui_update_kind kind)
{
    for (int i = 0; i < TRIES; i++) {
        struct tui_update *update = tui_feed_take(feed);
        if (update && update->kind == kind)
            return update;
        tui_update_destroy(update);
        if (!update)
            usleep(TRY_US);
    }
    cr_assert_fail("no update of kind %d came", kind);
    return NULL;
}

static void expect(struct tui_feed *feed, enum tui_update_kind kind)
{
    tui_update_destroy(next(feed, kind));
}

/* Everything that the screen's thread does with a feed comes back at once. */
static void expect_no_waiting(struct tui_feed *feed)
{
    struct tui_want want;
    int64_t began = tui_feed_clock_ms();

    memset(&want, 0, sizeof(want));
    want.polls[TUI_POLL_JOBS] = true;
    tui_feed_want(feed, &want);
    for (int i = 0; i < 100; i++) {
        struct tui_request request = {.token = 1, .text = strdup("{\"v\":1,\"op\":\"cordon\"}")};
        tui_feed_request(feed, &request);
    }
    for (int i = 0; i < 1000; i++)
        tui_update_destroy(tui_feed_take(feed));
    cr_assert_lt(tui_feed_clock_ms() - began, AT_ONCE_MS);
}

static void close_feed(struct tui_feed *feed)
{
    int64_t began = tui_feed_clock_ms();

    tui_feed_destroy(feed);
    cr_assert_lt(tui_feed_clock_ms() - began, 1000, "leaving waits for nobody");
}

TestSuite(feed, .timeout = 60);

Test(feed, snapshots_come_and_a_dead_coordinator_is_found_again)
{
    static struct coordinator first, second;
    first.epoch = 1;
    start(&first, "tcp://127.0.0.1:0");
    struct tui_feed *feed = open_feed(first.address);
    struct tui_update *update = next(feed, TUI_UPDATE_FLEET);
    cr_assert_str_eq(update->fleet->agents[0].name, "ember-01");
    tui_update_destroy(update);

    stop(&first);
    update = next(feed, TUI_UPDATE_SILENCE);
    cr_assert_str_not_empty(update->refusal.message, "it says why");
    tui_update_destroy(update);
    expect_no_waiting(feed);

    second.epoch = 2;
    start(&second, first.address);
    do {
        update = next(feed, TUI_UPDATE_FLEET);
        first.epoch = (unsigned int)update->fleet->epoch;
        tui_update_destroy(update);
    } while (first.epoch != 2);
    close_feed(feed);
    stop(&second);
}

Test(feed, a_coordinator_that_hangs_holds_up_nobody)
{
    static struct coordinator coordinator;
    coordinator.epoch = 1;
    start(&coordinator, "tcp://127.0.0.1:0");
    struct tui_feed *feed = open_feed(coordinator.address);
    expect(feed, TUI_UPDATE_FLEET);
    coordinator.hangs = true;
    expect(feed, TUI_UPDATE_SILENCE);
    expect_no_waiting(feed);
    coordinator.hangs = false;
    expect(feed, TUI_UPDATE_FLEET);
    coordinator.hangs = true;
    expect(feed, TUI_UPDATE_SILENCE);
    close_feed(feed);
    stop(&coordinator);
}

static void request(struct tui_feed *feed, uint64_t token)
{
    struct tui_request request = {.token = token, .text = strdup("{\"v\":1,\"op\":\"cordon\"}")};
    tui_feed_request(feed, &request);
}

/* The first one's time runs out after 10 s. */
Test(feed, an_action_that_had_to_wait_for_too_long_is_not_done_late)
{
    static struct coordinator coordinator;
    start(&coordinator, "tcp://127.0.0.1:0");
    struct tui_feed *feed = open_feed(coordinator.address);
    expect(feed, TUI_UPDATE_FLEET);
    coordinator.hangs = true;
    request(feed, 1);
    request(feed, 2);
    struct tui_update *update = next(feed, TUI_UPDATE_ANSWER);
    cr_assert_eq(update->token, 1);
    cr_assert(strstr(update->answer->refusal.hint, "unknown"), "it may have been done");
    tui_update_destroy(update);
    coordinator.hangs = false;
    update = next(feed, TUI_UPDATE_ANSWER);
    cr_assert_eq(update->token, 2);
    cr_assert(!update->answer->ok);
    cr_assert_str_eq(update->answer->refusal.hint, "nothing was sent");
    tui_update_destroy(update);
    cr_assert_eq(coordinator.actions, 1, "the second one never came");
    close_feed(feed);
    stop(&coordinator);
}

Test(feed, a_connection_that_is_half_open_holds_up_nobody)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(name);
    char address[64];
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    /* The kernel takes the connection, and nobody ever says a word on it. */
    cr_assert_eq(bind(listener, (struct sockaddr *)&name, sizeof(name)), 0);
    cr_assert_eq(listen(listener, 8), 0);
    cr_assert_eq(getsockname(listener, (struct sockaddr *)&name, &len), 0);
    snprintf(address, sizeof(address), "tcp://127.0.0.1:%u", ntohs(name.sin_port));
    struct tui_feed *feed = open_feed(address);
    expect(feed, TUI_UPDATE_SILENCE);
    expect_no_waiting(feed);
    close_feed(feed);
    close(listener);
}

static void publish(struct coordinator *coordinator, unsigned int epoch, unsigned int agents)
{
    char text[256];
    int len = snprintf(text, sizeof(text),
                       "{\"epoch\":%u,\"time_ms\":5,\"totals\":{\"agents\":%u},"
                       "\"agents\":[{\"name\":\"ember-01\",\"state\":\"cordoned\"}]}",
                       epoch, agents);

    net_pub_send(coordinator->pub, NET_TOPIC_DELTA, text, (size_t)len, NULL);
}

/* Publishes until one whole snapshot more was asked for. */
static bool publish_until_asked(struct coordinator *coordinator, struct tui_feed *feed,
                                unsigned int epoch, unsigned int agents, int tries)
{
    unsigned int before = coordinator->snapshots;

    for (int i = 0; i < tries && coordinator->snapshots == before; i++) {
        publish(coordinator, epoch, agents);
        tui_update_destroy(tui_feed_take(feed));
        usleep(TRY_US);
    }
    return coordinator->snapshots > before;
}

Test(feed, deltas_stand_for_snapshots_until_they_tell_of_something_else)
{
    static struct coordinator coordinator;
    struct tui_update *update = NULL;

    coordinator.epoch = 7;
    start(&coordinator, "tcp://127.0.0.1:0");
    struct tui_feed *feed = open_feed(coordinator.address);
    expect(feed, TUI_UPDATE_FLEET);
    for (int i = 0; i < TRIES && !update; i++) {
        publish(&coordinator, 7, 1);
        usleep(TRY_US);
        update = tui_feed_take(feed);
        if (update && update->kind != TUI_UPDATE_DELTA) {
            tui_update_destroy(update);
            update = NULL;
        }
    }
    cr_assert(update && update->published);
    cr_assert_str_eq(update->fleet->agents[0].state, "cordoned");
    tui_update_destroy(update);

    /* One may have been asked for before the first delta came. */
    publish_until_asked(&coordinator, feed, 7, 1, 100);
    cr_assert_not(publish_until_asked(&coordinator, feed, 7, 1, 100), "deltas that say all do");
    /* Long before the next one would be asked for in any case. */
    cr_assert(publish_until_asked(&coordinator, feed, 7, 2, 300), "an agent that isn't known");
    coordinator.epoch = 8;
    cr_assert(publish_until_asked(&coordinator, feed, 8, 1, 300), "another coordinator");
    close_feed(feed);
    stop(&coordinator);
}

Test(feed, a_queue_that_nobody_takes_from_is_bounded_and_keeps_answers)
{
    struct tui_queue queue;
    size_t count = 0;
    size_t answers = 0;

    cr_assert(tui_queue_init(&queue));
    for (size_t i = 0; i < 10 * TUI_QUEUE_MAX; i++) {
        struct tui_update *update = tui_update_silence("x", (int64_t)i);
        if (i == 3)
            update->kind = TUI_UPDATE_ANSWER;
        tui_queue_push(&queue, update);
    }
    struct tui_update *update;
    int64_t last = -1;
    while ((update = tui_queue_take(&queue))) {
        cr_assert_gt(update->at_ms, last);
        last = update->at_ms;
        answers += update->kind == TUI_UPDATE_ANSWER;
        count++;
        tui_update_destroy(update);
    }
    cr_assert_leq(count, TUI_QUEUE_MAX);
    cr_assert_eq(answers, 1);
    cr_assert_eq(last, 10 * TUI_QUEUE_MAX - 1, "the newest is there");
    tui_queue_finish(&queue);
}
