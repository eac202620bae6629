#include <inttypes.h>

#include "agent/coordinator/control.h"

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
    const char *by, *reason;
    bool cancel;
    if (!agent_call_number(call, "id", 1, 9007199254740992.0, NULL, &id) ||
        !agent_call_number(call, "wait_ms", 0, IO_WAIT_MS_MAX, &none, &wait_ms) ||
        !agent_call_text(call, "by", 128, "", &by) ||
        !agent_call_text(call, "reason", AGENT_TEXT_MAX - 1, "", &reason) ||
        !agent_call_bool(call, "cancel", &cancel))
        return;
    bool known = agent_coord_operation(call->c->core, (uint64_t)id, &view);
    if (known && cancel) {
        struct agent_event *event = agent_call_ask(call, AGENT_EVENT_OPERATION_CANCEL);
        if (event != NULL) {
            event->id = (uint64_t)id;
            event->by = by;
            event->reason = reason;
        }
        return;
    }
    if (known && !view.finished && wait_ms > 0 &&
        agent_call_park(call, IO_WAIT_OPERATION, (uint64_t)id, wait_ms))
        return;
    agent_call_operation_now(call, (uint64_t)id);
}
