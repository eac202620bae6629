// Emptying an agent, as an operation that outlives consoles and coordinators. It has ended, and the
// agent is safe to remove, only when nothing of its work is left, all of that is committed, and the
// end itself is in the ledger.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/core/coord_internal.h"
#include "agent/core/planted.h"

struct coord_operation *agent_coord_operation_find(const struct agent_coord *core, uint64_t id)
{
    struct coord_operation *operation;
    TAILQ_FOREACH(operation, &core->operations, all)
    {
        if (operation->id == id)
            return operation;
    }
    return NULL;
}

void agent_coord_operation_free(struct coord_operation *operation)
{
    agent_coord_text_unref(operation->target);
    agent_coord_text_unref(operation->by);
    agent_coord_text_unref(operation->reason);
    agent_coord_text_unref(operation->text);
    agent_coord_tune_free(operation->tune);
    free(operation);
}

bool agent_coord_operation_safe(const struct agent_coord *core,
                                const struct coord_operation *operation)
{
    const struct coord_agent *agent =
        agent_coord_agent_by_name(core, agent_coord_chars(operation->target));
    return operation->state == AGENT_OPERATION_DONE && core->ledger_ok &&
           core->committed >= operation->need_seq && agent != NULL &&
           agent->admin == AGENT_ADMIN_DRAINED && agent_coord_agent_holds(agent) == 0;
}

void agent_coord_operation_changed(struct agent_coord *core,
                                   const struct coord_operation *operation)
{
    agent_coord_act(core,
                    &(struct agent_action){.kind = AGENT_ACTION_OPERATION, .id = operation->id});
}

struct coord_operation *agent_coord_operation_new(struct agent_coord *core, uint64_t id,
                                                  const char *kind)
{
    if (core->n_operations >= core->limits.operations_max) {
        struct coord_operation *oldest = TAILQ_LAST(&core->operations, coord_operations);
        while (oldest != NULL && oldest->state == AGENT_OPERATION_RUNNING)
            oldest = TAILQ_PREV(oldest, coord_operations, all);
        if (oldest == NULL)
            return NULL;
        TAILQ_REMOVE(&core->operations, oldest, all);
        core->n_operations--;
        agent_coord_operation_free(oldest);
    }
    struct coord_operation *operation = calloc(1, sizeof *operation);
    if (operation == NULL)
        return NULL;
    operation->id = id;
    operation->kind = kind;
    TAILQ_INSERT_HEAD(&core->operations, operation, all);
    core->n_operations++;
    return operation;
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
    operation->by = agent_coord_text_new(event->by);
    operation->reason = agent_coord_text_new(event->reason);
    operation->was_cordoned = agent->admin == AGENT_ADMIN_CORDONED;
    operation->started_us = core->now_us;
    operation->deadline_us = core->now_us + event->deadline_us;
    agent->drain = operation;
    agent->drained_said = false;
    agent->admin = AGENT_ADMIN_DRAINING;
    agent_coord_text_set(&agent->reason, event->reason);
    core->world++;
    agent_coord_agent_refresh(core, agent);
    agent_coord_append_operation(core, operation);
    agent_coord_append_agent(core, agent, event->by);
    agent_coord_append_audit(core, event->by, "drain", name, event->reason);
    agent_coord_notice(core, AGENT_NOTICE_OPERATION_STARTED, AGENT_NOTICE_INFO, name, 0,
                       "drain %" PRIu64 " by %s%s%s", operation->id,
                       agent_coord_chars(operation->by), operation->reason ? ": " : "",
                       agent_coord_chars(operation->reason));
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
            agent_coord_operation_new(core, core->next_operation, "drain");
        if (operation == NULL) {
            agent_coord_reply(core, event->token, AGENT_REPLY_BUSY, 0, "too many operations run");
            return;
        }
        core->next_operation++;
        start(core, agent, operation, event);
    }
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
    if (!agent_coord_wait_reserve(core, 1 + (size_t)agent_coord_jobs_live(core) * 2))
        return; // the next tick tries again
    operation->finishing = true;
    operation->finished_us = core->now_us;
    agent_coord_append_operation(core, operation);
    uint8_t admin = agent->admin;
    agent->admin = AGENT_ADMIN_DRAINED;
    agent_coord_append_agent(core, agent, agent_coord_chars(operation->by));
    agent->admin = admin; // not before it is committed
    operation->need_seq = core->seq;
    agent_coord_wait_push(core,
                          (struct coord_wait){.kind = COORD_WAIT_OPERATION, .id = operation->id});
    if (AGENT_PLANTED(SAFE_EARLY)) {
        operation->need_seq = 0;
        agent_coord_operation_ended(core, operation->id);
    }
}

