// The publisher of events: speaks as an NNG PUB socket, on links. See sp.h for why.
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "link.h"
#include "net_server.h"
#include "sp.h"

#define DEFAULT_QUEUE_BYTES ((size_t)8 * 1024 * 1024)
#define DEFAULT_CLIENTS 256
// Events may fill this part of a subscriber's queue. The rest is for snapshots: they are few, and
// each says all that is known.
#define EVENTS_PART 8
#define RECV_MAX 1024 // subscribers send the names of topics, with spaces between, or nothing
#define SILENT_TOPICS (1u << NET_TOPIC_EVENT | 1u << NET_TOPIC_SNAPSHOT)

struct subscriber {
    struct subscriber *prev, *next;
    struct net_link *link;
    unsigned topics; // a bit each
};

struct net_pub {
    pthread_mutex_t lock; // before any link's
    struct subscriber *subscribers;
    struct net_link_listener *listener;
    bool ipc;
    size_t waiting_max[NET_TOPIC_COUNT]; // bytes, before a subscriber misses a message
    uint64_t next_seq[NET_TOPIC_COUNT];
    struct net_buf buf; // what is given to one subscriber
};

static void on_open(void *user, struct net_link *link)
{
    struct net_pub *pub = user;
    struct subscriber *subscriber = calloc(1, sizeof(*subscriber));
    struct net_buf buf = {malloc(NET_SP_GREETING_SIZE), NET_SP_GREETING_SIZE, NET_SP_GREETING_SIZE};
    net_link_set_user(link, subscriber);
    if (!subscriber || !buf.data) {
        net_link_set_user(link, NULL);
        net_link_close(link, NULL);
        free(subscriber);
        free(buf.data);
        return;
    }
    net_sp_greeting(NET_SP_PUB, buf.data);
    net_link_send(link, &buf);
    net_buf_free(&buf);
    subscriber->link = link;
    subscriber->topics = SILENT_TOPICS;
    pthread_mutex_lock(&pub->lock);
    subscriber->next = pub->subscribers;
    if (subscriber->next)
        subscriber->next->prev = subscriber;
    pub->subscribers = subscriber;
    pthread_mutex_unlock(&pub->lock);
}

// Names that are not known are of newer subscribers.
static unsigned topics_of(const struct net_frame *frame)
{
    const char *at = (const char *)frame->body;
    const char *end = at + frame->len;
    unsigned topics = 0;
    while (at < end) {
        const char *space = memchr(at, ' ', (size_t)(end - at));
        size_t len = (size_t)((space ? space : end) - at);
        for (unsigned i = 0; i < NET_TOPIC_COUNT; i++) {
            const char *name = net_topic_name((enum net_topic)i);
            if (strlen(name) == len && memcmp(name, at, len) == 0)
                topics |= 1u << i;
        }
        at += len + 1;
    }
    return topics;
}

static void on_batch(void *user, struct net_link *link, struct net_batch *batch)
{
    struct net_pub *pub = user;
    struct subscriber *subscriber = net_link_user(link);
    pthread_mutex_lock(&pub->lock);
    for (size_t i = 0; subscriber && i < batch->n_frames; i++)
        subscriber->topics = topics_of(&batch->frames[i]);
    pthread_mutex_unlock(&pub->lock);
    net_batch_free(batch);
}

static void on_close(void *user, struct net_link *link, const struct net_error *reason)
{
    struct net_pub *pub = user;
    struct subscriber *subscriber = net_link_user(link);
    (void)reason;
    if (subscriber) {
        pthread_mutex_lock(&pub->lock);
        if (subscriber->next)
            subscriber->next->prev = subscriber->prev;
        if (subscriber->prev)
            subscriber->prev->next = subscriber->next;
        else
            pub->subscribers = subscriber->next;
        pthread_mutex_unlock(&pub->lock);
        free(subscriber);
    }
    net_link_free(link);
}

