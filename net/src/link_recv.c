// The receiving half: big reads, frames delivered in place, back pressure by memory in use.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cursor.h"
#include "error.h"
#include "link.h"
#include "sp.h"

#define CHUNK_SIZE ((size_t)64 * 1024)
#define REFUSE_LINGER_MS 1000

// ---- memory

void net_chunk_destroy(struct net_chunk *chunk)
{
    if (!chunk)
        return;
    free(chunk->frames);
    free(chunk->data);
    free(chunk);
}

static struct net_chunk *chunk_create(struct net_link *link, size_t size)
{
    struct net_chunk *chunk = size <= CHUNK_SIZE ? net_loop_take_chunk(link->loop) : NULL;
    if (!chunk) {
        chunk = calloc(1, sizeof(*chunk));
        if (!chunk)
            return NULL;
        chunk->cap = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        chunk->data = malloc(chunk->cap);
        if (!chunk->data) {
            free(chunk);
            return NULL;
        }
    }
    chunk->batch = (struct net_batch){.link = link};
    chunk->len = 0;
    return chunk;
}

static void chunk_give_back(struct net_link *link, struct net_chunk *chunk)
{
    if (chunk && (chunk->cap != CHUNK_SIZE || !net_loop_give_chunk(link->loop, chunk)))
        net_chunk_destroy(chunk);
}

static bool chunk_grow(struct net_chunk *chunk, size_t size)
{
    uint8_t *grown = realloc(chunk->data, size);
    if (!grown)
        return false;
    chunk->data = grown;
    chunk->cap = size;
    return true;
}

static bool chunk_add(struct net_chunk *chunk, const struct net_frame *frame)
{
    if (chunk->batch.n_frames == chunk->frames_cap) {
        size_t cap = chunk->frames_cap ? 2 * chunk->frames_cap : 16;
        struct net_frame *grown = realloc(chunk->frames, cap * sizeof(*grown));
        if (!grown)
            return false;
        chunk->frames = grown;
        chunk->frames_cap = cap;
    }
    chunk->frames[chunk->batch.n_frames++] = *frame;
    return true;
}

void net_batch_free(struct net_batch *batch)
{
    if (!batch)
        return;
    struct net_chunk *chunk = (struct net_chunk *)batch;
    struct net_link *link = batch->link;
    pthread_mutex_lock(&link->lock);
    link->unfreed -= chunk->cap;
    if (link->rx_paused && link->unfreed <= link->limits.recv_bytes_max / 2) {
        link->rx_paused = false;
        link->nudged = link->session != NULL;
        net_link_watch(link);
    }
    if (!link->ended) {
        chunk_give_back(link, chunk);
        chunk = NULL;
    }
    pthread_mutex_unlock(&link->lock);
    net_chunk_destroy(chunk);
    net_link_unref(link);
}

// ---- frames

static bool is_listening(const struct net_link *link)
{
    return link->from != NET_SENDER_COORDINATOR;
}

// The peer's first frame as soon as its header is there, so that nothing bigger is waited for.
static enum net_status check_first_type(struct net_link *link, const struct net_chunk *chunk,
                                        struct net_error *err)
{
    if (chunk->len < NET_FRAME_HEADER_SIZE)
        return NET_OK;
    uint16_t type = net_get_u16(chunk->data + 4);
    bool good = is_listening(link) ? type == NET_MSG_HELLO || type == NET_MSG_SUBMIT_HELLO
                                   : type == link->welcome || type == NET_MSG_REFUSE;
    if (good)
        return NET_OK;
    return net_fail(err, NET_ERR_PROTOCOL, "the first message, of type %u, is no %s", type,
                    is_listening(link) ? "HELLO" : net_message_info(link->welcome)->name);
}

static void set_handshaken(struct net_link *link, bool handshaken)
{
    pthread_mutex_lock(&link->lock);
    link->handshaken = handshaken;
    if (!link->finishing)
        net_timer_clear(link->loop, &link->timer);
    pthread_mutex_unlock(&link->lock);
}

static enum net_status decode_first(const struct net_frame *frame, struct net_error *err)
{
    struct net_hello hello;
    struct net_submit_hello submit_hello;
    struct net_welcome welcome;
    struct net_submit_welcome submit_welcome;
    switch (frame->type) {
    case NET_MSG_HELLO:
        return net_hello_decode(frame, &hello, err);
    case NET_MSG_SUBMIT_HELLO:
        return net_submit_hello_decode(frame, &submit_hello, err);
    case NET_MSG_WELCOME:
        return net_welcome_decode(frame, &welcome, err);
    case NET_MSG_SUBMIT_WELCOME:
        return net_submit_welcome_decode(frame, &submit_welcome, err);
    default: // REFUSE is looked at with the farewells
        return NET_OK;
    }
}

static enum net_status check_first(struct net_link *link, const struct net_frame *frame,
                                   struct net_error *err)
{
    enum net_status status = decode_first(frame, err);
    if (status)
        return status;
    if (is_listening(link))
        link->from = frame->type == NET_MSG_HELLO ? NET_SENDER_AGENT : NET_SENDER_SUBMITTER;
    set_handshaken(link, frame->type != NET_MSG_REFUSE);
    return NET_OK;
}

