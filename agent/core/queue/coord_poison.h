// Inputs that killed executors, by their content.
#ifndef AGENT_COORD_POISON_H
#define AGENT_COORD_POISON_H

#include "agent/core/coord/coord.h"

// The content of a job in quarantine is known.
void agent_coord_poison(struct agent_coord *core, const struct agent_event *event);
void agent_coord_recover_poison(struct agent_coord *core, const char *key, const char *value);
// Whether the submission is refused for what it has inside; then it is answered.
bool agent_coord_is_poison(struct agent_coord *core, const struct agent_event *event);
// The job is tried again, or gone.
void agent_coord_poison_forget(struct agent_coord *core, uint64_t job);

#endif
