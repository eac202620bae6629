// Emptying an agent, as an operation that outlives consoles and coordinators. It has ended, and the
// agent is safe to remove, only when nothing of its work is left, all of that is committed, and the
// end itself is in the ledger.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/planted.h"

// What the ledger keeps of a drain: which instance of the agent it is about, which operation it is
// a part of, and once it has ended under which epoch, and whether the agent was there.
struct coord_drain {
    uint8_t instance[16];
    uint64_t parent;
    uint64_t epoch;
    bool is_connected;
    uint32_t recorded; // jobs given back, as the ledger has it
};

static struct coord_agent *target(const struct agent_coord *core,
                                  const struct coord_operation *operation)
{
    return agent_coord_agent_by_name(core, agent_coord_chars(operation->target));
}

static void detail_write(struct coord_operation *operation)
{
    const struct coord_drain *drain = operation->drain;
    char text[160], hex[2 * sizeof drain->instance + 1];
    agent_coord_instance_hex(drain->instance, hex);
    snprintf(text, sizeof text, "instance=%s parent=%" PRIu64 " epoch=%" PRIu64 " connected=%d",
             hex, drain->parent, drain->epoch, drain->is_connected);
    agent_coord_text_set(&operation->detail, text);
}

static void detail_read(const struct coord_operation *operation)
{
    struct coord_drain *drain = operation->drain;
    const char *detail = agent_coord_chars(operation->detail);
    const char *hex = strstr(detail, "instance=");
    if (hex != NULL)
        agent_coord_instance_parse(hex + strlen("instance="), drain->instance);
    drain->parent = agent_coord_detail_number(detail, "parent=");
    drain->epoch = agent_coord_detail_number(detail, "epoch=");
    drain->is_connected = agent_coord_detail_number(detail, "connected=") != 0;
}

// Why a drain that is done no longer means that its agent may go; NULL: it does.
static const char *unsafe(const struct agent_coord *core, const struct coord_operation *operation)
{
    const struct coord_agent *agent = target(core, operation);
    if (operation->state != AGENT_OPERATION_DONE || core->committed < operation->need_seq)
        return "it has not ended";
    if (core->limits.forgets)
        return "the agent is empty, but this coordinator keeps no ledger: nothing certifies it";
    if (!core->ledger_ok)
        return "can't say: the ledger can't be written";
    if (core->ledger_damage != NULL)
        return "can't say: the ledger is damaged";
    if (agent == NULL || agent->admin != AGENT_ADMIN_DRAINED || agent->drained_by != operation->id)
        return "no longer: the agent was given back to work";
    if (agent_coord_agent_holds(agent) > 0)
        return "no longer: the agent holds work";
    if (agent->link != 0 &&
        memcmp(agent->instance, operation->drain->instance, sizeof agent->instance) != 0)
        return "no longer: the agent was started again since";
    return NULL;
}

static void send_drain(struct agent_coord *core, const struct coord_agent *agent)
{
    int64_t left = agent->drain->deadline_us - core->now_us;
    agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_DRAIN,
                                                 .link = agent->link,
                                                 .id = agent->drain->id,
                                                 .deadline_us = left > 0 ? left : 0});
}

