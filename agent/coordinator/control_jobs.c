#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/coordinator/control.h"

// ---- submit

static const char *code_of(enum agent_status status)
{
    switch (status) {
    case AGENT_ERR_INVAL:
    case AGENT_ERR_FULL:
        return "bad_request";
    case AGENT_ERR_CORRUPT:
        return "wrong_input";
    default:
        return "internal";
    }
}

static bool prepare_one(struct io_call *call, const cJSON *object, struct io_prepared *job)
{
    struct agent_error err = {0};
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(object, "key");
    job->key = "";
    if (key != NULL && (!cJSON_IsString(key) || strlen(key->valuestring) > AGENT_KEY_MAX)) {
        agent_call_error(call, "bad_request", NULL, "'key' is not a text of at most %d bytes",
                         AGENT_KEY_MAX);
        return false;
    }
    if (key != NULL)
        job->key = key->valuestring;
    enum agent_status status =
        agent_tensors_read(cJSON_GetObjectItemCaseSensitive(object, "inputs"),
                           call->c->options.job_bytes_max, &job->tensors, &err);
    if (status != AGENT_OK)
        agent_call_error(call, code_of(status), NULL, "%s", err.text);
    return status == AGENT_OK;
}

bool agent_call_prepare(struct io_call *call)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(call->json, "jobs");
    int count = list != NULL ? cJSON_GetArraySize(list) : 1;
    if (list != NULL && (!cJSON_IsArray(list) || count < 1 || count > IO_SUBMIT_JOBS_MAX)) {
        agent_call_error(call, "bad_request", NULL, "'jobs' is not an array of 1 to %d objects",
                         IO_SUBMIT_JOBS_MAX);
        return false;
    }
    call->jobs = calloc((size_t)count, sizeof *call->jobs);
    if (call->jobs == NULL) {
        agent_call_error(call, "internal", NULL, "out of memory");
        return false;
    }
    const cJSON *object = list != NULL ? list->child : call->json;
    for (int i = 0; i < count; i++) {
        call->n_jobs++;
        if (!prepare_one(call, object, &call->jobs[i]))
            return false;
        object = object->next;
    }
    return true;
}

static const struct agent_model *find_model(struct io_call *call)
{
    struct io_refusal refusal;
    const struct agent_model *model = agent_call_find_model(call, "model");
    if (model == NULL || agent_io_model_valid(model, &refusal))
        return model;
    agent_call_error(call, refusal.code, refusal.hint, "%s", refusal.text);
    return NULL;
}

static bool fits(struct io_call *call, const struct agent_model *model)
{
    struct io_refusal refusal;
    for (size_t i = 0; i < call->n_jobs; i++) {
        const struct agent_tensors *tensors = &call->jobs[i].tensors;
        if (!agent_io_submit_fits(call->c, model, tensors->list, tensors->count, &refusal)) {
            agent_call_error(call, refusal.code, refusal.hint, "%s", refusal.text);
            return false;
        }
    }
    return true;
}

void agent_call_submit(struct io_call *call)
{
    static const double normal = 2, none = 0;
    struct agent_coordinator *c = call->c;
    double priority, deadline_ms, wait_ms;
    const char *tenant;
    const struct agent_model *model = find_model(call);
    if (model == NULL ||
        !agent_call_number(call, "priority", 0, AGENT_PRIORITIES - 1, &normal, &priority) ||
        !agent_call_number(call, "deadline_ms", 0, 1e12, &none, &deadline_ms) ||
        !agent_call_number(call, "wait_ms", 0, IO_WAIT_MS_MAX, &none, &wait_ms) ||
        !agent_call_text(call, "tenant", AGENT_NAME_MAX, "", &tenant) || !fits(call, model) ||
        !agent_call_ask_parts(call, call->n_jobs))
        return;
    int64_t deadline_us = deadline_ms > 0 ? agent_io_now_us(c) + (int64_t)deadline_ms * 1000 : 0;
    // A step in the middle may end the call: only its parts are touched before they are all asked.
    size_t count = call->n_jobs;
    uint64_t token = call->first_token;
    for (size_t i = 0; i < count; i++) {
        const struct io_prepared *job = &call->jobs[i];
        struct io_inputs inputs = {.list = job->tensors.list, .count = job->tensors.count};
        call->inputs[i] = agent_io_submit_input(c, model, &inputs, (uint8_t)priority);
        struct agent_event *event = agent_io_event(c, AGENT_EVENT_SUBMIT);
        event->token = token + i;
        event->submit = (struct agent_submit){
            .model = model->name,
            .version = model->version,
            .hash = model->hash,
            .input_bytes = call->inputs[i] != NULL ? call->inputs[i]->size : AGENT_INPUT_NOMEM,
            .priority = (uint8_t)priority,
            .deadline_us = deadline_us,
            .key = job->key,
            .tenant = tenant,
            .rows = agent_io_rows_of(&job->tensors.list[0]),
        };
        call->contents[i] = agent_io_content_ask(c, model, call->inputs[i], &event->submit);
    }
}

