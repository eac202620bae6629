// The sending half: at once as far as the socket takes it; the rest waits in one buffer.
#include <errno.h>
#include <sys/socket.h>

#include "cursor.h"
#include "error.h"
#include "link.h"

// A buffer that grew over this for one big message is not kept.
#define KEEP_BYTES_MAX ((size_t)64 * 1024)

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

// Writes what the socket takes. False: the link has failed and is closing.
static bool write_some(struct net_link *link, const uint8_t *data, size_t len, size_t *ret_written)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n =
            link->session
                ? net_tls_session_send(link->session, data + done, len - done, &link->out_stalls)
                : send(link->watch.fd, data + done, len - done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (n < 0) {
            struct net_error reason;
            net_link_failed(link, errno, &reason);
            net_link_close_locked(link, &reason);
            return false;
        }
        done += (size_t)n;
        link->stats.bytes_out += (size_t)n;
        link->stats.writes++;
    }
    *ret_written = done;
    return true;
}

enum net_status net_link_send_locked(struct net_link *link, struct net_buf *frames)
{
    size_t count = 1;
    if (!link->sp.message_max && !count_frames(frames, &count))
        return NET_ERR_INVAL;
    if (link->closing || link->finishing)
        return NET_ERR_CLOSED;
    size_t waiting = link->waiting.len - link->sent;
    // Alone, more than the limit goes too: kept back, it would never get smaller.
    size_t max = link->limits.send_bytes_max;
    if (waiting > 0 && (waiting >= max || frames->len > max - waiting))
        return NET_ERR_BUSY;
    if (waiting > 0) {
        if (!net_buf_append(&link->waiting, frames->data, frames->len))
            return NET_ERR_NOMEM;
    } else {
        size_t written = 0;
        if (!write_some(link, frames->data, frames->len, &written))
            return NET_ERR_CLOSED;
        if (written < frames->len) {
            swap(&link->waiting, frames);
            link->sent = written;
            net_link_watch(link);
        }
    }
    net_buf_reset(frames);
    link->stats.frames_out += count;
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
    size_t waiting = link->waiting.len - link->sent;
    pthread_mutex_unlock(&link->lock);
    return waiting;
}

void net_link_writable(struct net_link *link)
{
    size_t written = 0;
    struct net_buf *buf = &link->waiting;
    pthread_mutex_lock(&link->lock);
    if (link->nudged) {
        link->nudged = false;
        net_link_watch(link);
    }
    if (!link->closing && link->sent < buf->len &&
        write_some(link, buf->data + link->sent, buf->len - link->sent, &written)) {
        link->sent += written;
        if (link->sent == buf->len) {
            link->sent = 0;
            net_buf_reset(buf);
            if (buf->cap > KEEP_BYTES_MAX)
                net_buf_free(buf);
        }
        net_link_watch(link);
    }
    pthread_mutex_unlock(&link->lock);
}
