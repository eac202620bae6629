// In a flow, a queue for each priority; the next one is the head with the least `submitted +
// priority x ageing`, so that a waiting job overtakes more urgent ones in the end.
#include "coord_queue.h"

#include <stdlib.h>

#include "agent/core/coord_internal.h"

static uint64_t flow_key(const struct coord_tenant *tenant, const struct coord_model *model)
{
    return (uint64_t)tenant->number << 32 | model->number;
}

struct coord_flow *agent_coord_flow_get(struct agent_coord *core, struct coord_tenant *tenant,
                                        struct coord_model *model)
{
    struct coord_flow *flow = agent_idmap_get(&core->by_flow, flow_key(tenant, model));
    if (flow != NULL)
        return flow;
    flow = calloc(1, sizeof *flow);
    if (flow == NULL || !agent_idmap_put(&core->by_flow, flow_key(tenant, model), flow)) {
        free(flow);
        return NULL;
    }
    flow->tenant = tenant;
    flow->model = model;
    for (int i = 0; i < AGENT_PRIORITIES; i++)
        TAILQ_INIT(&flow->queues[i]);
    LIST_INSERT_HEAD(&tenant->flows, flow, of_tenant);
    LIST_INSERT_HEAD(&model->flows, flow, of_model);
    return flow;
}

static void flow_free(struct agent_coord *core, struct coord_flow *flow)
{
    agent_idmap_remove(&core->by_flow, flow_key(flow->tenant, flow->model));
    LIST_REMOVE(flow, of_tenant);
    LIST_REMOVE(flow, of_model);
    free(flow);
}

void agent_coord_flows_free_tenant(struct agent_coord *core, struct coord_tenant *tenant)
{
    while (!LIST_EMPTY(&tenant->flows))
        flow_free(core, LIST_FIRST(&tenant->flows));
}

void agent_coord_flows_free_model(struct agent_coord *core, struct coord_model *model)
{
    while (!LIST_EMPTY(&model->flows))
        flow_free(core, LIST_FIRST(&model->flows));
}

static int64_t urgency(const struct agent_coord *core, const struct coord_job *job)
{
    return job->submitted_us + (int64_t)job->priority * core->limits.ageing_us;
}

struct coord_job *agent_coord_queue_head(const struct agent_coord *core,
                                         const struct coord_flow *flow)
{
    struct coord_job *best = NULL;
    for (int i = 0; i < AGENT_PRIORITIES; i++) {
        struct coord_job *job = TAILQ_FIRST(&flow->queues[i]);
        if (job != NULL && (best == NULL || urgency(core, job) < urgency(core, best)))
            best = job;
    }
    return best;
}

bool agent_coord_queue_more(const struct agent_coord *core, const struct coord_flow *flow)
{
    (void)core;
    return flow->queued > 0;
}

struct coord_flow *agent_coord_queue_next(struct agent_coord *core)
{
    struct coord_flow *best = NULL;
    int64_t best_urgency = 0;
    struct coord_flow *flow;
    TAILQ_FOREACH(flow, &core->active, active)
    {
        if (flow->model->skipped == core->round || flow->model->blocked == core->world)
            continue;
        int64_t u = urgency(core, agent_coord_queue_head(core, flow));
        if (best == NULL || u < best_urgency) {
            best = flow;
            best_urgency = u;
        }
    }
    return best;
}

void agent_coord_queue_push(struct agent_coord *core, struct coord_job *job, bool front)
{
    struct coord_flow *flow = job->flow;
    if (flow->queued++ == 0)
        TAILQ_INSERT_TAIL(&core->active, flow, active);
    flow->tenant->queued++;
    flow->model->queued++;
    if (front)
        TAILQ_INSERT_HEAD(&flow->queues[job->priority], job, link);
    else
        TAILQ_INSERT_TAIL(&flow->queues[job->priority], job, link);
}

void agent_coord_queue_remove(struct agent_coord *core, struct coord_job *job)
{
    struct coord_flow *flow = job->flow;
    TAILQ_REMOVE(&flow->queues[job->priority], job, link);
    flow->model->queued--;
    flow->tenant->queued--;
    if (--flow->queued == 0)
        TAILQ_REMOVE(&core->active, flow, active);
}
