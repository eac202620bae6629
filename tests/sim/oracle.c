// What must hold at every step of the coordinator, kept apart from its core: what was said to whom,
// what is on the disk, what each agent has been given.
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

struct sim_job *sim_job(struct sim *sim, uint64_t id)
{
    struct sim_oracle *oracle = &sim->oracle;
    if (id > 1000000) {
        sim_fail(sim, "a job's number is out of all reason", "%llu", (unsigned long long)id);
        id = 0;
    }
    oracle->jobs = sim_grow(oracle->jobs, &oracle->jobs_room, id + 1, sizeof *oracle->jobs);
    if (id >= oracle->n_jobs)
        oracle->n_jobs = id + 1;
    return &oracle->jobs[id];
}

uint32_t sim_agent_of_name(const char *name)
{
    static const char start[] = "agent-";
    if (strncmp(name, start, sizeof start - 1) != 0 || name[sizeof start - 1] < '0' ||
        name[sizeof start - 1] >= '0' + SIM_AGENTS_MAX)
        return SIM_AGENTS_MAX;
    return (uint32_t)(name[sizeof start - 1] - '0');
}

static struct sim_agent_known *known_of_link(struct sim *sim, uint64_t link)
{
    return &sim->oracle.agents[sim_link_of(sim, link)->host % SIM_AGENTS_MAX];
}

static struct sim_flight *flight_of(struct sim_job *job, uint64_t link, uint32_t attempt)
{
    for (uint32_t i = 0; i < job->n_flights; i++) {
        if (job->flights[i].link == link && job->flights[i].attempt == attempt)
            return &job->flights[i];
    }
    return NULL;
}

static void lose_flights(struct sim *sim, uint64_t link)
{
    for (size_t id = 0; id < sim->oracle.n_jobs; id++) {
        struct sim_job *job = &sim->oracle.jobs[id];
        for (uint32_t i = 0; i < job->n_flights; i++)
            job->flights[i].is_lost = job->flights[i].is_lost || job->flights[i].link == link;
    }
}

// ---- what goes into a step

static uint32_t *credit_of(struct sim *sim, uint64_t link)
{
    struct sim_oracle *oracle = &sim->oracle;
    oracle->credits =
        sim_grow(oracle->credits, &oracle->credits_room, link + 1, sizeof *oracle->credits);
    return &oracle->credits[link];
}

static void before_result(struct sim *sim, const struct agent_event *event)
{
    const struct agent_job_ref *ref = &event->result.ref;
    struct sim_flight *flight = flight_of(sim_job(sim, ref->job), event->link, ref->attempt);
    if (flight == NULL || ref->epoch != sim->coordinator.epoch || flight->is_lost ||
        flight->is_answered)
        return;
    flight->is_answered = true;
    flight->is_done = event->result.outcome == AGENT_OUTCOME_DONE;
}

void sim_oracle_before(struct sim *sim, const struct agent_event *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct agent_event *event = &events[i];
        switch (event->kind) {
        case AGENT_EVENT_RESULT:
            before_result(sim, event);
            break;
        case AGENT_EVENT_LINK_LOST:
        case AGENT_EVENT_GOODBYE:
            lose_flights(sim, event->link);
            break;
        case AGENT_EVENT_HEARD:
            known_of_link(sim, event->link)->is_heard = true;
            break;
        case AGENT_EVENT_HELLO:
            known_of_link(sim, event->link)->is_heard = true;
            *credit_of(sim, event->link) = event->hello.credit;
            break;
        case AGENT_EVENT_CREDIT:
            *credit_of(sim, event->link) = event->credit;
            break;
        case AGENT_EVENT_REBALANCE:
            sim->oracle.is_rebalancing = event->id != 0;
            break;
        case AGENT_EVENT_TICK:
            sim->oracle.has_ticked = true;
            break;
        default:
            break;
        }
    }
}

// ---- what comes out of it

