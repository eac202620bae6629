#include "model/parse_part.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
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
        cache->evictions = tui_json_real(at, "evictions");
        cache->bytes = tui_json_real(at, "bytes");
        cache->entries = tui_json_real(at, "entries");
    }
}

/* Pairs of a bucket's bound and its count, in whatever buckets the coordinator counts. */
static void parse_hist(const cJSON *array, struct tui_hist *ret_hist)
{
    const cJSON *pair;

    cJSON_ArrayForEach(pair, array)
    {
        const cJSON *upper = cJSON_GetArrayItem(pair, 0);
        const cJSON *count = cJSON_GetArrayItem(pair, 1);
        if (!cJSON_IsNumber(upper) || !cJSON_IsNumber(count) || !(upper->valuedouble >= 0) ||
            !(count->valuedouble >= 1))
            continue;
        uint64_t us = (uint64_t)fmin(upper->valuedouble, (double)TUI_INTEGER_MAX);
        uint32_t *bucket = &ret_hist->buckets[tui_hist_bucket(us)];
        uint32_t room = UINT32_MAX - *bucket;
        *bucket += count->valuedouble < (double)room ? (uint32_t)count->valuedouble : room;
    }
    ret_hist->count = 0;
    for (size_t i = 0; i < TUI_HIST_BUCKETS; i++)
        ret_hist->count += ret_hist->buckets[i];
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
    parse_hist(tui_json_array(root, "latency_histogram"), &ret_fleet->hist);
    ret_fleet->slo_p99_us = integer(tui_json_object(root, "slo"), "latency_p99_us");
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
    ret_device->copy = tui_json_real(object, "copy");
    ret_device->kernels_per_s = tui_json_real(object, "kernels_per_s");
    ret_device->temperature_c = tui_json_real(object, "temperature_c");
    ret_device->power_w = tui_json_real(object, "power_w");
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

static void parse_resident(const cJSON *object, struct tui_resident *ret_resident)
{
    tui_json_text(object, "model", ret_resident->model, sizeof(ret_resident->model));
    tui_json_text(object, "state", ret_resident->state, sizeof(ret_resident->state));
    ret_resident->device = tui_json_index(object, "device");
    ret_resident->bytes = integer(object, "bytes");
    ret_resident->load_ms = tui_json_real(object, "load_ms");
    ret_resident->pinned = tui_json_flag(object, "pinned");
}

/* The lists of an agent, cut out of one block. */
struct lists {
    struct tui_device *devices;
    struct tui_batch *batches;
    struct tui_resident *residents;
    char (*models)[TUI_NAME_SIZE];
};

static bool allocate_lists(struct tui_agent *agent, struct lists *ret_lists)
{
    size_t devices = agent->device_count * sizeof(struct tui_device);
    size_t batches = agent->batch_count * sizeof(struct tui_batch);
    size_t residents = agent->resident_count * sizeof(struct tui_resident);
    char *block = calloc(1, devices + batches + residents + agent->model_count * TUI_NAME_SIZE + 1);

    if (!block)
        return false;
    /* Texts, which may stand anywhere, come last. */
    *ret_lists = (struct lists){
        .devices = (struct tui_device *)(void *)block,
        .batches = (struct tui_batch *)(void *)(block + devices),
        .residents = (struct tui_resident *)(void *)(block + devices + batches),
        .models = (char(*)[TUI_NAME_SIZE])(block + devices + batches + residents),
    };
    agent->lists = block;
    agent->devices = ret_lists->devices;
    agent->batches = ret_lists->batches;
    agent->residents = ret_lists->residents;
    agent->models = (const char(*)[TUI_NAME_SIZE])ret_lists->models;
    return true;
}

static bool parse_lists(const cJSON *object, struct tui_agent *ret_agent)
{
    const cJSON *devices = tui_json_array(object, "devices");
    const cJSON *models = tui_json_array(object, "models");
    const cJSON *batches = tui_json_array(object, "batch");
    const cJSON *residents = tui_json_array(object, "resident");
    const cJSON *at = devices ? devices->child : NULL;
    struct lists lists;

    ret_agent->device_count = tui_json_count(devices, TUI_DEVICES_MAX);
    ret_agent->model_count = tui_json_count(models, TUI_MODELS_MAX);
    ret_agent->batch_count = tui_json_count(batches, TUI_BATCHES_MAX);
    ret_agent->resident_count = tui_json_count(residents, TUI_RESIDENTS_MAX);
    if (!allocate_lists(ret_agent, &lists))
        return false;
    for (size_t i = 0; i < ret_agent->device_count; i++, at = at->next)
        parse_device(at, &lists.devices[i]);
    at = models ? models->child : NULL;
    for (size_t i = 0; i < ret_agent->model_count; i++, at = at->next)
        tui_text_clean(lists.models[i], TUI_NAME_SIZE, cJSON_IsString(at) ? at->valuestring : NULL);
    at = batches ? batches->child : NULL;
    for (size_t i = 0; i < ret_agent->batch_count; i++, at = at->next)
        parse_batch(at, &lists.batches[i]);
    at = residents ? residents->child : NULL;
    for (size_t i = 0; i < ret_agent->resident_count; i++, at = at->next) {
        parse_resident(at, &lists.residents[i]);
        ret_agent->pinned += lists.residents[i].pinned;
    }
    return true;
}

bool tui_parse_agent(const cJSON *object, struct tui_agent *ret_agent)
{
    const cJSON *error = tui_json_object(object, "last_error");

    tui_json_text(object, "name", ret_agent->name, sizeof(ret_agent->name));
    if (ret_agent->name[0] == 0)
        return true;
    tui_json_text(object, "state", ret_agent->state, sizeof(ret_agent->state));
    tui_json_text(object, "reason", ret_agent->reason, sizeof(ret_agent->reason));
    tui_json_text(object, "address", ret_agent->address, sizeof(ret_agent->address));
    tui_json_text(object, "version", ret_agent->version, sizeof(ret_agent->version));
    ret_agent->seen_ms_ago = integer(object, "seen_ms_ago");
    tui_json_text(object, "instance", ret_agent->instance, sizeof(ret_agent->instance));
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
    ret_agent->error_ms = integer(error, "time_ms");
    tui_json_text(error, "text", ret_agent->error, sizeof(ret_agent->error));
    return parse_lists(object, ret_agent);
}

void tui_parse_model_id(const char *name, uint64_t version, char ret_id[TUI_NAME_SIZE])
{
    char id[TUI_NAME_SIZE + 16];

    snprintf(id, sizeof(id), "%s:%llu", name, (unsigned long long)version);
    tui_text_clean(ret_id, TUI_NAME_SIZE, id);
}

void tui_parse_served(const cJSON *object, struct tui_served *ret_model)
{
    const cJSON *mean = tui_json_object(object, "mean_us");

    tui_json_text(object, "name", ret_model->name, sizeof(ret_model->name));
    if (ret_model->name[0] == 0)
        return;
    ret_model->version = tui_json_integer(object, "version", UINT32_MAX);
    tui_parse_model_id(ret_model->name, ret_model->version, ret_model->id);
    ret_model->queued = integer(object, "queued");
    ret_model->running = integer(object, "running");
    ret_model->done = integer(object, "done");
    ret_model->failed = integer(object, "failed");
    ret_model->hits = integer(object, "hits");
    ret_model->misses = integer(object, "misses");
    ret_model->bytes = integer(object, "bytes");
    ret_model->done_per_s = tui_json_real(object, "done_per_s");
    ret_model->load_ms = tui_json_real(object, "load_ms");
    for (size_t i = 0; i < TUI_SPAN_COUNT; i++)
        ret_model->mean_us[i] = tui_json_real(mean, tui_span_names[i]);
    parse_latency(tui_json_object(object, "latency_us"), &ret_model->total);
}

static void parse_operation_parts(const cJSON *object, struct tui_operation *ret_operation)
{
    const cJSON *agents = tui_json_array(object, "agents");
    const cJSON *tune = tui_json_object(object, "tune");
    const cJSON *at = agents ? agents->child : NULL;

    ret_operation->parts = integer(object, "agents_total") + integer(object, "moves") +
                           integer(tune, "candidates");
    ret_operation->parts_done = integer(object, "agents_done") + integer(object, "moved") +
                                integer(tune, "measured");
    ret_operation->stayed = integer(object, "stayed");
    ret_operation->before_us = integer(tune, "before_us");
    ret_operation->after_us = integer(tune, "after_us");
    ret_operation->agent_count = tui_json_count(agents, TUI_OPERATION_AGENTS_MAX);
    for (size_t i = 0; i < ret_operation->agent_count; i++, at = at->next) {
        struct tui_operation_agent *agent = &ret_operation->agents[i];
        tui_json_text(at, "agent", agent->name, sizeof(agent->name));
        tui_json_text(at, "step", agent->step, sizeof(agent->step));
        agent->drain = integer(at, "drain");
    }
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
    ret_operation->finished_ms = integer(object, "finished_ms");
    ret_operation->parent = integer(object, "parent");
    parse_operation_parts(object, ret_operation);
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

void tui_parse_refusal(const cJSON *root, struct tui_refusal *ret_refusal)
{
    const cJSON *error = tui_json_object(root, "error");

    tui_json_text(error, "code", ret_refusal->code, sizeof(ret_refusal->code));
    tui_json_text(error, "message", ret_refusal->message, sizeof(ret_refusal->message));
    tui_json_text(error, "hint", ret_refusal->hint, sizeof(ret_refusal->hint));
}
