// Simulated agents: HELLO, credit, heartbeats, telemetry and model states as stokerd's agents have
// them; a job takes no time, or a fixed one, and a model that isn't here takes one to load.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stoker.h"

#define TELEMETRY_NS 250000000
#define KEEP_NS 10000000 // between two looks at all agents
#define DIAL_NS_MIN 100000000
#define DIAL_NS_MAX 2000000000

enum { REF_SIZE = 20, HEX_SIZE = 2 * NET_HASH_SIZE + 1 };

struct job {
    struct net_job_ref ref;
    int64_t arrived_ns;
    uint32_t slot, model;
    bool cancelled;
};

struct agent {
    struct conn conn;
    bool is_welcome;
    int64_t dial_ns, delay_ns;     // when it dials again, and the delay after that
    int64_t beat_ns, telemetry_ns; // when the next ones are due
    uint64_t beats;
    struct job *jobs; // a ring; only where a job takes time
    uint32_t first, count;
    bool is_loading, is_running;
    int64_t until_ns; // of what it does
    int64_t *used_ns; // by model; 0: not resident
    uint32_t n_resident;
    uint64_t n_jobs, n_loads, n_found; // of jobs, those whose model was here when they came
};

struct stoker_agents {
    struct bench *bench;
    struct agent *list;
    uint32_t n, n_welcome;
    int64_t redialed_ns; // when the first was connected after all were lost
    int64_t keep_ns, beat_every_ns;
    struct net_buf out;    // scratch
    struct net_buf result; // a RESULT whose job and payload are filled in
    uint8_t (*hashes)[NET_HASH_SIZE];
    bool takes_time;
};

static void dispatched(struct stoker_agents *agents, struct agent *agent,
                       const struct net_frame *frame);

size_t stoker_frame(const uint8_t *data, size_t len, struct net_frame *ret_frame)
{
    size_t size = 0, need = 0;
    struct net_error err;
    if (net_frame_split(data, len, NET_SENDER_COORDINATOR, ret_frame, &size, &need, &err) !=
        NET_OK) {
        fprintf(stderr, "dispatch: the coordinator sent no frame: %s\n", err.text);
        exit(1);
    }
    return size;
}

void stoker_send(struct conn *conn, struct net_buf *frames)
{
    loop_send(conn, frames->data, frames->len);
    net_buf_reset(frames);
}

static void hello(struct stoker_agents *agents, struct agent *agent)
{
    char name[32], capabilities[512];
    struct net_hello msg = {.version = NET_PROTOCOL_VERSION,
                            .software = net_text_of("tests/bench/dispatch")};
    snprintf(name, sizeof(name), "simulated-%04u", agent->conn.index);
    snprintf(capabilities, sizeof(capabilities),
             "{\"credit\":%u,\"tune\":false,\"devices\":[{\"index\":0,\"id\":\"simulated\","
             "\"name\":\"simulated device\",\"driver\":\"none\",\"family\":\"cpu\","
             "\"memory_bytes\":%llu,\"compute_units\":1,\"fp16\":true,\"fp64\":true}]}",
             agents->bench->options.credit,
             (unsigned long long)(agents->bench->options.models_fit + 1) << 20);
    msg.name = net_text_of(name);
    msg.capabilities = net_text_of(capabilities);
    memcpy(msg.instance, &agent->conn.index, sizeof(agent->conn.index));
    msg.instance[8] = 1;
    net_hello_encode(&agents->out, &msg, NULL);
    stoker_send(&agent->conn, &agents->out);
}

static void on_frame(struct stoker_agents *agents, struct agent *agent,
                     const struct net_frame *frame);

static size_t take(struct conn *conn, const uint8_t *data, size_t len)
{
    struct net_frame frame;
    size_t used = 0;
    for (size_t n; (n = stoker_frame(data + used, len - used, &frame)) > 0; used += n)
        on_frame(conn->user, (struct agent *)conn, &frame);
    return used;
}

