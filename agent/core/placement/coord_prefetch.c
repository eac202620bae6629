// Models that will be wanted are loaded where there is memory to spare, before a job waits for
// that. How many agents should have a model follows from its share of the device time that was
// asked for lately. It costs nobody anything: only an agent that holds no jobs and has room loads,
// one model at a time, nothing is evicted for it (the agent is told so, too), and what it brought
// is the first to go.
#include "coord_prefetch.h"

#include "agent/core/coord/coord_internal.h"
#include "agent/core/placement/coord_refusal.h"
#include "agent/core/placement/coord_residency.h"
#include "agent/core/placement/coord_room.h"
#include "agent/core/placement/coord_speed.h"
#include "agent/core/planted.h"

#define FADE_SHIFT 10      // of 100 ms: demand is half of what it was after 71 s
#define JOBS_MIN 2         // of a model lately, or nothing is known of its demand
#define TRIES 4            // models that one look finds a place for, at most
#define REST_US 60000000   // until a model that did not stay is tried there again
#define ANSWER_US 10000000 // that an agent takes to begin with it; if not it had no room

void agent_coord_prefetch_fade(struct agent_coord *core)
{
    core->demand_us = 0;
    for (uint32_t i = 0; i < core->n_models; i++) {
        struct coord_model *model = core->models[i];
        if (model == NULL)
            continue;
        model->demand_us -= (model->demand_us + (1 << FADE_SHIFT) - 1) >> FADE_SHIFT;
        core->demand_us += model->demand_us;
    }
}

// Of the demand that all its homes share, what one more would take over; 0: it has enough of them.
static int64_t gain_of(const struct agent_coord *core, const struct coord_model *model)
{
    int64_t demand = model->demand_us;
    int64_t job_us = model->job_us > COORD_JOB_US_MIN ? model->job_us : COORD_JOB_US_MIN;
    if (demand < JOBS_MIN * job_us)
        return 0;
    int64_t wanted = (demand * core->ready_agents + core->demand_us / 2) / core->demand_us;
    if (model->n_holders >= (wanted > 1 ? (uint32_t)wanted : 1))
        return 0;
    return demand / ((int64_t)model->n_holders + 1);
}

static struct coord_model *most_wanted(const struct agent_coord *core, uint64_t look)
{
    struct coord_model *best = NULL;
    int64_t best_gain = 0;
    for (uint32_t i = 0; i < core->n_models; i++) {
        struct coord_model *model = core->models[i];
        if (model == NULL || model->looked_at == look)
            continue;
        int64_t gain = gain_of(core, model);
        if (gain > best_gain) {
            best = model;
            best_gain = gain;
        }
    }
    return best;
}

static bool can_take(const struct agent_coord *core, const struct coord_agent *agent,
                     const struct coord_model *model)
{
    if (agent_coord_agent_holds(agent) > 0 && !AGENT_PLANTED(PREFETCH_BUSY))
        return false;
    if (!agent->can_prefetch || agent->prefetching != NULL ||
        agent_coord_closed(agent) != AGENT_RULE_NONE || agent->memory_bytes == 0 ||
        model->bytes == 0 || !agent_coord_room_has_space(agent, model) ||
        agent_coord_has(model, agent->slot) || agent_coord_fits(agent, model) != AGENT_RULE_NONE)
        return false;
    const struct coord_on *on = agent_coord_on(model, agent->slot);
    return on == NULL || (on->state != AGENT_MODEL_FAILED && on->refusal == NULL &&
                          (on->prefetched_us == 0 || core->now_us - on->prefetched_us > REST_US));
}

// The one with most memory to spare, of those that were given least lately.
static struct coord_agent *place_for(const struct agent_coord *core,
                                     const struct coord_model *model)
{
    struct coord_agent *best = NULL;
    for (uint32_t slot = 0; slot < core->n_agents; slot++) {
        struct coord_agent *agent = core->agents[slot];
        if (agent == NULL || !can_take(core, agent, model))
            continue;
        if (best == NULL || agent->recent_us < best->recent_us ||
            (agent->recent_us == best->recent_us && agent->model_bytes < best->model_bytes))
            best = agent;
    }
    return best;
}

static void prefetch(struct agent_coord *core, struct coord_agent *agent, struct coord_model *model)
{
    if (!agent_coord_residency_set(core, agent, model, AGENT_MODEL_LOADING))
        return;
    struct coord_on *on = &model->on[agent->slot];
    on->asked = true;
    on->prefetched_us = core->now_us;
    agent->prefetching = model;
    core->caches.prefetches++;
    agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_LOAD,
                                                 .link = agent->link,
                                                 .hash = model->hash,
                                                 .pinned = on->pinned,
                                                 .spare = true});
}

// An agent that found no room says nothing.
static void give_up(struct agent_coord *core)
{
    for (uint32_t slot = 0; slot < core->n_agents; slot++) {
        struct coord_agent *agent = core->agents[slot];
        struct coord_model *model = agent != NULL ? agent->prefetching : NULL;
        const struct coord_on *on = model != NULL ? agent_coord_on(model, slot) : NULL;
        if (on != NULL && on->asked && on->held == 0 && core->now_us - on->since_us > ANSWER_US)
            agent_coord_residency_set(core, agent, model, AGENT_MODEL_ABSENT);
    }
}

void agent_coord_prefetch_tick(struct agent_coord *core)
{
    give_up(core);
    uint64_t look = ++core->pick_number;
    for (int i = 0; i < TRIES && core->limits.prefetch && core->demand_us > 0; i++) {
        struct coord_model *model = most_wanted(core, look);
        if (model == NULL)
            return;
        model->looked_at = look;
        struct coord_agent *agent = place_for(core, model);
        if (agent != NULL)
            prefetch(core, agent, model);
    }
}

int64_t agent_coord_prefetch_left_us(const struct agent_coord *core,
                                     const struct coord_agent *agent, const struct coord_model *but)
{
    return agent->prefetching != NULL && agent->prefetching != but && agent->n_devices <= 1
               ? agent_coord_load_left_us(core, agent, agent->prefetching)
               : 0;
}
