#include "coord.h"

#include <stdlib.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/placement/coord_index.h"
#include "agent/core/queue/coord_poison.h"

void agent_coord_limits_init(struct agent_coord_limits *limits)
{
    *limits = (struct agent_coord_limits){
        .epoch = 1,
        .seed = 1,
        .jobs_live_max = 200000,
        .jobs_kept_max = 100000,
        .jobs_recent_max = 10000,
        .agents_max = 1024,
        .models_max = 4096,
        .tenants_max = 1024,
        .flows_max = 4096,
        .tenant_percent = 90,
        .operations_max = 256,
        .attempts_max = 5,
        .hedge_runs_min = 100,
        .hedge_share_percent = 1,
        .poison_agents = 3,
        .retry_share_percent = 20,
        .retry_floor = 10,
        .input_bytes_max = (uint64_t)1 << 30,
        .output_bytes_max = (uint64_t)4 << 30,
        .kept_us = INT64_C(86400) * 1000000,
        .heartbeat_us = 200000,
        .suspect_us = 500000,
        .lost_us = 700000,
        .stall_us = 100000,
        .rebalance_gain_us = 500000,
        .rebalance_rest_us = 30000000,
        .absent_us = 20000000, // agents dial again after 10 s at most
        .prefetch = true,
        .unloadable_us = 30000000,
        .backoff_us_min = 50000,
        .backoff_us_max = 5000000,
        .ageing_us = 30000000,
        .strategy = agent_strategy_at(0)->name,
        .decisions_max = 8192,
        .bound_percent = 125,
    };
}

enum agent_status agent_coord_create(const struct agent_coord_limits *limits,
                                     struct agent_coord **ret_core, struct agent_error *err)
{
    const struct agent_strategy *strategy = agent_strategy_find(limits->strategy);
    if (strategy == NULL)
        return agent_error_set(err, AGENT_ERR_INVAL, "no strategy named '%s'", limits->strategy);
    if (limits->agents_max == 0 || limits->models_max == 0 || limits->tenants_max == 0 ||
        limits->tenant_percent == 0 || limits->tenant_percent > 100 ||
        limits->operations_max == 0 || limits->decisions_max == 0 || limits->attempts_max == 0 ||
        limits->backoff_us_min <= 0)
        return agent_error_set(err, AGENT_ERR_INVAL, "a limit is 0");
    struct agent_coord *core = calloc(1, sizeof *core);
    if (core == NULL)
        return agent_error_set(err, AGENT_ERR_NOMEM, "out of memory");
    core->limits = *limits;
    core->attempts_most = limits->attempts_max;
    core->limits.strategy = NULL;
    core->strategy = strategy;
    core->random = limits->seed != 0 ? limits->seed : 1;
    core->next_job = core->next_operation = 1;
    core->kept_begin = core->kept_end = 1;
    core->world = 1;
    core->ledger_ok = true;
    core->job_pool =
        (struct agent_pool){.size = sizeof(struct coord_job), .kept_max = COORD_POOL_MAX};
    core->history_pool = (struct agent_pool){
        .size = COORD_HISTORY_FEW * sizeof(struct coord_history), .kept_max = COORD_POOL_MAX};
    TAILQ_INIT(&core->jobs);
    TAILQ_INIT(&core->kept);
    agent_coord_turns_init(core);
    TAILQ_INIT(&core->tenants);
    core->by_tenant.seed = core->by_agent.seed = limits->seed;
    TAILQ_INIT(&core->operations);
    core->models = calloc(limits->models_max, sizeof(struct coord_model *));
    core->agents = calloc(limits->agents_max, sizeof(struct coord_agent *));
    // What was decided can't be told without the ring; that is no reason not to start.
    core->decisions = calloc(limits->decisions_max, sizeof *core->decisions);
    if (core->models == NULL || core->agents == NULL || !agent_coord_index_create(core)) {
        agent_coord_destroy(core);
        return agent_error_set(err, AGENT_ERR_NOMEM, "out of memory");
    }
    *ret_core = core;
    return AGENT_OK;
}

