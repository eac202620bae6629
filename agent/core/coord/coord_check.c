// Counts again from the lists. A difference is a mistake of ours, which tests must see.
#include <inttypes.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/placement/coord_index.h"

#define CHECK(condition, ...)                                     \
    do {                                                          \
        if (!(condition)) {                                       \
            agent_error_set(err, AGENT_ERR_CORRUPT, __VA_ARGS__); \
            return false;                                         \
        }                                                         \
    } while (0)

struct counts {
    uint32_t where[COORD_WHERES], state[AGENT_JOB_STATES], retrying, timers;
    uint64_t input_bytes, output_bytes;
};

static bool check_job(const struct agent_coord *core, const struct coord_job *job,
                      struct counts *counts, struct agent_error *err)
{
    counts->where[job->where]++;
    counts->retrying += job->retrying;
    counts->timers += agent_heap_has(&job->timer);
    if (job->where != COORD_PENDING)
        counts->state[job->state]++;
    if (job->where == COORD_ENDED)
        counts->output_bytes += job->output_bytes;
    else
        counts->input_bytes += job->input_bytes;
    CHECK(agent_coord_job_find(core, job->id) == job, "job %" PRIu64 " can't be found", job->id);
    CHECK(job->key == NULL || agent_coord_job_by_key(core, agent_coord_chars(job->tenant_name),
                                                     job->key->chars) == job,
          "job %" PRIu64 " can't be found by its key", job->id);
    CHECK((job->where == COORD_HELD) == (job->agent != NULL),
          "job %" PRIu64 " is held by nobody or holds on", job->id);
    CHECK(job->where != COORD_HELD ||
              (job->state == AGENT_JOB_ASSIGNED || job->state == AGENT_JOB_RUNNING),
          "held job %" PRIu64 " is %s", job->id, agent_job_state_name(job->state));
    CHECK((job->where != COORD_READY && job->where != COORD_DELAYED) ||
              job->state == AGENT_JOB_QUEUED,
          "waiting job %" PRIu64 " is %s", job->id, agent_job_state_name(job->state));
    CHECK(job->where != COORD_DELAYED || agent_heap_has(&job->timer),
          "job %" PRIu64 " waits for ever", job->id);
    CHECK(job->where < COORD_ENDING || !agent_heap_has(&job->timer),
          "ended job %" PRIu64 " has a timer", job->id);
    CHECK(job->failures <= core->attempts_most || job->where == COORD_ENDED,
          "job %" PRIu64 " was tried too often", job->id);
    return true;
}

static bool check_agents(const struct agent_coord *core, struct agent_error *err)
{
    uint32_t held = 0, open = 0;
    for (uint32_t i = 0; i < core->n_agents; i++) {
        const struct coord_agent *agent = core->agents[i];
        if (agent == NULL)
            continue;
        const char *name = agent_coord_chars(agent->name);
        uint32_t assigned = 0, running = 0;
        const struct coord_job *job;
        TAILQ_FOREACH(job, &agent->jobs, link)
        {
            CHECK(job->agent == agent, "%s lists a job of another", name);
            assigned += job->state == AGENT_JOB_ASSIGNED;
            running += job->state == AGENT_JOB_RUNNING;
        }
        CHECK(assigned == agent->assigned && running == agent->running, "%s counts wrong", name);
        CHECK(agent->link != 0 || agent_coord_agent_holds(agent) == 0, "%s is lost but holds work",
              name);
        const struct coord_job *probe = agent_coord_job_find(core, agent->breaker.probe);
        CHECK(agent->breaker.probe == 0 || (probe != NULL && probe->agent == agent),
              "%s waits for a probe that it does not have", name);
        CHECK(agent->revoked_count <= agent->revoked_room, "%s has too many revoked", name);
        CHECK(agent->link == 0 || agent_coord_agent_by_link(core, agent->link) == agent,
              "%s can't be found by its link", name);
        uint32_t hedges = 0;
        const struct coord_hedge *hedge;
        TAILQ_FOREACH(hedge, &agent->hedges, link)
        {
            CHECK(hedge->agent == agent && hedge->job->hedge == hedge &&
                      hedge->job->agent != agent && hedge->job->where == COORD_HELD,
                  "%s has a second run of a job that nobody holds", name);
            hedges++;
        }
        CHECK(hedges == agent->n_hedges, "%s counts second runs wrong", name);
        held += assigned + running;
        open += agent->open;
    }
    CHECK(held == core->n_where[COORD_HELD], "agents hold %" PRIu32 " jobs, not %" PRIu32, held,
          core->n_where[COORD_HELD]);
    CHECK(open == core->open_agents, "open agents");
    CHECK(agent_coord_index_check(core), "the index of agents is wrong");
    CHECK(agent_coord_residency_check(core), "which agent has which model counts wrong");
    return true;
}

