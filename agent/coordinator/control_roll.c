// Operations on one agent after another: drain with "all", and restart.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/coordinator/control.h"
#include "agent/core/operation/coord_plan.h"

#define ROLL_AGENTS_MAX 1024 // named in one request

struct wanted {
    enum agent_event_kind kind;
    const char **agents; // in the call's JSON
    uint32_t count;      // 0: all
    double deadline_ms, back_ms, keep;
    const char *by, *reason;
    bool force, plan, all;
};

// "instances" goes along with "agents": the processes that were meant by the names, "" any.
static bool are_instances(struct io_call *call, const struct wanted *wanted)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(call->json, "instances"), *instance;
    uint32_t i = 0;
    if (list == NULL)
        return true;
    cJSON_ArrayForEach(instance, list)
    {
        if (i == wanted->count || !cJSON_IsString(instance))
            break;
        if (!agent_call_is_instance(call, wanted->agents[i], instance->valuestring))
            return false;
        i++;
    }
    if (instance == NULL && i == wanted->count)
        return true;
    agent_call_error(call, "bad_request", NULL, "'instances' is a list of texts, one an agent");
    return false;
}

static bool take_agents(struct io_call *call, struct wanted *wanted)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(call->json, "agents"), *name;
    call->names = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *call->names);
    wanted->agents = call->names;
    if (call->names == NULL) {
        agent_call_error(call, "internal", NULL, "out of memory");
        return false;
    }
    cJSON_ArrayForEach(name, list)
    {
        if (!cJSON_IsString(name) || strlen(name->valuestring) > AGENT_NAME_MAX ||
            wanted->count == ROLL_AGENTS_MAX) {
            agent_call_error(call, "bad_request", "stoker agents lists them",
                             "'agents' is a list of at most %d names", ROLL_AGENTS_MAX);
            return false;
        }
        call->names[wanted->count++] = name->valuestring;
    }
    if (!are_instances(call, wanted))
        return false;
    if (wanted->all == (wanted->count > 0)) {
        agent_call_error(call, "bad_request", "\"agents\":[\"ember-01\"] or \"all\":true",
                         "either names of agents or all of them");
        return false;
    }
    return true;
}

static bool is_meant(const struct wanted *wanted, const struct agent_agent_view *agent)
{
    return wanted->kind == AGENT_EVENT_RESTART ? agent->connected
                                               : strcmp(agent->state, "drained") != 0;
}

static void warn(cJSON *warnings, const char *agent, const char *text)
{
    char line[AGENT_TEXT_MAX];
    snprintf(line, sizeof line, "%s %s", agent, text);
    cJSON_AddItemToArray(warnings, cJSON_CreateString(line));
}

static void plan_agent(struct agent_coordinator *c, const struct wanted *wanted,
                       const struct agent_agent_view *agent, cJSON *list, cJSON *warnings)
{
    struct agent_drain_plan plan = {0};
    char instance[2 * NET_INSTANCE_SIZE + 1];
    const struct io_link *link = agent->connected ? agent_io_link(c, agent->link) : NULL;
    bool can_restart =
        link != NULL &&
        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(agent_io_capabilities_of(link), "restart"));
    agent_coord_drain_plan(c->core, agent->name, (int64_t)wanted->deadline_ms * 1000, &plan);
    agent_io_instance_hex(agent->instance, instance);
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddStringToObject(entry, "agent", agent->name);
    cJSON_AddStringToObject(entry, "state", agent->state);
    cJSON_AddStringToObject(entry, "instance", instance);
    cJSON_AddNumberToObject(entry, "running", plan.running);
    cJSON_AddNumberToObject(entry, "waiting", plan.waiting);
    cJSON_AddNumberToObject(entry, "expected_ms", agent_io_ms(plan.expected_us));
    cJSON_AddNumberToObject(entry, "credit", plan.credit);
    if (wanted->kind == AGENT_EVENT_RESTART)
        cJSON_AddBoolToObject(entry, "can_restart", can_restart);
    cJSON_AddItemToArray(list, entry);
    if (plan.last)
        warn(warnings, agent->name, "is the last agent that takes work: needs force");
    uint64_t left = (uint64_t)(plan.credit_total - plan.credit) * 100;
    if (!wanted->force && !plan.last && plan.credit > 0 &&
        left < plan.credit_total * wanted->keep) {
        char text[128];
        snprintf(text, sizeof text,
                 "can't go: without it %" PRIu64
                 "%% of the capacity would be left, less than %.0f%%",
                 left / plan.credit_total, wanted->keep);
        warn(warnings, agent->name, text);
    }
    if (plan.orphans > 0)
        warn(warnings, agent->name, "is the only home of a model: waits for another one, or force");
    if (wanted->kind == AGENT_EVENT_RESTART && !can_restart)
        warn(warnings, agent->name,
             "can't start itself again: somebody has to, when it is drained");
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct agent_agent_view *)a)->name,
                  ((const struct agent_agent_view *)b)->name);
}

