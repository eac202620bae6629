// Requests to the control socket, one at a time, each bounded.
#include "net_client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>

#include "error.h"
#include "net_link.h"
#include "net_server.h"
#include "socket.h"

#define TIMEOUT_MS_MAX 3600000

// The aio never has a timeout of its own, as NNG 1.5.2 may crash on one: the waiting thread
// watches the clock and cancels.
struct net_client {
    struct net_address address;
    nng_socket socket;
    bool open;
    atomic_bool lost; // the connection ended; the socket must not be used again
    nng_aio *aio;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done; // the aio's operation has completed
};

static void aio_cb(void *arg)
{
    struct net_client *client = arg;
    pthread_mutex_lock(&client->lock);
    client->done = true;
    pthread_cond_signal(&client->changed);
    pthread_mutex_unlock(&client->lock);
}

// Waits for the operation on the aio. Cancels it at the deadline, and then returns NNG_ETIMEDOUT
// unless it completed all the same.
static int wait_until(struct net_client *client, uint64_t deadline_ms)
{
    struct timespec until = {(time_t)(deadline_ms / 1000), (long)(deadline_ms % 1000) * 1000000};
    pthread_mutex_lock(&client->lock);
    int rc = 0;
    while (!client->done && rc == 0)
        rc = pthread_cond_timedwait(&client->changed, &client->lock, &until);
    bool late = !client->done;
    if (late) {
        pthread_mutex_unlock(&client->lock);
        nng_aio_cancel(client->aio);
        pthread_mutex_lock(&client->lock);
        while (!client->done)
            pthread_cond_wait(&client->changed, &client->lock);
    }
    client->done = false;
    pthread_mutex_unlock(&client->lock);
    int rv = nng_aio_result(client->aio);
    return late && rv ? NNG_ETIMEDOUT : rv;
}

enum net_status net_client_open(const char *address, struct net_client **ret_client,
                                struct net_error *err)
{
    struct net_address parsed;
    enum net_status status = net_address_parse(address, false, &parsed, err);
    if (status)
        return status;
    struct net_client *client = calloc(1, sizeof(*client));
    if (!client)
        return net_fail(err, NET_ERR_NOMEM, "%s: no memory", address);
    client->address = parsed;
    int rv = nng_aio_alloc(&client->aio, aio_cb, client);
    if (rv) {
        free(client);
        return net_fail_nng(err, rv, address);
    }
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&client->changed, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&client->lock, NULL);
    *ret_client = client;
    return NET_OK;
}

static void close_socket(struct net_client *client)
{
    if (client->open)
        nng_close(client->socket);
    client->open = false;
}

void net_client_close(struct net_client *client)
{
    if (!client)
        return;
    close_socket(client);
    nng_aio_free(client->aio);
    pthread_cond_destroy(&client->changed);
    pthread_mutex_destroy(&client->lock);
    free(client);
}

// Whether anything listens. A socket's own dialer keeps that to itself and just tries again.
static int probe(struct net_client *client, uint64_t deadline_ms)
{
    nng_stream_dialer *dialer;
    int rv = nng_stream_dialer_alloc(&dialer, client->address.text);
    if (rv)
        return rv;
    nng_stream_dialer_dial(dialer, client->aio);
    rv = wait_until(client, deadline_ms);
    if (!rv)
        nng_stream_free(nng_aio_get_output(client->aio, 0));
    nng_stream_dialer_free(dialer);
    return rv;
}

static void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct net_client *client = arg;
    (void)pipe;
    (void)event;
    atomic_store(&client->lost, true);
}

static int connect_socket(struct net_client *client, uint64_t deadline_ms)
{
    int rv = probe(client, deadline_ms);
    if (!rv)
        rv = nng_req0_open(&client->socket);
    if (rv)
        return rv;
    client->open = true;
    atomic_store(&client->lost, false);
    // Without this NNG sends an unanswered request again, after a minute and on each reconnect.
    rv = nng_socket_set_ms(client->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    if (!rv)
        rv = nng_pipe_notify(client->socket, NNG_PIPE_EV_REM_POST, on_pipe, client);
    if (!rv)
        rv = net_socket_dial(client->socket, &client->address, NET_CONTROL_BYTES_MAX);
    return rv;
}

static int send_request(struct net_client *client, const char *text, size_t len,
                        uint64_t deadline_ms)
{
    nng_msg *msg;
    int rv = nng_msg_alloc(&msg, 0);
    if (rv)
        return rv;
    rv = nng_msg_append(msg, text, len);
    if (rv) {
        nng_msg_free(msg);
        return rv;
    }
    nng_aio_set_msg(client->aio, msg);
    nng_send_aio(client->socket, client->aio);
    rv = wait_until(client, deadline_ms);
    if (rv)
        nng_msg_free(msg);
    nng_aio_set_msg(client->aio, NULL);
    return rv;
}

static int receive_reply(struct net_client *client, uint64_t deadline_ms, char **ret_text,
                         size_t *ret_len)
{
    nng_recv_aio(client->socket, client->aio);
    int rv = wait_until(client, deadline_ms);
    if (rv)
        return rv;
    nng_msg *msg = nng_aio_get_msg(client->aio);
    nng_aio_set_msg(client->aio, NULL);
    size_t len = nng_msg_len(msg);
    char *text = malloc(len + 1);
    if (text) {
        memcpy(text, nng_msg_body(msg), len);
        text[len] = '\0';
        *ret_text = text;
        *ret_len = len;
    }
    nng_msg_free(msg);
    return text ? 0 : NNG_ENOMEM;
}

enum net_status net_client_request(struct net_client *client, const char *text, size_t len,
                                   uint32_t timeout_ms, char **ret_text, size_t *ret_len,
                                   struct net_error *err)
{
    const char *address = client->address.text;
    if (timeout_ms < 1 || timeout_ms > TIMEOUT_MS_MAX)
        return net_fail(err, NET_ERR_INVAL, "a timeout of %u ms is not in 1 to %d", timeout_ms,
                        TIMEOUT_MS_MAX);
    if (len > NET_CONTROL_BYTES_MAX)
        return net_fail(err, NET_ERR_TOO_BIG, "a request of %zu bytes is over the limit of %u", len,
                        NET_CONTROL_BYTES_MAX);
    uint64_t deadline_ms = net_clock_ms() + timeout_ms;
    if (atomic_load(&client->lost))
        close_socket(client);
    int rv = client->open ? 0 : connect_socket(client, deadline_ms);
    if (!rv)
        rv = send_request(client, text, len, deadline_ms);
    if (!rv)
        rv = receive_reply(client, deadline_ms, ret_text, ret_len);
    if (!rv)
        return NET_OK;
    // A late reply must not meet the next request: the next one gets a new socket.
    close_socket(client);
    if (rv == NNG_ETIMEDOUT)
        return net_fail(err, NET_ERR_TIMEOUT, "%s: no answer within %u ms", address, timeout_ms);
    return net_fail_nng(err, rv, address);
}
