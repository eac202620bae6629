// One run: the scenario's events, then quiet times in which everything has to come to its end.
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define OPERATIONS_US (90 * SIM_S) // in which operations have to end once all is well
#define JOBS_US (600 * SIM_S)      // and jobs
#define ROLLS_US (30 * SIM_S)      // after which those that wait for room are given up
#define REPAIR_US (12 * SIM_S)     // until somebody looks after broken devices
#define STANDSTILL 200000          // events at one moment

// ---- faults

static void fire_resume(struct sim *sim, const struct sim_event *event)
{
    (void)event;
    sim_coordinator_resume(sim);
}

static void fire_twin_end(struct sim *sim, const struct sim_event *event)
{
    sim_host_crash(sim, (uint32_t)event->a, true, 0);
}

static void pause_coordinator(struct sim *sim, int64_t us)
{
    sim->coordinator.paused_until_us = sim->now_us + us;
    sim_at(sim, sim->now_us + us, fire_resume, 0, 0, 0);
}

static void start_twin(struct sim *sim, const struct sim_op *op)
{
    uint32_t twin = op->a + SIM_AGENTS_MAX;
    sim_host_start(sim, twin);
    sim_at(sim, sim->now_us + op->us, fire_twin_end, twin, 0, 0);
}

static void change_settings(struct sim *sim, const struct sim_op *op)
{
    struct worker_settings settings = sim->scenario->settings;
    settings.batch_delay_us = op->b;
    settings.batch_rows_max = op->c;
    sim_host_set(sim, op->a, &settings);
}

static void break_network(struct sim *sim, const struct sim_op *op)
{
    struct sim_network *network = &sim->network;
    int64_t until = sim->now_us + op->us;
    switch ((enum sim_op_kind)op->kind) {
    case SIM_OP_LINK_DROP:
        sim_network_drop(sim, op->a);
        break;
    case SIM_OP_LINK_HALF:
        sim_network_half(sim, op->a, op->b != 0);
        break;
    case SIM_OP_PARTITION:
        sim_network_stall(sim, op->a, op->b, op->us);
        break;
    case SIM_OP_DELAY:
        network->late_until_us[op->a] = until;
        network->late_us[op->a] = op->b * SIM_MS;
        break;
    case SIM_OP_DUPLICATE:
        network->double_until_us[op->a] = until;
        break;
    case SIM_OP_REORDER:
        network->mixed_until_us[op->a] = until;
        break;
    default:
        sim_network_replay(sim, op->a);
    }
}

static void break_host(struct sim *sim, const struct sim_op *op)
{
    struct sim_host *host = &sim->hosts[op->a];
    struct sim_executor *executor = &host->executors[op->b % SIM_DEVICES_MAX];
    switch ((enum sim_op_kind)op->kind) {
    case SIM_OP_AGENT_CRASH:
        sim_host_crash(sim, op->a, true, op->us);
        break;
    case SIM_OP_AGENT_POWER:
        sim_host_crash(sim, op->a, false, op->us);
        break;
    case SIM_OP_AGENT_STOP:
        sim_host_stop(sim, op->a, op->us);
        break;
    case SIM_OP_AGENT_PAUSE:
        host->paused_until_us = sim->now_us + op->us;
        break;
    case SIM_OP_AGENT_SLOW:
        host->slow_until_us = sim->now_us + op->us;
        break;
    case SIM_OP_EXECUTOR_DIE:
        sim_executor_die(sim, op->a, op->b);
        break;
    case SIM_OP_EXECUTOR_HANG:
        executor->hangs_next = true;
        break;
    case SIM_OP_RUN_FAIL:
        executor->run_error = op->c;
        break;
    case SIM_OP_LOAD_FAIL:
        executor->load_error = op->c;
        break;
    case SIM_OP_FETCH_FAIL:
        host->fetch_fails = true;
        break;
    case SIM_OP_MEMORY:
        executor->full_until_us = sim->now_us + op->us;
        break;
    default:
        start_twin(sim, op);
    }
}

