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
    static const char *const live[] = {
        "state",   "reason", "memory_used_bytes", "busy",          "copy",   "restarts",
        "batches", "jobs",   "kernels_per_s",     "temperature_c", "power_w"};
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

// A model on one device, or on the way to the agent.
static void add_place(cJSON *list, const char *id, const cJSON *told, const cJSON *device,
                      bool pinned)
{
    const cJSON *state = cJSON_GetObjectItemCaseSensitive(told, "state");
    const cJSON *load_us = cJSON_GetObjectItemCaseSensitive(told, "load_us");
    const cJSON *bytes = cJSON_GetObjectItemCaseSensitive(told, "memory_bytes");
    cJSON *place = cJSON_CreateObject();
    add_text(place, "model", id);
    if (device != NULL)
        add_number(place, "device", device->valuedouble);
    add_text(place, "state", cJSON_GetStringValue(state));
    add_number(place, "bytes", cJSON_IsNumber(bytes) ? bytes->valuedouble : 0);
    if (cJSON_IsNumber(load_us) && load_us->valuedouble > 0)
        add_number(place, "load_ms", load_us->valuedouble / 1000);
    cJSON_AddBoolToObject(place, "pinned", pinned);
    cJSON_AddItemToArray(list, place);
}

static void add_places_of(struct agent_coordinator *c, cJSON *json,
                          const struct agent_agent_view *agent, const struct io_link *link)
{
    cJSON *list = cJSON_AddArrayToObject(json, "resident");
    const cJSON *models =
        link != NULL ? cJSON_GetObjectItemCaseSensitive(agent_io_telemetry_of(link), "models")
                     : NULL;
    const cJSON *told, *device;
    int count = 0;
    cJSON_ArrayForEach(told, models)
    {
        uint8_t hash[AGENT_HASH_SIZE];
        const cJSON *hex = cJSON_GetObjectItemCaseSensitive(told, "hash");
        if (!cJSON_IsString(hex) || !agent_io_hash_parse(hex->valuestring, hash))
            continue;
        const struct agent_model *model = agent_model_set_find_hash(c->models, hash);
        if (model == NULL)
            continue;
        char id[AGENT_MODEL_NAME_MAX + 16];
        bool pinned = agent_coord_pinned(c->core, hash, agent->name);
        const cJSON *devices = cJSON_GetObjectItemCaseSensitive(told, "devices");
        snprintf(id, sizeof id, "%s:%u", model->name, model->version);
        if (cJSON_GetArraySize(devices) == 0 && count++ < IO_PLACES_MAX)
            add_place(list, id, told, NULL, pinned);
        cJSON_ArrayForEach(device, devices)
        {
            if (cJSON_IsNumber(device) && count++ < IO_PLACES_MAX)
                add_place(list, id, told, device, pinned);
        }
    }
}

static void add_last_error(struct agent_coordinator *c, cJSON *json, const char *agent)
{
    const struct io_agent_error *error = agent_io_agent_error(c, agent);
    if (error == NULL)
        return;
    cJSON *object = cJSON_AddObjectToObject(json, "last_error");
    add_number(object, "time_ms", agent_io_ms(error->time_us));
    add_text(object, "text", error->text);
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
    add_places_of(c, json, agent, link);
    add_last_error(c, json, agent->name);
    add_devices(json, link);
    if (link != NULL)
        copy_members(json, agent_io_telemetry_of(link), live, sizeof live / sizeof live[0]);
    return json;
}
