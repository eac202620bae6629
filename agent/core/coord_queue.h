// Which job is next. Jobs wait in flows, one for each tenant and model, so that a chunk of one flow
// is work that an agent can batch.
#ifndef AGENT_COORD_QUEUE_H
#define AGENT_COORD_QUEUE_H

#include <sys/queue.h>

#include "agent/core/names.h"
#include "agent/core/record.h"

struct agent_coord;
struct coord_agent;
struct coord_job;
struct coord_model;

TAILQ_HEAD(coord_jobs, coord_job);

struct coord_tenant {
    struct agent_named named; // its name is `name`
    TAILQ_ENTRY(coord_tenant) all;
    LIST_HEAD(, coord_flow) flows;
    uint32_t number;
    uint32_t refs; // jobs of any kind
    uint32_t queued;
    char name[AGENT_NAME_MAX + 1];
};

TAILQ_HEAD(coord_tenants, coord_tenant);

struct coord_flow {
    TAILQ_ENTRY(coord_flow) active; // while it has queued jobs
    LIST_ENTRY(coord_flow) of_tenant, of_model;
    struct coord_tenant *tenant;
    struct coord_model *model;
    struct coord_jobs queues[AGENT_PRIORITIES];
    uint32_t queued;
    uint32_t refs; // jobs that may be queued in it
};

TAILQ_HEAD(coord_flows, coord_flow);

// coord_tenant.c
// Finds or makes it; "" is AGENT_TENANT_DEFAULT. NULL: all places are in use, or no memory.
struct coord_tenant *agent_coord_tenant_get(struct agent_coord *core, const char *name);
void agent_coord_tenants_free(struct agent_coord *core);

// coord_queue.c
// Finds or makes it. NULL: no memory.
struct coord_flow *agent_coord_flow_get(struct agent_coord *core, struct coord_tenant *tenant,
                                        struct coord_model *model);
// They have no jobs: their owner goes.
void agent_coord_flows_free_tenant(struct agent_coord *core, struct coord_tenant *tenant);
void agent_coord_flows_free_model(struct agent_coord *core, struct coord_model *model);
// The flow whose head is next over all, without those of models that are `blocked` in this world or
// `skipped` in this round. NULL: none.
struct coord_flow *agent_coord_queue_next(struct agent_coord *core);
// The job of a flow that goes next; NULL: it is empty.
struct coord_job *agent_coord_queue_head(const struct agent_coord *core,
                                         const struct coord_flow *flow);
// Whether a chunk that began with this flow's head may go on with the one that is head now.
bool agent_coord_queue_more(const struct agent_coord *core, const struct coord_flow *flow);
void agent_coord_queue_push(struct agent_coord *core, struct coord_job *job, bool front);
void agent_coord_queue_remove(struct agent_coord *core, struct coord_job *job);

#endif
