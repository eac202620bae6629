// What must hold after every step, of the coordinator and of an agent, and at the end of all.
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

// ---- after a step of the coordinator

static void check_told(struct sim *sim)
{
    struct sim_oracle *oracle = &sim->oracle;
    for (size_t i = 0; i < oracle->n_told_now; i++) {
        uint64_t id = oracle->told_now[i];
        struct agent_job_view view;
        const struct agent_job_record *row = sim_disk_job(sim, id);
        if (row != NULL && agent_coord_job(sim->coordinator.core, id, &view) &&
            view.state != (enum agent_job_state)row->state)
            sim_fail(sim, "another end is told than the one on the disk", "job %llu",
                     (unsigned long long)id);
    }
    oracle->n_told_now = 0;
}

// What a rebalance asks for stays where it is until it is given back; what was taken away in the
// same step for another reason does not.
static void check_asked(struct sim *sim)
{
    for (uint64_t id = 0; id < sim->oracle.n_jobs; id++) {
        struct sim_job *job = &sim->oracle.jobs[id];
        for (uint32_t i = 0; i < job->n_flights; i++) {
            if (job->flights[i].is_asked && job->is_ended)
                job->flights[i].is_revoked = true;
        }
    }
    sim->oracle.is_rebalancing = false;
}

static void drop_flights(struct sim_job *job)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < job->n_flights; i++) {
        if (!job->flights[i].is_lost && !job->flights[i].is_answered)
            job->flights[kept++] = job->flights[i];
    }
    job->n_flights = kept;
}

static void count_link(const struct sim *sim, uint64_t link, uint32_t *ret_held,
                       uint32_t *ret_revoked)
{
    *ret_held = *ret_revoked = 0;
    for (size_t id = 0; id < sim->oracle.n_jobs; id++) {
        const struct sim_job *job = &sim->oracle.jobs[id];
        for (uint32_t i = 0; i < job->n_flights; i++) {
            *ret_held += job->flights[i].link == link && !job->flights[i].is_revoked;
            *ret_revoked += job->flights[i].link == link && job->flights[i].is_revoked;
        }
    }
}

static void check_agents(struct sim *sim)
{
    struct agent_agent_view view;
    uint32_t i = 0;
    for (; agent_coord_agent_at(sim->coordinator.core, i, &view); i++) {
        uint32_t held = 0, revoked = 0;
        if (view.link != 0)
            count_link(sim, view.link, &held, &revoked);
        if (held != view.assigned + view.running || revoked != view.revoked)
            sim_fail(sim, "what an agent holds is counted wrong",
                     "%s holds %u and %u revoked, says the core %u and %u", view.name, held,
                     revoked, view.assigned + view.running, view.revoked);
    }
    if (i > sim->coordinator.limits.agents_max)
        sim_fail(sim, "a table has no bound", "%u agents", i);
}

// Safe to remove: decided on the disk, and nothing of its work is there or on its way.
static void check_safe(struct sim *sim, const struct agent_operation_view *view)
{
    const struct agent_operation_record *row = sim_disk_operation(sim, view->id);
    struct agent_agent_view agent;
    uint32_t held = 0, revoked = 0;
    if (row == NULL || row->state != AGENT_OPERATION_DONE ||
        sim_disk_admin(sim, view->target) < AGENT_ADMIN_DRAINING)
        sim_fail(sim, "safe to remove, but that isn't on the disk", "operation %llu",
                 (unsigned long long)view->id);
    if (!agent_coord_agent(sim->coordinator.core, view->target, &agent) || agent.link == 0)
        return;
    count_link(sim, agent.link, &held, &revoked);
    if (held + revoked > 0)
        sim_fail(sim, "safe to remove, but the agent has work", "%s has %u jobs", view->target,
                 held + revoked);
    const struct sim_host *host = &sim->hosts[sim_link_of(sim, agent.link)->host];
    if (host->link != agent.link || !host->is_up)
        return;
    for (size_t i = 0; i < host->n_payloads; i++) {
        if (host->payloads[i]->link == agent.link &&
            host->payloads[i]->ref.epoch == sim->coordinator.epoch && !host->payloads[i]->is_stray)
            sim_fail(sim, "safe to remove, but the agent has work", "%s has job %llu", view->target,
                     (unsigned long long)host->payloads[i]->ref.job);
    }
}

