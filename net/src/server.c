// The control socket: REP with a fixed number of contexts, each a request's home.
#include "net_server.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>

#include "clients.h"
#include "error.h"
#include "socket.h"

#define DEFAULT_CONTEXTS 128
#define CONTEXTS_MAX 4096
#define DEFAULT_CLIENTS 1024

enum state { STATE_IDLE, STATE_RECEIVING, STATE_HELD, STATE_SENDING };

// A context. Contexts live as long as their socket and no aio here has a timeout: one that
// outlives its context crashes NNG 1.5.2.
struct net_request {
    struct net_server *server;
    pthread_mutex_t lock;
    enum state state;
    bool closing; // start nothing
    nng_ctx ctx;
    nng_aio *aio;
    nng_msg *msg;    // the request, while it is held
    atomic_int pipe; // of the request that is held; 0 when its peer is gone
};

struct net_server {
    struct net_server_options options;
    struct net_address address;
    nng_socket socket;
    bool open;
    struct net_clients clients;
    atomic_size_t refs; // the owner and each held request
    struct net_request *requests;
    size_t n_requests;
};

static void server_unref(struct net_server *server)
{
    if (atomic_fetch_sub(&server->refs, 1) != 1)
        return;
    for (size_t i = 0; i < server->n_requests; i++) {
        nng_msg_free(server->requests[i].msg);
        pthread_mutex_destroy(&server->requests[i].lock);
    }
    free(server->requests);
    free(server);
}

static void receive(struct net_request *request)
{
    request->state = STATE_IDLE;
    if (request->closing)
        return;
    request->state = STATE_RECEIVING;
    nng_ctx_recv(request->ctx, request->aio);
}

// Takes the request that came in. False when the context is free again.
static bool hold(struct net_request *request)
{
    nng_msg *msg = nng_aio_get_msg(request->aio);
    nng_aio_set_msg(request->aio, NULL);
    if (request->closing || nng_msg_append(msg, "", 1)) {
        nng_msg_free(msg);
        return false;
    }
    request->msg = msg;
    request->state = STATE_HELD;
    int pipe = nng_pipe_id(nng_msg_get_pipe(msg));
    atomic_store(&request->pipe, pipe);
    // It may have gone before it was noted here.
    if (!net_clients_has(&request->server->clients, pipe))
        atomic_store(&request->pipe, 0);
    atomic_fetch_add(&request->server->refs, 1);
    return true;
}

static void request_cb(void *arg)
{
    struct net_request *request = arg;
    const struct net_server_options *options = &request->server->options;
    bool held = false;
    pthread_mutex_lock(&request->lock);
    int rv = nng_aio_result(request->aio);
    if (request->state == STATE_SENDING && rv) {
        nng_msg_free(nng_aio_get_msg(request->aio));
        nng_aio_set_msg(request->aio, NULL);
    }
    if (request->state == STATE_RECEIVING && !rv)
        held = hold(request);
    if (!held)
        receive(request);
    pthread_mutex_unlock(&request->lock);
    if (held)
        options->on_request(options->user, request, nng_msg_body(request->msg),
                            nng_msg_len(request->msg) - 1);
}

static void on_gone(void *user, int pipe)
{
    struct net_server *server = user;
    for (size_t i = 0; i < server->n_requests; i++) {
        int expected = pipe;
        atomic_compare_exchange_strong(&server->requests[i].pipe, &expected, 0);
    }
}

bool net_request_gone(const struct net_request *request)
{
    return atomic_load(&request->pipe) == 0;
}

// Starts to send; the context goes on to the next request when that fails.
static enum net_status send_reply(struct net_request *request, const char *text, size_t len)
{
    nng_msg *msg;
    if (nng_msg_alloc(&msg, 0))
        return NET_ERR_NOMEM;
    if (nng_msg_append(msg, text, len)) {
        nng_msg_free(msg);
        return NET_ERR_NOMEM;
    }
    nng_aio_set_msg(request->aio, msg);
    request->state = STATE_SENDING;
    nng_ctx_send(request->ctx, request->aio);
    return NET_OK;
}

