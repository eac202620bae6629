// Tuning over the control socket: which devices it is about, and how far it is.
#include <stdlib.h>
#include <string.h>

#include "agent/coordinator/control.h"

cJSON *agent_io_json_tune(const struct agent_tune_view *tune)
{
    const struct agent_tune_figures *figures = &tune->figures;
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "agent", tune->agent);
    cJSON_AddNumberToObject(json, "device", tune->what.device);
    cJSON_AddStringToObject(json, "model", tune->what.model);
    cJSON_AddNumberToObject(json, "version", tune->what.version);
    cJSON_AddNumberToObject(json, "batch", tune->what.rows);
    /* The core has the wire's states. */
    cJSON_AddStringToObject(json, "state", net_tuning_name((enum net_tuning)tune->state));
    cJSON_AddNumberToObject(json, "candidates", figures->candidates);
    cJSON_AddNumberToObject(json, "measured", figures->measured);
    cJSON_AddNumberToObject(json, "refused", figures->refused);
    cJSON_AddNumberToObject(json, "changed", figures->changed);
    cJSON_AddNumberToObject(json, "before_us", (double)figures->before_us);
    cJSON_AddNumberToObject(json, "after_us", (double)figures->after_us);
    cJSON_AddNumberToObject(json, "elapsed_ms", figures->elapsed_ms);
    cJSON_AddNumberToObject(json, "budget_ms", tune->what.budget_ms);
    cJSON_AddBoolToObject(json, "kept", figures->kept);
    cJSON_AddBoolToObject(json, "complete", figures->complete);
    return json;
}

// What a request is about.
struct wanted {
    const char *agent, *device; // "" any
    const struct agent_model *model;
    double rows, budget_ms;
};

// By id ("0:1-3f2a"), or by index.
static bool is_device(const char *wanted, const cJSON *device, int index)
{
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(device, "id"));
    char *end;
    if (wanted[0] == '\0' || (id != NULL && strcmp(id, wanted) == 0))
        return true;
    long number = strtol(wanted, &end, 10);
    return *end == '\0' && number == index;
}

static bool holds_model(const struct io_link *link, const char *hash, int index)
{
    const cJSON *model, *device;
    cJSON_ArrayForEach(model,
                       cJSON_GetObjectItemCaseSensitive(agent_io_telemetry_of(link), "models"))
    {
        const char *hex = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(model, "hash"));
        if (hex == NULL || strcmp(hex, hash) != 0)
            continue;
        cJSON_ArrayForEach(device, cJSON_GetObjectItemCaseSensitive(model, "devices"))
        {
            if (cJSON_IsNumber(device) && device->valueint == index)
                return true;
        }
    }
    return false;
}

static bool is_tunable(const struct agent_agent_view *agent, const struct io_link *link)
{
    return (strcmp(agent->state, "ready") == 0 || strcmp(agent->state, "cordoned") == 0) &&
           cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(agent_io_capabilities_of(link), "tune"));
}

static bool is_device_up(const struct io_link *link, int index)
{
    const cJSON *devices = cJSON_GetObjectItemCaseSensitive(agent_io_telemetry_of(link), "devices");
    const char *state = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(devices, index), "state"));
    return state == NULL || strcmp(state, "cordoned") != 0;
}

static cJSON *target_of(const struct agent_agent_view *agent, const cJSON *device, int index,
                        bool is_loaded)
{
    cJSON *target = cJSON_CreateObject();
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(device, "id"));
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(device, "name"));
    cJSON_AddStringToObject(target, "agent", agent->name);
    cJSON_AddNumberToObject(target, "device", index);
    cJSON_AddStringToObject(target, "id", id != NULL ? id : "");
    cJSON_AddStringToObject(target, "name", name != NULL ? name : "");
    cJSON_AddBoolToObject(target, "loaded", is_loaded);
    return target;
}