static void check_operations(struct sim *sim)
{
    struct agent_operation_view view;
    uint32_t i = 0;
    for (; agent_coord_operation_at(sim->coordinator.core, i, &view); i++) {
        if (view.safe_to_remove)
            check_safe(sim, &view);
    }
    if (i > sim->coordinator.limits.operations_max)
        sim_fail(sim, "a table has no bound", "%u operations", i);
}

static void check_deadlines(struct sim *sim)
{
    int64_t now = sim_coordinator_now(sim);
    for (uint64_t id = 0; id < sim->oracle.n_jobs; id++) {
        const struct agent_job_record *row = sim_disk_job(sim, id);
        struct agent_job_view view;
        if (row == NULL || row->deadline_us == 0 || row->deadline_us > now ||
            row->state > AGENT_JOB_RUNNING || sim->oracle.jobs[id].is_ended ||
            sim->oracle.jobs[id].is_forgotten)
            continue;
        if (agent_coord_job(sim->coordinator.core, id, &view))
            sim_fail(sim, "a job outlives its deadline", "job %llu", (unsigned long long)id);
        else
            sim_fail(sim, "a job of the disk is unknown", "job %llu", (unsigned long long)id);
    }
}

static void check_totals(struct sim *sim)
{
    struct sim_oracle *oracle = &sim->oracle;
    const struct agent_coord_limits *limits = &sim->coordinator.limits;
    struct agent_totals totals;
    agent_coord_totals(sim->coordinator.core, &totals);
    if (totals.done + totals.failed + totals.cancelled + totals.expired != oracle->told)
        sim_fail(
            sim, "ends are counted wrong", "%llu were told, the core counts %llu",
            (unsigned long long)oracle->told,
            (unsigned long long)(totals.done + totals.failed + totals.cancelled + totals.expired));
    if (oracle->has_ticked && totals.ledger_ok && totals.kept > limits->jobs_kept_max)
        sim_fail(sim, "a table has no bound", "%u ended jobs are kept", totals.kept);
    if (oracle->has_ticked && totals.recent > limits->jobs_recent_max)
        sim_fail(sim, "a table has no bound", "%u ended jobs are in memory", totals.recent);
    oracle->has_ticked = false;
}

void sim_oracle_after(struct sim *sim)
{
    struct sim_oracle *oracle = &sim->oracle;
    // Jobs that end together with a tick are looked at by the next.
    if (oracle->n_told_now > 0)
        oracle->told_us = sim->now_us;
    oracle->has_ticked = oracle->has_ticked && oracle->told_us != sim->now_us;
    check_told(sim);
    if (oracle->is_rebalancing)
        check_asked(sim);
    for (uint64_t id = 0; id < oracle->n_jobs; id++)
        drop_flights(&oracle->jobs[id]);
    for (uint32_t i = 0; i < SIM_AGENTS_MAX; i++) {
        struct sim_agent_known *agent = &oracle->agents[i];
        agent->is_suspect = agent->is_suspect && !agent->is_heard;
        agent->is_heard = false;
    }
    if (sim->coordinator.is_recovering)
        return;
    check_totals(sim);
    check_operations(sim);
    if (++sim->result.steps % sim->check_every != 0)
        return;
    check_agents(sim);
    check_deadlines(sim);
    struct agent_error err;
    if (!agent_coord_check(sim->coordinator.core, &err))
        sim_fail(sim, "the coordinator's core counts wrong", "%s", err.text);
}

// ---- an agent

static bool holds(const struct sim_host *host, const struct sim_payload *payload)
{
    return payload->place < host->n_payloads && host->payloads[payload->place] == payload;
}