enum net_status net_server_reply(struct net_request *request, const char *text, size_t len)
{
    static const char too_big[] =
        "{\"v\":1,\"ok\":false,\"error\":{\"code\":\"internal\","
        "\"message\":\"the reply is over the size limit of the control socket\"}}";
    struct net_server *server = request->server;
    pthread_mutex_lock(&request->lock);
    enum net_status status = NET_OK;
    enum net_status sent = NET_OK;
    if (request->closing || net_request_gone(request))
        status = NET_ERR_CLOSED;
    else if (len > NET_CONTROL_BYTES_MAX)
        status = NET_ERR_TOO_BIG;
    nng_msg_free(request->msg);
    request->msg = NULL;
    if (status == NET_OK)
        status = sent = send_reply(request, text, len);
    else if (status == NET_ERR_TOO_BIG)
        sent = send_reply(request, too_big, sizeof(too_big) - 1);
    if (sent || status == NET_ERR_CLOSED)
        receive(request);
    pthread_mutex_unlock(&request->lock);
    server_unref(server);
    return status;
}

static enum net_status create_requests(struct net_server *server, struct net_error *err)
{
    size_t count = server->options.contexts;
    server->requests = calloc(count, sizeof(*server->requests));
    if (!server->requests)
        return net_fail(err, NET_ERR_NOMEM, "no memory for %zu requests", count);
    for (size_t i = 0; i < count; i++) {
        struct net_request *request = &server->requests[i];
        request->server = server;
        int rv = nng_ctx_open(&request->ctx, server->socket);
        if (!rv && (rv = nng_aio_alloc(&request->aio, request_cb, request)) != 0)
            nng_ctx_close(request->ctx);
        if (rv)
            return net_fail_nng(err, rv, server->options.address);
        pthread_mutex_init(&request->lock, NULL);
        server->n_requests++;
    }
    return NET_OK;
}

static enum net_status start(struct net_server *server, struct net_error *err)
{
    int rv = nng_rep0_open(&server->socket);
    if (rv)
        return net_fail_nng(err, rv, server->options.address);
    server->open = true;
    rv = net_clients_init(&server->clients, server->socket, server->options.clients_max);
    if (rv)
        return net_fail_nng(err, rv, server->options.address);
    server->clients.on_gone = on_gone;
    server->clients.user = server;
    enum net_status status = create_requests(server, err);
    if (!status)
        status = net_socket_listen(server->socket, &server->address, server->options.recv_bytes_max,
                                   err);
    return status;
}

enum net_status net_server_create(const struct net_server_options *options,
                                  struct net_server **ret_server, struct net_error *err)
{
    struct net_address address;
    enum net_status status = net_address_parse(options->address, true, &address, err);
    if (status)
        return status;
    if (options->contexts > CONTEXTS_MAX)
        return net_fail(err, NET_ERR_INVAL, "%zu contexts are over the limit of %d",
                        options->contexts, CONTEXTS_MAX);
    struct net_server *server = calloc(1, sizeof(*server));
    if (!server)
        return net_fail(err, NET_ERR_NOMEM, "%s: no memory", options->address);
    server->options = *options;
    server->address = address;
    server->options.address = server->address.text;
    if (!options->contexts)
        server->options.contexts = DEFAULT_CONTEXTS;
    if (!options->clients_max)
        server->options.clients_max = DEFAULT_CLIENTS;
    if (!options->recv_bytes_max)
        server->options.recv_bytes_max = NET_CONTROL_BYTES_MAX;
    atomic_store(&server->refs, 1);
    status = start(server, err);
    if (status) {
        net_server_free(server);
        return status;
    }
    *ret_server = server;
    for (size_t i = 0; i < server->n_requests; i++) {
        pthread_mutex_lock(&server->requests[i].lock);
        receive(&server->requests[i]);
        pthread_mutex_unlock(&server->requests[i].lock);
    }
    return NET_OK;
}

const char *net_server_address(const struct net_server *server)
{
    return server->address.text;
}

void net_server_close(struct net_server *server)
{
    for (size_t i = 0; i < server->n_requests; i++) {
        struct net_request *request = &server->requests[i];
        pthread_mutex_lock(&request->lock);
        request->closing = true;
        if (request->state == STATE_RECEIVING)
            nng_aio_cancel(request->aio);
        pthread_mutex_unlock(&request->lock);
    }
}

void net_server_stop(struct net_server *server)
{
    if (!server->open)
        return;
    net_server_close(server);
    // Each aio before its context, and both before the socket.
    for (size_t i = 0; i < server->n_requests; i++) {
        nng_aio_stop(server->requests[i].aio);
        nng_aio_free(server->requests[i].aio);
        nng_ctx_close(server->requests[i].ctx);
    }
    nng_close(server->socket);
    net_clients_finish(&server->clients);
    server->open = false;
}

void net_server_free(struct net_server *server)
{
    if (!server)
        return;
    net_server_stop(server);
    server_unref(server);
}
