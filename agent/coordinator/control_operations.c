#include <inttypes.h>

#include "agent/coordinator/control.h"

#define MOVES_MAX 1000

static void drain_plan(struct io_call *call, const char *agent, const char *by, const char *reason,
                       double deadline_ms)
{
    struct agent_coordinator *c = call->c;
    struct agent_agent_view view;
    if (!agent_coord_agent(c->core, agent, &view)) {
        agent_call_error(call, "not_found", "stoker agents lists them", "no agent named '%s'",
                         agent);
        return;
    }
    static struct agent_blocker_view blockers[MOVES_MAX]; // of the owner's thread
    uint32_t count = agent_coord_blockers(c->core, agent, blockers, MOVES_MAX);
    int64_t now = agent_io_now_us(c);
    struct agent_operation_view operation = {
        .kind = "drain",
        .target = agent,
        .state = "planned",
        .by = by,
        .reason = reason,
        .started_us = now,
        .deadline_us = now + (int64_t)deadline_ms * 1000,
        .remaining = count,
    };
    cJSON *reply = agent_call_object("operation", agent_io_json_operation(c, &operation));
    cJSON *moves = cJSON_AddArrayToObject(reply, "moves");
    int64_t longest = 0;
    for (uint32_t i = 0; i < count && i < MOVES_MAX; i++) {
        // What has not started moves at once; what runs only if it outlasts the deadline.
        int64_t left = blockers[i].expected_us - blockers[i].running_us;
        bool runs = blockers[i].state == AGENT_JOB_RUNNING;
        if (runs && left > longest)
            longest = left;
        if (runs && left <= (int64_t)deadline_ms * 1000)
            continue;
        cJSON *move = cJSON_CreateObject();
        cJSON_AddNumberToObject(move, "job", (double)blockers[i].job);
        cJSON_AddStringToObject(move, "model", blockers[i].model);
        cJSON_AddStringToObject(move, "state", agent_job_state_name(blockers[i].state));
        cJSON_AddItemToArray(moves, move);
    }
    if (reply != NULL)
        cJSON_AddNumberToObject(reply, "expected_ms", agent_io_ms(longest));
    agent_call_reply(call, reply);
}

void agent_call_drain(struct io_call *call)
{
    static const double minute = 60000;
    const char *agent, *by, *reason;
    double deadline_ms;
    bool plan;
    if (!agent_call_text(call, "agent", AGENT_NAME_MAX, NULL, &agent) ||
        !agent_call_text(call, "by", 128, "", &by) ||
        !agent_call_text(call, "reason", AGENT_TEXT_MAX - 1, "", &reason) ||
        !agent_call_number(call, "deadline_ms", 0, 604800000, &minute, &deadline_ms) ||
        !agent_call_bool(call, "plan", &plan))
        return;
    if (plan) {
        drain_plan(call, agent, by, reason, deadline_ms);
        return;
    }
    struct agent_event *event = agent_call_ask(call, AGENT_EVENT_DRAIN);
    if (event == NULL)
        return;
    event->agent = agent;
    event->by = by;
    event->reason = reason;
    event->deadline_us = (int64_t)deadline_ms * 1000;
}

void agent_call_operations(struct io_call *call)
{
    struct agent_operation_view view;
    cJSON *list = cJSON_CreateArray();
    for (uint32_t i = 0; agent_coord_operation_at(call->c->core, i, &view); i++)
        cJSON_AddItemToArray(list, agent_io_json_operation(call->c, &view));
    agent_call_reply(call, agent_call_object("operations", list));
}

void agent_call_operation_now(struct io_call *call, uint64_t id)
{
    struct agent_operation_view view;
    if (agent_coord_operation(call->c->core, id, &view))
        agent_call_reply(call,
                         agent_call_object("operation", agent_io_json_operation(call->c, &view)));
    else
        agent_call_error(call, "not_found", "stoker operations lists them", "no operation %" PRIu64,
                         id);
}

void agent_call_operation(struct io_call *call)
{
    static const double none = 0;
    struct agent_operation_view view;
    double id, wait_ms;
    const char *by;
    bool cancel;
    if (!agent_call_number(call, "id", 1, 9007199254740992.0, NULL, &id) ||
        !agent_call_number(call, "wait_ms", 0, IO_WAIT_MS_MAX, &none, &wait_ms) ||
        !agent_call_text(call, "by", 128, "", &by) || !agent_call_bool(call, "cancel", &cancel))
        return;
    bool known = agent_coord_operation(call->c->core, (uint64_t)id, &view);
    if (known && cancel) {
        struct agent_event *event = agent_call_ask(call, AGENT_EVENT_OPERATION_CANCEL);
        if (event != NULL) {
            event->id = (uint64_t)id;
            event->by = by;
        }
        return;
    }
    if (known && !view.finished && wait_ms > 0 &&
        agent_call_park(call, IO_WAIT_OPERATION, (uint64_t)id, wait_ms))
        return;
    agent_call_operation_now(call, (uint64_t)id);
}
