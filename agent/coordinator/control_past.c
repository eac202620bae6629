// What the ledger answers about jobs that have left memory. A question goes to the ledger's reading
// thread with its call parked, and comes back through the inbox.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/coordinator/control.h"

#define PAST_WAIT_MS 30000

static void past_free(struct io_past *past)
{
    agent_query_finish(&past->query);
    cJSON_Delete(past->json);
    cJSON_Delete(past->jobs);
    free(past);
}

// On the ledger's thread.
static void done(struct agent_query *query)
{
    struct io_past *past = query->user;
    struct io_item item = {.kind = IO_ITEM_PAST, .past = past};
    agent_io_post(past->c, &item); // without memory the call ends by its time
}

void agent_io_past_free(struct io_past *past)
{
    if (past == NULL)
        return;
    if (past->call != NULL)
        past->call->past = NULL;
    past_free(past);
}

struct io_past *agent_io_past_new(struct agent_coordinator *c, enum agent_query_kind kind)
{
    struct io_past *past = calloc(1, sizeof *past);
    if (past == NULL)
        return NULL;
    past->c = c;
    past->query = (struct agent_query){.kind = kind, .done = done, .user = past};
    past->query.filter.state = -1;
    return past;
}

bool agent_io_past_ask(struct io_past *past)
{
    if (agent_ledger_ask(past->c->ledger, &past->query) == AGENT_OK)
        return true;
    agent_io_past_free(past);
    return false;
}

void agent_call_past_ask(struct io_call *call, struct io_past *past)
{
    if (past == NULL) {
        agent_call_error(call, "internal", NULL, "out of memory");
        return;
    }
    past->call = call;
    call->past = past;
    // Texts of the filter are in the request, which may end before the answer comes.
    past->json = call->json;
    call->json = NULL;
    if (agent_call_park(call, IO_WAIT_PAST, 0, PAST_WAIT_MS)) {
        if (agent_io_past_ask(past))
            return;
        agent_call_unpark(call);
    } else {
        agent_io_past_free(past);
    }
    call->retry_after_ms = 100;
    agent_call_error(call, "busy", NULL, "too many questions about the past wait");
}

void agent_call_past_job(struct io_call *call, uint64_t id, bool output)
{
    struct io_past *past = agent_io_past_new(call->c, AGENT_QUERY_JOB);
    if (past != NULL) {
        past->query.id = id;
        past->query.output = output;
    }
    agent_call_past_ask(call, past);
}

void agent_io_past_view(const struct agent_coordinator *c, const struct agent_job_record *job,
                        struct agent_job_view *ret_view)
{
    *ret_view = (struct agent_job_view){
        .id = job->id,
        .state = job->state,
        .model = job->model,
        .version = job->version,
        .hash = job->hash,
        .tenant = job->tenant,
        .agent = job->agent,
        .device = job->device,
        .priority = job->priority,
        .attempts = job->attempts,
        .attempts_max = c->settings.attempts_max,
        .submitted_us = job->submitted_us,
        .started_us = job->started_us,
        .finished_us = job->finished_us,
        .deadline_us = job->deadline_us,
        .key = job->key,
        .rows = job->rows,
        .batch = job->batch,
        .timing = job->timing,
        .error_code = job->error_code,
        .error_text = job->error_text,
        .cached = job->cached,
    };
}

// False: the call is ended.
static bool is_answer(struct io_call *call, const struct agent_query *query)
{
    if (query->status == AGENT_OK)
        return true;
    if (query->status == AGENT_ERR_NOT_FOUND)
        agent_call_error(call, "not_found", "ended jobs are kept for a while only",
                         "no job %" PRIu64, query->id);
    else
        agent_call_error(call, "unavailable", "stoker status shows the ledger's state", "%s",
                         query->err.text);
    return false;
}

static void job_answered(struct io_call *call, struct io_past *past)
{
    struct agent_query *query = &past->query;
    struct agent_job_view view;
    // The newest are in memory, too, and of these only the outputs were asked for.
    bool recent = call->op != NET_CONTROL_RETRY && agent_coord_job(call->c->core, query->id, &view);
    if (!recent && !is_answer(call, query))
        return;
    if (!recent)
        agent_io_past_view(call->c, &query->jobs[0], &view);
    if (call->op == NET_CONTROL_RETRY)
        agent_call_retry_known(call, past);
    else if (call->op == NET_CONTROL_CANCEL)
        agent_call_error(call, "conflict", NULL, "job %" PRIu64 " has ended: %s", query->id,
                         agent_job_state_name(view.state));
    else
        agent_call_job_known(call, &view, query);
}

void agent_io_past_answered(struct agent_coordinator *c, struct io_past *past)
{
    struct io_call *call = past->call;
    if (past->waiter.link_id != 0) {
        agent_io_submission_past(c, past);
    } else if (call != NULL) {
        agent_call_unpark(call); // and `past` is ours alone
        switch (past->query.kind) {
        case AGENT_QUERY_JOB:
            if (call->op == NET_CONTROL_HISTORY)
                agent_call_history_job(call, past);
            else
                job_answered(call, past);
            break;
        case AGENT_QUERY_JOBS:
            if (is_answer(call, &past->query))
                agent_call_jobs_known(call, past);
            break;
        case AGENT_QUERY_AUDIT:
            if (is_answer(call, &past->query))
                agent_call_audit_known(call, past);
            break;
        }
    }
    past_free(past);
}
