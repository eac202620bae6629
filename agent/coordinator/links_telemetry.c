// What agents say about themselves: JSON, kept as it came and checked where it is used.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/coordinator/io.h"

uint32_t agent_io_credit_of(const cJSON *capabilities)
{
    const cJSON *credit = cJSON_GetObjectItemCaseSensitive(capabilities, "credit");
    if (!cJSON_IsNumber(credit) || credit->valuedouble < 0 || credit->valuedouble > 65536)
        return 1;
    return (uint32_t)credit->valuedouble;
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text != NULL ? text : "";
}

static double number_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

// A count of bytes that a JSON number can be trusted with.
static uint64_t bytes_of(const cJSON *object, const char *name)
{
    double value = number_of(object, name);
    return value > 0 && value < 9e15 ? (uint64_t)value : 0;
}

uint32_t agent_io_devices_of(const cJSON *capabilities, struct agent_device_info **ret_devices)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(capabilities, "devices");
    struct agent_device_info *devices = calloc(AGENT_DEVICES_MAX, sizeof *devices);
    uint32_t count = 0;
    const cJSON *device;
    if (devices == NULL)
        return 0;
    cJSON_ArrayForEach(device, list)
    {
        if (count == AGENT_DEVICES_MAX)
            break;
        double units = number_of(device, "compute_units");
        struct agent_device_info *info = &devices[count++];
        *info = (struct agent_device_info){
            .memory_bytes = bytes_of(device, "memory_bytes"),
            .models_bytes_max = bytes_of(device, "models_bytes_max"),
            .compute_units = units > 0 && units < 1e6 ? (uint32_t)units : 0,
            .fp16 = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(device, "fp16")),
            .fp64 = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(device, "fp64")),
        };
        snprintf(info->family, sizeof info->family, "%s", text_of(device, "family"));
    }
    struct agent_device_info *fitted = realloc(devices, (count + 1) * sizeof *devices);
    *ret_devices = fitted != NULL ? fitted : devices;
    return count;
}

// The first agent that has loaded a model tells what it takes and gives.
static void learn_shapes(struct agent_coordinator *c, const char *hash, const cJSON *model)
{
    const cJSON *inputs = cJSON_GetObjectItemCaseSensitive(model, "inputs");
    const cJSON *outputs = cJSON_GetObjectItemCaseSensitive(model, "outputs");
    uint8_t bytes[AGENT_HASH_SIZE];
    if (!cJSON_IsArray(inputs) || !cJSON_IsArray(outputs) || !agent_io_hash_parse(hash, bytes) ||
        cJSON_GetObjectItemCaseSensitive(c->shapes, hash) != NULL ||
        agent_model_set_find_hash(c->models, bytes) == NULL)
        return;
    cJSON *shapes = cJSON_CreateObject();
    cJSON_AddItemToObject(shapes, "inputs", cJSON_Duplicate(inputs, true));
    cJSON_AddItemToObject(shapes, "outputs", cJSON_Duplicate(outputs, true));
    char *text = cJSON_PrintUnformatted(shapes);
    char key[2 * AGENT_HASH_SIZE + 8];
    snprintf(key, sizeof key, "model:%s", hash); // agent_io_hash_parse has seen its length
    if (text != NULL) {
        struct agent_record record = {.kind = AGENT_RECORD_META, .meta = {key, text}};
        agent_ledger_append(c->ledger, 0, &record, NULL);
    }
    cJSON_free(text);
    agent_io_shapes_set(c, hash, shapes);
}

static enum agent_model_state state_of(const char *name)
{
    if (strcmp(name, "resident") == 0)
        return AGENT_MODEL_RESIDENT;
    if (strcmp(name, "fetching") == 0 || strcmp(name, "loading") == 0)
        return AGENT_MODEL_LOADING;
    if (strcmp(name, "failed") == 0)
        return AGENT_MODEL_FAILED;
    return AGENT_MODEL_ABSENT;
}

static void take_models(struct agent_coordinator *c, struct io_link *link, const cJSON *models)
{
    const cJSON *model;
    cJSON_ArrayForEach(model, models)
    {
        uint8_t hash[AGENT_HASH_SIZE];
        const char *hex = text_of(model, "hash");
        if (!agent_io_hash_parse(hex, hash))
            continue;
        learn_shapes(c, hex, model);
        const char *error = text_of(model, "error"), *code = text_of(model, "error_code");
        struct agent_event *event = agent_io_event(c, AGENT_EVENT_MODEL_STATE);
        event->link = link->id;
        event->model.hash = (const uint8_t *)agent_io_scratch(c, (const char *)hash, sizeof hash);
        event->model.state = state_of(text_of(model, "state"));
        event->model.bytes = bytes_of(model, "memory_bytes");
        event->model.load_us = (int64_t)bytes_of(model, "load_us");
        event->model.code = agent_io_scratch(c, code, strlen(code));
        event->model.text = agent_io_scratch(c, error, strlen(error));
    }
}

// Models that were in the list before and are in it no more have left the agent.
static void take_evictions(struct agent_coordinator *c, struct io_link *link, const cJSON *models)
{
    const cJSON *before = cJSON_GetObjectItemCaseSensitive(agent_io_telemetry_of(link), "models");
    const cJSON *old, *model;
    cJSON_ArrayForEach(old, before)
    {
        const char *hex = text_of(old, "hash");
        bool stays = false;
        cJSON_ArrayForEach(model, models)
        {
            if (strcmp(text_of(model, "hash"), hex) == 0)
                stays = true;
        }
        uint8_t hash[AGENT_HASH_SIZE];
        if (stays || !agent_io_hash_parse(hex, hash))
            continue;
        struct agent_event *event = agent_io_event(c, AGENT_EVENT_MODEL_STATE);
        event->link = link->id;
        event->model.hash = (const uint8_t *)agent_io_scratch(c, (const char *)hash, sizeof hash);
        event->model.state = AGENT_MODEL_ABSENT;
        event->model.text = "";
    }
}

