// Two random agents and the better of them: nearly as even as looking at all, and nobody has to
// keep all in order. It is here to compare with, and for clusters in which what agents report is
// late.
#include "agent/core/strategy/strategy.h"

void agent_strategy_power_of_two_gather(struct agent_pick *pick)
{
    agent_pick_gather_random(pick, 2);
}

struct agent_candidate *agent_strategy_power_of_two_choose(struct agent_pick *pick)
{
    for (uint32_t i = 0; i < pick->count; i++) {
        struct agent_candidate *c = &pick->candidates[i];
        c->score = (int64_t)c->held * 1000 / c->credit;
    }
    pick->choice = AGENT_CHOICE_TWO;
    return agent_pick_best(pick);
}
