#include <string.h>

#include "agent/coordinator/control.h"
#include "agent/core/placement/coord_explain.h"

static void add_resident(struct agent_coordinator *c, cJSON *json, const struct agent_model *model)
{
    cJSON *list = cJSON_AddArrayToObject(json, "resident");
    struct agent_agent_view agent;
    for (uint32_t i = 0; agent_coord_agent_at(c->core, i, &agent); i++) {
        if (agent_coord_model_on(c->core, model->hash, agent.name) == AGENT_MODEL_RESIDENT)
            cJSON_AddItemToArray(list, cJSON_CreateString(agent.name));
    }
}

static void add_pinned(struct agent_coordinator *c, cJSON *json, const struct agent_model *model)
{
    cJSON *list = cJSON_AddArrayToObject(json, "pinned");
    struct agent_agent_view agent;
    for (uint32_t i = 0; agent_coord_agent_at(c->core, i, &agent); i++) {
        if (agent_coord_pinned(c->core, model->hash, agent.name))
            cJSON_AddItemToArray(list, cJSON_CreateString(agent.name));
    }
}

static const cJSON *told_of(struct agent_coordinator *c, const struct agent_agent_view *agent,
                            const char *hash)
{
    const struct io_link *link = agent->connected ? agent_io_link(c, agent->link) : NULL;
    const cJSON *models =
        link != NULL ? cJSON_GetObjectItemCaseSensitive(agent_io_telemetry_of(link), "models")
                     : NULL;
    const cJSON *at;
    cJSON_ArrayForEach(at, models)
    {
        const cJSON *hex = cJSON_GetObjectItemCaseSensitive(at, "hash");
        if (cJSON_IsString(hex) && strcmp(hex->valuestring, hash) == 0)
            return at;
    }
    return NULL;
}

/* How many rows the agents' devices run at once, by what they have measured. */
static void add_batches(struct agent_coordinator *c, cJSON *json, const char *hash)
{
    cJSON *list = cJSON_AddArrayToObject(json, "batch");
    struct agent_agent_view agent;
    for (uint32_t i = 0; agent_coord_agent_at(c->core, i, &agent); i++) {
        const cJSON *at = told_of(c, &agent, hash);
        if (at != NULL)
            agent_io_json_batch(list, at, "agent", agent.name);
    }
}

/* Where it is, comes, or could not be loaded: the core's word, and how far the agent says it is. */
static void add_places(struct agent_coordinator *c, cJSON *json, const struct agent_model *model,
                       const char *hash)
{
    static const char *const states[] = {"", "absent", "loading", "resident", "failed"};
    static const char *const told[] = {"error", "error_code", "fetched_bytes", "fetch_bytes"};
    cJSON *list = cJSON_AddArrayToObject(json, "places");
    struct agent_agent_view agent;
    for (uint32_t i = 0; agent_coord_agent_at(c->core, i, &agent); i++) {
        enum agent_model_state state = agent_coord_model_on(c->core, model->hash, agent.name);
        const cJSON *at = told_of(c, &agent, hash);
        if (state <= AGENT_MODEL_ABSENT)
            continue;
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "agent", agent.name);
        cJSON_AddStringToObject(item, "state", states[state]);
        cJSON_AddNumberToObject(
            item, "load_ms",
            (double)agent_coord_load_expected_us(c->core, model->hash, agent.name) / 1e3);
        for (size_t f = 0; f < sizeof told / sizeof told[0]; f++) {
            const cJSON *field = cJSON_GetObjectItemCaseSensitive(at, told[f]);
            if (cJSON_IsString(field) || cJSON_IsNumber(field))
                cJSON_AddItemToObject(item, told[f], cJSON_Duplicate(field, false));
        }
        cJSON_AddItemToArray(list, item);
    }
}

static void add_versions(const struct agent_coordinator *c, cJSON *json, const char *name)
{
    cJSON *list = cJSON_AddArrayToObject(json, "versions");
    const struct agent_model *other;
    for (size_t i = 0; (other = agent_model_set_at(c->models, i)) != NULL; i++) {
        if (strcmp(other->name, name) == 0)
            cJSON_AddItemToArray(list, cJSON_CreateNumber(other->version));
    }
}

static void add_preprocess(cJSON *json, const struct agent_model *model)
{
    const struct agent_preprocess *p = &model->preprocess;
    if (!p->given)
        return;
    cJSON *out = cJSON_AddObjectToObject(json, "preprocess");
    cJSON_AddNumberToObject(out, "channels", p->channels);
    cJSON_AddNumberToObject(out, "width", p->width);
    cJSON_AddNumberToObject(out, "height", p->height);
    cJSON_AddStringToObject(out, "layout", p->nhwc ? "nhwc" : "nchw");
    cJSON_AddNumberToObject(out, "scale", p->scale);
    cJSON *mean = cJSON_AddArrayToObject(out, "mean");
    cJSON *std = cJSON_AddArrayToObject(out, "std");
    for (uint32_t i = 0; i < p->n_mean; i++)
        cJSON_AddItemToArray(mean, cJSON_CreateNumber(p->mean[i]));
    for (uint32_t i = 0; i < p->n_std; i++)
        cJSON_AddItemToArray(std, cJSON_CreateNumber(p->std[i]));
}

