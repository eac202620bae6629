// The publisher of events.
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>

#include "clients.h"
#include "error.h"
#include "net_server.h"
#include "socket.h"

#define DEFAULT_QUEUE 256
#define QUEUE_MAX 8192
#define DEFAULT_CLIENTS 256
#define RECV_MAX 1024 // subscribers send nothing

struct net_pub {
    pthread_mutex_t lock;
    nng_socket socket;
    bool open;
    struct net_address address;
    struct net_clients clients;
    uint64_t next_seq[NET_TOPIC_COUNT];
};

static enum net_status start(struct net_pub *pub, const struct net_pub_options *options,
                             struct net_error *err)
{
    size_t queue = options->queue_max ? options->queue_max : DEFAULT_QUEUE;
    size_t clients = options->clients_max ? options->clients_max : DEFAULT_CLIENTS;
    if (queue > QUEUE_MAX)
        return net_fail(err, NET_ERR_INVAL, "a queue of %zu is over the limit of %d", queue,
                        QUEUE_MAX);
    int rv = nng_pub0_open(&pub->socket);
    if (rv)
        return net_fail_nng(err, rv, pub->address.text);
    pub->open = true;
    rv = net_clients_init(&pub->clients, pub->socket, clients);
    if (!rv)
        rv = nng_socket_set_int(pub->socket, NNG_OPT_SENDBUF, (int)queue);
    if (rv)
        return net_fail_nng(err, rv, pub->address.text);
    return net_socket_listen(pub->socket, &pub->address, RECV_MAX, err);
}

enum net_status net_pub_create(const struct net_pub_options *options, struct net_pub **ret_pub,
                               struct net_error *err)
{
    struct net_address address;
    enum net_status status = net_address_parse(options->address, true, &address, err);
    if (status)
        return status;
    struct net_pub *pub = calloc(1, sizeof(*pub));
    if (!pub)
        return net_fail(err, NET_ERR_NOMEM, "%s: no memory", options->address);
    pthread_mutex_init(&pub->lock, NULL);
    pub->address = address;
    for (size_t i = 0; i < NET_TOPIC_COUNT; i++)
        pub->next_seq[i] = options->first_seq[i] ? options->first_seq[i] : 1;
    status = start(pub, options, err);
    if (status)
        net_pub_free(pub);
    else
        *ret_pub = pub;
    return status;
}

const char *net_pub_address(const struct net_pub *pub)
{
    return pub->address.text;
}

static enum net_status build(enum net_topic topic, uint64_t seq, const char *json, size_t len,
                             nng_msg **ret_msg)
{
    char head[64];
    size_t space = 1 + strspn(json + 1, " \t\r\n");
    int n = snprintf(head, sizeof(head), "%s {\"seq\":%" PRIu64 "%s", net_topic_name(topic), seq,
                     space + 1 < len ? "," : "");
    nng_msg *msg;
    if (nng_msg_alloc(&msg, 0))
        return NET_ERR_NOMEM;
    if (nng_msg_append(msg, head, (size_t)n) || nng_msg_append(msg, json + 1, len - 1)) {
        nng_msg_free(msg);
        return NET_ERR_NOMEM;
    }
    *ret_msg = msg;
    return NET_OK;
}

enum net_status net_pub_send(struct net_pub *pub, enum net_topic topic, const char *json,
                             size_t len, uint64_t *ret_seq)
{
    if ((unsigned)topic >= NET_TOPIC_COUNT || len < 2 || json[0] != '{' || json[len - 1] != '}')
        return NET_ERR_INVAL;
    if (len > NET_EVENT_BYTES_MAX)
        return NET_ERR_TOO_BIG;
    nng_msg *msg;
    pthread_mutex_lock(&pub->lock);
    uint64_t seq = pub->next_seq[topic];
    enum net_status status = build(topic, seq, json, len, &msg);
    if (!status) {
        int rv = nng_sendmsg(pub->socket, msg, NNG_FLAG_NONBLOCK);
        if (rv)
            nng_msg_free(msg);
        status = net_status_of_nng(rv);
    }
    if (!status)
        pub->next_seq[topic]++;
    pthread_mutex_unlock(&pub->lock);
    if (!status && ret_seq)
        *ret_seq = seq;
    return status;
}

void net_pub_free(struct net_pub *pub)
{
    if (!pub)
        return;
    if (pub->open)
        nng_close(pub->socket);
    net_clients_finish(&pub->clients);
    pthread_mutex_destroy(&pub->lock);
    free(pub);
}
