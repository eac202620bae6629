// The sending half: one buffer that fills while another is being sent.
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "error.h"
#include "link.h"

// A buffer that grew over this for one big message is not kept.
#define KEEP_BYTES_MAX ((size_t)4 * 1024 * 1024)

// Counts the frames, or returns false when the bytes are not whole frames.
static bool count_frames(const struct net_buf *buf, size_t *ret_count)
{
    size_t count = 0;
    size_t at = 0;
    while (at < buf->len) {
        if (buf->len - at < NET_FRAME_HEADER_SIZE)
            return false;
        size_t size = NET_FRAME_HEADER_SIZE + (size_t)net_get_u32(buf->data + at);
        if (size > buf->len - at)
            return false;
        at += size;
        count++;
    }
    *ret_count = count;
    return true;
}

static void swap(struct net_buf *a, struct net_buf *b)
{
    struct net_buf tmp = *a;
    *a = *b;
    *b = tmp;
}

static void post(struct net_link *link)
{
    nng_iov iov = {link->sending.data + link->sent, link->sending.len - link->sent};
    nng_aio_set_iov(link->tx_aio, 1, &iov);
    link->tx_busy = true;
    link->ops++;
    nng_stream_send(link->stream, link->tx_aio);
}

static void post_next(struct net_link *link)
{
    swap(&link->filling, &link->sending);
    link->sent = 0;
    if (link->sending.len > 0)
        post(link);
}

enum net_status net_link_send_locked(struct net_link *link, struct net_buf *frames)
{
    size_t count = 1;
    if (!link->sp.message_max && !count_frames(frames, &count))
        return NET_ERR_INVAL;
    if (link->closing || link->finishing)
        return NET_ERR_CLOSED;
    size_t waiting = link->filling.len + link->sending.len - link->sent;
    // Alone, more than the limit goes too: kept back, it would never get smaller.
    size_t max = link->limits.send_bytes_max;
    if (waiting > 0 && (waiting >= max || frames->len > max - waiting))
        return NET_ERR_BUSY;
    if (link->filling.len == 0)
        swap(&link->filling, frames);
    else if (!net_buf_append(&link->filling, frames->data, frames->len))
        return NET_ERR_NOMEM;
    net_buf_reset(frames);
    link->stats.frames_out += count;
    if (!link->tx_busy)
        post_next(link);
    return NET_OK;
}

enum net_status net_link_send(struct net_link *link, struct net_buf *frames)
{
    pthread_mutex_lock(&link->lock);
    enum net_status status = net_link_send_locked(link, frames);
    pthread_mutex_unlock(&link->lock);
    return status;
}

size_t net_link_send_waiting(struct net_link *link)
{
    pthread_mutex_lock(&link->lock);
    size_t waiting = link->filling.len + link->sending.len - link->sent;
    pthread_mutex_unlock(&link->lock);
    return waiting;
}

void net_link_tx_cb(void *arg)
{
    struct net_link *link = arg;
    pthread_mutex_lock(&link->lock);
    link->tx_busy = false;
    int rv = nng_aio_result(link->tx_aio);
    if (rv) {
        struct net_error reason;
        net_fail_nng(&reason, rv, link->peer);
        net_link_close_locked(link, &reason);
    } else {
        size_t n = nng_aio_count(link->tx_aio);
        link->sent += n;
        link->stats.bytes_out += n;
        link->stats.writes++;
    }
    if (!link->closing) {
        if (link->sent < link->sending.len) {
            post(link);
        } else {
            net_buf_reset(&link->sending);
            if (link->sending.cap > KEEP_BYTES_MAX)
                net_buf_free(&link->sending);
            post_next(link);
        }
    }
    net_link_op_done(link);
    pthread_mutex_unlock(&link->lock);
}
