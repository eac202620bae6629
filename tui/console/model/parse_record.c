/* Replies to polls: records of model/record.h. */
#include <stdlib.h>
#include <string.h>

#include "model/json.h"
#include "model/parse.h"
#include "model/parse_card.h"
#include "model/record.h"

static uint64_t integer(const cJSON *object, const char *name)
{
    return tui_json_integer(object, name, TUI_INTEGER_MAX);
}

/*
 * A record with room for the members of a list at its end, at most `max` of them, which ret_count
 * tells. NULL when memory ran out.
 */
static void *make(size_t head, size_t item, const cJSON *array, size_t max, size_t *ret_count)
{
    *ret_count = tui_json_count(array, max);
    return calloc(1, head + *ret_count * item);
}

#define MAKE(record, list, array, max, ret_count) \
    make(sizeof(*(record)), sizeof((record)->list[0]), array, max, ret_count)

static const cJSON *first(const cJSON *array)
{
    return array ? array->child : NULL;
}

static void parse_job_fields(const cJSON *object, struct tui_job *ret_job)
{
    const cJSON *timing = tui_json_object(object, "timing_us");
    const cJSON *error = tui_json_object(object, "error");

    ret_job->id = integer(object, "id");
    tui_json_text(object, "state", ret_job->state, sizeof(ret_job->state));
    tui_json_text(object, "model", ret_job->model, sizeof(ret_job->model));
    ret_job->version = integer(object, "version");
    tui_json_text(object, "agent", ret_job->agent, sizeof(ret_job->agent));
    ret_job->device = integer(object, "device");
    ret_job->priority = integer(object, "priority");
    ret_job->attempt = integer(object, "attempt");
    ret_job->attempts_max = integer(object, "attempts_max");
    ret_job->batch = integer(object, "batch");
    ret_job->submitted_ms = integer(object, "submitted_ms");
    ret_job->started_ms = integer(object, "started_ms");
    ret_job->finished_ms = integer(object, "finished_ms");
    ret_job->deadline_ms = integer(object, "deadline_ms");
    tui_json_text(object, "key", ret_job->key, sizeof(ret_job->key));
    tui_json_text(object, "tenant", ret_job->tenant, sizeof(ret_job->tenant));
    ret_job->rows = integer(object, "rows");
    ret_job->cached = tui_json_flag(object, "cached");
    for (size_t i = 0; i < TUI_SPAN_COUNT; i++)
        ret_job->timing_us[i] = integer(timing, tui_span_names[i]);
    tui_json_text(error, "code", ret_job->error_code, sizeof(ret_job->error_code));
    tui_json_text(error, "message", ret_job->error_message, sizeof(ret_job->error_message));
}

static void parse_step(const cJSON *object, struct tui_job_step *ret_step)
{
    ret_step->time_ms = integer(object, "time_ms");
    ret_step->attempt = integer(object, "attempt");
    tui_json_text(object, "state", ret_step->state, sizeof(ret_step->state));
    tui_json_text(object, "agent", ret_step->agent, sizeof(ret_step->agent));
    tui_json_text(object, "text", ret_step->text, sizeof(ret_step->text));
}

static enum tui_parse tui_parse_jobs(const cJSON *root, void **ret_record)
{
    const cJSON *array = tui_json_array(root, "jobs");
    struct tui_job_page *page;
    size_t count;

    if (!array)
        return TUI_PARSE_MALFORMED;
    page = MAKE(page, jobs, array, TUI_JOBS_MAX, &count);
    if (!page)
        return TUI_PARSE_NO_MEMORY;
    page->total = integer(root, "total");
    const cJSON *at = first(array);
    for (size_t i = 0; i < count; i++, at = at->next) {
        parse_job_fields(at, &page->jobs[page->count]);
        if (page->jobs[page->count].id != 0)
            page->count++;
    }
    *ret_record = page;
    return TUI_PARSE_OK;
}

static enum tui_parse tui_parse_jobs_older(const cJSON *root, void **ret_record)
{
    return tui_parse_jobs(root, ret_record);
}

static enum tui_parse tui_parse_job(const cJSON *root, void **ret_record)
{
    const cJSON *job = tui_json_object(root, "job");
    struct tui_job_detail *detail;

    if (!job || integer(job, "id") == 0)
        return TUI_PARSE_MALFORMED;
    /* The history stands in the job or beside it. */
    const cJSON *history = tui_json_array(job, "history");
    size_t count;
    if (!history)
        history = tui_json_array(root, "history");
    detail = MAKE(detail, history, history, TUI_HISTORY_MAX, &count);
    if (!detail)
        return TUI_PARSE_NO_MEMORY;
    parse_job_fields(job, &detail->job);
    tui_json_text(job, "waiting", detail->waiting, sizeof(detail->waiting));
    detail->count = count;
    const cJSON *at = first(history);
    for (size_t i = 0; i < count; i++, at = at->next)
        parse_step(at, &detail->history[i]);
    *ret_record = detail;
    return TUI_PARSE_OK;
}

