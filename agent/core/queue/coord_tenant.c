// Who the jobs belong to. A tenant is made by the first job that names it, or by an operator who
// gives it a weight or a rate. It goes when its place is needed, it has no jobs and nobody has set
// anything.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"

#define META_PREFIX "tenant:"

static bool is_idle(const struct coord_tenant *tenant)
{
    return tenant->live == 0 && !tenant->set.weight_set && !tenant->set.rate_set &&
           !tenant->set.burst_set;
}

static void drop(struct agent_coord *core, struct coord_tenant *tenant)
{
    agent_coord_flows_free_tenant(core, tenant);
    TAILQ_REMOVE(&core->tenants, tenant, all);
    agent_names_remove(&core->by_tenant, &tenant->named);
    agent_heap_finish(&tenant->waiting);
    agent_coord_text_unref(tenant->text);
    free(tenant);
}

// The one without jobs that was made first goes.
static bool make_place(struct agent_coord *core)
{
    struct coord_tenant *tenant;
    TAILQ_FOREACH(tenant, &core->tenants, all)
    {
        if (is_idle(tenant)) {
            drop(core, tenant);
            return true;
        }
    }
    return false;
}

const char *agent_coord_tenant_name(const char *name)
{
    return name == NULL || name[0] == '\0' ? AGENT_TENANT_DEFAULT : name;
}

struct coord_tenant *agent_coord_tenant_find(const struct agent_coord *core, const char *name)
{
    struct agent_named *named = agent_names_get(&core->by_tenant, agent_coord_tenant_name(name));
    return named != NULL ? AGENT_CONTAINER(named, struct coord_tenant, named) : NULL;
}

struct coord_tenant *agent_coord_tenant_get(struct agent_coord *core, const char *name)
{
    struct coord_tenant *tenant = agent_coord_tenant_find(core, name);
    if (tenant != NULL)
        return tenant;
    if (core->by_tenant.count >= core->limits.tenants_max && !make_place(core))
        return NULL;
    if (!agent_names_reserve(&core->by_tenant) || !agent_coord_turns_reserve(core))
        return NULL;
    tenant = calloc(1, sizeof *tenant);
    if (tenant == NULL)
        return NULL;
    tenant->text =
        agent_coord_text_new(name != NULL && name[0] != '\0' ? name : AGENT_TENANT_DEFAULT);
    if (tenant->text == NULL) {
        free(tenant);
        return NULL;
    }
    tenant->number = ++core->next_tenant;
    tenant->weight = AGENT_WEIGHT_DEFAULT;
    LIST_INIT(&tenant->flows);
    agent_names_put(&core->by_tenant, &tenant->named, tenant->text->chars);
    TAILQ_INSERT_TAIL(&core->tenants, tenant, all);
    return tenant;
}

void agent_coord_tenants_free(struct agent_coord *core)
{
    struct coord_tenant *tenant;
    while ((tenant = TAILQ_FIRST(&core->tenants)) != NULL)
        drop(core, tenant);
    agent_names_finish(&core->by_tenant);
}

bool agent_tenant_name_valid(const char *name)
{
    return strlen(name) <= AGENT_NAME_MAX &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "._:@/-")] == '\0';
}

// ---- what operators set

uint64_t agent_coord_tenant_rate_milli(const struct agent_coord *core,
                                       const struct coord_tenant *tenant)
{
    return tenant->set.rate_set ? tenant->set.rate_milli : core->limits.tenant_rate_milli;
}

// Unless somebody has said more, what a second gives.
uint32_t agent_coord_tenant_burst(const struct agent_coord *core, const struct coord_tenant *tenant)
{
    if (tenant->set.burst_set)
        return tenant->set.burst;
    if (core->limits.tenant_burst != 0)
        return core->limits.tenant_burst;
    uint64_t rate = agent_coord_tenant_rate_milli(core, tenant) / 1000;
    return rate < 1 ? 1 : rate < AGENT_BURST_MAX ? (uint32_t)rate : AGENT_BURST_MAX;
}

