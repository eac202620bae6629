// Scenarios from seeds: how large the cluster is, who submits what, what breaks and when. Not every
// kind of fault is in every seed: what one kind hides, a seed without it shows.
#include <string.h>

#include "agent/core/strategy/strategy.h"
#include "tests/sim/sim.h"

static const struct {
    const char *text;
    enum sim_fault fault;
} ops[] = {
#define SIM_OP(upper, text, fault, help) {text, SIM_FAULT_##fault},
#include "tests/sim/ops.def"
#undef SIM_OP
};

const char *sim_fault_name(enum sim_fault fault)
{
    static const char *const names[] = {
        "none",
#define SIM_FAULT(upper, text, help) text,
#include "tests/sim/faults.def"
#undef SIM_FAULT
    };
    return (unsigned)fault < SIM_FAULTS ? names[fault] : NULL;
}

enum sim_fault sim_op_fault(enum sim_op_kind kind)
{
    return ops[kind].fault;
}

void sim_op_print(const struct sim_op *op, FILE *file)
{
    fprintf(file, "%.3f s %s %u %u %u %u", (double)op->at_us / 1e6, ops[op->kind].text, op->a,
            op->b, op->c, op->d);
    if (op->us != 0)
        fprintf(file, " %.3f s", (double)op->us / 1e6);
    fputc('\n', file);
}

void sim_scenario_print(const struct sim_scenario *s, FILE *file)
{
    fprintf(file,
            "# seed %llu: %u agents of %u devices, credit %u, %u models, batches of %u, attempts "
            "%u, live %u, kept %u, tick %.0f ms, commit up to %.1f ms, strategy %s\n",
            (unsigned long long)s->seed, s->agents, s->devices, s->credit, s->models,
            s->settings.batch_rows_max, s->limits.attempts_max, s->limits.jobs_live_max,
            s->limits.jobs_kept_max, (double)s->tick_us / 1e3, (double)s->commit_us_max / 1e3,
            s->limits.strategy);
    for (size_t i = 0; i < s->n_ops; i++) {
        if (s->ops[i].at_us == INT64_MAX)
            continue; // left out
        fprintf(file, "op %zu: ", i);
        sim_op_print(&s->ops[i], file);
    }
}

// ---- the cluster

static void make_models(struct sim_scenario *s, struct sim_random *r)
{
    s->models = 1 + sim_chance(r, SIM_MODELS_MAX - 1);
    for (uint32_t i = 0; i < s->models; i++) {
        s->model[i] = (struct sim_model){
            .fetch_us = sim_between(r, SIM_MS, 300 * SIM_MS),
            .load_us = sim_between(r, 5 * SIM_MS, 400 * SIM_MS),
            .run_us = sim_between(r, SIM_MS, 150 * SIM_MS),
            .row_us = sim_between(r, 0, 10 * SIM_MS),
            .bytes = 100 + sim_chance(r, 500),
            .rows_max = 1u << sim_chance(r, 4),
            .is_bad = i > 0 && sim_chance(r, 12) == 0,
        };
    }
}

static uint32_t strategies_count(void)
{
    uint32_t n = 0;
    while (agent_strategy_at(n) != NULL)
        n++;
    return n;
}

static void make_limits(struct sim_scenario *s, struct sim_random *r)
{
    struct agent_coord_limits *limits = &s->limits;
    agent_coord_limits_init(limits);
    limits->jobs_live_max = sim_chance(r, 4) == 0 ? 12 : 400;
    limits->jobs_kept_max = 5 + sim_chance(r, 100);
    limits->agents_max = SIM_AGENTS_MAX;
    limits->models_max = 8;
    limits->operations_max = 6 + sim_chance(r, 20);
    limits->attempts_max = 2 + sim_chance(r, 5);
    limits->retry_floor = 1 + sim_chance(r, 8);
    limits->jobs_recent_max = sim_chance(r, limits->jobs_kept_max + 10);
    limits->kept_us = sim_between(r, 5 * SIM_S, 60 * SIM_S);
    limits->tenants_max = 3 + sim_chance(r, 3);
    limits->poison_agents = sim_chance(r, 5);
    limits->backoff_us_max = 2 * SIM_S;
    limits->prefetch = s->seed % 2 == 0;
    limits->unloadable_us = SIM_S + (int64_t)(s->seed % 7) * SIM_S;
    limits->ageing_us = 2 * SIM_S;
    limits->strategy = agent_strategy_at(sim_chance(r, strategies_count()))->name;
    limits->rebalance_gain_us = sim_between(r, SIM_MS, 100 * SIM_MS);
    limits->rebalance_rest_us = SIM_S;
    limits->bound_percent = 100 + sim_chance(r, 100);
    limits->decisions_max = 1 + sim_chance(r, 50);
    if (s->seed % 3 == 0) { // far more second runs than there ever are
        limits->hedge_times = 1;
        limits->hedge_runs_min = 3;
        limits->hedge_share_percent = 40;
    }
}

