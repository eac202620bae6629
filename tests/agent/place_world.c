#include "tests/agent/place_world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/core/coord/coord.h"

#define HELD_MAX 1024
#define TICK_US 10000
#define BYTES 1000000 // of a model

struct held {
    uint64_t job;
    uint32_t attempt;
    uint8_t model;
};

struct agent_double {
    double speed;
    struct held queue[HELD_MAX]; // ring
    uint32_t first, count;
    bool has[PLACE_MODELS_MAX];
    int64_t used_us[PLACE_MODELS_MAX];
    uint32_t n_has;
    int loading;    // a model; -1 none
    bool running;   // the first of the queue
    int64_t due_us; // of the load or the run
};

struct world {
    const struct place_options *options;
    struct place_result *result;
    struct agent_coord *core;
    struct agent_sink sink;
    struct agent_double agents[PLACE_AGENTS_MAX];
    uint8_t *model_of; // by job
    int64_t *submitted_us;
    double *took_us;
    int64_t now_us, next_tick_us, next_arrival_us, counted_from_us;
    uint64_t seq, random;
    uint32_t submitted, ended, counted;
    double weights[PLACE_MODELS_MAX]; // running sums
    struct agent_event events[64];
    size_t n_events;
};

static double chance(struct world *w)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return (double)(w->random >> 11) / 9007199254740992.0;
}

static void unload(struct world *w, struct agent_double *agent, uint8_t model)
{
    bool in_use = false;
    for (uint32_t i = 0; i < agent->count; i++)
        in_use = in_use || agent->queue[(agent->first + i) % HELD_MAX].model == model;
    if (in_use || !agent->has[model])
        return;
    agent->has[model] = false;
    agent->n_has--;
    w->result->evictions++;
}

static void act(void *user, const struct agent_action *action)
{
    struct world *w = user;
    if (action->kind == AGENT_ACTION_APPEND)
        w->seq = action->seq;
    if (action->link == 0)
        return;
    struct agent_double *agent = &w->agents[action->link - 1];
    if (action->kind == AGENT_ACTION_UNLOAD)
        unload(w, agent, (uint8_t)(action->hash[0] - 1));
    if (action->kind != AGENT_ACTION_DISPATCH)
        return;
    uint8_t model = w->model_of[action->id];
    if (w->ended >= w->options->warm_jobs) {
        w->result->hits += agent->has[model];
        w->result->misses += !agent->has[model];
    }
    agent->queue[(agent->first + agent->count++) % HELD_MAX] =
        (struct held){.job = action->id, .attempt = action->attempt, .model = model};
}

static void hash_of(uint8_t model, uint8_t hash[AGENT_HASH_SIZE])
{
    memset(hash, 0, AGENT_HASH_SIZE);
    hash[0] = (uint8_t)(model + 1);
    hash[1] = 77;
}

static void step(struct world *w, const struct agent_event *event)
{
    agent_coord_step(w->core, event, event != NULL, w->now_us, &w->sink);
    struct agent_event committed = {.kind = AGENT_EVENT_COMMITTED, .seq = w->seq};
    agent_coord_step(w->core, &committed, 1, w->now_us, &w->sink);
}

static void tell(struct world *w, uint32_t i, uint8_t model, enum agent_model_state state)
{
    uint8_t hash[AGENT_HASH_SIZE];
    struct agent_event event = {.kind = AGENT_EVENT_MODEL_STATE, .link = i + 1};
    if (w->options->tells_nothing)
        return;
    hash_of(model, hash);
    event.model.hash = hash;
    event.model.state = state;
    event.model.text = "";
    if (state == AGENT_MODEL_RESIDENT) {
        event.model.bytes = BYTES;
        event.model.load_us = w->options->load_us;
    }
    step(w, &event);
}

static void submit(struct world *w)
{
    uint8_t model = 0, hash[AGENT_HASH_SIZE];
    double draw = chance(w) * w->weights[w->options->models - 1];
    char name[16];
    while (w->weights[model] <= draw)
        model++;
    hash_of(model, hash);
    snprintf(name, sizeof name, "m%u", model);
    struct agent_event event = {.kind = AGENT_EVENT_SUBMIT, .token = 1};
    event.submit = (struct agent_submit){.model = name,
                                         .version = 1,
                                         .hash = hash,
                                         .priority = 2,
                                         .key = "",
                                         .tenant = "",
                                         .input_bytes = 64,
                                         .rows = 1};
    w->submitted++; // ids are given in this order
    w->model_of[w->submitted] = model;
    w->submitted_us[w->submitted] = w->now_us;
    step(w, &event);
}