// A peer that says REFUSE or GOODBYE expects this side to close.
static enum net_status check_farewell(const struct net_frame *frame, struct net_error *err)
{
    struct net_refuse refuse;
    struct net_goodbye goodbye;
    char text[NET_ERROR_TEXT_MAX - 16];
    enum net_status status;
    if (frame->type == NET_MSG_REFUSE) {
        status = net_refuse_decode(frame, &refuse, err);
        if (status)
            return status;
        net_text_copy(refuse.text, text, sizeof(text));
        return net_fail(err, NET_ERR_REFUSED, "refused: %s", text);
    }
    status = net_goodbye_decode(frame, &goodbye, err);
    if (status)
        return status;
    net_text_copy(goodbye.text, text, sizeof(text));
    return net_fail(err, NET_ERR_CLOSED, "goodbye: %s", text);
}

// As net_frame_split, for a link of an NNG socket's messages.
static enum net_status split_sp(struct net_link *link, bool first, const uint8_t *data, size_t len,
                                struct net_frame *ret_frame, size_t *ret_size, size_t *ret_need,
                                struct net_error *err)
{
    size_t skip = link->sp.ipc ? 1 : 0;
    size_t header = first ? NET_SP_GREETING_SIZE : 8 + skip;
    *ret_size = 0;
    *ret_need = header;
    if (len < header)
        return NET_OK;
    *ret_frame = (struct net_frame){0, 0, 0, NULL};
    *ret_size = header;
    if (first) {
        uint8_t greeting[NET_SP_GREETING_SIZE];
        net_sp_greeting(link->sp.peer, greeting);
        if (memcmp(data, greeting, sizeof(greeting)) != 0)
            return net_fail(err, NET_ERR_PROTOCOL, "its greeting is not that of a client");
        set_handshaken(link, true);
        return NET_OK;
    }
    uint64_t body = 0;
    for (size_t i = skip; i < header; i++)
        body = body << 8 | data[i];
    if (skip && data[0] != 1)
        return net_fail(err, NET_ERR_PROTOCOL, "a message of type %u is not known", data[0]);
    if (body > link->sp.message_max)
        return net_fail(err, NET_ERR_TOO_BIG, "a message is over the limit of %u bytes",
                        link->sp.message_max);
    *ret_need = header + (size_t)body;
    *ret_size = len < *ret_need ? 0 : *ret_need;
    ret_frame->len = (uint32_t)body;
    ret_frame->body = data + header;
    return NET_OK;
}

// Cuts the chunk into frames. `*ret_used` is what they take, `*ret_need` the whole size of the
// frame that is incomplete. Frames before an error are good.
static enum net_status cut(struct net_link *link, struct net_chunk *chunk, size_t *ret_used,
                           size_t *ret_need, struct net_error *err)
{
    size_t at = 0;
    enum net_status status = NET_OK;
    bool first = !link->handshaken;
    bool sp = link->sp.message_max > 0;
    for (;;) {
        struct net_frame frame;
        size_t size = 0;
        if (first && !sp)
            status = check_first_type(link, chunk, err);
        if (!status)
            status = sp ? split_sp(link, first, chunk->data + at, chunk->len - at, &frame, &size,
                                   ret_need, err)
                        : net_frame_split(chunk->data + at, chunk->len - at, link->from, &frame,
                                          &size, ret_need, err);
        if (status || size == 0)
            break;
        if (first && !sp)
            status = check_first(link, &frame, err);
        if (status)
            break;
        first = false;
        if (frame.body && !chunk_add(chunk, &frame)) {
            status = net_fail(err, NET_ERR_NOMEM, "no memory for frames");
            break;
        }
        at += size;
        if (frame.type == NET_MSG_REFUSE || frame.type == NET_MSG_GOODBYE) {
            status = check_farewell(&frame, err);
            break;
        }
    }
    *ret_used = at;
    return status;
}

static void deliver(struct net_link *link, struct net_chunk *chunk)
{
    chunk->batch.frames = chunk->frames;
    pthread_mutex_lock(&link->lock);
    link->refs++;
    link->unfreed += chunk->cap;
    if (link->unfreed > link->limits.recv_bytes_max && !link->rx_paused) {
        link->rx_paused = true;
        net_link_watch(link);
    }
    link->stats.frames_in += chunk->batch.n_frames;
    pthread_mutex_unlock(&link->lock);
    link->events.on_batch(link->events.user, link, &chunk->batch);
}