// As stokerd's agents: the delay doubles, half of it random.
static void lost(struct conn *conn)
{
    struct agent *agent = (struct agent *)conn;
    struct stoker_agents *agents = conn->user;
    if (agent->is_welcome) {
        agent->is_welcome = false;
        agents->n_welcome--;
        agents->redialed_ns = 0;
        agent->delay_ns = DIAL_NS_MIN;
    }
    agent->first = agent->count = 0;
    agent->is_loading = agent->is_running = false;
    agent->dial_ns = loop_now_ns() +
                     (int64_t)((double)agent->delay_ns * (0.5 + bench_random(agents->bench) / 2));
    agent->delay_ns = agent->delay_ns * 2 < DIAL_NS_MAX ? agent->delay_ns * 2 : DIAL_NS_MAX;
}

static void dial(struct stoker_agents *agents, struct agent *agent)
{
    if (!loop_connect(&agents->bench->loop, &agent->conn, agents->bench->options.address)) {
        lost(&agent->conn);
        return;
    }
    hello(agents, agent);
    if (agents->redialed_ns == 0)
        agents->redialed_ns = loop_now_ns();
}

struct stoker_agents *stoker_agents_create(struct bench *bench)
{
    const struct bench_options *options = &bench->options;
    struct stoker_agents *agents = calloc(1, sizeof(*agents));
    struct net_result result = {.outcome = NET_OUTCOME_DONE, .batch = 1, .n_outputs = 1};
    uint8_t bytes[BENCH_PAYLOAD_MIN] = {0};

    agents->bench = bench;
    agents->n = options->workers;
    agents->list = calloc(agents->n, sizeof(*agents->list));
    agents->hashes = calloc(BENCH_MODELS_MAX, NET_HASH_SIZE);
    agents->takes_time = options->service_us > 0 || options->models > 0;
    result.outputs[0] = (struct net_tensor){
        .dtype = 2, .rank = 1, .dims = {BENCH_PAYLOAD_MIN}, .data = {bytes, sizeof(bytes)}};
    result.compute_us = (uint32_t)options->service_us;
    net_result_encode(&agents->result, &result, NULL);
    for (uint32_t i = 0; i < agents->n; i++) {
        struct agent *agent = &agents->list[i];
        agent->conn = (struct conn){.index = i, .user = agents, .take = take, .closed = lost};
        agent->delay_ns = DIAL_NS_MIN;
        if (agents->takes_time)
            agent->jobs = calloc(options->credit, sizeof(*agent->jobs));
        agent->used_ns = calloc(BENCH_MODELS_MAX, sizeof(*agent->used_ns));
        dial(agents, agent);
    }
    return agents;
}

uint32_t stoker_agents_welcome(const struct stoker_agents *agents)
{
    return agents->n_welcome;
}

void stoker_agents_count(struct stoker_agents *agents)
{
    for (uint32_t i = 0; i < agents->n; i++)
        agents->list[i].n_jobs = agents->list[i].n_loads = agents->list[i].n_found = 0;
}

// ---- frames

static void welcome(struct stoker_agents *agents, struct agent *agent,
                    const struct net_frame *frame)
{
    int64_t now_ns = loop_now_ns();
    struct net_welcome msg;
    if (net_welcome_decode(frame, &msg, NULL) != NET_OK)
        return;
    agents->beat_every_ns = (int64_t)msg.heartbeat_ms * 1000000;
    agent->is_welcome = true;
    if (++agents->n_welcome == agents->n)
        bench_figure(agents->bench, "admitted", (double)(now_ns - agents->redialed_ns) / 1e9, "s");
    // Spread, as agents are that weren't started together.
    agent->beat_ns =
        now_ns + (int64_t)(bench_random(agents->bench) * (double)agents->beat_every_ns);
    agent->telemetry_ns = now_ns + (int64_t)(bench_random(agents->bench) * TELEMETRY_NS);
}