static void evict(struct world *w, uint32_t i)
{
    struct agent_double *agent = &w->agents[i];
    int oldest = -1;
    for (uint32_t m = 0; m < w->options->models; m++) {
        if (agent->has[m] && (oldest < 0 || agent->used_us[m] < agent->used_us[oldest]))
            oldest = (int)m;
    }
    agent->has[oldest] = false;
    agent->n_has--;
    w->result->evictions++;
    tell(w, i, (uint8_t)oldest, AGENT_MODEL_ABSENT);
}

static void go(struct world *w, uint32_t i)
{
    struct agent_double *agent = &w->agents[i];
    if (agent->running || agent->loading >= 0 || agent->count == 0)
        return;
    uint8_t model = agent->queue[agent->first].model;
    if (agent->has[model]) {
        agent->running = true;
        agent->used_us[model] = w->now_us;
        agent->due_us = w->now_us + (int64_t)(w->options->job_us / agent->speed);
        return;
    }
    while (agent->n_has >= w->options->room)
        evict(w, i);
    agent->loading = model;
    agent->due_us = w->now_us + w->options->load_us;
    w->result->loads++;
    tell(w, i, model, AGENT_MODEL_LOADING);
}

static void finish_run(struct world *w, uint32_t i)
{
    struct agent_double *agent = &w->agents[i];
    struct held held = agent->queue[agent->first];
    uint32_t took = (uint32_t)(w->options->job_us / agent->speed);
    agent->first = (agent->first + 1) % HELD_MAX;
    agent->count--;
    agent->running = false;
    if (++w->ended > w->options->warm_jobs) {
        if (w->counted == 0)
            w->counted_from_us = w->now_us;
        w->result->jobs[i]++;
        w->result->busy_us[i] += took;
        w->took_us[w->counted++] = (double)(w->now_us - w->submitted_us[held.job]);
    }
    struct agent_event event = {.kind = AGENT_EVENT_RESULT, .link = i + 1};
    event.result = (struct agent_result){
        .ref = {.job = held.job, .epoch = 1, .attempt = held.attempt},
        .outcome = AGENT_OUTCOME_DONE,
        .compute_us = took,
        .batch = 1,
        .error_code = "",
        .error_text = "",
    };
    step(w, &event);
}

static void advance(struct world *w, uint32_t i)
{
    struct agent_double *agent = &w->agents[i];
    if (agent->loading >= 0) {
        uint8_t model = (uint8_t)agent->loading;
        agent->loading = -1;
        agent->has[model] = true;
        agent->n_has++;
        agent->used_us[model] = w->now_us;
        tell(w, i, model, AGENT_MODEL_RESIDENT);
    } else if (agent->running) {
        finish_run(w, i);
    }
}

static void join(struct world *w, uint32_t i)
{
    char name[16];
    struct agent_device_info device = {
        .family = "gpu",
        // Nine tenths of it are for models.
        .memory_bytes = (uint64_t)w->options->room * BYTES * 10 / 9 + 1000,
        .compute_units = 1,
    };
    struct agent_event hello = {.kind = AGENT_EVENT_HELLO, .link = i + 1};
    snprintf(name, sizeof name, "a%02u", i);
    hello.hello.name = name;
    hello.hello.instance[0] = (uint8_t)(i + 1);
    hello.hello.credit = w->options->credit;
    hello.hello.devices = &device;
    hello.hello.n_devices = 1;
    w->agents[i].loading = -1;
    w->agents[i].speed =
        w->options->n_speeds > 0 ? w->options->speeds[i % w->options->n_speeds] : 1;
    step(w, &hello);
}

// The repository tells what each takes.
static void offer(struct world *w, uint8_t model)
{
    uint8_t hash[AGENT_HASH_SIZE];
    char name[16];
    struct agent_event event = {.kind = AGENT_EVENT_MODEL};
    hash_of(model, hash);
    snprintf(name, sizeof name, "m%u", model);
    event.model_info.name = name;
    event.model_info.version = 1;
    event.model_info.hash = hash;
    event.model_info.bytes = BYTES;
    step(w, &event);
}

static void schedule_arrival(struct world *w)
{
    double capacity = 0; // jobs a us
    for (uint32_t i = 0; i < w->options->agents; i++)
        capacity += w->agents[i].speed / w->options->job_us;
    double gap = -log(1 - chance(w)) / (capacity * w->options->utilization);
    w->next_arrival_us = w->now_us + (int64_t)gap;
}