static void check_run(struct sim *sim, const struct sim_host *host,
                      const struct worker_action *action)
{
    uint32_t rows = 0;
    for (uint32_t i = 0; i < action->n_payloads; i++) {
        struct sim_payload *payload = action->payloads[i];
        unsigned long long id = payload->ref.job;
        if (!holds(host, payload) || payload->device != WORKER_NO_DEVICE)
            sim_fail(sim, "an agent runs a job twice", "job %llu on %s", id, host->name);
        if (payload->link != host->link)
            sim_fail(sim, "an agent runs a job whose link is gone", "job %llu on %s", id,
                     host->name);
        if (payload->deadline_us != 0 && payload->deadline_us <= sim_host_now(sim, host))
            sim_fail(sim, "an agent runs a job after its deadline", "job %llu on %s", id,
                     host->name);
        if (payload->model != host->model_of[action->model])
            sim_fail(sim, "an agent runs a job with another model", "job %llu on %s", id,
                     host->name);
        payload->device = action->device;
        payload->is_done = false;
        rows += payload->rows;
        sim_trace(sim, "%s runs job %llu attempt %u on device %u", host->name, id,
                  payload->ref.attempt, action->device);
    }
    if (rows != action->rows || (action->size != 0 && rows > action->size))
        sim_fail(sim, "a batch has not the rows of its jobs", "%s", host->name);
}

// Whether messages that came twice fill it: then it is not the coordinator who asks too much.
static bool has_strays(const struct sim_host *host)
{
    bool any = false;
    for (size_t i = 0; i < host->n_payloads; i++)
        any = any || host->payloads[i]->is_stray;
    return any;
}

static void check_answer(struct sim *sim, struct sim_host *host, const struct worker_action *action)
{
    static const char *const names[] = {"done",      "failed for good", "failed",
                                        "cancelled", "expired",         "returned"};
    const struct sim_payload *payload = action->payload;
    if (!holds(host, payload)) {
        sim_fail(sim, "an agent gives a job back twice", "%s", host->name);
        return;
    }
    unsigned long long id = payload->ref.job;
    if (action->kind == WORKER_DO_DROP)
        return;
    sim_trace(sim, "%s answers job %llu attempt %u: %s %s", host->name, id, payload->ref.attempt,
              names[action->outcome], action->text);
    if (payload->ref.job != action->ref.job || payload->ref.attempt != action->ref.attempt ||
        payload->ref.epoch != action->ref.epoch)
        sim_fail(sim, "an agent answers one job with another", "job %llu on %s", id, host->name);
    if (payload->link != host->link)
        sim_fail(sim, "an agent answers by another link than was asked", "job %llu on %s", id,
                 host->name);
    // As many as were on their way, but not more.
    if (action->outcome == WORKER_RETURNED && payload->is_late && host->is_refusing &&
        !has_strays(host) && ++host->refused > 2 * sim->scenario->credit)
        sim_fail(sim, "an agent gets again and again what it gives back", "%s", host->name);
    if (action->outcome == WORKER_DONE && !payload->is_done)
        sim_fail(sim, "an agent says done of what didn't run", "job %llu on %s", id, host->name);
    if (action->outcome == WORKER_EXPIRED &&
        (payload->deadline_us == 0 || payload->deadline_us > sim_host_now(sim, host)))
        sim_fail(sim, "an agent lets a job expire too early", "job %llu on %s", id, host->name);
}

// What was asked for only where there is room drives nothing out, unless a job wants it by now.
static void check_load(struct sim *sim, const struct sim_host *host,
                       const struct worker_action *action)
{
    uint32_t model = host->model_of[action->model];
    struct worker_model_view view;
    agent_worker_core_model(host->core, action->model, &view);
    bool is_wanted = !host->is_spare[model] || view.is_pinned;
    for (size_t i = 0; i < host->n_payloads; i++)
        is_wanted = is_wanted || host->payloads[i]->model == model;
    for (size_t i = 0; i < host->actions.count && !is_wanted; i++) {
        if (host->actions.list[i].kind == WORKER_DO_EVICT &&
            host->actions.list[i].device == action->device)
            sim_fail(sim, "an agent evicts a model for a prefetch", "%s", host->name);
    }
}

