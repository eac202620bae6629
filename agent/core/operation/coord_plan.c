#include "coord_plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/placement/coord_speed.h"

#define FNV_START 0xcbf29ce484222325u

static uint64_t fnv(uint64_t hash, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * 0x100000001b3u;
    return hash;
}

bool agent_coord_takes_work(const struct coord_agent *agent)
{
    return agent->link != 0 && agent->admin == AGENT_ADMIN_NONE &&
           !agent_coord_agent_doubted(agent) && agent->credit > 0;
}

// At once, or when jobs that it has now have ended.
static bool could_run(const struct agent_coord *core, const struct coord_agent *agent,
                      const struct coord_model *model)
{
    enum agent_rule rule = agent_coord_rejects(core, agent, model);
    return rule == AGENT_RULE_NONE ||
           (agent_coord_rule_passes(rule) && rule != AGENT_RULE_NO_CREDIT);
}

static bool has_other_home(const struct agent_coord *core, const struct coord_agent *agent,
                           const struct coord_model *model)
{
    for (uint32_t slot = 0; slot < core->n_agents; slot++) {
        const struct coord_agent *other = core->agents[slot];
        if (other != NULL && other != agent && could_run(core, other, model))
            return true;
    }
    return false;
}

static bool uses(const struct coord_agent *agent, const struct coord_model *model)
{
    enum agent_model_state state = agent_coord_model_state_on(model, agent->slot);
    if (state == AGENT_MODEL_FAILED)
        return false;
    if (model->queued > 0 || state == AGENT_MODEL_RESIDENT || state == AGENT_MODEL_LOADING)
        return true;
    const struct coord_job *job;
    TAILQ_FOREACH(job, &agent->jobs, link)
    {
        if (job->model == model)
            return true;
    }
    return false;
}

bool agent_coord_is_orphan(const struct agent_coord *core, const struct coord_agent *agent,
                           const struct coord_model *model)
{
    return model != NULL && uses(agent, model) && !has_other_home(core, agent, model);
}

static uint32_t jobs_of(const struct agent_coord *core, const struct coord_model *model)
{
    uint32_t count = model->queued;
    for (uint32_t slot = 0; slot < core->n_agents; slot++) {
        const struct coord_agent *agent = core->agents[slot];
        const struct coord_job *job;
        if (agent == NULL)
            continue;
        TAILQ_FOREACH(job, &agent->jobs, link)
        count += job->model == model;
    }
    return count;
}

uint32_t agent_coord_drain_orphans(const struct agent_coord *core, const char *name,
                                   struct agent_orphan_view *ret_orphans, uint32_t max)
{
    const struct coord_agent *agent = agent_coord_agent_by_name(core, name);
    uint32_t count = 0;
    for (uint32_t i = 0; agent != NULL && i < core->n_models; i++) {
        const struct coord_model *model = core->models[i];
        if (!agent_coord_is_orphan(core, agent, model))
            continue;
        if (count < max)
            ret_orphans[count] = (struct agent_orphan_view){.model = agent_coord_chars(model->name),
                                                            .version = model->version,
                                                            .jobs = jobs_of(core, model)};
        count++;
    }
    return count;
}

// The model's runs over all agents, in the proportion in which this agent is slower or faster.
int64_t agent_coord_run_us(const struct agent_coord *core, const struct coord_agent *agent,
                           const struct coord_model *model)
{
    int64_t here = agent_coord_expect_us(core, agent, model);
    if (here == 0 || model->job_us == 0)
        return model->run_us;
    return (int64_t)((double)model->run_us * (double)here / model->job_us);
}

int64_t agent_coord_job_left_us(const struct agent_coord *core, const struct coord_job *job)
{
    if (job->state != AGENT_JOB_RUNNING || job->agent == NULL)
        return 0;
    int64_t run = agent_coord_run_us(core, job->agent, job->model);
    if (run == 0)
        return -1;
    int64_t left = job->started_us + run - core->now_us;
    return left > 0 ? left : 0;
}

static void count_jobs(const struct agent_coord *core, const struct coord_agent *agent,
                       int64_t deadline_us, struct agent_drain_plan *plan)
{
    const struct coord_job *job;
    TAILQ_FOREACH(job, &agent->jobs, link)
    {
        int64_t left = agent_coord_job_left_us(core, job);
        plan->waiting += job->state != AGENT_JOB_RUNNING;
        plan->running += job->state == AGENT_JOB_RUNNING;
        plan->unmeasured += left < 0;
        plan->overdue += left > deadline_us;
        if (left > plan->expected_us)
            plan->expected_us = left < deadline_us ? left : deadline_us;
    }
}