static cJSON *job_reply(struct io_call *call, uint64_t id)
{
    struct agent_job_view view;
    if (!agent_coord_job(call->c->core, id, &view))
        return NULL;
    return agent_call_object("job", agent_io_json_job(call->c, &view));
}

static void wait_or_answer(struct io_call *call, uint64_t id, double wait_ms)
{
    if (wait_ms > 0 && agent_call_park(call, IO_WAIT_JOB, id, wait_ms))
        return;
    call->subject = id;
    agent_call_job_ended(call, NULL);
}

static void submitted_many(struct io_call *call)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < call->n_parts; i++) {
        cJSON *job = cJSON_CreateObject();
        cJSON_AddNumberToObject(job, "id", (double)call->ids[i]);
        if (call->ids[i] == 0)
            cJSON_AddStringToObject(job, "error", call->text);
        cJSON_AddItemToArray(list, job);
    }
    cJSON *reply = agent_call_object("jobs", list);
    if (call->failure == AGENT_REPLY_BUSY && reply != NULL)
        cJSON_AddNumberToObject(reply, "retry_after_ms", call->retry_after_ms);
    agent_call_reply(call, reply);
}

static void submitted(struct io_call *call)
{
    const cJSON *wait = cJSON_GetObjectItemCaseSensitive(call->json, "wait_ms");
    if (cJSON_HasObjectItem(call->json, "jobs")) {
        submitted_many(call);
    } else if (cJSON_IsNumber(wait) && wait->valuedouble > 0) {
        wait_or_answer(call, call->ids[0], wait->valuedouble);
    } else {
        struct agent_job_view view;
        if (agent_coord_job(call->c->core, call->ids[0], &view))
            agent_call_job_known(call, &view, NULL);
        else
            agent_call_past_job(call, call->ids[0], false);
    }
}

// ---- result

static void add_outputs(struct io_call *call, cJSON *reply, const struct agent_job_view *job,
                        struct agent_blob *output)
{
    struct net_result result;
    struct net_frame frame = {
        .type = NET_MSG_RESULT, .len = (uint32_t)output->size, .body = output->bytes};
    char ref[AGENT_MODEL_NAME_MAX + 16];
    if (net_result_decode(&frame, &result, NULL) != NET_OK) {
        agent_io_log(call->c, AGENT_ERROR, "the outputs of job %" PRIu64 " are damaged", job->id);
        return;
    }
    snprintf(ref, sizeof ref, "%s:%" PRIu32, job->model, job->version);
    cJSON_AddItemToObject(reply, "outputs", agent_tensors_json(result.outputs, result.n_outputs));
    cJSON_AddStringToObject(reply, "labels_ref", ref);
}

void agent_call_job_known(struct io_call *call, const struct agent_job_view *job,
                          const struct agent_query *query)
{
    cJSON *reply = agent_call_object("job", agent_io_json_job(call->c, job));
    if (reply != NULL && call->op == NET_CONTROL_JOB)
        agent_call_add_history(call, cJSON_GetObjectItemCaseSensitive(reply, "job"), job->id);
    if (reply != NULL && job->state == AGENT_JOB_DONE && query != NULL && query->blob != NULL)
        add_outputs(call, reply, job, query->blob);
    if (reply != NULL && call->op == NET_CONTROL_SUBMIT)
        cJSON_AddBoolToObject(reply, "existing", call->existing);
    agent_call_reply(call, reply);
}

void agent_call_job_ended(struct io_call *call, struct agent_blob *output)
{
    struct agent_job_view view;
    struct agent_query query = {.blob = output};
    bool known = agent_coord_job(call->c->core, call->subject, &view);
    if (!known || (view.state == AGENT_JOB_DONE && output == NULL))
        agent_call_past_job(call, call->subject, true);
    else
        agent_call_job_known(call, &view, &query);
}

// The id that the request names; 0: the call is ended.
static uint64_t take_id(struct io_call *call)
{
    double id;
    return agent_call_number(call, "id", 1, AGENT_CALL_ID_MAX, NULL, &id) ? (uint64_t)id : 0;
}

