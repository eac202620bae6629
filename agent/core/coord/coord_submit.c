#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/planted.h"
#include "agent/core/queue/coord_poison.h"

static void reply_known(struct agent_coord *core, uint64_t token, uint64_t id)
{
    agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_REPLY,
                                                 .token = token,
                                                 .reply = AGENT_REPLY_OK,
                                                 .id = id,
                                                 .existing = true,
                                                 .text = ""});
}

static void reply_existing(struct agent_coord *core, uint64_t token, const struct coord_job *job)
{
    struct coord_wait wait = {
        .kind = COORD_WAIT_REPLY, .token = token, .id = job->id, .existing = true};
    // While the first one is not committed, nobody may hear of it.
    if (job->where == COORD_PENDING) {
        if (agent_coord_wait_reserve(core, 1))
            agent_coord_wait_push(core, wait);
        else
            agent_coord_reply(core, token, AGENT_REPLY_BUSY, 0, "out of memory");
        return;
    }
    reply_known(core, token, job->id);
}

// NULL: no tenant, no model, or no memory.
static struct coord_job *new_job(struct agent_coord *core, uint64_t id, struct coord_tenant *tenant,
                                 struct coord_model *model, const char *key, bool timed)
{
    if (tenant == NULL || model == NULL)
        return NULL;
    struct coord_flow *flow = agent_coord_flow_get(core, tenant, model, timed);
    return flow != NULL ? agent_coord_job_new(core, id, flow, key, timed) : NULL;
}

static void audit_retry(struct agent_coord *core, const struct agent_event *event, uint64_t id)
{
    char target[32], why[AGENT_TEXT_MAX];
    const char *reason = event->reason != NULL ? event->reason : "";
    snprintf(target, sizeof target, "job %" PRIu64, event->submit.retry_of);
    snprintf(why, sizeof why, "as job %" PRIu64 "%s%.400s", id, reason[0] != '\0' ? ": " : "",
             reason);
    agent_coord_append_audit(core, event->by, "retry", target, why);
}

void agent_coord_submit(struct agent_coord *core, const struct agent_event *event)
{
    const struct agent_submit *submit = &event->submit;
    if (submit->key[0] != '\0') {
        struct coord_job *first = agent_coord_job_by_key(core, submit->tenant, submit->key);
        if (first != NULL && !(AGENT_PLANTED(KEY_UNCOMMITTED) && first->where == COORD_PENDING)) {
            reply_existing(core, event->token, first);
            return;
        }
    }
    uint64_t kept =
        submit->key[0] != '\0' ? agent_coord_kept_by_key(core, submit->tenant, submit->key) : 0;
    if (kept != 0) {
        reply_known(core, event->token, kept);
        return;
    }
    struct coord_tenant *tenant = NULL;
    if (agent_coord_is_poison(core, event))
        return;
    if (!agent_coord_admits(core, event, &tenant))
        return;
    struct coord_model *model =
        agent_coord_model_get(core, submit->model, submit->version, submit->hash);
    struct coord_job *job =
        new_job(core, core->next_job, tenant, model, submit->key, submit->deadline_us != 0);
    if (job == NULL) {
        agent_coord_reply(core, event->token, AGENT_REPLY_BUSY, 0, "%s",
                          model == NULL ? "too many models are in use" : "out of memory");
        return;
    }
    core->next_job++;
    job->priority = submit->priority;
    job->deadline_us = submit->deadline_us;
    job->input_bytes = submit->input_bytes;
    job->rows = submit->rows;
    job->cached = submit->cached;
    job->output_bytes = submit->cached ? submit->output_bytes : 0;
    job->submitted_us = core->now_us;
    agent_coord_admitted(core, job);
    agent_coord_job_enter(core, job, COORD_PENDING, false);
    if (submit->retry_of != 0) {
        audit_retry(core, event, job->id);
        agent_coord_poison_forget(core, submit->retry_of);
    }
    core->token = event->token;
    agent_coord_append_job(core, job, AGENT_RECORD_JOB);
    core->token = 0;
    if (AGENT_PLANTED(ACK_BEFORE_COMMIT))
        agent_coord_reply(core, event->token, AGENT_REPLY_OK, job->id, "%s", "");
    agent_coord_wait_push(
        core, (struct coord_wait){.kind = COORD_WAIT_ADMIT, .token = event->token, .job = job});
}