void agent_coord_destroy(struct agent_coord *core)
{
    if (core == NULL)
        return;
    struct coord_job *job;
    while ((job = TAILQ_FIRST(&core->jobs)) != NULL)
        agent_coord_job_free(core, job);
    struct coord_operation *operation;
    while ((operation = TAILQ_FIRST(&core->operations)) != NULL) {
        TAILQ_REMOVE(&core->operations, operation, all);
        agent_coord_operation_free(operation);
    }
    agent_coord_tenants_free(core);
    agent_coord_plans_free(core);
    for (uint32_t i = 0; i < core->n_models; i++)
        agent_coord_model_free(core->models[i]);
    for (uint32_t i = 0; i < core->n_agents; i++)
        agent_coord_agent_free(core->agents[i]);
    agent_names_finish(&core->by_agent);
    agent_coord_kept_finish(core);
    agent_coord_text_unref(core->ledger_error);
    agent_coord_text_unref(core->ledger_damage);
    agent_idpages_finish(&core->by_id);
    agent_pool_finish(&core->job_pool);
    agent_pool_finish(&core->history_pool);
    agent_idmap_finish(&core->by_key);
    agent_idmap_finish(&core->by_link);
    agent_idmap_finish(&core->by_hash);
    agent_idmap_finish(&core->by_flow);
    free(core->models);
    free(core->agents);
    agent_coord_index_free(core);
    free(core->decisions);
    agent_heap_finish(&core->timers);
    agent_coord_turns_finish(core);
    free(core->waits);
    free(core->poisons);
    free(core);
}

static void set_limits(struct agent_coord *core, const struct agent_coord_limits *limits)
{
    core->limits.jobs_live_max = limits->jobs_live_max;
    core->limits.jobs_kept_max = limits->jobs_kept_max;
    core->limits.jobs_recent_max = limits->jobs_recent_max;
    core->limits.attempts_max = limits->attempts_max;
    if (limits->tenant_percent > 0 && limits->tenant_percent <= 100)
        core->limits.tenant_percent = limits->tenant_percent;
    core->limits.tenant_rate_milli = limits->tenant_rate_milli;
    core->limits.tenant_burst = limits->tenant_burst;
    core->limits.poison_agents = limits->poison_agents;
    core->limits.prefetch = limits->prefetch;
    core->limits.unloadable_us = limits->unloadable_us;
    core->limits.hedge_times = limits->hedge_times;
    if (limits->attempts_max > core->attempts_most)
        core->attempts_most = limits->attempts_max;
    core->limits.output_bytes_max = limits->output_bytes_max;
    core->limits.kept_us = limits->kept_us;
    core->limits.rebalance_gain_us = limits->rebalance_gain_us;
    core->limits.rebalance_rest_us = limits->rebalance_rest_us;
}

static void recover(struct agent_coord *core, const struct agent_event *event)
{
    switch (event->kind) {
    case AGENT_EVENT_RECOVER_KEPT:
        agent_coord_recover_kept(core, event->kept);
        break;
    case AGENT_EVENT_RECOVER_JOB:
        agent_coord_recover_job(core, event->job);
        break;
    case AGENT_EVENT_RECOVER_OPERATION:
        agent_coord_recover_operation(core, event->operation);
        break;
    case AGENT_EVENT_RECOVER_AGENT:
        agent_coord_recover_agent(core, event->agent_record);
        break;
    case AGENT_EVENT_RECOVER_META:
        agent_coord_recover_tenant(core, event->meta.key, event->meta.value);
        agent_coord_recover_poison(core, event->meta.key, event->meta.value);
        break;
    case AGENT_EVENT_RECOVER_PIN:
        agent_coord_recover_pin(core, event);
        break;
    case AGENT_EVENT_RECOVER_NEXT_ID:
        if (event->id > core->next_job)
            core->next_job = event->id;
        break;
    default:
        break;
    }
}

