// Tenants: who submits how much, what each gets of the devices, and what operators allow them.
#include <inttypes.h>
#include <string.h>

#include "agent/coordinator/control.h"

static cJSON *tenant_json(const struct agent_tenant_view *tenant)
{
    cJSON *json = cJSON_CreateObject();
    const struct {
        const char *name;
        double value;
    } numbers[] = {
        {"weight", tenant->weight},
        {"rate_per_s", (double)tenant->rate_milli / 1000},
        {"burst", tenant->burst},
        {"queued", tenant->queued},
        {"running", tenant->running},
        {"live", tenant->live},
        {"input_bytes", (double)tenant->input_bytes},
        {"done", (double)tenant->done},
        {"failed", (double)tenant->failed},
        {"throttled", (double)tenant->throttled},
        {"refused", (double)tenant->refused},
        {"ended_per_s", (double)tenant->ends_milli / 1000},
        {"share", (double)tenant->share_permille / 1000},
        {"share_due", (double)tenant->due_permille / 1000},
    };
    cJSON_AddStringToObject(json, "name", tenant->name);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        cJSON_AddNumberToObject(json, numbers[i].name, numbers[i].value);
    cJSON *set = cJSON_AddArrayToObject(json, "set");
    if (tenant->set.weight_set)
        cJSON_AddItemToArray(set, cJSON_CreateString("weight"));
    if (tenant->set.rate_set)
        cJSON_AddItemToArray(set, cJSON_CreateString("rate"));
    if (tenant->set.burst_set)
        cJSON_AddItemToArray(set, cJSON_CreateString("burst"));
    return json;
}

struct listing {
    cJSON *list;
    const char *only; // "" all
};

static void list_one(void *user, const struct agent_tenant_view *tenant)
{
    struct listing *listing = user;
    if (listing->only[0] == '\0' || strcmp(listing->only, tenant->name) == 0)
        cJSON_AddItemToArray(listing->list, tenant_json(tenant));
}

void agent_call_tenants(struct io_call *call)
{
    struct listing listing = {.list = NULL};
    if (!agent_call_text(call, "tenant", AGENT_NAME_MAX, "", &listing.only))
        return;
    listing.list = cJSON_CreateArray();
    agent_coord_tenants(call->c->core, list_one, &listing);
    if (listing.only[0] != '\0' && cJSON_GetArraySize(listing.list) == 0) {
        cJSON_Delete(listing.list);
        agent_call_error(call, "not_found", "stoker tenants lists them", "no tenant named '%s'",
                         listing.only);
        return;
    }
    agent_call_reply(call, agent_call_object("tenants", listing.list));
}

static bool read_rate(struct io_call *call, struct agent_tenant_set *set)
{
    const cJSON *rate = cJSON_GetObjectItemCaseSensitive(call->json, "rate_per_s");
    if (rate == NULL)
        return true;
    if (!cJSON_IsNumber(rate) || !(rate->valuedouble >= 0) ||
        rate->valuedouble > AGENT_RATE_MILLI_MAX / 1000.0 ||
        (rate->valuedouble > 0 && rate->valuedouble < 0.001)) {
        agent_call_error(call, "bad_request", "0 is no limit",
                         "'rate_per_s' is not 0 or a number from 0.001 to %u",
                         AGENT_RATE_MILLI_MAX / 1000);
        return false;
    }
    set->rate_set = true;
    set->rate_milli = (uint64_t)(rate->valuedouble * 1000 + 0.5);
    return true;
}

void agent_call_tenant(struct io_call *call)
{
    static const double absent = 0;
    struct agent_tenant_set set = {0};
    const char *name, *by, *reason;
    double weight, burst;
    bool reset = false;
    if (!agent_call_text(call, "tenant", AGENT_NAME_MAX, NULL, &name) ||
        !agent_call_number(call, "weight", 1, AGENT_WEIGHT_MAX, &absent, &weight) ||
        !agent_call_number(call, "burst", 1, AGENT_BURST_MAX, &absent, &burst) ||
        !read_rate(call, &set) || !agent_call_bool(call, "reset", &reset) ||
        !agent_call_text(call, "by", 128, "", &by) ||
        !agent_call_text(call, "reason", AGENT_TEXT_MAX - 1, "", &reason))
        return;
    set.weight_set = weight > 0;
    set.weight = (uint32_t)weight;
    set.burst_set = burst > 0;
    set.burst = (uint32_t)burst;
    if (!reset && !set.weight_set && !set.rate_set && !set.burst_set) {
        agent_call_error(call, "bad_request", "give weight, rate_per_s, burst or reset",
                         "nothing is to be set of tenant '%s'", name);
        return;
    }
    struct agent_event *event = agent_call_ask(call, AGENT_EVENT_TENANT);
    if (event == NULL)
        return;
    call->agent = name;
    event->tenant.name = name;
    event->tenant.set = set;
    event->tenant.reset = reset;
    event->by = by;
    event->reason = reason;
}

void agent_call_tenant_now(struct io_call *call)
{
    struct agent_tenant_view view;
    if (agent_coord_tenant(call->c->core, call->agent, &view))
        agent_call_reply(call, agent_call_object("tenant", tenant_json(&view)));
    else
        agent_call_error(call, "not_found", "what nobody has set and has no jobs is not kept",
                         "no tenant named '%s'", call->agent);
}
