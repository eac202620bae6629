// Why jobs are where they are, and why they are nowhere.
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/placement/coord_refusal.h"
#include "agent/core/placement/coord_room.h"
#include "agent/core/planted.h"

struct rule {
    const char *name, *text;
    bool passing;
};

static const struct rule rules[AGENT_RULES] = {
#define AGENT_RULE(symbol, text, passing, help) [AGENT_RULE_##symbol] = {#symbol, text, passing},
#include "agent/core/placement/rules.def"
#undef AGENT_RULE
};

const char *agent_rule_text(enum agent_rule rule)
{
    return (unsigned)rule < AGENT_RULES && rules[rule].text != NULL ? rules[rule].text : "";
}

const char *agent_rule_name(enum agent_rule rule)
{
    return (unsigned)rule < AGENT_RULES && rules[rule].name != NULL ? rules[rule].name : "";
}

enum agent_rule agent_coord_closed(const struct coord_agent *agent)
{
    if (agent->admin == AGENT_ADMIN_DRAINED)
        return AGENT_RULE_DRAINED;
    if (agent->link == 0)
        return AGENT_RULE_LOST;
    if (agent_coord_agent_doubted(agent) && !AGENT_PLANTED(SUSPECT_PICKED))
        return agent->suspect               ? AGENT_RULE_SUSPECT
               : agent->rests_until_us != 0 ? AGENT_RULE_RESTING
                                            : AGENT_RULE_CIRCUIT_OPEN;
    if (agent->admin == AGENT_ADMIN_DRAINING)
        return AGENT_RULE_DRAINING;
    if (agent->admin != AGENT_ADMIN_NONE)
        return AGENT_RULE_CORDONED;
    if (agent->paused)
        return AGENT_RULE_PAUSED;
    if (agent->credit == 0)
        return AGENT_RULE_NO_CREDIT;
    if (agent_coord_agent_holds(agent) >= agent->credit)
        return AGENT_RULE_FULL;
    if (agent_coord_agent_room(agent) == 0)
        return AGENT_RULE_CIRCUIT_PROBE;
    return AGENT_RULE_NONE;
}

enum agent_rule agent_coord_rejects(const struct agent_coord *core, const struct coord_agent *agent,
                                    const struct coord_model *model)
{
    enum agent_rule rule = agent_coord_closed(agent);
    // What lasts is said first.
    bool passes = rule == AGENT_RULE_NONE || agent_coord_rule_passes(rule);
    if (passes && agent_coord_model_state_on(model, agent->slot) == AGENT_MODEL_FAILED)
        return AGENT_RULE_MODEL_FAILED;
    enum agent_rule fits = passes ? agent_coord_fits(agent, model) : AGENT_RULE_NONE;
    if (fits != AGENT_RULE_NONE || rule != AGENT_RULE_NONE)
        return fits != AGENT_RULE_NONE ? fits : rule;
    return agent_coord_room_rule(core, agent, model);
}

bool agent_coord_rule_passes(enum agent_rule rule)
{
    return rules[rule].passing;
}

void agent_coord_why(const struct agent_coord *core, const struct coord_model *model, char *text,
                     size_t size)
{
    text[0] = '\0';
    if (core->stopping)
        agent_coord_add(text, size, "the coordinator is stopping");
    const char *separator = "";
    for (uint32_t slot = 0; slot < core->n_agents && strlen(text) + 64 < size; slot++) {
        const struct coord_agent *agent = core->agents[slot];
        if (agent == NULL)
            continue;
        enum agent_rule rule = agent_coord_rejects(core, agent, model);
        agent_coord_add(text, size, "%s%s %s", separator, agent_coord_chars(agent->name),
                        rule != AGENT_RULE_NONE ? agent_rule_text(rule) : "is next");
        agent_coord_refusal_add(agent, model, rule, text, size);
        separator = ", ";
    }
    if (text[0] == '\0')
        agent_coord_add(text, size, "no agent is connected");
}
