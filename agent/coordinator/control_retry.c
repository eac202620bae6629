// A job in quarantine once more: its input is in the ledger still, and becomes that of a new job.
// The old one has ended and stays as it is.
#include <inttypes.h>
#include <string.h>

#include "agent/coordinator/control.h"

void agent_call_retry(struct io_call *call)
{
    double id;
    const char *by, *reason;
    struct agent_job_view view;
    if (!agent_call_number(call, "id", 1, AGENT_CALL_ID_MAX, NULL, &id) ||
        !agent_call_text(call, "by", 128, "", &by) ||
        !agent_call_text(call, "reason", AGENT_TEXT_MAX - 1, "", &reason))
        return;
    if (agent_coord_job(call->c->core, (uint64_t)id, &view) && view.state <= AGENT_JOB_RUNNING) {
        agent_call_error(call, "conflict", NULL, "job %" PRIu64 " has not ended: %s", view.id,
                         agent_job_state_name(view.state));
        return;
    }
    if (agent_coord_job(call->c->core, (uint64_t)id, &view) &&
        strcmp(view.error_code, AGENT_CODE_POISONED) != 0) {
        agent_call_error(call, "conflict", "only jobs in quarantine (poisoned) keep theirs",
                         "job %" PRIu64 " is %s, and its input is not kept", view.id,
                         agent_job_state_name(view.state));
        return;
    }
    struct io_past *past = agent_io_past_new(call->c, AGENT_QUERY_JOB);
    if (past != NULL) {
        past->query.id = (uint64_t)id;
        past->query.input = true;
    }
    agent_call_past_ask(call, past);
}

void agent_call_retry_known(struct io_call *call, struct io_past *past)
{
    struct agent_coordinator *c = call->c;
    const struct agent_job_record *job = &past->query.jobs[0];
    if (past->query.blob == NULL) {
        agent_call_error(call, "conflict", "only jobs in quarantine (poisoned) keep theirs",
                         "the input of job %" PRIu64 " is not kept", past->query.id);
        return;
    }
    struct net_error err = {0};
    if (!agent_io_input_sound(past->query.blob, &err)) {
        agent_call_error(call, "internal", "restore the ledger from a backup",
                         "the input of job %" PRIu64 " is damaged: %s", past->query.id, err.text);
        return;
    }
    // The call has its request again, of which it tells who asks and why.
    call->json = past->json;
    past->json = NULL;
    struct agent_event *event = agent_call_ask(call, AGENT_EVENT_SUBMIT);
    if (event == NULL)
        return;
    call->inputs[0] = agent_blob_ref(past->query.blob);
    agent_call_text(call, "by", 128, "", &event->by);
    agent_call_text(call, "reason", AGENT_TEXT_MAX - 1, "", &event->reason);
    // These texts are the query's. Only now: the event may have taken a step, which ends them.
    event->submit = (struct agent_submit){
        .model = agent_io_scratch(c, job->model, strlen(job->model)),
        .version = job->version,
        .hash = (const uint8_t *)agent_io_scratch(c, (const char *)job->hash, AGENT_HASH_SIZE),
        .input_bytes = past->query.blob->size,
        .priority = job->priority,
        .key = "",
        .tenant = agent_io_scratch(c, job->tenant, strlen(job->tenant)),
        .retry_of = past->query.id,
        .rows = job->rows};
}