void agent_call_result(struct io_call *call)
{
    static const double none = 0;
    double wait_ms;
    uint64_t id = take_id(call);
    if (id == 0 || !agent_call_number(call, "wait_ms", 0, IO_WAIT_MS_MAX, &none, &wait_ms))
        return;
    wait_or_answer(call, id, wait_ms);
}

void agent_call_cancel(struct io_call *call)
{
    uint64_t id = take_id(call);
    const char *by, *reason;
    if (id == 0 || !agent_call_text(call, "by", 128, "", &by) ||
        !agent_call_text(call, "reason", AGENT_TEXT_MAX - 1, "", &reason))
        return;
    struct agent_job_view view;
    if (!agent_coord_job(call->c->core, id, &view)) {
        agent_call_past_job(call, id, false); // it has ended, or never was
        return;
    }
    struct agent_event *event = agent_call_ask(call, AGENT_EVENT_CANCEL);
    if (event == NULL)
        return;
    event->id = id;
    event->by = by;
    event->reason = reason;
}

// ---- job, jobs

void agent_call_add_history(struct io_call *call, cJSON *job, uint64_t id)
{
    struct agent_history_view history[32];
    cJSON *list = cJSON_AddArrayToObject(job, "history");
    size_t count = agent_coord_history(call->c->core, id, history, 32);
    for (size_t i = 0; i < count; i++) {
        cJSON *entry = cJSON_CreateObject();
        cJSON_AddNumberToObject(entry, "time_ms", agent_io_ms(history[i].time_us));
        cJSON_AddStringToObject(entry, "state", agent_job_state_name(history[i].state));
        cJSON_AddStringToObject(entry, "agent", history[i].agent);
        cJSON_AddNumberToObject(entry, "attempt", history[i].attempt);
        cJSON_AddNumberToObject(entry, "decision", (double)history[i].decision);
        cJSON_AddStringToObject(entry, "text", history[i].text);
        cJSON_AddItemToArray(list, entry);
    }
    char waiting[256];
    agent_coord_waiting(call->c->core, id, waiting, sizeof waiting);
    cJSON_AddStringToObject(job, "waiting", waiting);
}

void agent_call_job(struct io_call *call)
{
    struct agent_job_view view;
    uint64_t id = take_id(call);
    if (id == 0)
        return;
    if (agent_coord_job(call->c->core, id, &view))
        agent_call_job_known(call, &view, NULL);
    else
        agent_call_past_job(call, id, false);
}

struct listing {
    struct agent_coordinator *c;
    cJSON *jobs;
};

static void list_job(void *user, const struct agent_job_view *job)
{
    struct listing *listing = user;
    cJSON_AddItemToArray(listing->jobs, agent_io_json_job(listing->c, job));
}

bool agent_call_job_filter(struct io_call *call, struct agent_query_filter *filter)
{
    const char *state;
    const char **texts[] = {&filter->model, &filter->agent, &filter->tenant};
    enum agent_job_state wanted;
    if (!agent_call_text(call, "state", 16, "", &state) ||
        !agent_call_text(call, "model", AGENT_MODEL_NAME_MAX, "", &filter->model) ||
        !agent_call_text(call, "agent", AGENT_NAME_MAX, "", &filter->agent) ||
        !agent_call_text(call, "tenant", AGENT_NAME_MAX, "", &filter->tenant))
        return false;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if ((*texts[i])[0] == '\0')
            *texts[i] = NULL;
    }
    if (state[0] == '\0')
        return true;
    if (!agent_job_state_find(state, &wanted)) {
        agent_call_error(call, "bad_request",
                         "queued, assigned, running, done, failed, cancelled, expired",
                         "there is no job state '%s'", state);
        return false;
    }
    filter->state = (int)wanted;
    return true;
}

// The newest first of both: `jobs` of memory, which stay where both have one, and the ledger's.
static cJSON *merge(struct io_call *call, cJSON *jobs, const struct agent_query *query)
{
    cJSON *merged = cJSON_CreateArray();
    size_t at = 0;
    for (uint32_t i = 0; i < query->filter.limit; i++) {
        const cJSON *first = cJSON_GetArrayItem(jobs, 0);
        double id = first != NULL ? cJSON_GetObjectItemCaseSensitive(first, "id")->valuedouble : 0;
        while (at < query->n_jobs && (double)query->jobs[at].id == id)
            at++;
        struct agent_job_view view;
        if (at < query->n_jobs && (double)query->jobs[at].id > id) {
            agent_io_past_view(call->c, &query->jobs[at++], &view);
            cJSON_AddItemToArray(merged, agent_io_json_job(call->c, &view));
        } else if (first != NULL) {
            cJSON_AddItemToArray(merged, cJSON_DetachItemFromArray(jobs, 0));
        } else {
            break;
        }
    }
    return merged;
}

