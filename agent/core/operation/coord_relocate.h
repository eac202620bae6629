// Models that a rebalance brings to one more agent.
#ifndef AGENT_COORD_RELOCATE_H
#define AGENT_COORD_RELOCATE_H

#include "agent/core/coord/coord.h"

#define COORD_RELOCATIONS_MAX 16 // of a plan: one for each agent and model

struct coord_relocation {
    uint8_t hash[AGENT_HASH_SIZE];
    uint32_t to, to_id;
    uint32_t holders; // that the model had
    uint32_t evicts;  // models that go
    int64_t cost_us;  // of the load
    int64_t lost_us;  // of loading again what goes and will be missed
    int64_t gain_us;  // device time a minute that the model's other agents are spared
};

// The best ones first, COORD_RELOCATIONS_MAX at most.
uint32_t agent_coord_relocations(const struct agent_coord *core, struct coord_relocation *ret_list);
// Whether all can still be done as planned. False: who asked was told what has changed.
bool agent_coord_relocations_hold(struct agent_coord *core, const struct coord_relocation *list,
                                  uint32_t count, uint64_t token);
// The agents are told to load.
void agent_coord_relocate(struct agent_coord *core, const struct coord_relocation *list,
                          uint32_t count);

#endif
