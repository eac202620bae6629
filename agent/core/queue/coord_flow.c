// The jobs of one tenant and model: a queue for each priority, and one beside it for those with
// deadlines. Whose turn it is goes by age; where it is that of a job with a deadline, the one with
// the earliest deadline takes it.
#include <stdlib.h>

#include "agent/core/coord/coord_internal.h"

#define TIMED AGENT_PRIORITIES // first bit of the queues with deadlines

static uint64_t flow_id(const struct coord_tenant *tenant, const struct coord_model *model)
{
    return (uint64_t)tenant->number << 32 | model->number;
}

static bool reserve_timed(struct coord_flow *flow)
{
    if (flow->timed == NULL) {
        flow->timed = calloc(AGENT_PRIORITIES, sizeof *flow->timed);
        if (flow->timed == NULL)
            return false;
        for (int i = 0; i < AGENT_PRIORITIES; i++)
            TAILQ_INIT(&flow->timed[i].jobs);
    }
    bool ok = true;
    for (int i = 0; i < AGENT_PRIORITIES; i++)
        ok = ok && agent_heap_reserve(&flow->timed[i].deadlines, flow->timed_refs + 1);
    return ok;
}

static struct coord_flow *flow_new(struct agent_coord *core, struct coord_tenant *tenant,
                                   struct coord_model *model)
{
    struct coord_flow *flow = calloc(1, sizeof *flow);
    if (flow == NULL || !agent_heap_reserve(&tenant->waiting, tenant->n_flows + 1) ||
        !agent_idmap_put(&core->by_flow, flow_id(tenant, model), flow)) {
        free(flow);
        return NULL;
    }
    flow->tenant = tenant;
    flow->model = model;
    for (int i = 0; i < AGENT_PRIORITIES; i++)
        TAILQ_INIT(&flow->queues[i]);
    LIST_INSERT_HEAD(&tenant->flows, flow, of_tenant);
    LIST_INSERT_HEAD(&model->flows, flow, of_model);
    TAILQ_INSERT_TAIL(&core->turns.idle, flow, parked);
    tenant->n_flows++;
    return flow;
}

void agent_coord_flow_take(struct agent_coord *core, struct coord_flow *flow, bool timed)
{
    if (flow->refs++ == 0)
        TAILQ_REMOVE(&core->turns.idle, flow, parked);
    flow->timed_refs += timed;
}

void agent_coord_flow_leave(struct agent_coord *core, struct coord_flow *flow, bool timed)
{
    flow->timed_refs -= timed;
    if (--flow->refs == 0)
        TAILQ_INSERT_TAIL(&core->turns.idle, flow, parked);
}

static void flow_free(struct agent_coord *core, struct coord_flow *flow)
{
    agent_idmap_remove(&core->by_flow, flow_id(flow->tenant, flow->model));
    LIST_REMOVE(flow, of_tenant);
    LIST_REMOVE(flow, of_model);
    TAILQ_REMOVE(&core->turns.idle, flow, parked);
    flow->tenant->n_flows--;
    for (int i = 0; flow->timed != NULL && i < AGENT_PRIORITIES; i++)
        agent_heap_finish(&flow->timed[i].deadlines);
    free(flow->timed);
    free(flow);
}

struct coord_flow *agent_coord_flow_get(struct agent_coord *core, struct coord_tenant *tenant,
                                        struct coord_model *model, bool timed)
{
    struct coord_flow *flow = agent_idmap_get(&core->by_flow, flow_id(tenant, model));
    if (flow == NULL) {
        if (core->by_flow.count >= core->limits.flows_max && !TAILQ_EMPTY(&core->turns.idle))
            flow_free(core, TAILQ_FIRST(&core->turns.idle));
        flow = flow_new(core, tenant, model);
    }
    return flow != NULL && timed && !reserve_timed(flow) ? NULL : flow;
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

static int64_t key_of(const struct agent_coord *core, const struct coord_job *job)
{
    return job->submitted_us + (int64_t)job->priority * core->limits.ageing_us;
}

static struct coord_jobs *queue_at(struct coord_flow *flow, uint8_t bit)
{
    return bit < TIMED ? &flow->queues[bit] : &flow->timed[bit - TIMED].jobs;
}

static void refresh(struct agent_coord *core, struct coord_flow *flow)
{
    int64_t best = INT64_MAX;
    for (uint8_t filled = flow->filled; filled != 0; filled &= (uint8_t)(filled - 1)) {
        uint8_t bit = (uint8_t)__builtin_ctz(filled);
        int64_t key = key_of(core, TAILQ_FIRST(queue_at(flow, bit)));
        if (key < best) {
            best = key;
            flow->first = bit;
        }
    }
    flow->key = best;
    agent_coord_flow_changed(core, flow);
}

struct coord_job *agent_coord_queue_head(const struct agent_coord *core,
                                         const struct coord_flow *flow)
{
    if (flow->queued == 0)
        return NULL;
    if (flow->first < TIMED)
        return TAILQ_FIRST(&flow->queues[flow->first]);
    const struct coord_timed *timed = &flow->timed[flow->first - TIMED];
    struct coord_job *oldest = TAILQ_FIRST(&timed->jobs);
    // A late deadline among ever new early ones: once it has waited for all classes it goes by age.
    if (core->now_us - oldest->submitted_us > AGENT_PRIORITIES * core->limits.ageing_us)
        return oldest;
    return AGENT_CONTAINER(timed->deadlines.entries[0].node, struct coord_job, urgency);
}

static uint8_t bit_of(const struct coord_job *job)
{
    return (uint8_t)(job->priority + (job->deadline_us != 0 ? TIMED : 0));
}

void agent_coord_queue_push(struct agent_coord *core, struct coord_job *job, bool front)
{
    struct coord_flow *flow = job->flow;
    uint8_t bit = bit_of(job);
    struct coord_jobs *queue = queue_at(flow, bit);
    flow->queued++;
    flow->tenant->queued++;
    flow->model->queued++;
    if (front)
        TAILQ_INSERT_HEAD(queue, job, link);
    else
        TAILQ_INSERT_TAIL(queue, job, link);
    if (bit >= TIMED)
        agent_heap_set(&flow->timed[bit - TIMED].deadlines, &job->urgency, job->deadline_us);
    flow->filled |= (uint8_t)(1u << bit);
    if (TAILQ_FIRST(queue) == job)
        refresh(core, flow);
}

void agent_coord_queue_remove(struct agent_coord *core, struct coord_job *job)
{
    struct coord_flow *flow = job->flow;
    uint8_t bit = bit_of(job);
    struct coord_jobs *queue = queue_at(flow, bit);
    bool was_first = TAILQ_FIRST(queue) == job;
    TAILQ_REMOVE(queue, job, link);
    flow->queued--;
    flow->tenant->queued--;
    flow->model->queued--;
    if (bit >= TIMED)
        agent_heap_remove(&flow->timed[bit - TIMED].deadlines, &job->urgency);
    if (TAILQ_EMPTY(queue))
        flow->filled &= (uint8_t) ~(1u << bit);
    if (was_first)
        refresh(core, flow);
}