// Every device that fits and has the model loaded; where none has, the first that fits.
static cJSON *targets_find(struct agent_coordinator *c, const struct wanted *wanted)
{
    char hash[2 * AGENT_HASH_SIZE + 1];
    cJSON *targets = cJSON_CreateArray(), *first = NULL;
    struct agent_agent_view agent;
    agent_io_hash_hex(wanted->model->hash, hash);
    for (uint32_t i = 0; agent_coord_agent_at(c->core, i, &agent); i++) {
        const struct io_link *link = agent.connected ? agent_io_link(c, agent.link) : NULL;
        const cJSON *device;
        int index = -1;
        if (link == NULL || !is_tunable(&agent, link) ||
            (wanted->agent[0] != '\0' && strcmp(wanted->agent, agent.name) != 0))
            continue;
        cJSON_ArrayForEach(
            device, cJSON_GetObjectItemCaseSensitive(agent_io_capabilities_of(link), "devices"))
        {
            index++;
            if (index >= IO_DEVICES_MAX || !is_device(wanted->device, device, index) ||
                !is_device_up(link, index))
                continue;
            bool is_loaded = holds_model(link, hash, index);
            if (is_loaded)
                cJSON_AddItemToArray(targets, target_of(&agent, device, index, true));
            else if (first == NULL)
                first = target_of(&agent, device, index, false);
        }
    }
    if (first != NULL && cJSON_GetArraySize(targets) == 0)
        cJSON_AddItemToArray(targets, first);
    else
        cJSON_Delete(first);
    return targets;
}

// Why no device fits, as an error that ends the call.
static void refuse(struct io_call *call, const struct wanted *wanted)
{
    struct agent_agent_view agent;
    const struct io_link *link = agent_io_link_of(call->c, wanted->agent);
    if (wanted->agent[0] == '\0')
        agent_call_error(call, "unavailable", "stoker agents lists them",
                         "no connected agent has a device%s%.64s that can be tuned",
                         wanted->device[0] != '\0' ? " " : "", wanted->device);
    else if (!agent_coord_agent(call->c->core, wanted->agent, &agent))
        agent_call_error(call, "not_found", "stoker agents lists them", "no agent named '%s'",
                         wanted->agent);
    else if (link != NULL && !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(
                                 agent_io_capabilities_of(link), "tune")))
        agent_call_error(call, "conflict", "upgrade it, or run stokerd tune on its host",
                         "unsupported: agent %s of version %s is too old to be tuned from here",
                         wanted->agent, link->version);
    else if (link == NULL || !is_tunable(&agent, link))
        agent_call_error(call, "conflict", "stoker agents shows why", "%s is %s: it can't be tuned",
                         wanted->agent, agent.state);
    else
        agent_call_error(call, "not_found", "stoker agents NAME lists its devices",
                         "%s has no device '%.64s' that works", wanted->agent, wanted->device);
}

static void ask(struct io_call *call, const struct wanted *wanted, const char *by,
                const char *reason, const cJSON *target)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(target, "agent"));
    const cJSON *device = cJSON_GetObjectItemCaseSensitive(target, "device");
    struct agent_event *event = agent_call_ask(call, AGENT_EVENT_TUNE);
    if (event == NULL)
        return;
    event->agent = agent_io_scratch(call->c, name, strlen(name));
    event->by = by;
    event->reason = reason;
    event->tune = (struct agent_tune){.model = wanted->model->name,
                                      .version = wanted->model->version,
                                      .hash = wanted->model->hash,
                                      .device = (uint8_t)device->valueint,
                                      .rows = (uint32_t)wanted->rows,
                                      .budget_ms = (uint32_t)wanted->budget_ms};
}

void agent_call_tune(struct io_call *call)
{
    static const double minute = 60000, one = 1;
    struct wanted wanted;
    const char *by, *reason;
    bool plan;
    wanted.model = agent_call_find_model(call, "model");
    if (wanted.model == NULL ||
        !agent_call_text(call, "agent", AGENT_NAME_MAX, "", &wanted.agent) ||
        !agent_call_text(call, "device", 64, "", &wanted.device) ||
        !agent_call_number(call, "batch", 1, 65536, &one, &wanted.rows) ||
        !agent_call_number(call, "budget_ms", 1, 86400000, &minute, &wanted.budget_ms) ||
        !agent_call_text(call, "by", 128, "", &by) ||
        !agent_call_text(call, "reason", AGENT_TEXT_MAX - 1, "", &reason) ||
        !agent_call_bool(call, "plan", &plan))
        return;
    cJSON *targets = targets_find(call->c, &wanted);
    int count = cJSON_GetArraySize(targets);
    if (count == 0) {
        refuse(call, &wanted);
    } else if (plan) {
        cJSON *reply = agent_call_object("model", cJSON_CreateString(wanted.model->name));
        cJSON_AddNumberToObject(reply, "version", wanted.model->version);
        cJSON_AddItemToObject(reply, "targets", targets);
        agent_call_reply(call, reply);
        return;
    } else if (count > 1) {
        agent_call_error(
            call, "bad_request", "give agent and device; with \"plan\":true they are listed",
            "%d devices have %s loaded: an operation tunes one", count, wanted.model->name);
    } else {
        ask(call, &wanted, by, reason, cJSON_GetArrayItem(targets, 0));
    }
    cJSON_Delete(targets);
}
