// A link's life: opening, closing, its end, its references.
#include "link.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "address.h"
#include "error.h"

#define DEFAULT_BYTES_MAX ((size_t)160 * 1024 * 1024)
#define DEFAULT_FIRST_FRAME_MS 5000

static atomic_uint_fast64_t last_id;

// ---- host

bool net_host_init(struct net_host *host, const struct net_link_events *events,
                   const struct net_link_limits *limits, enum net_sender from)
{
    if (!net_timers_start(&host->timers))
        return false;
    pthread_mutex_init(&host->lock, NULL);
    pthread_cond_init(&host->changed, NULL);
    host->events = *events;
    host->limits = *limits;
    host->from = from;
    if (!host->limits.send_bytes_max)
        host->limits.send_bytes_max = DEFAULT_BYTES_MAX;
    if (!host->limits.recv_bytes_max)
        host->limits.recv_bytes_max = DEFAULT_BYTES_MAX;
    if (!host->limits.first_frame_ms)
        host->limits.first_frame_ms = DEFAULT_FIRST_FRAME_MS;
    return true;
}

void net_host_finish(struct net_host *host)
{
    net_timers_finish(&host->timers);
    pthread_cond_destroy(&host->changed);
    pthread_mutex_destroy(&host->lock);
}

void net_host_op_done(struct net_host *host)
{
    pthread_mutex_lock(&host->lock);
    host->ops--;
    pthread_cond_broadcast(&host->changed);
    pthread_mutex_unlock(&host->lock);
}

void net_host_close_links(struct net_host *host)
{
    for (struct net_link *link = host->links; link; link = link->next)
        net_link_close(link, NULL);
}

void net_host_wait(struct net_host *host)
{
    pthread_mutex_lock(&host->lock);
    while (host->ops > 0 || host->n_links > 0)
        pthread_cond_wait(&host->changed, &host->lock);
    pthread_mutex_unlock(&host->lock);
}

static enum net_status host_add(struct net_host *host, struct net_link *link, struct net_error *err)
{
    enum net_status status = NET_OK;
    pthread_mutex_lock(&host->lock);
    if (host->closing) {
        status = net_fail(err, NET_ERR_CLOSED, "closing");
    } else if (host->n_links >= host->links_max) {
        status = net_fail(err, NET_ERR_BUSY, "%zu links are open already", host->n_links);
    } else {
        link->next = host->links;
        if (link->next)
            link->next->prev = link;
        host->links = link;
        host->n_links++;
    }
    pthread_mutex_unlock(&host->lock);
    return status;
}

static void host_remove(struct net_host *host, struct net_link *link)
{
    pthread_mutex_lock(&host->lock);
    if (link->next)
        link->next->prev = link->prev;
    if (link->prev)
        link->prev->next = link->next;
    else
        host->links = link->next;
    host->n_links--;
    pthread_cond_broadcast(&host->changed);
    pthread_mutex_unlock(&host->lock);
}

// ---- end

static void destroy(struct net_link *link)
{
    // The aios may be completing just now, on this very thread: NNG's reaper waits for them.
    nng_aio_reap(link->rx_aio);
    nng_aio_reap(link->tx_aio);
    nng_aio_reap(link->end_aio);
    nng_stream_free(link->stream);
    net_chunk_destroy(link->chunk);
    while (link->spares) {
        struct net_chunk *chunk = link->spares;
        link->spares = (struct net_chunk *)chunk->batch.next;
        net_chunk_destroy(chunk);
    }
    net_buf_free(&link->filling);
    net_buf_free(&link->sending);
    pthread_mutex_destroy(&link->lock);
    free(link);
}

void net_link_unref(struct net_link *link)
{
    pthread_mutex_lock(&link->lock);
    unsigned left = --link->refs;
    pthread_mutex_unlock(&link->lock);
    if (left == 0)
        destroy(link);
}

// The end runs as a completion of its own, so that on_close comes after every other callback and
// never on the thread of whoever closes.
static void end_cb(void *arg)
{
    struct net_link *link = arg;
    struct net_host *host = link->host;
    pthread_mutex_lock(&link->lock);
    struct net_error reason = link->reason;
    bool handshaken = link->handshaken;
    pthread_mutex_unlock(&link->lock);
    if (link->events.on_close)
        link->events.on_close(link->events.user, link, &reason);
    if (host->ended)
        host->ended(host, handshaken, &reason);
    host_remove(host, link);
    net_link_unref(link);
}

static void maybe_end(struct net_link *link)
{
    if (!link->closing || link->ending || link->ops > 0)
        return;
    link->ending = true;
    if (nng_aio_begin(link->end_aio))
        nng_aio_finish(link->end_aio, 0);
}

void net_link_op_done(struct net_link *link)
{
    link->ops--;
    maybe_end(link);
}

