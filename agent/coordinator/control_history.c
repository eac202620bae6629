// The past: jobs that have ended, a job's whole life, and who did what.
#include <inttypes.h>
#include <string.h>

#include "agent/coordinator/control.h"

#define TIME_MS_MAX 253402300799000.0 // the end of the year 9999

// ---- history

static cJSON *add_attempt(cJSON *list, uint32_t number, const char *agent, uint8_t device,
                          int64_t started_us, int64_t ended_us)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "number", number);
    cJSON_AddStringToObject(json, "agent", agent);
    cJSON_AddNumberToObject(json, "device", device == AGENT_NO_DEVICE ? -1 : device);
    cJSON_AddNumberToObject(json, "started_ms", agent_io_ms(started_us));
    cJSON_AddNumberToObject(json, "ended_ms", agent_io_ms(ended_us));
    cJSON_AddItemToArray(list, json);
    return json;
}

static void add_attempts(cJSON *reply, const struct agent_query *query,
                         const struct agent_job_view *job)
{
    cJSON *list = cJSON_AddArrayToObject(reply, "attempts");
    uint32_t number = 0, failures = 0;
    for (size_t i = 0; i < query->n_attempts; i++) {
        const struct agent_attempt_record *attempt = &query->attempts[i];
        cJSON *json = add_attempt(list, attempt->number, attempt->agent, attempt->device,
                                  attempt->started_us, attempt->ended_us);
        bool charged = attempt->failures > failures;
        cJSON_AddStringToObject(json, "outcome", charged ? "failed" : "requeued");
        cJSON_AddStringToObject(json, "text", attempt->text);
        number = attempt->number;
        failures = attempt->failures;
    }
    // The last one is in the job itself.
    if (job->agent[0] == '\0')
        return;
    cJSON *json =
        add_attempt(list, number + 1, job->agent, job->device, job->started_us, job->finished_us);
    cJSON_AddStringToObject(json, "outcome", agent_job_state_name(job->state));
    cJSON_AddStringToObject(json, "text", job->error_text);
}

void agent_call_history_job(struct io_call *call, struct io_past *past)
{
    struct agent_query *query = &past->query;
    struct agent_job_view view;
    bool found = agent_coord_job(call->c->core, query->id, &view);
    if (!found && query->status == AGENT_OK) {
        agent_io_past_view(call->c, &query->jobs[0], &view);
    } else if (!found) {
        bool unknown = query->status == AGENT_ERR_NOT_FOUND;
        agent_call_error(call, unknown ? "not_found" : "unavailable",
                         "ended jobs are kept for a while only", "%s", query->err.text);
        return;
    }
    cJSON *reply = agent_call_object("job", agent_io_json_job(call->c, &view));
    add_attempts(reply, query, &view);
    cJSON *job = cJSON_GetObjectItemCaseSensitive(reply, "job");
    agent_call_add_history(call, job, query->id);
    agent_call_reply(call, reply);
}

// The window of time that both ops take. False: the call is ended.
static bool take_window(struct io_call *call, struct agent_query_filter *filter)
{
    static const double none = 0, limit_default = 100;
    double since, until, before, limit;
    if (!agent_call_number(call, "since_ms", 0, TIME_MS_MAX, &none, &since) ||
        !agent_call_number(call, "until_ms", 0, TIME_MS_MAX, &none, &until) ||
        !agent_call_number(call, "before", 0, AGENT_CALL_ID_MAX, &none, &before) ||
        !agent_call_number(call, "limit", 1, 1000, &limit_default, &limit))
        return false;
    filter->since_us = (int64_t)since * 1000;
    filter->until_us = (int64_t)until * 1000;
    filter->before = (uint64_t)before;
    filter->limit = (uint32_t)limit;
    return true;
}

static bool is_live(enum agent_job_state state)
{
    return state <= AGENT_JOB_RUNNING;
}

void agent_call_history(struct io_call *call)
{
    static const double none = 0;
    double id;
    struct io_past *past = agent_io_past_new(call->c, AGENT_QUERY_JOBS);
    if (past == NULL) {
        agent_call_error(call, "internal", NULL, "out of memory");
        return;
    }
    struct agent_query_filter *filter = &past->query.filter;
    if (!agent_call_number(call, "id", 1, AGENT_CALL_ID_MAX, &none, &id) ||
        !agent_call_job_filter(call, filter) || !take_window(call, filter)) {
        agent_io_past_free(past);
        return;
    }
    if (filter->state >= 0 && is_live((enum agent_job_state)filter->state)) {
        agent_io_past_free(past);
        agent_call_error(call, "bad_request",
                         "done, failed, cancelled, expired; stoker jobs "
                         "lists those that have not ended",
                         "jobs of history have ended");
        return;
    }
    filter->count = true;
    if (id > 0) {
        past->query.kind = AGENT_QUERY_JOB;
        past->query.id = (uint64_t)id;
    }
    agent_call_past_ask(call, past);
}

// ---- audit

static bool take_text(struct io_call *call, const char *name, const char **ret_text)
{
    if (!agent_call_text(call, name, 256, "", ret_text))
        return false;
    if ((*ret_text)[0] == '\0')
        *ret_text = NULL;
    return true;
}

void agent_call_audit(struct io_call *call)
{
    struct io_past *past = agent_io_past_new(call->c, AGENT_QUERY_AUDIT);
    if (past == NULL) {
        agent_call_error(call, "internal", NULL, "out of memory");
        return;
    }
    struct agent_query_filter *filter = &past->query.filter;
    if (take_text(call, "who", &filter->who) && take_text(call, "what", &filter->what) &&
        take_text(call, "target", &filter->target) && take_window(call, filter))
        agent_call_past_ask(call, past);
    else
        agent_io_past_free(past);
}

void agent_call_audit_known(struct io_call *call, struct io_past *past)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < past->query.n_audits; i++) {
        const struct agent_audit_record *audit = &past->query.audits[i];
        cJSON *json = cJSON_CreateObject();
        cJSON_AddNumberToObject(json, "id", (double)audit->id);
        cJSON_AddNumberToObject(json, "time_ms", agent_io_ms(audit->time_us));
        cJSON_AddStringToObject(json, "who", audit->who);
        cJSON_AddStringToObject(json, "what", audit->what);
        cJSON_AddStringToObject(json, "target", audit->target);
        cJSON_AddStringToObject(json, "why", audit->why);
        cJSON_AddItemToArray(list, json);
    }
    agent_call_reply(call, agent_call_object("audit", list));
}
