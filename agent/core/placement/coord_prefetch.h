// Loading models before a job asks for them.
#ifndef AGENT_COORD_PREFETCH_H
#define AGENT_COORD_PREFETCH_H

#include "agent/core/coord/coord.h"

struct coord_agent;
struct coord_model;

// What was asked for longer ago counts less, from call to call, 100 ms apart.
void agent_coord_prefetch_fade(struct agent_coord *core);
void agent_coord_prefetch_tick(struct agent_coord *core);
// For how long the agent's only device is busy with a prefetch of another model.
int64_t agent_coord_prefetch_left_us(const struct agent_coord *core,
                                     const struct coord_agent *agent,
                                     const struct coord_model *but);

#endif