struct coord_operation *agent_coord_drain_begin(struct agent_coord *core, struct coord_agent *agent,
                                                const struct agent_event *event, uint64_t parent)
{
    const char *name = agent_coord_chars(agent->name);
    struct coord_operation *operation =
        agent_coord_operation_new(core, &agent_coord_kind_drain, event);
    if (operation == NULL)
        return NULL;
    operation->drain = calloc(1, sizeof *operation->drain);
    if (operation->drain == NULL) {
        operation->state = AGENT_OPERATION_FAILED;
        agent_coord_reply(core, event->token, AGENT_REPLY_BUSY, 0, "out of memory");
        return NULL;
    }
    operation->drain->parent = parent;
    memcpy(operation->drain->instance, agent->instance, sizeof agent->instance);
    detail_write(operation);
    operation->target = agent_coord_text_ref(agent->name);
    operation->was_cordoned = agent->admin == AGENT_ADMIN_CORDONED;
    operation->deadline_us = core->now_us + event->deadline_us;
    agent->drain = operation;
    agent->drained_said = false;
    agent->admin = AGENT_ADMIN_DRAINING;
    agent_coord_text_set(&agent->reason, event->reason);
    core->world++;
    agent_coord_agent_refresh(core, agent);
    agent_coord_operation_start(core, operation, name, event);
    agent_coord_append_agent(core, agent, event->by);
    agent_coord_notice(core, AGENT_NOTICE_AGENT_DRAINING, AGENT_NOTICE_INFO, name, 0,
                       "%" PRIu32 " job%s to go", agent_coord_agent_holds(agent),
                       agent_coord_agent_holds(agent) == 1 ? "" : "s");
    if (agent->link != 0)
        send_drain(core, agent);
    return operation;
}

// What an operator has to know before it: the plan that was agreed to is still the plan, and where
// something would have no other home, that is wanted.
static bool is_agreed(struct agent_coord *core, const struct coord_agent *agent,
                      const struct agent_event *event)
{
    struct agent_drain_plan plan;
    const char *name = agent_coord_chars(agent->name);
    agent_coord_plan_make(core, agent, event->deadline_us, &plan);
    if (event->plan != NULL && event->plan[0] != '\0' && strcmp(event->plan, plan.id) != 0) {
        bool same_agent = strncmp(event->plan, plan.id, 8) == 0;
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, 0,
                          "the world has changed since plan %.31s: %s %s; the plan is %s now",
                          event->plan, same_agent ? "other agents can do less or more of what" : "",
                          same_agent ? name : "the agent was started again, or its state changed",
                          plan.id);
        return false;
    }
    if (event->force || (!plan.last && plan.orphans == 0))
        return true;
    struct agent_orphan_view orphan = {.model = ""};
    agent_coord_drain_orphans(core, name, &orphan, 1);
    if (plan.orphans > 0)
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, 0,
                          "%s is the last agent that can run %s:%" PRIu32
                          "%s: its jobs would wait; --force drains it all the same",
                          name, orphan.model, orphan.version,
                          plan.orphans > 1 ? " and other models" : "");
    else
        agent_coord_reply(
            core, event->token, AGENT_REPLY_CONFLICT, 0,
            "%s is the last agent that takes work: jobs would wait; --force drains it "
            "all the same",
            name);
    return false;
}

void agent_coord_drain(struct agent_coord *core, const struct agent_event *event)
{
    struct coord_agent *agent = agent_coord_agent_asked(core, event);
    if (agent == NULL)
        return;
    if (!core->ledger_ok) {
        agent_coord_reply_unwritten(core, event->token);
    } else if (agent->admin == AGENT_ADMIN_DRAINING && agent->drain != NULL) {
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, agent->drain->id,
                          "%s is draining already: operation %" PRIu64, event->agent,
                          agent->drain->id);
    } else if (agent->admin == AGENT_ADMIN_DRAINED) {
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, 0, "%s is drained already",
                          event->agent);
    } else if (!agent_coord_wait_reserve(core, 2)) {
        agent_coord_reply(core, event->token, AGENT_REPLY_BUSY, 0, "out of memory");
    } else if (is_agreed(core, agent, event)) {
        struct coord_operation *operation = agent_coord_drain_begin(core, agent, event, 0);
        if (operation == NULL)
            return;
        agent_coord_wait_reply(core, event->token, operation->id);
        agent_coord_drain_check(core, agent);
    }
}

static void append_drained(struct agent_coord *core, struct coord_operation *operation)
{
    struct coord_agent *agent = target(core, operation);
    uint8_t admin = agent->admin;
    agent->admin = AGENT_ADMIN_DRAINED;
    agent_coord_append_agent(core, agent, agent_coord_chars(operation->by));
    agent->admin = admin; // not before it is committed
}

static bool is_known(const uint8_t instance[16])
{
    static const uint8_t none[16];
    return memcmp(instance, none, sizeof none) != 0;
}

