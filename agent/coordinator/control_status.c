#include <unistd.h>

#include "agent/coordinator/control.h"

void agent_call_version(struct io_call *call)
{
    struct agent_coordinator *c = call->c;
    cJSON *reply = agent_call_object("version", cJSON_CreateString(STOKER_VERSION));
    cJSON_AddNumberToObject(reply, "protocol", 1);
    cJSON_AddStringToObject(reply, "role", c->options.embedded ? "embedded" : "coordinator");
    cJSON_AddStringToObject(reply, "cluster", c->options.cluster);
    cJSON_AddNumberToObject(reply, "epoch", (double)c->epoch);
    cJSON_AddStringToObject(reply, "events", net_pub_address(c->pub));
    cJSON_AddStringToObject(reply, "agents_address", net_link_listener_address(c->listener));
    cJSON_AddNumberToObject(reply, "pid", getpid());
    cJSON_AddNumberToObject(reply, "started_ms", agent_io_ms(c->started_us));
    cJSON_AddStringToObject(reply, "public_key", agent_seal_public_key(c->seal));
    agent_call_reply(call, reply);
}

static void reply_snapshot(struct io_call *call, bool everything)
{
    cJSON *reply = agent_io_json_snapshot(call->c, everything);
    cJSON_AddNumberToObject(reply, "seq", (double)call->c->snapshot_seq);
    agent_call_reply(call, reply);
}

void agent_call_snapshot(struct io_call *call)
{
    reply_snapshot(call, true);
}

void agent_call_status(struct io_call *call)
{
    reply_snapshot(call, false);
}

// ---- events

void agent_call_events_now(struct io_call *call)
{
    const struct agent_coordinator *c = call->c;
    uint64_t after = call->subject;
    uint64_t next = after;
    uint32_t count = 0;
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < c->kept_count && count < call->limit; i++) {
        const struct io_kept_event *event = &c->kept[(c->kept_first + i) % IO_EVENTS_KEPT];
        if (event->cursor <= after)
            continue;
        cJSON_AddItemToArray(list, cJSON_CreateRaw(event->json));
        next = event->cursor;
        count++;
    }
    cJSON *reply = agent_call_object("events", list);
    cJSON_AddNumberToObject(reply, "next", (double)next);
    agent_call_reply(call, reply);
}

// The last `limit` events before that one.
static void answer_before(struct io_call *call, uint64_t before, size_t limit)
{
    const struct agent_coordinator *c = call->c;
    size_t end = 0;
    while (end < c->kept_count && c->kept[(c->kept_first + end) % IO_EVENTS_KEPT].cursor < before)
        end++;
    size_t first = end > limit ? end - limit : 0;
    call->limit = (uint32_t)(end - first);
    call->subject =
        first < end ? c->kept[(c->kept_first + first) % IO_EVENTS_KEPT].cursor - 1 : before - 1;
    agent_call_events_now(call);
}

void agent_call_events(struct io_call *call)
{
    static const double limit_default = 100, none = 0, last = -1;
    double after, before, limit, wait_ms;
    struct agent_coordinator *c = call->c;
    if (!agent_call_number(call, "after", 0, 9007199254740992.0, &last, &after) ||
        !agent_call_number(call, "before", 1, 9007199254740992.0, &none, &before) ||
        !agent_call_number(call, "limit", 1, 1000, &limit_default, &limit) ||
        !agent_call_number(call, "wait_ms", 0, IO_WAIT_MS_MAX, &none, &wait_ms))
        return;
    if (before > 0 && after >= 0) {
        agent_call_error(call, "bad_request", "ask for one of them",
                         "after goes forwards, before goes back");
        return;
    }
    if (before > 0) {
        answer_before(call, (uint64_t)before, (size_t)limit);
        return;
    }
    uint64_t newest = c->next_cursor - 1;
    if (after < 0) {
        size_t skip = c->kept_count > (size_t)limit ? c->kept_count - (size_t)limit : 0;
        size_t first = (c->kept_first + skip) % IO_EVENTS_KEPT;
        after = c->kept_count > 0 ? (double)(c->kept[first].cursor - 1) : 0;
    }
    call->limit = (uint32_t)limit;
    if (newest <= (uint64_t)after && wait_ms > 0 &&
        agent_call_park(call, IO_WAIT_EVENTS, (uint64_t)after, wait_ms))
        return;
    call->subject = (uint64_t)after;
    agent_call_events_now(call);
}