void agent_coord_admit(struct agent_coord *core, struct coord_job *job)
{
    agent_coord_job_leave(core, job);
    job->state = AGENT_JOB_QUEUED;
    agent_coord_job_enter(core, job, COORD_READY, false);
    core->submitted++;
    job->model->total++;
    agent_coord_notice(core, AGENT_NOTICE_JOB_SUBMITTED, AGENT_NOTICE_INFO, "", job->id,
                       "%s:%" PRIu32, agent_coord_chars(job->model->name), job->model->version);
    if (!job->cached)
        return;
    struct agent_text *text = agent_coord_text_new("its outputs were in the response cache");
    agent_coord_job_log(core, job, AGENT_JOB_DONE, text);
    agent_coord_text_unref(text);
    agent_coord_end(core, job, AGENT_JOB_DONE, "", NULL);
}

static void recover_ended(struct agent_coord *core, struct coord_job *job,
                          const struct agent_job_record *record)
{
    job->state = job->end_state = record->state;
    job->failures = record->attempts - (record->state == AGENT_JOB_DONE && record->attempts > 0);
    job->cached = record->cached;
    job->started_us = record->started_us;
    job->finished_us = record->finished_us;
    job->output_bytes = record->output_bytes;
    job->device = record->device;
    job->batch = record->batch;
    job->timing = record->timing;
    job->agent_name = agent_coord_text_new(record->agent);
    job->error = agent_coord_text_new(record->error_text);
    strncpy(job->error_code, record->error_code, AGENT_CODE_MAX);
    core->output_bytes += job->output_bytes;
    agent_coord_job_enter(core, job, COORD_ENDED, false);
}

void agent_coord_recover_job(struct agent_coord *core, const struct agent_job_record *record)
{
    struct coord_model *model =
        agent_coord_model_get(core, record->model, record->version, record->hash);
    if (model == NULL || record->priority >= AGENT_PRIORITIES ||
        record->state >= AGENT_JOB_STATES || agent_coord_job_find(core, record->id) != NULL)
        return;
    if (AGENT_PLANTED(RECOVERY_DROPS_OVERDUE) && record->state <= AGENT_JOB_RUNNING &&
        record->deadline_us != 0 && record->deadline_us <= core->now_us)
        return;
    struct coord_tenant *tenant = agent_coord_tenant_get(core, record->tenant);
    if (tenant == NULL)
        tenant = TAILQ_FIRST(&core->tenants); // fewer are allowed now: nothing is lost for that
    struct coord_job *job =
        new_job(core, record->id, tenant, model, record->key, record->deadline_us != 0);
    if (job == NULL)
        return;
    if (record->id >= core->next_job)
        core->next_job = record->id + 1;
    job->priority = record->priority;
    job->submitted_us = record->submitted_us;
    job->deadline_us = record->deadline_us;
    job->input_bytes = record->input_bytes;
    job->rows = record->rows;
    if (record->state > AGENT_JOB_RUNNING) {
        recover_ended(core, job, record);
        return;
    }
    agent_coord_admitted(core, job);
    job->failures = record->attempts;
    // Under a limit of then; it gets one more try under any.
    if (job->failures >= core->attempts_most)
        core->attempts_most = job->failures + 1;
    job->dispatches = record->dispatches;
    job->state = AGENT_JOB_QUEUED;
    agent_coord_job_enter(core, job, COORD_READY, false);
    struct agent_text *text =
        agent_coord_text_new("recovered from the ledger at the coordinator's start");
    agent_coord_job_log(core, job, AGENT_JOB_QUEUED, text);
    agent_coord_text_unref(text);
}