static void make_cluster(struct sim_scenario *s)
{
    struct sim_random random, *r = &random;
    sim_random_init(r, s->seed, SIM_OF_CONFIG, 0);
    s->agents = 1 + sim_chance(r, 6);
    s->devices = sim_chance(r, 3) == 0 ? 1 + sim_chance(r, SIM_DEVICES_MAX) : 1;
    s->credit = 1 + sim_chance(r, 12);
    s->device_bytes = 500 + 100 * sim_chance(r, 8);
    s->settings = (struct worker_settings){.batch_rows_max = 1u << sim_chance(r, 4),
                                           .batch_delay_us = sim_chance(r, 3) == 0 ? 5000 : 0,
                                           .run_us_max = 2 * SIM_S,
                                           .load_us_max = 3 * SIM_S,
                                           .failures_max = 2 + sim_chance(r, 3)};
    make_models(s, r);
    make_limits(s, r);
    s->delay_us_min = sim_between(r, 20, 500);
    s->delay_us_max = s->delay_us_min + sim_between(r, 0, 5 * SIM_MS);
    s->tick_us = sim_between(r, 10 * SIM_MS, 50 * SIM_MS);
    s->patience_us = 5 * SIM_S;
    s->commit_us_min = sim_between(r, 50, 2 * SIM_MS);
    s->commit_us_max = s->commit_us_min + sim_between(r, 0, 10 * SIM_MS);
    s->batch_max = sim_chance(r, 3) == 0 ? 1 + sim_chance(r, 4) : 4096;
    s->buffer_max = 20 + sim_chance(r, 400);
    s->deadlines = sim_chance(r, 4);
    s->poisons = 1 + sim_chance(r, 4) * 2;
    s->faults_end_us = sim_between(r, 5 * SIM_S, 20 * SIM_S);
}

// ---- what happens

static struct sim_op *add(struct sim_scenario *s, enum sim_op_kind kind, int64_t at_us)
{
    static struct sim_op none;
    struct sim_op *op = s->n_ops < SIM_OPS_MAX ? &s->ops[s->n_ops++] : &none;
    *op = (struct sim_op){.kind = kind, .at_us = at_us};
    return op;
}

// a: model, b: priority, c: key (0 none), d: flags, the tenant from bit 8 on and rows from bit 16
// on, us: deadline
static void add_submit(struct sim_scenario *s, struct sim_random *r, int64_t at_us, bool has_poison)
{
    struct sim_op *op = add(s, SIM_OP_SUBMIT, at_us);
    uint32_t rows = 1 + (sim_chance(r, 4) == 0 ? sim_chance(r, 4) : 0);
    op->a = sim_chance(r, s->models);
    op->b = sim_chance(r, AGENT_PRIORITIES);
    op->c = sim_chance(r, 2) == 0 ? 1 + sim_chance(r, 200) : 0;
    op->d = rows << 16 | sim_chance(r, SIM_TENANTS) << 8;
    if (has_poison && sim_chance(r, 30) < s->poisons)
        op->d |= 1 + sim_chance(r, 2);
    if (sim_chance(r, 6) < s->deadlines)
        op->us = sim_between(r, 10 * SIM_MS, 6 * SIM_S);
}

static void add_work(struct sim_scenario *s, uint32_t faults, uint32_t count)
{
    struct sim_random random, *r = &random;
    sim_random_init(r, s->seed, SIM_OF_WORKLOAD, 0);
    bool has_poison = (faults >> SIM_FAULT_POISON & 1) != 0;
    while (count > 0) {
        int64_t at = sim_between(r, 0, s->faults_end_us);
        uint32_t burst = sim_chance(r, 4) == 0 ? 1 + sim_chance(r, 20) : 1;
        for (; burst > 0 && count > 0; burst--, count--)
            add_submit(s, r, at, has_poison);
    }
    // And some once all is well.
    for (uint32_t i = 0; i < 12; i++)
        add_submit(s, r, s->faults_end_us + i * 700 * SIM_MS, false);
}

