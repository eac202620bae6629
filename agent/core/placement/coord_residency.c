#include "coord_residency.h"

#include <stdlib.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/placement/coord_refusal.h"

const struct coord_on *agent_coord_on(const struct coord_model *model, uint32_t slot)
{
    return slot < model->on_room ? &model->on[slot] : NULL;
}

struct coord_on *agent_coord_on_get(struct coord_model *model, uint32_t slot)
{
    if (slot >= model->on_room) {
        uint32_t room = model->on_room == 0 ? 8 : model->on_room;
        while (room <= slot)
            room *= 2;
        struct coord_on *on = realloc(model->on, room * sizeof *on);
        if (on == NULL)
            return NULL;
        memset(on + model->on_room, 0, (room - model->on_room) * sizeof *on);
        model->on = on;
        model->on_room = room;
    }
    return &model->on[slot];
}

enum agent_model_state agent_coord_model_state_on(const struct coord_model *model, uint32_t slot)
{
    const struct coord_on *on = agent_coord_on(model, slot);
    return on != NULL ? (enum agent_model_state)on->state : AGENT_MODEL_UNKNOWN;
}

bool agent_coord_has(const struct coord_model *model, uint32_t slot)
{
    const struct coord_on *on = agent_coord_on(model, slot);
    return on != NULL && on->at != 0;
}

static bool grow(void **list, uint32_t *room, uint32_t count, size_t size)
{
    if (count < *room)
        return true;
    uint32_t more = *room == 0 ? 4 : *room * 2;
    void *grown = realloc(*list, more * size);
    if (grown == NULL)
        return false;
    *list = grown;
    *room = more;
    return true;
}

static bool join(struct agent_coord *core, struct coord_agent *agent, struct coord_model *model,
                 struct coord_on *on)
{
    if (!grow((void **)&model->holders, &model->holders_room, model->n_holders,
              sizeof *model->holders) ||
        !grow((void **)&agent->models, &agent->models_room, agent->n_models,
              sizeof(struct coord_model *)))
        return false;
    model->holders[model->n_holders++] = agent->slot;
    on->at = model->n_holders;
    agent->models[agent->n_models++] = model;
    on->agent_at = agent->n_models;
    on->bytes = model->bytes;
    agent->model_bytes += on->bytes;
    (void)core;
    return true;
}

static void leave(struct agent_coord *core, struct coord_agent *agent, struct coord_model *model,
                  struct coord_on *on)
{
    uint32_t last = model->holders[--model->n_holders];
    model->holders[on->at - 1] = last;
    model->on[last].at = on->at;
    struct coord_model *last_model = agent->models[--agent->n_models];
    agent->models[on->agent_at - 1] = last_model;
    last_model->on[agent->slot].agent_at = on->agent_at;
    on->at = on->agent_at = 0;
    agent->model_bytes -= on->bytes;
    on->bytes = 0;
    (void)core;
}

bool agent_coord_residency_set(struct agent_coord *core, struct coord_agent *agent,
                               struct coord_model *model, enum agent_model_state state)
{
    struct coord_on *on = agent_coord_on_get(model, agent->slot);
    if (on == NULL)
        return false;
    bool holds = state == AGENT_MODEL_LOADING || state == AGENT_MODEL_RESIDENT;
    if (holds && on->at == 0 && !join(core, agent, model, on))
        return false;
    if (!holds && on->at != 0)
        leave(core, agent, model, on);
    if (agent->ready && (on->state == AGENT_MODEL_RESIDENT) != (state == AGENT_MODEL_RESIDENT))
        model->n_usable += state == AGENT_MODEL_RESIDENT ? 1 : UINT32_MAX;
    if (on->state != state)
        on->since_us = core->now_us;
    on->prefetched = holds && (on->prefetched || (state == AGENT_MODEL_RESIDENT &&
                                                  agent->prefetching == model && on->held == 0));
    if (agent->prefetching == model && state != AGENT_MODEL_LOADING)
        agent->prefetching = NULL;
    on->state = (uint8_t)state;
    on->assumed = on->asked = on->leaving = false;
    return true;
}

void agent_coord_residency_bytes(struct agent_coord *core, struct coord_agent *agent,
                                 struct coord_model *model, uint64_t bytes)
{
    struct coord_on *on = agent_coord_on_get(model, agent->slot);
    if (on == NULL || on->at == 0 || bytes == 0)
        return;
    if (on->bytes != bytes || model->bytes != bytes)
        core->world++; // there is more room, or less
    agent->model_bytes += bytes - on->bytes;
    on->bytes = bytes;
    model->bytes = bytes;
}

void agent_coord_residency_ready(struct coord_agent *agent, bool ready)
{
    for (uint32_t i = 0; i < agent->n_models && ready != agent->ready; i++) {
        struct coord_model *model = agent->models[i];
        if (agent_coord_model_state_on(model, agent->slot) == AGENT_MODEL_RESIDENT)
            model->n_usable += ready ? 1 : UINT32_MAX;
    }
    agent->ready = ready;
}

