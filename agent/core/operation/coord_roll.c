// One agent after another, so that the rest holds the load: drain-all empties them, restart has
// each started again and looks whether it works before the next. Each agent is emptied by a drain
// of its own. What has been done is in the ledger after each step, so that a coordinator that was
// started again goes on; the first failure ends it.
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/operation/coord_roll.h"

#define ROLL_LOOK_US 200000    // between two looks at whether there is room for the next one
#define ROLL_SETTLE_US 3000000 // an agent that gets no job meanwhile has come back well

static const char *const step_names[ROLL_STEPS] = {
    [ROLL_WAITING] = "waiting", [ROLL_DRAINING] = "draining", [ROLL_RESTARTING] = "restarting",
    [ROLL_TRYING] = "trying",   [ROLL_DONE] = "done",         [ROLL_FAILED] = "failed",
};

static bool is_restart(const struct coord_operation *operation)
{
    return operation->kind == &agent_coord_kind_restart;
}

// ---- steps

static void say(struct coord_operation *operation, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct coord_operation *operation, const char *format, ...)
{
    char text[AGENT_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (strcmp(agent_coord_chars(operation->text), text) != 0)
        agent_coord_text_set(&operation->text, text);
}

static void go(struct agent_coord *core, struct coord_operation *operation, enum roll_step step)
{
    struct coord_roll *roll = operation->roll;
    struct roll_agent *now = &roll->agents[roll->at];
    now->step = (uint8_t)step;
    roll->step_us = core->now_us;
    roll->looked_us = 0;
    if (step == ROLL_DONE)
        roll->at++;
    agent_coord_roll_write(operation);
    if (roll->at < roll->count) {
        agent_coord_append_operation(core, operation);
        agent_coord_operation_changed(core, operation);
        return;
    }
    char text[64];
    snprintf(text, sizeof text, "%" PRIu32 " agents, one after another", roll->count);
    agent_coord_operation_end(core, operation, AGENT_OPERATION_DONE, text, "", NULL);
}

static void fail(struct agent_coord *core, struct coord_operation *operation, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));