static void parse_candidate(const cJSON *object, struct tui_candidate *ret_candidate)
{
    tui_json_text(object, "agent", ret_candidate->agent, sizeof(ret_candidate->agent));
    ret_candidate->chosen = tui_json_flag(object, "chosen");
    ret_candidate->resident = tui_json_flag(object, "resident");
    tui_json_text(object, "rule", ret_candidate->rule, sizeof(ret_candidate->rule));
    ret_candidate->held = integer(object, "held");
    ret_candidate->credit = integer(object, "credit");
    ret_candidate->wait_us = integer(object, "wait_us");
    ret_candidate->load_us = integer(object, "load_us");
    ret_candidate->run_us = integer(object, "run_us");
    ret_candidate->score = tui_json_real(object, "score");
    tui_json_text(object, "text", ret_candidate->text, sizeof(ret_candidate->text));
}

static void parse_decision(const cJSON *object, struct tui_decision *ret_decision)
{
    const cJSON *candidates = tui_json_array(object, "candidates");
    const cJSON *at = first(candidates);

    ret_decision->number = integer(object, "number");
    ret_decision->time_ms = integer(object, "time_ms");
    ret_decision->attempt = integer(object, "attempt");
    tui_json_text(object, "agent", ret_decision->agent, sizeof(ret_decision->agent));
    ret_decision->kept = tui_json_flag(object, "kept");
    tui_json_text(object, "strategy", ret_decision->strategy, sizeof(ret_decision->strategy));
    tui_json_text(object, "choice", ret_decision->choice, sizeof(ret_decision->choice));
    tui_json_text(object, "text", ret_decision->text, sizeof(ret_decision->text));
    ret_decision->jobs = integer(object, "jobs");
    ret_decision->queued = integer(object, "queued");
    ret_decision->looked_at = integer(object, "looked_at");
    ret_decision->open = integer(object, "open");
    ret_decision->candidate_count = tui_json_count(candidates, TUI_CANDIDATES_MAX);
    for (size_t i = 0; i < ret_decision->candidate_count; i++, at = at->next)
        parse_candidate(at, &ret_decision->candidates[i]);
}

static enum tui_parse tui_parse_why(const cJSON *root, void **ret_record)
{
    const cJSON *object = tui_json_object(root, "why");
    const cJSON *array = tui_json_array(object, "decisions");
    struct tui_why *why;
    size_t count;

    if (!object || !array)
        return TUI_PARSE_MALFORMED;
    why = MAKE(why, decisions, array, TUI_DECISIONS_MAX, &count);
    if (!why)
        return TUI_PARSE_NO_MEMORY;
    why->job = integer(object, "job");
    tui_json_text(object, "state", why->state, sizeof(why->state));
    tui_json_text(object, "model", why->model, sizeof(why->model));
    tui_json_text(object, "agent", why->agent, sizeof(why->agent));
    tui_json_text(object, "waiting", why->waiting, sizeof(why->waiting));
    why->count = count;
    const cJSON *at = first(array);
    for (size_t i = 0; i < count; i++, at = at->next)
        parse_decision(at, &why->decisions[i]);
    *ret_record = why;
    return TUI_PARSE_OK;
}

static void parse_attempt(const cJSON *object, struct tui_attempt *ret_attempt)
{
    ret_attempt->number = integer(object, "number");
    ret_attempt->started_ms = integer(object, "started_ms");
    ret_attempt->ended_ms = integer(object, "ended_ms");
    tui_json_text(object, "agent", ret_attempt->agent, sizeof(ret_attempt->agent));
    ret_attempt->device = tui_json_index(object, "device");
    tui_json_text(object, "outcome", ret_attempt->outcome, sizeof(ret_attempt->outcome));
    tui_json_text(object, "text", ret_attempt->text, sizeof(ret_attempt->text));
}

static enum tui_parse tui_parse_life(const cJSON *root, void **ret_record)
{
    const cJSON *job = tui_json_object(root, "job");
    const cJSON *array = tui_json_array(root, "attempts");
    struct tui_life *life;
    size_t count;

    if (!array && job)
        array = tui_json_array(job, "attempts");
    if (!job || !array)
        return TUI_PARSE_MALFORMED;
    life = MAKE(life, attempts, array, TUI_ATTEMPTS_MAX, &count);
    if (!life)
        return TUI_PARSE_NO_MEMORY;
    parse_job_fields(job, &life->job);
    life->count = count;
    const cJSON *at = first(array);
    for (size_t i = 0; i < count; i++, at = at->next)
        parse_attempt(at, &life->attempts[i]);
    *ret_record = life;
    return TUI_PARSE_OK;
}

static enum tui_parse tui_parse_acts(const cJSON *root, void **ret_record)
{
    const cJSON *array = tui_json_array(root, "audit");
    struct tui_act_page *page;
    size_t count;

