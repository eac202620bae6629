// A core whose disk and agents answer at once or when a test says so, for tests of the order in
// which jobs of several tenants go. An agent's double: it runs one job after the other, for as long
// as the job's model takes.
#ifndef QUEUE_RIG_H
#define QUEUE_RIG_H

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "agent/core/coord/coord.h"

#define QUEUE_RIG_JOBS 200000

struct queue_rig {
    struct agent_coord *core;
    struct agent_sink sink;
    int64_t now_us;
    uint64_t seq, token;
    enum agent_reply reply; // to the last submission
    uint32_t retry_after_ms;
    uint32_t took_us[16]; // by model
    uint8_t model_of[QUEUE_RIG_JOBS], tenant_of[QUEUE_RIG_JOBS];
    uint64_t went[QUEUE_RIG_JOBS]; // jobs in the order of their dispatch
    uint32_t n_went, n_answered;
    uint32_t ended[16]; // by tenant
    int64_t device_us[16];
};

static inline void queue_rig_act(void *user, const struct agent_action *action)
{
    struct queue_rig *rig = user;
    if (action->kind == AGENT_ACTION_APPEND) {
        rig->seq = action->seq;
    } else if (action->kind == AGENT_ACTION_REPLY) {
        rig->reply = action->reply;
        if (action->reply == AGENT_REPLY_BUSY)
            rig->retry_after_ms = action->retry_after_ms;
    } else if (action->kind == AGENT_ACTION_DISPATCH) {
        cr_assert_lt(rig->n_went, QUEUE_RIG_JOBS);
        rig->went[rig->n_went++] = action->id;
    }
}

static inline void queue_rig_step(struct queue_rig *rig, const struct agent_event *event)
{
    agent_coord_step(rig->core, event, event != NULL, rig->now_us, &rig->sink);
}

static inline void queue_rig_commit(struct queue_rig *rig)
{
    queue_rig_step(rig, &(struct agent_event){.kind = AGENT_EVENT_COMMITTED, .seq = rig->seq});
}

// `limits` NULL: the defaults.
static inline struct queue_rig *queue_rig_new(const struct agent_coord_limits *limits,
                                              uint32_t credit)
{
    struct queue_rig *rig = calloc(1, sizeof *rig);
    struct agent_coord_limits defaults;
    struct agent_error err = {0};
    cr_assert_not_null(rig);
    agent_coord_limits_init(&defaults);
    if (limits == NULL)
        limits = &defaults;
    rig->now_us = 1000000000;
    rig->sink = (struct agent_sink){.act = queue_rig_act, .user = rig};
    cr_assert_eq(agent_coord_create(limits, &rig->core, &err), AGENT_OK, "%s", err.text);
    for (int i = 0; i < 16; i++)
        rig->took_us[i] = 1000;
    if (credit > 0) {
        struct agent_event hello = {.kind = AGENT_EVENT_HELLO, .link = 1};
        hello.hello.name = "a";
        hello.hello.credit = credit;
        queue_rig_step(rig, &hello);
    }
    return rig;
}

static inline void queue_rig_free(struct queue_rig *rig)
{
    struct agent_error err = {0};
    cr_assert(agent_coord_check(rig->core, &err), "%s", err.text);
    agent_coord_destroy(rig->core);
    free(rig);
}

// Submits a job of tenant "t0" … and model 0 …, and commits it. Returns its id; 0: refused.
static inline uint64_t queue_rig_submit(struct queue_rig *rig, uint8_t tenant, uint8_t model,
                                        uint8_t priority, int64_t deadline_us)
{
    char tenant_name[8], model_name[8];
    uint8_t hash[AGENT_HASH_SIZE] = {1, (uint8_t)(model + 1)};
    snprintf(tenant_name, sizeof tenant_name, "t%u", tenant);
    snprintf(model_name, sizeof model_name, "m%u", model);
    struct agent_event event = {.kind = AGENT_EVENT_SUBMIT, .token = ++rig->token};
    event.submit = (struct agent_submit){.model = model_name,
                                         .version = 1,
                                         .hash = hash,
                                         .priority = priority,
                                         .deadline_us = deadline_us,
                                         .tenant = tenant_name,
                                         .key = "",
                                         .input_bytes = 64,
                                         .rows = 1};
    struct agent_totals totals;
    uint64_t seq = rig->seq;
    queue_rig_step(rig, &event);
    if (rig->seq == seq)
        return 0;
    queue_rig_commit(rig);
    agent_coord_totals(rig->core, &totals);
    uint64_t id = totals.submitted;
    cr_assert_lt(id, QUEUE_RIG_JOBS);
    rig->model_of[id] = model;
    rig->tenant_of[id] = tenant;
    return id;
}

// Submits `count` jobs of a tenant and model 0 in one step, and commits. Returns how many are
// taken.
static inline uint32_t queue_rig_submit_many(struct queue_rig *rig, const char *tenant,
                                             uint32_t count)
{
    static struct agent_event events[256];
    static const uint8_t hash[AGENT_HASH_SIZE] = {1, 1};
    struct agent_totals before, after;
    cr_assert_leq(count, 256);
    for (uint32_t i = 0; i < count; i++) {
        events[i] = (struct agent_event){.kind = AGENT_EVENT_SUBMIT, .token = ++rig->token};
        events[i].submit = (struct agent_submit){.model = "m0",
                                                 .version = 1,
                                                 .hash = hash,
                                                 .priority = 2,
                                                 .tenant = tenant,
                                                 .key = "",
                                                 .input_bytes = 64,
                                                 .rows = 1};
    }
    agent_coord_totals(rig->core, &before);
    agent_coord_step(rig->core, events, count, rig->now_us, &rig->sink);
    queue_rig_commit(rig);
    agent_coord_totals(rig->core, &after);
    return (uint32_t)(after.submitted - before.submitted);
}

// The agent runs the job that went first of those that it has: time goes on, and the core hears
// that it is alive. False: it has none.
static inline bool queue_rig_answer(struct queue_rig *rig)
{
    if (rig->n_answered == rig->n_went)
        return false;
    uint64_t id = rig->went[rig->n_answered++];
    uint32_t took_us = rig->took_us[rig->model_of[id]];
    struct agent_job_view view;
    rig->now_us += took_us;
    queue_rig_step(rig, &(struct agent_event){.kind = AGENT_EVENT_HEARD, .link = 1});
    cr_assert(agent_coord_job(rig->core, id, &view));
    struct agent_event event = {.kind = AGENT_EVENT_RESULT, .link = 1};
    event.result = (struct agent_result){.ref = {.job = id, .epoch = 1, .attempt = 1},
                                         .outcome = AGENT_OUTCOME_DONE,
                                         .compute_us = took_us,
                                         .batch = 1,
                                         .error_code = "",
                                         .error_text = ""};
    queue_rig_step(rig, &event);
    queue_rig_commit(rig);
    rig->ended[rig->tenant_of[id]]++;
    rig->device_us[rig->tenant_of[id]] += took_us;
    return true;
}

#endif