static void fire_op(struct sim *sim, const struct sim_event *event)
{
    const struct sim_op *op = &sim->scenario->ops[event->a];
    if (sim->is_trace) {
        printf("%11.6f >>>> ", (double)sim->now_us / 1e6);
        sim_op_print(op, stdout);
    }
    sim_mark(sim, op->kind, event->a);
    if (op->kind <= SIM_OP_LIMITS) {
        sim_client_do(sim, (uint32_t)event->a);
        return;
    }
    switch ((enum sim_op_kind)op->kind) {
    case SIM_OP_SETTINGS:
        change_settings(sim, op);
        break;
    case SIM_OP_COORDINATOR_CRASH:
        sim_coordinator_crash(sim, op->a, op->us);
        break;
    case SIM_OP_COORDINATOR_STOP:
        sim_coordinator_stop(sim, op->us);
        break;
    case SIM_OP_COORDINATOR_PAUSE:
        pause_coordinator(sim, op->us);
        break;
    case SIM_OP_DISK_SLOW:
        sim->disk.slow_until_us = sim->now_us + op->us;
        sim->disk.slow_us = op->a * SIM_MS;
        break;
    case SIM_OP_DISK_FULL:
        sim->disk.full_until_us = sim->now_us + op->us;
        break;
    case SIM_OP_DISK_REFUSE:
        sim->disk.refuses++;
        break;
    case SIM_OP_CLOCK:
        sim->wall_jump_us += op->us;
        break;
    default:
        if (op->kind <= SIM_OP_REORDER)
            break_network(sim, op);
        else
            break_host(sim, op);
    }
}

// ---- quiet times

static void heal_host(struct sim *sim, uint32_t index)
{
    struct sim_host *host = &sim->hosts[index];
    host->slow_until_us = 0;
    host->fetch_fails = false;
    if (host->paused_until_us > sim->now_us) {
        host->paused_until_us = 0;
        host->wake_us = 0;
    }
    for (uint32_t i = 0; i < SIM_DEVICES_MAX; i++) {
        host->executors[i].full_until_us = 0;
        host->executors[i].run_error = host->executors[i].load_error = 0;
        host->executors[i].hangs_next = false;
    }
    sim_host_wake_at(sim, index, sim->now_us);
    if (index < sim->scenario->agents)
        sim_host_start(sim, index);
    else
        sim_host_crash(sim, index, true, 0);
}

static void heal(struct sim *sim)
{
    sim_trace(sim, "---- the faults end");
    sim->is_healed = true;
    sim_network_heal(sim);
    sim->disk.slow_until_us = sim->disk.full_until_us = 0;
    if (sim->coordinator.paused_until_us > sim->now_us)
        sim->coordinator.paused_until_us = 0;
    sim_coordinator_resume(sim);
    for (uint32_t i = 0; i < SIM_HOSTS_MAX; i++)
        heal_host(sim, i);
}

// What an operator does at the end: devices that failed too often get a new agent, and everybody
// may work again.
static void tidy_up(struct sim *sim, int64_t since_us)
{
    for (uint32_t i = 0; i < sim->scenario->agents; i++) {
        struct sim_host *host = &sim->hosts[i];
        for (uint32_t d = 0; host->is_up && d < sim->scenario->devices; d++) {
            struct worker_device_view view;
            agent_worker_core_device(host->core, d, sim_host_now(sim, host), &view);
            if (view.state == WORKER_DEVICE_CORDONED && since_us > REPAIR_US)
                sim_host_crash(sim, i, true, 100 * SIM_MS);
        }
        sim_coordinator_call(sim, &(struct agent_event){.kind = AGENT_EVENT_UNCORDON,
                                                        .agent = host->name,
                                                        .by = "operator",
                                                        .reason = ""});
    }
}

// One that goes from agent to agent waits as long as too few would be left to work, if need be for
// ever: then somebody gives it up.
static void give_up_rolls(struct sim *sim)
{
    struct agent_operation_view view;
    for (uint32_t i = 0; agent_coord_operation_at(sim->coordinator.core, i, &view); i++) {
        if (!view.finished &&
            (strcmp(view.kind, "drain-all") == 0 || strcmp(view.kind, "restart") == 0))
            sim_coordinator_call(sim, &(struct agent_event){.kind = AGENT_EVENT_OPERATION_CANCEL,
                                                            .id = view.id,
                                                            .by = "operator",
                                                            .reason = ""});
    }
}

