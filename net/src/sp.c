#include "sp.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net_link.h"
#include "tls.h"

#define IPC_MESSAGE 1 // ipc:// puts a type before the length

void net_sp_greeting(uint8_t protocol, uint8_t *ret_greeting)
{
    const uint8_t greeting[NET_SP_GREETING_SIZE] = {0, 'S', 'P', 0, 0, protocol, 0, 0};
    memcpy(ret_greeting, greeting, sizeof(greeting));
}

size_t net_sp_header(bool ipc, uint64_t len, uint8_t *ret_header)
{
    size_t at = 0;
    if (ipc)
        ret_header[at++] = IPC_MESSAGE;
    for (int shift = 56; shift >= 0; shift -= 8)
        ret_header[at++] = (uint8_t)(len >> shift);
    return at;
}

static void aio_cb(void *arg)
{
    struct net_sp_op *op = arg;
    struct net_sp *sp = op->sp;
    pthread_mutex_lock(&sp->lock);
    op->done = true;
    pthread_cond_broadcast(&sp->changed);
    pthread_mutex_unlock(&sp->lock);
}

int net_sp_init(struct net_sp *sp)
{
    *sp = (struct net_sp){.out = {.sp = sp}, .in = {.sp = sp}};
    int rv = nng_aio_alloc(&sp->out.aio, aio_cb, &sp->out);
    if (rv)
        return rv;
    rv = nng_aio_alloc(&sp->in.aio, aio_cb, &sp->in);
    if (rv) {
        nng_aio_free(sp->out.aio);
        return rv;
    }
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&sp->changed, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&sp->lock, NULL);
    return 0;
}

void net_sp_finish(struct net_sp *sp)
{
    net_sp_close(sp);
    nng_aio_free(sp->out.aio);
    nng_aio_free(sp->in.aio);
    pthread_cond_destroy(&sp->changed);
    pthread_mutex_destroy(&sp->lock);
}

void net_sp_cancel(struct net_sp *sp)
{
    pthread_mutex_lock(&sp->lock);
    sp->cancelled = true;
    pthread_cond_broadcast(&sp->changed);
    pthread_mutex_unlock(&sp->lock);
}

