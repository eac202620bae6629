// The objects of docs/control.md.
#include <stdio.h>
#include <string.h>

#include "agent/coordinator/io.h"
#include "agent/core/placement/coord_explain.h"

double agent_io_ms(int64_t us)
{
    return (double)(us / 1000);
}

static void add_text(cJSON *object, const char *name, const char *text)
{
    cJSON_AddStringToObject(object, name, text != NULL ? text : "");
}

static void add_number(cJSON *object, const char *name, double value)
{
    cJSON_AddNumberToObject(object, name, value);
}

static void add_error(cJSON *object, const char *code, const char *text)
{
    cJSON *error = cJSON_AddObjectToObject(object, "error");
    add_text(error, "code", code);
    add_text(error, "message", text);
}

cJSON *agent_io_json_job(struct agent_coordinator *c, const struct agent_job_view *job)
{
    (void)c;
    cJSON *json = cJSON_CreateObject();
    add_number(json, "id", (double)job->id);
    add_text(json, "state", agent_job_state_name(job->state));
    add_text(json, "model", job->model);
    add_number(json, "version", job->version);
    add_text(json, "agent", job->agent);
    add_number(json, "device", job->device == AGENT_NO_DEVICE ? -1 : job->device);
    add_number(json, "priority", job->priority);
    add_number(json, "attempt", job->attempts);
    add_number(json, "attempts_max", job->attempts_max);
    add_number(json, "submitted_ms", agent_io_ms(job->submitted_us));
    add_number(json, "started_ms", agent_io_ms(job->started_us));
    add_number(json, "finished_ms", agent_io_ms(job->finished_us));
    add_number(json, "deadline_ms", agent_io_ms(job->deadline_us));
    add_text(json, "key", job->key);
    add_text(json, "tenant", job->tenant);
    add_number(json, "rows", job->rows);
    add_number(json, "batch", job->batch);
    cJSON *timing = cJSON_AddObjectToObject(json, "timing_us");
    add_number(timing, "total", (double)job->timing.total_us);
    add_number(timing, "queue", (double)job->timing.queue_us);
    add_number(timing, "load", job->timing.load_us);
    add_number(timing, "compute", job->timing.compute_us);
    add_number(timing, "copy", job->timing.copy_us);
    add_error(json, job->error_code, job->error_text);
    cJSON_AddBoolToObject(json, "cached", job->cached);
    return json;
}

// Copies members of what the agent reported, where they are of the right type.
static void copy_members(cJSON *to, const cJSON *from, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(from, names[i]);
        if (item != NULL && !cJSON_HasObjectItem(to, names[i]) &&
            (cJSON_IsNumber(item) || cJSON_IsString(item) || cJSON_IsBool(item)))
            cJSON_AddItemToObject(to, names[i], cJSON_Duplicate(item, false));
    }
}

static void add_devices(cJSON *json, const struct io_link *link)
{
    static const char *const fixed[] = {
        "index", "id", "name", "driver", "family", "memory_bytes", "compute_units", "fp16", "fp64"};
    static const char *const live[] = {"state",   "reason", "memory_used_bytes", "busy", "restarts",
                                       "batches", "jobs"};
    cJSON *devices = cJSON_AddArrayToObject(json, "devices");
    if (link == NULL)
        return;
    const cJSON *now = cJSON_GetObjectItemCaseSensitive(agent_io_telemetry_of(link), "devices");
    const cJSON *device;
    int index = 0;
    cJSON_ArrayForEach(device,
                       cJSON_GetObjectItemCaseSensitive(agent_io_capabilities_of(link), "devices"))
    {
        cJSON *out = cJSON_CreateObject();
        copy_members(out, device, fixed, sizeof fixed / sizeof fixed[0]);
        copy_members(out, cJSON_GetArrayItem(now, index), live, sizeof live / sizeof live[0]);
        if (!cJSON_HasObjectItem(out, "state"))
            add_text(out, "state", "starting");
        cJSON_AddItemToArray(devices, out);
        index++;
    }
}

