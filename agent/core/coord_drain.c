// Emptying an agent, as an operation that outlives consoles and coordinators. It has ended, and the
// agent is safe to remove, only when nothing of its work is left, all of that is committed, and the
// end itself is in the ledger.
#include <inttypes.h>

#include "agent/core/coord_internal.h"
#include "agent/core/planted.h"

static struct coord_agent *target(const struct agent_coord *core,
                                  const struct coord_operation *operation)
{
    return agent_coord_agent_by_name(core, agent_coord_chars(operation->target));
}

bool agent_coord_operation_safe(const struct agent_coord *core,
                                const struct coord_operation *operation)
{
    const struct coord_agent *agent = target(core, operation);
    return operation->state == AGENT_OPERATION_DONE && core->ledger_ok &&
           core->committed >= operation->need_seq && agent != NULL &&
           agent->admin == AGENT_ADMIN_DRAINED && agent_coord_agent_holds(agent) == 0;
}

static void send_drain(struct agent_coord *core, const struct coord_agent *agent)
{
    int64_t left = agent->drain->deadline_us - core->now_us;
    agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_DRAIN,
                                                 .link = agent->link,
                                                 .id = agent->drain->id,
                                                 .deadline_us = left > 0 ? left : 0});
}

static void start(struct agent_coord *core, struct coord_agent *agent,
                  struct coord_operation *operation, const struct agent_event *event)
{
    const char *name = agent_coord_chars(agent->name);
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
                       "%" PRIu32 " jobs to go", agent_coord_agent_holds(agent));
    if (agent->link != 0)
        send_drain(core, agent);
    agent_coord_wait_reply(core, event->token, operation->id);
    agent_coord_drain_check(core, agent);
}

void agent_coord_drain(struct agent_coord *core, const struct agent_event *event)
{
    struct coord_agent *agent = agent_coord_agent_by_name(core, event->agent);
    if (agent == NULL) {
        agent_coord_reply(core, event->token, AGENT_REPLY_NOT_FOUND, 0, "no agent named '%.64s'",
                          event->agent);
    } else if (!core->ledger_ok) {
        agent_coord_reply(core, event->token, AGENT_REPLY_UNAVAILABLE, 0,
                          "the ledger can't be written: %s", agent_coord_chars(core->ledger_error));
    } else if (agent->admin == AGENT_ADMIN_DRAINING) {
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, agent->drain->id,
                          "%s is draining already: operation %" PRIu64, event->agent,
                          agent->drain->id);
    } else if (agent->admin == AGENT_ADMIN_DRAINED) {
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, 0, "%s is drained already",
                          event->agent);
    } else if (!agent_coord_wait_reserve(core, 2 + (size_t)agent_coord_jobs_live(core) * 2)) {
        agent_coord_reply(core, event->token, AGENT_REPLY_BUSY, 0, "out of memory");
    } else {
        struct coord_operation *operation =
            agent_coord_operation_new(core, &agent_coord_kind_drain, event);
        if (operation == NULL)
            return;
        start(core, agent, operation, event);
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
    core->world++;
    agent_coord_notice(core, AGENT_NOTICE_AGENT_DRAINED, AGENT_NOTICE_INFO,
                       agent_coord_chars(agent->name), 0,
                       "safe to remove; %" PRIu32 " jobs requeued", operation->requeued);
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
    if (operation->state == AGENT_OPERATION_RUNNING && agent == NULL) {
        operation->state = AGENT_OPERATION_CANCELLED; // its record is gone: nothing to drain
    } else if (operation->state == AGENT_OPERATION_RUNNING) {
        agent->drain = operation;
        agent->admin =
            AGENT_PLANTED(RECOVERY_FORGETS_DRAIN) ? AGENT_ADMIN_NONE : AGENT_ADMIN_DRAINING;
    }
}

static void view(const struct agent_coord *core, const struct coord_operation *operation,
                 struct agent_operation_view *view)
{
    const struct coord_agent *agent = target(core, operation);
    if (operation->state == AGENT_OPERATION_RUNNING && agent != NULL)
        view->remaining = agent_coord_agent_holds(agent);
    view->safe_to_remove = agent_coord_operation_safe(core, operation);
}

const struct coord_operation_kind agent_coord_kind_drain = {
    .name = "drain",
    .recover = recover,
    .cancel = cancel,
    .tick = tick,
    .finished = finished,
    .view = view,
};
