// The subscription to events: a thread that connects, receives, and connects again.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nng/nng.h>

#include "error.h"
#include "net_client.h"
#include "net_link.h"
#include "net_server.h"
#include "sp.h"
#include "tls.h"

#define DEFAULT_SILENCE_MS 5000
#define BYTES_MAX (NET_EVENT_BYTES_MAX + 1024u) // topic and seq come on top
#define RETRY_MS_MIN 50
#define RETRY_MS_MAX 1000
#define TOPICS_MAX (sizeof(((struct net_sub_options *)0)->topics) / sizeof(const char *))

struct topic {
    bool seen;
    uint64_t seq;
};

struct net_sub {
    struct net_sub_options options;
    struct net_address address;
    struct net_sp sp;
    pthread_t thread;
    char *buf; // the message
    size_t buf_size;
    pthread_mutex_t lock; // for what follows
    struct topic topics[NET_TOPIC_COUNT];
    uint64_t last_ms; // of the last message, or the opening
    struct net_sub_stats stats;
};

// Takes "topic {"seq":N..." apart.
static bool parse(const char *text, size_t len, enum net_topic *ret_topic,
                  struct net_event *ret_event)
{
    static const char seq_key[] = "{\"seq\":";
    for (unsigned i = 0; i < NET_TOPIC_COUNT; i++) {
        const char *name = net_topic_name((enum net_topic)i);
        size_t n = strlen(name);
        if (len <= n + 1 || memcmp(text, name, n) != 0 || text[n] != ' ')
            continue;
        const char *json = text + n + 1;
        if (strncmp(json, seq_key, sizeof(seq_key) - 1) != 0 || text[len - 1] != '}')
            return false;
        const char *digits = json + sizeof(seq_key) - 1;
        size_t n_digits = strspn(digits, "0123456789");
        if (n_digits == 0 || n_digits > 19)
            return false;
        *ret_topic = (enum net_topic)i;
        ret_event->topic = name;
        ret_event->json = json;
        ret_event->len = len - n - 1;
        ret_event->seq = strtoull(digits, NULL, 10);
        return true;
    }
    return false;
}

static void note(struct net_sub *sub, enum net_topic topic, struct net_event *event)
{
    struct topic *last = &sub->topics[topic];
    event->restarted = last->seen && event->seq <= last->seq;
    if (last->seen && !event->restarted)
        event->lost = event->seq - last->seq - 1;
    *last = (struct topic){true, event->seq};
    sub->stats.received++;
    sub->stats.lost += event->lost;
    sub->stats.heard = true;
}

static bool wanted(const struct net_sub *sub, const char *topic)
{
    const char *const *topics = sub->options.topics;
    for (size_t i = 0; i < TOPICS_MAX && topics[i]; i++)
        if (strcmp(topics[i], topic) == 0)
            return true;
    return !topics[0];
}

// Tells the publisher which topics are wanted. One that is older sends everything all the same.
static int choose(struct net_sub *sub)
{
    const char *const *topics = sub->options.topics;
    char text[64];
    size_t len = 0;
    for (size_t i = 0; i < TOPICS_MAX && topics[i]; i++)
        len +=
            (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i > 0 ? " " : "", topics[i]);
    if (len == 0)
        return 0;
    return net_sp_send(&sub->sp, text, len, "", 0, net_clock_ms() + sub->options.silence_ms);
}

static void take(struct net_sub *sub, size_t len)
{
    struct net_event event = {.topic = NULL};
    enum net_topic topic;
    bool good = parse(sub->buf, len, &topic, &event);
    if (good && !wanted(sub, event.topic))
        return;
    pthread_mutex_lock(&sub->lock);
    sub->last_ms = net_clock_ms();
    if (good)
        note(sub, topic, &event);
    else
        sub->stats.malformed++;
    pthread_mutex_unlock(&sub->lock);
    if (good)
        sub->options.on_event(sub->options.user, &event);
}

static void set_connected(struct net_sub *sub, bool connected)
{
    pthread_mutex_lock(&sub->lock);
    sub->stats.connected = connected;
    pthread_mutex_unlock(&sub->lock);
}

