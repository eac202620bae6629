// What the repository offers, and which models an operator wants to stay where they are.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/placement/coord_room.h"
#include "agent/core/placement/coord_speed.h"

static struct coord_model *model_of(struct agent_coord *core, const struct agent_event *event)
{
    return agent_coord_model_get(core, event->model_info.name, event->model_info.version,
                                 event->model_info.hash);
}

void agent_coord_model_offered(struct agent_coord *core, const struct agent_event *event)
{
    struct coord_model *model = model_of(core, event);
    if (model == NULL)
        return; // the table is full: it comes in with its first job
    model->file_bytes = event->model_info.bytes;
    if (model->bytes == 0)
        model->bytes = model->file_bytes;
    model->needs = event->model_info.needs;
    if (event->model_info.hedge_times != 0)
        core->hedges_wanted = true;
    model->hedge_times = event->model_info.hedge_times;
    for (uint32_t slot = 0; slot < model->on_room; slot++)
        model->on[slot].fits = 0;
    core->world++;
}

// "pin:HASH:AGENT" is NAME:VERSION where it is pinned, else "".
static void append_pin(struct agent_coord *core, const struct coord_model *model,
                       const struct coord_agent *agent, bool pinned)
{
    char key[2 * AGENT_HASH_SIZE + AGENT_NAME_MAX + 8] = "pin:";
    char value[AGENT_MODEL_NAME_MAX + 16] = "";
    for (int i = 0; i < AGENT_HASH_SIZE; i++)
        snprintf(key + 4 + 2 * i, 3, "%02x", model->hash[i]);
    snprintf(key + 4 + 2 * AGENT_HASH_SIZE, AGENT_NAME_MAX + 2, ":%s",
             agent_coord_chars(agent->name));
    if (pinned)
        snprintf(value, sizeof value, "%s:%u", agent_coord_chars(model->name), model->version);
    agent_coord_append(core,
                       &(struct agent_record){.kind = AGENT_RECORD_META, .meta = {key, value}});
}

static bool set(struct coord_model *model, const struct coord_agent *agent, bool pinned)
{
    struct coord_on *on = agent_coord_on_get(model, agent->slot);
    if (on == NULL || on->pinned == pinned)
        return false;
    on->pinned = pinned;
    on->leaving = on->leaving && !pinned;
    model->pins += pinned ? 1 : UINT32_MAX;
    return true;
}

// "digits:1 on ember-03"; of all agents without one.
static void audit(struct agent_coord *core, const struct agent_event *event, const char *what)
{
    char target[AGENT_MODEL_NAME_MAX + AGENT_NAME_MAX + 24];
    bool all = event->agent[0] == '\0';
    snprintf(target, sizeof target, "%s:%" PRIu32 "%s%s", event->model_info.name,
             event->model_info.version, all ? "" : " on ", event->agent);
    agent_coord_append_audit(core, event->by, what, target, event->reason);
}

// The agent loads it, or is only told whether it is pinned.
static void tell(struct agent_coord *core, struct coord_agent *agent, struct coord_model *model,
                 bool loads)
{
    const struct coord_on *on = agent_coord_on(model, agent->slot);
    bool pinned = on != NULL && on->pinned;
    if (agent->link == 0 || !agent->can_load)
        return;
    if (loads && !agent_coord_has(model, agent->slot)) {
        agent_coord_room_make(core, agent, model);
        if (agent_coord_residency_set(core, agent, model, AGENT_MODEL_LOADING))
            model->on[agent->slot].asked = true;
    }
    agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_LOAD,
                                                 .link = agent->link,
                                                 .hash = model->hash,
                                                 .pinned = pinned,
                                                 .pin_only = !loads});
}

static void pin_tell(struct agent_coord *core, struct coord_agent *agent, struct coord_model *model)
{
    // What does not fit is pinned all the same, for when there is room: a job loads it then.
    tell(core, agent, model,
         model->on[agent->slot].pinned &&
             agent_coord_room_load_rule(core, agent, model) == AGENT_RULE_NONE);
}

void agent_coord_load_there(struct agent_coord *core, struct coord_agent *agent,
                            struct coord_model *model)
{
    tell(core, agent, model, true);
    core->world++;
}

void agent_coord_pin_arrived(struct agent_coord *core, struct coord_agent *agent,
                             struct coord_model *model)
{
    const struct coord_on *on = agent_coord_on(model, agent->slot);
    if (on != NULL && on->pinned)
        tell(core, agent, model, false);
}

void agent_coord_pins_resume(struct agent_coord *core, struct coord_agent *agent)
{
    for (uint32_t i = 0; i < core->n_models && agent->can_load; i++) {
        struct coord_model *model = core->models[i];
        const struct coord_on *on = model != NULL ? agent_coord_on(model, agent->slot) : NULL;
        if (on != NULL && on->pinned)
            pin_tell(core, agent, model);
    }
}

