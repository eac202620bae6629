// Why jobs are where they are, and why they are nowhere.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/core/coord_internal.h"
#include "agent/core/planted.h"

struct rule {
    const char *text;
    bool passing;
};

static const struct rule rules[AGENT_RULES] = {
#define AGENT_RULE(symbol, text, passing, help) [AGENT_RULE_##symbol] = {text, passing},
#include "agent/core/rules.def"
#undef AGENT_RULE
};

const char *agent_rule_text(enum agent_rule rule)
{
    return (unsigned)rule < AGENT_RULES && rules[rule].text != NULL ? rules[rule].text : "";
}

enum agent_rule agent_coord_rejects(const struct agent_coord *core, const struct coord_agent *agent,
                                    const struct coord_model *model)
{
    (void)core;
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
    if (agent_coord_model_state_on(model, agent->slot) == AGENT_MODEL_FAILED)
        return AGENT_RULE_MODEL_FAILED;
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

bool agent_coord_rule_passes(enum agent_rule rule)
{
    return rules[rule].passing;
}

static void add(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add(char *text, size_t size, const char *format, ...)
{
    size_t used = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + used, size - used, format, args);
    va_end(args);
}

void agent_coord_why(const struct agent_coord *core, const struct coord_model *model, char *text,
                     size_t size)
{
    text[0] = '\0';
    if (core->stopping)
        add(text, size, "the coordinator is stopping");
    const char *separator = "";
    for (uint32_t slot = 0; slot < core->n_agents && strlen(text) + 64 < size; slot++) {
        const struct coord_agent *agent = core->agents[slot];
        if (agent == NULL)
            continue;
        enum agent_rule rule = agent_coord_rejects(core, agent, model);
        add(text, size, "%s%s %s", separator, agent_coord_chars(agent->name),
            rule != AGENT_RULE_NONE ? agent_rule_text(rule) : "is next");
        separator = ", ";
    }
    if (text[0] == '\0')
        add(text, size, "no agent is connected");
}
