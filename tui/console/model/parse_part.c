#include "model/parse_part.h"

#include <string.h>

#include "model/json.h"
#include "text/text.h"

static uint64_t integer(const cJSON *object, const char *name)
{
    return tui_json_integer(object, name, TUI_INTEGER_MAX);
}

static void parse_latency(const cJSON *object, struct tui_latency *ret_latency)
{
    ret_latency->count = integer(object, "count");
    ret_latency->p50_us = integer(object, "p50");
    ret_latency->p95_us = integer(object, "p95");
    ret_latency->p99_us = integer(object, "p99");
    ret_latency->max_us = integer(object, "max");
}

static void parse_totals(const cJSON *object, struct tui_totals *ret_totals)
{
    ret_totals->agents = integer(object, "agents");
    ret_totals->agents_ready = integer(object, "agents_ready");
    ret_totals->devices = integer(object, "devices");
    ret_totals->queued = integer(object, "queued");
    ret_totals->assigned = integer(object, "assigned");
    ret_totals->running = integer(object, "running");
    ret_totals->submitted = integer(object, "submitted");
    ret_totals->done = integer(object, "done");
    ret_totals->failed = integer(object, "failed");
    ret_totals->cancelled = integer(object, "cancelled");
    ret_totals->expired = integer(object, "expired");
    ret_totals->requeued = integer(object, "requeued");
}

static void parse_caches(const cJSON *object, struct tui_fleet *ret_fleet)
{
    const cJSON *at;

    cJSON_ArrayForEach(at, object)
    {
        if (ret_fleet->cache_count == TUI_CACHES_MAX)
            break;
        struct tui_cache *cache = &ret_fleet->caches[ret_fleet->cache_count++];
        tui_text_clean(cache->name, sizeof(cache->name), at->string);
        cache->hits = integer(at, "hits");
        cache->misses = integer(at, "misses");
    }
}

void tui_parse_summary(const cJSON *root, struct tui_fleet *ret_fleet)
{
    const cJSON *latency = tui_json_object(root, "latency_us");
    const cJSON *rates = tui_json_object(root, "rates");

    ret_fleet->seq = integer(root, "seq");
    ret_fleet->time_ms = integer(root, "time_ms");
    ret_fleet->epoch = integer(root, "epoch");
    ret_fleet->uptime_ms = integer(root, "uptime_ms");
    tui_json_text(root, "cluster", ret_fleet->cluster, sizeof(ret_fleet->cluster));
    tui_json_text(root, "version", ret_fleet->version, sizeof(ret_fleet->version));
    tui_json_text(root, "strategy", ret_fleet->strategy, sizeof(ret_fleet->strategy));
    tui_json_text(tui_json_object(root, "ledger"), "state", ret_fleet->ledger,
                  sizeof(ret_fleet->ledger));
    parse_totals(tui_json_object(root, "totals"), &ret_fleet->totals);
    ret_fleet->submitted_per_s = tui_json_real(rates, "submitted_per_s");
    ret_fleet->done_per_s = tui_json_real(rates, "done_per_s");
    for (size_t i = 0; i < TUI_SPAN_COUNT; i++)
        parse_latency(tui_json_object(latency, tui_span_names[i]), &ret_fleet->latency[i]);
    parse_caches(tui_json_object(root, "caches"), ret_fleet);
}

static void parse_device(const cJSON *object, struct tui_device *ret_device)
{
    ret_device->index = (uint32_t)tui_json_integer(object, "index", UINT32_MAX);
    tui_json_text(object, "id", ret_device->id, sizeof(ret_device->id));
    tui_json_text(object, "name", ret_device->name, sizeof(ret_device->name));
    tui_json_text(object, "driver", ret_device->driver, sizeof(ret_device->driver));
    tui_json_text(object, "family", ret_device->family, sizeof(ret_device->family));
    tui_json_text(object, "state", ret_device->state, sizeof(ret_device->state));
    tui_json_text(object, "reason", ret_device->reason, sizeof(ret_device->reason));
    ret_device->memory_bytes = integer(object, "memory_bytes");
    ret_device->memory_used_bytes = integer(object, "memory_used_bytes");
    ret_device->compute_units = (uint32_t)tui_json_integer(object, "compute_units", UINT32_MAX);
    ret_device->fp16 = tui_json_flag(object, "fp16");
    ret_device->fp64 = tui_json_flag(object, "fp64");
    ret_device->busy = tui_json_real(object, "busy");
    ret_device->restarts = integer(object, "restarts");
    ret_device->batches = integer(object, "batches");
    ret_device->jobs = integer(object, "jobs");
}

