// Which agent has which model, or loads it, and what that takes of its memory.
#ifndef AGENT_COORD_RESIDENCY_H
#define AGENT_COORD_RESIDENCY_H

#include "agent/core/coord/coord.h"

struct coord_agent;
struct coord_model;

// What is known of a model on an agent.
struct coord_on {
    uint64_t bytes;        // on its devices; 0 unknown
    int64_t since_us;      // of the state
    int64_t used_us;       // when a job of it was last sent there
    uint32_t job_us;       // a job's share of device time, smoothed; 0 unknown
    uint32_t load_us;      // smoothed; 0 unknown
    int64_t load_told_us;  // as it was told last
    uint32_t at;           // place among the model's holders + 1; 0: it is none
    uint32_t agent_at;     // the same among the agent's models
    uint32_t held;         // jobs of the model that the agent has
    uint8_t state;         // enum agent_model_state
    uint8_t fits;          // 1 + the rule that keeps the model from its devices for ever; 0 unknown
    bool assumed;          // the state is our own guess: a job was sent that makes it load
    bool asked;            // we asked it to load the model
    bool leaving;          // gets no more jobs, to make room
    bool pinned;           // an operator wants it to stay there
    bool prefetched;       // no job asked for it, and none has used it yet
    int64_t prefetched_us; // when it last came so; 0 never
    struct coord_refusal *refusal; // why it could not be loaded there; NULL nothing is known
};

// What is known of it on the agent of that slot. NULL: nothing is.
const struct coord_on *agent_coord_on(const struct coord_model *model, uint32_t slot);
struct coord_on *agent_coord_on_get(struct coord_model *model, uint32_t slot); // NULL: no memory
enum agent_model_state agent_coord_model_state_on(const struct coord_model *model, uint32_t slot);
// Has it, or loads it.
bool agent_coord_has(const struct coord_model *model, uint32_t slot);
// The state has changed. False when memory is short: nothing has.
bool agent_coord_residency_set(struct agent_coord *core, struct coord_agent *agent,
                               struct coord_model *model, enum agent_model_state state);
// It takes that many bytes there.
void agent_coord_residency_bytes(struct agent_coord *core, struct coord_agent *agent,
                                 struct coord_model *model, uint64_t bytes);
// Whether the agent can be given work, apart from how much it has.
void agent_coord_residency_ready(struct coord_agent *agent, bool ready);
// The agent's link is over: it has nothing any more. What was measured stays, as it may come back.
void agent_coord_residency_lose(struct agent_coord *core, struct coord_agent *agent);
// The agent's slot becomes another's.
void agent_coord_residency_forget(struct agent_coord *core, struct coord_agent *agent);
// The model goes.
void agent_coord_residency_drop(struct agent_coord *core, struct coord_model *model);
// The agent's devices are others now.
void agent_coord_residency_devices(struct agent_coord *core, struct coord_agent *agent);
// The rule that keeps the model from the agent's devices whatever they do; NONE: it fits.
// Remembered until one of the two changes.
enum agent_rule agent_coord_fits(const struct coord_agent *agent, const struct coord_model *model);
bool agent_coord_residency_check(const struct agent_coord *core); // for tests

#endif
