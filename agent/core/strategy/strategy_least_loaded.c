#include "agent/core/strategy/strategy.h"

// What it costs to load the model first, in jobs of head start: small enough that a second agent
// joins in as soon as the first has a queue.
#define LOAD_PENALTY_JOBS 4

void agent_strategy_least_loaded_gather(struct agent_pick *pick)
{
    agent_pick_gather_heads(pick);
    agent_pick_gather_holders(pick);
}

struct agent_candidate *agent_strategy_least_loaded_choose(struct agent_pick *pick)
{
    for (uint32_t i = 0; i < pick->count; i++) {
        struct agent_candidate *c = &pick->candidates[i];
        int64_t jobs = (int64_t)c->held + (c->resident ? 0 : LOAD_PENALTY_JOBS);
        c->score = jobs * 1000 / c->credit;
    }
    pick->choice = AGENT_CHOICE_LEAST;
    return agent_pick_best(pick);
}
