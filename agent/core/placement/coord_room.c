// Memory of devices is a cache of models, and a switch costs a load. A model is never evicted for
// one request: either nobody uses it, or the work that waits for the other pays for the load. So
// that a model which nobody asks for much gets its turn, too, one that has waited long has room
// made: the agent that needs it least gets no more jobs of some model, and that one goes when they
// are done.
#include "coord_room.h"

#include "agent/core/coord/coord_internal.h"
#include "agent/core/placement/coord_index.h"
#include "agent/core/placement/coord_speed.h"

#define LOAD_SLACK_US 2000 // a load that short is not worth a thought
#define HOLDERS_ASKED 4
#define VICTIMS_MAX 16
#define DEMAND_LOADS 4    // work of a second in loads of it: how surely a victim will be missed
#define COLD_LOADS 8      // unused for so many times its load: it goes without regret
#define PATIENCE_LOADS 16 // so long it may wait for its turn
#define IDLE_LOADS 2      // where an agent has nothing to do, so long
#define WORK_LOADS 8      // work that pays for a switch; loads only pay in batches
#define IDLE_WORK_LOADS 4 // where an agent has nothing else to do
#define DEMAND_SHIFT 6    // of what was asked for in minutes, to what it was in a second or two
#define PATIENCE_US_MIN 100000
#define PATIENCE_US_MAX 10000000

bool agent_coord_load_is_dear(const struct agent_coord *core, const struct coord_agent *agent,
                              const struct coord_model *model)
{
    return agent_coord_load_left_us(core, agent, model) > LOAD_SLACK_US;
}

// ---- whether the load pays by time

// What is before a job at the least loaded of some that have or load the model: of any model.
static int64_t others_wait_us(const struct agent_coord *core, const struct coord_agent *but,
                              const struct coord_model *model)
{
    int64_t least = INT64_MAX;
    for (uint32_t i = 0; i < model->n_holders && i < HOLDERS_ASKED; i++) {
        const struct coord_agent *agent = core->agents[model->holders[i]];
        int64_t wait =
            agent_coord_agent_wait_us(agent) + agent_coord_load_left_us(core, agent, model);
        if (agent->ready && agent != but && wait < least)
            least = wait;
    }
    return least;
}

// ---- whether there is room

// Nobody would miss it now.
static bool is_spare(const struct coord_model *model, const struct coord_on *on)
{
    return on->state == AGENT_MODEL_RESIDENT && on->held == 0 && !on->pinned &&
           (model->queued == 0 || on->leaving);
}

static uint64_t free_bytes(const struct coord_agent *agent)
{
    return agent->memory_bytes > agent->model_bytes ? agent->memory_bytes - agent->model_bytes : 0;
}

bool agent_coord_room_has_space(const struct coord_agent *agent, const struct coord_model *model)
{
    return agent->memory_bytes == 0 || model->bytes <= free_bytes(agent);
}

// What of this model's work an agent does: what would be missed.
static int64_t demand_us(const struct coord_model *model)
{
    return model->n_holders > 0 ? (model->demand_us >> DEMAND_SHIFT) / model->n_holders : 0;
}

struct room {
    uint64_t missing; // bytes, after the victims
    uint64_t pinned;  // bytes that might be had if they were not pinned
    uint64_t busy;    // the same of those that have work to do now
    bool cold;        // no victim was used lately
    int64_t cost_us;  // of loading again what goes and will be missed
    struct coord_model *victims[VICTIMS_MAX];
    uint32_t count;
};

static bool is_chosen(const struct room *room, const struct coord_model *model)
{
    for (uint32_t i = 0; i < room->count; i++) {
        if (room->victims[i] == model)
            return true;
    }
    return false;
}

static struct coord_model *next_victim(const struct coord_agent *agent, const struct room *room)
{
    struct coord_model *best = NULL;
    for (uint32_t i = 0; i < agent->n_models; i++) {
        struct coord_model *model = agent->models[i];
        const struct coord_on *on = agent_coord_on(model, agent->slot);
        if (!is_spare(model, on) || is_chosen(room, model))
            continue;
        if (best == NULL || demand_us(model) < demand_us(best) ||
            (demand_us(model) == demand_us(best) &&
             on->used_us < agent_coord_on(best, agent->slot)->used_us))
            best = model;
    }
    return best;
}