static void fail(struct agent_coord *core, struct coord_operation *operation, const char *format,
                 ...)
{
    struct coord_roll *roll = operation->roll;
    char text[AGENT_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    roll->agents[roll->at].step = ROLL_FAILED;
    agent_coord_roll_write(operation);
    agent_coord_operation_end(core, operation, AGENT_OPERATION_FAILED, text,
                              agent_coord_chars(roll->agents[roll->at].name), NULL);
}

// Why the agent can't go now; "" when it can.
static void hindrance(const struct agent_coord *core, const struct coord_roll *roll,
                      const struct coord_agent *agent, char *text, size_t size)
{
    struct agent_drain_plan plan;
    const char *name = agent_coord_chars(agent->name);
    text[0] = '\0';
    agent_coord_plan_make(core, agent, roll->drain_us, &plan);
    if (agent->admin == AGENT_ADMIN_DRAINING) {
        snprintf(text, size, "%s is draining already: operation %" PRIu64, name, agent->drain->id);
    } else if (roll->force) {
        return;
    } else if (plan.last) {
        snprintf(text, size, "%s is the last agent that takes work", name);
    } else if (plan.orphans > 0) {
        struct agent_orphan_view orphan = {.model = ""};
        agent_coord_drain_orphans(core, name, &orphan, 1);
        snprintf(text, size, "%s is the last agent that can run %s:%" PRIu32, name, orphan.model,
                 orphan.version);
    } else if ((uint64_t)(plan.credit_total - plan.credit) * 100 <
               roll->credit * roll->keep_percent) {
        snprintf(text, size,
                 "without %s %" PRIu64 "%% of the capacity would be left, less than %" PRIu32 "%%",
                 name, (uint64_t)(plan.credit_total - plan.credit) * 100 / roll->credit,
                 roll->keep_percent);
    }
}

static void begin_drain(struct agent_coord *core, struct coord_operation *operation,
                        struct coord_agent *agent)
{
    struct coord_roll *roll = operation->roll;
    char reason[64];
    snprintf(reason, sizeof reason, "%s, operation %" PRIu64, operation->kind->name, operation->id);
    struct agent_event event = {
        .by = agent_coord_chars(operation->by),
        .reason = operation->reason != NULL ? agent_coord_chars(operation->reason) : reason,
        .deadline_us = roll->drain_us};
    if (!agent_coord_wait_reserve(core, 2 + (size_t)agent_coord_jobs_live(core) * 2))
        return; // the next tick tries again
    struct coord_operation *drain = agent_coord_drain_begin(core, agent, &event, operation->id);
    if (drain == NULL)
        return;
    roll->agents[roll->at].drain = drain->id;
    roll->agents[roll->at].before = drain->was_cordoned ? AGENT_ADMIN_CORDONED : AGENT_ADMIN_NONE;
    say(operation, "drains %s", agent_coord_chars(agent->name));
    go(core, operation, ROLL_DRAINING);
    agent_coord_drain_check(core, agent);
}

static void on_waiting(struct agent_coord *core, struct coord_operation *operation,
                       struct coord_agent *agent)
{
    struct coord_roll *roll = operation->roll;
    const struct roll_agent *now = &roll->agents[roll->at];
    char why[AGENT_TEXT_MAX];
    if (core->now_us - roll->looked_us < ROLL_LOOK_US || !core->ledger_ok)
        return;
    roll->looked_us = core->now_us;
    bool is_same = memcmp(agent->instance, now->instance, sizeof now->instance) == 0;
    if (agent->admin == AGENT_ADMIN_DRAINED && !is_restart(operation)) {
        go(core, operation, ROLL_DONE);
        return;
    }
    if (is_restart(operation) && agent->link != 0 && !is_same) {
        go(core, operation, ROLL_DONE); // it was started again by somebody else
        return;
    }
    if (is_restart(operation) && agent->link == 0) {
        say(operation, "waits: %s is not connected", agent_coord_chars(agent->name));
        if (core->now_us - roll->step_us > roll->back_us)
            fail(core, operation, "%s is not connected", agent_coord_chars(agent->name));
        return;
    }
    if (agent->admin == AGENT_ADMIN_DRAINED) {
        roll->agents[roll->at].before = AGENT_ADMIN_DRAINED; // an operator has emptied it
        go(core, operation, ROLL_RESTARTING);
        return;
    }
    hindrance(core, roll, agent, why, sizeof why);
    if (why[0] != '\0')
        say(operation, "waits: %s", why);
    else
        begin_drain(core, operation, agent);
}

static void on_draining(struct agent_coord *core, struct coord_operation *operation,
                        struct coord_agent *agent)
{
    struct coord_roll *roll = operation->roll;
    uint64_t id = roll->agents[roll->at].drain;
    const char *name = agent_coord_chars(agent->name);
    const struct coord_operation *drain = agent_coord_operation_find(core, id);
    if (drain != NULL && drain->state == AGENT_OPERATION_RUNNING)
        return;
    if (agent->admin != AGENT_ADMIN_DRAINED) {
        fail(core, operation, "the drain of %s, operation %" PRIu64 ", was cancelled", name, id);
        return;
    }
    if (!is_restart(operation)) {
        go(core, operation, ROLL_DONE);
        return;
    }
    say(operation, "%s", "");
    go(core, operation, ROLL_RESTARTING);
}

// Ends the agent's drain: it is again what an operator wanted of it before.
static void give_back(struct agent_coord *core, struct coord_operation *operation,
                      struct coord_agent *agent)
{
    const struct coord_roll *roll = operation->roll;
    const char *by = agent_coord_chars(operation->by);
    uint8_t before = roll->agents[roll->at].before;
    if (agent->admin != AGENT_ADMIN_DRAINED || before == AGENT_ADMIN_DRAINED)
        return;
    if (before == AGENT_ADMIN_CORDONED)
        agent_coord_agent_cordon(core, agent, by, "it was cordoned before it was started again");
    else
        agent_coord_agent_give_back(core, agent, by, "it was started again");
}

static void on_restarting(struct agent_coord *core, struct coord_operation *operation,
                          struct coord_agent *agent)
{
    struct coord_roll *roll = operation->roll;
    const struct roll_agent *now = &roll->agents[roll->at];
    const char *name = agent_coord_chars(agent->name);
    bool is_same = memcmp(agent->instance, now->instance, sizeof now->instance) == 0;
    if (agent->link != 0 && !is_same) {
        give_back(core, operation, agent);
        roll->done = agent->done;
        roll->failed = agent->failed;
        say(operation, "%s is back: waits for its first job", name);
        go(core, operation, ROLL_TRYING);
        return;
    }
    if (core->now_us - roll->step_us > roll->back_us) {
        fail(core, operation, "%s has not come back within %" PRId64 " s; it is still drained",
             name, roll->back_us / 1000000);
        return;
    }
    if (agent->link != 0 && agent->can_restart && agent->link != roll->told_link) {
        roll->told_link = agent->link;
        agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_RESTART,
                                                     .link = agent->link,
                                                     .id = operation->id});
    }
    if (agent->link != 0 && !agent->can_restart)
        say(operation, "start %s again now: it can't do that by itself", name);
    else
        say(operation, "waits for %s to come back", name);
}