void agent_coord_operation_ended(struct agent_coord *core, uint64_t id)
{
    struct coord_operation *operation = agent_coord_operation_find(core, id);
    if (operation == NULL || !operation->finishing)
        return;
    operation->finishing = false;
    operation->state = AGENT_OPERATION_DONE;
    struct coord_agent *agent =
        agent_coord_agent_by_name(core, agent_coord_chars(operation->target));
    agent->admin = AGENT_ADMIN_DRAINED;
    agent->drain = NULL;
    core->world++;
    agent_coord_notice(core, AGENT_NOTICE_AGENT_DRAINED, AGENT_NOTICE_INFO,
                       agent_coord_chars(agent->name), 0,
                       "safe to remove; %" PRIu32 " jobs requeued", operation->requeued);
    agent_coord_notice(core, AGENT_NOTICE_OPERATION_FINISHED, AGENT_NOTICE_INFO,
                       agent_coord_chars(agent->name), 0, "drain %" PRIu64 " is done",
                       operation->id);
    agent_coord_operation_changed(core, operation);
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

void agent_coord_drains_tick(struct agent_coord *core)
{
    struct coord_operation *operation;
    TAILQ_FOREACH(operation, &core->operations, all)
    {
        if (operation->state != AGENT_OPERATION_RUNNING)
            continue;
        struct coord_agent *agent =
            agent_coord_agent_by_name(core, agent_coord_chars(operation->target));
        if (agent == NULL)
            continue;
        if (!operation->overdue && core->now_us >= operation->deadline_us) {
            operation->overdue = true;
            take_away(core, agent);
        }
        agent_coord_drain_check(core, agent);
    }
}

void agent_coord_drain_resume(struct agent_coord *core, struct coord_agent *agent)
{
    if (agent->drain != NULL)
        send_drain(core, agent);
}

void agent_coord_operation_cancel(struct agent_coord *core, const struct agent_event *event)
{
    struct coord_operation *operation = agent_coord_operation_find(core, event->id);
    if (operation == NULL) {
        agent_coord_reply(core, event->token, AGENT_REPLY_NOT_FOUND, 0, "no operation %" PRIu64,
                          event->id);
        return;
    }
    if (operation->state != AGENT_OPERATION_RUNNING || operation->finishing) {
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, operation->id,
                          "operation %" PRIu64 " has ended", operation->id);
        return;
    }
    if (operation->tune != NULL) {
        agent_coord_tune_cancel(core, operation, event);
        return;
    }
    struct coord_agent *agent =
        agent_coord_agent_by_name(core, agent_coord_chars(operation->target));
    operation->state = AGENT_OPERATION_CANCELLED;
    operation->finished_us = core->now_us;
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
    agent_coord_append_operation(core, operation);
    agent_coord_append_agent(core, agent, event->by);
    agent_coord_append_audit(core, event->by, "cancel drain", agent_coord_chars(agent->name),
                             event->reason);
    agent_coord_notice(core, AGENT_NOTICE_OPERATION_FINISHED, AGENT_NOTICE_INFO,
                       agent_coord_chars(agent->name), 0, "drain %" PRIu64 " was cancelled by %s",
                       operation->id, event->by ? event->by : "");
    agent_coord_operation_changed(core, operation);
    agent_coord_wait_reply(core, event->token, operation->id);
}

void agent_coord_recover_operation(struct agent_coord *core,
                                   const struct agent_operation_record *record)
{
    if (record->id >= core->next_operation)
        core->next_operation = record->id + 1;
    bool is_tune = strcmp(record->kind, "tune") == 0;
    struct coord_operation *operation =
        agent_coord_operation_new(core, record->id, is_tune ? "tune" : "drain");
    if (operation == NULL)
        return;
    operation->target = agent_coord_text_new(record->target);
    operation->by = agent_coord_text_new(record->by);
    operation->reason = agent_coord_text_new(record->reason);
    operation->state =
        record->state < AGENT_OPERATION_STATES ? record->state : AGENT_OPERATION_CANCELLED;
    operation->was_cordoned = record->was_cordoned;
    operation->started_us = record->started_us;
    operation->deadline_us = record->deadline_us;
    operation->finished_us = record->finished_us;
    operation->requeued = record->requeued;
    if (is_tune) {
        agent_coord_tune_recover(operation);
        return;
    }
    struct coord_agent *agent = agent_coord_agent_get(core, record->target);
    if (operation->state == AGENT_OPERATION_RUNNING && agent == NULL) {
        operation->state = AGENT_OPERATION_CANCELLED; // its record is gone: nothing to drain
    } else if (operation->state == AGENT_OPERATION_RUNNING) {
        agent->drain = operation;
        agent->admin =
            AGENT_PLANTED(RECOVERY_FORGETS_DRAIN) ? AGENT_ADMIN_NONE : AGENT_ADMIN_DRAINING;
    }
}