static void add_models_of(struct agent_coordinator *c, cJSON *json,
                          const struct agent_agent_view *agent)
{
    cJSON *models = cJSON_AddArrayToObject(json, "models");
    const struct agent_model *model;
    for (size_t i = 0; (model = agent_model_set_at(c->models, i)) != NULL; i++) {
        if (agent_coord_model_on(c->core, model->hash, agent->name) != AGENT_MODEL_RESIDENT)
            continue;
        char text[AGENT_MODEL_NAME_MAX + 16];
        snprintf(text, sizeof text, "%s:%u", model->name, model->version);
        cJSON_AddItemToArray(models, cJSON_CreateString(text));
    }
}

void agent_io_json_batch(cJSON *list, const cJSON *model, const char *key, const char *value)
{
    static const char *const members[] = {"device", "rows", "rows_per_s"};
    const cJSON *from = cJSON_GetObjectItemCaseSensitive(model, "batch");
    const cJSON *item;
    int count = 0;
    cJSON_ArrayForEach(item, from)
    {
        if (count++ == IO_DEVICES_MAX)
            return;
        bool sound = true;
        for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
            sound = sound && cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(item, members[i]));
        if (!sound)
            continue;
        cJSON *out = cJSON_CreateObject();
        add_text(out, key, value);
        copy_members(out, item, members, sizeof members / sizeof members[0]);
        cJSON_AddItemToArray(list, out);
    }
}

static void add_batches_of(struct agent_coordinator *c, cJSON *json, const struct io_link *link)
{
    cJSON *list = cJSON_AddArrayToObject(json, "batch");
    const cJSON *models =
        link != NULL ? cJSON_GetObjectItemCaseSensitive(agent_io_telemetry_of(link), "models")
                     : NULL;
    const cJSON *at;
    cJSON_ArrayForEach(at, models)
    {
        uint8_t hash[AGENT_HASH_SIZE];
        const cJSON *hex = cJSON_GetObjectItemCaseSensitive(at, "hash");
        if (!cJSON_IsString(hex) || !agent_io_hash_parse(hex->valuestring, hash))
            continue;
        const struct agent_model *model = agent_model_set_find_hash(c->models, hash);
        if (model == NULL)
            continue;
        char text[AGENT_MODEL_NAME_MAX + 16];
        snprintf(text, sizeof text, "%s:%u", model->name, model->version);
        agent_io_json_batch(list, at, "model", text);
    }
}

static void add_agent_load(struct agent_coordinator *c, cJSON *json,
                           const struct agent_agent_view *agent, const struct io_link *link)
{
    const cJSON *telemetry = link != NULL ? agent_io_telemetry_of(link) : NULL;
    const cJSON *queued = cJSON_GetObjectItemCaseSensitive(telemetry, "queued");
    struct io_agent_stats *stats = agent_io_agent_stats(c, agent->name);
    struct agent_hist hist = {0};
    if (stats != NULL)
        agent_window_merge(&stats->total, agent_io_now_us(c), &hist);
    add_number(json, "credit", agent->credit);
    add_number(json, "queued", cJSON_IsNumber(queued) ? queued->valuedouble : 0);
    add_number(json, "assigned", agent->assigned);
    add_number(json, "running", agent->running);
    add_number(json, "revoked", agent->revoked);
    add_number(json, "done", (double)agent->done);
    add_number(json, "failed", (double)agent->failed);
    add_number(json, "requeued", (double)agent->requeued);
    // Over the same seconds as the cluster's rate, so that they add up to it.
    add_number(json, "done_per_s",
               stats != NULL ? agent_rate_per_s(&stats->done, agent_io_now_us(c)) : 0);
    add_number(json, "p50_us", (double)agent_hist_percentile(&hist, 50));
    add_number(json, "p95_us", (double)agent_hist_percentile(&hist, 95));
}

