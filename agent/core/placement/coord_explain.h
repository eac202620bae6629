// What the core tells of placement: why jobs are where they are, and how well its caches do.
// Pointers are valid until the next step.
#ifndef AGENT_COORD_EXPLAIN_H
#define AGENT_COORD_EXPLAIN_H

#include "agent/core/coord/coord.h"

// How often something was where it was wanted.
struct agent_cache {
    uint64_t hits, misses;
};

struct agent_caches {
    struct agent_cache sticky;     // jobs that went where their model was
    struct agent_cache capability; // agents whose fitness for a model was known
    uint64_t model_evictions;      // models that left an agent that has its link
    uint64_t prefetches;           // loads that no job had asked for yet
    uint64_t prefetch_hits;        // of those, models that a job came for
    uint64_t model_bytes;          // that models take on agents now
};

#define AGENT_SEEN_MAX 12

// An agent that a decision looked at.
struct agent_seen_view {
    const char *agent;
    enum agent_rule rule; // NONE: it could have taken the job
    bool chosen, resident;
    uint32_t held, credit;
    int64_t wait_us, load_us, run_us, score;
    char text[160]; // the words follow its name
};

struct agent_decision_view {
    uint64_t number;
    int64_t time_us;
    const char *strategy;
    const char *choice; // the rule by which one was chosen: "sticky"
    uint32_t jobs;      // that were placed by it
    uint32_t queued;    // that waited in the flow before
    uint32_t looked_at, open;
    uint32_t bound_percent;
    int64_t mean_wait_us;
    char text[512]; // for people
    uint32_t n_seen;
    struct agent_seen_view seen[AGENT_SEEN_MAX]; // the chosen one first
};

struct agent_why_not_view {
    uint64_t decision;    // that it is about; 0: about now
    enum agent_rule rule; // NONE: it could, or could have
    bool chosen;          // it did go there
    char text[512];
};

// False: it was never made, or more than limits.decisions_max were made since.
bool agent_coord_decision_at(const struct agent_coord *core, uint64_t number,
                             struct agent_decision_view *ret_view);
// Why a job isn't on an agent. Both are known (AGENT_REPLY_OK), or the text says which isn't.
enum agent_reply agent_coord_why_not(const struct agent_coord *core, uint64_t job,
                                     const char *agent, struct agent_why_not_view *ret_view);
void agent_coord_caches(const struct agent_coord *core, struct agent_caches *ret_caches);
// Whether an operator has pinned the model to the agent.
bool agent_coord_pinned(const struct agent_coord *core, const uint8_t *hash, const char *agent);
// What loading the model there takes, as far as that is known; 0 it isn't.
int64_t agent_coord_load_expected_us(const struct agent_coord *core, const uint8_t *hash,
                                     const char *agent);

#endif