static void cancel(struct stoker_agents *agents, struct agent *agent, const struct net_frame *frame)
{
    struct net_cancel msg;
    if (!agents->takes_time || net_cancel_decode(frame, &msg, NULL) != NET_OK)
        return; // it is answered already
    for (uint32_t i = 0; i < agent->count; i++) {
        struct job *job = &agent->jobs[(agent->first + i) % agents->bench->options.credit];
        if (job->ref.job == msg.ref.job && job->ref.attempt == msg.ref.attempt)
            job->cancelled = true;
    }
}

static void on_frame(struct stoker_agents *agents, struct agent *agent,
                     const struct net_frame *frame)
{
    struct net_heartbeat beat;
    struct net_refuse refuse;
    switch (frame->type) {
    case NET_MSG_WELCOME:
        welcome(agents, agent, frame);
        break;
    case NET_MSG_REFUSE:
        if (net_refuse_decode(frame, &refuse, NULL) == NET_OK)
            fprintf(stderr, "dispatch: agent %u is refused: %.*s\n", agent->conn.index,
                    (int)refuse.text.len, refuse.text.data);
        break;
    case NET_MSG_HEARTBEAT:
        if (net_heartbeat_decode(frame, &beat, NULL) == NET_OK) {
            struct net_heartbeat_ack ack = {.seq = beat.seq, .sent_ms = beat.sent_ms};
            net_heartbeat_ack_encode(&agents->out, &ack, NULL);
            stoker_send(&agent->conn, &agents->out);
        }
        break;
    case NET_MSG_DISPATCH:
        dispatched(agents, agent, frame);
        break;
    case NET_MSG_CANCEL:
        cancel(agents, agent, frame);
        break;
    default: // nothing that changes what an agent without a device does
        break;
    }
}

// ---- jobs

static void answer(struct stoker_agents *agents, struct agent *agent, const uint8_t ref[REF_SIZE],
                   const uint8_t payload[BENCH_PAYLOAD_MIN])
{
    const struct net_buf *result = &agents->result;
    uint8_t *at = loop_room(&agent->conn, result->len);
    memcpy(at, result->data, result->len);
    memcpy(at + NET_FRAME_HEADER_SIZE, ref, REF_SIZE);
    memcpy(at + result->len - BENCH_PAYLOAD_MIN, payload, BENCH_PAYLOAD_MIN);
}

static void tell_started(struct stoker_agents *agents, struct agent *agent,
                         const struct net_job_ref *ref)
{
    struct net_started msg = {.n_refs = 1, .refs = {*ref}};
    net_started_encode(&agents->out, &msg, NULL);
    stoker_send(&agent->conn, &agents->out);
}

static void tell_model(struct stoker_agents *agents, struct agent *agent, uint32_t model,
                       enum net_residency state)
{
    struct net_model_state msg = {.state = (uint8_t)state};
    memcpy(msg.hash, agents->hashes[model], sizeof(msg.hash));
    if (state == NET_RESIDENCY_READY) {
        msg.bytes = 1 << 20;
        msg.load_us = (uint32_t)agents->bench->options.load_us;
    }
    net_model_state_encode(&agents->out, &msg, NULL);
    stoker_send(&agent->conn, &agents->out);
}

// Frees the place of the model that was used longest ago.
static void evict(struct stoker_agents *agents, struct agent *agent)
{
    uint32_t oldest = UINT32_MAX;
    for (uint32_t i = 0; i < agents->bench->options.models; i++)
        if (agent->used_ns[i] != 0 &&
            (oldest == UINT32_MAX || agent->used_ns[i] < agent->used_ns[oldest]))
            oldest = i;
    if (oldest == UINT32_MAX)
        return;
    agent->used_ns[oldest] = 0;
    agent->n_resident--;
    tell_model(agents, agent, oldest, NET_RESIDENCY_ABSENT);
}