static void fail_live(struct sim *sim)
{
    for (uint64_t id = 0; sim->coordinator.is_up && id < sim->oracle.n_jobs; id++) {
        char why[256] = "";
        struct agent_job_view view;
        if (!agent_coord_job(sim->coordinator.core, id, &view) || view.state > AGENT_JOB_RUNNING)
            continue;
        agent_coord_waiting(sim->coordinator.core, id, why, sizeof why);
        sim_fail(sim, "a job never ends", "job %llu is %s; %s", (unsigned long long)id,
                 agent_job_state_name(view.state), why);
    }
    sim_fail(sim, "it never gets quiet", "%zu appends wait", sim->disk.n_waiting);
}

// The same again from the disk: nothing that was known may be lost by a restart.
static void restart(struct sim *sim)
{
    sim_coordinator_crash(sim, 1000, 0);
    sim_coordinator_start(sim);
    sim_history_check(sim);
    sim->result.end_us = sim->now_us;
}

static void fire_settle(struct sim *sim, const struct sim_event *event)
{
    int64_t since = sim->now_us - sim->scenario->faults_end_us;
    uint64_t operation = 0;
    if (!sim->is_healed)
        heal(sim);
    if (sim->coordinator.is_up)
        operation = sim_operation_running(sim);
    if (operation != 0 && since > ROLLS_US && event->a % 4 == 0)
        give_up_rolls(sim);
    if (operation != 0 && since > OPERATIONS_US)
        sim_fail(sim, "an operation never ends", "operation %llu", (unsigned long long)operation);
    if (since > JOBS_US)
        fail_live(sim);
    if (sim_is_quiet(sim)) {
        sim_history_check(sim);
        sim->result.jobs_acked = sim->result.jobs_done = sim->result.runs = 0;
        if (!sim->result.has_failed)
            restart(sim);
        sim->is_over = true;
        return;
    }
    if (sim->coordinator.is_up && operation == 0 && event->a % 4 == 3)
        tidy_up(sim, since);
    sim_at(sim, sim->now_us + 250 * SIM_MS, fire_settle, event->a + 1, 0, 0);
}

// ---- the run

static void loop(struct sim *sim)
{
    struct sim_event event;
    int64_t last_us = -1;
    uint32_t still = 0;
    while (!sim->result.has_failed && !sim->is_over && sim_queue_pop(&sim->queue, &event)) {
        sim->now_us = event.at_us;
        still = event.at_us == last_us ? still + 1 : 0;
        last_us = event.at_us;
        if (still > STANDSTILL)
            sim_fail(sim, "time stands still", "%u events at one moment", still);
        sim->result.events++;
        event.fire(sim, &event);
    }
    if (!sim->is_over && !sim->result.has_failed)
        sim_fail(sim, "nothing happens any more", "%s", "");
}

void sim_run(const struct sim_scenario *scenario, bool is_trace, uint32_t check_every,
             struct sim_result *ret_result)
{
    struct sim *sim = calloc(1, sizeof *sim);
    if (sim == NULL)
        exit(2);
    sim->scenario = scenario;
    sim->is_trace = is_trace;
    sim->check_every = check_every > 0 ? check_every : 1;
    sim->calls = calloc(SIM_OPS_MAX, sizeof *sim->calls);
    if (sim->calls == NULL)
        exit(2);
    sim_random_init(&sim->clients, scenario->seed, SIM_OF_CLIENT, 0);
    for (uint32_t i = 0; i < SIM_DEVICES_MAX; i++)
        sim->devices[i] = (struct agent_device_info){
            .family = "gpu", .memory_bytes = scenario->device_bytes, .compute_units = 8};
    sim_network_init(sim);
    sim_disk_init(sim);
    for (uint32_t i = 0; i < SIM_HOSTS_MAX; i++)
        sim_host_init(sim, i);
    sim_coordinator_start(sim);
    for (uint32_t i = 0; i < scenario->agents; i++)
        sim_host_start(sim, i);
    for (size_t i = 0; i < scenario->n_ops; i++)
        sim_at(sim, scenario->ops[i].at_us, fire_op, i, 0, 0);
    sim_at(sim, scenario->faults_end_us, fire_settle, 0, 0, 0);
    loop(sim);
    sim->result.appends = sim->disk.appends;
    *ret_result = sim->result;
    sim_coordinator_finish(sim);
    for (uint32_t i = 0; i < SIM_HOSTS_MAX; i++)
        sim_host_finish(sim, i);
    sim_network_finish(sim);
    sim_disk_finish(sim);
    sim_oracle_finish(sim);
    free(sim->queue.heap);
    free(sim->calls);
    free(sim);
}
