// Why a job went where it went, why it waits, and why it isn't somewhere else.
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "agent/coordinator/control.h"
#include "agent/core/placement/coord_explain.h"

#define WHY_HISTORY_MAX 32

static bool job_field(struct io_call *call, uint64_t *ret_id)
{
    double id;
    if (!agent_call_number(call, "id", 1, 9007199254740991.0, NULL, &id))
        return false;
    *ret_id = (uint64_t)id;
    return true;
}

static void add_rule(cJSON *json, enum agent_rule rule)
{
    char name[64];
    snprintf(name, sizeof name, "%s", agent_rule_name(rule));
    for (char *p = name; *p != '\0'; p++)
        *p = (char)tolower((unsigned char)*p);
    cJSON_AddStringToObject(json, "rule", name);
}

static cJSON *seen_json(const struct agent_seen_view *seen)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "agent", seen->agent);
    cJSON_AddBoolToObject(json, "chosen", seen->chosen);
    add_rule(json, seen->rule);
    cJSON_AddNumberToObject(json, "held", seen->held);
    cJSON_AddNumberToObject(json, "credit", seen->credit);
    if (seen->rule == AGENT_RULE_NONE) {
        cJSON_AddBoolToObject(json, "resident", seen->resident);
        cJSON_AddNumberToObject(json, "wait_us", (double)seen->wait_us);
        cJSON_AddNumberToObject(json, "load_us", (double)seen->load_us);
        cJSON_AddNumberToObject(json, "run_us", (double)seen->run_us);
        cJSON_AddNumberToObject(json, "score", (double)seen->score);
    }
    cJSON_AddStringToObject(json, "text", seen->text);
    return json;
}

static void add_decision(cJSON *json, const struct agent_decision_view *decision)
{
    cJSON_AddStringToObject(json, "strategy", decision->strategy);
    cJSON_AddStringToObject(json, "choice", decision->choice);
    cJSON_AddNumberToObject(json, "jobs", decision->jobs);
    cJSON_AddNumberToObject(json, "queued", decision->queued);
    cJSON_AddNumberToObject(json, "looked_at", decision->looked_at);
    cJSON_AddNumberToObject(json, "open", decision->open);
    cJSON_AddNumberToObject(json, "mean_wait_us", (double)decision->mean_wait_us);
    cJSON_AddNumberToObject(json, "bound_percent", decision->bound_percent);
    cJSON *candidates = cJSON_AddArrayToObject(json, "candidates");
    for (uint32_t i = 0; i < decision->n_seen; i++)
        cJSON_AddItemToArray(candidates, seen_json(&decision->seen[i]));
}

// One entry a dispatch, oldest first; those whose reasons are gone say so.
static void add_decisions(struct io_call *call, cJSON *why, uint64_t id)
{
    struct agent_history_view history[WHY_HISTORY_MAX];
    size_t count = agent_coord_history(call->c->core, id, history, WHY_HISTORY_MAX);
    cJSON *list = cJSON_AddArrayToObject(why, "decisions");
    for (size_t i = 0; i < count; i++) {
        if (history[i].decision == 0)
            continue;
        struct agent_decision_view decision;
        bool kept = agent_coord_decision_at(call->c->core, history[i].decision, &decision);
        cJSON *json = cJSON_CreateObject();
        cJSON_AddNumberToObject(json, "number", (double)history[i].decision);
        cJSON_AddNumberToObject(json, "time_ms", agent_io_ms(history[i].time_us));
        cJSON_AddStringToObject(json, "agent", history[i].agent);
        cJSON_AddNumberToObject(json, "attempt", history[i].attempt);
        cJSON_AddBoolToObject(json, "kept", kept);
        cJSON_AddStringToObject(json, "text",
                                kept ? decision.text
                                     : "its reasons are gone: too many decisions "
                                       "were made since");
        if (kept)
            add_decision(json, &decision);
        cJSON_AddItemToArray(list, json);
    }
}

void agent_call_why(struct io_call *call)
{
    uint64_t id;
    struct agent_job_view job;
    if (!job_field(call, &id))
        return;
    if (!agent_coord_job(call->c->core, id, &job)) {
        agent_call_error(call, "not_found", "reasons are kept as long as a job is in memory",
                         "no job %.0f, or it ended so long ago that its reasons are gone",
                         (double)id);
        return;
    }
    char waiting[AGENT_TEXT_MAX];
    agent_coord_waiting(call->c->core, id, waiting, sizeof waiting);
    cJSON *why = cJSON_CreateObject();
    cJSON_AddNumberToObject(why, "job", (double)id);
    cJSON_AddStringToObject(why, "state", agent_job_state_name(job.state));
    cJSON_AddStringToObject(why, "model", job.model);
    cJSON_AddStringToObject(why, "agent", job.agent);
    cJSON_AddStringToObject(why, "waiting", waiting);
    add_decisions(call, why, id);
    agent_call_reply(call, agent_call_object("why", why));
}

void agent_call_why_not(struct io_call *call)
{
    uint64_t id;
    const char *agent;
    struct agent_why_not_view view;
    if (!job_field(call, &id) || !agent_call_text(call, "agent", AGENT_NAME_MAX, NULL, &agent))
        return;
    if (agent_coord_why_not(call->c->core, id, agent, &view) != AGENT_REPLY_OK) {
        agent_call_error(call, "not_found", "stoker agents and stoker jobs list them", "%s",
                         view.text);
        return;
    }
    cJSON *why = cJSON_CreateObject();
    cJSON_AddNumberToObject(why, "job", (double)id);
    cJSON_AddStringToObject(why, "agent", agent);
    cJSON_AddNumberToObject(why, "decision", (double)view.decision);
    add_rule(why, view.rule);
    cJSON_AddBoolToObject(why, "chosen", view.chosen);
    cJSON_AddStringToObject(why, "text", view.text);
    agent_call_reply(call, agent_call_object("why_not", why));
}
