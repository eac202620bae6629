// Whose turn it is among tenants and their flows. Deficit round robin, with debts: a tenant is
// served while its deficit is above 0, and pays what its jobs are expected to take, and afterwards
// the difference to what they took. One in debt waits for the round in which its quanta have paid
// it: tenants are in a heap by that round, so that empty rounds cost nothing, and the next one is
// found in O(log tenants).
#include "coord_queue.h"

#include "agent/core/coord/coord_internal.h"
#include "agent/core/placement/coord_speed.h"

#define UNITS_PER_US 256
#define SKIPPED_FEW 256
#define SKIPPED_EACH_US 2
#define MEAN_OF 1024
#define JOBS_PER_TURN 8 // of mean cost, that a tenant of the default weight gets a round

static uint8_t class_of(const struct agent_coord *core, int64_t key)
{
    int64_t ahead = key - core->now_us;
    uint8_t cls = 0;
    while (ahead > 0 && cls < AGENT_PRIORITIES - 1) {
        ahead -= core->limits.ageing_us;
        cls++;
    }
    return cls;
}

static int64_t quantum_of(const struct agent_coord *core, const struct coord_tenant *tenant)
{
    int64_t mean = core->turns.mean_then > 0 ? core->turns.mean_then : UNITS_PER_US;
    return mean * JOBS_PER_TURN / AGENT_WEIGHT_DEFAULT * tenant->weight;
}

void agent_coord_turns_init(struct agent_coord *core)
{
    TAILQ_INIT(&core->turns.blocked);
    TAILQ_INIT(&core->turns.skipped);
    TAILQ_INIT(&core->turns.idle);
}

void agent_coord_turns_finish(struct agent_coord *core)
{
    for (int i = 0; i < AGENT_PRIORITIES; i++)
        agent_heap_finish(&core->turns.classes[i]);
    agent_heap_finish(&core->turns.promotions);
}

bool agent_coord_turns_reserve(struct agent_coord *core)
{
    uint32_t count = (uint32_t)core->by_tenant.count + 1;
    bool ok = agent_heap_reserve(&core->turns.promotions, count);
    for (int i = 0; i < AGENT_PRIORITIES; i++)
        ok = ok && agent_heap_reserve(&core->turns.classes[i], count);
    return ok;
}

// ---- tenants

static void leave_class(struct agent_coord *core, struct coord_tenant *tenant)
{
    if (agent_heap_has(&tenant->turn))
        agent_heap_remove(&core->turns.classes[tenant->cls], &tenant->turn);
}

// The quanta of the rounds that went by without it pay its debt, and nothing more: who asked for
// nothing has saved nothing.
static void enter_class(struct agent_coord *core, struct coord_tenant *tenant, uint8_t cls)
{
    struct coord_share *share = &tenant->shares[cls];
    int64_t missed = core->turns.rounds[cls] - share->round;
    if (missed > 0) {
        int64_t quantum = quantum_of(core, tenant);
        if (share->deficit > 0 || missed >= -share->deficit / quantum + 1)
            share->deficit = 0;
        else
            share->deficit += missed * quantum;
        share->round = core->turns.rounds[cls];
    }
    tenant->cls = cls;
    agent_heap_set(&core->turns.classes[cls], &tenant->turn, share->round);
}

static void promise_promotion(struct agent_coord *core, struct coord_tenant *tenant, int64_t key)
{
    struct agent_heap *promotions = &core->turns.promotions;
    if (tenant->cls == 0)
        return;
    int64_t at = key - (int64_t)(tenant->cls - 1) * core->limits.ageing_us;
    // Too early does no harm: it is looked at again then.
    if (!agent_heap_has(&tenant->promotion) || at < agent_heap_key(promotions, &tenant->promotion))
        agent_heap_set(promotions, &tenant->promotion, at);
}

static void tenant_changed(struct agent_coord *core, struct coord_tenant *tenant)
{
    if (tenant->waiting.count == 0) {
        leave_class(core, tenant);
        agent_heap_remove(&core->turns.promotions, &tenant->promotion);
        return;
    }
    int64_t key = tenant->waiting.entries[0].key;
    uint8_t cls = class_of(core, key);
    if (!agent_heap_has(&tenant->turn) || cls != tenant->cls) {
        leave_class(core, tenant);
        enter_class(core, tenant, cls);
    }
    promise_promotion(core, tenant, key);
}