static void apply(struct coord_tenant *tenant, const struct agent_tenant_set *set)
{
    tenant->set = *set;
    tenant->weight = set->weight_set ? set->weight : AGENT_WEIGHT_DEFAULT;
}

static bool is_valid(const struct agent_tenant_set *set)
{
    return (!set->weight_set || (set->weight >= 1 && set->weight <= AGENT_WEIGHT_MAX)) &&
           (!set->rate_set || set->rate_milli <= AGENT_RATE_MILLI_MAX) &&
           (!set->burst_set || (set->burst >= 1 && set->burst <= AGENT_BURST_MAX));
}

// "200 50000 100" with a "-" for what is not set.
static void append_set(struct agent_coord *core, const struct coord_tenant *tenant)
{
    char key[sizeof META_PREFIX + AGENT_NAME_MAX], value[80];
    char numbers[3][24] = {"-", "-", "-"};
    const struct agent_tenant_set *set = &tenant->set;
    if (set->weight_set)
        snprintf(numbers[0], sizeof numbers[0], "%" PRIu32, set->weight);
    if (set->rate_set)
        snprintf(numbers[1], sizeof numbers[1], "%" PRIu64, set->rate_milli);
    if (set->burst_set)
        snprintf(numbers[2], sizeof numbers[2], "%" PRIu32, set->burst);
    snprintf(key, sizeof key, META_PREFIX "%.*s", AGENT_NAME_MAX, tenant->named.name);
    snprintf(value, sizeof value, "%s %s %s", numbers[0], numbers[1], numbers[2]);
    struct agent_record record = {.kind = AGENT_RECORD_META, .meta = {.key = key, .value = value}};
    agent_coord_append(core, &record);
}

static bool read_number(const char **text, uint64_t max, uint64_t *ret_number)
{
    char *end = NULL;
    *text += strspn(*text, " ");
    if (**text == '-') {
        ++*text;
        return false;
    }
    unsigned long long number = strtoull(*text, &end, 10);
    bool found = end != *text && number <= max;
    *text = end;
    *ret_number = number;
    return found;
}

void agent_coord_recover_tenant(struct agent_coord *core, const char *key, const char *value)
{
    struct agent_tenant_set set = {0};
    uint64_t weight = 0, burst = 0;
    if (strncmp(key, META_PREFIX, sizeof META_PREFIX - 1) != 0)
        return;
    const char *name = key + sizeof META_PREFIX - 1;
    set.weight_set = read_number(&value, AGENT_WEIGHT_MAX, &weight);
    set.rate_set = read_number(&value, AGENT_RATE_MILLI_MAX, &set.rate_milli);
    set.burst_set = read_number(&value, AGENT_BURST_MAX, &burst);
    set.weight = (uint32_t)weight;
    set.burst = (uint32_t)burst;
    if (name[0] == '\0' || !agent_tenant_name_valid(name) || !is_valid(&set) ||
        (!set.weight_set && !set.rate_set && !set.burst_set))
        return;
    struct coord_tenant *tenant = agent_coord_tenant_get(core, name);
    if (tenant != NULL)
        apply(tenant, &set);
}

static void describe(const struct agent_coord *core, const struct coord_tenant *tenant, char *text,
                     size_t size)
{
    uint64_t rate = agent_coord_tenant_rate_milli(core, tenant);
    if (rate == 0)
        snprintf(text, size, "weight %" PRIu32 ", no limit of its rate", tenant->weight);
    else
        snprintf(text, size,
                 "weight %" PRIu32 ", %" PRIu64 ".%03u jobs a second, %" PRIu32 " at once",
                 tenant->weight, rate / 1000, (unsigned)(rate % 1000),
                 agent_coord_tenant_burst(core, tenant));
}

