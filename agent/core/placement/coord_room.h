// Whether it pays to load a model on an agent, and what goes to make room for it.
#ifndef AGENT_COORD_ROOM_H
#define AGENT_COORD_ROOM_H

#include "agent/core/coord/coord.h"

struct coord_agent;
struct coord_model;

// The rule that keeps a job of the model from an agent because of the load that it would need, or
// waits for; NONE: it has the model, or loading it pays.
enum agent_rule agent_coord_room_rule(const struct agent_coord *core,
                                      const struct coord_agent *agent,
                                      const struct coord_model *model);
// Of loading it there, besides its own load: what it takes to load again what has to go.
int64_t agent_coord_room_cost_us(const struct agent_coord *core, const struct coord_agent *agent,
                                 const struct coord_model *model);
// Whether a load there is worth a thought.
bool agent_coord_load_is_dear(const struct agent_coord *core, const struct coord_agent *agent,
                              const struct coord_model *model);
// The model is about to be loaded there: tells the agent to unload what has to go.
void agent_coord_room_make(struct agent_coord *core, struct coord_agent *agent,
                           struct coord_model *model);
// The rule that keeps the model from going there for its own sake, when no job asks for it: nothing
// that has work to do, or is pinned, goes for it.
enum agent_rule agent_coord_room_load_rule(const struct agent_coord *core,
                                           const struct coord_agent *agent,
                                           const struct coord_model *model);
// The model could not be placed anywhere, or was placed.
void agent_coord_room_wants(struct agent_coord *core, struct coord_model *model, bool wants);
// Every FADE: models that have waited long for room get it.
void agent_coord_room_tick(struct agent_coord *core);

// How many models go for it there.
uint32_t agent_coord_room_evicts(const struct agent_coord *core, const struct coord_agent *agent,
                                 const struct coord_model *model);
// Nothing has to go for the model there.
bool agent_coord_room_has_space(const struct coord_agent *agent, const struct coord_model *model);

#endif