cJSON *agent_io_json_agent(struct agent_coordinator *c, const struct agent_agent_view *agent)
{
    static const char *const live[] = {"rss_bytes", "cpu"};
    struct io_link *link = agent->connected ? agent_io_link(c, agent->link) : NULL;
    char instance[2 * NET_INSTANCE_SIZE + 1];
    cJSON *json = cJSON_CreateObject();
    add_text(json, "name", agent->name);
    add_number(json, "id", agent->id);
    agent_io_instance_hex(agent->instance, instance);
    add_text(json, "instance", instance);
    add_text(json, "state", agent->state);
    add_text(json, "reason", agent->reason);
    const char *peer = link != NULL ? net_link_peer(link->net) : "";
    const char *scheme = strstr(peer, "://");
    add_text(json, "address", scheme != NULL ? scheme + 3 : peer);
    add_text(json, "version", link != NULL ? link->version : "");
    int64_t silent = agent->heard_us != 0 ? agent_io_now_us(c) - agent->heard_us : 0;
    add_number(json, "seen_ms_ago", agent_io_ms(silent > 0 ? silent : 0));
    add_number(json, "rtt_us", link != NULL ? link->rtt_us : 0);
    add_number(json, "connected_ms", agent_io_ms(agent->connected_us));
    add_agent_load(c, json, agent, link);
    add_models_of(c, json, agent);
    add_batches_of(c, json, link);
    add_devices(json, link);
    if (link != NULL)
        copy_members(json, agent_io_telemetry_of(link), live, sizeof live / sizeof live[0]);
    return json;
}

// ---- snapshot

static void add_latency(cJSON *latency, const char *name, struct agent_window *window, int64_t now)
{
    struct agent_hist hist;
    agent_window_merge(window, now, &hist);
    cJSON *json = cJSON_AddObjectToObject(latency, name);
    add_number(json, "count", (double)hist.count);
    add_number(json, "p50", (double)agent_hist_percentile(&hist, 50));
    add_number(json, "p95", (double)agent_hist_percentile(&hist, 95));
    add_number(json, "p99", (double)agent_hist_percentile(&hist, 99));
    add_number(json, "max", (double)hist.max);
}

static void add_totals(cJSON *snapshot, const struct agent_totals *totals, size_t devices)
{
    cJSON *json = cJSON_AddObjectToObject(snapshot, "totals");
    add_number(json, "agents", totals->agents);
    add_number(json, "agents_ready", totals->agents_ready);
    add_number(json, "devices", (double)devices);
    add_number(json, "queued", totals->queued);
    add_number(json, "assigned", totals->assigned);
    add_number(json, "running", totals->running);
    add_number(json, "kept", totals->kept);
    add_number(json, "submitted", (double)totals->submitted);
    add_number(json, "done", (double)totals->done);
    add_number(json, "failed", (double)totals->failed);
    add_number(json, "cancelled", (double)totals->cancelled);
    add_number(json, "expired", (double)totals->expired);
    add_number(json, "requeued", (double)totals->requeued);
    add_number(json, "stale", (double)totals->stale);
    add_number(json, "input_bytes", (double)totals->input_bytes);
    add_number(json, "output_bytes", (double)totals->output_bytes);
}

