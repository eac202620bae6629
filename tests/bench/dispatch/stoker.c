// Stoker: jobs over the binary submit link, to simulated agents of the same process.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stoker.h"

enum { SEQ_AT = NET_FRAME_HEADER_SIZE, END_AT = 16, STATUS_AT = 8 };

struct retry {
    uint32_t slot;
    int64_t due_ns;
};

struct state {
    struct stoker_agents *agents;
    struct conn *submitters;
    uint32_t n_welcome, next;
    struct net_buf *frames; // a SUBMIT for each model, without number and payload
    double *shares;         // of the jobs, up to and with each model
    uint32_t n_models;
    struct agent_hist acknowledged;
    struct net_buf out;
    struct retry retries[BENCH_SLOTS_MAX]; // told to come back later
    uint32_t n_retries;
    bool is_counting;
};

static void on_answer(struct bench *bench, const struct net_frame *frame)
{
    static struct net_submitted msg;
    struct state *state = bench->state;
    struct net_error err = {0};
    if (net_submitted_decode(frame, &msg, &err) != NET_OK || msg.seq >= bench->n_slots)
        exit(1);
    if (msg.status == NET_SUBMISSION_ACCEPTED) {
        int64_t took_ns = loop_now_ns() - bench->slots[msg.seq].intended_ns;
        if (bench->is_measuring)
            agent_hist_add(&state->acknowledged, (uint64_t)took_ns / 1000);
        return;
    }
    if (msg.status == NET_SUBMISSION_BUSY) {
        struct retry *retry = &state->retries[state->n_retries++];
        *retry = (struct retry){(uint32_t)msg.seq,
                                loop_now_ns() + (int64_t)msg.retry_after_ms * 1000000};
        bench->retried++;
        return;
    }
    char text[NET_TEXT_MAX + 1];
    net_text_copy(msg.text, text, sizeof(text));
    bench_failed(bench, (uint32_t)msg.seq, text);
}

static void on_result(struct bench *bench, const struct net_frame *frame)
{
    uint64_t seq;
    memcpy(&seq, frame->body, sizeof(seq));
    if (seq >= bench->n_slots)
        exit(1);
    if (frame->body[END_AT] == NET_JOB_END_DONE)
        bench_done(bench, (uint32_t)seq);
    else
        bench_failed(bench, (uint32_t)seq, "it ended without being done");
}

static size_t take(struct conn *conn, const uint8_t *data, size_t len)
{
    struct bench *bench = conn->user;
    struct state *state = bench->state;
    struct net_frame frame;
    struct net_heartbeat beat;
    size_t used = 0;
    for (size_t n; (n = stoker_frame(data + used, len - used, &frame)) > 0; used += n) {
        if (frame.type == NET_MSG_JOB_RESULT) {
            on_result(bench, &frame);
        } else if (frame.type == NET_MSG_SUBMITTED) {
            on_answer(bench, &frame);
        } else if (frame.type == NET_MSG_SUBMIT_WELCOME) {
            state->n_welcome++;
        } else if (frame.type == NET_MSG_HEARTBEAT &&
                   net_heartbeat_decode(&frame, &beat, NULL) == NET_OK) {
            struct net_heartbeat_ack ack = {.seq = beat.seq, .sent_ms = beat.sent_ms};
            net_heartbeat_ack_encode(&state->out, &ack, NULL);
            stoker_send(conn, &state->out);
        } else if (frame.type == NET_MSG_REFUSE) {
            fprintf(stderr, "dispatch: the coordinator refuses the submitter\n");
            exit(1);
        }
    }
    return used;
}

static void make_frames(struct bench *bench, struct state *state)
{
    const struct bench_options *options = &bench->options;
    uint8_t *bytes = calloc(1, options->payload);
    double sum = 0;
    state->n_models = options->models > 0 ? options->models : 1;
    state->frames = calloc(state->n_models, sizeof(*state->frames));
    state->shares = calloc(state->n_models, sizeof(*state->shares));
    for (uint32_t i = 0; i < state->n_models; i++) {
        char name[NET_MODEL_NAME_MAX + 1];
        struct net_error err;
        struct net_submit msg = {.flags = NET_SUBMIT_RESULT | (options->ack ? NET_SUBMIT_ACK : 0),
                                 .priority = 2,
                                 .n_inputs = 1,
                                 .inputs = {{.dtype = 2,
                                             .rank = 1,
                                             .dims = {options->payload},
                                             .data = {bytes, options->payload}}}};
        snprintf(name, sizeof(name), options->models > 0 ? "%s-%u" : "%s", options->model, i);
        msg.model = net_text_of(name);
        if (net_submit_encode(&state->frames[i], &msg, &err) != NET_OK) {
            fprintf(stderr, "dispatch: %s\n", err.text);
            exit(2);
        }
        sum += 1 / pow(i + 1, options->zipf);
        state->shares[i] = sum;
    }
    for (uint32_t i = 0; i < state->n_models; i++)
        state->shares[i] /= sum;
    free(bytes);
}