static void on_trying(struct agent_coord *core, struct coord_operation *operation,
                      struct coord_agent *agent)
{
    struct coord_roll *roll = operation->roll;
    const char *name = agent_coord_chars(agent->name);
    bool is_up = agent->link != 0 && !agent_coord_agent_doubted(agent) && agent->credit > 0 &&
                 agent->devices_ready == agent->devices_total;
    if (agent->done > roll->done && is_up) {
        go(core, operation, ROLL_DONE);
    } else if (agent->failed > roll->failed) {
        // Somebody else may have drained or cordoned it meanwhile: then it is held back already.
        if (agent->admin == AGENT_ADMIN_NONE)
            agent_coord_agent_cordon(core, agent, agent_coord_chars(operation->by),
                                     "its first job after a restart failed");
        fail(core, operation, "the first job of %s failed: it is %s", name,
             agent->admin == AGENT_ADMIN_CORDONED ? "cordoned" : agent_coord_agent_state(agent));
    } else if (is_up && core->now_us - roll->step_us > ROLL_SETTLE_US) {
        go(core, operation, ROLL_DONE); // no job came
    } else if (!is_up && core->now_us - roll->step_us > roll->back_us) {
        fail(core, operation,
             "%s came back, but not well: %s, %" PRIu32 " of %" PRIu32 " devices ready", name,
             agent_coord_agent_state(agent), agent->devices_ready, agent->devices_total);
    }
}

static void tick(struct agent_coord *core, struct coord_operation *operation)
{
    static void (*const steps[ROLL_STEPS])(struct agent_coord *, struct coord_operation *,
                                           struct coord_agent *) = {
        [ROLL_WAITING] = on_waiting,
        [ROLL_DRAINING] = on_draining,
        [ROLL_RESTARTING] = on_restarting,
        [ROLL_TRYING] = on_trying,
    };
    struct coord_roll *roll = operation->roll;
    const struct roll_agent *now = &roll->agents[roll->at];
    struct coord_agent *agent = agent_coord_agent_by_name(core, agent_coord_chars(now->name));
    if (agent == NULL)
        fail(core, operation, "%s is not known any more", agent_coord_chars(now->name));
    else if (steps[now->step] != NULL)
        steps[now->step](core, operation, agent);
}

static void cancel(struct agent_coord *core, struct coord_operation *operation,
                   const struct agent_event *event)
{
    struct coord_roll *roll = operation->roll;
    const struct roll_agent *now = &roll->agents[roll->at];
    struct coord_agent *agent = agent_coord_agent_by_name(core, agent_coord_chars(now->name));
    struct coord_operation *drain = agent_coord_operation_find(core, now->drain);
    char text[64];
    if (now->step == ROLL_DRAINING && drain != NULL && drain->state == AGENT_OPERATION_RUNNING &&
        !drain->finishing)
        drain->kind->cancel(core, drain, event);
    else if (is_restart(operation) && now->step == ROLL_RESTARTING && agent != NULL)
        give_back(core, operation, agent);
    snprintf(text, sizeof text, "%" PRIu32 " of %" PRIu32 " agents were through", roll->at,
             roll->count);
    agent_coord_operation_end(core, operation, AGENT_OPERATION_CANCELLED, text, "", event->by);
}

