#include "strategy.h"

#include <string.h>

static const struct agent_strategy strategies[] = {
#define AGENT_STRATEGY(symbol, name, help) {name, help, agent_strategy_##symbol},
#include "agent/core/strategies.def"
#undef AGENT_STRATEGY
};

const struct agent_strategy *agent_strategy_at(size_t index)
{
    return index < sizeof strategies / sizeof strategies[0] ? &strategies[index] : NULL;
}

const struct agent_strategy *agent_strategy_find(const char *name)
{
    const struct agent_strategy *row;
    for (size_t i = 0; (row = agent_strategy_at(i)) != NULL; i++) {
        if (strcmp(row->name, name) == 0)
            return row;
    }
    return NULL;
}