void agent_call_jobs_known(struct io_call *call, struct io_past *past)
{
    const struct agent_query *query = &past->query;
    cJSON *reply = agent_call_object("jobs", merge(call, past->jobs, query));
    if (reply != NULL) {
        cJSON_AddNumberToObject(reply, "total", (double)(past->total + query->total));
        cJSON_AddBoolToObject(reply, "total_is_least", query->total_is_least);
    }
    agent_call_reply(call, reply);
}

// What is in memory, and how many match there: all, or where the ledger counts the ended ones only
// those that have not ended.
static cJSON *list_jobs(struct io_call *call, const struct agent_query_filter *from, bool live,
                        uint64_t *ret_total)
{
    struct agent_jobs_filter filter = {
        .state = from->state,
        .model = from->model,
        .agent = from->agent,
        .tenant = from->tenant,
        .before = from->before,
        .limit = from->limit,
    };
    struct listing listing = {.c = call->c, .jobs = cJSON_CreateArray()};
    *ret_total = agent_coord_jobs(call->c->core, &filter, list_job, &listing);
    if (live) {
        filter.limit = 0;
        filter.live = true;
        *ret_total = agent_coord_jobs(call->c->core, &filter, list_job, &listing);
    }
    return listing.jobs;
}

void agent_call_jobs(struct io_call *call)
{
    static const double limit_default = 100, before_default = 0;
    double limit, before;
    struct agent_query_filter filter = {.state = -1};
    if (!agent_call_number(call, "limit", 1, 1000, &limit_default, &limit) ||
        !agent_call_number(call, "before", 0, AGENT_CALL_ID_MAX, &before_default, &before) ||
        !agent_call_job_filter(call, &filter))
        return;
    filter.before = (uint64_t)before;
    filter.limit = (uint32_t)limit;
    struct agent_totals totals;
    agent_coord_totals(call->c->core, &totals);
    bool ended = filter.state < 0 || filter.state > AGENT_JOB_RUNNING;
    bool past = ended && totals.kept > totals.recent;
    bool any =
        filter.state < 0 && filter.model == NULL && filter.agent == NULL && filter.tenant == NULL;
    uint64_t total = 0;
    cJSON *jobs = list_jobs(call, &filter, past, &total);
    if (!past) {
        cJSON *reply = agent_call_object("jobs", jobs);
        if (reply != NULL)
            cJSON_AddNumberToObject(reply, "total", (double)total);
        agent_call_reply(call, reply);
        return;
    }
    struct io_past *question = agent_io_past_new(call->c, AGENT_QUERY_JOBS);
    if (question != NULL) {
        question->jobs = jobs;
        question->total = any ? total + totals.kept : total;
        question->query.filter = filter;
        question->query.filter.count = !any;
    } else {
        cJSON_Delete(jobs);
    }
    agent_call_past_ask(call, question);
}

// ---- the core has answered

void agent_call_done(struct io_call *call)
{
    struct agent_agent_view agent;
    switch (call->op) {
    case NET_CONTROL_SUBMIT:
    case NET_CONTROL_RETRY:
        submitted(call);
        break;
    case NET_CONTROL_CANCEL:
        agent_call_reply(call, job_reply(call, call->ids[0]));
        break;
    case NET_CONTROL_CORDON:
    case NET_CONTROL_UNCORDON:
        if (agent_coord_agent(call->c->core, call->agent, &agent))
            agent_call_reply(call,
                             agent_call_object("agent", agent_io_json_agent(call->c, &agent)));
        else
            agent_call_error(call, "not_found", NULL, "no agent named '%s'", call->agent);
        break;
    case NET_CONTROL_TENANT:
        agent_call_tenant_now(call);
        break;
    case NET_CONTROL_PIN:
    case NET_CONTROL_UNPIN:
    case NET_CONTROL_UNLOAD:
    case NET_CONTROL_LOAD:
        agent_call_pinned(call);
        break;
    case NET_CONTROL_STRATEGY:
        agent_call_strategy(call);
        break;
    case NET_CONTROL_SETTINGS:
        agent_call_settings_shown(call);
        break;
    case NET_CONTROL_REBALANCE:
        if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(call->json, "plan")))
            agent_call_rebalance_planned(call, call->ids[0]);
        else
            agent_call_operation_now(call, call->ids[0]);
        break;
    default:
        agent_call_operation_now(call, call->ids[0]);
    }
}
