// Why each job went where it went: what was looked at, as numbers, in a ring of the newest. The
// words are made when somebody asks.
#ifndef AGENT_COORD_DECISION_H
#define AGENT_COORD_DECISION_H

#include "agent/core/placement/coord_explain.h"
#include "agent/core/strategy/strategy.h"

#define COORD_SEEN_MAX AGENT_SEEN_MAX

// An agent that was looked at.
struct coord_seen {
    uint32_t agent, slot; // its id, and where it was
    uint32_t held, credit, run_us, load_us;
    int64_t wait_us, score;
    uint8_t rule; // enum agent_rule; NONE: it could have taken the job
    bool resident, prefetched;
};

struct coord_decision {
    uint64_t number; // 0: none yet
    int64_t time_us;
    const struct agent_strategy *strategy;
    int64_t mean_wait_us;
    uint32_t looked_at, open; // agents: looked at, and taking work then
    uint32_t jobs, queued;    // placed by it, and waiting in the flow before
    uint32_t bound_percent;
    uint8_t choice; // enum agent_choice
    uint8_t n_seen; // of which the first was chosen
    struct coord_seen seen[COORD_SEEN_MAX];
};

// Takes the ring's next place; returns the decision's number. The chosen one becomes the first.
uint64_t agent_coord_decision_add(struct agent_coord *core, const struct agent_pick *pick,
                                  const struct agent_candidate *chosen, uint32_t queued);
// NULL: it is none, or the ring has gone round since.
const struct coord_decision *agent_coord_decision(const struct agent_coord *core, uint64_t number);
void agent_coord_decision_jobs(struct agent_coord *core, uint64_t number, uint32_t jobs);
// "" never: of an agent that is gone it says so.
const char *agent_coord_seen_name(const struct agent_coord *core, const struct coord_seen *seen);
// What was against it, or how it stood: the words follow its name.
void agent_coord_seen_text(const struct coord_seen *seen, char *text, size_t size);
// Appends; cut where it doesn't fit.
void agent_coord_add(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// In one line; "" where it isn't kept any more.
void agent_coord_decision_text(const struct agent_coord *core, uint64_t number, char *text,
                               size_t size);

#endif
