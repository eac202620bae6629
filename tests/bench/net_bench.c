// What the net room can do between two ends in this process, over tcp on loopback: a control round
// trip, one-way frames, and jobs (DISPATCH there, RESULT back). A few seconds in all.
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net_client.h"
#include "net_link.h"
#include "net_server.h"

#define ROUND_TRIPS 5000
#define ONE_WAY 1000000u
#define JOBS 200000u
#define OUTSTANDING 1024u
#define BODY 64

static uint64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void check(enum net_status status, const struct net_error *err)
{
    if (status == NET_OK)
        return;
    fprintf(stderr, "net_bench: %s: %s\n", net_status_name(status), err->text);
    exit(1);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void on_request(void *user, struct net_request *request, const char *text, size_t len)
{
    (void)user;
    net_server_reply(request, text, len);
}

static void bench_control(void)
{
    static uint64_t took[ROUND_TRIPS];
    static const char text[] = "{\"v\":1,\"op\":\"status\"}";
    struct net_server *server;
    struct net_client *client;
    struct net_error err;
    struct net_server_options options = {.address = "tcp://127.0.0.1:0", .on_request = on_request};
    check(net_server_create(&options, &server, &err), &err);
    check(net_client_open(net_server_address(server), NULL, &client, &err), &err);
    for (int i = 0; i < ROUND_TRIPS; i++) {
        char *reply;
        size_t len;
        uint64_t begin = now_ns();
        check(net_client_request(client, text, sizeof(text) - 1, 5000, &reply, &len, &err), &err);
        took[i] = now_ns() - begin;
        free(reply);
    }
    qsort(took, ROUND_TRIPS, sizeof(took[0]), by_value);
    printf("net_control_round_trip_p50 %.1f us\n", (double)took[ROUND_TRIPS / 2] / 1e3);
    printf("net_control_round_trip_p99 %.1f us\n", (double)took[ROUND_TRIPS * 99 / 100] / 1e3);
    net_client_close(client);
    net_server_free(server);
}

struct bench {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct net_link *agent, *coordinator; // once the handshake is over
    atomic_uint frames;                   // heartbeats or results that arrived
};

static void wake(struct bench *bench)
{
    pthread_mutex_lock(&bench->lock);
    pthread_cond_broadcast(&bench->changed);
    pthread_mutex_unlock(&bench->lock);
}

static void send_or_die(struct net_link *link, struct net_buf *buf)
{
    struct net_error err = {NET_OK, "send"};
    check(net_link_send(link, buf), &err);
}

static void coordinator_batch(void *user, struct net_link *link, struct net_batch *batch)
{
    struct bench *bench = user;
    unsigned count = 0;
    for (size_t i = 0; i < batch->n_frames; i++) {
        struct net_result result;
        const struct net_frame *frame = &batch->frames[i];
        if (frame->type == NET_MSG_HELLO) {
            struct net_buf buf = {NULL, 0, 0};
            struct net_welcome welcome = {NET_PROTOCOL_VERSION, 1, 1, 1000, net_text_of("bench")};
            net_welcome_encode(&buf, &welcome, NULL);
            send_or_die(link, &buf);
            net_buf_free(&buf);
            bench->coordinator = link;
        } else if (frame->type == NET_MSG_HEARTBEAT ||
                   net_result_decode(frame, &result, NULL) == NET_OK) {
            count++;
        }
    }
    net_batch_free(batch);
    atomic_fetch_add(&bench->frames, count);
    wake(bench);
}

static void agent_batch(void *user, struct net_link *link, struct net_batch *batch)
{
    struct bench *bench = user;
    struct net_buf buf = {NULL, 0, 0};
    for (size_t i = 0; i < batch->n_frames; i++) {
        struct net_dispatch job;
        const struct net_frame *frame = &batch->frames[i];
        if (frame->type == NET_MSG_WELCOME)
            bench->agent = link;
        if (frame->type != NET_MSG_DISPATCH || net_dispatch_decode(frame, &job, NULL))
            continue;
        struct net_result result = {.ref = job.ref, .batch = 1, .n_outputs = 1};
        result.outputs[0] = job.inputs[0];
        net_result_encode(&buf, &result, NULL);
    }
    if (buf.len > 0)
        send_or_die(link, &buf);
    net_buf_free(&buf);
    net_batch_free(batch);
    wake(bench);
}

static void agent_open(void *user, struct net_link *link)
{
    struct net_buf buf = {NULL, 0, 0};
    struct net_hello hello = {.version = NET_PROTOCOL_VERSION, .name = net_text_of("bench")};
    (void)user;
    net_hello_encode(&buf, &hello, NULL);
    send_or_die(link, &buf);
    net_buf_free(&buf);
}

static void on_close(void *user, struct net_link *link, const struct net_error *reason)
{
    (void)user;
    (void)reason;
    net_link_free(link);
}

static void wait_for(struct bench *bench, unsigned frames)
{
    pthread_mutex_lock(&bench->lock);
    while (!bench->agent || !bench->coordinator || atomic_load(&bench->frames) < frames)
        pthread_cond_wait(&bench->changed, &bench->lock);
    pthread_mutex_unlock(&bench->lock);
}

static void bench_one_way(struct bench *bench)
{
    struct net_buf buf = {NULL, 0, 0};
    uint64_t begin = now_ns();
    for (unsigned i = 0; i < ONE_WAY; i++) {
        struct net_heartbeat beat = {i, i};
        net_heartbeat_encode(&buf, &beat, NULL);
        send_or_die(bench->agent, &buf);
    }
    wait_for(bench, ONE_WAY);
    double seconds = (double)(now_ns() - begin) / 1e9;
    struct net_link_stats stats;
    net_link_stats(bench->agent, &stats);
    printf("net_link_frames_one_way %.0f frames/s\n", ONE_WAY / seconds);
    printf("net_link_frames_per_write %.1f frames\n", (double)ONE_WAY / (double)stats.writes);
    net_buf_free(&buf);
}

static void bench_jobs(struct bench *bench)
{
    static const uint8_t body[BODY];
    struct net_buf buf = {NULL, 0, 0};
    struct net_dispatch job = {.model = net_text_of("digits"), .n_inputs = 1};
    job.inputs[0] =
        (struct net_tensor){.dtype = 2, .rank = 1, .dims = {BODY}, .data = {body, BODY}};
    atomic_store(&bench->frames, 0);
    uint64_t begin = now_ns();
    for (unsigned sent = 0; sent < JOBS;) {
        unsigned room = atomic_load(&bench->frames) + OUTSTANDING - sent;
        for (; room > 0 && sent < JOBS; room--, sent++) {
            job.ref.job = sent;
            net_dispatch_encode(&buf, &job, NULL);
        }
        send_or_die(bench->coordinator, &buf);
        wait_for(bench, sent < OUTSTANDING / 2 ? 0 : sent - OUTSTANDING / 2);
    }
    wait_for(bench, JOBS);
    printf("net_link_jobs_64b_1024_outstanding %.0f jobs/s\n",
           JOBS / ((double)(now_ns() - begin) / 1e9));
    net_buf_free(&buf);
}

int main(void)
{
    struct bench bench = {.agent = NULL};
    struct net_link_listener *listener;
    struct net_link_dialer *dialer;
    struct net_error err;
    bench_control();
    pthread_mutex_init(&bench.lock, NULL);
    pthread_cond_init(&bench.changed, NULL);
    struct net_link_listener_options listen = {
        .address = "tcp://127.0.0.1:0",
        .events = {.on_batch = coordinator_batch, .on_close = on_close, .user = &bench}};
    check(net_link_listener_create(&listen, &listener, &err), &err);
    struct net_link_dialer_options dial = {.address = net_link_listener_address(listener),
                                           .events = {agent_open, agent_batch, on_close, &bench}};
    check(net_link_dialer_create(&dial, &dialer, &err), &err);
    wait_for(&bench, 0);
    bench_one_way(&bench);
    bench_jobs(&bench);
    net_link_dialer_free(dialer);
    net_link_listener_free(listener);
    return 0;
}