static void plan_all(struct agent_coordinator *c, const struct wanted *wanted, cJSON *list,
                     cJSON *warnings)
{
    static struct agent_agent_view agents[ROLL_AGENTS_MAX]; // of the owner's thread
    size_t count = 0;
    for (uint32_t i = 0;
         count < ROLL_AGENTS_MAX && agent_coord_agent_at(c->core, i, &agents[count]); i++)
        count += is_meant(wanted, &agents[count]);
    qsort(agents, count, sizeof agents[0], by_name);
    for (size_t i = 0; i < count; i++)
        plan_agent(c, wanted, &agents[i], list, warnings);
}

static void show_plan(struct io_call *call, const struct wanted *wanted)
{
    struct agent_coordinator *c = call->c;
    struct agent_agent_view agent;
    cJSON *list = cJSON_CreateArray(), *warnings = cJSON_CreateArray();
    cJSON *reply = agent_call_object("agents", list);
    for (uint32_t i = 0; i < wanted->count; i++) {
        if (agent_coord_agent(c->core, wanted->agents[i], &agent)) {
            plan_agent(c, wanted, &agent, list, warnings);
            continue;
        }
        cJSON_Delete(reply);
        cJSON_Delete(warnings);
        agent_call_error(call, "not_found", "stoker agents lists them", "no agent named '%s'",
                         wanted->agents[i]);
        return;
    }
    if (wanted->count == 0)
        plan_all(c, wanted, list, warnings);
    cJSON_AddNumberToObject(reply, "keep_percent", wanted->keep);
    cJSON_AddItemToObject(reply, "warnings", warnings);
    agent_call_reply(call, reply);
}

void agent_call_roll(struct io_call *call, enum agent_event_kind kind)
{
    static const double minute = 60000, two_minutes = 120000, half = 50;
    struct wanted wanted = {.kind = kind};
    if (!agent_call_number(call, "deadline_ms", 0, 604800000, &minute, &wanted.deadline_ms) ||
        !agent_call_number(call, "back_ms", 1000, 86400000, &two_minutes, &wanted.back_ms) ||
        !agent_call_number(call, "keep_percent", 0, 100, &half, &wanted.keep) ||
        !agent_call_text(call, "by", 128, "", &wanted.by) ||
        !agent_call_text(call, "reason", AGENT_TEXT_MAX - 1, "", &wanted.reason) ||
        !agent_call_bool(call, "force", &wanted.force) ||
        !agent_call_bool(call, "all", &wanted.all) ||
        !agent_call_bool(call, "plan", &wanted.plan) || !take_agents(call, &wanted))
        return;
    if (wanted.plan) {
        show_plan(call, &wanted);
        return;
    }
    struct agent_event *event = agent_call_ask(call, kind);
    if (event == NULL)
        return;
    event->by = wanted.by;
    event->reason = wanted.reason;
    event->deadline_us = (int64_t)wanted.deadline_ms * 1000;
    event->back_us = (int64_t)wanted.back_ms * 1000;
    event->keep_percent = (uint32_t)wanted.keep;
    event->force = wanted.force;
    event->n_agents = wanted.count;
    event->agents = wanted.agents; // live until the call is answered
}

void agent_call_restart(struct io_call *call)
{
    agent_call_roll(call, AGENT_EVENT_RESTART);
}
