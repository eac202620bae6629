// Dialing, again and again.
#include <stdlib.h>

#include "address.h"
#include "error.h"
#include "link.h"
#include "tls.h"

#define DEFAULT_CONNECT_MS 5000
#define DEFAULT_BACKOFF_MS_MIN 100
#define DEFAULT_BACKOFF_MS_MAX 10000

// At any time it is connecting, waiting for the next attempt, or has a link.
struct net_link_dialer {
    struct net_host host; // first, so that one pointer is both
    struct net_link_dialer_options options;
    struct net_address address;
    // A new one for each attempt: NNG's own redialing over ipc:// can stick. It is closed only
    // under the lock, which its completion takes before freeing it: NNG does not protect a dialer
    // that is freed while its dial is being cancelled.
    nng_stream_dialer *stream_dialer;
    nng_aio *aio;
    struct net_timer timer; // the limit of an attempt, or the wait for the next
    bool connecting;
    bool timed_out;
    unsigned failures;
};

// Under the lock.
static void clear_timer(struct net_link_dialer *dialer)
{
    if (net_timer_clear(&dialer->host.timers, &dialer->timer))
        dialer->host.ops--;
}

static uint32_t next_delay(struct net_link_dialer *dialer)
{
    const struct net_link_dialer_options *options = &dialer->options;
    uint64_t delay = (uint64_t)options->backoff_ms_min
                     << (dialer->failures < 20 ? dialer->failures : 20);
    if (delay > options->backoff_ms_max)
        delay = options->backoff_ms_max;
    dialer->failures++;
    if (options->random)
        delay = delay - delay / 2 + options->random(options->events.user) % (delay / 2 + 1);
    return (uint32_t)delay;
}

// Within an operation, without the lock.
static void retry(struct net_link_dialer *dialer, const struct net_error *reason)
{
    struct net_host *host = &dialer->host;
    pthread_mutex_lock(&host->lock);
    bool closing = host->closing;
    pthread_mutex_unlock(&host->lock);
    if (closing)
        return;
    uint32_t delay = next_delay(dialer);
    if (dialer->options.on_retry)
        dialer->options.on_retry(host->events.user, reason, delay);
    pthread_mutex_lock(&host->lock);
    if (!host->closing &&
        net_timer_set(&dialer->host.timers, &dialer->timer, net_clock_ms() + delay))
        host->ops++;
    pthread_mutex_unlock(&host->lock);
}

// Under the lock. Returns an NNG error when the attempt could not even begin.
static int attempt(struct net_link_dialer *dialer)
{
    int rv = nng_stream_dialer_alloc(&dialer->stream_dialer, dialer->address.text);
    if (rv)
        return rv;
    rv = net_tls_use_dialer(dialer->options.tls, &dialer->address, dialer->stream_dialer);
    if (rv) {
        nng_stream_dialer_free(dialer->stream_dialer);
        dialer->stream_dialer = NULL;
        return rv;
    }
    // Streams of NNG 1.5.2 coalesce unless told otherwise: two small frames in a row would wait
    // for the peer's delayed acknowledgement, 40 ms.
    if (dialer->address.scheme != NET_SCHEME_IPC)
        nng_stream_dialer_set_bool(dialer->stream_dialer, NNG_OPT_TCP_NODELAY, true);
    dialer->connecting = true;
    dialer->timed_out = false;
    dialer->host.ops++;
    nng_stream_dialer_dial(dialer->stream_dialer, dialer->aio);
    if (net_timer_set(&dialer->host.timers, &dialer->timer,
                      net_clock_ms() + dialer->options.connect_ms))
        dialer->host.ops++;
    return 0;
}

static void dial_cb(void *arg)
{
    struct net_link_dialer *dialer = arg;
    struct net_error reason;
    pthread_mutex_lock(&dialer->host.lock);
    nng_stream_dialer *stream_dialer = dialer->stream_dialer;
    dialer->stream_dialer = NULL;
    dialer->connecting = false;
    bool timed_out = dialer->timed_out;
    clear_timer(dialer);
    pthread_mutex_unlock(&dialer->host.lock);

    int rv = nng_aio_result(dialer->aio);
    nng_stream *stream = rv ? NULL : nng_aio_get_output(dialer->aio, 0);
    nng_stream_dialer_free(stream_dialer);
    enum net_status status;
    if (stream)
        status = net_link_start(&dialer->host, stream, dialer->address.text, &reason);
    else if (timed_out)
        status = net_fail(&reason, NET_ERR_TIMEOUT, "%s: no connection within %u ms",
                          dialer->address.text, dialer->options.connect_ms);
    else
        status = net_fail_nng(&reason, rv, dialer->address.text);
    if (status)
        retry(dialer, &reason);
    net_host_op_done(&dialer->host);
}

