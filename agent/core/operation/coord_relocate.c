// The part of a rebalance that is about models: one that is asked for more than its agents' share
// comes to another agent, where what has to go for it is missed less. Only what pays several times
// over what it costs is proposed, the load and the loads again of what goes: a plan that was
// carried out has no reason to be turned back.
#include "coord_relocate.h"

#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/placement/coord_room.h"
#include "agent/core/placement/coord_speed.h"

#define GAIN_TIMES 4 // of cost and loss
#define MEMORY_S 102 // of what was asked for, so much is counted: see coord_prefetch.c

// Device time a minute that one more agent would take over.
static int64_t gain_us(const struct agent_coord *core, const struct coord_model *model)
{
    if (core->demand_us == 0 || core->ready_agents == 0)
        return 0;
    int64_t wanted =
        (model->demand_us * core->ready_agents + core->demand_us / 2) / core->demand_us;
    if (model->n_holders >= (wanted > 1 ? (uint32_t)wanted : 1))
        return 0;
    return model->demand_us * 60 / MEMORY_S / ((int64_t)model->n_holders + 1);
}

static bool price(const struct agent_coord *core, const struct coord_agent *agent,
                  const struct coord_model *model, struct coord_relocation *ret)
{
    if (!agent->can_load || !agent->ready || agent_coord_has(model, agent->slot) ||
        agent_coord_model_state_on(model, agent->slot) == AGENT_MODEL_FAILED ||
        agent_coord_room_load_rule(core, agent, model) != AGENT_RULE_NONE)
        return false;
    *ret = (struct coord_relocation){
        .to = agent->slot,
        .to_id = agent->id,
        .holders = model->n_holders,
        .evicts = agent_coord_room_evicts(core, agent, model),
        .cost_us = agent_coord_load_us(core, agent, model),
        .lost_us = agent_coord_room_cost_us(core, agent, model),
        .gain_us = gain_us(core, model),
    };
    memcpy(ret->hash, model->hash, sizeof ret->hash);
    return ret->gain_us >= core->limits.rebalance_gain_us &&
           ret->gain_us >= GAIN_TIMES * (ret->cost_us + ret->lost_us);
}

static bool is_planned(const struct coord_relocation *list, uint32_t count,
                       const struct coord_model *model, uint32_t slot)
{
    for (uint32_t i = 0; i < count; i++) {
        if (list[i].to == slot || memcmp(list[i].hash, model->hash, sizeof list[i].hash) == 0)
            return true;
    }
    return false;
}

// The best that is left; false: there is none.
static bool next(const struct agent_coord *core, const struct coord_relocation *list,
                 uint32_t count, struct coord_relocation *ret)
{
    int64_t best = 0;
    for (uint32_t i = 0; i < core->n_models; i++) {
        const struct coord_model *model = core->models[i];
        if (model == NULL || gain_us(core, model) == 0)
            continue;
        for (uint32_t slot = 0; slot < core->n_agents; slot++) {
            const struct coord_agent *agent = core->agents[slot];
            struct coord_relocation r;
            if (agent == NULL || is_planned(list, count, model, slot) ||
                !price(core, agent, model, &r) || r.gain_us - r.cost_us - r.lost_us <= best)
                continue;
            best = r.gain_us - r.cost_us - r.lost_us;
            *ret = r;
        }
    }
    return best > 0;
}

uint32_t agent_coord_relocations(const struct agent_coord *core, struct coord_relocation *ret_list)
{
    uint32_t count = 0;
    while (count < COORD_RELOCATIONS_MAX && next(core, ret_list, count, &ret_list[count]))
        count++;
    return count;
}

// What is no longer so: the words follow the model's name. NULL: it can be done as planned.
static const char *stale(const struct agent_coord *core, const struct coord_relocation *relocation)
{
    struct coord_relocation now;
    const struct coord_model *model = agent_coord_model_find(core, relocation->hash);
    const struct coord_agent *agent = core->agents[relocation->to];
    if (model == NULL)
        return "is not known any more";
    if (agent == NULL || agent->id != relocation->to_id || agent->link == 0)
        return "has lost its agent";
    if (model->n_holders != relocation->holders)
        return "is on other agents now";
    if (!price(core, agent, model, &now) || now.evicts > relocation->evicts)
        return "does not pay there any more";
    return NULL;
}

bool agent_coord_relocations_hold(struct agent_coord *core, const struct coord_relocation *list,
                                  uint32_t count, uint64_t token)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct coord_model *model = agent_coord_model_find(core, list[i].hash);
        const char *why = stale(core, &list[i]);
        if (why == NULL)
            continue;
        agent_coord_reply(core, token, AGENT_REPLY_CONFLICT, 0,
                          "the world has changed since the plan: %s %s",
                          model != NULL ? agent_coord_chars(model->name) : "a model", why);
        return false;
    }
    return true;
}

void agent_coord_relocate(struct agent_coord *core, const struct coord_relocation *list,
                          uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct coord_model *model = agent_coord_model_find(core, list[i].hash);
        if (model != NULL)
            agent_coord_load_there(core, core->agents[list[i].to], model);
    }
}
