// Dialing, again and again. All of it is on the loop's thread but the name service, which blocks
// and has a thread of its own where a name is not a number.
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "address.h"
#include "error.h"
#include "link.h"
#include "tls.h"

#define DEFAULT_CONNECT_MS 5000
#define DEFAULT_BACKOFF_MS_MIN 100
#define DEFAULT_BACKOFF_MS_MAX 2000

// At any time it is resolving, connecting, waiting for the next attempt, or has a link.
struct net_link_dialer {
    struct net_host host; // first, so that one pointer is both
    struct net_link_dialer_options options;
    struct net_address address;
    struct net_watch watch; // while it is connecting; fd -1 otherwise
    struct net_timer timer; // the limit of an attempt, or the wait for the next
    struct net_task begin, end;
    struct net_task resolved; // posted by the thread that asked the name service
    struct net_endpoint endpoint;
    struct net_error resolve_error;
    bool resolving;
    unsigned failures;
};

static bool is_closing(struct net_link_dialer *dialer)
{
    pthread_mutex_lock(&dialer->host.lock);
    bool closing = dialer->host.closing;
    pthread_mutex_unlock(&dialer->host.lock);
    return closing;
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

static void set_timer(struct net_link_dialer *dialer, uint32_t ms)
{
    struct net_host *host = &dialer->host;
    pthread_mutex_lock(&host->lock);
    if (!host->closing)
        net_timer_set(host->loop, &dialer->timer, net_clock_ms() + ms);
    pthread_mutex_unlock(&host->lock);
}

static void retry(struct net_link_dialer *dialer, const struct net_error *reason)
{
    if (is_closing(dialer))
        return;
    uint32_t delay = next_delay(dialer);
    if (dialer->options.on_retry)
        dialer->options.on_retry(dialer->host.events.user, reason, delay);
    set_timer(dialer, delay);
}

// ---- connecting

static void leave_socket(struct net_link_dialer *dialer)
{
    if (dialer->watch.fd < 0)
        return;
    net_loop_unwatch(dialer->host.loop, &dialer->watch);
    close(dialer->watch.fd);
    dialer->watch.fd = -1;
}

static void connected(struct net_link_dialer *dialer)
{
    struct net_error reason;
    int fd = dialer->watch.fd;
    net_timer_clear(dialer->host.loop, &dialer->timer);
    net_loop_unwatch(dialer->host.loop, &dialer->watch);
    dialer->watch.fd = -1;
    if (net_link_start(&dialer->host, fd, dialer->address.text, dialer->options.tls,
                       &dialer->address, &reason))
        retry(dialer, &reason);
}

static void ready(void *arg, uint32_t events)
{
    struct net_link_dialer *dialer = arg;
    struct net_error reason;
    (void)events;
    int error = net_socket_error(dialer->watch.fd);
    if (error == 0 && !is_closing(dialer)) {
        connected(dialer);
        return;
    }
    net_timer_clear(dialer->host.loop, &dialer->timer);
    leave_socket(dialer);
    net_fail_errno(&reason, error, dialer->address.text);
    retry(dialer, &reason);
}

static void connect_now(struct net_link_dialer *dialer)
{
    struct net_error reason;
    dialer->watch.fd = net_socket_connect(&dialer->endpoint);
    if (dialer->watch.fd < 0) {
        net_fail_errno(&reason, errno, dialer->address.text);
        retry(dialer, &reason);
        return;
    }
    set_timer(dialer, dialer->options.connect_ms);
    if (net_loop_watch(dialer->host.loop, &dialer->watch, EPOLLOUT))
        return;
    leave_socket(dialer);
    net_fail(&reason, NET_ERR_NOMEM, "%s: no memory to wait", dialer->address.text);
    retry(dialer, &reason);
}

// ---- names

static void *resolve(void *arg)
{
    struct net_link_dialer *dialer = arg;
    struct net_error *err = &dialer->resolve_error;
    if (!net_socket_resolve(&dialer->address, false, &dialer->endpoint, err))
        err->status = NET_OK;
    net_loop_post(dialer->host.loop, &dialer->resolved);
    return NULL;
}

static void resolved(void *arg)
{
    struct net_link_dialer *dialer = arg;
    dialer->resolving = false;
    if (dialer->resolve_error.status)
        retry(dialer, &dialer->resolve_error);
    else if (!is_closing(dialer))
        connect_now(dialer);
    net_host_op_done(&dialer->host);
}

static bool start_resolving(struct net_link_dialer *dialer)
{
    pthread_attr_t attr;
    pthread_t thread;
    pthread_mutex_lock(&dialer->host.lock);
    dialer->host.ops++; // until `resolved`
    pthread_mutex_unlock(&dialer->host.lock);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    dialer->resolving = pthread_create(&thread, &attr, resolve, dialer) == 0;
    pthread_attr_destroy(&attr);
    if (!dialer->resolving)
        net_host_op_done(&dialer->host);
    return dialer->resolving;
}

static void attempt(struct net_link_dialer *dialer)
{
    struct net_error reason;
    if (net_socket_numeric(&dialer->address, &dialer->endpoint)) {
        connect_now(dialer);
    } else if (!start_resolving(dialer)) {
        net_fail(&reason, NET_ERR_NOMEM, "%s: no thread to ask for its address",
                 dialer->address.text);
        retry(dialer, &reason);
    }
}

// ---- what the loop calls

static void begin(void *arg)
{
    struct net_link_dialer *dialer = arg;
    if (!is_closing(dialer))
        attempt(dialer);
}

static void timer_fire(void *arg)
{
    struct net_link_dialer *dialer = arg;
    struct net_error reason;
    if (is_closing(dialer) || dialer->resolving)
        return;
    if (dialer->watch.fd < 0) {
        attempt(dialer);
        return;
    }
    leave_socket(dialer);
    net_fail(&reason, NET_ERR_TIMEOUT, "%s: no connection within %u ms", dialer->address.text,
             dialer->options.connect_ms);
    retry(dialer, &reason);
}

static void ended(struct net_host *host, bool handshaken, const struct net_error *reason)
{
    struct net_link_dialer *dialer = (struct net_link_dialer *)host;
    if (handshaken)
        dialer->failures = 0;
    retry(dialer, reason);
}

// The last that the loop does for the dialer itself.
static void end(void *arg)
{
    struct net_link_dialer *dialer = arg;
    leave_socket(dialer);
    net_host_op_done(&dialer->host);
}

static void destroy(struct net_link_dialer *dialer)
{
    net_tls_unref(dialer->options.tls);
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
    if (!net_host_init(&dialer->host, NULL, &options->events, &options->limits,
                       NET_SENDER_COORDINATOR)) {
        free(dialer);
        return net_fail(err, NET_ERR_NOMEM, "%s: no thread for links", options->address);
    }
    dialer->watch = (struct net_watch){.fd = -1, .ready = ready, .arg = dialer};
    dialer->timer = (struct net_timer){.fire = timer_fire, .arg = dialer};
    dialer->begin = (struct net_task){.run = begin, .arg = dialer};
    dialer->end = (struct net_task){.run = end, .arg = dialer};
    dialer->resolved = (struct net_task){.run = resolved, .arg = dialer};
    // The link that has just ended may still be counted when the next one opens.
    dialer->host.links_max = 2;
    dialer->host.ops = 1; // `end`
    dialer->host.welcome = options->submitter ? NET_MSG_SUBMIT_WELCOME : NET_MSG_WELCOME;
    dialer->host.ended = ended;
    dialer->options = *options;
    dialer->options.address = NULL;
    net_tls_ref(dialer->options.tls);
    set_defaults(&dialer->options);
    dialer->address = address;
    *ret_dialer = dialer;
    net_loop_post(dialer->host.loop, &dialer->begin);
    return NET_OK;
}

void net_link_dialer_close(struct net_link_dialer *dialer)
{
    struct net_host *host = &dialer->host;
    pthread_mutex_lock(&host->lock);
    if (!host->closing) {
        host->closing = true;
        net_timer_clear(host->loop, &dialer->timer);
        net_host_close_links(host);
        net_loop_post(host->loop, &dialer->end);
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
