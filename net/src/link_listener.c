// Accepting links.
#include <stdlib.h>

#include "address.h"
#include "error.h"
#include "link.h"
#include "tls.h"

#define DEFAULT_LINKS_MAX 4096
#define ACCEPT_PAUSE_MS 100
#define SOCKET_MODE 0660

struct net_link_listener {
    struct net_host host; // first, so that one pointer is both
    struct net_address address;
    nng_stream_listener *stream_listener;
    nng_aio *aio;
    struct net_timer timer; // the pause after an error
    struct net_tls *tls;    // NULL: none
    struct net_tls_watch watch;
    bool renewed; // the certificate has changed: the accept that stands has the old one
};

// Under the lock, as one operation.
static void post(struct net_link_listener *listener)
{
    listener->host.ops++;
    nng_stream_listener_accept(listener->stream_listener, listener->aio);
}

// Goes on after an error such as too many open files.
static void timer_cb(void *arg)
{
    struct net_link_listener *listener = arg;
    pthread_mutex_lock(&listener->host.lock);
    if (!listener->host.closing)
        post(listener);
    pthread_mutex_unlock(&listener->host.lock);
    net_host_op_done(&listener->host);
}

static void accept_cb(void *arg)
{
    struct net_link_listener *listener = arg;
    struct net_host *host = &listener->host;
    int rv = nng_aio_result(listener->aio);
    if (rv == 0) {
        nng_stream *stream = nng_aio_get_output(listener->aio, 0);
        net_link_start(host, stream, listener->address.text, NULL);
    }
    pthread_mutex_lock(&host->lock);
    if (listener->renewed) {
        net_tls_use_listener(listener->tls, &listener->address, listener->stream_listener);
        listener->renewed = false;
        rv = rv == NNG_ECANCELED ? 0 : rv;
    }
    if (!host->closing && rv == 0)
        post(listener);
    else if (!host->closing &&
             net_timer_set(&host->timers, &listener->timer, net_clock_ms() + ACCEPT_PAUSE_MS))
        host->ops++;
    pthread_mutex_unlock(&host->lock);
    net_host_op_done(host);
}

static enum net_status bind_address(struct net_link_listener *listener, struct net_error *err)
{
    struct net_address *address = &listener->address;
    int rv = nng_stream_listener_alloc(&listener->stream_listener, address->text);
    if (!rv && address->scheme == NET_SCHEME_IPC)
        rv = nng_stream_listener_set_int(listener->stream_listener, NNG_OPT_IPC_PERMISSIONS,
                                         SOCKET_MODE);
    if (!rv && address->scheme != NET_SCHEME_IPC) // see the dialer
        rv = nng_stream_listener_set_bool(listener->stream_listener, NNG_OPT_TCP_NODELAY, true);
    if (!rv)
        rv = net_tls_use_listener(listener->tls, address, listener->stream_listener);
    if (!rv)
        rv = nng_stream_listener_listen(listener->stream_listener);
    int port = 0;
    if (!rv && address->scheme != NET_SCHEME_IPC)
        rv = nng_stream_listener_get_int(listener->stream_listener, NNG_OPT_TCP_BOUND_PORT, &port);
    if (rv)
        return net_fail_nng(err, rv, address->text);
    net_address_set_port(address, (uint16_t)port);
    return NET_OK;
}

static void tls_changed(void *arg)
{
    struct net_link_listener *listener = arg;
    pthread_mutex_lock(&listener->host.lock);
    listener->renewed = true;
    pthread_mutex_unlock(&listener->host.lock);
    nng_aio_cancel(listener->aio);
}

static void destroy(struct net_link_listener *listener)
{
    net_tls_unref(listener->tls);
    nng_aio_free(listener->aio);
    nng_stream_listener_free(listener->stream_listener);
    net_host_finish(&listener->host);
    free(listener);
}

enum net_status net_listener_create(const struct net_link_listener_options *options,
                                    const struct net_sp_side *sp,
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
    if (!net_host_init(&listener->host, &options->events, &options->limits,
                       NET_SENDER_AGENT | NET_SENDER_SUBMITTER)) {
        free(listener);
        return net_fail(err, NET_ERR_NOMEM, "%s: no thread for timers", options->address);
    }
    listener->timer = (struct net_timer){.fire = timer_cb, .arg = listener};
    listener->watch = (struct net_tls_watch){.changed = tls_changed, .arg = listener};
    listener->tls = net_tls_ref(options->tls);
    listener->host.links_max = options->links_max ? options->links_max : DEFAULT_LINKS_MAX;
    listener->address = address;
    if (sp)
        listener->host.sp = *sp;
    listener->host.sp.ipc = address.scheme == NET_SCHEME_IPC;
    int rv = nng_aio_alloc(&listener->aio, accept_cb, listener);
    status = rv ? net_fail_nng(err, rv, options->address) : bind_address(listener, err);
    if (status) {
        destroy(listener);
        return status;
    }
    *ret_listener = listener;
    pthread_mutex_lock(&listener->host.lock);
    post(listener);
    pthread_mutex_unlock(&listener->host.lock);
    net_tls_watch(listener->tls, &listener->watch);
    return NET_OK;
}

enum net_status net_link_listener_create(const struct net_link_listener_options *options,
                                         struct net_link_listener **ret_listener,
                                         struct net_error *err)
{
    return net_listener_create(options, NULL, ret_listener, err);
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
        nng_stream_listener_close(listener->stream_listener);
        if (net_timer_clear(&host->timers, &listener->timer))
            host->ops--; // who waits for that takes the lock after this
        net_host_close_links(host);
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
    net_tls_unwatch(listener->tls, &listener->watch);
    net_link_listener_stop(listener);
    destroy(listener);
}
