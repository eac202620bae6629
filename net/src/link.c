// A link's life: opening, closing, its end, its references.
#include "link.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "error.h"

#define DEFAULT_BYTES_MAX ((size_t)160 * 1024 * 1024)
#define DEFAULT_FIRST_FRAME_MS 5000
#define OWNED_WAIT_US 10000

static atomic_uint_fast64_t last_id;

// ---- host

bool net_host_init(struct net_host *host, struct net_loop *loop,
                   const struct net_link_events *events, const struct net_link_limits *limits,
                   enum net_sender from)
{
    host->shares_loop = loop == NULL;
    host->loop = loop ? loop : net_loop_ref();
    if (!host->loop)
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
    if (host->shares_loop)
        net_loop_unref(host->loop);
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
    while (host->ops > 0 || host->n_links > 0) {
        if (net_loop_is_owned(host->loop)) {
            pthread_mutex_unlock(&host->lock);
            net_loop_run(host->loop, OWNED_WAIT_US);
            pthread_mutex_lock(&host->lock);
        } else {
            pthread_cond_wait(&host->changed, &host->lock);
        }
    }
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
    if (link->watch.fd >= 0)
        close(link->watch.fd);
    net_tls_session_free(link->session);
    net_chunk_destroy(link->chunk);
    net_buf_free(&link->waiting);
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

// The end is a task of its own, so that on_close comes after every other callback and never on the
// thread of whoever closes.
static void end(void *arg)
{
    struct net_link *link = arg;
    struct net_host *host = link->host;
    pthread_mutex_lock(&link->lock);
    net_loop_unwatch(link->loop, &link->watch);
    close(link->watch.fd);
    link->watch.fd = -1;
    struct net_error reason = link->reason;
    bool handshaken = link->handshaken;
    link->ended = true;
    pthread_mutex_unlock(&link->lock);
    if (link->events.on_close)
        link->events.on_close(link->events.user, link, &reason);
    if (host->ended)
        host->ended(host, handshaken, &reason);
    host_remove(host, link);
    net_link_unref(link);
}

void net_link_close_locked(struct net_link *link, const struct net_error *reason)
{
    if (link->closing)
        return;
    link->closing = true;
    if (reason && !link->finishing)
        link->reason = *reason;
    net_tls_session_close(link->session);
    shutdown(link->watch.fd, SHUT_RDWR);
    net_timer_clear(link->loop, &link->timer);
    net_loop_post(link->loop, &link->end);
}

void net_link_finish_locked(struct net_link *link, const struct net_error *reason,
                            uint32_t linger_ms)
{
    if (link->closing || link->finishing)
        return;
    link->finishing = true;
    if (reason)
        link->reason = *reason;
    net_timer_set(link->loop, &link->timer, net_clock_ms() + linger_ms);
}

static void timer_fire(void *arg)
{
    struct net_link *link = arg;
    struct net_error reason;
    pthread_mutex_lock(&link->lock);
    // It may have fired just when it was set anew, or taken back.
    bool due = link->timer.place == 0 && (link->finishing || !link->handshaken);
    if (due) {
        net_fail(&reason, NET_ERR_TIMEOUT, "%s: no first message within %u ms", link->peer,
                 link->limits.first_frame_ms);
        net_link_close_locked(link, &reason);
    }
    pthread_mutex_unlock(&link->lock);
}

// ---- opening

static void ready(void *arg, uint32_t events)
{
    struct net_link *link = arg;
    // Under TLS each direction may have waited for the other.
    if ((events & EPOLLOUT) || link->session)
        net_link_writable(link);
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) || link->session)
        net_link_readable(link);
}

void net_link_watch(struct net_link *link)
{
    uint32_t events = 0;
    if (link->closing)
        return;
    if (!link->rx_paused)
        events |= EPOLLIN;
    if ((link->sent < link->waiting.len && !link->out_stalls) || link->nudged)
        events |= EPOLLOUT;
    // A socket that is not read would go on telling that its peer has hung up.
    if (events == 0)
        net_loop_unwatch(link->loop, &link->watch);
    else if (!net_loop_watch(link->loop, &link->watch, events))
        net_link_close_locked(
            link, &(struct net_error){.status = NET_ERR_NOMEM, .text = "no memory to wait"});
}

// Takes over the socket also when it fails.
static struct net_link *create(struct net_host *host, int fd, const char *peer, struct net_tls *tls,
                               const struct net_address *address)
{
    size_t peer_size = strlen(peer) + 1;
    struct net_link *link = calloc(1, sizeof(*link) + peer_size);
    if (!link) {
        close(fd);
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
    link->loop = host->loop;
    link->watch = (struct net_watch){.fd = fd, .ready = ready, .arg = link};
    link->end = (struct net_task){.run = end, .arg = link};
    link->timer = (struct net_timer){.fire = timer_fire, .arg = link};
    link->id = atomic_fetch_add(&last_id, 1) + 1;
    link->last_rx_ms = link->stats.opened_ms = net_clock_ms();
    memcpy(link->peer, peer, peer_size);
    bool serving = host->from != NET_SENDER_COORDINATOR;
    if (address->scheme == NET_SCHEME_TLS)
        link->session = net_tls_session_new(tls, address, serving, fd);
    if (address->scheme != NET_SCHEME_TLS || link->session)
        return link;
    destroy(link);
    return NULL;
}

enum net_status net_link_start(struct net_host *host, int fd, const char *peer, struct net_tls *tls,
                               const struct net_address *address, struct net_error *err)
{
    struct net_link *link = create(host, fd, peer, tls, address);
    if (!link)
        return net_fail(err, NET_ERR_NOMEM, "%s: no memory for a link", peer);
    enum net_status status = host_add(host, link, err);
    if (status) {
        destroy(link);
        return status;
    }
    if (link->events.on_open)
        link->events.on_open(link->events.user, link);
    pthread_mutex_lock(&link->lock);
    if (!link->closing && !link->finishing)
        net_timer_set(link->loop, &link->timer, net_clock_ms() + link->limits.first_frame_ms);
    net_link_watch(link);
    pthread_mutex_unlock(&link->lock);
    if (link->session) // the one that dials speaks first
        net_link_readable(link);
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