// What the end will say, as it goes to the ledger with it. An agent that has not come back since
// the coordinator started is the one that the ledger names.
static void certify(struct agent_coord *core, const struct coord_agent *agent,
                    struct coord_operation *operation)
{
    struct coord_drain *drain = operation->drain;
    if (is_known(agent->instance))
        memcpy(drain->instance, agent->instance, sizeof drain->instance);
    drain->epoch = core->limits.epoch;
    drain->is_connected = agent->link != 0;
    detail_write(operation);
}

void agent_coord_drain_check(struct agent_coord *core, struct coord_agent *agent)
{
    struct coord_operation *operation = agent->drain;
    if (operation == NULL || operation->finishing || agent_coord_agent_holds(agent) > 0) {
        if (!AGENT_PLANTED(DRAIN_IGNORES_REVOKED) || operation == NULL || operation->finishing ||
            agent->assigned + agent->running > 0)
            return;
    }
    if (agent->link != 0 && !agent->drained_said)
        return;
    // One that is not here may come back with what it has: after our own start, after a cut.
    if (agent->link == 0 && core->now_us - agent->lost_us < core->limits.absent_us)
        return;
    certify(core, agent, operation);
    if (agent_coord_operation_finish(core, operation, append_drained) &&
        AGENT_PLANTED(SAFE_EARLY)) {
        operation->need_seq = 0;
        agent_coord_operation_finished(core, operation->id);
    }
}

static void finished(struct agent_coord *core, struct coord_operation *operation)
{
    struct coord_agent *agent = target(core, operation);
    agent->admin = AGENT_ADMIN_DRAINED;
    agent->drain = NULL;
    agent->drained_by = operation->id;
    core->world++;
    agent_coord_notice(core, AGENT_NOTICE_AGENT_DRAINED, AGENT_NOTICE_INFO,
                       agent_coord_chars(agent->name), 0, "%s; %" PRIu32 " job%s requeued",
                       core->limits.forgets ? "empty" : "safe to remove", operation->requeued,
                       operation->requeued == 1 ? "" : "s");
}

void agent_coord_drained(struct agent_coord *core, const struct agent_event *event)
{
    struct coord_agent *agent = agent_coord_agent_by_link(core, event->link);
    if (agent == NULL || agent->drain == NULL || agent->drain->id != event->id)
        return;
    agent->drained_said = true;
    agent_coord_drain_check(core, agent);
}

static void take_away(struct agent_coord *core, struct coord_agent *agent)
{
    struct coord_job *job;
    while ((job = TAILQ_LAST(&agent->jobs, coord_jobs)) != NULL) {
        agent->requeued++;
        agent->drain->requeued++;
        if (!AGENT_PLANTED(REQUEUE_UNREVOKED))
            agent_coord_revoke(core, job);
        agent_coord_requeue(core, job, "taken from its agent at the drain's deadline");
    }
    agent_coord_hedges_drop(core, agent);
    agent_coord_operation_changed(core, agent->drain);
}

static void tick(struct agent_coord *core, struct coord_operation *operation)
{
    struct coord_agent *agent = target(core, operation);
    if (agent == NULL)
        return;
    if (!operation->overdue && core->now_us >= operation->deadline_us) {
        operation->overdue = true;
        take_away(core, agent);
    }
    if (operation->requeued != operation->drain->recorded && !operation->finishing) {
        operation->drain->recorded = operation->requeued;
        agent_coord_append_operation(core, operation);
    }
    agent_coord_drain_check(core, agent);
}

void agent_coord_drain_resume(struct agent_coord *core, struct coord_agent *agent)
{
    if (agent->drain != NULL)
        send_drain(core, agent);
}