// What is not told stays, unless all of it goes back to the defaults.
void agent_coord_tenant_set(struct agent_coord *core, const struct agent_event *event)
{
    const struct agent_tenant_set *told = &event->tenant.set;
    const char *name = event->tenant.name;
    if (name[0] == '\0' || !agent_tenant_name_valid(name) || !is_valid(told)) {
        agent_coord_reply(core, event->token, AGENT_REPLY_BAD_REQUEST, 0,
                          "a tenant's name has letters, digits and ._:@/-; weights go from 1 to %d",
                          AGENT_WEIGHT_MAX);
        return;
    }
    struct coord_tenant *tenant = agent_coord_tenant_get(core, name);
    if (tenant == NULL) {
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, 0,
                          "%" PRIu32 " tenants have jobs or limits, and no more are taken",
                          core->limits.tenants_max);
        return;
    }
    struct agent_tenant_set set = event->tenant.reset ? (struct agent_tenant_set){0} : tenant->set;
    if (told->weight_set) {
        set.weight_set = true;
        set.weight = told->weight;
    }
    if (told->rate_set) {
        set.rate_set = true;
        set.rate_milli = told->rate_milli;
    }
    if (told->burst_set) {
        set.burst_set = true;
        set.burst = told->burst;
    }
    apply(tenant, &set);
    append_set(core, tenant);
    char text[128];
    describe(core, tenant, text, sizeof text);
    char why[AGENT_TEXT_MAX];
    const char *reason = event->reason != NULL ? event->reason : "";
    snprintf(why, sizeof why, "%s%s%.300s", text, reason[0] != '\0' ? ": " : "", reason);
    agent_coord_append_audit(core, event->by, "tenant", name, why);
    agent_coord_notice(core, AGENT_NOTICE_TENANT_CHANGED, AGENT_NOTICE_INFO, "", 0, "%s: %s", name,
                       text);
    agent_coord_wait_reply(core, event->token, 0);
}

// ---- looking at them

static void view_tenant(const struct agent_coord *core, const struct coord_tenant *tenant,
                        uint64_t weights, uint64_t all_milli, struct agent_tenant_view *view)
{
    *view = (struct agent_tenant_view){
        .name = tenant->named.name,
        .set = tenant->set,
        .weight = tenant->weight,
        .rate_milli = agent_coord_tenant_rate_milli(core, tenant),
        .queued = tenant->queued,
        .live = tenant->live,
        .running = tenant->held,
        .input_bytes = tenant->input_bytes,
        .done = tenant->done,
        .failed = tenant->failed,
        .throttled = tenant->throttled,
        .refused = tenant->refused,
        .ends_milli = agent_pace_milli(&tenant->ends, core->now_us),
    };
    if (view->rate_milli != 0)
        view->burst = agent_coord_tenant_burst(core, tenant);
    if (all_milli > 0)
        view->share_permille =
            (uint32_t)(agent_pace_milli(&tenant->device_us, core->now_us) * 1000 / all_milli);
    if (tenant->live > 0)
        view->due_permille = (uint32_t)((uint64_t)tenant->weight * 1000 / weights);
}

void agent_coord_tenants(const struct agent_coord *core,
                         void (*each)(void *user, const struct agent_tenant_view *tenant),
                         void *user)
{
    uint64_t weights = 0, all_milli = 0;
    const struct coord_tenant *tenant;
    TAILQ_FOREACH(tenant, &core->tenants, all)
    {
        weights += tenant->live > 0 ? tenant->weight : 0;
        all_milli += agent_pace_milli(&tenant->device_us, core->now_us);
    }
    TAILQ_FOREACH(tenant, &core->tenants, all)
    {
        struct agent_tenant_view view;
        view_tenant(core, tenant, weights, all_milli, &view);
        each(user, &view);
    }
}

bool agent_coord_tenant(const struct agent_coord *core, const char *name,
                        struct agent_tenant_view *ret_view)
{
    const struct coord_tenant *tenant = agent_coord_tenant_find(core, name);
    if (tenant != NULL)
        view_tenant(core, tenant, tenant->weight, 0, ret_view);
    return tenant != NULL;
}
