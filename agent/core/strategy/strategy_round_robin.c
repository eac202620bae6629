#include "agent/core/strategy/strategy.h"

void agent_strategy_round_robin_gather(struct agent_pick *pick)
{
    agent_pick_gather_next(pick);
}

struct agent_candidate *agent_strategy_round_robin_choose(struct agent_pick *pick)
{
    pick->choice = AGENT_CHOICE_TURN;
    for (uint32_t i = 0; i < pick->count; i++)
        pick->candidates[i].score = i;
    return &pick->candidates[0];
}