// One connection, until it ends.
static int serve(struct net_sub *sub)
{
    uint32_t silence_ms = sub->options.silence_ms;
    int rv = net_sp_connect(&sub->sp, &sub->address, sub->options.tls, NET_SP_SUB, NET_SP_PUB,
                            net_clock_ms() + silence_ms);
    if (rv)
        return rv;
    set_connected(sub, true);
    rv = choose(sub);
    while (!rv) {
        size_t len = 0;
        rv = net_sp_recv(&sub->sp, BYTES_MAX, &sub->buf, &sub->buf_size, &len,
                         net_clock_ms() + silence_ms);
        if (!rv)
            take(sub, len);
    }
    net_sp_close(&sub->sp);
    set_connected(sub, false);
    return rv;
}

static void *run(void *arg)
{
    struct net_sub *sub = arg;
    uint64_t delay_ms = RETRY_MS_MIN;
    do {
        uint64_t began_ms = net_clock_ms();
        int rv = serve(sub);
        pthread_mutex_lock(&sub->lock);
        if (sub->last_ms >= began_ms && sub->stats.heard)
            delay_ms = RETRY_MS_MIN;
        sub->stats.silences += rv == NNG_ETIMEDOUT;
        pthread_mutex_unlock(&sub->lock);
        if (net_sp_pause(&sub->sp, net_clock_ms() + delay_ms))
            return NULL;
        delay_ms = delay_ms * 2 < RETRY_MS_MAX ? delay_ms * 2 : RETRY_MS_MAX;
    } while (true);
}

// The static name of a topic, or NULL.
static const char *topic_name(const char *name)
{
    for (unsigned i = 0; i < NET_TOPIC_COUNT; i++)
        if (strcmp(net_topic_name((enum net_topic)i), name) == 0)
            return net_topic_name((enum net_topic)i);
    return NULL;
}

static enum net_status check_options(const struct net_sub_options *options, struct net_error *err)
{
    for (size_t i = 0; i < TOPICS_MAX && options->topics[i]; i++)
        if (!topic_name(options->topics[i]))
            return net_fail(err, NET_ERR_INVAL, "there is no topic '%.40s'", options->topics[i]);
    return NET_OK;
}

static void destroy(struct net_sub *sub)
{
    net_sp_finish(&sub->sp);
    net_tls_unref(sub->options.tls);
    pthread_mutex_destroy(&sub->lock);
    free(sub->buf);
    free(sub);
}

static struct net_sub *create(const struct net_sub_options *options,
                              const struct net_address *address)
{
    struct net_sub *sub = calloc(1, sizeof(*sub));
    if (!sub)
        return NULL;
    sub->options = *options;
    sub->address = *address;
    sub->options.address = sub->address.text;
    // The caller's strings need not outlive the call.
    for (size_t i = 0; i < TOPICS_MAX && options->topics[i]; i++)
        sub->options.topics[i] = topic_name(options->topics[i]);
    if (!options->silence_ms)
        sub->options.silence_ms = DEFAULT_SILENCE_MS;
    if (net_sp_init(&sub->sp)) {
        free(sub);
        return NULL;
    }
    net_tls_ref(sub->options.tls);
    pthread_mutex_init(&sub->lock, NULL);
    sub->last_ms = net_clock_ms();
    return sub;
}

enum net_status net_sub_open(const struct net_sub_options *options, struct net_sub **ret_sub,
                             struct net_error *err)
{
    struct net_address address;
    enum net_status status = net_address_parse(options->address, false, &address, err);
    if (!status)
        status = net_tls_fits(options->tls, &address, false, err);
    if (!status)
        status = check_options(options, err);
    if (status)
        return status;
    struct net_sub *sub = create(options, &address);
    if (!sub)
        return net_fail(err, NET_ERR_NOMEM, "%s: no memory", options->address);
    if (pthread_create(&sub->thread, NULL, run, sub)) {
        destroy(sub);
        return net_fail(err, NET_ERR_NOMEM, "%s: no thread", options->address);
    }
    *ret_sub = sub;
    return NET_OK;
}

void net_sub_stats(struct net_sub *sub, struct net_sub_stats *ret_stats)
{
    pthread_mutex_lock(&sub->lock);
    uint64_t now_ms = net_clock_ms();
    *ret_stats = sub->stats;
    ret_stats->age_ms = now_ms > sub->last_ms ? now_ms - sub->last_ms : 0;
    pthread_mutex_unlock(&sub->lock);
}

void net_sub_close(struct net_sub *sub)
{
    if (!sub)
        return;
    net_sp_cancel(&sub->sp);
    pthread_join(sub->thread, NULL);
    destroy(sub);
}
