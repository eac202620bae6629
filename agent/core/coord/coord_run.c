#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/placement/coord_speed.h"
#include "agent/core/planted.h"

void agent_coord_hold_as(struct agent_coord *core, struct coord_job *job, struct coord_agent *agent,
                         uint32_t attempt)
{
    agent_coord_queue_charge(core, job, agent);
    agent_coord_job_leave(core, job);
    job->state = AGENT_JOB_ASSIGNED;
    job->agent = agent;
    agent_coord_text_unref(job->agent_name);
    job->agent_name = agent_coord_text_ref(agent->name);
    job->attempt = attempt;
    job->started_us = 0;
    job->device = AGENT_NO_DEVICE;
    agent->assigned++;
    agent_coord_agent_grow(agent);
    agent_coord_speed_taken(core, job);
    job->tenant->held++;
    agent_coord_breaker_held(agent, job->id);
    agent_coord_job_enter(core, job, COORD_HELD, false);
}

void agent_coord_hold(struct agent_coord *core, struct coord_job *job, struct coord_agent *agent)
{
    core->dispatched++;
    agent_coord_hold_as(core, job, agent, ++job->dispatches);
}

void agent_coord_run(struct agent_coord *core, struct coord_job *job, int64_t started_us)
{
    agent_coord_job_set_state(core, job, AGENT_JOB_RUNNING);
    job->agent->assigned--;
    job->agent->running++;
    job->started_us = started_us;
}

void agent_coord_release(struct agent_coord *core, struct coord_job *job)
{
    struct coord_agent *agent = job->agent;
    if (job->moving)
        agent_coord_move_over(core, job);
    agent_coord_job_leave(core, job);
    if (job->state == AGENT_JOB_RUNNING) {
        agent->running--;
    } else {
        agent->assigned--;
        agent_coord_queue_refund(job);
    }
    agent_coord_speed_released(core, job);
    job->agent = NULL;
    job->tenant->held--;
    agent_coord_breaker_leave(agent, job->id);
    // In no list for the moment; counted as ending until the caller puts it somewhere.
    job->where = COORD_ENDING;
    core->n_where[COORD_ENDING]++;
    core->n_state[job->state]++;
    agent_coord_agent_refresh(core, agent);
}

void agent_coord_revoke_at(struct agent_coord *core, struct coord_agent *agent, uint64_t job,
                           uint32_t attempt)
{
    // There is room: see agent_coord_agent_room.
    agent->revoked[agent->revoked_count++] = (struct coord_revoked){.job = job, .attempt = attempt};
    agent_coord_act(
        core, &(struct agent_action){
                  .kind = AGENT_ACTION_REVOKE, .link = agent->link, .id = job, .attempt = attempt});
}

void agent_coord_revoke(struct agent_coord *core, struct coord_job *job)
{
    agent_coord_revoke_at(core, job->agent, job->id, job->attempt);
    agent_coord_release(core, job);
}

void agent_coord_requeue(struct agent_coord *core, struct coord_job *job, const char *why)
{
    if (agent_coord_hedge_promote(core, job, why))
        return;
    struct agent_text *text = agent_coord_text_new(why);
    agent_coord_job_log(core, job, AGENT_JOB_QUEUED, text);
    agent_coord_text_unref(text);
    if (job->where == COORD_HELD) {
        agent_coord_append_attempt(core, job, why);
        agent_coord_release(core, job);
    }
    agent_coord_job_leave(core, job);
    job->state = AGENT_JOB_QUEUED;
    job->started_us = 0;
    agent_coord_job_enter(core, job, COORD_READY, true);
    core->requeued++;
}

void agent_coord_started(struct agent_coord *core, const struct agent_event *event)
{
    const struct agent_job_ref *ref = &event->started.ref;
    struct coord_agent *agent = agent_coord_agent_by_link(core, event->link);
    struct coord_job *job = agent_coord_job_find(core, ref->job);
    if (job != NULL && agent != NULL && ref->epoch == core->limits.epoch &&
        agent_coord_hedge_started(core, job, agent, ref->attempt))
        return;
    if (agent == NULL || job == NULL || job->where != COORD_HELD || job->agent != agent ||
        ref->epoch != core->limits.epoch || ref->attempt != job->attempt) {
        core->stale++;
        return;
    }
    if (job->state != AGENT_JOB_ASSIGNED)
        return;
    agent_coord_run(core, job, core->now_us);
    agent_coord_notice(core, AGENT_NOTICE_JOB_RUNNING, AGENT_NOTICE_INFO,
                       agent_coord_chars(agent->name), job->id, "attempt %" PRIu32,
                       job->failures + 1);
}

static bool settle_revoked(struct coord_agent *agent, const struct agent_job_ref *ref)
{
    for (uint32_t i = 0; i < agent->revoked_count; i++) {
        if (agent->revoked[i].job == ref->job && agent->revoked[i].attempt == ref->attempt) {
            agent->revoked[i] = agent->revoked[--agent->revoked_count];
            return true;
        }
    }
    return false;
}

