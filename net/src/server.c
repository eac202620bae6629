// The control socket: speaks as an NNG REP socket, on links. See sp.h for why.
#include "net_server.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "link.h"
#include "sp.h"

#define DEFAULT_CONTEXTS 128
#define CONTEXTS_MAX 4096
#define DEFAULT_CLIENTS 1024
#define WAITING_MAX 4096
#define ROUTE_MAX 32 // bytes: eight stations between client and server

struct conn {
    struct net_link *link;
    bool ipc;
    atomic_bool gone;
    atomic_uint refs; // the open link and each request
};

struct net_request {
    struct net_server *server;
    struct conn *conn;
    struct net_request *next; // while it waits
    uint8_t route[ROUTE_MAX]; // goes back with the reply
    size_t route_len;
    size_t len;
    char text[]; // ends with a NUL
};

struct net_server {
    struct net_server_options options;
    struct net_link_listener *listener;
    struct net_loop *loop; // its own: requests are parsed on its thread, and some are big
    atomic_size_t refs;    // the owner and each request
    pthread_mutex_t lock;
    struct net_timer pump;             // hands out what waits, on a thread that is not the owner's
    struct net_request *first, **last; // waiting
    size_t n_waiting;
    size_t waiting_bytes;
    size_t active; // handed out and not answered
    bool closing;
};

static void server_unref(struct net_server *server)
{
    if (atomic_fetch_sub(&server->refs, 1) != 1)
        return;
    pthread_mutex_destroy(&server->lock);
    free(server);
}

static void conn_unref(struct conn *conn)
{
    if (atomic_fetch_sub(&conn->refs, 1) != 1)
        return;
    net_link_free(conn->link);
    free(conn);
}

static void request_free(struct net_request *request)
{
    conn_unref(request->conn);
    server_unref(request->server);
    free(request);
}

// ---- requests

// The route is words of four bytes, up to the first with its top bit set.
static size_t route_size(const struct net_frame *frame)
{
    for (size_t at = 0; at + 4 <= frame->len && at < ROUTE_MAX; at += 4)
        if (frame->body[at] & 0x80)
            return at + 4;
    return 0;
}

static enum net_status request_create(struct net_server *server, struct conn *conn,
                                      const struct net_frame *frame,
                                      struct net_request **ret_request, struct net_error *err)
{
    size_t route = route_size(frame);
    if (route == 0)
        return net_fail(err, NET_ERR_PROTOCOL, "a request without an id");
    size_t len = frame->len - route;
    struct net_request *request = malloc(sizeof(*request) + len + 1);
    if (!request)
        return net_fail(err, NET_ERR_NOMEM, "no memory for a request of %zu bytes", len);
    *request = (struct net_request){.server = server, .conn = conn, .route_len = route, .len = len};
    memcpy(request->route, frame->body, route);
    memcpy(request->text, frame->body + route, len);
    request->text[len] = '\0';
    atomic_fetch_add(&conn->refs, 1);
    atomic_fetch_add(&server->refs, 1);
    *ret_request = request;
    return NET_OK;
}

// Whether the request can be handed out now; otherwise it waits or is dropped with an error.
static bool admit(struct net_server *server, struct net_request *request, enum net_status *ret_why)
{
    bool now = false;
    pthread_mutex_lock(&server->lock);
    if (server->closing) {
        *ret_why = NET_ERR_CLOSED;
    } else if (server->active < server->options.contexts && !server->first) {
        server->active++;
        now = true;
    } else if (server->n_waiting >= WAITING_MAX ||
               request->len > 2 * server->options.recv_bytes_max - server->waiting_bytes) {
        *ret_why = NET_ERR_BUSY;
    } else {
        *server->last = request;
        server->last = &request->next;
        server->n_waiting++;
        server->waiting_bytes += request->len;
    }
    pthread_mutex_unlock(&server->lock);
    return now;
}

static struct net_request *next_waiting(struct net_server *server)
{
    struct net_request *request = NULL;
    pthread_mutex_lock(&server->lock);
    if (server->first && !server->closing && server->active < server->options.contexts) {
        request = server->first;
        server->first = request->next;
        if (!server->first)
            server->last = &server->first;
        server->n_waiting--;
        server->waiting_bytes -= request->len;
        server->active++;
    }
    pthread_mutex_unlock(&server->lock);
    return request;
}

static void pump_cb(void *arg)
{
    struct net_server *server = arg;
    struct net_request *request;
    while ((request = next_waiting(server)))
        server->options.on_request(server->options.user, request, request->text, request->len);
}

bool net_request_gone(const struct net_request *request)
{
    return atomic_load(&request->conn->gone);
}

static enum net_status send_reply(struct net_request *request, const char *text, size_t len)
{
    struct conn *conn = request->conn;
    struct net_buf buf = {NULL, 0, NET_SP_HEADER_MAX + request->route_len + len};
    buf.data = malloc(buf.cap);
    if (!buf.data)
        return NET_ERR_NOMEM;
    buf.len = net_sp_header(conn->ipc, request->route_len + len, buf.data);
    memcpy(buf.data + buf.len, request->route, request->route_len);
    buf.len += request->route_len;
    if (len > 0)
        memcpy(buf.data + buf.len, text, len);
    buf.len += len;
    enum net_status status = net_link_send(conn->link, &buf);
    net_buf_free(&buf);
    if (status == NET_ERR_BUSY) { // it asks and does not read the answers
        net_link_close(conn->link, NULL);
        status = NET_ERR_CLOSED;
    }
    return status;
}