static void on_job_append(struct sim *sim, const struct agent_action *action)
{
    uint64_t id = action->record->job.id;
    struct sim_job *job = sim_job(sim, id);
    uint32_t call = sim_client_call(sim, action->token);
    if (job->is_appended || sim_disk_job(sim, id) != NULL)
        sim_fail(sim, "a job's number is given twice", "job %llu", (unsigned long long)id);
    if (call == sim->scenario->n_ops)
        sim_fail(sim, "a job of no submission", "job %llu", (unsigned long long)id);
    *job = (struct sim_job){.is_appended = true, .call = call + 1};
    const struct sim_op *op = &sim->scenario->ops[call];
    if ((op->d & SIM_JOB_POISON) != 0 && sim->oracle.is_poison[op->a])
        sim_fail(sim, "an input that is known to kill is taken again", "job %llu",
                 (unsigned long long)id);
    sim_trace(sim, "core appends job %llu of submission %u", (unsigned long long)id, call);
}

// At its deadline, or when the model's fastest run would end behind it.
static bool may_expire(const struct sim *sim, const struct agent_job_record *record)
{
    int64_t left = record->deadline_us - sim_coordinator_now(sim);
    const struct sim_model *model = &sim->scenario->model[sim_model_of_hash(record->hash)];
    return record->deadline_us != 0 && (left <= 0 || left <= model->run_us + 100);
}

static void on_end_append(struct sim *sim, const struct agent_action *action)
{
    const struct agent_job_record *record = &action->record->job;
    struct sim_job *job = sim_job(sim, record->id);
    unsigned long long id = record->id;
    const struct agent_job_record *row = sim_disk_job(sim, record->id);
    sim_trace(sim, "core ends job %llu: %s", id,
              agent_job_state_name((enum agent_job_state)record->state));
    if (job->is_ended || (row != NULL && row->state > AGENT_JOB_RUNNING))
        sim_fail(sim, "a job ends twice", "job %llu", id);
    if (row == NULL)
        sim_fail(sim, "a job ends before it is on the disk", "job %llu", id);
    job->is_ended = true;
    bool is_answered = false;
    for (uint32_t i = 0; i < job->n_flights; i++) {
        const struct sim_flight *flight = &job->flights[i];
        is_answered = is_answered || (flight->is_answered && flight->is_done &&
                                      !flight->is_revoked && flight->attempt == action->attempt);
    }
    if (record->state == AGENT_JOB_DONE && !is_answered)
        sim_fail(sim, "a result is counted that isn't of the present attempt", "job %llu", id);
    if (record->state == AGENT_JOB_EXPIRED && !may_expire(sim, record))
        sim_fail(sim, "a job expires before its deadline", "job %llu", id);
    if (record->timing.total_us > (uint64_t)1000000 * SIM_S ||
        record->timing.queue_us > record->timing.total_us)
        sim_fail(sim, "a job's times make no sense", "job %llu took %llu us", id,
                 (unsigned long long)record->timing.total_us);
}

static uint32_t count_flights(const struct sim *sim, uint64_t link, bool revoked_too)
{
    uint32_t count = 0;
    for (size_t id = 0; id < sim->oracle.n_jobs; id++) {
        const struct sim_job *job = &sim->oracle.jobs[id];
        for (uint32_t i = 0; i < job->n_flights; i++) {
            const struct sim_flight *flight = &job->flights[i];
            count += flight->link == link && !flight->is_lost && !flight->is_answered &&
                     (revoked_too || !flight->is_revoked);
        }
    }
    return count;
}

static void check_drained(struct sim *sim, const struct agent_operation_record *operation)
{
    uint32_t agent = sim_agent_of_name(operation->target);
    if (operation->state != AGENT_OPERATION_DONE || strcmp(operation->kind, "drain") != 0)
        return;
    for (size_t i = 0; i < sim->network.n_links; i++) {
        const struct sim_link *link = &sim->network.links[i];
        if (link->host % SIM_AGENTS_MAX == agent && count_flights(sim, link->id, true) > 0)
            sim_fail(sim, "a drain ends while its agent has work", "operation %llu",
                     (unsigned long long)operation->id);
    }
}