// An operator's doings. a: agent, or the op whose job or operation it is about; us: deadline.
static void add_operators(struct sim_scenario *s, uint32_t count)
{
    static const enum sim_op_kind kinds[] = {
        SIM_OP_CANCEL,           SIM_OP_CANCEL,    SIM_OP_CORDON,   SIM_OP_UNCORDON,
        SIM_OP_UNCORDON,         SIM_OP_DRAIN,     SIM_OP_DRAIN,    SIM_OP_TUNE,
        SIM_OP_OPERATION_CANCEL, SIM_OP_LIMITS,    SIM_OP_STRATEGY, SIM_OP_TENANT,
        SIM_OP_TENANT,           SIM_OP_SETTINGS,  SIM_OP_RESTART,  SIM_OP_REBALANCE,
        SIM_OP_REBALANCE,        SIM_OP_REBALANCE, SIM_OP_DRAIN_ALL};
    struct sim_random random, *r = &random;
    sim_random_init(r, s->seed, SIM_OF_WORKLOAD, 1);
    // Few kinds in a seed, so that they meet.
    uint32_t n = sizeof kinds / sizeof kinds[0], first = sim_chance(r, n),
             few = 2 + sim_chance(r, n);
    uint32_t last_operation = 0;
    for (uint32_t i = 0; i < count; i++) {
        enum sim_op_kind kind = kinds[(first + sim_chance(r, few) * 5) % n];
        struct sim_op *op = add(s, kind, sim_between(r, 0, s->faults_end_us));
        op->a = sim_chance(r, s->agents);
        if (kind == SIM_OP_CANCEL)
            op->a = sim_chance(r, (uint32_t)s->n_ops);
        if (kind == SIM_OP_OPERATION_CANCEL)
            op->a = last_operation;
        if (kind >= SIM_OP_DRAIN && kind <= SIM_OP_TUNE && kind != SIM_OP_OPERATION_CANCEL)
            last_operation = (uint32_t)s->n_ops - 1;
        op->us = sim_between(r, 0, sim_chance(r, 2) == 0 ? 200 * SIM_MS : 3 * SIM_S);
        if (kind == SIM_OP_TUNE)
            op->us = sim_between(r, 10 * SIM_MS, SIM_S);
        op->b = kind == SIM_OP_TUNE ? sim_chance(r, s->devices) : sim_chance(r, 2) * 4000;
        op->c = 1u << sim_chance(r, 4);
        if (kind == SIM_OP_TUNE)
            op->c = sim_chance(r, s->models);
        if (kind == SIM_OP_RESTART || kind == SIM_OP_DRAIN_ALL)
            op->b = sim_chance(r, 90);
        if (kind == SIM_OP_STRATEGY)
            op->c = sim_chance(r, strategies_count());
        if (kind == SIM_OP_LIMITS) { // live, kept, attempts
            op->a = 10 + sim_chance(r, 300);
            op->b = 5 + sim_chance(r, 100);
            op->c = 1 + sim_chance(r, 6);
        }
    }
}

// A model is loaded or pinned without a job. a: agent, c: model. Behind the others in a third of
// the seeds, so that those of the others stay what they were.
static void add_loads(struct sim_scenario *s)
{
    static const enum sim_op_kind kinds[] = {SIM_OP_LOAD, SIM_OP_PIN, SIM_OP_UNPIN};
    struct sim_random r;
    if (s->seed % 3 != 0)
        return;
    sim_random_init(&r, s->seed, SIM_OF_WORKLOAD, 2);
    for (uint32_t i = 0; i < 8; i++) {
        struct sim_op *op = add(s, kinds[sim_chance(&r, 3)], sim_between(&r, 0, s->faults_end_us));
        op->a = sim_chance(&r, s->agents);
        op->c = sim_chance(&r, s->models);
    }
    // A pin may keep jobs of other models waiting for ever: that is what it is for. b: on all
    // agents.
    for (uint32_t model = 0; model < s->models; model++) {
        struct sim_op *op = add(s, SIM_OP_UNPIN, s->faults_end_us + SIM_S);
        op->b = 1;
        op->c = model;
    }
}