// The next job of those that wait: loads its model first where that isn't here.
static void begin(struct stoker_agents *agents, struct agent *agent)
{
    const struct bench_options *options = &agents->bench->options;
    struct job *job = &agent->jobs[agent->first];
    int64_t from_ns = agent->until_ns > job->arrived_ns ? agent->until_ns : job->arrived_ns;

    if (agent->used_ns[job->model] == 0) {
        if (options->models_fit > 0 && agent->n_resident >= options->models_fit)
            evict(agents, agent);
        tell_model(agents, agent, job->model, NET_RESIDENCY_LOADING);
        agent->n_loads++;
        agent->n_resident++;
        agent->used_ns[job->model] = from_ns;
        agent->is_loading = true;
        agent->until_ns = from_ns + options->load_us * 1000;
        return;
    }
    agent->used_ns[job->model] = from_ns;
    agent->is_running = true;
    agent->until_ns = from_ns + options->service_us * 1000;
    tell_started(agents, agent, &job->ref);
}

static void finish(struct stoker_agents *agents, struct agent *agent)
{
    struct job *job = &agent->jobs[agent->first];
    if (agent->is_loading) {
        agent->is_loading = false;
        tell_model(agents, agent, job->model, NET_RESIDENCY_READY);
        return;
    }
    uint8_t payload[BENCH_PAYLOAD_MIN] = {0}, ref[REF_SIZE];
    memcpy(ref, &job->ref.job, 8);
    memcpy(ref + 8, &job->ref.epoch, 8);
    memcpy(ref + 16, &job->ref.attempt, 4);
    if (job->cancelled) {
        struct net_result msg = {.ref = job->ref, .outcome = NET_OUTCOME_CANCELLED};
        net_result_encode(&agents->out, &msg, NULL);
        stoker_send(&agent->conn, &agents->out);
    } else {
        answer(agents, agent, ref, payload);
    }
    agent->is_running = false;
    agent->first = (agent->first + 1) % agents->bench->options.credit;
    agent->count--;
}

static void work(struct stoker_agents *agents, struct agent *agent, int64_t now_ns)
{
    for (;;) {
        if (agent->is_loading || agent->is_running) {
            if (agent->until_ns > now_ns)
                return;
            finish(agents, agent);
        } else if (agent->count > 0) {
            begin(agents, agent);
        } else {
            return;
        }
    }
}

// The number at the end of its name.
static uint32_t model_of(const struct net_dispatch *msg)
{
    uint32_t model = 0;
    const char *dash = memrchr(msg->model.data, '-', msg->model.len);
    for (const char *at = dash; at != NULL && ++at < msg->model.data + msg->model.len;)
        model = model * 10 + (uint32_t)(*at - '0');
    return model < BENCH_MODELS_MAX ? model : 0;
}

// A job that takes no time; with the first the model is there.
static void at_once(struct stoker_agents *agents, struct agent *agent,
                    const struct net_frame *frame)
{
    static struct net_dispatch msg;
    if (agent->n_resident == 0 && net_dispatch_decode(frame, &msg, NULL) == NET_OK) {
        memcpy(agents->hashes[0], msg.model_hash, NET_HASH_SIZE);
        agent->n_resident = 1;
        tell_model(agents, agent, 0, NET_RESIDENCY_READY);
    }
    if (agents->bench->options.started) {
        struct net_job_ref ref;
        memcpy(&ref.job, frame->body, 8);
        memcpy(&ref.epoch, frame->body + 8, 8);
        memcpy(&ref.attempt, frame->body + 16, 4);
        tell_started(agents, agent, &ref);
    }
    // The payload is the end of the body.
    answer(agents, agent, frame->body, frame->body + frame->len - agents->bench->options.payload);
}

static void dispatched(struct stoker_agents *agents, struct agent *agent,
                       const struct net_frame *frame)
{
    static struct net_dispatch msg;
    uint32_t room = agents->bench->options.credit;
    agent->n_jobs++;
    if (!agents->takes_time) {
        at_once(agents, agent, frame);
        return;
    }
    if (net_dispatch_decode(frame, &msg, NULL) != NET_OK || agent->count == room) {
        fprintf(stderr, "dispatch: agent %u was sent more than its credit\n", agent->conn.index);
        exit(1);
    }
    struct job *job = &agent->jobs[(agent->first + agent->count++) % room];
    *job = (struct job){.ref = msg.ref, .arrived_ns = loop_now_ns()};
    job->model = agents->bench->options.models > 0 ? model_of(&msg) : 0;
    memcpy(agents->hashes[job->model], msg.model_hash, NET_HASH_SIZE);
    agent->n_found += agent->used_ns[job->model] != 0;
}