static void recover(struct agent_coord *core, struct coord_operation *operation)
{
    operation->roll = agent_coord_roll_read(core, agent_coord_chars(operation->detail));
    if (operation->state != AGENT_OPERATION_RUNNING)
        return;
    const struct coord_roll *roll = operation->roll;
    if (roll == NULL || roll->at >= roll->count) {
        operation->state = AGENT_OPERATION_FAILED;
        return;
    }
    // Those that are to come have not connected again yet: they are known all the same.
    for (uint32_t i = roll->at; i < roll->count; i++) {
        struct coord_agent *agent =
            agent_coord_agent_get(core, agent_coord_chars(roll->agents[i].name));
        if (agent != NULL)
            agent->lost_us = core->now_us;
    }
}

static void view(const struct agent_coord *core, const struct coord_operation *operation,
                 struct agent_operation_view *view)
{
    (void)core;
    const struct coord_roll *roll = operation->roll;
    if (roll == NULL)
        return;
    view->agents = roll->count;
    view->agents_done = roll->at;
    if (operation->state == AGENT_OPERATION_RUNNING)
        view->remaining = roll->count - roll->at;
}

uint32_t agent_coord_operation_agents(const struct agent_coord *core, uint64_t id,
                                      struct agent_roll_view *ret_views, uint32_t max)
{
    const struct coord_operation *operation = agent_coord_operation_find(core, id);
    const struct coord_roll *roll = operation != NULL ? operation->roll : NULL;
    for (uint32_t i = 0; roll != NULL && i < roll->count && i < max; i++)
        ret_views[i] = (struct agent_roll_view){.agent = agent_coord_chars(roll->agents[i].name),
                                                .step = step_names[roll->agents[i].step],
                                                .drain = roll->agents[i].drain};
    return roll != NULL ? roll->count : 0;
}

// ---- begun

static void add(struct coord_roll *roll, const struct coord_agent *agent)
{
    struct roll_agent *to = &roll->agents[roll->count++];
    to->name = agent_coord_text_ref(agent->name);
    memcpy(to->instance, agent->instance, sizeof to->instance);
}

static int by_name(const void *a, const void *b)
{
    const struct roll_agent *left = a, *right = b;
    return strcmp(agent_coord_chars(left->name), agent_coord_chars(right->name));
}

// Those that were named in their order, once each, or all that can be meant by their names.
static void choose(const struct agent_coord *core, struct coord_roll *roll,
                   const struct agent_event *event)
{
    for (uint32_t i = 0; i < event->n_agents && roll->count < core->n_agents; i++) {
        const struct coord_agent *agent = agent_coord_agent_by_name(core, event->agents[i]);
        bool again = false;
        for (uint32_t k = 0; k < roll->count; k++)
            again = again || (agent != NULL && roll->agents[k].name == agent->name);
        if (agent != NULL && !again)
            add(roll, agent);
    }
    for (uint32_t slot = 0; event->n_agents == 0 && slot < core->n_agents; slot++) {
        const struct coord_agent *agent = core->agents[slot];
        bool restart = event->kind == AGENT_EVENT_RESTART;
        if (agent != NULL && (restart ? agent->link != 0 : agent->admin != AGENT_ADMIN_DRAINED))
            add(roll, agent);
    }
    if (event->n_agents == 0)
        qsort(roll->agents, roll->count, sizeof roll->agents[0], by_name);
}

static struct coord_roll *roll_new(const struct agent_coord *core, const struct agent_event *event)
{
    struct coord_roll *roll = calloc(1, sizeof *roll);
    if (roll != NULL)
        roll->agents = calloc(core->n_agents + 1, sizeof *roll->agents);
    if (roll == NULL || roll->agents == NULL) {
        free(roll);
        return NULL;
    }
    roll->keep_percent = event->keep_percent;
    roll->force = event->force;
    roll->drain_us = event->deadline_us;
    roll->back_us = event->back_us;
    roll->step_us = core->now_us;
    for (uint32_t slot = 0; slot < core->n_agents; slot++) {
        const struct coord_agent *agent = core->agents[slot];
        if (agent != NULL && agent_coord_takes_work(agent))
            roll->credit += agent->credit;
    }
    if (roll->credit == 0)
        roll->credit = 1;
    choose(core, roll, event);
    return roll;
}