enum net_status net_pub_create(const struct net_pub_options *options, struct net_pub **ret_pub,
                               struct net_error *err)
{
    struct net_pub *pub = calloc(1, sizeof(*pub));
    if (!pub)
        return net_fail(err, NET_ERR_NOMEM, "%s: no memory", options->address);
    pthread_mutex_init(&pub->lock, NULL);
    for (size_t i = 0; i < NET_TOPIC_COUNT; i++)
        pub->next_seq[i] = options->first_seq[i] ? options->first_seq[i] : 1;
    pub->ipc = options->address && strncmp(options->address, "ipc:", 4) == 0;
    struct net_sp_side sp = {.peer = NET_SP_SUB, .message_max = RECV_MAX};
    size_t queue = options->queue_bytes_max ? options->queue_bytes_max : DEFAULT_QUEUE_BYTES;
    pub->waiting_max[NET_TOPIC_SNAPSHOT] = pub->waiting_max[NET_TOPIC_DELTA] = queue;
    pub->waiting_max[NET_TOPIC_EVENT] = queue / EVENTS_PART;
    struct net_link_listener_options listen = {
        .address = options->address,
        .tls = options->tls,
        .links_max = options->clients_max ? options->clients_max : DEFAULT_CLIENTS,
        .limits = {.send_bytes_max = queue},
        .events = {on_open, on_batch, on_close, pub},
    };
    enum net_status status = net_listener_create(&listen, &sp, NULL, &pub->listener, err);
    if (status)
        net_pub_free(pub);
    else
        *ret_pub = pub;
    return status;
}

const char *net_pub_address(const struct net_pub *pub)
{
    return net_link_listener_address(pub->listener);
}

static bool reserve(struct net_buf *buf, size_t len)
{
    if (len <= buf->cap)
        return true;
    uint8_t *grown = realloc(buf->data, len);
    if (!grown)
        return false;
    buf->data = grown;
    buf->cap = len;
    return true;
}

// Builds the message for each subscriber anew: a link takes the memory it is given.
static enum net_status publish(struct net_pub *pub, enum net_topic topic, const char *head,
                               size_t head_len, const char *rest, size_t rest_len)
{
    struct net_buf *buf = &pub->buf;
    for (struct subscriber *s = pub->subscribers; s; s = s->next) {
        if ((s->topics & 1u << topic) == 0 ||
            net_link_send_waiting(s->link) > pub->waiting_max[topic])
            continue; // as below
        if (!reserve(buf, NET_SP_HEADER_MAX + head_len + rest_len))
            return NET_ERR_NOMEM;
        buf->len = net_sp_header(pub->ipc, head_len + rest_len, buf->data);
        memcpy(buf->data + buf->len, head, head_len);
        memcpy(buf->data + buf->len + head_len, rest, rest_len);
        buf->len += head_len + rest_len;
        net_link_send(s->link, buf); // a subscriber that is too slow misses it: seq tells
        net_buf_reset(buf);
    }
    return NET_OK;
}

enum net_status net_pub_send(struct net_pub *pub, enum net_topic topic, const char *json,
                             size_t len, uint64_t *ret_seq)
{
    if ((unsigned)topic >= NET_TOPIC_COUNT || len < 2 || json[0] != '{' || json[len - 1] != '}')
        return NET_ERR_INVAL;
    if (len > NET_EVENT_BYTES_MAX)
        return NET_ERR_TOO_BIG;
    char head[64];
    size_t space = 1;
    while (space < len && (json[space] == ' ' || json[space] == '\t' || json[space] == '\n'))
        space++;
    const char *comma = space + 1 < len ? "," : "";
    pthread_mutex_lock(&pub->lock);
    uint64_t seq = pub->next_seq[topic];
    int n = snprintf(head, sizeof(head), "%s {\"seq\":%" PRIu64 "%s", net_topic_name(topic), seq,
                     comma);
    enum net_status status = publish(pub, topic, head, (size_t)n, json + 1, len - 1);
    if (!status)
        pub->next_seq[topic]++;
    pthread_mutex_unlock(&pub->lock);
    if (!status && ret_seq)
        *ret_seq = seq;
    return status;
}

bool net_pub_heard(struct net_pub *pub, enum net_topic topic)
{
    bool heard = false;
    pthread_mutex_lock(&pub->lock);
    for (const struct subscriber *s = pub->subscribers; s && !heard; s = s->next)
        heard = (s->topics & 1u << topic) != 0;
    pthread_mutex_unlock(&pub->lock);
    return heard;
}

void net_pub_free(struct net_pub *pub)
{
    if (!pub)
        return;
    net_link_listener_free(pub->listener);
    net_buf_free(&pub->buf);
    pthread_mutex_destroy(&pub->lock);
    free(pub);
}
