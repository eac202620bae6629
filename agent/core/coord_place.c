// Which job goes where. An agent is picked for up to COORD_CHUNK jobs of one flow at a time.
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/core/coord_internal.h"
#include "agent/core/planted.h"

static size_t collect(const struct agent_coord *core, const struct coord_model *model,
                      bool *ret_passing)
{
    size_t count = 0;
    *ret_passing = false;
    for (uint32_t slot = 0; slot < core->n_agents; slot++) {
        const struct coord_agent *agent = core->agents[slot];
        if (agent == NULL)
            continue;
        enum agent_rule rule = agent_coord_rejects(core, agent, model);
        if (rule != AGENT_RULE_NONE) {
            *ret_passing = *ret_passing || agent_coord_rule_passes(rule);
            continue;
        }
        enum agent_model_state state = agent_coord_model_state_on(model, slot);
        core->candidates[count++] = (struct agent_candidate){
            .slot = slot,
            .held = agent_coord_agent_holds(agent),
            .credit = agent_coord_agent_holds(agent) + agent_coord_agent_room(agent),
            .resident = state == AGENT_MODEL_RESIDENT || state == AGENT_MODEL_LOADING,
            .picked_turn = agent->picked_turn,
        };
    }
    return count;
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

// "least-loaded: load 2 of 32; ember-01 5, ember-02 cordoned"
static struct agent_text *reasons(const struct agent_coord *core, const struct coord_model *model,
                                  size_t count, const struct agent_candidate *chosen)
{
    char text[COORD_REASON_MAX] = "";
    add(text, sizeof text, "%s: load %" PRIu32 " of %" PRIu32 "%s", core->strategy->name,
        chosen->held, chosen->credit, chosen->resident ? "" : ", has to load the model");
    const char *separator = "; ";
    size_t i = 0;
    for (uint32_t slot = 0; slot < core->n_agents && strlen(text) < sizeof text - 48; slot++) {
        const struct coord_agent *agent = core->agents[slot];
        while (i < count && core->candidates[i].slot < slot)
            i++;
        if (agent == NULL || slot == chosen->slot)
            continue;
        if (i < count && core->candidates[i].slot == slot)
            add(text, sizeof text, "%s%s %" PRIu32 "%s", separator, agent_coord_chars(agent->name),
                core->candidates[i].held, core->candidates[i].resident ? "" : " and a load");
        else
            add(text, sizeof text, "%s%s %s", separator, agent_coord_chars(agent->name),
                agent_rule_text(agent_coord_rejects(core, agent, model)));
        separator = ", ";
    }
    return agent_coord_text_new(text);
}

static void assign(struct agent_coord *core, struct coord_job *job, struct coord_agent *agent,
                   struct agent_text *why)
{
    agent_coord_hold(core, job, agent);
    agent_coord_job_log(core, job, AGENT_JOB_ASSIGNED, why);
    int64_t left = job->deadline_us == 0 ? 0 : job->deadline_us - core->now_us;
    agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_DISPATCH,
                                                 .link = agent->link,
                                                 .id = job->id,
                                                 .attempt = job->dispatches,
                                                 .deadline_us = left});
    agent_coord_notice(core, AGENT_NOTICE_JOB_ASSIGNED, AGENT_NOTICE_INFO,
                       agent_coord_chars(agent->name), job->id, "%s", agent_coord_chars(why));
}

static bool place_chunk(struct agent_coord *core, struct coord_flow *flow)
{
    struct coord_model *model = flow->model;
    bool passing;
    size_t count = collect(core, model, &passing);
    if (count == 0) {
        // Nothing but a change of the world can help: not worth a look until then.
        if (!passing)
            model->blocked = core->world;
        return false;
    }
    const struct coord_job *first = agent_coord_queue_head(core, flow);
    size_t pick = core->strategy->pick(&core->strategy_state, core->candidates, count);
    const struct agent_candidate *chosen =
        &core->candidates[agent_coord_spare(core, first, count, pick)];
    struct coord_agent *agent = core->agents[chosen->slot];
    struct agent_text *why = reasons(core, model, count, chosen);
    size_t chunk = (flow->queued + count - 1) / count;
    if (chunk > COORD_CHUNK)
        chunk = COORD_CHUNK;
    if (first->kills != NULL)
        chunk = 1; // those behind it may go where it may not
    if (chunk > chosen->credit - chosen->held)
        chunk = chosen->credit - chosen->held + AGENT_PLANTED(OVER_CREDIT);
    for (size_t i = 0; i < chunk && (i == 0 || agent_coord_queue_more(core, flow)); i++)
        assign(core, agent_coord_queue_head(core, flow), agent, why);
    agent_coord_text_unref(why);
    core->strategy_state.last_slot = agent->slot;
    agent->picked_turn = ++core->next_turn;
    agent_coord_agent_refresh(core, agent);
    return true;
}

void agent_coord_place(struct agent_coord *core)
{
    if (core->stopping)
        return;
    core->round++;
    while (core->open_agents > 0) {
        struct coord_flow *flow = agent_coord_queue_next(core);
        if (flow == NULL)
            break;
        if (!place_chunk(core, flow))
            flow->model->skipped = core->round;
    }
}
