// The receiving half: big reads, frames delivered in place, back pressure by memory in use.
#include <stdlib.h>
#include <string.h>

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

struct net_chunk *net_chunk_create(struct net_link *link, size_t size)
{
    struct net_chunk *chunk = NULL;
    pthread_mutex_lock(&link->lock);
    if (size <= CHUNK_SIZE && link->spares) {
        chunk = link->spares;
        link->spares = (struct net_chunk *)chunk->batch.next;
        link->n_spares--;
    }
    pthread_mutex_unlock(&link->lock);
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
    if (chunk->cap == CHUNK_SIZE && link->n_spares < NET_SPARE_BATCHES) {
        chunk->batch.next = (struct net_batch *)link->spares;
        link->spares = chunk;
        link->n_spares++;
        chunk = NULL;
    }
    if (link->rx_paused && link->unfreed <= link->limits.recv_bytes_max / 2)
        net_link_receive(link);
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
    if (!link->finishing && net_timer_clear(&link->host->timers, &link->timer))
        link->ops--; // this receive is another, so it is not the last
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
    link->stats.frames_in += chunk->batch.n_frames;
    pthread_mutex_unlock(&link->lock);
    link->events.on_batch(link->events.user, link, &chunk->batch);
}

// Takes what was read out of the chunk and leaves the link with a chunk that has room.
static enum net_status take(struct net_link *link, struct net_error *err)
{
    struct net_chunk *chunk = link->chunk;
    size_t used = 0;
    size_t need = 0;
    enum net_status status = cut(link, chunk, &used, &need, err);
    if (chunk->batch.n_frames > 0) {
        size_t rest = status ? 0 : chunk->len - used;
        struct net_chunk *next = net_chunk_create(link, status ? 0 : need);
        if (!next) // keep what the link has, so that the end finds it
            return net_fail(err, NET_ERR_NOMEM, "no memory for %zu bytes", need);
        memcpy(next->data, chunk->data + used, rest);
        next->len = rest;
        link->chunk = next;
        deliver(link, chunk);
        return status;
    }
    // Only a greeting is used up without being delivered.
    memmove(chunk->data, chunk->data + used, chunk->len - used);
    chunk->len -= used;
    if (!status && need > chunk->cap && !chunk_grow(chunk, need)) {
        status = net_fail(err, NET_ERR_NOMEM, "no memory for %zu bytes", need);
    }
    return status;
}

// ---- the stream

void net_link_receive(struct net_link *link)
{
    if (link->closing)
        return;
    link->rx_paused = link->unfreed > link->limits.recv_bytes_max;
    if (link->rx_paused)
        return;
    struct net_chunk *chunk = link->chunk;
    nng_iov iov = {chunk->data + chunk->len, chunk->cap - chunk->len};
    nng_aio_set_iov(link->rx_aio, 1, &iov);
    link->ops++;
    nng_stream_recv(link->stream, link->rx_aio);
}

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

void net_link_rx_cb(void *arg)
{
    struct net_link *link = arg;
    struct net_error reason = {.status = NET_OK};
    pthread_mutex_lock(&link->lock);
    int rv = nng_aio_result(link->rx_aio);
    bool discard = link->closing || link->finishing;
    if (rv) {
        net_fail_nng(&reason, rv, link->peer);
        net_link_close_locked(link, &reason);
    } else {
        size_t n = nng_aio_count(link->rx_aio);
        link->chunk->len += n;
        link->last_rx_ms = net_clock_ms();
        link->stats.bytes_in += n;
        link->stats.reads++;
    }
    pthread_mutex_unlock(&link->lock);

    enum net_status status = NET_OK;
    if (!rv && discard)
        link->chunk->len = 0;
    else if (!rv)
        status = take(link, &reason);

    pthread_mutex_lock(&link->lock);
    if (status) {
        link->chunk->len = 0;
        fail(link, &reason);
    }
    if (!rv)
        net_link_receive(link);
    net_link_op_done(link);
    pthread_mutex_unlock(&link->lock);
}
