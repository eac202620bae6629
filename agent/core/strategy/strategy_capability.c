// The tightest fit: an agent with half precision or much memory is left to the models that need it
// for as long as a plainer one has room.
#include "agent/core/strategy/strategy.h"

#define SURPLUS_MAX 4096

void agent_strategy_capability_gather(struct agent_pick *pick)
{
    agent_pick_gather_heads(pick);
    agent_pick_gather_holders(pick);
    agent_pick_gather_random(pick, 4);
}

struct agent_candidate *agent_strategy_capability_choose(struct agent_pick *pick)
{
    agent_pick_measure_surplus(pick);
    for (uint32_t i = 0; i < pick->count; i++) {
        struct agent_candidate *c = &pick->candidates[i];
        int64_t surplus = c->surplus < SURPLUS_MAX ? c->surplus : SURPLUS_MAX;
        // An agent that is half full counts as if it fitted worse.
        int64_t load = (int64_t)c->held * 2 * SURPLUS_MAX / c->credit;
        c->score = surplus + (load > SURPLUS_MAX ? load : load / 16);
    }
    pick->choice = AGENT_CHOICE_FIT;
    return agent_pick_best(pick);
}