static bool check_queue(const struct coord_flow *flow, const struct coord_jobs *queue, int priority,
                        bool timed, uint32_t *queued, struct agent_error *err)
{
    const struct coord_job *job;
    TAILQ_FOREACH(job, queue, link)
    {
        CHECK(job->flow == flow && job->where == COORD_READY && job->priority == priority &&
                  (job->deadline_us != 0) == timed && agent_heap_has(&job->urgency) == timed,
              "job %" PRIu64 " is in the wrong queue", job->id);
        (*queued)++;
    }
    return true;
}

static bool check_flow(const struct agent_coord *core, const struct coord_flow *flow,
                       struct agent_error *err)
{
    uint32_t queued = 0;
    for (int i = 0; i < AGENT_PRIORITIES; i++) {
        if (!check_queue(flow, &flow->queues[i], i, false, &queued, err) ||
            (flow->timed != NULL &&
             !check_queue(flow, &flow->timed[i].jobs, i, true, &queued, err)))
            return false;
    }
    CHECK(queued == flow->queued, "a flow counts its queue wrong");
    CHECK(flow->refs >= queued, "a flow has more jobs than it was taken for");
    CHECK((queued == 0) == (flow->where == COORD_FLOW_EMPTY) &&
              (flow->where == COORD_FLOW_WAITING) == agent_heap_has(&flow->turn),
          "a flow is not where its jobs are");
    const struct coord_job *head = agent_coord_queue_head(core, flow);
    CHECK((head == NULL) == (queued == 0), "a flow with jobs has no head");
    return true;
}

static bool check_queues(const struct agent_coord *core, struct agent_error *err)
{
    uint32_t ready = 0, of_models = 0, waiting = 0;
    const struct coord_tenant *tenant;
    TAILQ_FOREACH(tenant, &core->tenants, all)
    {
        uint32_t queued = 0, flows = 0;
        const struct coord_flow *flow;
        LIST_FOREACH(flow, &tenant->flows, of_tenant)
        {
            if (!check_flow(core, flow, err))
                return false;
            queued += flow->queued;
            flows += flow->where == COORD_FLOW_WAITING;
        }
        CHECK(queued == tenant->queued && flows == tenant->waiting.count,
              "tenant %s counts its queues wrong", tenant->named.name);
        CHECK((flows > 0) == agent_heap_has(&tenant->turn), "tenant %s misses its turn",
              tenant->named.name);
        waiting += flows > 0;
        ready += queued;
    }
    for (int i = 0; i < AGENT_PRIORITIES; i++)
        waiting -= core->turns.classes[i].count;
    CHECK(waiting == 0, "the classes hold another number of tenants than wait");
    for (uint32_t i = 0; i < core->n_models; i++)
        of_models += core->models[i] != NULL ? core->models[i]->queued : 0;
    CHECK(ready == core->n_where[COORD_READY], "the queues hold %" PRIu32 ", not %" PRIu32, ready,
          core->n_where[COORD_READY]);
    CHECK(ready == of_models, "models count queued jobs wrong");
    return true;
}

bool agent_coord_check(const struct agent_coord *core, struct agent_error *err)
{
    struct counts counts = {0};
    uint64_t last = 0;
    const struct coord_job *job;
    TAILQ_FOREACH(job, &core->jobs, all)
    {
        CHECK(job->id > last, "jobs are out of order");
        last = job->id;
        if (!check_job(core, job, &counts, err))
            return false;
    }
    for (int i = 0; i < COORD_WHERES; i++)
        CHECK(counts.where[i] == core->n_where[i], "place %d counts wrong", i);
    for (int i = 0; i < AGENT_JOB_STATES; i++)
        CHECK(counts.state[i] == core->n_state[i], "state %s counts wrong",
              agent_job_state_name((enum agent_job_state)i));
    CHECK(counts.retrying == core->n_retrying, "retries count wrong");
    CHECK(counts.timers == core->timers.count, "timers count wrong");
    CHECK(counts.input_bytes == core->input_bytes, "input bytes count wrong");
    CHECK(counts.output_bytes + agent_coord_kept_bytes(core) == core->output_bytes,
          "output bytes count wrong");
    uint32_t ending = 0;
    for (size_t i = 0; i < core->waits_count; i++) {
        const struct coord_wait *wait = &core->waits[(core->waits_first + i) % core->waits_room];
        ending += wait->kind == COORD_WAIT_END;
        CHECK(wait->seq > core->committed, "a wait outlived its commit");
    }
    CHECK(ending == core->n_where[COORD_ENDING], "ends that wait for the ledger count wrong");
    return check_agents(core, err) && check_queues(core, err);
}