static void start(struct bench *bench)
{
    struct state *state = bench->state = calloc(1, sizeof(*state));
    const struct bench_options *options = &bench->options;
    make_frames(bench, state);
    state->agents = stoker_agents_create(bench);
    state->submitters = calloc(options->submitters, sizeof(*state->submitters));
    for (uint32_t i = 0; i < options->submitters && options->measure_s > 0; i++) {
        struct conn *conn = &state->submitters[i];
        struct net_submit_hello hello = {.version = NET_PROTOCOL_VERSION,
                                         .software = net_text_of("tests/bench/dispatch")};
        char name[32];
        snprintf(name, sizeof(name), "load-%u", i);
        hello.name = net_text_of(name);
        *conn = (struct conn){.index = i, .user = bench, .take = take};
        loop_connect_server(&bench->loop, conn, options->address);
        net_submit_hello_encode(&state->out, &hello, NULL);
        stoker_send(conn, &state->out);
    }
}

static bool ready(struct bench *bench)
{
    struct state *state = bench->state;
    const struct bench_options *options = &bench->options;
    return stoker_agents_welcome(state->agents) == options->workers &&
           state->n_welcome >= (options->measure_s > 0 ? options->submitters : 0);
}

static uint32_t pick_model(struct bench *bench, const struct state *state)
{
    double at = state->n_models > 1 ? bench_random(bench) : 0;
    uint32_t i = 0;
    while (i + 1 < state->n_models && state->shares[i] < at)
        i++;
    return i;
}

static void submit(struct bench *bench, uint32_t slot)
{
    struct state *state = bench->state;
    const struct net_buf *frame = &state->frames[pick_model(bench, state)];
    struct conn *conn = &state->submitters[state->next++ % bench->options.submitters];
    uint64_t seq = slot;
    uint8_t *at = loop_room(conn, frame->len);
    size_t payload = bench->options.payload;
    memcpy(at, frame->data, frame->len - payload);
    memcpy(at + SEQ_AT, &seq, sizeof(seq));
    bench_fill(bench, at + frame->len - payload, slot);
}

static int64_t tick(struct bench *bench, int64_t now_ns)
{
    struct state *state = bench->state;
    if (bench->is_measuring && !state->is_counting) {
        state->is_counting = true;
        stoker_agents_count(state->agents);
    }
    int64_t next_ns = stoker_agents_tick(state->agents, now_ns);
    for (uint32_t i = 0; i < state->n_retries;) {
        struct retry retry = state->retries[i];
        if (retry.due_ns > now_ns) {
            next_ns = retry.due_ns < next_ns ? retry.due_ns : next_ns;
            i++;
            continue;
        }
        state->retries[i] = state->retries[--state->n_retries];
        submit(bench, retry.slot);
    }
    return next_ns;
}

static void report(struct bench *bench)
{
    struct state *state = bench->state;
    const struct agent_hist *acknowledged = &state->acknowledged;
    if (acknowledged->count > 0) {
        bench_figure(bench, "acknowledged_p50",
                     (double)agent_hist_percentile(acknowledged, 50) / 1000, "ms");
        bench_figure(bench, "acknowledged_p99",
                     (double)agent_hist_percentile(acknowledged, 99) / 1000, "ms");
    }
    if (bench->retried > 0)
        bench_figure(bench, "told_to_come_back", (double)bench->retried, "times");
    stoker_agents_report(state->agents);
}

const struct bench_system bench_stoker = {
    .name = "stoker",
    .start = start,
    .ready = ready,
    .submit = submit,
    .tick = tick,
    .report = report,
    .help = "a coordinator; the agents are simulated, the jobs come over the submit link",
};