static void from_operator(struct agent_coord *core, const struct agent_event *event)
{
    switch (event->kind) {
    case AGENT_EVENT_SUBMIT:
        agent_coord_submit(core, event);
        break;
    case AGENT_EVENT_CANCEL:
        agent_coord_cancel(core, event);
        break;
    case AGENT_EVENT_POISON:
        agent_coord_poison(core, event);
        break;
    case AGENT_EVENT_CORDON:
        agent_coord_cordon(core, event);
        break;
    case AGENT_EVENT_UNCORDON:
        agent_coord_uncordon(core, event);
        break;
    case AGENT_EVENT_DRAIN:
        agent_coord_drain(core, event);
        break;
    case AGENT_EVENT_DRAIN_ALL:
    case AGENT_EVENT_RESTART:
        agent_coord_roll(core, event);
        break;
    case AGENT_EVENT_REBALANCE:
        agent_coord_rebalance(core, event);
        break;
    case AGENT_EVENT_TUNE:
        agent_coord_tune(core, event);
        break;
    case AGENT_EVENT_AUDIT:
        agent_coord_audit(core, event);
        break;
    case AGENT_EVENT_OPERATION_CANCEL:
        agent_coord_operation_cancel(core, event);
        break;
    case AGENT_EVENT_TENANT:
        agent_coord_tenant_set(core, event);
        break;
    case AGENT_EVENT_STRATEGY:
        agent_coord_set_strategy(core, event);
        break;
    case AGENT_EVENT_PIN:
    case AGENT_EVENT_UNPIN:
        agent_coord_pin(core, event);
        break;
    case AGENT_EVENT_UNLOAD:
        agent_coord_unload(core, event);
        break;
    case AGENT_EVENT_LOAD:
        agent_coord_load(core, event);
        break;
    case AGENT_EVENT_MODEL:
        agent_coord_model_offered(core, event);
        break;
    default:
        recover(core, event);
    }
}

static void take(struct agent_coord *core, const struct agent_event *event)
{
    switch (event->kind) {
    case AGENT_EVENT_COMMITTED:
        agent_coord_committed(core, event->seq);
        break;
    case AGENT_EVENT_LEDGER_FAILED:
        agent_coord_ledger_failed(core, event->reason != NULL ? event->reason : "");
        break;
    case AGENT_EVENT_LEDGER_DAMAGED:
        agent_coord_ledger_damaged(core, event->reason != NULL ? event->reason : "damaged");
        break;
    case AGENT_EVENT_LEDGER_REFUSED:
        agent_coord_ledger_refused(core, event->seq, event->reason != NULL ? event->reason : "");
        break;
    case AGENT_EVENT_HELLO:
        agent_coord_hello(core, event);
        break;
    case AGENT_EVENT_HEARD:
        agent_coord_heard(core, event);
        break;
    case AGENT_EVENT_BEAT:
        agent_coord_beat(core, event);
        break;
    case AGENT_EVENT_CREDIT:
        agent_coord_credit(core, event);
        break;
    case AGENT_EVENT_MODEL_STATE:
        agent_coord_model_state(core, event);
        break;
    case AGENT_EVENT_STARTED:
        agent_coord_started(core, event);
        break;
    case AGENT_EVENT_RESULT:
        agent_coord_result(core, event);
        break;
    case AGENT_EVENT_DRAINED:
        agent_coord_drained(core, event);
        break;
    case AGENT_EVENT_TUNE_STATE:
        agent_coord_tune_state(core, event);
        break;
    case AGENT_EVENT_DEVICES:
        agent_coord_devices(core, event);
        break;
    case AGENT_EVENT_GOODBYE:
    case AGENT_EVENT_LINK_LOST:
        agent_coord_link_lost(core, event);
        break;
    case AGENT_EVENT_LIMITS:
        set_limits(core, &event->limits);
        break;
    case AGENT_EVENT_TICK:
        agent_coord_agents_tick(core);
        agent_coord_place_tick(core);
        agent_coord_operations_tick(core);
        agent_coord_retain(core);
        break;
    case AGENT_EVENT_SHUTDOWN:
        core->stopping = true;
        break;
    default:
        from_operator(core, event);
    }
}

void agent_coord_step(struct agent_coord *core, const struct agent_event *events, size_t count,
                      int64_t now_us, const struct agent_sink *sink)
{
    core->sink = sink;
    core->steps++;
    if (now_us > core->now_us)
        core->now_us = now_us; // a clock that goes back stands still in here
    for (size_t i = 0; i < count; i++)
        take(core, &events[i]);
    agent_coord_timers(core);
    agent_coord_place(core);
    core->sink = NULL;
}
