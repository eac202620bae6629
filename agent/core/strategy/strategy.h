// How an agent is chosen for waiting jobs of one model: one file a strategy, one row each in
// strategies.def. A strategy first gathers a few candidates from the core's indexes (those that can
// take the job: that is decided by rules.def, the same for all strategies), then chooses one. It
// never has to look at all agents, so that a choice costs the same among 50 and among 5,000.
#ifndef AGENT_STRATEGY_H
#define AGENT_STRATEGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGENT_PICK_MAX 24 // agents that one choice looks at, most of the time

struct agent_coord;
struct coord_model;

// What an agent is ranked by in the index of those that take work.
enum agent_strategy_order {
    AGENT_ORDER_JOBS, // jobs it holds for its credit
    AGENT_ORDER_TIME, // device time of what it holds, and its own speed
};

// Why the chosen one was chosen, for people.
enum agent_choice {
    AGENT_CHOICE_NONE,
#define AGENT_CHOICE(symbol, name, help) AGENT_CHOICE_##symbol,
#include "agent/core/placement/choices.def"
#undef AGENT_CHOICE
    AGENT_CHOICES
};

struct agent_candidate {
    uint32_t slot;
    uint32_t held, credit; // jobs
    bool resident;         // has the model, or loads it now
    bool prefetched;       // and no job has used it yet
    uint8_t rule;          // enum agent_rule; NONE: it can take the job
    uint16_t surplus;      // abilities and memory that the model doesn't need, for fitting tightly
    uint32_t run_us;       // a job's device time there; 0 unknown
    int64_t wait_us;       // until its device could begin: what it holds, and the load
    int64_t load_us;       // of that: loading the model, or what is left of it
    int64_t evict_us;      // of loading again what a load there would push out
    int64_t recent_us;     // device time of what it was given lately
    uint64_t turn;         // when it was last chosen; less is longer ago
    int64_t score;         // set by the strategy: less is better
};

struct agent_pick {
    struct agent_coord *core;
    struct coord_model *model;
    struct agent_candidate candidates[AGENT_PICK_MAX]; // they can take the job
    uint32_t count;
    struct agent_candidate rejected[AGENT_PICK_MAX]; // the first of those that can't
    uint32_t n_rejected;
    uint32_t looked_at;     // in all
    int64_t mean_wait_us;   // over the agents that are ready
    int64_t mean_recent_us; // as above
    uint32_t bound_percent; // of the mean: more is too much
    enum agent_choice choice;
    struct agent_candidate *second; // set where there was a runner-up; NULL none
};

// Gathering: each adds candidates that are not there yet.
void agent_pick_gather_heads(struct agent_pick *pick);   // the least loaded by the strategy's order
void agent_pick_gather_holders(struct agent_pick *pick); // a sample of those that have the model
void agent_pick_gather_random(struct agent_pick *pick, uint32_t count);
void agent_pick_gather_next(struct agent_pick *pick); // the next in turn that can take it
// Of all, a bounded part behind the part that was looked at last time: for when nothing else gave
// any.
void agent_pick_gather_rest(struct agent_pick *pick);

// Fills the candidates' `surplus`, which is 0 before.
void agent_pick_measure_surplus(struct agent_pick *pick);

// The candidate with the least score, and among equals the one that waits longest for its turn;
// sets `second`. NULL without candidates.
struct agent_candidate *agent_pick_best(struct agent_pick *pick);

struct agent_strategy {
    const char *name;
    const char *help;
    enum agent_strategy_order order;
    void (*gather)(struct agent_pick *pick);
    // One of the candidates, of which there is at least one; sets every score, and `choice`. NULL:
    // waiting is better.
    struct agent_candidate *(*choose)(struct agent_pick *pick);
};

// By name; NULL when there is none. Static.
const struct agent_strategy *agent_strategy_find(const char *name);
// Row `index`; NULL past the end. Static. The first is the default.
const struct agent_strategy *agent_strategy_at(size_t index);

// "sticky"; "" for NONE.
const char *agent_choice_name(enum agent_choice choice);

#define AGENT_STRATEGY(symbol, name, order, help)                   \
    void agent_strategy_##symbol##_gather(struct agent_pick *pick); \
    struct agent_candidate *agent_strategy_##symbol##_choose(struct agent_pick *pick);
#include "agent/core/strategy/strategies.def"
#undef AGENT_STRATEGY

#endif