static void cancel(struct agent_coord *core, struct coord_operation *operation,
                   const struct agent_event *event)
{
    struct coord_agent *agent = target(core, operation);
    agent->admin = operation->was_cordoned ? AGENT_ADMIN_CORDONED : AGENT_ADMIN_NONE;
    agent->drain = NULL;
    if (!operation->was_cordoned)
        agent_coord_text_set(&agent->reason, NULL);
    core->world++;
    agent_coord_agent_refresh(core, agent);
    if (agent->link != 0)
        agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_RESUME,
                                                     .link = agent->link,
                                                     .id = operation->id});
    agent_coord_append_agent(core, agent, event->by);
    agent_coord_operation_end(core, operation, AGENT_OPERATION_CANCELLED, NULL,
                              agent_coord_chars(agent->name), event->by);
}

static void recover(struct agent_coord *core, struct coord_operation *operation)
{
    struct coord_agent *agent = agent_coord_agent_get(core, agent_coord_chars(operation->target));
    operation->drain = calloc(1, sizeof *operation->drain);
    if (operation->drain != NULL) {
        detail_read(operation);
        operation->drain->recorded = operation->requeued;
    }
    bool is_lost = agent == NULL || operation->drain == NULL;
    if (operation->state == AGENT_OPERATION_RUNNING && is_lost) {
        operation->state = AGENT_OPERATION_CANCELLED; // its record is gone: nothing to drain
    } else if (operation->state == AGENT_OPERATION_RUNNING) {
        agent->drain = operation;
        agent->admin =
            AGENT_PLANTED(RECOVERY_FORGETS_DRAIN) ? AGENT_ADMIN_NONE : AGENT_ADMIN_DRAINING;
        agent->lost_us = core->now_us;
    } else if (operation->state == AGENT_OPERATION_DONE && !is_lost) {
        agent->drained_by = operation->id; // in the order of their ids: the last one counts
        // Its end was the last that reached the ledger: what it made of the agent did not.
        if (agent->admin == AGENT_ADMIN_DRAINING)
            agent->admin = AGENT_ADMIN_DRAINED;
    }
}

// When the last job that is known to run should be through; 0 unknown, or nothing runs.
static int64_t expected_end(const struct agent_coord *core, const struct coord_agent *agent)
{
    int64_t longest = 0;
    const struct coord_job *job;
    TAILQ_FOREACH(job, &agent->jobs, link)
    {
        int64_t left = agent_coord_job_left_us(core, job);
        if (left < 0)
            return 0;
        longest = left > longest ? left : longest;
    }
    return TAILQ_EMPTY(&agent->jobs) ? 0 : core->now_us + longest;
}

static const char *phase(const struct coord_agent *agent)
{
    if (agent->drain->finishing)
        return "its end goes to the ledger";
    if (agent->assigned + agent->running > 0)
        return "jobs end, or go back to the queue";
    if (agent->link == 0)
        return "the agent is not connected: it may come back with what it has";
    if (agent->revoked_count > 0)
        return "the agent has not confirmed that it dropped what was taken from it";
    return "all jobs have left; the agent unloads its models";
}

static void view(const struct agent_coord *core, const struct coord_operation *operation,
                 struct agent_operation_view *view)
{
    const struct coord_agent *agent = target(core, operation);
    const struct coord_drain *drain = operation->drain;
    if (drain == NULL)
        return;
    view->parent = drain->parent;
    view->instance = drain->instance;
    view->end_epoch = drain->epoch;
    view->was_connected = drain->is_connected;
    if (operation->state == AGENT_OPERATION_RUNNING && agent != NULL && agent->drain == operation) {
        view->remaining = agent_coord_agent_holds(agent);
        view->expected_us = expected_end(core, agent);
        view->text = phase(agent);
    } else if (operation->state == AGENT_OPERATION_DONE) {
        const char *why = unsafe(core, operation);
        view->safe_to_remove = why == NULL;
        view->text = why != NULL ? why : "safe to remove";
    }
}

static void drain_free(struct coord_operation *operation)
{
    free(operation->drain);
}

const struct coord_operation_kind agent_coord_kind_drain = {
    .name = "drain",
    .recover = recover,
    .cancel = cancel,
    .tick = tick,
    .finished = finished,
    .view = view,
    .free = drain_free,
};