void net_link_close_locked(struct net_link *link, const struct net_error *reason)
{
    if (link->closing)
        return;
    link->closing = true;
    if (reason && !link->finishing)
        link->reason = *reason;
    nng_stream_close(link->stream);
    if (net_timer_clear(&link->host->timers, &link->timer))
        link->ops--;
    maybe_end(link);
}

void net_link_finish_locked(struct net_link *link, const struct net_error *reason,
                            uint32_t linger_ms)
{
    if (link->closing || link->finishing)
        return;
    link->finishing = true;
    if (reason)
        link->reason = *reason;
    if (net_timer_set(&link->host->timers, &link->timer, net_clock_ms() + linger_ms))
        link->ops++;
}

static void timer_cb(void *arg)
{
    struct net_link *link = arg;
    pthread_mutex_lock(&link->lock);
    if (net_timer_due(&link->host->timers, &link->timer)) {
        struct net_error reason;
        net_fail(&reason, NET_ERR_TIMEOUT, "%s: no first message within %u ms", link->peer,
                 link->limits.first_frame_ms);
        net_link_close_locked(link, &reason);
    }
    net_link_op_done(link);
    pthread_mutex_unlock(&link->lock);
}

// ---- opening

static struct net_link *create(struct net_host *host, nng_stream *stream, const char *address)
{
    struct net_link *link = calloc(1, sizeof(*link));
    if (!link) {
        nng_stream_free(stream);
        return NULL;
    }
    pthread_mutex_init(&link->lock, NULL);
    link->refs = 2;
    link->host = host;
    link->events = host->events;
    link->limits = host->limits;
    link->from = host->from;
    link->welcome = host->welcome;
    link->sp = host->sp;
    link->stream = stream;
    link->timer = (struct net_timer){.fire = timer_cb, .arg = link};
    link->id = atomic_fetch_add(&last_id, 1) + 1;
    link->last_rx_ms = link->stats.opened_ms = net_clock_ms();
    nng_sockaddr peer;
    if (host->from == NET_SENDER_COORDINATOR ||
        nng_stream_get_addr(stream, NNG_OPT_REMADDR, &peer) ||
        !net_address_of_peer(&peer, link->peer, sizeof(link->peer)))
        snprintf(link->peer, sizeof(link->peer), "%s", address);
    if (nng_aio_alloc(&link->rx_aio, net_link_rx_cb, link) ||
        nng_aio_alloc(&link->tx_aio, net_link_tx_cb, link) ||
        nng_aio_alloc(&link->end_aio, end_cb, link)) {
        destroy(link);
        return NULL;
    }
    link->chunk = net_chunk_create(link, 0);
    if (!link->chunk) {
        destroy(link);
        return NULL;
    }
    return link;
}

enum net_status net_link_start(struct net_host *host, nng_stream *stream, const char *address,
                               struct net_error *err)
{
    struct net_link *link = create(host, stream, address);
    if (!link)
        return net_fail(err, NET_ERR_NOMEM, "%s: no memory for a link", address);
    link->ops = 1;
    enum net_status status = host_add(host, link, err);
    if (status) {
        destroy(link);
        return status;
    }
    if (link->events.on_open)
        link->events.on_open(link->events.user, link);
    pthread_mutex_lock(&link->lock);
    if (!link->closing) {
        net_link_receive(link);
        if (!link->finishing && net_timer_set(&link->host->timers, &link->timer,
                                              net_clock_ms() + link->limits.first_frame_ms))
            link->ops++;
    }
    net_link_op_done(link);
    pthread_mutex_unlock(&link->lock);
    return NET_OK;
}

// ---- for the owner

void net_link_close(struct net_link *link, const struct net_error *reason)
{
    pthread_mutex_lock(&link->lock);
    net_link_close_locked(link, reason);
    pthread_mutex_unlock(&link->lock);
}

void net_link_close_flushed(struct net_link *link, const struct net_error *reason,
                            uint32_t linger_ms)
{
    pthread_mutex_lock(&link->lock);
    net_link_finish_locked(link, reason, linger_ms);
    pthread_mutex_unlock(&link->lock);
}

void net_link_free(struct net_link *link)
{
    if (!link)
        return;
    net_link_close(link, NULL);
    net_link_unref(link);
}

uint64_t net_link_id(const struct net_link *link)
{
    return link->id;
}

void net_link_set_user(struct net_link *link, void *user)
{
    link->user = user;
}

void *net_link_user(const struct net_link *link)
{
    return link->user;
}

const char *net_link_peer(const struct net_link *link)
{
    return link->peer;
}

uint64_t net_link_idle_ms(struct net_link *link)
{
    pthread_mutex_lock(&link->lock);
    uint64_t last = link->last_rx_ms;
    pthread_mutex_unlock(&link->lock);
    uint64_t now = net_clock_ms();
    return now > last ? now - last : 0;
}

void net_link_stats(struct net_link *link, struct net_link_stats *ret_stats)
{
    pthread_mutex_lock(&link->lock);
    *ret_stats = link->stats;
    pthread_mutex_unlock(&link->lock);
}