    if (!array)
        return TUI_PARSE_MALFORMED;
    page = MAKE(page, acts, array, TUI_ACTS_MAX, &count);
    if (!page)
        return TUI_PARSE_NO_MEMORY;
    page->count = count;
    const cJSON *at = first(array);
    for (size_t i = 0; i < count; i++, at = at->next) {
        struct tui_act *act = &page->acts[i];
        act->id = integer(at, "id");
        act->time_ms = integer(at, "time_ms");
        tui_json_text(at, "who", act->who, sizeof(act->who));
        tui_json_text(at, "what", act->what, sizeof(act->what));
        tui_json_text(at, "target", act->target, sizeof(act->target));
        tui_json_text(at, "why", act->why, sizeof(act->why));
    }
    *ret_record = page;
    return TUI_PARSE_OK;
}

static bool has_word(const cJSON *array, const char *word)
{
    const cJSON *at;

    cJSON_ArrayForEach(at, array)
    {
        if (cJSON_IsString(at) && strcmp(at->valuestring, word) == 0)
            return true;
    }
    return false;
}

static void parse_tenant(const cJSON *object, struct tui_tenant *ret_tenant)
{
    const cJSON *set = tui_json_array(object, "set");

    tui_json_text(object, "name", ret_tenant->name, sizeof(ret_tenant->name));
    ret_tenant->weight = integer(object, "weight");
    ret_tenant->burst = integer(object, "burst");
    ret_tenant->queued = integer(object, "queued");
    ret_tenant->running = integer(object, "running");
    ret_tenant->live = integer(object, "live");
    ret_tenant->input_bytes = integer(object, "input_bytes");
    ret_tenant->done = integer(object, "done");
    ret_tenant->failed = integer(object, "failed");
    ret_tenant->throttled = integer(object, "throttled");
    ret_tenant->refused = integer(object, "refused");
    ret_tenant->rate_per_s = tui_json_real(object, "rate_per_s");
    ret_tenant->ended_per_s = tui_json_real(object, "ended_per_s");
    ret_tenant->share = tui_json_real(object, "share");
    ret_tenant->share_due = tui_json_real(object, "share_due");
    ret_tenant->weight_set = has_word(set, "weight");
    ret_tenant->rate_set = has_word(set, "rate");
    ret_tenant->burst_set = has_word(set, "burst");
}

static enum tui_parse tui_parse_tenants(const cJSON *root, void **ret_record)
{
    const cJSON *array = tui_json_array(root, "tenants");
    struct tui_tenant_page *page;
    size_t count;

    if (!array)
        return TUI_PARSE_MALFORMED;
    page = MAKE(page, tenants, array, TUI_TENANTS_MAX, &count);
    if (!page)
        return TUI_PARSE_NO_MEMORY;
    const cJSON *at = first(array);
    for (size_t i = 0; i < count; i++, at = at->next) {
        parse_tenant(at, &page->tenants[page->count]);
        if (page->tenants[page->count].name[0] != 0)
            page->count++;
    }
    *ret_record = page;
    return TUI_PARSE_OK;
}

static void parse_setting(const cJSON *object, struct tui_setting *ret_setting)
{
    tui_json_text(object, "name", ret_setting->name, sizeof(ret_setting->name));
    tui_json_text(object, "value", ret_setting->value, sizeof(ret_setting->value));
    tui_json_text(object, "from", ret_setting->from, sizeof(ret_setting->from));
    tui_json_text(object, "default", ret_setting->fallback, sizeof(ret_setting->fallback));
    tui_json_text(object, "allowed", ret_setting->allowed, sizeof(ret_setting->allowed));
    tui_json_text(object, "after_restart", ret_setting->after_restart,
                  sizeof(ret_setting->after_restart));
    tui_json_text(object, "help", ret_setting->help, sizeof(ret_setting->help));
    ret_setting->live = tui_json_flag(object, "live");
}

static enum tui_parse tui_parse_settings(const cJSON *root, void **ret_record)
{
    const cJSON *array = tui_json_array(root, "settings");
    struct tui_setting_page *page;
    size_t count;

    if (!array)
        return TUI_PARSE_MALFORMED;
    page = MAKE(page, settings, array, TUI_SETTINGS_MAX, &count);
    if (!page)
        return TUI_PARSE_NO_MEMORY;
    page->reloaded_ms = integer(root, "reloaded_ms");
    tui_json_text(root, "problem", page->problem, sizeof(page->problem));
    const cJSON *at = first(array);
    for (size_t i = 0; i < count; i++, at = at->next) {
        parse_setting(at, &page->settings[page->count]);
        if (page->settings[page->count].name[0] != 0)
            page->count++;
    }
    *ret_record = page;
    return TUI_PARSE_OK;
}

/* A refusal is an answer about the job or the model that was asked for; the rest is never refused
 * by a sound coordinator. */
enum tui_parse tui_parse_record(enum tui_poll poll, const char *text, size_t len, void **ret_record,
                                struct tui_refusal *ret_refusal)
{
    static enum tui_parse (*const parsers[TUI_POLL_COUNT])(const cJSON *, void **) = {
#define TUI_POLL(name, lower, op, type, members, limit, help) tui_parse_##lower,
#include "feed/polls.def"
#undef TUI_POLL
    };
    cJSON *root = NULL;
    enum tui_parse status = tui_parse_open(text, len, &root, ret_refusal);

    if (status == TUI_PARSE_OK)
        status = parsers[poll](root, ret_record);
    cJSON_Delete(root);
    return status;
}
