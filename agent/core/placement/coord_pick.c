// What a strategy sees: a few candidates out of the core's indexes, with what each would cost.
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/placement/coord_index.h"
#include "agent/core/placement/coord_prefetch.h"
#include "agent/core/placement/coord_room.h"
#include "agent/core/placement/coord_speed.h"

#define HEADS 7         // of the heap: the three least are among them
#define OPEN_FEW 8      // so many open ones are all looked at
#define HOLDERS_ALL 8   // so many that have the model are all looked at
#define HOLDERS_DRAWN 6 // else so many are drawn
#define REST_MAX 256    // slots that one search of the rest goes through
#define SURPLUS_ABILITY 512

static uint16_t surplus_of(const struct coord_agent *agent, const struct coord_model *model)
{
    uint64_t memory = agent->memory_bytes > agent->model_bytes + model->bytes
                          ? agent->memory_bytes - agent->model_bytes - model->bytes
                          : 0;
    uint32_t surplus = (uint32_t)(memory >> 30); // GiB
    surplus = surplus < SURPLUS_ABILITY ? surplus : SURPLUS_ABILITY;
    bool fp16 = false, gpu = false;
    for (uint32_t i = 0; i < agent->n_devices; i++) {
        fp16 = fp16 || agent->devices[i].fp16;
        gpu = gpu || strcmp(agent->devices[i].family, "gpu") == 0;
    }
    return (uint16_t)(surplus + (fp16 && !model->needs.fp16 ? SURPLUS_ABILITY : 0) +
                      (gpu && model->needs.family[0] == '\0' ? SURPLUS_ABILITY : 0));
}

static void describe(const struct agent_coord *core, const struct coord_agent *agent,
                     const struct coord_model *model, struct agent_candidate *ret)
{
    const struct coord_on *on = agent_coord_on(model, agent->slot);
    *ret = (struct agent_candidate){
        .slot = agent->slot,
        .held = agent_coord_agent_holds(agent),
        .credit = agent_coord_agent_holds(agent) + agent_coord_agent_room(agent),
        .resident = agent_coord_has(model, agent->slot),
        .prefetched = on != NULL && on->prefetched,
        .run_us = (uint32_t)agent_coord_expect_us(core, agent, model),
        .load_us = agent_coord_load_left_us(core, agent, model),
        .evict_us = agent_coord_room_cost_us(core, agent, model),
        .recent_us = agent->recent_us,
        .turn = agent->picked_turn,
    };
    ret->wait_us = agent_coord_agent_wait_us(agent) + ret->load_us +
                   agent_coord_prefetch_left_us(core, agent, model);
}

// False: there is no room for another candidate.
static bool look_at(struct agent_pick *pick, uint32_t slot)
{
    struct agent_coord *core = pick->core;
    struct coord_agent *agent = core->agents[slot];
    if (agent == NULL || agent->looked_at == core->pick_number)
        return true;
    if (pick->count == AGENT_PICK_MAX)
        return false;
    agent->looked_at = core->pick_number;
    pick->looked_at++;
    const struct coord_on *on = agent_coord_on_get(pick->model, slot);
    if (on != NULL && on->fits != 0)
        core->caches.capability.hits++;
    else
        core->caches.capability.misses++;
    enum agent_rule rule = agent_coord_rejects(core, agent, pick->model);
    if (rule == AGENT_RULE_NONE) {
        describe(core, agent, pick->model, &pick->candidates[pick->count++]);
    } else if (pick->n_rejected < AGENT_PICK_MAX) {
        pick->rejected[pick->n_rejected++] = (struct agent_candidate){
            .slot = slot,
            .rule = (uint8_t)rule,
            .held = agent_coord_agent_holds(agent),
            .credit = agent->credit,
        };
    }
    return true;
}

void agent_pick_gather_heads(struct agent_pick *pick)
{
    const struct agent_coord *core = pick->core;
    uint32_t count = core->open_agents <= OPEN_FEW ? core->open_agents : HEADS;
    for (uint32_t i = 0; i < count && look_at(pick, agent_coord_index_at(core, i)->slot); i++)
        continue;
}

void agent_pick_gather_holders(struct agent_pick *pick)
{
    const struct coord_model *model = pick->model;
    if (model->n_holders <= HOLDERS_ALL) {
        for (uint32_t i = 0; i < model->n_holders && look_at(pick, model->holders[i]); i++)
            continue;
        return;
    }
    for (uint32_t i = 0; i < HOLDERS_DRAWN; i++)
        look_at(pick, model->holders[agent_coord_random(pick->core) % model->n_holders]);
}

void agent_pick_gather_random(struct agent_pick *pick, uint32_t count)
{
    const struct agent_coord *core = pick->core;
    // Some draws hit one that was drawn already or can't take it.
    for (uint32_t i = 0; i < 4 * count && core->open_agents > 0 && count > pick->count; i++)
        look_at(pick, agent_coord_index_at(
                          core, (uint32_t)(agent_coord_random(pick->core) % core->open_agents))
                          ->slot);
}

void agent_pick_gather_next(struct agent_pick *pick)
{
    const struct agent_coord *core = pick->core;
    uint32_t slot = 0, from = core->last_slot + 1;
    for (int around = 0; around < 2 && pick->count == 0; around++, from = 0) {
        while (pick->count == 0 && agent_coord_index_next(core, from, &slot)) {
            look_at(pick, slot);
            from = slot + 1;
        }
    }
}

void agent_pick_measure_surplus(struct agent_pick *pick)
{
    for (uint32_t i = 0; i < pick->count; i++)
        pick->candidates[i].surplus =
            surplus_of(pick->core->agents[pick->candidates[i].slot], pick->model);
}

void agent_pick_gather_rest(struct agent_pick *pick)
{
    const struct agent_coord *core = pick->core;
    struct coord_model *model = pick->model;
    if (model->scan_world != core->world) {
        model->scan_world = core->world;
        model->scanned = 0;
    }
    uint32_t count = core->n_agents < REST_MAX ? core->n_agents : REST_MAX;
    for (uint32_t i = 0; i < count && pick->count < HOLDERS_DRAWN; i++) {
        if (model->scan_at >= core->n_agents)
            model->scan_at = 0;
        const struct coord_agent *agent = core->agents[model->scan_at];
        // One that may take it later: the flow stays worth a look.
        if (agent != NULL && agent_coord_rule_passes(agent_coord_rejects(core, agent, model)))
            model->scanned = 0;
        else
            model->scanned++;
        look_at(pick, model->scan_at++);
    }
    // All were looked at since the world changed, and only such a change can help any.
    if (pick->count == 0 && model->scanned >= core->n_agents)
        model->blocked = core->world;
}

void agent_coord_pick_init(struct agent_coord *core, struct coord_model *model,
                           struct agent_pick *pick)
{
    core->pick_number++;
    pick->core = core;
    pick->model = model;
    pick->count = pick->n_rejected = pick->looked_at = 0;
    pick->mean_wait_us = core->ready_agents > 0 ? core->wait_us / core->ready_agents : 0;
    pick->mean_recent_us = core->ready_agents > 0 ? core->recent_us / core->ready_agents : 0;
    pick->bound_percent = core->limits.bound_percent;
    pick->choice = AGENT_CHOICE_NONE;
    pick->second = NULL;
}