static void timer_cb(void *arg)
{
    struct net_link_dialer *dialer = arg;
    struct net_host *host = &dialer->host;
    int rv = 0;
    pthread_mutex_lock(&host->lock);
    bool fired = net_timer_due(&host->timers, &dialer->timer);
    if (fired && dialer->connecting) {
        dialer->timed_out = true;
        nng_stream_dialer_close(dialer->stream_dialer);
    } else if (fired && !host->closing) {
        rv = attempt(dialer);
    }
    pthread_mutex_unlock(&host->lock);
    if (rv) {
        struct net_error reason;
        net_fail_nng(&reason, rv, dialer->address.text);
        retry(dialer, &reason);
    }
    net_host_op_done(host);
}

static void ended(struct net_host *host, bool handshaken, const struct net_error *reason)
{
    struct net_link_dialer *dialer = (struct net_link_dialer *)host;
    if (handshaken)
        dialer->failures = 0;
    retry(dialer, reason);
}

static void destroy(struct net_link_dialer *dialer)
{
    net_tls_unref(dialer->options.tls);
    nng_aio_free(dialer->aio);
    net_host_finish(&dialer->host);
    free(dialer);
}

static void set_defaults(struct net_link_dialer_options *options)
{
    if (!options->connect_ms)
        options->connect_ms = DEFAULT_CONNECT_MS;
    if (!options->backoff_ms_min)
        options->backoff_ms_min = DEFAULT_BACKOFF_MS_MIN;
    if (!options->backoff_ms_max)
        options->backoff_ms_max = DEFAULT_BACKOFF_MS_MAX;
}

enum net_status net_link_dialer_create(const struct net_link_dialer_options *options,
                                       struct net_link_dialer **ret_dialer, struct net_error *err)
{
    struct net_address address;
    enum net_status status = net_address_parse(options->address, false, &address, err);
    if (!status)
        status = net_tls_fits(options->tls, &address, false, err);
    if (status)
        return status;
    struct net_link_dialer *dialer = calloc(1, sizeof(*dialer));
    if (!dialer)
        return net_fail(err, NET_ERR_NOMEM, "%s: no memory", options->address);
    if (!net_host_init(&dialer->host, &options->events, &options->limits, NET_SENDER_COORDINATOR)) {
        free(dialer);
        return net_fail(err, NET_ERR_NOMEM, "%s: no thread for timers", options->address);
    }
    dialer->timer = (struct net_timer){.fire = timer_cb, .arg = dialer};
    // The link that has just ended may still be counted when the next one opens.
    dialer->host.links_max = 2;
    dialer->host.welcome = options->submitter ? NET_MSG_SUBMIT_WELCOME : NET_MSG_WELCOME;
    dialer->host.ended = ended;
    dialer->options = *options;
    dialer->options.address = NULL;
    net_tls_ref(dialer->options.tls);
    set_defaults(&dialer->options);
    dialer->address = address;
    int rv = nng_aio_alloc(&dialer->aio, dial_cb, dialer);
    if (!rv) {
        pthread_mutex_lock(&dialer->host.lock);
        rv = attempt(dialer);
        if (!rv)
            *ret_dialer = dialer; // the first callback waits for the lock
        pthread_mutex_unlock(&dialer->host.lock);
    }
    if (rv) {
        destroy(dialer);
        return net_fail_nng(err, rv, options->address);
    }
    return NET_OK;
}

void net_link_dialer_close(struct net_link_dialer *dialer)
{
    struct net_host *host = &dialer->host;
    pthread_mutex_lock(&host->lock);
    if (!host->closing) {
        host->closing = true;
        if (dialer->connecting)
            nng_stream_dialer_close(dialer->stream_dialer);
        clear_timer(dialer);
        net_host_close_links(host);
    }
    pthread_mutex_unlock(&host->lock);
}

void net_link_dialer_stop(struct net_link_dialer *dialer)
{
    net_link_dialer_close(dialer);
    net_host_wait(&dialer->host);
}

void net_link_dialer_free(struct net_link_dialer *dialer)
{
    if (!dialer)
        return;
    net_link_dialer_stop(dialer);
    destroy(dialer);
}
