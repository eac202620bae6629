// The state of a drain-all or a restart, and how it stands in the ledger.
#ifndef AGENT_COORD_ROLL_H
#define AGENT_COORD_ROLL_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/core/operation/coord_operation.h"

// Numbers stand in the ledger: they never change their meaning.
enum roll_step {
    ROLL_WAITING = 0,
    ROLL_DRAINING = 1,
    ROLL_RESTARTING = 2,
    ROLL_TRYING = 3,
    ROLL_DONE = 4,
    ROLL_FAILED = 5,
    ROLL_STEPS
};

struct roll_agent {
    struct agent_text *name;
    uint8_t instance[16]; // when the operation began
    uint8_t step;
    uint8_t before; // enum agent_admin, which it gets back
    uint64_t drain; // its operation
};

struct coord_roll {
    struct roll_agent *agents;
    uint32_t count, at;
    uint32_t keep_percent; // of `credit`, that takes work meanwhile
    uint64_t credit;       // of all that took work when it began
    bool force;
    int64_t drain_us, back_us;
    // Not in the ledger.
    int64_t step_us, looked_us;
    uint64_t told_link;
    uint64_t done, failed; // of the agent, when its trial began
};

void agent_coord_roll_free(struct coord_operation *operation);
// Its detail, as the roll is now.
void agent_coord_roll_write(struct coord_operation *operation);
// NULL: it can't be read, or no memory.
struct coord_roll *agent_coord_roll_read(const struct agent_coord *core, const char *detail);

#endif
