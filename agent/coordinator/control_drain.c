// Drains over the control socket: what one would do, begun, and the certificate of its end.
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/coordinator/control.h"
#include "agent/core/operation/coord_plan.h"

#define MOVES_MAX 1000
#define ORPHANS_MAX 64

// What an operator asked for.
struct wanted {
    const char *agent, *by, *reason, *confirm;
    int64_t deadline_us;
    bool plan, force;
};

// How busy devices are, by their agents' own word.
struct busy {
    double here, others, others_free;
};

static void warn(cJSON *warnings, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void warn(cJSON *warnings, const char *format, ...)
{
    char text[AGENT_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cJSON_AddItemToArray(warnings, cJSON_CreateString(text));
}

static struct busy measure(struct agent_coordinator *c, const char *agent)
{
    struct busy busy = {0};
    struct agent_agent_view view;
    for (uint32_t i = 0; agent_coord_agent_at(c->core, i, &view); i++) {
        const struct io_link *link = view.connected ? agent_io_link(c, view.link) : NULL;
        bool here = strcmp(view.name, agent) == 0;
        const cJSON *device;
        if (link == NULL || (!here && strcmp(view.state, "ready") != 0))
            continue;
        cJSON_ArrayForEach(device,
                           cJSON_GetObjectItemCaseSensitive(agent_io_telemetry_of(link), "devices"))
        {
            const cJSON *share = cJSON_GetObjectItemCaseSensitive(device, "busy");
            double part = cJSON_IsNumber(share) ? share->valuedouble : 0;
            if (here)
                busy.here += part;
            else
                busy.others += part;
            if (!here)
                busy.others_free += part < 1 ? 1 - part : 0;
        }
    }
    return busy;
}

static void add_moves(struct agent_coordinator *c, cJSON *reply, const struct wanted *wanted)
{
    static struct agent_move_view moves[MOVES_MAX]; // of the owner's thread
    uint32_t count =
        agent_coord_drain_moves(c->core, wanted->agent, wanted->deadline_us, moves, MOVES_MAX);
    cJSON *list = cJSON_AddArrayToObject(reply, "moves");
    for (uint32_t i = 0; i < count && i < MOVES_MAX; i++) {
        cJSON *move = cJSON_CreateObject();
        cJSON_AddNumberToObject(move, "job", (double)moves[i].job);
        cJSON_AddStringToObject(move, "model", moves[i].model);
        cJSON_AddStringToObject(move, "state", agent_job_state_name(moves[i].state));
        cJSON_AddStringToObject(move, "to", moves[i].to);
        cJSON_AddBoolToObject(move, "loads", moves[i].loads);
        cJSON_AddItemToArray(list, move);
    }
}

static void add_orphans(struct agent_coordinator *c, cJSON *plan, cJSON *warnings,
                        const char *agent)
{
    struct agent_orphan_view orphans[ORPHANS_MAX];
    uint32_t count = agent_coord_drain_orphans(c->core, agent, orphans, ORPHANS_MAX);
    cJSON *list = cJSON_AddArrayToObject(plan, "orphans");
    for (uint32_t i = 0; i < count && i < ORPHANS_MAX; i++) {
        cJSON *orphan = cJSON_CreateObject();
        cJSON_AddStringToObject(orphan, "model", orphans[i].model);
        cJSON_AddNumberToObject(orphan, "version", orphans[i].version);
        cJSON_AddNumberToObject(orphan, "jobs", orphans[i].jobs);
        cJSON_AddItemToArray(list, orphan);
        if (orphans[i].jobs > 0)
            warn(warnings, "no other agent can run %s:%" PRIu32 ": its %" PRIu32 " jobs would wait",
                 orphans[i].model, orphans[i].version, orphans[i].jobs);
        else
            warn(warnings, "no other agent can run %s:%" PRIu32 ": its next jobs would wait",
                 orphans[i].model, orphans[i].version);
    }
}

static void add_capacity(struct agent_coordinator *c, cJSON *json, cJSON *warnings,
                         const struct wanted *wanted, const struct agent_drain_plan *plan)
{
    struct busy busy = measure(c, wanted->agent);
    uint32_t holds = plan->running + plan->waiting;
    // Less than a twentieth of a device is nothing: an idle agent is in nobody's way.
    bool crowds = busy.here >= 0.05 && busy.here > busy.others_free;
    bool fits = !plan->last && plan->waiting + plan->overdue <= plan->free_others && !crowds;
    cJSON *capacity = cJSON_AddObjectToObject(json, "capacity");
    cJSON_AddNumberToObject(capacity, "credit", plan->credit);
    cJSON_AddNumberToObject(capacity, "credit_total", plan->credit_total);
    cJSON_AddNumberToObject(capacity, "holds", holds);
    cJSON_AddNumberToObject(capacity, "free_others", plan->free_others);
    cJSON_AddNumberToObject(capacity, "busy", busy.here);
    cJSON_AddNumberToObject(capacity, "busy_others", busy.others);
    cJSON_AddNumberToObject(capacity, "idle_others", busy.others_free);
    cJSON_AddBoolToObject(capacity, "fits", fits);
    if (plan->last)
        warn(warnings, "%s is the last agent that takes work: jobs would wait for another",
             wanted->agent);
    else if (plan->waiting + plan->overdue > plan->free_others)
        warn(warnings,
             "%" PRIu32 " jobs move at once and the others have room for %" PRIu32
             ": the rest would wait in the queue",
             plan->waiting + plan->overdue, plan->free_others);
    if (!plan->last && crowds)
        warn(warnings,
             "its devices do the work of %.1f and the others' have %.1f left: the queue would grow",
             busy.here, busy.others_free);
}

static cJSON *plan_json(struct agent_coordinator *c, const struct wanted *wanted,
                        const struct agent_drain_plan *plan)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *warnings = cJSON_CreateArray();
    cJSON_AddStringToObject(json, "id", plan->id);
    cJSON_AddNumberToObject(json, "running", plan->running);
    cJSON_AddNumberToObject(json, "waiting", plan->waiting);
    cJSON_AddNumberToObject(json, "overdue", plan->overdue);
    cJSON_AddNumberToObject(json, "unmeasured", plan->unmeasured);
    cJSON_AddNumberToObject(json, "expected_ms", agent_io_ms(plan->expected_us));
    cJSON_AddBoolToObject(json, "last", plan->last);
    cJSON_AddBoolToObject(json, "needs_force", plan->last || plan->orphans > 0);
    add_capacity(c, json, warnings, wanted, plan);
    add_orphans(c, json, warnings, wanted->agent);
    if (plan->overdue > 0)
        warn(warnings, "%" PRIu32 " running jobs outlast the deadline: they begin again elsewhere",
             plan->overdue);
    cJSON_AddItemToObject(json, "warnings", warnings);
    return json;
}

static void show_plan(struct io_call *call, const struct wanted *wanted)
{
    struct agent_coordinator *c = call->c;
    struct agent_drain_plan plan;
    if (!agent_coord_drain_plan(c->core, wanted->agent, wanted->deadline_us, &plan)) {
        agent_call_error(call, "not_found", "stoker agents lists them", "no agent named '%s'",
                         wanted->agent);
        return;
    }
    int64_t now = agent_io_now_us(c);
    struct agent_operation_view operation = {
        .kind = "drain",
        .target = wanted->agent,
        .state = "planned",
        .by = wanted->by,
        .reason = wanted->reason,
        .started_us = now,
        .deadline_us = now + wanted->deadline_us,
        .remaining = plan.running + plan.waiting,
    };
    cJSON *reply = agent_call_object("operation", agent_io_json_operation(c, &operation));
    if (reply != NULL) {
        cJSON_AddItemToObject(reply, "plan", plan_json(c, wanted, &plan));
        cJSON_AddNumberToObject(reply, "expected_ms", agent_io_ms(plan.expected_us));
        add_moves(c, reply, wanted);
    }
    agent_call_reply(call, reply);
}

static void drain_one(struct io_call *call)
{
    static const double minute = 60000;
    struct wanted wanted;
    const char *instance;
    double deadline_ms;
    if (!agent_call_text(call, "agent", AGENT_NAME_MAX, NULL, &wanted.agent) ||
        !agent_call_text(call, "instance", 2 * NET_INSTANCE_SIZE, "", &instance) ||
        !agent_call_is_instance(call, wanted.agent, instance) ||
        !agent_call_text(call, "by", 128, "", &wanted.by) ||
        !agent_call_text(call, "reason", AGENT_TEXT_MAX - 1, "", &wanted.reason) ||
        !agent_call_text(call, "confirm", AGENT_PLAN_ID_MAX, "", &wanted.confirm) ||
        !agent_call_number(call, "deadline_ms", 0, 604800000, &minute, &deadline_ms) ||
        !agent_call_bool(call, "force", &wanted.force) ||
        !agent_call_bool(call, "plan", &wanted.plan))
        return;
    wanted.deadline_us = (int64_t)deadline_ms * 1000;
    if (wanted.plan) {
        show_plan(call, &wanted);
        return;
    }
    struct agent_event *event = agent_call_ask(call, AGENT_EVENT_DRAIN);
    if (event == NULL)
        return;
    event->agent = wanted.agent;
    event->by = wanted.by;
    event->reason = wanted.reason;
    event->deadline_us = wanted.deadline_us;
    event->plan = wanted.confirm;
    event->force = wanted.force;
}

void agent_call_drain(struct io_call *call)
{
    // "agents" besides "agent", so that those a plan has shown can be named.
    bool all;
    if (!agent_call_bool(call, "all", &all))
        return;
    if (all || cJSON_HasObjectItem(call->json, "agents"))
        agent_call_roll(call, AGENT_EVENT_DRAIN_ALL);
    else
        drain_one(call);
}

// The canonical text, and the signature of all that stands before it.
static bool certificate_write(struct agent_coordinator *c,
                              const struct agent_operation_view *operation, char *text, size_t size)
{
    char instance[2 * NET_INSTANCE_SIZE + 1], signature[AGENT_SEAL_SIGNATURE_HEX + 1];
    agent_io_instance_hex(operation->instance, instance);
    int used =
        snprintf(text, size,
                 "Stoker certificate 1\ncluster: %s\noperation: %" PRIu64 "\nepoch: %" PRIu64
                 "\nagent: %s\ninstance: %s\nfinished_ms: %" PRId64
                 "\nstatement: safe to remove: %s\npublic_key: %s\n",
                 c->options.cluster, operation->id, operation->end_epoch, operation->target,
                 instance, operation->finished_us / 1000,
                 operation->was_connected
                     ? "no job is left on it, its models are unloaded, and the ledger has it"
                     : "it was not connected; what it held runs elsewhere, and the ledger has it",
                 agent_seal_public_key(c->seal));
    if (used < 0 || (size_t)used >= size ||
        agent_seal_sign(c->seal, text, (size_t)used, signature) != AGENT_OK)
        return false;
    return snprintf(text + used, size - (size_t)used, "signature: %s\n", signature) <
           (int)(size - (size_t)used);
}

void agent_call_certificate(struct io_call *call)
{
    struct agent_coordinator *c = call->c;
    struct agent_operation_view operation;
    char text[1024];
    double id;
    if (!agent_call_number(call, "operation", 1, 9007199254740992.0, NULL, &id))
        return;
    if (!agent_coord_operation(c->core, (uint64_t)id, &operation)) {
        agent_call_error(call, "not_found", "stoker operations lists them", "no operation %.0f",
                         id);
    } else if (strcmp(operation.kind, "drain") != 0) {
        agent_call_error(call, "conflict", "only a drain ends with one",
                         "operation %.0f is a %s: it has no certificate", id, operation.kind);
    } else if (agent_ledger_durability(c->ledger) == AGENT_DURABILITY_NONE) {
        agent_call_error(call, "unavailable", "ledger.durability = commit keeps one",
                         "no certificate: this coordinator keeps no ledger");
    } else if (!operation.safe_to_remove) {
        agent_call_error(call, "conflict", "stoker operations ID shows what holds it",
                         "no certificate: %s is not safe to remove: %s", operation.target,
                         operation.text);
    } else if (!certificate_write(c, &operation, text, sizeof text)) {
        agent_call_error(call, "internal", NULL, "the certificate could not be signed");
    } else {
        cJSON *reply = agent_call_object("certificate", cJSON_CreateString(text));
        if (reply != NULL)
            cJSON_AddStringToObject(reply, "public_key", agent_seal_public_key(c->seal));
        agent_call_reply(call, reply);
    }
}
