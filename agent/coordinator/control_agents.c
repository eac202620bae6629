#include <stdio.h>
#include <string.h>

#include "agent/coordinator/control.h"
#include "agent/core/strategy/strategy.h"

static bool agent_field(struct io_call *call, const char **ret_name)
{
    return agent_call_text(call, "agent", AGENT_NAME_MAX, NULL, ret_name);
}

void agent_call_agents(struct io_call *call)
{
    const char *name;
    struct agent_agent_view view;
    if (!agent_call_text(call, "agent", AGENT_NAME_MAX, "", &name))
        return;
    cJSON *agents = cJSON_CreateArray();
    for (uint32_t i = 0; agent_coord_agent_at(call->c->core, i, &view); i++) {
        if (name[0] == '\0' || strcmp(view.name, name) == 0)
            cJSON_AddItemToArray(agents, agent_io_json_agent(call->c, &view));
    }
    if (name[0] != '\0' && cJSON_GetArraySize(agents) == 0) {
        cJSON_Delete(agents);
        agent_call_error(call, "not_found", "stoker agents lists them", "no agent named '%s'",
                         name);
        return;
    }
    agent_call_reply(call, agent_call_object("agents", agents));
}

bool agent_call_is_instance(struct io_call *call, const char *agent, const char *instance)
{
    char now[2 * NET_INSTANCE_SIZE + 1];
    struct agent_agent_view view;
    if (instance[0] == '\0' || !agent_coord_agent(call->c->core, agent, &view))
        return true;
    agent_io_instance_hex(view.instance, now);
    if (strcmp(now, instance) == 0)
        return true;
    agent_call_error(call, "conflict", "look at it again: stoker agents",
                     "%s is another process now: it was started again", agent);
    return false;
}

static void ask_admin(struct io_call *call, enum agent_event_kind kind)
{
    const char *agent, *instance, *by, *reason;
    if (!agent_field(call, &agent) || !agent_call_text(call, "by", 128, "", &by) ||
        !agent_call_text(call, "reason", AGENT_TEXT_MAX - 1, "", &reason) ||
        !agent_call_text(call, "instance", 2 * NET_INSTANCE_SIZE, "", &instance) ||
        !agent_call_is_instance(call, agent, instance))
        return;
    struct agent_event *event = agent_call_ask(call, kind);
    if (event == NULL)
        return;
    call->agent = agent;
    event->agent = agent;
    event->by = by;
    event->reason = reason;
}

void agent_call_cordon(struct io_call *call)
{
    ask_admin(call, AGENT_EVENT_CORDON);
}

void agent_call_uncordon(struct io_call *call)
{
    ask_admin(call, AGENT_EVENT_UNCORDON);
}

void agent_call_strategy(struct io_call *call)
{
    const char *name, *by, *reason;
    const struct agent_strategy *row;
    if (!agent_call_text(call, "name", 63, "", &name) ||
        !agent_call_text(call, "by", 128, "", &by) ||
        !agent_call_text(call, "reason", AGENT_TEXT_MAX - 1, "", &reason))
        return;
    if (name[0] != '\0' && call->n_parts == 0) {
        // Through the settings, so that it outlives a restart.
        char before[2048];
        if (agent_strategy_find(name) == NULL) {
            agent_call_error(call, "not_found", "stoker strategy lists them",
                             "no strategy named '%s'", name);
            return;
        }
        if (call->c->options.settings_host != NULL &&
            !agent_call_setting_set(call, "schedule.strategy", name, before))
            return;
        snprintf(call->c->strategy, sizeof call->c->strategy, "%s", name);
        struct agent_event *event = agent_call_ask(call, AGENT_EVENT_STRATEGY);
        if (event != NULL) {
            event->agent = name;
            event->by = by;
            event->reason = reason;
        }
        return;
    }
    struct agent_totals totals;
    agent_coord_totals(call->c->core, &totals);
    cJSON *reply = agent_call_object("strategy", cJSON_CreateString(totals.strategy));
    cJSON *list = cJSON_AddArrayToObject(reply, "strategies");
    for (size_t i = 0; (row = agent_strategy_at(i)) != NULL; i++) {
        cJSON *entry = cJSON_CreateObject();
        cJSON_AddStringToObject(entry, "name", row->name);
        cJSON_AddStringToObject(entry, "help", row->help);
        cJSON_AddItemToArray(list, entry);
    }
    agent_call_reply(call, reply);
}
