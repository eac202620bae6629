// A core with a recording sink and a clock that tests move: what comes out can be looked up.
#ifndef COORD_RIG_H
#define COORD_RIG_H

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "agent/core/coord/coord.h"

#define RIG_ACTIONS_MAX 4096

struct rig_action {
    enum agent_action_kind kind;
    uint64_t token, link, seq, id;
    uint32_t attempt;
    enum agent_reply reply;
    enum agent_notice_kind notice;
    bool existing;
    bool pinned, pin_only, spare;
    uint32_t retry_after_ms;
    enum agent_record_kind record;
    uint8_t state; // of an END
    char text[256];
};

struct rig {
    struct agent_coord *core;
    struct agent_sink sink;
    int64_t now_us;
    uint64_t seq; // appended last
    struct rig_action actions[RIG_ACTIONS_MAX];
    size_t count;
};

static const uint8_t rig_hash[AGENT_HASH_SIZE] = {1, 2, 3};

static void rig_act(void *user, const struct agent_action *action)
{
    struct rig *rig = user;
    cr_assert_lt(rig->count, RIG_ACTIONS_MAX);
    struct rig_action *to = &rig->actions[rig->count++];
    *to = (struct rig_action){.kind = action->kind,
                              .token = action->token,
                              .link = action->link,
                              .seq = action->seq,
                              .id = action->id,
                              .attempt = action->attempt,
                              .reply = action->reply,
                              .notice = action->notice,
                              .existing = action->existing,
                              .pinned = action->pinned,
                              .pin_only = action->pin_only,
                              .spare = action->spare,
                              .retry_after_ms = action->retry_after_ms};
    if (action->text != NULL)
        strncpy(to->text, action->text, sizeof to->text - 1);
    if (action->kind == AGENT_ACTION_APPEND) {
        rig->seq = action->seq;
        to->record = action->record->kind;
        if (to->record == AGENT_RECORD_END || to->record == AGENT_RECORD_JOB) {
            to->id = action->record->job.id;
            to->state = action->record->job.state;
        }
    }
}

static inline void rig_init(struct rig *rig, const struct agent_coord_limits *limits)
{
    struct agent_coord_limits defaults;
    agent_coord_limits_init(&defaults);
    memset(rig, 0, sizeof *rig);
    rig->now_us = 1000000000;
    rig->sink = (struct agent_sink){.act = rig_act, .user = rig, .job_notices = true};
    struct agent_error err = {0};
    cr_assert_eq(agent_coord_create(limits ? limits : &defaults, &rig->core, &err), AGENT_OK, "%s",
                 err.text);
}

static inline void rig_finish(struct rig *rig)
{
    agent_coord_destroy(rig->core);
}

static inline void rig_step(struct rig *rig, const struct agent_event *event)
{
    struct agent_error err = {0};
    agent_coord_step(rig->core, event, event != NULL, rig->now_us, &rig->sink);
    cr_assert(agent_coord_check(rig->core, &err), "%s", err.text);
}

static inline void rig_commit(struct rig *rig)
{
    rig_step(rig, &(struct agent_event){.kind = AGENT_EVENT_COMMITTED, .seq = rig->seq});
}

// Ticks as often as the coordinator does: a long gap would be one in which it slept.
static inline void rig_tick(struct rig *rig, int64_t ms)
{
    do {
        int64_t part = ms < 50 ? ms : 50;
        rig->now_us += part * 1000;
        ms -= part;
        rig_step(rig, &(struct agent_event){.kind = AGENT_EVENT_TICK});
    } while (ms > 0);
}

static inline void rig_hello(struct rig *rig, uint64_t link, const char *name, uint8_t instance,
                             uint32_t credit)
{
    struct agent_event event = {.kind = AGENT_EVENT_HELLO, .link = link};
    event.hello.name = name;
    event.hello.instance[0] = instance;
    event.hello.credit = credit;
    rig_step(rig, &event);
}

static inline void rig_heard(struct rig *rig, uint64_t link)
{
    rig_step(rig, &(struct agent_event){.kind = AGENT_EVENT_HEARD, .link = link});
}

static inline struct agent_event rig_submission(uint64_t token, const char *key)
{
    struct agent_event event = {.kind = AGENT_EVENT_SUBMIT, .token = token};
    event.submit = (struct agent_submit){.model = "digits",
                                         .version = 1,
                                         .hash = rig_hash,
                                         .priority = 2,
                                         .key = key,
                                         .input_bytes = 64,
                                         .rows = 1};
    return event;
}

// The last action of a kind (and token, or job, unless 0); NULL: none.
static inline struct rig_action *rig_find(struct rig *rig, enum agent_action_kind kind,
                                          uint64_t token, uint64_t id)
{
    for (size_t i = rig->count; i-- > 0;) {
        struct rig_action *action = &rig->actions[i];
        if (action->kind == kind && (token == 0 || action->token == token) &&
            (id == 0 || action->id == id))
            return action;
    }
    return NULL;
}

static inline size_t rig_count(const struct rig *rig, enum agent_action_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < rig->count; i++)
        count += rig->actions[i].kind == kind;
    return count;
}

// Submits, commits, and returns the id.
static inline uint64_t rig_submit_for(struct rig *rig, const char *tenant, const char *key)
{
    static uint64_t token = 1000;
    struct agent_event event = rig_submission(++token, key);
    event.submit.tenant = tenant;
    rig_step(rig, &event);
    rig_commit(rig);
    struct rig_action *reply = rig_find(rig, AGENT_ACTION_REPLY, token, 0);
    cr_assert_not_null(reply);
    cr_assert_eq(reply->reply, AGENT_REPLY_OK, "%s", reply->text);
    return reply->id;
}

static inline uint64_t rig_submit(struct rig *rig, const char *key)
{
    return rig_submit_for(rig, "", key);
}

static inline struct agent_event rig_answer(uint64_t link, uint64_t job, uint32_t attempt,
                                            enum agent_outcome outcome)
{
    struct agent_event event = {.kind = AGENT_EVENT_RESULT, .link = link};
    event.result = (struct agent_result){.ref = {.job = job, .epoch = 1, .attempt = attempt},
                                         .outcome = outcome,
                                         .compute_us = 100,
                                         .batch = 1,
                                         .output_bytes = 40,
                                         .error_code = "no_memory",
                                         .error_text = "it failed"};
    return event;
}

static inline void rig_result(struct rig *rig, uint64_t link, uint64_t job, uint32_t attempt,
                              enum agent_outcome outcome)
{
    struct agent_event event = rig_answer(link, job, attempt, outcome);
    rig_step(rig, &event);
}

static inline void rig_start(struct rig *rig, uint64_t link, uint64_t job, uint32_t attempt)
{
    struct agent_event event = {.kind = AGENT_EVENT_STARTED, .link = link};
    event.started.ref = (struct agent_job_ref){.job = job, .epoch = 1, .attempt = attempt};
    rig_step(rig, &event);
}

static inline void rig_state(struct rig *rig, uint64_t job, enum agent_job_state state)
{
    struct agent_job_view view;
    cr_assert(agent_coord_job(rig->core, job, &view));
    cr_assert_str_eq(agent_job_state_name(view.state), agent_job_state_name(state));
}

#endif