static void parse_batch(const cJSON *object, struct tui_batch *ret_batch)
{
    tui_json_text(object, "model", ret_batch->model, sizeof(ret_batch->model));
    ret_batch->device = (uint32_t)tui_json_integer(object, "device", UINT32_MAX);
    ret_batch->rows = integer(object, "rows");
    ret_batch->rows_per_s = tui_json_real(object, "rows_per_s");
}

static void parse_lists(const cJSON *object, struct tui_parse_pools *pools,
                        struct tui_agent *ret_agent)
{
    const cJSON *devices = tui_json_array(object, "devices");
    const cJSON *models = tui_json_array(object, "models");
    const cJSON *batches = tui_json_array(object, "batch");
    const cJSON *at = devices ? devices->child : NULL;

    ret_agent->devices = pools->devices;
    ret_agent->device_count = tui_json_count(devices, TUI_DEVICES_MAX);
    for (size_t i = 0; i < ret_agent->device_count; i++, at = at->next)
        parse_device(at, pools->devices++);
    ret_agent->models = (const char(*)[TUI_NAME_SIZE])pools->models;
    ret_agent->model_count = tui_json_count(models, TUI_MODELS_MAX);
    at = models ? models->child : NULL;
    for (size_t i = 0; i < ret_agent->model_count; i++, at = at->next)
        tui_text_clean(*pools->models++, TUI_NAME_SIZE,
                       cJSON_IsString(at) ? at->valuestring : NULL);
    ret_agent->batches = pools->batches;
    ret_agent->batch_count = tui_json_count(batches, TUI_BATCHES_MAX);
    at = batches ? batches->child : NULL;
    for (size_t i = 0; i < ret_agent->batch_count; i++, at = at->next)
        parse_batch(at, pools->batches++);
}

bool tui_parse_agent(const cJSON *object, struct tui_parse_pools *pools,
                     struct tui_agent *ret_agent)
{
    tui_json_text(object, "name", ret_agent->name, sizeof(ret_agent->name));
    if (ret_agent->name[0] == 0)
        return false;
    tui_json_text(object, "state", ret_agent->state, sizeof(ret_agent->state));
    tui_json_text(object, "reason", ret_agent->reason, sizeof(ret_agent->reason));
    tui_json_text(object, "address", ret_agent->address, sizeof(ret_agent->address));
    tui_json_text(object, "version", ret_agent->version, sizeof(ret_agent->version));
    ret_agent->seen_ms_ago = integer(object, "seen_ms_ago");
    ret_agent->connected_ms = integer(object, "connected_ms");
    ret_agent->rtt_us = integer(object, "rtt_us");
    ret_agent->credit = integer(object, "credit");
    ret_agent->queued = integer(object, "queued");
    ret_agent->assigned = integer(object, "assigned");
    ret_agent->running = integer(object, "running");
    ret_agent->done = integer(object, "done");
    ret_agent->failed = integer(object, "failed");
    ret_agent->requeued = integer(object, "requeued");
    ret_agent->done_per_s = tui_json_real(object, "done_per_s");
    ret_agent->p50_us = integer(object, "p50_us");
    ret_agent->p95_us = integer(object, "p95_us");
    ret_agent->rss_bytes = integer(object, "rss_bytes");
    ret_agent->cpu = tui_json_real(object, "cpu");
    parse_lists(object, pools, ret_agent);
    return true;
}