void sim_oracle_worker_act(struct sim *sim, struct sim_host *host,
                           const struct worker_action *action)
{
    switch (action->kind) {
    case WORKER_DO_RUN:
        check_run(sim, host, action);
        break;
    case WORKER_DO_LOAD:
        check_load(sim, host, action);
        break;
    case WORKER_DO_RESULT:
    case WORKER_DO_DROP:
        check_answer(sim, host, action);
        break;
    case WORKER_DO_DRAINED:
        sim_trace(sim, "%s says that it is drained", host->name);
        if (host->n_payloads > 0)
            sim_fail(sim, "an agent says that it is drained and holds jobs", "%s holds %zu",
                     host->name, host->n_payloads);
        break;
    default:
        break;
    }
}

void sim_oracle_worker(struct sim *sim, const struct sim_host *host)
{
    struct worker_view view;
    agent_worker_core_view(host->core, &view);
    if (view.queued + view.running != host->n_payloads)
        sim_fail(sim, "an agent has lost a job", "%s was given %zu and holds %u", host->name,
                 host->n_payloads, view.queued + view.running);
    if (host->n_payloads > sim->scenario->credit)
        sim_fail(sim, "an agent holds more than it may", "%s", host->name);
    if (++sim->result.worker_steps % sim->check_every != 0)
        return;
    const char *wrong = agent_worker_core_check(host->core);
    if (wrong != NULL)
        sim_fail(sim, "an agent's core counts wrong", "%s: %s", host->name, wrong);
}

// ---- the end

uint64_t sim_operation_running(struct sim *sim)
{
    struct agent_operation_view view;
    for (uint32_t i = 0; agent_coord_operation_at(sim->coordinator.core, i, &view); i++) {
        if (!view.finished)
            return view.id;
    }
    return 0;
}

bool sim_is_quiet(struct sim *sim)
{
    struct agent_totals totals;
    if (!sim->coordinator.is_up || sim->disk.n_waiting > 0 || sim_operation_running(sim) != 0)
        return false;
    agent_coord_totals(sim->coordinator.core, &totals);
    if (totals.queued + totals.assigned + totals.running > 0 || !totals.ledger_ok)
        return false;
    for (uint32_t i = 0; i < sim->scenario->n_ops; i++) {
        const struct sim_op *op = &sim->scenario->ops[i];
        if (op->kind == SIM_OP_SUBMIT && op->at_us != INT64_MAX && !sim->calls[i].is_over)
            return false;
    }
    for (uint64_t id = 0; id < sim->oracle.n_jobs; id++) {
        const struct agent_job_record *row = sim_disk_job(sim, id);
        if (row != NULL && row->state <= AGENT_JOB_RUNNING)
            return false;
    }
    return true;
}

void sim_history_check(struct sim *sim)
{
    struct sim_result *result = &sim->result;
    for (uint64_t id = 0; id < sim->oracle.n_jobs; id++) {
        const struct sim_job *job = &sim->oracle.jobs[id];
        const struct agent_job_record *row = sim_disk_job(sim, id);
        struct agent_job_view view;
        unsigned long long number = id;
        result->jobs_acked += job->is_acked;
        if (job->is_acked && row == NULL && !job->is_forgotten)
            sim_fail(sim, "an acknowledged job is lost", "job %llu", number);
        if (row == NULL)
            continue;
        if (row->state <= AGENT_JOB_RUNNING)
            sim_fail(sim, "a job never ends", "job %llu", number);
        if (row->state == AGENT_JOB_DONE && job->runs_done == 0)
            sim_fail(sim, "a job is done that never ran", "job %llu", number);
        if (job->is_cancelled && row->state != AGENT_JOB_CANCELLED)
            sim_fail(sim, "a cancelled job ends otherwise", "job %llu", number);
        if (job->told_state != 0 && job->told_state != row->state)
            sim_fail(sim, "another end was told than the one on the disk", "job %llu", number);
        // Of those that ended long ago the disk alone knows.
        if (agent_coord_job(sim->coordinator.core, id, &view) &&
            view.state != (enum agent_job_state)row->state)
            sim_fail(sim, "memory and disk differ", "job %llu", number);
        result->jobs_done += row->state == AGENT_JOB_DONE;
        result->runs += job->runs_done;
    }
}
