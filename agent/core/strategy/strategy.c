#include "strategy.h"

#include <string.h>

static const struct agent_strategy strategies[] = {
#define AGENT_STRATEGY(symbol, name, order, help)                       \
    {name, help, AGENT_ORDER_##order, agent_strategy_##symbol##_gather, \
     agent_strategy_##symbol##_choose},
#include "agent/core/strategy/strategies.def"
#undef AGENT_STRATEGY
};

static const char *const choices[AGENT_CHOICES] = {
#define AGENT_CHOICE(symbol, name, help) [AGENT_CHOICE_##symbol] = (name),
#include "agent/core/placement/choices.def"
#undef AGENT_CHOICE
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

const char *agent_choice_name(enum agent_choice choice)
{
    return (unsigned)choice < AGENT_CHOICES && choices[choice] != NULL ? choices[choice] : "";
}

static bool is_better(const struct agent_candidate *a, const struct agent_candidate *b)
{
    return b == NULL || a->score < b->score || (a->score == b->score && a->turn < b->turn);
}

struct agent_candidate *agent_pick_best(struct agent_pick *pick)
{
    struct agent_candidate *best = NULL, *second = NULL;
    for (uint32_t i = 0; i < pick->count; i++) {
        struct agent_candidate *candidate = &pick->candidates[i];
        if (is_better(candidate, best)) {
            second = best;
            best = candidate;
        } else if (is_better(candidate, second)) {
            second = candidate;
        }
    }
    pick->second = second;
    return best;
}
