// How an agent is chosen among those that can take a job: one file a strategy, one row each in
// strategies.def. Which agents can take it is decided before (ready, credit left, model not known
// to fail there) and is the same for all strategies.
#ifndef AGENT_STRATEGY_H
#define AGENT_STRATEGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agent_candidate {
    uint32_t slot; // rises in the array
    uint32_t held; // jobs it has now
    uint32_t credit;
    bool resident;        // has the model, or is loading it
    uint64_t picked_turn; // when it was last picked; less is longer ago
    int64_t score;        // set by pick: less is better, for the recorded reasons
};

struct agent_strategy_state {
    uint32_t last_slot; // picked last, over all models
};

struct agent_strategy {
    const char *name;
    const char *help;
    // Returns the index of the chosen one; `count` is at least 1. Sets every score.
    size_t (*pick)(const struct agent_strategy_state *state, struct agent_candidate *candidates,
                   size_t count);
};

// By name; NULL when there is none. Static.
const struct agent_strategy *agent_strategy_find(const char *name);
// Row `index`; NULL past the end. Static.
const struct agent_strategy *agent_strategy_at(size_t index);

#define AGENT_STRATEGY(symbol, name, help)                                   \
    size_t agent_strategy_##symbol(const struct agent_strategy_state *state, \
                                   struct agent_candidate *candidates, size_t count);
#include "agent/core/strategies.def"
#undef AGENT_STRATEGY

#endif