enum net_status net_server_reply(struct net_request *request, const char *text, size_t len)
{
    static const char too_big[] =
        "{\"v\":1,\"ok\":false,\"error\":{\"code\":\"internal\","
        "\"message\":\"the reply is over the size limit of the control socket\"}}";
    struct net_server *server = request->server;
    enum net_status status = NET_ERR_CLOSED;
    if (len > NET_CONTROL_BYTES_MAX) {
        status = NET_ERR_TOO_BIG;
        send_reply(request, too_big, sizeof(too_big) - 1);
    } else if (!net_request_gone(request)) {
        status = send_reply(request, text, len);
    }
    pthread_mutex_lock(&server->lock);
    server->active--;
    if (server->first && !server->closing)
        net_timer_set(server->loop, &server->pump, net_clock_ms());
    pthread_mutex_unlock(&server->lock);
    request_free(request);
    return status;
}

// ---- connections

static void on_open(void *user, struct net_link *link)
{
    struct net_server *server = user;
    struct conn *conn = calloc(1, sizeof(*conn));
    struct net_buf buf = {malloc(NET_SP_GREETING_SIZE), NET_SP_GREETING_SIZE, NET_SP_GREETING_SIZE};
    net_link_set_user(link, conn);
    if (!conn || !buf.data) {
        buf.len = buf.cap = 0;
        net_link_close(link, NULL);
    } else {
        net_sp_greeting(NET_SP_REP, buf.data);
        net_link_send(link, &buf);
    }
    if (conn) {
        conn->link = link;
        conn->ipc = strncmp(server->options.address, "ipc:", 4) == 0;
        atomic_store(&conn->refs, 1);
    }
    net_buf_free(&buf);
}

static void on_batch(void *user, struct net_link *link, struct net_batch *batch)
{
    struct net_server *server = user;
    struct conn *conn = net_link_user(link);
    struct net_error why = {NET_OK, ""};
    for (size_t i = 0; i < batch->n_frames && conn && !why.status; i++) {
        struct net_request *request = NULL;
        if (request_create(server, conn, &batch->frames[i], &request, &why))
            break;
        if (admit(server, request, &why.status))
            server->options.on_request(server->options.user, request, request->text, request->len);
        else if (why.status)
            request_free(request);
    }
    if (why.status)
        net_link_close(link, &why);
    net_batch_free(batch);
}

static void on_close(void *user, struct net_link *link, const struct net_error *reason)
{
    struct conn *conn = net_link_user(link);
    (void)user;
    (void)reason;
    if (!conn) {
        net_link_free(link);
        return;
    }
    atomic_store(&conn->gone, true);
    conn_unref(conn);
}

// ---- the server

static enum net_status start(struct net_server *server, struct net_error *err)
{
    const struct net_server_options *options = &server->options;
    server->loop = net_loop_start();
    if (!server->loop)
        return net_fail(err, NET_ERR_NOMEM, "%s: no thread", options->address);
    struct net_sp_side sp = {.peer = NET_SP_REQ,
                             .message_max = (uint32_t)options->recv_bytes_max + ROUTE_MAX};
    struct net_link_listener_options listen = {
        .address = options->address,
        .links_max = options->clients_max,
        .tls = options->tls,
        .limits = {.send_bytes_max = (size_t)2 * NET_CONTROL_BYTES_MAX},
        .events = {on_open, on_batch, on_close, server},
    };
    return net_listener_create(&listen, &sp, server->loop, &server->listener, err);
}

enum net_status net_server_create(const struct net_server_options *options,
                                  struct net_server **ret_server, struct net_error *err)
{
    if (options->contexts > CONTEXTS_MAX || options->recv_bytes_max > NET_CONTROL_BYTES_MAX)
        return net_fail(err, NET_ERR_INVAL, "contexts are limited to %d, requests to %u bytes",
                        CONTEXTS_MAX, NET_CONTROL_BYTES_MAX);
    struct net_server *server = calloc(1, sizeof(*server));
    if (!server)
        return net_fail(err, NET_ERR_NOMEM, "%s: no memory", options->address);
    server->options = *options;
    if (!options->contexts)
        server->options.contexts = DEFAULT_CONTEXTS;
    if (!options->clients_max)
        server->options.clients_max = DEFAULT_CLIENTS;
    if (!options->recv_bytes_max)
        server->options.recv_bytes_max = NET_CONTROL_BYTES_MAX;
    server->last = &server->first;
    server->pump = (struct net_timer){.fire = pump_cb, .arg = server};
    pthread_mutex_init(&server->lock, NULL);
    atomic_store(&server->refs, 1);
    enum net_status status = start(server, err);
    if (status)
        net_server_free(server);
    else
        *ret_server = server;
    return status;
}

const char *net_server_address(const struct net_server *server)
{
    return net_link_listener_address(server->listener);
}

void net_server_close(struct net_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->closing = true;
    pthread_mutex_unlock(&server->lock);
}

void net_server_stop(struct net_server *server)
{
    net_server_close(server);
    if (server->listener)
        net_link_listener_stop(server->listener);
    if (server->loop)
        net_timer_stop(server->loop, &server->pump);
    while (server->first) {
        struct net_request *request = server->first;
        server->first = request->next;
        request_free(request);
    }
}

void net_server_free(struct net_server *server)
{
    if (!server)
        return;
    net_server_stop(server);
    net_link_listener_free(server->listener);
    server->listener = NULL;
    net_loop_unref(server->loop);
    server->loop = NULL;
    server_unref(server);
}