static struct room find_room(const struct agent_coord *core, const struct coord_agent *agent,
                             const struct coord_model *model)
{
    struct room room = {.cold = true};
    if (agent_coord_room_has_space(agent, model))
        return room;
    room.missing = model->bytes - free_bytes(agent);
    while (room.missing > 0 && room.count < VICTIMS_MAX) {
        struct coord_model *victim = next_victim(agent, &room);
        if (victim == NULL)
            break;
        const struct coord_on *on = agent_coord_on(victim, agent->slot);
        room.victims[room.count++] = victim;
        room.missing = on->bytes < room.missing ? room.missing - on->bytes : 0;
        int64_t load = agent_coord_load_us(core, agent, victim);
        room.cold = room.cold && (on->leaving || core->now_us - on->used_us > load * COLD_LOADS);
        int64_t missed = demand_us(victim) * DEMAND_LOADS;
        room.cost_us += on->leaving ? 0 : missed < load ? missed : load;
    }
    for (uint32_t i = 0; i < agent->n_models && room.missing > 0; i++) {
        const struct coord_on *on = agent_coord_on(agent->models[i], agent->slot);
        if (!is_chosen(&room, agent->models[i]))
            *(on->pinned ? &room.pinned : &room.busy) += on->bytes;
    }
    return room;
}

// Whether those that have the model, or will soon, would be done sooner with what waits for it than
// a job here, which waits for the load.
static bool is_behind_load(const struct agent_coord *core, const struct coord_agent *agent,
                           const struct coord_model *model, const struct room *room)
{
    int64_t others = others_wait_us(core, agent, model);
    if (others == INT64_MAX)
        return false;
    int64_t here = agent_coord_agent_wait_us(agent) + agent_coord_load_left_us(core, agent, model) +
                   room->cost_us;
    uint32_t holders = model->n_usable > 0 ? model->n_usable : model->n_holders;
    int64_t there = ((int64_t)model->queued + model->held) * model->job_us / holders;
    if (model->n_usable == 0)
        there += others; // that is a load, after which the work begins
    return here >= (there > others ? there : others);
}

static int64_t patience_us(const struct agent_coord *core, const struct coord_agent *agent,
                           const struct coord_model *model)
{
    int64_t patience = agent_coord_load_us(core, agent, model) * PATIENCE_LOADS;
    if (patience < PATIENCE_US_MIN)
        return PATIENCE_US_MIN;
    return patience < PATIENCE_US_MAX ? patience : PATIENCE_US_MAX;
}

static bool has_waited(const struct agent_coord *core, const struct coord_agent *agent,
                       const struct coord_model *model)
{
    return model->wants_us != 0 &&
           core->now_us - model->wants_us >= patience_us(core, agent, model);
}

// Something must be wrong with what is known of the agents' models.
static bool has_waited_long(const struct agent_coord *core, const struct coord_model *model)
{
    return model->wants_us != 0 && core->now_us - model->wants_us >= 3 * PATIENCE_US_MAX;
}

// Only where pins alone are in the way nothing changes by itself.
static enum agent_rule missing_rule(const struct room *room)
{
    return room->pinned >= room->missing && room->busy < room->missing ? AGENT_RULE_PINNED
                                                                       : AGENT_RULE_NO_ROOM;
}

static enum agent_rule memory_rule(const struct agent_coord *core, const struct coord_agent *agent,
                                   const struct coord_model *model, const struct room *room)
{
    // Too little even with all others gone is for the agent to say: what is known of it may be old.
    bool all = room->count == agent->n_models || has_waited_long(core, model);
    if (room->missing > 0 && (!all || room->pinned > 0))
        return missing_rule(room);
    if (room->count == 0 || room->cold || has_waited(core, agent, model))
        return AGENT_RULE_NONE;
    int64_t work = (int64_t)model->queued * model->job_us;
    int64_t load = agent_coord_load_us(core, agent, model);
    if (agent_coord_agent_holds(agent) > 0)
        return work >= load * WORK_LOADS ? AGENT_RULE_NONE : AGENT_RULE_SWITCH;
    bool waits = model->wants_us != 0 && core->now_us - model->wants_us >= load * IDLE_LOADS;
    return waits || work >= load * IDLE_WORK_LOADS ? AGENT_RULE_NONE : AGENT_RULE_SWITCH;
}