static void promote(struct agent_coord *core)
{
    struct agent_heap *promotions = &core->turns.promotions;
    while (promotions->count > 0 && promotions->entries[0].key <= core->now_us) {
        struct agent_heap_node *node = promotions->entries[0].node;
        agent_heap_remove(promotions, node);
        tenant_changed(core, AGENT_CONTAINER(node, struct coord_tenant, promotion));
    }
}

// ---- flows

static void unpark(struct coord_flow *flow, struct coord_turns *turns)
{
    if (flow->where == COORD_FLOW_BLOCKED)
        TAILQ_REMOVE(&turns->blocked, flow, parked);
    else if (flow->where == COORD_FLOW_SKIPPED)
        TAILQ_REMOVE(&turns->skipped, flow, parked);
    turns->n_skipped -= flow->where == COORD_FLOW_SKIPPED;
}

void agent_coord_flow_changed(struct agent_coord *core, struct coord_flow *flow)
{
    struct agent_heap *waiting = &flow->tenant->waiting;
    if (flow->queued == 0) {
        unpark(flow, &core->turns);
        flow->where = COORD_FLOW_EMPTY;
        agent_heap_remove(waiting, &flow->turn);
    } else if (flow->where == COORD_FLOW_EMPTY || flow->where == COORD_FLOW_WAITING) {
        flow->where = COORD_FLOW_WAITING;
        agent_heap_set(waiting, &flow->turn, flow->key);
    } else {
        return;
    }
    tenant_changed(core, flow->tenant);
}

// Until the round or the world is another, so that nobody meets it again.
static void park(struct agent_coord *core, struct coord_flow *flow, enum coord_flow_where where)
{
    agent_heap_remove(&flow->tenant->waiting, &flow->turn);
    flow->where = (uint8_t)where;
    if (where == COORD_FLOW_BLOCKED)
        TAILQ_INSERT_TAIL(&core->turns.blocked, flow, parked);
    else
        TAILQ_INSERT_TAIL(&core->turns.skipped, flow, parked);
    core->turns.n_skipped += where == COORD_FLOW_SKIPPED;
    tenant_changed(core, flow->tenant);
}

static void unpark_all(struct agent_coord *core, struct coord_flows *flows)
{
    struct coord_flow *flow;
    while ((flow = TAILQ_FIRST(flows)) != NULL) {
        unpark(flow, &core->turns);
        flow->where = COORD_FLOW_WAITING;
        agent_heap_set(&flow->tenant->waiting, &flow->turn, flow->key);
        tenant_changed(core, flow->tenant);
    }
}

// The tenant's next flow that can be placed now; NULL: it has none, and has left its class.
static struct coord_flow *flow_of(struct agent_coord *core, struct coord_tenant *tenant)
{
    while (tenant->waiting.count > 0) {
        struct coord_flow *flow =
            AGENT_CONTAINER(tenant->waiting.entries[0].node, struct coord_flow, turn);
        if (flow->model->blocked == core->world)
            park(core, flow, COORD_FLOW_BLOCKED);
        else if (flow->model->skipped == core->round)
            park(core, flow, COORD_FLOW_SKIPPED);
        else
            return flow;
    }
    return NULL;
}

static void next_round(struct agent_coord *core, struct coord_tenant *tenant)
{
    struct coord_share *share = &tenant->shares[tenant->cls];
    int64_t quantum = quantum_of(core, tenant);
    int64_t rounds = -share->deficit / quantum + 1;
    share->deficit += rounds * quantum;
    share->round += rounds;
    agent_heap_set(&core->turns.classes[tenant->cls], &tenant->turn, share->round);
}

static struct coord_flow *next_of_class(struct agent_coord *core, uint8_t cls)
{
    struct agent_heap *tenants = &core->turns.classes[cls];
    while (tenants->count > 0) {
        struct coord_tenant *tenant =
            AGENT_CONTAINER(tenants->entries[0].node, struct coord_tenant, turn);
        struct coord_flow *flow = flow_of(core, tenant);
        if (flow == NULL || tenant->cls != cls)
            continue; // it is elsewhere now
        if (tenant->shares[cls].deficit <= 0) {
            next_round(core, tenant);
            continue;
        }
        core->turns.rounds[cls] = tenant->shares[cls].round;
        return flow;
    }
    return NULL;
}