void agent_coord_residency_lose(struct agent_coord *core, struct coord_agent *agent)
{
    while (agent->n_models > 0)
        agent_coord_residency_set(core, agent, agent->models[agent->n_models - 1],
                                  AGENT_MODEL_UNKNOWN);
    // A model that failed there is not among them, and may do better after a restart.
    for (uint32_t i = 0; i < core->n_models; i++) {
        struct coord_model *model = core->models[i];
        if (model == NULL || agent->slot >= model->on_room)
            continue;
        model->on[agent->slot].state = AGENT_MODEL_UNKNOWN;
        agent_coord_refusal_clear(&model->on[agent->slot]);
    }
}

void agent_coord_residency_forget(struct agent_coord *core, struct coord_agent *agent)
{
    agent_coord_residency_lose(core, agent);
    for (uint32_t i = 0; i < core->n_models; i++) {
        struct coord_model *model = core->models[i];
        if (model == NULL || agent->slot >= model->on_room)
            continue;
        model->pins -= model->on[agent->slot].pinned;
        model->on[agent->slot] = (struct coord_on){0};
    }
    free(agent->models);
    agent->models = NULL;
    agent->models_room = 0;
}

void agent_coord_residency_drop(struct agent_coord *core, struct coord_model *model)
{
    while (model->n_holders > 0)
        agent_coord_residency_set(core, core->agents[model->holders[model->n_holders - 1]], model,
                                  AGENT_MODEL_UNKNOWN);
}

// Of what a device has, what models may take: agents leave a tenth to what else needs it.
static uint64_t for_models(const struct agent_device_info *device)
{
    uint64_t most = device->memory_bytes / 10 * 9;
    return device->models_bytes_max != 0 && device->models_bytes_max < most
               ? device->models_bytes_max
               : most;
}

void agent_coord_residency_devices(struct agent_coord *core, struct coord_agent *agent)
{
    agent->memory_bytes = 0;
    for (uint32_t i = 0; i < agent->n_devices; i++)
        agent->memory_bytes += for_models(&agent->devices[i]);
    for (uint32_t i = 0; i < core->n_models; i++) {
        struct coord_model *model = core->models[i];
        if (model != NULL && agent->slot < model->on_room)
            model->on[agent->slot].fits = 0;
    }
}

static enum agent_rule device_rule(const struct agent_device_info *device,
                                   const struct coord_model *model)
{
    const struct agent_needs *needs = &model->needs;
    uint64_t bytes =
        needs->memory_bytes > model->file_bytes ? needs->memory_bytes : model->file_bytes;
    if (needs->family[0] != '\0' && strcmp(device->family, needs->family) != 0)
        return AGENT_RULE_FAMILY;
    if (needs->fp16 && !device->fp16)
        return AGENT_RULE_FP16;
    if (needs->fp64 && !device->fp64)
        return AGENT_RULE_FP64;
    if (device->memory_bytes != 0 && bytes > for_models(device))
        return AGENT_RULE_MEMORY;
    return AGENT_RULE_NONE;
}

enum agent_rule agent_coord_fits(const struct coord_agent *agent, const struct coord_model *model)
{
    struct coord_on *on = agent->slot < model->on_room ? &model->on[agent->slot] : NULL;
    if (on != NULL && on->fits != 0)
        return (enum agent_rule)(on->fits - 1);
    // An agent that tells nothing of its devices is trusted; the rule of the device that fits best.
    enum agent_rule rule = AGENT_RULE_NONE;
    for (uint32_t i = 0; i < agent->n_devices; i++) {
        enum agent_rule of_device = device_rule(&agent->devices[i], model);
        if (i == 0 || of_device == AGENT_RULE_NONE || of_device > rule)
            rule = of_device;
        if (rule == AGENT_RULE_NONE)
            break;
    }
    if (on != NULL)
        on->fits = (uint8_t)(1 + rule);
    return rule;
}

bool agent_coord_residency_check(const struct agent_coord *core)
{
    for (uint32_t i = 0; i < core->n_models; i++) {
        const struct coord_model *model = core->models[i];
        uint32_t resident = 0;
        for (uint32_t slot = 0; model != NULL && slot < model->on_room; slot++) {
            const struct coord_on *on = &model->on[slot];
            resident += on->state == AGENT_MODEL_RESIDENT && core->agents[slot] != NULL &&
                        core->agents[slot]->ready;
            bool holds = on->state == AGENT_MODEL_RESIDENT || on->state == AGENT_MODEL_LOADING;
            if (holds != (on->at != 0) ||
                (holds && (model->holders[on->at - 1] != slot || core->agents[slot] == NULL)))
                return false;
        }
        if (model != NULL && resident != model->n_usable)
            return false;
    }
    for (uint32_t slot = 0; slot < core->n_agents; slot++) {
        const struct coord_agent *agent = core->agents[slot];
        uint64_t bytes = 0;
        for (uint32_t i = 0; agent != NULL && i < agent->n_models; i++) {
            const struct coord_on *on = agent_coord_on(agent->models[i], slot);
            if (on == NULL || on->agent_at != i + 1)
                return false;
            bytes += on->bytes;
        }
        if (agent != NULL && bytes != agent->model_bytes)
            return false;
    }
    return true;
}