// Takes what was read out of the chunk, which it takes over; what is left of a frame that has come
// in part stays with the link.
static enum net_status take(struct net_link *link, struct net_chunk *chunk, struct net_error *err)
{
    size_t used = 0;
    size_t need = 0;
    enum net_status status = cut(link, chunk, &used, &need, err);
    size_t rest = status ? 0 : chunk->len - used;
    struct net_chunk *kept = NULL;
    if (chunk->batch.n_frames > 0) {
        if (rest > 0) {
            kept = chunk_create(link, need);
            if (!kept)
                status = net_fail(err, NET_ERR_NOMEM, "no memory for %zu bytes", need);
            else
                memcpy(kept->data, chunk->data + used, rest);
        }
        link->chunk = kept;
        if (kept)
            kept->len = rest;
        deliver(link, chunk);
        return status;
    }
    // Only a greeting is used up without being delivered.
    if (rest > 0) {
        kept = chunk;
        memmove(kept->data, kept->data + used, rest);
        kept->len = rest;
        if (need > kept->cap && !chunk_grow(kept, need))
            status = net_fail(err, NET_ERR_NOMEM, "no memory for %zu bytes", need);
    } else {
        chunk_give_back(link, chunk);
    }
    link->chunk = kept;
    return status;
}

// ---- the socket

// Tells an agent why it is turned away before the link closes.
static void refuse(struct net_link *link, const struct net_error *reason)
{
    struct net_buf buf = {NULL, 0, 0};
    struct net_refuse msg = {
        .code = reason->status == NET_ERR_VERSION ? NET_REFUSE_VERSION : NET_REFUSE_BAD_HELLO,
        .text = net_text_of(reason->text),
    };
    if (net_refuse_encode(&buf, &msg, NULL) || net_link_send_locked(link, &buf))
        net_link_close_locked(link, reason);
    else
        net_link_finish_locked(link, reason, REFUSE_LINGER_MS);
    net_buf_free(&buf);
}

static void fail(struct net_link *link, struct net_error *reason)
{
    char text[NET_ERROR_TEXT_MAX];
    memcpy(text, reason->text, sizeof(text));
    bool turn_away = !link->handshaken && is_listening(link) && !link->sp.message_max;
    if (turn_away && (reason->status == NET_ERR_VERSION || reason->status == NET_ERR_PROTOCOL)) {
        refuse(link, reason);
        return;
    }
    net_fail(reason, reason->status, "%.100s: %.150s", link->peer, text);
    net_link_close_locked(link, reason);
}

// As recv(). What is encrypted is not read while another thread sends.
static ssize_t read_some(struct net_link *link, uint8_t *to, size_t len)
{
    if (!link->session)
        return recv(link->watch.fd, to, len, MSG_DONTWAIT);
    pthread_mutex_lock(&link->lock);
    ssize_t n = net_tls_session_recv(link->session, to, len);
    int error = errno;
    pthread_mutex_unlock(&link->lock);
    errno = error;
    return n;
}

void net_link_failed(struct net_link *link, int error, struct net_error *ret_reason)
{
    if (!net_tls_session_failed(link->session, link->peer, ret_reason))
        net_fail_errno(ret_reason, error, link->peer);
}

// Reads once. False: there is nothing, or the link has ended.
static bool receive(struct net_link *link, struct net_chunk *chunk)
{
    struct net_error reason;
    ssize_t n;
    do
        n = read_some(link, chunk->data + chunk->len, chunk->cap - chunk->len);
    while (n < 0 && errno == EINTR);
    int error = errno;
    if (n < 0 && (error == EAGAIN || error == EWOULDBLOCK))
        return false;
    pthread_mutex_lock(&link->lock);
    if (n > 0) {
        chunk->len += (size_t)n;
        link->last_rx_ms = net_clock_ms();
        link->stats.bytes_in += (size_t)n;
        link->stats.reads++;
    } else {
        if (n < 0)
            net_link_failed(link, error, &reason);
        else
            net_fail(&reason, NET_ERR_CLOSED, "%s: the peer closed the connection", link->peer);
        net_link_close_locked(link, &reason);
    }
    pthread_mutex_unlock(&link->lock);
    return n > 0;
}

// Reads and takes once. False: there is nothing more for now.
static bool receive_once(struct net_link *link)
{
    struct net_error reason = {.status = NET_OK};
    pthread_mutex_lock(&link->lock);
    bool deaf = link->closing || link->rx_paused;
    bool discard = link->finishing;
    pthread_mutex_unlock(&link->lock);
    if (deaf)
        return false;
    struct net_chunk *chunk = link->chunk ? link->chunk : chunk_create(link, 0);
    bool got = chunk && receive(link, chunk);
    link->chunk = NULL;
    if (!chunk) {
        net_fail(&reason, NET_ERR_NOMEM, "no memory to receive");
    } else if (!got || discard) {
        if (chunk->len > 0 && !discard)
            link->chunk = chunk;
        else
            chunk_give_back(link, chunk);
    } else {
        take(link, chunk, &reason);
    }
    if (!reason.status)
        return got;
    pthread_mutex_lock(&link->lock);
    chunk_give_back(link, link->chunk);
    link->chunk = NULL;
    fail(link, &reason);
    pthread_mutex_unlock(&link->lock);
    return false;
}

// One read an event: others' turns come in between, and the event comes again while there is more.
// But what TLS has decrypted already makes no event.
void net_link_readable(struct net_link *link)
{
    bool more = receive_once(link);
    if (!link->session)
        return;
    while (more)
        more = receive_once(link);
    net_link_writable(link); // which may have waited for what has come
}