static double member(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static cJSON *add_cache(cJSON *caches, const char *name, double hits, double misses)
{
    cJSON *cache = cJSON_AddObjectToObject(caches, name);
    add_number(cache, "hits", hits);
    add_number(cache, "misses", misses);
    return cache;
}

static size_t add_caches(const struct agent_coordinator *c, cJSON *snapshot)
{
    double model_hits = 0, model_misses = 0, program_hits = 0, program_misses = 0;
    size_t devices = 0;
    for (size_t i = 0; i < c->n_links; i++) {
        const struct io_link *link = c->link_list[i];
        const cJSON *caches =
            cJSON_GetObjectItemCaseSensitive(agent_io_telemetry_of(link), "caches");
        const cJSON *model = cJSON_GetObjectItemCaseSensitive(caches, "model");
        model_hits += member(model, "hits");
        model_misses += member(model, "misses");
        const cJSON *device;
        cJSON_ArrayForEach(device,
                           cJSON_GetObjectItemCaseSensitive(agent_io_telemetry_of(link), "devices"))
        {
            const cJSON *program = cJSON_GetObjectItemCaseSensitive(device, "program");
            program_hits += member(program, "hits");
            program_misses += member(program, "misses");
        }
        if (link->welcomed && !link->closing)
            devices += (size_t)cJSON_GetArraySize(
                cJSON_GetObjectItemCaseSensitive(agent_io_capabilities_of(link), "devices"));
    }
    struct agent_caches core;
    agent_coord_caches(c->core, &core);
    cJSON *caches = cJSON_AddObjectToObject(snapshot, "caches");
    cJSON *model = add_cache(caches, "model", model_hits, model_misses);
    add_number(model, "evictions", (double)core.model_evictions);
    add_number(model, "bytes", (double)core.model_bytes);
    add_number(model, "prefetches", (double)core.prefetches);
    add_number(model, "prefetch_hits", (double)core.prefetch_hits);
    add_cache(caches, "sticky", (double)core.sticky.hits, (double)core.sticky.misses);
    add_cache(caches, "program", program_hits, program_misses);
    add_cache(caches, "capability", (double)core.capability.hits, (double)core.capability.misses);
    struct agent_response_stats responses = agent_response_cache_stats(c->responses);
    cJSON *response =
        add_cache(caches, "response", (double)responses.hits, (double)responses.misses);
    add_number(response, "evictions", (double)responses.evictions);
    add_number(response, "bytes", (double)responses.bytes);
    add_number(response, "entries", (double)responses.entries);
    return devices;
}

static void add_ledger(struct agent_coordinator *c, cJSON *snapshot,
                       const struct agent_totals *totals)
{
    struct agent_ledger_stats stats;
    agent_ledger_stats(c->ledger, &stats);
    cJSON *ledger = cJSON_AddObjectToObject(snapshot, "ledger");
    bool none = agent_ledger_durability(c->ledger) == AGENT_DURABILITY_NONE;
    const char *state = totals->ledger_ok ? "ok" : totals->ledger_damaged ? "damaged" : "failed";
    add_text(ledger, "state", none ? "none" : state);
    add_text(ledger, "error", totals->ledger_error);
    add_number(ledger, "commits", (double)stats.commits);
    add_number(ledger, "bytes", (double)stats.bytes);
}

static void add_lists(struct agent_coordinator *c, cJSON *snapshot)
{
    cJSON *agents = cJSON_AddArrayToObject(snapshot, "agents");
    struct agent_agent_view agent;
    for (uint32_t i = 0; agent_coord_agent_at(c->core, i, &agent); i++)
        cJSON_AddItemToArray(agents, agent_io_json_agent(c, &agent));
    cJSON *operations = cJSON_AddArrayToObject(snapshot, "operations");
    struct agent_operation_view operation;
    // What runs, and the last few that have ended.
    for (uint32_t i = 0; agent_coord_operation_at(c->core, i, &operation); i++) {
        if (i < 16 || !operation.finished)
            cJSON_AddItemToArray(operations, agent_io_json_operation(c, &operation));
    }
}

cJSON *agent_io_json_snapshot(struct agent_coordinator *c, bool everything)
{
    int64_t now = agent_io_now_us(c);
    struct agent_totals totals;
    agent_coord_totals(c->core, &totals);
    cJSON *json = cJSON_CreateObject();
    add_number(json, "time_ms", agent_io_ms(now));
    add_number(json, "epoch", (double)c->epoch);
    add_number(json, "event_seq", (double)c->event_seq);
    add_text(json, "cluster", c->options.cluster);
    add_text(json, "version", STOKER_VERSION);
    add_number(json, "uptime_ms", agent_io_ms(now - c->started_us));
    add_text(json, "strategy", totals.strategy);
    add_text(json, "state", totals.stopping ? "stopping" : "running");
    add_ledger(c, json, &totals);
    add_totals(json, &totals, add_caches(c, json));
    cJSON *rates = cJSON_AddObjectToObject(json, "rates");
    add_number(rates, "submitted_per_s", agent_rate_per_s(&c->stats.submitted, now));
    add_number(rates, "done_per_s", agent_rate_per_s(&c->stats.done, now));
    cJSON *latency = cJSON_AddObjectToObject(json, "latency_us");
    add_latency(latency, "total", &c->stats.total, now);
    add_latency(latency, "queue", &c->stats.queue, now);
    add_latency(latency, "load", &c->stats.load, now);
    add_latency(latency, "compute", &c->stats.compute, now);
    add_latency(latency, "copy", &c->stats.copy, now);
    if (everything)
        add_lists(c, json);
    return json;
}