void agent_coord_pin(struct agent_coord *core, const struct agent_event *event)
{
    bool pinned = event->kind == AGENT_EVENT_PIN;
    struct coord_model *model = model_of(core, event);
    const struct coord_agent *only = NULL;
    uint32_t count = 0;
    if (event->agent[0] != '\0' && (only = agent_coord_agent_asked(core, event)) == NULL)
        return;
    for (uint32_t slot = 0; model != NULL && slot < core->n_agents; slot++) {
        struct coord_agent *agent = core->agents[slot];
        if (agent == NULL || (only != NULL && agent != only) ||
            (only == NULL && pinned && !agent_coord_has(model, slot)) || !set(model, agent, pinned))
            continue;
        append_pin(core, model, agent, pinned);
        agent_coord_notice(core, pinned ? AGENT_NOTICE_MODEL_PINNED : AGENT_NOTICE_MODEL_UNPINNED,
                           AGENT_NOTICE_INFO, agent_coord_chars(agent->name), 0, "%s:%u by %s",
                           agent_coord_chars(model->name), model->version,
                           event->by != NULL ? event->by : "");
        pin_tell(core, agent, model);
        count++;
    }
    if (count == 0) {
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, 0, "%s:%u is %s %s",
                          event->model_info.name, event->model_info.version,
                          pinned && only == NULL ? "on"
                          : pinned               ? "pinned already on"
                                                 : "not pinned on",
                          only != NULL ? event->agent
                          : pinned     ? "no agent now, or pinned already: name one with --agent"
                                       : "any agent");
        return;
    }
    core->world++;
    audit(core, event, pinned ? "pin" : "unpin");
    agent_coord_wait_reply(core, event->token, 0);
}

void agent_coord_unload(struct agent_coord *core, const struct agent_event *event)
{
    struct coord_model *model = model_of(core, event);
    struct coord_agent *agent = agent_coord_agent_asked(core, event);
    const char *name = event->model_info.name;
    if (agent == NULL)
        return;
    const struct coord_on *on = model != NULL ? agent_coord_on(model, agent->slot) : NULL;
    const char *why = on == NULL || on->state != AGENT_MODEL_RESIDENT ? "is not on"
                      : on->pinned                                    ? "is pinned to"
                      : on->held > 0                                  ? "has jobs on"
                                                                      : NULL;
    if (why != NULL) {
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, 0, "%s %s %s", name, why,
                          event->agent);
        return;
    }
    agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_UNLOAD,
                                                 .link = agent->link,
                                                 .hash = model->hash});
    agent_coord_residency_set(core, agent, model, AGENT_MODEL_ABSENT);
    core->caches.model_evictions++;
    core->world++;
    audit(core, event, "unload");
    agent_coord_wait_reply(core, event->token, 0);
}

static const char *load_conflict(const struct agent_coord *core, const struct coord_agent *agent,
                                 const struct coord_model *model)
{
    if (agent->link == 0)
        return "is not connected";
    if (!agent->can_load)
        return "is of a version that loads models for jobs only: upgrade it";
    if (!agent->ready)
        return "takes no work now";
    if (agent_coord_has(model, agent->slot))
        return "has it, or loads it now";
    enum agent_rule rule = agent_coord_room_load_rule(core, agent, model);
    return rule != AGENT_RULE_NONE ? agent_rule_text(rule) : NULL;
}

void agent_coord_load(struct agent_coord *core, const struct agent_event *event)
{
    struct coord_model *model = model_of(core, event);
    struct coord_agent *agent = agent_coord_agent_asked(core, event);
    const char *name = event->model_info.name;
    if (agent == NULL)
        return;
    const char *why = model == NULL ? "can't be told: the coordinator knows too many models"
                                    : load_conflict(core, agent, model);
    if (why != NULL) {
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, 0, "%s can't load %s: it %s",
                          event->agent, name, why);
        return;
    }
    agent_coord_load_there(core, agent, model);
    audit(core, event, "load");
    agent_coord_wait_reply(core, event->token, 0);
}

void agent_coord_recover_pin(struct agent_coord *core, const struct agent_event *event)
{
    struct coord_model *model = model_of(core, event);
    struct coord_agent *agent = agent_coord_agent_get(core, event->agent);
    if (model != NULL && agent != NULL)
        set(model, agent, true);
}

bool agent_coord_pinned(const struct agent_coord *core, const uint8_t *hash, const char *name)
{
    const struct coord_model *model = agent_coord_model_find(core, hash);
    const struct coord_agent *agent = agent_coord_agent_by_name(core, name);
    const struct coord_on *on =
        model != NULL && agent != NULL ? agent_coord_on(model, agent->slot) : NULL;
    return on != NULL && on->pinned;
}

int64_t agent_coord_load_expected_us(const struct agent_coord *core, const uint8_t *hash,
                                     const char *name)
{
    const struct coord_model *model = agent_coord_model_find(core, hash);
    const struct coord_agent *agent = agent_coord_agent_by_name(core, name);
    return model != NULL && agent != NULL ? agent_coord_load_us(core, agent, model) : 0;
}

void agent_coord_caches(const struct agent_coord *core, struct agent_caches *ret_caches)
{
    *ret_caches = core->caches;
    for (uint32_t slot = 0; slot < core->n_agents; slot++)
        ret_caches->model_bytes += core->agents[slot] != NULL ? core->agents[slot]->model_bytes : 0;
}
