// The subscription to events: a socket, and a watchdog that replaces it when it stays silent.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>

#include "error.h"
#include "net_client.h"
#include "net_link.h"
#include "net_server.h"
#include "socket.h"

#define DEFAULT_SILENCE_MS 5000
#define DEFAULT_QUEUE 256
#define QUEUE_MAX 8192
#define BYTES_MAX (NET_EVENT_BYTES_MAX + 1024u) // topic and seq come on top

struct topic {
    bool seen;
    uint64_t seq;
};

struct net_sub {
    struct net_sub_options options;
    struct net_address address;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool closing;
    nng_socket socket; // only the thread replaces it
    nng_aio *aio;      // receives, without a timeout: those crash (NNG issue 1523)
    struct topic topics[NET_TOPIC_COUNT];
    uint64_t last_ms; // of the last message, or the opening
    size_t pipes;
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

static void receive_cb(void *arg)
{
    struct net_sub *sub = arg;
    if (nng_aio_result(sub->aio))
        return; // the socket is being replaced
    nng_msg *msg = nng_aio_get_msg(sub->aio);
    nng_aio_set_msg(sub->aio, NULL);
    struct net_event event = {.topic = NULL};
    enum net_topic topic;
    size_t len = nng_msg_len(msg);
    bool good = nng_msg_append(msg, "", 1) == 0 && parse(nng_msg_body(msg), len, &topic, &event);
    pthread_mutex_lock(&sub->lock);
    sub->last_ms = net_clock_ms();
    if (good)
        note(sub, topic, &event);
    else
        sub->stats.malformed++;
    pthread_mutex_unlock(&sub->lock);
    if (good)
        sub->options.on_event(sub->options.user, &event);
    nng_msg_free(msg);
    nng_recv_aio(sub->socket, sub->aio);
}

static void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct net_sub *sub = arg;
    (void)pipe;
    pthread_mutex_lock(&sub->lock);
    if (event == NNG_PIPE_EV_ADD_POST)
        sub->pipes++;
    else if (sub->pipes > 0)
        sub->pipes--;
    pthread_mutex_unlock(&sub->lock);
}

static int subscribe(struct net_sub *sub)
{
    int rv = 0;
    if (!sub->options.topics[0])
        return nng_socket_set(sub->socket, NNG_OPT_SUB_SUBSCRIBE, "", 0);
    for (size_t i = 0; i < 2 && sub->options.topics[i] && !rv; i++)
        rv = nng_socket_set(sub->socket, NNG_OPT_SUB_SUBSCRIBE, sub->options.topics[i],
                            strlen(sub->options.topics[i]));
    return rv;
}

// Makes the socket and starts to receive.
static int open_socket(struct net_sub *sub)
{
    int rv = nng_sub0_open(&sub->socket);
    if (rv)
        return rv;
    rv = nng_aio_alloc(&sub->aio, receive_cb, sub);
    if (!rv)
        rv = nng_socket_set_int(sub->socket, NNG_OPT_RECVBUF, (int)sub->options.queue_max);
    if (!rv)
        rv = subscribe(sub);
    if (!rv)
        rv = nng_pipe_notify(sub->socket, NNG_PIPE_EV_ADD_POST, on_pipe, sub);
    if (!rv)
        rv = nng_pipe_notify(sub->socket, NNG_PIPE_EV_REM_POST, on_pipe, sub);
    if (!rv)
        rv = net_socket_dial(sub->socket, &sub->address, BYTES_MAX);
    if (rv) {
        nng_aio_free(sub->aio);
        sub->aio = NULL;
        nng_close(sub->socket);
        return rv;
    }
    nng_recv_aio(sub->socket, sub->aio);
    return 0;
}

static void close_socket(struct net_sub *sub)
{
    if (!sub->aio)
        return;
    nng_aio_stop(sub->aio); // waits for a callback that runs
    nng_aio_free(sub->aio);
    sub->aio = NULL;
    nng_close(sub->socket);
}

static void *watchdog(void *arg)
{
    struct net_sub *sub = arg;
    uint64_t opened_ms = net_clock_ms();
    pthread_mutex_lock(&sub->lock);
    while (!sub->closing) {
        uint64_t last_ms = sub->last_ms > opened_ms ? sub->last_ms : opened_ms;
        uint64_t due_ms = last_ms + sub->options.silence_ms;
        if (net_clock_ms() < due_ms) {
            struct timespec until = {(time_t)(due_ms / 1000), (long)(due_ms % 1000) * 1000000};
            pthread_cond_timedwait(&sub->wake, &sub->lock, &until);
            continue;
        }
        pthread_mutex_unlock(&sub->lock);
        close_socket(sub);
        bool opened = open_socket(sub) == 0;
        opened_ms = net_clock_ms(); // without memory for one, again after the same silence
        pthread_mutex_lock(&sub->lock);
        if (opened)
            sub->stats.sockets++;
    }
    pthread_mutex_unlock(&sub->lock);
    close_socket(sub);
    return NULL;
}

static enum net_status check_options(const struct net_sub_options *options, struct net_error *err)
{
    for (size_t i = 0; i < 2 && options->topics[i]; i++)
        if (strcmp(options->topics[i], "event") != 0 && strcmp(options->topics[i], "snapshot") != 0)
            return net_fail(err, NET_ERR_INVAL, "there is no topic '%.40s'", options->topics[i]);
    if (options->queue_max > QUEUE_MAX)
        return net_fail(err, NET_ERR_INVAL, "a queue of %zu is over the limit of %d",
                        options->queue_max, QUEUE_MAX);
    return NET_OK;
}

static void destroy(struct net_sub *sub)
{
    pthread_cond_destroy(&sub->wake);
    pthread_mutex_destroy(&sub->lock);
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
    for (size_t i = 0; i < 2 && options->topics[i]; i++)
        sub->options.topics[i] = strcmp(options->topics[i], "event") == 0 ? "event" : "snapshot";
    if (!options->silence_ms)
        sub->options.silence_ms = DEFAULT_SILENCE_MS;
    if (!options->queue_max)
        sub->options.queue_max = DEFAULT_QUEUE;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&sub->wake, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&sub->lock, NULL);
    sub->last_ms = net_clock_ms();
    sub->stats.sockets = 1;
    return sub;
}

enum net_status net_sub_open(const struct net_sub_options *options, struct net_sub **ret_sub,
                             struct net_error *err)
{
    struct net_address address;
    enum net_status status = net_address_parse(options->address, false, &address, err);
    if (!status)
        status = check_options(options, err);
    if (status)
        return status;
    struct net_sub *sub = create(options, &address);
    if (!sub)
        return net_fail(err, NET_ERR_NOMEM, "%s: no memory", options->address);
    int rv = open_socket(sub);
    if (rv) {
        destroy(sub);
        return net_fail_nng(err, rv, options->address);
    }
    if (pthread_create(&sub->thread, NULL, watchdog, sub)) {
        close_socket(sub);
        destroy(sub);
        return net_fail(err, NET_ERR_NOMEM, "%s: no thread for the watchdog", options->address);
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
    ret_stats->connected = sub->pipes > 0;
    pthread_mutex_unlock(&sub->lock);
}

void net_sub_close(struct net_sub *sub)
{
    if (!sub)
        return;
    pthread_mutex_lock(&sub->lock);
    sub->closing = true;
    pthread_cond_signal(&sub->wake);
    pthread_mutex_unlock(&sub->lock);
    pthread_join(sub->thread, NULL);
    destroy(sub);
}