// a: agent, b: device or what else the kind needs, c: error, us: how long
static void fill_fault(struct sim_scenario *s, struct sim_random *r, struct sim_op *op)
{
    static const enum worker_error errors[] = {WORKER_ERROR_MEMORY, WORKER_ERROR_DEVICE,
                                               WORKER_ERROR_INTERNAL};
    op->a = sim_chance(r, s->agents);
    op->b = sim_chance(r, s->devices);
    op->c = errors[sim_chance(r, 3)];
    op->us = sim_between(r, 50 * SIM_MS, sim_chance(r, 3) == 0 ? 6 * SIM_S : SIM_S);
    switch ((enum sim_op_kind)op->kind) {
    case SIM_OP_LINK_HALF:
        op->b = sim_chance(r, 2);
        break;
    case SIM_OP_PARTITION:
        op->b = 1 + sim_chance(r, 3);
        break;
    case SIM_OP_DELAY:
        op->b = 10 + sim_chance(r, 500);
        break;
    case SIM_OP_COORDINATOR_CRASH:
        op->a = sim_chance(r, 3) == 0 ? 1000 : sim_chance(r, 1001);
        break;
    case SIM_OP_DISK_SLOW:
        op->a = 10 + sim_chance(r, 800);
        break;
    case SIM_OP_CLOCK:
        op->us = sim_between(r, -3600 * SIM_S, 3600 * SIM_S);
        break;
    case SIM_OP_DUPLICATE:
    case SIM_OP_REORDER:
        op->us *= 3;
        break;
    default:
        break;
    }
}

static void add_faults(struct sim_scenario *s, uint32_t faults, uint32_t count)
{
    struct sim_random random, *r = &random;
    sim_random_init(r, s->seed, SIM_OF_FAULTS, 0);
    enum sim_op_kind kinds[SIM_OP_KINDS];
    uint32_t n = 0;
    for (uint32_t k = 0; k < SIM_OP_KINDS; k++) {
        enum sim_fault fault = ops[k].fault;
        if (fault != SIM_FAULT_NONE && (faults >> fault & 1) != 0)
            kinds[n++] = (enum sim_op_kind)k;
    }
    for (uint32_t i = 0; n > 0 && i < count; i++) {
        struct sim_op *op =
            add(s, kinds[sim_chance(r, n)], sim_between(r, SIM_S / 2, s->faults_end_us));
        fill_fault(s, r, op);
        // What was said before a crash is heard by the next coordinator.
        if (op->kind == SIM_OP_COORDINATOR_CRASH && (faults >> SIM_FAULT_DUPLICATE & 1) != 0)
            add(s, SIM_OP_REPLAY, op->at_us + op->us + sim_between(r, 100 * SIM_MS, SIM_S))->a =
                sim_chance(r, s->agents);
    }
}

void sim_scenario_make(struct sim_scenario *s, uint64_t seed, uint32_t faults, uint32_t steps)
{
    memset(s, 0, sizeof *s);
    s->seed = seed;
    make_cluster(s);
    struct sim_random random, *r = &random;
    sim_random_init(r, seed, SIM_OF_CONFIG, 1);
    uint32_t mask = 0;
    uint32_t density = 1 + sim_chance(r, 4);
    for (uint32_t i = 1; i < SIM_FAULTS; i++)
        mask |= (uint32_t)(sim_chance(r, 6) < density) << i;
    uint32_t jobs = 10 + sim_chance(r, 90), doings = sim_chance(r, 20), breaks = sim_chance(r, 30);
    if (steps != 0) {
        jobs = steps;
        doings = steps / 5;
        breaks = steps / 3;
    }
    add_work(s, faults & mask, jobs < 600 ? jobs : 600);
    add_operators(s, doings < 150 ? doings : 150);
    add_faults(s, faults & mask, breaks < 250 ? breaks : 250);
    add_loads(s);
}

void sim_scenario_make_short(struct sim_scenario *s, uint64_t seed)
{
    sim_scenario_make(s, seed, 0, 0);
    s->agents = 1 + seed % 2;
    s->devices = 1;
    s->faults_end_us = 2 * SIM_S;
    s->n_ops = 0;
    add_work(s, 0, 8);
    add_operators(s, 6);
    for (size_t i = 0; i < s->n_ops; i++) {
        if (s->ops[i].kind == SIM_OP_SUBMIT && s->ops[i].c == 0)
            s->ops[i].c = 1000 + (uint32_t)i; // asked again, so that each life gets the same work
    }
}
