// What an operation would do, said before it does it, and how far one is that has parts. Nothing
// here changes the core.
#ifndef AGENT_COORD_PLAN_H
#define AGENT_COORD_PLAN_H

#include "agent/core/coord/coord.h"

#define AGENT_PLAN_ID_MAX 31

// A drain as it would go now. Its id stands for the agent, its instance, and who else could do its
// work: what an operator has to know to agree. Jobs come and go and are no part of it.
struct agent_drain_plan {
    char id[AGENT_PLAN_ID_MAX + 1];
    uint32_t running, waiting;     // jobs that the agent holds
    uint32_t unmeasured;           // of the running ones: no run of their model was measured yet
    uint32_t overdue;              // of the running ones: expected to outlast the deadline
    int64_t expected_us;           // until the last running one ends, the deadline at most
    bool last;                     // no other agent takes work
    uint32_t orphans;              // models in use here that no other agent could run
    uint32_t credit, credit_total; // of this agent if it takes work, and of all that do
    uint32_t free_others;          // jobs that the others could take at once
};

// False: no such agent.
bool agent_coord_drain_plan(const struct agent_coord *core, const char *agent, int64_t deadline_us,
                            struct agent_drain_plan *ret_plan);

// A job that a drain would take elsewhere. `to`: where it would run as things are now; "": nowhere.
struct agent_move_view {
    uint64_t job;
    const char *model;
    enum agent_job_state state;
    const char *to;
    bool loads; // it has to load the model first
};
// Returns how many there are.
uint32_t agent_coord_drain_moves(const struct agent_coord *core, const char *agent,
                                 int64_t deadline_us, struct agent_move_view *ret_moves,
                                 uint32_t max);

struct agent_orphan_view {
    const char *model;
    uint32_t version;
    uint32_t jobs; // of it that wait or run anywhere
};
// The models behind agent_drain_plan.orphans. Returns how many there are.
uint32_t agent_coord_drain_orphans(const struct agent_coord *core, const char *agent,
                                   struct agent_orphan_view *ret_orphans, uint32_t max);

// A plan for a rebalance: how much sooner all of `moves` jobs are done together, and until when the
// last agent is busy. False: it is not kept any more.
struct agent_rebalance_view {
    uint64_t number;
    uint32_t moves;
    uint32_t loads;      // models that come to one more agent
    uint32_t unmeasured; // jobs that stay, as no run of their model was measured
    int64_t gain_us, before_us, after_us;
    int64_t rests_us; // until one may be carried out; 0 now
};
bool agent_coord_rebalance_plan(const struct agent_coord *core, uint64_t number,
                                struct agent_rebalance_view *ret_view);
struct agent_rebalance_move {
    uint64_t job;
    const char *model;
    uint32_t version;
    const char *from, *to;
    int64_t cost_us; // the load of the model, for the first job that needs it
    int64_t gain_us; // how much sooner this job is done
    bool loads;
};
// Move `index` of a plan; false past the last.
bool agent_coord_rebalance_move(const struct agent_coord *core, uint64_t number, uint32_t index,
                                struct agent_rebalance_move *ret_move);

struct agent_rebalance_load {
    const char *model;
    uint32_t version;
    const char *to;
    uint32_t evicts; // models that go for it
    int64_t cost_us; // of the load
    int64_t lost_us; // of loading again what goes and will be missed
    int64_t gain_us; // device time a minute that the other agents with the model are spared
};
// Load `index` of a plan; false past the last.
bool agent_coord_rebalance_load(const struct agent_coord *core, uint64_t number, uint32_t index,
                                struct agent_rebalance_load *ret_load);

// One agent of a drain-all or a restart.
struct agent_roll_view {
    const char *agent;
    const char *step; // "waiting", "draining", "restarting", "trying", "done", "failed"
    uint64_t drain;   // its operation; 0 none yet
};
// The agents of a drain-all or a restart, in their order. Returns how many there are.
uint32_t agent_coord_operation_agents(const struct agent_coord *core, uint64_t id,
                                      struct agent_roll_view *ret_views, uint32_t max);

#endif