void tui_parse_operation(const cJSON *object, struct tui_operation *ret_operation)
{
    const cJSON *blockers = tui_json_array(object, "blockers");
    const cJSON *at = blockers ? blockers->child : NULL;

    ret_operation->id = integer(object, "id");
    tui_json_text(object, "kind", ret_operation->kind, sizeof(ret_operation->kind));
    tui_json_text(object, "target", ret_operation->target, sizeof(ret_operation->target));
    tui_json_text(object, "state", ret_operation->state, sizeof(ret_operation->state));
    tui_json_text(object, "by", ret_operation->by, sizeof(ret_operation->by));
    tui_json_text(object, "reason", ret_operation->reason, sizeof(ret_operation->reason));
    tui_json_text(object, "text", ret_operation->text, sizeof(ret_operation->text));
    ret_operation->started_ms = integer(object, "started_ms");
    ret_operation->deadline_ms = integer(object, "deadline_ms");
    ret_operation->expected_end_ms = integer(object, "expected_end_ms");
    ret_operation->parts = integer(object, "agents_total") + integer(object, "moves");
    ret_operation->parts_done = integer(object, "agents_done") + integer(object, "moved");
    ret_operation->remaining = integer(object, "remaining");
    ret_operation->requeued = integer(object, "requeued");
    ret_operation->safe_to_remove = tui_json_flag(object, "safe_to_remove");
    ret_operation->blocker_count = tui_json_count(blockers, TUI_BLOCKERS_MAX);
    for (size_t i = 0; i < ret_operation->blocker_count; i++, at = at->next) {
        struct tui_blocker *blocker = &ret_operation->blockers[i];
        blocker->job = integer(at, "job");
        tui_json_text(at, "model", blocker->model, sizeof(blocker->model));
        blocker->running_ms = integer(at, "running_ms");
        blocker->expected_ms = integer(at, "expected_ms");
        blocker->left_ms = integer(at, "left_ms");
        blocker->has_left = cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(at, "left_ms"));
    }
}

void tui_parse_event(const cJSON *object, struct tui_event *ret_event)
{
    ret_event->seq = integer(object, "seq");
    ret_event->time_ms = integer(object, "time_ms");
    ret_event->job = integer(object, "job");
    tui_json_text(object, "kind", ret_event->kind, sizeof(ret_event->kind));
    tui_json_text(object, "severity", ret_event->severity, sizeof(ret_event->severity));
    tui_json_text(object, "agent", ret_event->agent, sizeof(ret_event->agent));
    tui_json_text(object, "text", ret_event->text, sizeof(ret_event->text));
}

void tui_parse_job_fields(const cJSON *object, struct tui_job *ret_job)
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
    for (size_t i = 0; i < TUI_SPAN_COUNT; i++)
        ret_job->timing_us[i] = integer(timing, tui_span_names[i]);
    tui_json_text(error, "code", ret_job->error_code, sizeof(ret_job->error_code));
    tui_json_text(error, "message", ret_job->error_message, sizeof(ret_job->error_message));
}

void tui_parse_step(const cJSON *object, struct tui_job_step *ret_step)
{
    ret_step->time_ms = integer(object, "time_ms");
    ret_step->attempt = integer(object, "attempt");
    tui_json_text(object, "state", ret_step->state, sizeof(ret_step->state));
    tui_json_text(object, "agent", ret_step->agent, sizeof(ret_step->agent));
    tui_json_text(object, "text", ret_step->text, sizeof(ret_step->text));
}

void tui_parse_move(const cJSON *object, struct tui_move *ret_move)
{
    ret_move->job = integer(object, "job");
    tui_json_text(object, "model", ret_move->model, sizeof(ret_move->model));
    tui_json_text(object, "state", ret_move->state, sizeof(ret_move->state));
}

void tui_parse_refusal(const cJSON *root, struct tui_refusal *ret_refusal)
{
    const cJSON *error = tui_json_object(root, "error");

    tui_json_text(error, "code", ret_refusal->code, sizeof(ret_refusal->code));
    tui_json_text(error, "message", ret_refusal->message, sizeof(ret_refusal->message));
    tui_json_text(error, "hint", ret_refusal->hint, sizeof(ret_refusal->hint));
}