struct coord_flow *agent_coord_queue_next(struct agent_coord *core)
{
    struct coord_turns *turns = &core->turns;
    if (turns->blocked_world != core->world)
        unpark_all(core, &turns->blocked);
    turns->blocked_world = core->world;
    // Many are looked at less often, so that they take no more than some percent of the time.
    int64_t since_us = core->now_us - turns->skipped_us;
    if (turns->skipped_round != core->round &&
        (turns->n_skipped <= SKIPPED_FEW || since_us >= turns->n_skipped * SKIPPED_EACH_US)) {
        unpark_all(core, &turns->skipped);
        turns->skipped_round = core->round;
        turns->skipped_us = core->now_us;
    }
    promote(core);
    for (uint8_t cls = 0; cls < AGENT_PRIORITIES; cls++) {
        struct coord_flow *flow = next_of_class(core, cls);
        if (flow != NULL) {
            turns->cls = cls;
            return flow;
        }
    }
    return NULL;
}

bool agent_coord_queue_more(const struct agent_coord *core, const struct coord_flow *flow)
{
    const struct coord_turns *turns = &core->turns;
    if (flow->where != COORD_FLOW_WAITING || class_of(core, flow->key) != turns->cls)
        return false;
    const struct coord_tenant *tenant = flow->tenant;
    return tenant->shares[turns->cls].deficit > 0 || turns->classes[turns->cls].count == 1;
}

// ---- costs

static void pay(struct coord_job *job, int64_t us)
{
    job->tenant->shares[job->charged_class].deficit -= us * UNITS_PER_US;
}

void agent_coord_queue_charge(struct agent_coord *core, struct coord_job *job,
                              const struct coord_agent *agent)
{
    int64_t us = agent_coord_expect_us(core, agent, job->model);
    if (us == 0)
        us = core->turns.mean > 0 ? core->turns.mean / UNITS_PER_US : 1;
    job->charged_us = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
    job->charged_class = core->turns.cls;
    pay(job, job->charged_us);
}

void agent_coord_queue_refund(struct coord_job *job)
{
    pay(job, -(int64_t)job->charged_us);
    job->charged_us = 0;
}

// The quantum follows only when the mean is far from it: were it to change within a round, those
// who are often next while it is large would get more.
static void learn_mean(struct coord_turns *turns, int64_t took_us)
{
    if (turns->mean_of < MEAN_OF)
        turns->mean_of++;
    turns->mean += (took_us * UNITS_PER_US - turns->mean) / turns->mean_of;
    if (turns->mean < UNITS_PER_US)
        turns->mean = UNITS_PER_US;
    if (turns->mean > 4 * turns->mean_then || 4 * turns->mean < turns->mean_then)
        turns->mean_then = turns->mean;
}

// A batch's time is that of its rows.
static int64_t device_us(const struct coord_job *job, const struct agent_result *result)
{
    int64_t us = (int64_t)result->compute_us + result->copy_us;
    if (job->rows > 0 && result->batch > job->rows)
        us = us * job->rows / result->batch;
    // Nothing is for nothing, or a tenant whose jobs take no time would always be next.
    return us > 1 ? us : 1;
}

void agent_coord_queue_settle(struct agent_coord *core, struct coord_job *job,
                              const struct agent_result *result)
{
    if (result->outcome == AGENT_OUTCOME_RETURNED)
        return;
    struct coord_model *model = job->model;
    int64_t run_us = (int64_t)result->compute_us + result->copy_us;
    int64_t took_us = device_us(job, result);
    pay(job, took_us - (int64_t)job->charged_us);
    agent_pace_add(&job->tenant->device_us, core->now_us, (uint64_t)took_us);
    job->charged_us = 0;
    if (result->outcome != AGENT_OUTCOME_DONE)
        return;
    learn_mean(&core->turns, took_us);
    if (model->least_us == 0 || run_us < model->least_us)
        model->least_us = run_us;
    else
        model->least_us += (run_us - model->least_us) / 64;
}
