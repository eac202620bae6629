// Who the jobs belong to. A tenant is made by the first job that names it and goes when its place
// is needed and it has none left.
#include <stdlib.h>
#include <string.h>

#include "agent/core/coord_internal.h"

// That of a tenant without jobs; NULL: all have some.
static struct coord_tenant *find_idle(struct agent_coord *core)
{
    struct coord_tenant *tenant;
    TAILQ_FOREACH(tenant, &core->tenants, all)
    {
        if (tenant->refs == 0)
            return tenant;
    }
    return NULL;
}

static void drop(struct agent_coord *core, struct coord_tenant *tenant)
{
    agent_coord_flows_free_tenant(core, tenant);
    TAILQ_REMOVE(&core->tenants, tenant, all);
    agent_names_remove(&core->by_tenant, &tenant->named);
    agent_heap_finish(&tenant->waiting);
    free(tenant);
}

struct coord_tenant *agent_coord_tenant_get(struct agent_coord *core, const char *name)
{
    if (name == NULL || name[0] == '\0')
        name = AGENT_TENANT_DEFAULT;
    struct agent_named *named = agent_names_get(&core->by_tenant, name);
    if (named != NULL)
        return AGENT_CONTAINER(named, struct coord_tenant, named);
    if (strlen(name) > AGENT_NAME_MAX)
        return NULL;
    if (core->by_tenant.count >= core->limits.tenants_max) {
        struct coord_tenant *idle = find_idle(core);
        if (idle == NULL)
            return NULL;
        drop(core, idle);
    }
    if (!agent_names_reserve(&core->by_tenant) || !agent_coord_turns_reserve(core))
        return NULL;
    struct coord_tenant *tenant = calloc(1, sizeof *tenant);
    if (tenant == NULL)
        return NULL;
    strncpy(tenant->name, name, AGENT_NAME_MAX);
    tenant->number = ++core->next_tenant;
    tenant->weight = COORD_WEIGHT_DEFAULT;
    LIST_INIT(&tenant->flows);
    agent_names_put(&core->by_tenant, &tenant->named, tenant->name);
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