static void failed(struct agent_coord *core, struct coord_job *job,
                   const struct agent_result *result)
{
    struct coord_agent *agent = job->agent;
    job->failures++;
    agent->failed++;
    agent_coord_breaker_failed(core, agent, job->id, result->error_code);
    if (agent_coord_quarantined(core, job, result))
        return;
    if (result->outcome == AGENT_OUTCOME_FAILED_PERMANENT) {
        agent_coord_end(core, job, AGENT_JOB_FAILED, result->error_code, result->error_text);
        return;
    }
    char text[AGENT_TEXT_MAX];
    if (job->failures >= core->limits.attempts_max && !AGENT_PLANTED(ATTEMPTS_FOR_EVER)) {
        snprintf(text, sizeof text, "gave up after %" PRIu32 " attempts: %.400s", job->failures,
                 result->error_text);
        agent_coord_end(core, job, AGENT_JOB_FAILED, result->error_code, text);
        return;
    }
    memset(job->error_code, 0, sizeof job->error_code);
    strncpy(job->error_code, result->error_code, AGENT_CODE_MAX);
    agent_coord_text_set(&job->error, result->error_text);
    int64_t wait = agent_coord_backoff_us(core, job->failures);
    snprintf(text, sizeof text, "%s: %.300s; again in %" PRId64 " ms", job->error_code,
             result->error_text, wait / 1000);
    agent_coord_notice(core, AGENT_NOTICE_JOB_REQUEUED, AGENT_NOTICE_WARNING,
                       agent_coord_chars(agent->name), job->id, "%s", text);
    agent->requeued++;
    if (agent_coord_hedge_promote(core, job, text))
        return;
    agent_coord_requeue(core, job, text);
    agent_coord_job_leave(core, job);
    if (job->retrying) {
        job->retrying = false;
        core->n_retrying--;
    }
    job->not_before_us = core->now_us + wait;
    agent_coord_job_enter(core, job, COORD_DELAYED, false);
    agent_coord_timer_set(core, job);
}

static void returned(struct agent_coord *core, struct coord_job *job)
{
    struct coord_agent *agent = job->agent;
    agent->requeued++;
    if (agent->drain != NULL) {
        agent->drain->requeued++;
        agent_coord_requeue(core, job, "given back by its agent, which is draining");
        return;
    }
    agent->paused = true;
    agent->paused_us = core->now_us;
    agent_coord_requeue(core, job, "given back by its agent without having been started");
}

static void done(struct agent_coord *core, struct coord_job *job, const struct agent_result *result)
{
    agent_coord_speed_result(core, job->agent, job->model, result);
    agent_coord_hedge_learn(core, job);
    job->agent->done++;
    agent_coord_breaker_done(core, job->agent, job->id);
    job->output_bytes = result->output_bytes;
    agent_coord_end(core, job, AGENT_JOB_DONE, "", NULL);
}

void agent_coord_result(struct agent_coord *core, const struct agent_event *event)
{
    const struct agent_result *result = &event->result;
    struct coord_agent *agent = agent_coord_agent_by_link(core, event->link);
    struct coord_job *job = agent_coord_job_find(core, result->ref.job);
    if (agent == NULL ||
        (result->ref.epoch != core->limits.epoch && !AGENT_PLANTED(EPOCH_UNCHECKED))) {
        core->stale++;
        return;
    }
    if (job != NULL && agent_coord_hedge_answered(core, job, agent, result))
        return;
    if (job == NULL || job->where != COORD_HELD || job->agent != agent ||
        (result->ref.attempt != job->attempt && !AGENT_PLANTED(ATTEMPT_UNCHECKED))) {
        core->stale++;
        if (AGENT_PLANTED(DUPLICATE_COUNTED) && job != NULL && job->where == COORD_ENDED)
            core->done++;
        if (AGENT_PLANTED(CANCELLED_DONE) && job != NULL && job->where == COORD_ENDING &&
            result->outcome == AGENT_OUTCOME_DONE)
            job->end_state = AGENT_JOB_DONE;
        if (settle_revoked(agent, &result->ref)) {
            agent_coord_agent_refresh(core, agent);
            agent_coord_drain_check(core, agent);
        }
        return;
    }
    job->timing.load_us = result->load_us;
    job->timing.compute_us = result->compute_us;
    job->timing.copy_us = result->copy_us;
    job->device = result->device;
    job->batch = result->batch;
    agent_coord_queue_settle(core, job, result);
    switch (result->outcome) {
    case AGENT_OUTCOME_DONE:
        done(core, job, result);
        break;
    case AGENT_OUTCOME_EXPIRED:
        agent_coord_end(core, job, AGENT_JOB_EXPIRED, "expired",
                        "its deadline passed on its agent");
        break;
    case AGENT_OUTCOME_RETURNED:
        returned(core, job);
        break;
    case AGENT_OUTCOME_CANCELLED:
        if (job->moving)
            agent_coord_moved(core, job);
        else // nobody asked for it: a failure of the agent
            failed(core, job, result);
        break;
    default:
        failed(core, job, result);
    }
    agent_coord_agent_refresh(core, agent);
    agent_coord_drain_check(core, agent);
}