cJSON *agent_io_json_model(struct agent_coordinator *c, const struct agent_model *model,
                           bool labels)
{
    char hex[2 * AGENT_HASH_SIZE + 1];
    agent_io_hash_hex(model->hash, hex);
    const cJSON *shapes = cJSON_GetObjectItemCaseSensitive(c->shapes, hex);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "name", model->name);
    cJSON_AddNumberToObject(json, "version", model->version);
    add_versions(c, json, model->name);
    cJSON_AddStringToObject(json, "description", model->description);
    cJSON_AddStringToObject(json, "hash", hex);
    cJSON_AddNumberToObject(json, "bytes", (double)model->bytes);
    cJSON_AddNumberToObject(json, "max_batch", model->max_batch);
    cJSON_AddBoolToObject(json, "cache_responses", model->cache_responses);
    cJSON_AddStringToObject(json, "input", model->input_name);
    cJSON_AddStringToObject(json, "output", model->output_name);
    cJSON_AddStringToObject(json, "state", model->error[0] == '\0' ? "ready" : "invalid");
    cJSON_AddStringToObject(json, "error", model->error);
    add_resident(c, json, model);
    add_pinned(c, json, model);
    add_batches(c, json, hex);
    add_places(c, json, model, hex);
    cJSON_AddNumberToObject(json, "jobs", (double)agent_coord_model_jobs(c->core, model->hash));
    for (const cJSON *side = shapes != NULL ? shapes->child : NULL; side != NULL; side = side->next)
        cJSON_AddItemToObject(json, side->string, cJSON_Duplicate(side, true));
    add_preprocess(json, model);
    cJSON_AddNumberToObject(json, "top_k", model->top_k);
    if (!labels)
        return json;
    cJSON *list = cJSON_AddArrayToObject(json, "labels");
    for (uint32_t i = 0; i < model->n_labels; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(model->labels[i]));
    return json;
}

void agent_call_models(struct io_call *call)
{
    cJSON *list = cJSON_CreateArray();
    const struct agent_model *model;
    for (size_t i = 0; (model = agent_model_set_at(call->c->models, i)) != NULL; i++)
        cJSON_AddItemToArray(list, agent_io_json_model(call->c, model, false));
    agent_call_reply(call, agent_call_object("models", list));
}

const struct agent_model *agent_call_find_model(struct io_call *call, const char *field)
{
    static const double newest = 0;
    const char *name;
    double version;
    if (!agent_call_text(call, field, AGENT_MODEL_NAME_MAX, NULL, &name) ||
        !agent_call_number(call, "version", 0, UINT32_MAX, &newest, &version))
        return NULL;
    struct io_refusal refusal;
    const struct agent_model *model =
        agent_io_find_model(call->c, name, (uint32_t)version, &refusal);
    if (model == NULL)
        agent_call_error(call, refusal.code, refusal.hint, "%s", refusal.text);
    return model;
}

void agent_call_model(struct io_call *call)
{
    const struct agent_model *model = agent_call_find_model(call, "name");
    if (model != NULL)
        agent_call_reply(call,
                         agent_call_object("model", agent_io_json_model(call->c, model, true)));
}

void agent_call_pin(struct io_call *call)
{
    const char *agent, *by, *reason;
    const struct agent_model *model = agent_call_find_model(call, "model");
    if (model == NULL || !agent_call_text(call, "agent", AGENT_NAME_MAX, "", &agent) ||
        !agent_call_text(call, "by", 128, "", &by) ||
        !agent_call_text(call, "reason", AGENT_TEXT_MAX - 1, "", &reason))
        return;
    struct agent_event *event =
        agent_call_ask(call, call->op == NET_CONTROL_PIN     ? AGENT_EVENT_PIN
                             : call->op == NET_CONTROL_UNPIN ? AGENT_EVENT_UNPIN
                             : call->op == NET_CONTROL_LOAD  ? AGENT_EVENT_LOAD
                                                             : AGENT_EVENT_UNLOAD);
    if (event == NULL)
        return;
    event->model_info.name = model->name;
    event->model_info.version = model->version;
    event->model_info.hash = model->hash;
    event->agent = agent;
    event->by = by;
    event->reason = reason;
}

void agent_call_pinned(struct io_call *call)
{
    const struct agent_model *model = agent_call_find_model(call, "model");
    if (model != NULL)
        agent_call_reply(call,
                         agent_call_object("model", agent_io_json_model(call->c, model, false)));
}
