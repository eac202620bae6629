#include "agent/core/strategy.h"

// What it costs to load the model first, in jobs of head start: small enough that a second agent
// joins in as soon as the first has a queue.
#define LOAD_PENALTY_JOBS 4

size_t agent_strategy_least_loaded(const struct agent_strategy_state *state,
                                   struct agent_candidate *candidates, size_t count)
{
    (void)state;
    size_t best = 0;
    for (size_t i = 0; i < count; i++) {
        struct agent_candidate *c = &candidates[i];
        int64_t jobs = (int64_t)c->held + (c->resident ? 0 : LOAD_PENALTY_JOBS);
        c->score = jobs * 1000 / c->credit;
        const struct agent_candidate *b = &candidates[best];
        if (c->score < b->score || (c->score == b->score && c->picked_turn < b->picked_turn))
            best = i;
    }
    return best;
}
