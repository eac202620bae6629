#include "agent/core/strategy.h"

size_t agent_strategy_round_robin(const struct agent_strategy_state *state,
                                  struct agent_candidate *candidates, size_t count)
{
    size_t best = 0; // the lowest slot, unless one after the last pick is there
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        candidates[i].score = (int64_t)candidates[i].slot - state->last_slot;
        if (!found && candidates[i].slot > state->last_slot) {
            best = i;
            found = true;
        }
    }
    return best;
}
