// Where the job would be done first: what the agent holds, the load, and the job itself, each as
// measured on that agent. Cards of different speed get work in proportion to it.
#include "agent/core/strategy/strategy.h"

void agent_strategy_latency_adaptive_gather(struct agent_pick *pick)
{
    agent_pick_gather_heads(pick);
    agent_pick_gather_holders(pick);
}

struct agent_candidate *agent_strategy_latency_adaptive_choose(struct agent_pick *pick)
{
    for (uint32_t i = 0; i < pick->count; i++) {
        struct agent_candidate *c = &pick->candidates[i];
        c->score = c->wait_us + c->run_us + c->evict_us;
    }
    pick->choice = AGENT_CHOICE_SOONEST;
    return agent_pick_best(pick);
}
