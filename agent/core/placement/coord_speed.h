// What the core expects of agents, from what it has measured.
#ifndef AGENT_COORD_SPEED_H
#define AGENT_COORD_SPEED_H

#include "agent/core/coord/coord_internal.h"

// A job's share of device time on that agent, smoothed over its results. Where it has none yet,
// what the model takes elsewhere and how slow the agent is with other models; 0 unknown.
int64_t agent_coord_expect_us(const struct agent_coord *core, const struct coord_agent *agent,
                              const struct coord_model *model);

// What loading the model there takes: as measured there, else elsewhere, else guessed from the size
// of its files; 0 unknown.
int64_t agent_coord_load_us(const struct agent_coord *core, const struct coord_agent *agent,
                            const struct coord_model *model);

// Of that, what is left: 0 where it is resident, less while it is being loaded.
int64_t agent_coord_load_left_us(const struct agent_coord *core, const struct coord_agent *agent,
                                 const struct coord_model *model);

// The job goes to its agent, or leaves it.
void agent_coord_speed_taken(struct agent_coord *core, struct coord_job *job);
void agent_coord_speed_released(struct agent_coord *core, struct coord_job *job);
// What the agent holds has changed: it counts in what all have.
void agent_coord_speed_count(struct agent_coord *core, struct coord_agent *agent);
// A result has come.
void agent_coord_speed_result(struct agent_coord *core, struct coord_agent *agent,
                              struct coord_model *model, const struct agent_result *result);
// A model was loaded.
void agent_coord_speed_loaded(struct agent_coord *core, const struct coord_agent *agent,
                              struct coord_model *model, int64_t load_us);

#endif
