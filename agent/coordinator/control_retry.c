// A job in quarantine once more: its input is in the ledger still, and becomes that of a new job.
// The old one has ended and stays as it is.
#include <inttypes.h>
#include <string.h>

#include "agent/coordinator/control.h"

void agent_call_retry(struct io_call *call)
{
    double id;
    struct agent_job_view view;
    if (!agent_call_number(call, "id", 1, AGENT_CALL_ID_MAX, NULL, &id))
        return;
    if (agent_coord_job(call->c->core, (uint64_t)id, &view) && view.state <= AGENT_JOB_RUNNING) {
        agent_call_error(call, "conflict", NULL, "job %" PRIu64 " has not ended: %s", view.id,
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
    if (!agent_call_ask_parts(call, 1))
        return;
    call->inputs[0] = agent_blob_ref(past->query.blob);
    const char *model = agent_io_scratch(c, job->model, strlen(job->model));
    const char *tenant = agent_io_scratch(c, job->tenant, strlen(job->tenant));
    const char *hash = agent_io_scratch(c, (const char *)job->hash, AGENT_HASH_SIZE);
    struct agent_event *event = agent_io_event(c, AGENT_EVENT_SUBMIT);
    event->token = call->first_token;
    event->submit = (struct agent_submit){.model = model,
                                          .version = job->version,
                                          .hash = (const uint8_t *)hash,
                                          .input_bytes = past->query.blob->size,
                                          .priority = job->priority,
                                          .key = "",
                                          .tenant = tenant,
                                          .rows = job->rows};
}