// Of what kills, each model's is one byte again and again.
static void on_meta_append(struct sim *sim, const char *key, const char *value)
{
    unsigned number;
    if (sscanf(key, "poison:%2x", &number) == 1 && number > 0 && number <= SIM_MODELS_MAX)
        sim->oracle.is_poison[number - 1] = value[0] != '\0';
}

static void on_append(struct sim *sim, const struct agent_action *action)
{
    const struct agent_record *record = action->record;
    uint32_t agent;
    switch (record->kind) {
    case AGENT_RECORD_JOB:
        on_job_append(sim, action);
        break;
    case AGENT_RECORD_END:
        on_end_append(sim, action);
        break;
    case AGENT_RECORD_META:
        on_meta_append(sim, record->meta.key, record->meta.value);
        break;
    case AGENT_RECORD_FORGET:
        for (uint32_t i = 0; i < record->forget.count; i++)
            sim_job(sim, record->forget.ids[i])->is_forgotten = true;
        break;
    case AGENT_RECORD_AGENT:
        agent = sim_agent_of_name(record->agent.name);
        if (agent < SIM_AGENTS_MAX)
            sim->oracle.agents[agent].admin = record->agent.admin;
        sim_trace(sim, "core appends that %s is in state %u", record->agent.name,
                  record->agent.admin);
        break;
    case AGENT_RECORD_OPERATION:
        check_drained(sim, &record->operation);
        sim_trace(sim, "core appends operation %llu in state %u",
                  (unsigned long long)record->operation.id, record->operation.state);
        break;
    default:
        break;
    }
}

static void check_dispatch(struct sim *sim, const struct agent_action *action, struct sim_job *job)
{
    unsigned long long id = action->id;
    const struct sim_agent_known *agent = known_of_link(sim, action->link);
    const struct agent_job_record *row = sim_disk_job(sim, action->id);
    const char *name = sim->hosts[sim_link_of(sim, action->link)->host].name;
    if (row == NULL)
        sim_fail(sim, "a job is dispatched that isn't on the disk", "job %llu", id);
    else if (job->is_ended || row->state > AGENT_JOB_RUNNING)
        sim_fail(sim, "a job is dispatched after its end", "job %llu", id);
    else if (row->deadline_us != 0 && row->deadline_us <= sim_coordinator_now(sim))
        sim_fail(sim, "a job is dispatched after its deadline", "job %llu", id);
    if (agent->admin != AGENT_ADMIN_NONE)
        sim_fail(sim, "an agent that is held back gets a job", "job %llu to %s", id, name);
    if (agent->is_suspect && !agent->is_heard)
        sim_fail(sim, "a silent agent gets a job", "job %llu to %s", id, name);
    if (count_flights(sim, action->link, true) >= *credit_of(sim, action->link))
        sim_fail(sim, "an agent gets more than its credit", "job %llu to %s", id, name);
    bool may_hedge = sim->scenario->limits.hedge_times > 0 && row->state == AGENT_JOB_QUEUED;
    for (uint32_t i = 0; i < job->n_flights; i++) {
        const struct sim_flight *flight = &job->flights[i];
        bool is_out = !flight->is_lost && !flight->is_answered && !flight->is_revoked;
        if (is_out && flight->link == action->link)
            sim_fail(sim, "a job is dispatched twice to an agent", "job %llu", id);
        if (is_out && !may_hedge)
            sim_fail(sim, "a job is dispatched while an agent has it", "job %llu", id);
        if (flight->attempt >= action->attempt)
            sim_fail(sim, "a dispatch has no number of its own", "job %llu", id);
    }
}

static void on_dispatch(struct sim *sim, const struct agent_action *action)
{
    struct sim_job *job = sim_job(sim, action->id);
    sim_trace(sim, "core sends job %llu attempt %u to %s by link %llu",
              (unsigned long long)action->id, action->attempt,
              sim->hosts[sim_link_of(sim, action->link)->host].name,
              (unsigned long long)action->link);
    check_dispatch(sim, action, job);
    if (job->n_flights == SIM_FLIGHTS_MAX) {
        sim_fail(sim, "a job is at too many agents", "job %llu", (unsigned long long)action->id);
        return;
    }
    job->flights[job->n_flights++] =
        (struct sim_flight){.link = action->link, .attempt = action->attempt};
}

