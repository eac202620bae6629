// gearmand: foreground jobs over its binary protocol; the worker's answer comes back to the
// submitter.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum { HEAD = 12, HANDLE_MAX = 64 };
enum packet {
    CAN_DO = 1,
    PRE_SLEEP = 4,
    NOOP = 6,
    SUBMIT_JOB = 7,
    JOB_CREATED = 8,
    GRAB_JOB = 9,
    NO_JOB = 10,
    JOB_ASSIGN = 11,
    WORK_COMPLETE = 13,
    WORK_FAIL = 14,
    ERROR = 19,
};

struct state {
    struct conn *conns; // workers, then submitters
    uint32_t next;
};

static void put_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

// The head of a packet and room for its body.
static uint8_t *packet(struct conn *conn, enum packet type, size_t len)
{
    uint8_t *at = loop_room(conn, HEAD + len);
    memcpy(at, "\0REQ", 4);
    put_u32(at + 4, (uint32_t)type);
    put_u32(at + 8, (uint32_t)len);
    return at + HEAD;
}

static void work(struct conn *conn, const uint8_t *body, size_t len)
{
    struct bench *bench = conn->user;
    size_t bytes = bench->options.payload;
    const uint8_t *end = memchr(body, '\0', len);
    size_t handle = end == NULL ? len : (size_t)(end - body) + 1;
    if (len < bytes + handle)
        exit(1);
    uint8_t *at = packet(conn, WORK_COMPLETE, handle + BENCH_PAYLOAD_MIN);
    memcpy(at, body, handle);
    memcpy(at + handle, body + len - bytes, BENCH_PAYLOAD_MIN);
    packet(conn, GRAB_JOB, 0);
}

static void on_packet(struct conn *conn, enum packet type, const uint8_t *body, size_t len)
{
    struct bench *bench = conn->user;
    switch (type) {
    case NO_JOB:
        packet(conn, PRE_SLEEP, 0);
        break;
    case NOOP:
        packet(conn, GRAB_JOB, 0);
        break;
    case JOB_ASSIGN: { // handle, function, payload
        const uint8_t *end = memchr(body, '\0', len);
        if (end != NULL)
            work(conn, body, len);
        break;
    }
    case WORK_COMPLETE: {
        const uint8_t *end = memchr(body, '\0', len);
        if (end != NULL)
            bench_done(bench, bench_slot_of(bench, end + 1, len - (size_t)(end + 1 - body)));
        break;
    }
    case WORK_FAIL:
    case ERROR:
        fprintf(stderr, "dispatch: gearmand: %.*s\n", (int)len, (const char *)body);
        exit(1);
    default: // JOB_CREATED
        break;
    }
}

static size_t take(struct conn *conn, const uint8_t *data, size_t len)
{
    size_t used = 0;
    while (len - used >= HEAD) {
        size_t size = get_u32(data + used + 8);
        if (len - used < HEAD + size)
            break;
        on_packet(conn, (enum packet)get_u32(data + used + 4), data + used + HEAD, size);
        used += HEAD + size;
    }
    return used;
}

static void start(struct bench *bench)
{
    struct state *state = bench->state = calloc(1, sizeof(*state));
    const struct bench_options *options = &bench->options;
    state->conns = calloc(options->workers + options->submitters, sizeof(*state->conns));
    for (uint32_t i = 0; i < options->workers + options->submitters; i++) {
        struct conn *conn = &state->conns[i];
        *conn = (struct conn){.index = i, .user = bench, .take = take};
        loop_connect_server(&bench->loop, conn, options->address);
        if (i >= options->workers)
            continue;
        memcpy(packet(conn, CAN_DO, 4), "noop", 4);
        packet(conn, PRE_SLEEP, 0);
    }
}

static bool ready(struct bench *bench)
{
    (void)bench;
    return true;
}

static void submit(struct bench *bench, uint32_t slot)
{
    struct state *state = bench->state;
    const struct bench_options *options = &bench->options;
    struct conn *conn = &state->conns[options->workers + state->next++ % options->submitters];
    uint8_t *at = packet(conn, SUBMIT_JOB, 6 + options->payload);
    memcpy(at, "noop\0", 6); // the function, and no unique id
    bench_fill(bench, at + 6, slot);
}

const struct bench_system bench_gearmand = {
    .name = "gearmand",
    .start = start,
    .ready = ready,
    .submit = submit,
    .help = "foreground jobs, the result comes back",
};