static struct timespec timespec_of(uint64_t ms)
{
    return (struct timespec){(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
}

bool net_sp_pause(struct net_sp *sp, uint64_t deadline_ms)
{
    struct timespec until = timespec_of(deadline_ms);
    pthread_mutex_lock(&sp->lock);
    while (!sp->cancelled && pthread_cond_timedwait(&sp->changed, &sp->lock, &until) == 0) {
    }
    bool cancelled = sp->cancelled;
    pthread_mutex_unlock(&sp->lock);
    return cancelled;
}

// Waits for an operation, and cancels it when its time is over: NNG's TLS streams are good for
// nothing after that. What completed all the same counts as completed.
static int wait_for(struct net_sp *sp, struct net_sp_op *op, uint64_t deadline_ms)
{
    struct timespec until = timespec_of(deadline_ms);
    pthread_mutex_lock(&sp->lock);
    int rc = 0;
    while (!op->done && !sp->cancelled && rc == 0)
        rc = pthread_cond_timedwait(&sp->changed, &sp->lock, &until);
    bool early = op->done;
    bool cancelled = sp->cancelled;
    if (!early) {
        pthread_mutex_unlock(&sp->lock);
        nng_aio_cancel(op->aio);
        pthread_mutex_lock(&sp->lock);
        while (!op->done)
            pthread_cond_wait(&sp->changed, &sp->lock);
    }
    op->done = false;
    pthread_mutex_unlock(&sp->lock);
    int rv = nng_aio_result(op->aio);
    if (early || rv == 0)
        return rv;
    return cancelled ? NNG_ECANCELED : NNG_ETIMEDOUT;
}

static int send_all(struct net_sp *sp, nng_iov *iov, unsigned n, uint64_t deadline_ms)
{
    unsigned at = 0;
    while (at < n) {
        if (iov[at].iov_len == 0) {
            at++;
            continue;
        }
        nng_aio_set_iov(sp->out.aio, n - at, iov + at);
        nng_stream_send(sp->stream, sp->out.aio);
        int rv = wait_for(sp, &sp->out, deadline_ms);
        if (rv)
            return rv;
        for (size_t left = nng_aio_count(sp->out.aio); left > 0;) {
            size_t step = left < iov[at].iov_len ? left : iov[at].iov_len;
            iov[at].iov_buf = (char *)iov[at].iov_buf + step;
            iov[at].iov_len -= step;
            left -= step;
            if (iov[at].iov_len == 0)
                at++;
        }
    }
    return 0;
}

static size_t take_ahead(struct net_sp *sp, void *data, size_t len)
{
    size_t left = sp->ahead_len - sp->ahead_at;
    size_t n = len < left ? len : left;
    memcpy(data, sp->ahead + sp->ahead_at, n);
    sp->ahead_at += n;
    return n;
}

// Under no lock; nothing is being received.
static void read_ahead(struct net_sp *sp)
{
    nng_iov iov = {sp->ahead, sizeof(sp->ahead)};
    sp->reading = true;
    sp->ahead_at = sp->ahead_len = 0;
    nng_aio_set_iov(sp->in.aio, 1, &iov);
    nng_stream_recv(sp->stream, sp->in.aio);
}

static int recv_all(struct net_sp *sp, void *data, size_t len, uint64_t deadline_ms)
{
    size_t done = take_ahead(sp, data, len);
    while (done < len) {
        char *to = (char *)data + done;
        bool direct = !sp->reading && len - done >= sizeof(sp->ahead);
        if (direct) {
            nng_iov iov = {to, len - done};
            nng_aio_set_iov(sp->in.aio, 1, &iov);
            nng_stream_recv(sp->stream, sp->in.aio);
        } else if (!sp->reading) {
            read_ahead(sp);
        }
        int rv = wait_for(sp, &sp->in, deadline_ms);
        sp->reading = false;
        if (rv)
            return rv;
        size_t n = nng_aio_count(sp->in.aio);
        if (!direct) {
            sp->ahead_len = n;
            n = take_ahead(sp, to, len - done);
        }
        done += n;
    }
    return 0;
}

static int greet(struct net_sp *sp, uint8_t self, uint8_t peer, uint64_t deadline_ms)
{
    uint8_t mine[NET_SP_GREETING_SIZE];
    uint8_t expected[NET_SP_GREETING_SIZE];
    uint8_t theirs[NET_SP_GREETING_SIZE];
    net_sp_greeting(self, mine);
    net_sp_greeting(peer, expected);
    nng_iov iov = {mine, sizeof(mine)};
    int rv = send_all(sp, &iov, 1, deadline_ms);
    if (!rv)
        rv = recv_all(sp, theirs, sizeof(theirs), deadline_ms);
    if (!rv && memcmp(theirs, expected, sizeof(theirs)) != 0)
        rv = NNG_EPROTO;
    return rv;
}

int net_sp_connect(struct net_sp *sp, const struct net_address *address, struct net_tls *tls,
                   uint8_t self, uint8_t peer, uint64_t deadline_ms)
{
    nng_stream_dialer *dialer;
    int rv = nng_stream_dialer_alloc(&dialer, address->text);
    if (rv)
        return rv;
    rv = net_tls_use_dialer(tls, address, dialer);
    if (rv) {
        nng_stream_dialer_free(dialer);
        return rv;
    }
    if (address->scheme != NET_SCHEME_IPC) // or small requests would wait, see link_dialer.c
        nng_stream_dialer_set_bool(dialer, NNG_OPT_TCP_NODELAY, true);
    nng_stream_dialer_dial(dialer, sp->out.aio);
    rv = wait_for(sp, &sp->out, deadline_ms);
    if (!rv)
        sp->stream = nng_aio_get_output(sp->out.aio, 0);
    nng_stream_dialer_free(dialer);
    if (rv)
        return rv;
    sp->ipc = address->scheme == NET_SCHEME_IPC;
    rv = greet(sp, self, peer, deadline_ms);
    if (rv)
        net_sp_close(sp);
    return rv;
}

void net_sp_close(struct net_sp *sp)
{
    if (sp->reading) {
        nng_stream_close(sp->stream);
        nng_aio_wait(sp->in.aio);
        sp->reading = sp->in.done = false;
    }
    nng_stream_free(sp->stream);
    sp->stream = NULL;
    sp->ahead_at = sp->ahead_len = 0;
}

bool net_sp_open(const struct net_sp *sp)
{
    return sp->stream != NULL;
}

void net_sp_watch(struct net_sp *sp)
{
    if (!sp->reading && sp->ahead_at == sp->ahead_len)
        read_ahead(sp);
}

bool net_sp_quiet(struct net_sp *sp)
{
    pthread_mutex_lock(&sp->lock);
    bool quiet = sp->ahead_at == sp->ahead_len && !(sp->reading && sp->in.done);
    pthread_mutex_unlock(&sp->lock);
    return quiet;
}

int net_sp_send(struct net_sp *sp, const void *head, size_t head_len, const void *body,
                size_t body_len, uint64_t deadline_ms)
{
    uint8_t header[NET_SP_HEADER_MAX];
    size_t header_len = net_sp_header(sp->ipc, (uint64_t)head_len + body_len, header);
    // NNG's iov is not const; nothing is written through it.
    union {
        const void *in;
        void *out;
    } first = {head}, second = {body};
    nng_iov iov[] = {
        {header, header_len},
        {first.out, head_len},
        {second.out, body_len},
    };
    return send_all(sp, iov, 3, deadline_ms);
}

int net_sp_recv(struct net_sp *sp, size_t max, char **buf, size_t *buf_size, size_t *ret_len,
                uint64_t deadline_ms)
{
    uint8_t header[NET_SP_HEADER_MAX] = {IPC_MESSAGE};
    int rv = recv_all(sp, header + (sp->ipc ? 0 : 1), sp->ipc ? 9 : 8, deadline_ms);
    if (rv)
        return rv;
    uint64_t len = 0;
    for (int i = 0; i < 8; i++)
        len = len << 8 | header[1 + i];
    if (header[0] != IPC_MESSAGE)
        return NNG_EPROTO;
    if (len > max)
        return NNG_EMSGSIZE;
    if (len >= *buf_size) {
        char *grown = realloc(*buf, (size_t)len + 1);
        if (!grown)
            return NNG_ENOMEM;
        *buf = grown;
        *buf_size = (size_t)len + 1;
    }
    rv = recv_all(sp, *buf, (size_t)len, deadline_ms);
    if (rv)
        return rv;
    (*buf)[len] = '\0';
    *ret_len = (size_t)len;
    return 0;
}
