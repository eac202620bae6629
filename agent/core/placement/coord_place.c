// Which job goes where: for each flow in its turn an agent is picked by the strategy in force, for
// a chunk of its jobs.
#include <inttypes.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/placement/coord_index.h"
#include "agent/core/placement/coord_prefetch.h"
#include "agent/core/placement/coord_refusal.h"
#include "agent/core/placement/coord_room.h"
#include "agent/core/planted.h"

#define SPAN_US 100    // of work that is not spread over several agents
#define BURST_US 1000  // so much work goes to one agent without a look at the others
#define FADE_US 100000 // what agents were given lately is made less this often
#define FADE_SHIFT 4   // by a sixteenth: half of it is gone after a second

static void assign(struct agent_coord *core, struct coord_job *job, struct coord_agent *agent,
                   uint64_t decision)
{
    struct coord_on *on = agent_coord_on_get(job->model, agent->slot);
    if (on != NULL && on->prefetched) {
        core->caches.prefetch_hits++;
        on->prefetched = false;
    }
    bool is_there = on != NULL && on->state == AGENT_MODEL_RESIDENT;
    core->caches.sticky.hits += is_there;
    core->caches.sticky.misses += !is_there;
    job->model->hits += is_there;
    job->model->misses += !is_there;
    if (on == NULL || on->at == 0)
        agent_coord_room_make(core, agent, job->model);
    agent_coord_hold(core, job, agent);
    agent_coord_job_log_decision(core, job, decision);
    int64_t left = job->deadline_us == 0 ? 0 : job->deadline_us - core->now_us;
    agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_DISPATCH,
                                                 .link = agent->link,
                                                 .id = job->id,
                                                 .attempt = job->attempt,
                                                 .deadline_us = left});
    if (!core->sink->job_notices)
        return;
    char text[AGENT_TEXT_MAX];
    agent_coord_decision_text(core, decision, text, sizeof text);
    agent_coord_notice(core, AGENT_NOTICE_JOB_ASSIGNED, AGENT_NOTICE_INFO,
                       agent_coord_chars(agent->name), job->id, "%s", text);
}

// Jobs that go to the chosen one at once: its even share of what waits, but by a strategy that goes
// by time not much more than makes it as loaded as the runner-up.
static uint32_t chunk_of(const struct agent_coord *core, const struct agent_pick *pick,
                         const struct coord_flow *flow, const struct agent_candidate *chosen)
{
    uint32_t among =
        pick->choice == AGENT_CHOICE_STICKY ? pick->model->n_holders : core->open_agents;
    uint32_t chunk = among > 1 ? (flow->queued + among - 1) / among : flow->queued;
    if (chosen->run_us > 0 && core->strategy->order == AGENT_ORDER_TIME) {
        int64_t even = BURST_US / chosen->run_us;
        const struct agent_candidate *second = pick->second;
        if (second != NULL && second->score > chosen->score &&
            (second->score - chosen->score) / chosen->run_us > even)
            even = (second->score - chosen->score) / chosen->run_us;
        if (second != NULL && chunk > even + 1)
            chunk = (uint32_t)even + 1;
    }
    // Of jobs that take next to no time a frame for each agent costs more than they do.
    if (chosen->run_us > 0 && chunk < SPAN_US / chosen->run_us)
        chunk = SPAN_US / chosen->run_us < flow->queued ? SPAN_US / chosen->run_us : flow->queued;
    // One is enough to make it load: the others follow when that is over, or go where it is sooner.
    if (!chosen->resident && chosen->load_us > 0 &&
        agent_coord_load_is_dear(core, core->agents[chosen->slot], pick->model))
        chunk = 1;
    if (chunk > COORD_CHUNK)
        chunk = COORD_CHUNK;
    if (chunk > chosen->credit - chosen->held)
        chunk = chosen->credit - chosen->held + AGENT_PLANTED(OVER_CREDIT);
    return chunk;
}

static struct agent_candidate *choose(struct agent_coord *core, struct coord_flow *flow,
                                      const struct coord_job *first)
{
    struct agent_pick *pick = &core->pick;
    agent_coord_pick_init(core, flow->model, pick);
    core->strategy->gather(pick);
    if (first->kills != NULL)
        agent_pick_gather_heads(pick);
    if (pick->count == 0)
        agent_pick_gather_rest(pick);
    if (pick->count == 0)
        return NULL;
    struct agent_candidate *chosen = core->strategy->choose(pick);
    return chosen != NULL ? agent_coord_spare(core, first, pick, chosen) : NULL;
}

static bool place_chunk(struct agent_coord *core, struct coord_flow *flow)
{
    const struct coord_job *first = agent_coord_queue_head(core, flow);
    const struct agent_candidate *chosen = choose(core, flow, first);
    agent_coord_room_wants(core, flow->model, chosen == NULL);
    if (chosen == NULL)
        return false;
    struct coord_agent *agent = core->agents[chosen->slot];
    uint64_t decision = agent_coord_decision_add(core, &core->pick, chosen, flow->queued);
    uint32_t chunk = chunk_of(core, &core->pick, flow, chosen), placed = 0;
    if (first->kills != NULL)
        chunk = 1; // those behind it may go where it may not
    while (placed < chunk && (placed == 0 || agent_coord_queue_more(core, flow))) {
        assign(core, agent_coord_queue_head(core, flow), agent, decision);
        placed++;
    }
    agent_coord_decision_jobs(core, decision, placed);
    core->last_slot = agent->slot;
    agent->picked_turn = ++core->next_turn;
    agent_coord_agent_refresh(core, agent);
    return true;
}

void agent_coord_place(struct agent_coord *core)
{
    if (core->stopping)
        return;
    core->round++;
    while (core->open_agents > 0) {
        struct coord_flow *flow = agent_coord_queue_next(core);
        if (flow == NULL)
            break;
        if (!place_chunk(core, flow))
            flow->model->skipped = core->round;
    }
}

void agent_coord_place_tick(struct agent_coord *core)
{
    if (core->now_us - core->recent_then_us < FADE_US)
        return;
    core->recent_then_us = core->now_us;
    if (core->job_us > core->rank_job_us * 5 / 4 || core->job_us < core->rank_job_us * 3 / 4) {
        core->rank_job_us = core->job_us;
        agent_coord_index_rebuild(core);
    }
    agent_coord_room_tick(core);
    agent_coord_refusals_tick(core);
    agent_coord_prefetch_fade(core);
    agent_coord_prefetch_tick(core);
    core->recent_us = 0;
    for (uint32_t slot = 0; slot < core->n_agents; slot++) {
        struct coord_agent *agent = core->agents[slot];
        if (agent == NULL)
            continue;
        agent->recent_us -= (agent->recent_us + (1 << FADE_SHIFT) - 1) >> FADE_SHIFT;
        core->recent_us += agent->recent_us;
    }
}
