#include <inttypes.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/placement/coord_index.h"

void agent_coord_agent_cordon(struct agent_coord *core, struct coord_agent *agent, const char *by,
                              const char *why)
{
    const char *name = agent_coord_chars(agent->name);
    agent->admin = AGENT_ADMIN_CORDONED;
    agent->drained_by = 0;
    agent_coord_text_set(&agent->reason, why);
    core->world++;
    agent_coord_agent_refresh(core, agent);
    agent_coord_append_agent(core, agent, by);
    agent_coord_append_audit(core, by, "cordon", name, why);
    agent_coord_notice(core, AGENT_NOTICE_AGENT_CORDONED, AGENT_NOTICE_INFO, name, 0, "%s%s%s",
                       by != NULL ? by : "", why != NULL && why[0] != '\0' ? ": " : "",
                       why != NULL ? why : "");
}

void agent_coord_agent_give_back(struct agent_coord *core, struct coord_agent *agent,
                                 const char *by, const char *why)
{
    const char *name = agent_coord_chars(agent->name);
    agent->admin = AGENT_ADMIN_NONE;
    agent->drained_by = 0;
    agent_coord_text_set(&agent->reason, NULL);
    core->world++;
    agent_coord_agent_refresh(core, agent);
    // Whatever it was told last: one that drained and was cordoned since drains on.
    if (agent->link != 0)
        agent_coord_act(core,
                        &(struct agent_action){.kind = AGENT_ACTION_RESUME, .link = agent->link});
    agent_coord_append_agent(core, agent, by);
    agent_coord_append_audit(core, by, "uncordon", name, why);
    agent_coord_notice(core, AGENT_NOTICE_AGENT_UNCORDONED, AGENT_NOTICE_INFO, name, 0, "%s",
                       by != NULL ? by : "");
}

void agent_coord_cordon(struct agent_coord *core, const struct agent_event *event)
{
    struct coord_agent *agent = agent_coord_agent_asked(core, event);
    if (agent == NULL)
        return;
    const char *name = agent_coord_chars(agent->name);
    if (agent->admin != AGENT_ADMIN_NONE) {
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, 0, "%s is %s already", name,
                          agent->admin == AGENT_ADMIN_CORDONED ? "cordoned"
                                                               : agent_coord_agent_state(agent));
        return;
    }
    agent_coord_agent_cordon(core, agent, event->by, event->reason);
    agent_coord_wait_reply(core, event->token, 0);
}

void agent_coord_uncordon(struct agent_coord *core, const struct agent_event *event)
{
    struct coord_agent *agent = agent_coord_agent_asked(core, event);
    if (agent == NULL)
        return;
    const char *name = agent_coord_chars(agent->name);
    if (agent->admin == AGENT_ADMIN_NONE) {
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, 0, "%s is not cordoned", name);
        return;
    }
    if (agent->admin == AGENT_ADMIN_DRAINING) {
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, 0,
                          "%s is draining: cancel operation %" PRIu64 " first", name,
                          agent->drain != NULL ? agent->drain->id : 0);
        return;
    }
    agent_coord_agent_give_back(core, agent, event->by, event->reason);
    agent_coord_wait_reply(core, event->token, 0);
}

void agent_coord_audit(struct agent_coord *core, const struct agent_event *event)
{
    agent_coord_append_audit(core, event->by, "set", event->agent, event->reason);
    agent_coord_notice(core, AGENT_NOTICE_CONFIG_RELOADED, AGENT_NOTICE_INFO, "", 0, "%s by %s",
                       event->agent, event->by != NULL ? event->by : "");
    agent_coord_wait_reply(core, event->token, 0);
}

void agent_coord_set_strategy(struct agent_coord *core, const struct agent_event *event)
{
    const struct agent_strategy *strategy = agent_strategy_find(event->agent);
    if (strategy == NULL) {
        agent_coord_reply(core, event->token, AGENT_REPLY_NOT_FOUND, 0, "no strategy named '%.64s'",
                          event->agent);
        return;
    }
    core->strategy = strategy;
    agent_coord_index_rebuild(core);
    agent_coord_append(core, &(struct agent_record){.kind = AGENT_RECORD_META,
                                                    .meta = {"strategy", strategy->name}});
    agent_coord_append_audit(core, event->by, "strategy", strategy->name, event->reason);
    agent_coord_notice(core, AGENT_NOTICE_CONFIG_RELOADED, AGENT_NOTICE_INFO, "", 0,
                       "the strategy is %s now", strategy->name);
    agent_coord_wait_reply(core, event->token, 0);
}
