// Which agents take work, in the order of the strategy.
#ifndef AGENT_COORD_INDEX_H
#define AGENT_COORD_INDEX_H

#include <stdbool.h>
#include <stdint.h>

struct agent_coord;
struct coord_agent;

bool agent_coord_index_create(struct agent_coord *core); // false: no memory
void agent_coord_index_free(struct agent_coord *core);
// What the agent holds, its speed, or whether it is open has changed.
void agent_coord_index_update(struct agent_coord *core, struct coord_agent *agent);
void agent_coord_index_rebuild(struct agent_coord *core); // the strategy is another
// The open agent in place `at` of the order, of core->open_agents; the first is the least loaded,
// and the three least are among the first seven.
struct coord_agent *agent_coord_index_at(const struct agent_coord *core, uint32_t at);
// The first open slot from this one on. False: there is none.
bool agent_coord_index_next(const struct agent_coord *core, uint32_t from, uint32_t *ret_slot);
// Until the agent's devices will have done what it holds.
int64_t agent_coord_agent_wait_us(const struct coord_agent *agent);
bool agent_coord_index_check(const struct agent_coord *core); // for tests

#endif