static void fill(struct world *w)
{
    const struct place_options *o = w->options;
    if (o->utilization > 0) {
        while (w->submitted < o->jobs && w->next_arrival_us <= w->now_us) {
            submit(w);
            schedule_arrival(w);
        }
        return;
    }
    while (w->submitted < o->jobs && w->submitted - w->ended < o->outstanding)
        submit(w);
}

static int64_t next_us(const struct world *w)
{
    int64_t next = w->next_tick_us;
    for (uint32_t i = 0; i < w->options->agents; i++) {
        const struct agent_double *agent = &w->agents[i];
        if ((agent->running || agent->loading >= 0) && agent->due_us < next)
            next = agent->due_us;
    }
    if (w->options->utilization > 0 && w->submitted < w->options->jobs && w->next_arrival_us < next)
        next = w->next_arrival_us;
    return next;
}

static bool run(struct world *w)
{
    const struct place_options *o = w->options;
    int64_t give_up_us = w->now_us + INT64_C(3600) * 1000000;
    while (w->ended < o->jobs) {
        fill(w);
        for (uint32_t i = 0; i < o->agents; i++)
            go(w, i);
        w->now_us = next_us(w);
        if (w->now_us > give_up_us) {
            fprintf(stderr, "after an hour only %u of %u jobs have ended\n", w->ended, o->jobs);
            return false;
        }
        if (w->now_us >= w->next_tick_us) {
            for (uint32_t i = 0; i < o->agents; i++)
                agent_coord_step(w->core,
                                 &(struct agent_event){.kind = AGENT_EVENT_HEARD, .link = i + 1}, 1,
                                 w->now_us, &w->sink);
            step(w, &(struct agent_event){.kind = AGENT_EVENT_TICK});
            w->next_tick_us = w->now_us + TICK_US;
        }
        for (uint32_t i = 0; i < o->agents; i++) {
            if ((w->agents[i].running || w->agents[i].loading >= 0) &&
                w->agents[i].due_us <= w->now_us)
                advance(w, i);
        }
    }
    return true;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void sum_up(struct world *w)
{
    struct place_result *r = w->result;
    double sum = 0, most = 0;
    for (uint32_t i = 0; i < w->options->agents; i++) {
        sum += r->busy_us[i];
        most = r->busy_us[i] > most ? r->busy_us[i] : most;
    }
    qsort(w->took_us, w->counted, sizeof *w->took_us, by_size);
    r->max_over_mean = most * w->options->agents / sum;
    r->span_us = (double)(w->now_us - w->counted_from_us);
    r->ideal = sum / w->options->agents / r->span_us;
    r->p50_us = w->took_us[w->counted / 2];
    r->p95_us = w->took_us[(size_t)w->counted * 95 / 100];
    r->p99_us = w->took_us[(size_t)w->counted * 99 / 100];
    r->max_us = w->took_us[w->counted - 1];
}

bool place_world_run(const struct place_options *options, struct place_result *ret_result)
{
    struct world *w = calloc(1, sizeof *w);
    struct agent_coord_limits limits;
    struct agent_error err = {0};
    agent_coord_limits_init(&limits);
    limits.strategy = options->strategy;
    limits.jobs_kept_max = 100;
    memset(ret_result, 0, sizeof *ret_result);
    w->options = options;
    w->result = ret_result;
    w->sink = (struct agent_sink){.act = act, .user = w};
    w->random = options->seed != 0 ? options->seed * 0x9e3779b97f4a7c15u : 88172645463325252u;
    w->now_us = 1000000000;
    w->next_tick_us = w->now_us;
    w->model_of = calloc(options->jobs + 1, 1);
    w->submitted_us = calloc(options->jobs + 1, sizeof *w->submitted_us);
    w->took_us = calloc(options->jobs + 1, sizeof *w->took_us);
    double sum = 0;
    for (uint32_t m = 0; m < options->models; m++)
        w->weights[m] = sum += pow(m + 1, -options->zipf);
    bool ok = agent_coord_create(&limits, &w->core, &err) == AGENT_OK;
    for (uint32_t m = 0; ok && m < options->models; m++)
        offer(w, (uint8_t)m);
    for (uint32_t i = 0; ok && i < options->agents; i++)
        join(w, i);
    w->next_arrival_us = w->now_us;
    ok = ok && run(w) && agent_coord_check(w->core, &err);
    if (ok)
        sum_up(w);
    else
        fprintf(stderr, "%s\n", err.text);
    agent_coord_destroy(w->core);
    free(w->model_of);
    free(w->submitted_us);
    free(w->took_us);
    free(w);
    return ok;
}