static void device_notice(struct agent_coordinator *c, const struct io_link *link,
                          enum agent_notice_kind kind, int index, const char *reason)
{
    char text[AGENT_TEXT_MAX];
    snprintf(text, sizeof text, "device %d%s%.400s", index, reason[0] != '\0' ? ": " : "", reason);
    agent_io_agent_failed(c, link->name, "%s", text);
    agent_io_notice(c, &(struct agent_action){.kind = AGENT_ACTION_NOTICE,
                                              .notice = kind,
                                              .severity = AGENT_NOTICE_WARNING,
                                              .agent = link->name,
                                              .text = text});
}

static void take_devices(struct agent_coordinator *c, struct io_link *link, const cJSON *devices)
{
    const cJSON *before = cJSON_GetObjectItemCaseSensitive(agent_io_telemetry_of(link), "devices");
    const cJSON *device;
    int index = 0;
    uint32_t ready = 0;
    cJSON_ArrayForEach(device, devices)
    {
        const cJSON *old = cJSON_GetArrayItem(before, index);
        const char *state = text_of(device, "state");
        const char *reason = text_of(device, "reason");
        ready += strcmp(state, "ready") == 0 || strcmp(state, "tuning") == 0;
        bool changed = strcmp(state, text_of(old, "state")) != 0;
        if (changed && strcmp(state, "suspect") == 0)
            device_notice(c, link, AGENT_NOTICE_DEVICE_SUSPECT, index, reason);
        if (changed && strcmp(state, "cordoned") == 0)
            device_notice(c, link, AGENT_NOTICE_DEVICE_CORDONED, index, reason);
        if (old != NULL && number_of(device, "restarts") > number_of(old, "restarts"))
            device_notice(c, link, AGENT_NOTICE_DEVICE_RESTARTED, index, reason);
        index++;
    }
    if (index == 0 || ready == link->devices_ready)
        return;
    link->devices_ready = ready;
    struct agent_event *event = agent_io_event(c, AGENT_EVENT_DEVICES);
    event->link = link->id;
    event->devices.ready = ready;
    event->devices.total = (uint32_t)index;
}

// What every snapshot needs of every agent, so that it need not parse all of them.
static void take_counts(struct io_link *link, const cJSON *json)
{
    const cJSON *model =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(json, "caches"), "model");
    struct io_told_counts *counts = &link->told->counts;
    const cJSON *device;
    *counts = (struct io_told_counts){.model_hits = number_of(model, "hits"),
                                      .model_misses = number_of(model, "misses")};
    const cJSON *resident;
    cJSON_ArrayForEach(resident, cJSON_GetObjectItemCaseSensitive(json, "models")) counts->models +=
        strcmp(text_of(resident, "state"), "resident") == 0;
    cJSON_ArrayForEach(device, cJSON_GetObjectItemCaseSensitive(json, "devices"))
    {
        const cJSON *program = cJSON_GetObjectItemCaseSensitive(device, "program");
        const char *state = text_of(device, "state");
        counts->program_hits += number_of(program, "hits");
        counts->program_misses += number_of(program, "misses");
        counts->states = agent_io_hash(counts->states, state, strlen(state) + 1);
    }
}

// A member that is missing keeps its last value; returns whether one did. Only those that are used,
// or an agent could make the object grow with each frame.
static bool keep_missing(cJSON *json, const cJSON *before)
{
    static const char *const names[] = {"queued", "running",   "devices", "models",
                                        "caches", "rss_bytes", "cpu"};
    bool any = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (cJSON_GetObjectItemCaseSensitive(json, names[i]) != NULL)
            continue;
        const cJSON *old = cJSON_GetObjectItemCaseSensitive(before, names[i]);
        if (old == NULL)
            continue;
        cJSON_AddItemToObject(json, names[i], cJSON_Duplicate(old, true));
        any = true;
    }
    return any;
}

enum net_status agent_io_telemetry(struct agent_coordinator *c, struct io_link *link,
                                   const struct net_frame *frame, struct net_error *err)
{
    struct net_telemetry telemetry;
    enum net_status status = net_telemetry_decode(frame, &telemetry, err);
    if (status != NET_OK)
        return status;
    cJSON *json = cJSON_ParseWithLength(telemetry.json.data, telemetry.json.len);
    if (!cJSON_IsObject(json)) {
        cJSON_Delete(json);
        snprintf(err->text, sizeof err->text, "telemetry is not a JSON object");
        return err->status = NET_ERR_PROTOCOL;
    }
    const cJSON *models = cJSON_GetObjectItemCaseSensitive(json, "models");
    if (cJSON_IsArray(models)) {
        take_models(c, link, models);
        take_evictions(c, link, models);
    }
    take_devices(c, link, cJSON_GetObjectItemCaseSensitive(json, "devices"));
    // Without memory the last one stays.
    if (keep_missing(json, agent_io_telemetry_of(link))) {
        char *text = cJSON_PrintUnformatted(json);
        if (text != NULL)
            agent_io_told_telemetry(link, text, strlen(text));
        cJSON_free(text);
    } else {
        agent_io_told_telemetry(link, telemetry.json.data, telemetry.json.len);
    }
    if (link->told != NULL)
        take_counts(link, json);
    cJSON_Delete(json);
    return NET_OK;
}