enum agent_rule agent_coord_room_rule(const struct agent_coord *core,
                                      const struct coord_agent *agent,
                                      const struct coord_model *model)
{
    const struct coord_on *on = agent_coord_on(model, agent->slot);
    if (on != NULL && on->leaving)
        return AGENT_RULE_LEAVING;
    if (on != NULL && on->state == AGENT_MODEL_RESIDENT)
        return AGENT_RULE_NONE;
    bool dear = agent_coord_load_is_dear(core, agent, model);
    // A prefetch comes to nothing where the agent finds no room: a job would get it.
    bool asked = on != NULL && on->asked && agent->prefetching != model;
    if (on != NULL && on->state == AGENT_MODEL_LOADING)
        return dear && (on->held > 0 || asked) ? AGENT_RULE_LOADING : AGENT_RULE_NONE;
    if (!dear && agent_coord_room_has_space(agent, model))
        return AGENT_RULE_NONE;
    struct room room = find_room(core, agent, model);
    if (dear && is_behind_load(core, agent, model, &room))
        return AGENT_RULE_BEHIND_LOAD;
    return memory_rule(core, agent, model, &room);
}

enum agent_rule agent_coord_room_load_rule(const struct agent_coord *core,
                                           const struct coord_agent *agent,
                                           const struct coord_model *model)
{
    enum agent_rule fits = agent_coord_fits(agent, model);
    if (fits != AGENT_RULE_NONE)
        return fits;
    struct room room = find_room(core, agent, model);
    return room.missing == 0 ? AGENT_RULE_NONE : missing_rule(&room);
}

int64_t agent_coord_room_cost_us(const struct agent_coord *core, const struct coord_agent *agent,
                                 const struct coord_model *model)
{
    return agent_coord_has(model, agent->slot) || agent_coord_room_has_space(agent, model)
               ? 0
               : find_room(core, agent, model).cost_us;
}

uint32_t agent_coord_room_evicts(const struct agent_coord *core, const struct coord_agent *agent,
                                 const struct coord_model *model)
{
    return find_room(core, agent, model).count;
}

// ---- making it

void agent_coord_room_make(struct agent_coord *core, struct coord_agent *agent,
                           struct coord_model *model)
{
    struct room room = find_room(core, agent, model);
    for (uint32_t i = 0; i < room.count; i++) {
        agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_UNLOAD,
                                                     .link = agent->link,
                                                     .hash = room.victims[i]->hash});
        agent_coord_residency_set(core, agent, room.victims[i], AGENT_MODEL_ABSENT);
        core->caches.model_evictions++;
    }
}

static void stop_leaving(struct agent_coord *core, struct coord_model *model)
{
    struct coord_model *victim = model->room_from;
    const struct coord_agent *agent =
        model->room_slot < core->n_agents ? core->agents[model->room_slot] : NULL;
    for (uint32_t i = 0; agent != NULL && i < agent->n_models; i++) {
        if (agent->models[i] == victim)
            victim->on[agent->slot].leaving = false;
    }
    model->room_from = NULL;
}

void agent_coord_room_wants(struct agent_coord *core, struct coord_model *model, bool wants)
{
    if (wants && model->n_holders == 0) {
        if (model->wants_us == 0)
            model->wants_us = core->now_us;
        return;
    }
    model->wants_us = 0;
    if (model->room_from != NULL)
        stop_leaving(core, model);
}

// The model on a ready agent that would be missed least, whose going leaves enough room.
static void make_turn(struct agent_coord *core, struct coord_model *model)
{
    struct coord_model *best = NULL;
    uint32_t best_slot = 0;
    for (uint32_t slot = 0; slot < core->n_agents; slot++) {
        const struct coord_agent *agent = core->agents[slot];
        if (agent == NULL || !agent->ready || !has_waited(core, agent, model) ||
            agent_coord_fits(agent, model) != AGENT_RULE_NONE)
            continue;
        for (uint32_t i = 0; i < agent->n_models; i++) {
            struct coord_model *victim = agent->models[i];
            const struct coord_on *on = agent_coord_on(victim, slot);
            // One that has just come has not earned its load yet.
            bool stays = core->now_us - on->since_us < patience_us(core, agent, victim);
            if (on->state != AGENT_MODEL_RESIDENT || on->pinned || on->leaving || stays ||
                free_bytes(agent) + on->bytes < model->bytes)
                continue;
            if (best == NULL || demand_us(victim) < demand_us(best)) {
                best = victim;
                best_slot = slot;
            }
        }
    }
    if (best == NULL)
        return;
    best->on[best_slot].leaving = true;
    model->room_from = best;
    model->room_slot = best_slot;
}

void agent_coord_room_tick(struct agent_coord *core)
{
    for (uint32_t i = 0; i < core->n_models; i++) {
        struct coord_model *model = core->models[i];
        if (model == NULL)
            continue;
        if (model->queued == 0 || model->n_holders > 0)
            agent_coord_room_wants(core, model, false);
        else if (model->wants_us != 0 && model->room_from == NULL)
            make_turn(core, model);
    }
}