// ---- time

static void tell(struct stoker_agents *agents, struct agent *agent)
{
    char json[4096];
    int n = snprintf(json, sizeof(json),
                     "{\"queued\":%u,\"running\":%u,\"rss_bytes\":1048576,\"cpu\":0.5,"
                     "\"devices\":[{\"index\":0,\"state\":\"ready\",\"reason\":\"\","
                     "\"memory_used_bytes\":%u,\"busy\":0.5,\"restarts\":0,\"batches\":%llu,"
                     "\"jobs\":%llu,\"program\":{\"hits\":1,\"misses\":0}}],"
                     "\"caches\":{\"model\":{\"hits\":%llu,\"misses\":%llu}}}",
                     agent->count, agent->is_running, agent->n_resident << 20,
                     (unsigned long long)agent->n_jobs, (unsigned long long)agent->n_jobs,
                     (unsigned long long)agent->n_jobs, (unsigned long long)agent->n_loads);
    struct net_telemetry msg = {.json = {json, (size_t)n}};
    net_telemetry_encode(&agents->out, &msg, NULL);
    stoker_send(&agent->conn, &agents->out);
}

static void keep(struct stoker_agents *agents, struct agent *agent, int64_t now_ns)
{
    if (agent->conn.fd < 0 && now_ns >= agent->dial_ns)
        dial(agents, agent);
    if (!agent->is_welcome)
        return;
    if (now_ns >= agent->beat_ns) {
        struct net_heartbeat msg = {.seq = ++agent->beats, .sent_ms = (uint64_t)(now_ns / 1000000)};
        net_heartbeat_encode(&agents->out, &msg, NULL);
        stoker_send(&agent->conn, &agents->out);
        agent->beat_ns = now_ns + agents->beat_every_ns;
    }
    if (now_ns >= agent->telemetry_ns && !agents->bench->options.no_telemetry) {
        tell(agents, agent);
        agent->telemetry_ns = now_ns + TELEMETRY_NS;
    }
}

int64_t stoker_agents_tick(struct stoker_agents *agents, int64_t now_ns)
{
    if (now_ns >= agents->keep_ns) {
        for (uint32_t i = 0; i < agents->n; i++)
            keep(agents, &agents->list[i], now_ns);
        agents->keep_ns = now_ns + KEEP_NS;
    }
    int64_t next_ns = agents->keep_ns;
    for (uint32_t i = 0; agents->takes_time && i < agents->n; i++) {
        struct agent *agent = &agents->list[i];
        work(agents, agent, now_ns);
        if ((agent->is_loading || agent->is_running) && agent->until_ns < next_ns)
            next_ns = agent->until_ns;
    }
    return next_ns;
}

void stoker_agents_report(const struct stoker_agents *agents)
{
    const struct bench_options *options = &agents->bench->options;
    uint64_t jobs = 0, loads = 0, found = 0, most = 0;
    for (uint32_t i = 0; i < agents->n; i++) {
        const struct agent *agent = &agents->list[i];
        jobs += agent->n_jobs;
        loads += agent->n_loads;
        found += agent->n_found;
        most = agent->n_jobs > most ? agent->n_jobs : most;
    }
    if (jobs == 0)
        return;
    bench_figure(agents->bench, "busiest_agent", (double)most * agents->n / (double)jobs,
                 "of the mean");
    if (options->service_us > 0)
        bench_figure(agents->bench, "of_ideal",
                     100.0 * (double)agents->bench->done /
                         ((double)(agents->bench->ended_ns - agents->bench->began_ns) / 1000.0 /
                          (double)options->service_us * agents->n),
                     "%");
    if (options->models > 0) {
        bench_figure(agents->bench, "sticky_hits", 100.0 * (double)found / (double)jobs, "%");
        bench_figure(agents->bench, "loads", (double)loads, "models");
    }
}
