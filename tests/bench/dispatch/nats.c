// NATS: requests to a queue group, answered to an inbox of the submitter; and JetStream: a work
// queue in a file, whose submitter hears that a message is stored and whose workers acknowledge.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

struct state {
    struct conn *conns; // workers, then submitters
    uint32_t next, ponged;
    bool is_stream, is_created, has_consumer;
};

// A line "MSG subject sid [reply] bytes".
struct msg {
    const char *subject, *reply;
    int reply_len;
    size_t line, bytes;
};

static void give_up(const uint8_t *line, size_t len)
{
    fprintf(stderr, "dispatch: nats-server says '%.*s'\n", (int)(len > 400 ? 400 : len),
            (const char *)line);
    exit(1);
}

static size_t word(const char *at, const char *end)
{
    const char *from = at;
    while (at < end && *at != ' ' && *at != '\r')
        at++;
    return (size_t)(at - from);
}

static void parse(const char *line, const char *end, struct msg *ret)
{
    const char *at = line + 4;
    ret->subject = at;
    at += word(at, end) + 1;
    at += word(at, end) + 1; // the number of the subscription
    size_t n = word(at, end);
    ret->reply = at;
    ret->reply_len = 0;
    if (at + n < end && at[n] == ' ') {
        ret->reply_len = (int)n;
        at += n + 1;
    }
    ret->bytes = strtoul(at, NULL, 10);
    ret->line = (size_t)(end - line) + 1;
}

static uint8_t *publish(struct conn *conn, const char *subject, int subject_len, const char *reply,
                        size_t len)
{
    char head[512];
    int n = snprintf(head, sizeof(head), "PUB %.*s%s%s %zu\r\n", subject_len, subject,
                     reply[0] ? " " : "", reply, len);
    if (n < 0 || (size_t)n >= sizeof(head))
        exit(1);
    uint8_t *at = loop_room(conn, (size_t)n + len + 2);
    memcpy(at, head, (size_t)n);
    memcpy(at + (size_t)n + len, "\r\n", 2);
    return at + n;
}

static void publish_text(struct conn *conn, const char *subject, const char *reply,
                         const char *text)
{
    memcpy(publish(conn, subject, (int)strlen(subject), reply, strlen(text)), text, strlen(text));
}

// What the API answers, then "done.SLOT" once a message is stored.
static void on_stream_answer(struct bench *bench, const struct msg *msg, const uint8_t *body)
{
    struct state *state = bench->state;
    if (memmem(body, msg->bytes, "\"error\"", 7) != NULL)
        give_up(body, msg->bytes);
    if (!state->is_created)
        state->is_created = true;
    else if (!state->has_consumer)
        state->has_consumer = true;
    else
        bench_done(bench, (uint32_t)strtoul(msg->subject + strlen("done."), NULL, 10));
}

static void on_message(struct conn *conn, const struct msg *msg, const uint8_t *body)
{
    struct bench *bench = conn->user;
    struct state *state = bench->state;
    bool works = conn->index < bench->options.workers;

    if (!works && state->is_stream) {
        on_stream_answer(bench, msg, body);
    } else if (!works) {
        bench_done(bench, bench_slot_of(bench, body, msg->bytes));
    } else if (state->is_stream) {
        memcpy(publish(conn, msg->reply, msg->reply_len, "", 4), "+ACK", 4);
        bench_done(bench, bench_slot_of(bench, body, msg->bytes));
    } else {
        memcpy(publish(conn, msg->reply, msg->reply_len, "", BENCH_PAYLOAD_MIN), body,
               BENCH_PAYLOAD_MIN);
    }
}

static size_t take(struct conn *conn, const uint8_t *data, size_t len)
{
    struct bench *bench = conn->user;
    struct state *state = bench->state;
    size_t used = 0;
    for (const uint8_t *end; (end = memchr(data + used, '\n', len - used)) != NULL;) {
        const uint8_t *line = data + used;
        size_t n = (size_t)(end - line) + 1;
        if (memcmp(line, "MSG ", 4) == 0) {
            struct msg msg;
            parse((const char *)line, (const char *)end, &msg);
            if (len - used < msg.line + msg.bytes + 2)
                break;
            on_message(conn, &msg, line + msg.line);
            n = msg.line + msg.bytes + 2;
        } else if (memcmp(line, "PING", 4) == 0) {
            loop_print(conn, "PONG\r\n");
        } else if (memcmp(line, "PONG", 4) == 0) {
            state->ponged++;
        } else if (memcmp(line, "-ERR", 4) == 0) {
            give_up(line, n);
        }
        used += n;
    }
    return used;
}

static void start(struct bench *bench)
{
    struct state *state = bench->state = calloc(1, sizeof(*state));
    const struct bench_options *options = &bench->options;
    state->is_stream = bench->system == &bench_jetstream;
    uint32_t n = options->workers + options->submitters;
    state->conns = calloc(n, sizeof(*state->conns));
    for (uint32_t i = 0; i < n; i++) {
        struct conn *conn = &state->conns[i];
        *conn = (struct conn){.index = i, .user = bench, .take = take};
        loop_connect_server(&bench->loop, conn, options->address);
        loop_print(conn, "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n");
        if (i < options->workers)
            loop_print(conn, "SUB %s workers 1\r\n", state->is_stream ? "deliver" : "noop");
        else
            loop_print(conn, "SUB done.%s 1\r\n", state->is_stream ? "*" : "all");
        loop_print(conn, "PING\r\n");
    }
}

// The server has seen every subscription; then the stream and its consumer are made.
static bool ready(struct bench *bench)
{
    struct state *state = bench->state;
    uint32_t n = bench->options.workers + bench->options.submitters;
    struct conn *conn = &state->conns[bench->options.workers];
    if (state->ponged < n || !state->is_stream)
        return state->ponged >= n;
    if (state->ponged == n) {
        state->ponged++;
        publish_text(conn, "$JS.API.STREAM.CREATE.BENCH", "done.0",
                     "{\"name\":\"BENCH\",\"subjects\":[\"jobs\"],\"storage\":\"file\","
                     "\"retention\":\"workqueue\"}");
        publish_text(conn, "$JS.API.CONSUMER.DURABLE.CREATE.BENCH.workers", "done.1",
                     "{\"stream_name\":\"BENCH\",\"config\":{\"durable_name\":\"workers\","
                     "\"deliver_subject\":\"deliver\",\"deliver_group\":\"workers\","
                     "\"ack_policy\":\"explicit\",\"max_ack_pending\":65536}}");
    }
    return state->has_consumer;
}

static void submit(struct bench *bench, uint32_t slot)
{
    struct state *state = bench->state;
    const struct bench_options *options = &bench->options;
    struct conn *conn = &state->conns[options->workers + state->next++ % options->submitters];
    char reply[32] = "done.all";
    if (state->is_stream) {
        bench->slots[slot].waits_for = 2;
        snprintf(reply, sizeof(reply), "done.%u", slot);
    }
    bench_fill(bench, publish(conn, state->is_stream ? "jobs" : "noop", 4, reply, options->payload),
               slot);
}

const struct bench_system bench_nats = {
    .name = "nats",
    .start = start,
    .ready = ready,
    .submit = submit,
    .help = "request-reply with a queue group, nothing kept",
};

const struct bench_system bench_jetstream = {
    .name = "jetstream",
    .start = start,
    .ready = ready,
    .submit = submit,
    .help = "work queue in a file: stored, delivered, acknowledged; no result",
};