static void on_revoke(struct sim *sim, const struct agent_action *action)
{
    struct sim_flight *flight = flight_of(sim_job(sim, action->id), action->link, action->attempt);
    sim_trace(sim, "core takes job %llu attempt %u back", (unsigned long long)action->id,
              action->attempt);
    if (flight != NULL && sim->oracle.is_rebalancing && !flight->is_asked)
        flight->is_asked = true;
    else if (flight == NULL || flight->is_revoked)
        sim_fail(sim, "a job is taken from an agent that hasn't got it", "job %llu",
                 (unsigned long long)action->id);
    else
        flight->is_revoked = true;
}

static void on_ended(struct sim *sim, const struct agent_action *action)
{
    struct sim_oracle *oracle = &sim->oracle;
    struct sim_job *job = sim_job(sim, action->id);
    const struct agent_job_record *row = sim_disk_job(sim, action->id);
    unsigned long long id = action->id;
    if (row == NULL || row->state <= AGENT_JOB_RUNNING)
        sim_fail(sim, "an end is told before it is on the disk", "job %llu", id);
    else if (job->is_told)
        sim_fail(sim, "an end is told twice", "job %llu", id);
    else if (job->told_state != 0 && job->told_state != row->state)
        sim_fail(sim, "a job has two ends", "job %llu", id);
    else
        job->told_state = row->state;
    job->is_told = true;
    oracle->told++;
    if (oracle->n_told_now < sizeof oracle->told_now / sizeof oracle->told_now[0])
        oracle->told_now[oracle->n_told_now++] = action->id;
}

static void on_reply(struct sim *sim, const struct agent_action *action)
{
    uint32_t call = sim_client_call(sim, action->token);
    if (call == sim->scenario->n_ops || sim->scenario->ops[call].kind != SIM_OP_SUBMIT ||
        action->reply != AGENT_REPLY_OK)
        return;
    sim_trace(sim, "core acknowledges job %llu%s", (unsigned long long)action->id,
              action->existing ? " that it had" : "");
    if (sim_disk_job(sim, action->id) == NULL)
        sim_fail(sim, "a job is acknowledged before it is on the disk", "job %llu",
                 (unsigned long long)action->id);
}

// It costs nobody anything: the agent has no work, and nothing goes for it.
static void on_load(struct sim *sim, const struct agent_action *action)
{
    const struct sim_oracle *oracle = &sim->oracle;
    const char *name = sim->hosts[sim_link_of(sim, action->link)->host].name;
    if (!action->spare)
        return;
    sim_trace(sim, "core prefetches a model on %s", name);
    sim->result.prefetches++;
    if (!sim->scenario->limits.prefetch)
        sim_fail(sim, "a model is prefetched though that is off", "%s", name);
    if (known_of_link(sim, action->link)->admin != AGENT_ADMIN_NONE)
        sim_fail(sim, "an agent that is held back prefetches", "%s", name);
    if (count_flights(sim, action->link, true) > 0)
        sim_fail(sim, "an agent that has work prefetches", "%s", name);
    if (oracle->unloads_of == action->link && oracle->unload_step == sim->result.steps)
        sim_fail(sim, "a model goes for a prefetch", "%s", name);
}