static void count_others(const struct agent_coord *core, const struct coord_agent *agent,
                         struct agent_drain_plan *plan)
{
    plan->last = true;
    for (uint32_t slot = 0; slot < core->n_agents; slot++) {
        const struct coord_agent *other = core->agents[slot];
        if (other == NULL || !agent_coord_takes_work(other))
            continue;
        plan->credit_total += other->credit;
        if (other == agent) {
            plan->credit = agent->credit;
            continue;
        }
        plan->last = false;
        if (other->credit > agent_coord_agent_holds(other))
            plan->free_others += other->credit - agent_coord_agent_holds(other);
    }
    // An agent that takes no work anyway can't be the last one that does.
    plan->last = plan->last && agent_coord_takes_work(agent);
}

void agent_coord_plan_make(const struct agent_coord *core, const struct coord_agent *agent,
                           int64_t deadline_us, struct agent_drain_plan *ret_plan)
{
    struct agent_drain_plan plan = {0};
    uint64_t who =
        fnv(FNV_START, agent_coord_chars(agent->name), strlen(agent_coord_chars(agent->name)));
    uint64_t others = FNV_START;
    who = fnv(who, agent->instance, sizeof agent->instance);
    who = fnv(who, &agent->admin, sizeof agent->admin);
    count_jobs(core, agent, deadline_us, &plan);
    count_others(core, agent, &plan);
    for (uint32_t i = 0; i < core->n_models; i++) {
        if (!agent_coord_is_orphan(core, agent, core->models[i]))
            continue;
        plan.orphans++;
        others = fnv(others, core->models[i]->hash, AGENT_HASH_SIZE);
    }
    others = fnv(others, &plan.last, sizeof plan.last);
    snprintf(plan.id, sizeof plan.id, "%08" PRIx32 "-%08" PRIx32, (uint32_t)(who ^ who >> 32),
             (uint32_t)(others ^ others >> 32));
    *ret_plan = plan;
}

bool agent_coord_drain_plan(const struct agent_coord *core, const char *name, int64_t deadline_us,
                            struct agent_drain_plan *ret_plan)
{
    const struct coord_agent *agent = agent_coord_agent_by_name(core, name);
    if (agent != NULL)
        agent_coord_plan_make(core, agent, deadline_us, ret_plan);
    return agent != NULL;
}

// Where a job of the model would go as things are now: the least loaded in proportion, one that has
// the model before one that would have to load it.
static const struct coord_agent *destination(const struct agent_coord *core,
                                             const struct coord_agent *from,
                                             const struct coord_model *model)
{
    const struct coord_agent *best = NULL;
    int64_t best_load = 0;
    for (uint32_t slot = 0; slot < core->n_agents; slot++) {
        const struct coord_agent *other = core->agents[slot];
        if (other == NULL || other == from || !could_run(core, other, model))
            continue;
        int64_t load = (int64_t)agent_coord_agent_holds(other) * 1000 / other->credit;
        if (agent_coord_model_state_on(model, slot) != AGENT_MODEL_RESIDENT)
            load += 1000; // a load costs more than a queue
        if (best == NULL || load < best_load) {
            best = other;
            best_load = load;
        }
    }
    return best;
}

uint32_t agent_coord_drain_moves(const struct agent_coord *core, const char *name,
                                 int64_t deadline_us, struct agent_move_view *ret_moves,
                                 uint32_t max)
{
    const struct coord_agent *agent = agent_coord_agent_by_name(core, name);
    const struct coord_model *model = NULL;
    const struct coord_agent *to = NULL;
    uint32_t count = 0;
    const struct coord_job *job;
    if (agent == NULL)
        return 0;
    TAILQ_FOREACH(job, &agent->jobs, link)
    {
        // What runs moves only if it outlasts the deadline.
        int64_t left = agent_coord_job_left_us(core, job);
        if (job->state == AGENT_JOB_RUNNING && left >= 0 && left <= deadline_us)
            continue;
        if (count++ >= max)
            continue;
        if (job->model != model) {
            model = job->model;
            to = destination(core, agent, model);
        }
        ret_moves[count - 1] = (struct agent_move_view){
            .job = job->id,
            .model = agent_coord_chars(model->name),
            .state = job->state,
            .to = to != NULL ? agent_coord_chars(to->name) : "",
            .loads =
                to != NULL && agent_coord_model_state_on(model, to->slot) != AGENT_MODEL_RESIDENT,
        };
    }
    return count;
}
