#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/planted.h"

void agent_coord_end(struct agent_coord *core, struct coord_job *job, enum agent_job_state state,
                     const char *code, const char *text)
{
    agent_coord_hedge_drop(core, job);
    if (job->where == COORD_HELD)
        agent_coord_release(core, job);
    agent_coord_job_leave(core, job);
    agent_coord_timer_clear(core, job);
    if (job->retrying) {
        job->retrying = false;
        core->n_retrying--;
    }
    job->end_state = (uint8_t)state;
    job->finished_us = core->now_us;
    memset(job->error_code, 0, sizeof job->error_code);
    strncpy(job->error_code, code, AGENT_CODE_MAX);
    agent_coord_text_set(&job->error, text);
    // The clock goes on from the wall clock's time at each start, which may have been set back.
    job->timing.total_us =
        core->now_us > job->submitted_us ? (uint64_t)(core->now_us - job->submitted_us) : 0;
    uint64_t known = (uint64_t)job->timing.load_us + job->timing.compute_us + job->timing.copy_us;
    job->timing.queue_us = job->timing.total_us > known ? job->timing.total_us - known : 0;
    agent_coord_job_enter(core, job, COORD_ENDING, false);
    agent_coord_append_job(core, job, AGENT_RECORD_END);
    agent_coord_wait_push(core, (struct coord_wait){.kind = COORD_WAIT_END, .job = job});
}

void agent_coord_ended(struct agent_coord *core, struct coord_job *job)
{
    agent_coord_job_leave(core, job);
    job->state = job->end_state;
    agent_coord_left(core, job);
    core->output_bytes += job->output_bytes;
    agent_coord_job_enter(core, job, COORD_ENDED, false);
    job->not_before_us = core->now_us; // it stays in memory until who waits has looked at it
    enum agent_notice_kind kind = AGENT_NOTICE_JOB_DONE;
    enum agent_notice_severity severity = AGENT_NOTICE_INFO;
    switch (job->state) {
    case AGENT_JOB_FAILED:
        core->failed++;
        kind = AGENT_NOTICE_JOB_FAILED;
        severity = AGENT_NOTICE_WARNING;
        break;
    case AGENT_JOB_CANCELLED:
        core->cancelled++;
        kind = AGENT_NOTICE_JOB_CANCELLED;
        break;
    case AGENT_JOB_EXPIRED:
        core->expired++;
        kind = AGENT_NOTICE_JOB_EXPIRED;
        severity = AGENT_NOTICE_WARNING;
        break;
    default:
        core->done++;
    }
    agent_coord_notice(core, kind, severity, agent_coord_chars(job->agent_name), job->id,
                       "%s:%" PRIu32 "%s%s", agent_coord_chars(job->model->name),
                       job->model->version, job->error ? ": " : "", agent_coord_chars(job->error));
    agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_ENDED, .id = job->id});
}

void agent_coord_cancel(struct agent_coord *core, const struct agent_event *event)
{
    struct coord_job *job = agent_coord_job_find(core, event->id);
    if (job == NULL || job->where == COORD_PENDING) {
        agent_coord_reply(core, event->token, AGENT_REPLY_NOT_FOUND, 0, "no job %" PRIu64,
                          event->id);
        return;
    }
    if (job->where == COORD_ENDING || job->where == COORD_ENDED) {
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, job->id,
                          "job %" PRIu64 " has ended: %s", job->id,
                          agent_job_state_name(job->end_state));
        return;
    }
    char target[32];
    snprintf(target, sizeof target, "job %" PRIu64, job->id);
    agent_coord_append_audit(core, event->by, "cancel", target, event->reason);
    if (job->where == COORD_HELD)
        agent_coord_revoke(core, job);
    agent_coord_end(core, job, AGENT_JOB_CANCELLED, "cancelled", event->reason);
    agent_coord_wait_reply(core, event->token, event->id);
}

static void expire(struct agent_coord *core, struct coord_job *job)
{
    char late[128];
    const char *text = "its deadline passed while it was waiting";
    if (job->deadline_us > core->now_us) {
        snprintf(late, sizeof late,
                 "its deadline can't be met any more: %" PRId64
                 " us were left, and its model takes %" PRId64 " us at best",
                 job->deadline_us - core->now_us, job->model->least_us);
        text = late;
    }
    if (job->where == COORD_HELD) {
        text = "its deadline passed on its agent";
        agent_coord_revoke(core, job);
    }
    agent_coord_end(core, job, AGENT_JOB_EXPIRED, "expired", text);
}

// Retries may be only so much of the load: beyond it they wait on, so that a failure that hits many
// jobs does not multiply their cost.
static void retry(struct agent_coord *core, struct coord_job *job)
{
    const struct agent_coord_limits *limits = &core->limits;
    uint64_t budget = (uint64_t)agent_coord_jobs_live(core) * limits->retry_share_percent / 100;
    if (core->n_retrying >= budget + limits->retry_floor) {
        job->not_before_us = core->now_us + agent_coord_backoff_us(core, job->failures);
        agent_coord_timer_set(core, job);
        if (AGENT_PLANTED(DELAYED_FOR_EVER))
            agent_coord_timer_clear(core, job);
        return;
    }
    agent_coord_job_leave(core, job);
    job->retrying = true;
    core->n_retrying++;
    agent_coord_job_enter(core, job, COORD_READY, false);
    if (AGENT_PLANTED(DEADLINE_DISARMED))
        agent_coord_timer_clear(core, job);
    else
        agent_coord_timer_set(core, job);
}

void agent_coord_timers(struct agent_coord *core)
{
    struct coord_job *job;
    while ((job = agent_coord_timer_due(core)) != NULL) {
        if (job->deadline_us != 0 && agent_coord_latest_start_us(job) <= core->now_us)
            expire(core, job);
        else if (job->where == COORD_DELAYED && job->not_before_us <= core->now_us)
            retry(core, job);
        else
            agent_coord_timer_set(core, job); // its model has become faster
    }
}