void sim_oracle_act(struct sim *sim, const struct agent_action *action)
{
    uint32_t agent;
    switch (action->kind) {
    case AGENT_ACTION_APPEND:
        on_append(sim, action);
        break;
    case AGENT_ACTION_DISPATCH:
        on_dispatch(sim, action);
        break;
    case AGENT_ACTION_REVOKE:
        on_revoke(sim, action);
        break;
    case AGENT_ACTION_LOAD:
        on_load(sim, action);
        break;
    case AGENT_ACTION_UNLOAD:
        sim->oracle.unloads_of = action->link;
        sim->oracle.unload_step = sim->result.steps;
        break;
    case AGENT_ACTION_CLOSE:
        lose_flights(sim, action->link);
        break;
    case AGENT_ACTION_ENDED:
        on_ended(sim, action);
        break;
    case AGENT_ACTION_REPLY:
        on_reply(sim, action);
        break;
    case AGENT_ACTION_NOTICE:
        agent = sim_agent_of_name(action->agent);
        if (agent < SIM_AGENTS_MAX && action->notice == AGENT_NOTICE_AGENT_SUSPECT &&
            strncmp(action->text, "silent", 6) == 0)
            sim->oracle.agents[agent].is_suspect = true;
        if (sim->is_trace && action->notice != AGENT_NOTICE_JOB_ASSIGNED)
            sim_trace(sim, "core %s %s: %s", agent_notice_name(action->notice), action->agent,
                      action->text);
        break;
    default:
        break;
    }
}

// ---- what clients hear

void sim_oracle_reply(struct sim *sim, uint32_t index, const struct sim_out *reply)
{
    const struct sim_call *call = &sim->calls[index];
    const struct sim_op *op = &sim->scenario->ops[index];
    if (reply->reply != AGENT_REPLY_OK)
        return;
    struct sim_job *job = sim_job(sim, reply->id);
    const struct agent_job_record *row = sim_disk_job(sim, reply->id);
    if (op->kind == SIM_OP_CANCEL) {
        job->is_cancelled = true;
        if (row != NULL && row->state != AGENT_JOB_CANCELLED)
            sim_fail(sim, "a cancelled job ends otherwise", "job %llu",
                     (unsigned long long)reply->id);
    }
    if (op->kind != SIM_OP_SUBMIT)
        return;
    job->is_acked = true;
    for (uint32_t i = 0; i < sim->scenario->n_ops && call->key[0] != '\0'; i++) {
        const struct sim_call *other = &sim->calls[i];
        if (sim->scenario->ops[i].kind == SIM_OP_SUBMIT && other->job != 0 &&
            other->job != reply->id && strcmp(other->key, call->key) == 0 &&
            strcmp(other->tenant, call->tenant) == 0 && !sim_job(sim, other->job)->is_forgotten)
            sim_fail(sim, "a key has made two jobs", "%s: %llu and %llu", call->key,
                     (unsigned long long)other->job, (unsigned long long)reply->id);
    }
}

// ---- lives of the coordinator

void sim_oracle_died(struct sim *sim)
{
    struct sim_oracle *oracle = &sim->oracle;
    for (uint64_t id = 0; id < oracle->n_jobs; id++) {
        struct sim_job *job = &oracle->jobs[id];
        bool is_there = sim_disk_job(sim, id) != NULL;
        if (job->is_acked && !is_there && !job->is_forgotten)
            sim_fail(sim, "an acknowledged job is lost", "job %llu", (unsigned long long)id);
        if (is_there && job->is_forgotten)
            job->is_forgotten = false; // that got lost
        job->is_told = job->is_appended = job->is_ended = false;
        job->n_flights = 0;
    }
    oracle->told = oracle->n_told_now = 0;
    oracle->has_ticked = false;
}

void sim_oracle_started(struct sim *sim)
{
    memset(sim->oracle.is_poison, 0, sizeof sim->oracle.is_poison);
    for (size_t i = 0; i < sim->disk.n_metas; i++)
        on_meta_append(sim, sim->disk.metas[i].record.meta.key,
                       sim->disk.metas[i].record.meta.value);
    for (uint32_t i = 0; i < SIM_AGENTS_MAX; i++)
        sim->oracle.agents[i] =
            (struct sim_agent_known){.admin = sim_disk_admin(sim, sim->hosts[i].name)};
}

void sim_oracle_finish(struct sim *sim)
{
    free(sim->oracle.jobs);
    free(sim->oracle.credits);
}
