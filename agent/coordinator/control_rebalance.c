// Rebalancing over the control socket: a plan with its price, and that very plan carried out.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/coordinator/control.h"
#include "agent/core/operation/coord_plan.h"

// "EPOCH-NUMBER": numbers begin again when the coordinator does.
static bool plan_number(struct io_call *call, const char *id, uint64_t *ret_number)
{
    uint64_t epoch = 0;
    if (sscanf(id, "%" SCNu64 "-%" SCNu64, &epoch, ret_number) != 2 || *ret_number == 0) {
        agent_call_error(call, "bad_request", "stoker rebalance --plan makes one",
                         "'%.40s' is no plan's id", id);
        return false;
    }
    if (epoch == call->c->epoch)
        return true;
    agent_call_error(call, "conflict", "stoker rebalance --plan makes a new one",
                     "the coordinator was started again since plan %.40s: every waiting job was "
                     "placed anew",
                     id);
    return false;
}

static cJSON *move_json(const struct agent_rebalance_move *move)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "job", (double)move->job);
    cJSON_AddStringToObject(json, "model", move->model);
    cJSON_AddNumberToObject(json, "version", move->version);
    cJSON_AddStringToObject(json, "from", move->from);
    cJSON_AddStringToObject(json, "to", move->to);
    cJSON_AddBoolToObject(json, "loads", move->loads);
    cJSON_AddNumberToObject(json, "cost_ms", agent_io_ms(move->cost_us));
    cJSON_AddNumberToObject(json, "gain_ms", agent_io_ms(move->gain_us));
    return json;
}

static cJSON *load_json(const struct agent_rebalance_load *load)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "model", load->model);
    cJSON_AddNumberToObject(json, "version", load->version);
    cJSON_AddStringToObject(json, "to", load->to);
    cJSON_AddNumberToObject(json, "evicts", load->evicts);
    cJSON_AddNumberToObject(json, "cost_ms", agent_io_ms(load->cost_us));
    cJSON_AddNumberToObject(json, "lost_ms", agent_io_ms(load->lost_us));
    cJSON_AddNumberToObject(json, "gain_ms_per_min", agent_io_ms(load->gain_us));
    return json;
}

void agent_call_rebalance_planned(struct io_call *call, uint64_t number)
{
    struct agent_coordinator *c = call->c;
    struct agent_rebalance_view view = {.number = number};
    struct agent_rebalance_move move;
    char id[48];
    double cost = 0;
    agent_coord_rebalance_plan(c->core, number, &view);
    snprintf(id, sizeof id, "%" PRIu64 "-%" PRIu64, c->epoch, number);
    cJSON *plan = cJSON_CreateObject();
    cJSON_AddStringToObject(plan, "id", id);
    cJSON *moves = cJSON_AddArrayToObject(plan, "moves");
    for (uint32_t i = 0; agent_coord_rebalance_move(c->core, number, i, &move); i++) {
        cJSON_AddItemToArray(moves, move_json(&move));
        cost += agent_io_ms(move.cost_us);
    }
    struct agent_rebalance_load load;
    cJSON *loads = cJSON_AddArrayToObject(plan, "loads");
    for (uint32_t i = 0; agent_coord_rebalance_load(c->core, number, i, &load); i++)
        cJSON_AddItemToArray(loads, load_json(&load));
    cJSON_AddNumberToObject(plan, "gain_ms", agent_io_ms(view.gain_us));
    cJSON_AddNumberToObject(plan, "cost_ms", cost);
    cJSON_AddNumberToObject(plan, "through_ms", agent_io_ms(view.before_us));
    cJSON_AddNumberToObject(plan, "through_after_ms", agent_io_ms(view.after_us));
    cJSON_AddNumberToObject(plan, "unmeasured", view.unmeasured);
    cJSON_AddNumberToObject(plan, "rests_ms", agent_io_ms(view.rests_us));
    agent_call_reply(call, agent_call_object("plan", plan));
}

void agent_call_rebalance(struct io_call *call)
{
    const char *apply, *by, *reason;
    bool force, plan;
    uint64_t number = 0;
    if (!agent_call_text(call, "apply", 40, "", &apply) ||
        !agent_call_text(call, "by", 128, "", &by) ||
        !agent_call_text(call, "reason", AGENT_TEXT_MAX - 1, "", &reason) ||
        !agent_call_bool(call, "force", &force) || !agent_call_bool(call, "plan", &plan))
        return;
    if (plan == (apply[0] != '\0')) {
        agent_call_error(call, "bad_request", "\"plan\":true, then \"apply\":ID",
                         "either a plan is made, or one that was made is applied");
        return;
    }
    if (!plan && !plan_number(call, apply, &number))
        return;
    struct agent_event *event = agent_call_ask(call, AGENT_EVENT_REBALANCE);
    if (event == NULL)
        return;
    event->id = number;
    event->by = by;
    event->reason = reason;
    event->force = force;
}
