// What agents said when they could not load a model, and what follows when all of them did.
#ifndef AGENT_COORD_REFUSAL_H
#define AGENT_COORD_REFUSAL_H

#include "agent/core/coord/coord.h"

#define COORD_REFUSAL_TEXT 160

struct coord_agent;
struct coord_model;
struct coord_on;

struct coord_refusal {
    char code[AGENT_CODE_MAX + 1]; // "" not told
    char text[COORD_REFUSAL_TEXT];
};

// The agent could not load it. `code` and `text` may be NULL.
void agent_coord_refusal_set(struct coord_on *on, const char *code, const char *text);
// It could, or is another process now.
void agent_coord_refusal_clear(struct coord_on *on);
// Behind the rule's words, what the agent said; nothing for other rules.
void agent_coord_refusal_add(const struct coord_agent *agent, const struct coord_model *model,
                             enum agent_rule rule, char *text, size_t size);
// That no agent can take it, and when its jobs fail for that; nothing where somebody may.
void agent_coord_refused_add(const struct agent_coord *core, const struct coord_model *model,
                             char *text, size_t size);
void agent_coord_refusals_tick(struct agent_coord *core);

#endif
