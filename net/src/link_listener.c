// Accepting links.
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "address.h"
#include "error.h"
#include "link.h"
#include "tls.h"

#define DEFAULT_LINKS_MAX 4096
#define ACCEPT_PAUSE_MS 100
#define ACCEPTS_MAX 64 // before others have their turn
#define SOCKET_MODE 0660

struct net_link_listener {
    struct net_host host; // first, so that one pointer is both
    struct net_address address;
    struct net_watch watch;
    struct net_task end;
    struct net_timer timer; // the pause after an error
    struct net_tls *tls;    // NULL: none
};

// Goes on after an error such as too many open files.
static void timer_fire(void *arg)
{
    struct net_link_listener *listener = arg;
    pthread_mutex_lock(&listener->host.lock);
    if (!listener->host.closing)
        net_loop_watch(listener->host.loop, &listener->watch, EPOLLIN);
    pthread_mutex_unlock(&listener->host.lock);
}

static void pause_accepting(struct net_link_listener *listener)
{
    struct net_host *host = &listener->host;
    pthread_mutex_lock(&host->lock);
    net_loop_unwatch(host->loop, &listener->watch);
    if (!host->closing)
        net_timer_set(host->loop, &listener->timer, net_clock_ms() + ACCEPT_PAUSE_MS);
    pthread_mutex_unlock(&host->lock);
}

static void ready(void *arg, uint32_t events)
{
    struct net_link_listener *listener = arg;
    (void)events;
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        struct net_endpoint peer;
        char text[NET_PEER_MAX];
        int fd = net_socket_accept(listener->watch.fd, &peer);
        if (fd < 0 && (errno == ECONNABORTED || errno == EINTR))
            continue;
        if (fd < 0) {
            if (errno != EAGAIN && errno != EWOULDBLOCK)
                pause_accepting(listener);
            return;
        }
        bool known = net_endpoint_text(&peer, text, sizeof(text));
        net_link_start(&listener->host, fd, known ? text : listener->address.text, listener->tls,
                       &listener->address, NULL);
    }
}

static enum net_status bind_address(struct net_link_listener *listener, struct net_error *err)
{
    uint16_t port = 0;
    enum net_status status =
        net_socket_listen(&listener->address, SOCKET_MODE, &listener->watch.fd, &port, err);
    if (!status)
        net_address_set_port(&listener->address, port);
    return status;
}

static void close_socket(struct net_link_listener *listener)
{
    if (listener->watch.fd < 0)
        return;
    close(listener->watch.fd);
    listener->watch.fd = -1;
    if (listener->address.scheme == NET_SCHEME_IPC)
        unlink(net_address_path(&listener->address));
}

// The last that the loop does for the listener itself.
static void end(void *arg)
{
    struct net_link_listener *listener = arg;
    net_loop_unwatch(listener->host.loop, &listener->watch);
    close_socket(listener);
    net_host_op_done(&listener->host);
}

static void destroy(struct net_link_listener *listener)
{
    close_socket(listener);
    net_tls_unref(listener->tls);
    net_host_finish(&listener->host);
    free(listener);
}

enum net_status net_listener_create(const struct net_link_listener_options *options,
                                    const struct net_sp_side *sp, struct net_loop *loop,
                                    struct net_link_listener **ret_listener, struct net_error *err)
{
    struct net_address address;
    enum net_status status = net_address_parse(options->address, true, &address, err);
    if (!status)
        status = net_tls_fits(options->tls, &address, true, err);
    if (status)
        return status;
    struct net_link_listener *listener = calloc(1, sizeof(*listener));
    if (!listener)
        return net_fail(err, NET_ERR_NOMEM, "%s: no memory", options->address);
    if (!net_host_init(&listener->host, loop, &options->events, &options->limits,
                       NET_SENDER_AGENT | NET_SENDER_SUBMITTER)) {
        free(listener);
        return net_fail(err, NET_ERR_NOMEM, "%s: no thread for links", options->address);
    }
    listener->watch = (struct net_watch){.fd = -1, .ready = ready, .arg = listener};
    listener->end = (struct net_task){.run = end, .arg = listener};
    listener->timer = (struct net_timer){.fire = timer_fire, .arg = listener};
    listener->tls = net_tls_ref(options->tls);
    listener->host.links_max = options->links_max ? options->links_max : DEFAULT_LINKS_MAX;
    listener->host.ops = 1; // `end`
    listener->address = address;
    if (sp)
        listener->host.sp = *sp;
    listener->host.sp.ipc = address.scheme == NET_SCHEME_IPC;
    status = bind_address(listener, err);
    if (status) {
        destroy(listener);
        return status;
    }
    *ret_listener = listener;
    pthread_mutex_lock(&listener->host.lock);
    bool watched = net_loop_watch(listener->host.loop, &listener->watch, EPOLLIN);
    pthread_mutex_unlock(&listener->host.lock);
    if (watched)
        return NET_OK;
    destroy(listener);
    return net_fail(err, NET_ERR_NOMEM, "%s: no memory to wait", options->address);
}

enum net_status net_link_listener_create(const struct net_link_listener_options *options,
                                         struct net_link_listener **ret_listener,
                                         struct net_error *err)
{
    return net_listener_create(options, NULL, options->loop, ret_listener, err);
}

const char *net_link_listener_address(const struct net_link_listener *listener)
{
    return listener->address.text;
}

void net_link_listener_close(struct net_link_listener *listener)
{
    struct net_host *host = &listener->host;
    pthread_mutex_lock(&host->lock);
    if (!host->closing) {
        host->closing = true;
        net_timer_clear(host->loop, &listener->timer);
        net_host_close_links(host);
        net_loop_post(host->loop, &listener->end);
    }
    pthread_mutex_unlock(&host->lock);
}

void net_link_listener_stop(struct net_link_listener *listener)
{
    net_link_listener_close(listener);
    net_host_wait(&listener->host);
}

void net_link_listener_free(struct net_link_listener *listener)
{
    if (!listener)
        return;
    net_link_listener_stop(listener);
    destroy(listener);
}