// Why it can't begin; "" when it can.
static enum agent_reply refuse(const struct agent_coord *core, const struct coord_roll *roll,
                               const struct agent_event *event, char *text, size_t size)
{
    bool is_restart = event->kind == AGENT_EVENT_RESTART;
    text[0] = '\0';
    for (uint32_t i = 0; i < event->n_agents; i++) {
        const struct coord_agent *agent = agent_coord_agent_by_name(core, event->agents[i]);
        if (agent == NULL) {
            snprintf(text, size, "no agent named '%.64s'", event->agents[i]);
            return AGENT_REPLY_NOT_FOUND;
        }
        if (is_restart && agent->link == 0) {
            snprintf(text, size, "%.64s is not connected", event->agents[i]);
            return AGENT_REPLY_CONFLICT;
        }
    }
    const struct coord_operation *operation;
    TAILQ_FOREACH(operation, &core->operations, all)
    {
        if (operation->roll != NULL && operation->state == AGENT_OPERATION_RUNNING) {
            snprintf(text, size, "operation %" PRIu64 ", %s, runs already", operation->id,
                     operation->kind->name);
            return AGENT_REPLY_CONFLICT;
        }
    }
    if (roll->count == 0) {
        snprintf(text, size, is_restart ? "no agent is connected" : "every agent is drained");
        return AGENT_REPLY_CONFLICT;
    }
    hindrance(core, roll, agent_coord_agent_by_name(core, agent_coord_chars(roll->agents[0].name)),
              text, size);
    return AGENT_REPLY_CONFLICT;
}

void agent_coord_roll(struct agent_coord *core, const struct agent_event *event)
{
    char text[AGENT_TEXT_MAX];
    struct coord_operation holder = {.roll = roll_new(core, event)};
    struct coord_roll *roll = holder.roll;
    if (!core->ledger_ok || roll == NULL) {
        agent_coord_reply(core, event->token,
                          roll == NULL ? AGENT_REPLY_BUSY : AGENT_REPLY_UNAVAILABLE, 0, "%s",
                          roll == NULL ? "out of memory" : "the ledger can't be written");
        agent_coord_roll_free(&holder);
        return;
    }
    enum agent_reply reply = refuse(core, roll, event, text, sizeof text);
    struct coord_operation *operation = NULL;
    if (text[0] != '\0')
        agent_coord_reply(core, event->token, reply, 0, "%s%s", text,
                          reply == AGENT_REPLY_CONFLICT && roll->count > 0 && !roll->force
                              ? "; --force goes on all the same"
                              : "");
    else
        operation = agent_coord_operation_new(core,
                                              event->kind == AGENT_EVENT_RESTART
                                                  ? &agent_coord_kind_restart
                                                  : &agent_coord_kind_drain_all,
                                              event);
    if (operation == NULL) {
        agent_coord_roll_free(&holder);
        return;
    }
    operation->roll = roll;
    snprintf(text, sizeof text, "%" PRIu32 " agents", roll->count);
    operation->target =
        roll->count == 1 ? agent_coord_text_ref(roll->agents[0].name) : agent_coord_text_new(text);
    agent_coord_roll_write(operation);
    agent_coord_operation_start(core, operation, "", event);
    agent_coord_wait_reply(core, event->token, operation->id);
}

const struct coord_operation_kind agent_coord_kind_drain_all = {
    .name = "drain-all",
    .recover = recover,
    .cancel = cancel,
    .tick = tick,
    .view = view,
    .free = agent_coord_roll_free,
};

const struct coord_operation_kind agent_coord_kind_restart = {
    .name = "restart",
    .recover = recover,
    .cancel = cancel,
    .tick = tick,
    .view = view,
    .free = agent_coord_roll_free,
};
