// The slowest runs, twice. A job that takes several times longer than 99 of 100 runs of its model
// is given to a second agent that has nothing better to do; who is done first counts, the other one
// is told to drop it. At most one dispatch in a hundred is such a hedge, so that it can't add load
// to what is slow because of load.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/core/coord/coord_internal.h"

#define RUNS_MAX 4096 // then old ones fade
#define EVERY_US 20000
#define OLDEST 4 // jobs of an agent that are looked at: it got them first

// Half an octave a bucket, from 64 us.
static uint32_t bucket_of(int64_t us)
{
    uint32_t bucket = 0;
    for (int64_t top = 64; us > top && bucket + 2 < COORD_RUN_BUCKETS; top *= 2)
        bucket += us <= top + top / 2 ? 1 : 2;
    return bucket;
}

static int64_t top_of(uint32_t bucket)
{
    int64_t top = INT64_C(64) << (bucket / 2);
    return bucket % 2 == 1 ? top + top / 2 : top;
}

void agent_coord_hedge_learn(struct agent_coord *core, const struct coord_job *job)
{
    struct coord_runs *runs = &job->model->runs;
    if (job->started_us == 0)
        return;
    runs->counts[bucket_of(core->now_us - job->started_us)]++;
    if (++runs->total < RUNS_MAX)
        return;
    runs->total = 0;
    for (uint32_t i = 0; i < COORD_RUN_BUCKETS; i++) {
        runs->counts[i] /= 2;
        runs->total += runs->counts[i];
    }
}

// What 99 of 100 runs stay below; 0 not known.
static int64_t slow_us(const struct agent_coord *core, const struct coord_runs *runs)
{
    uint32_t above = 0, bucket = COORD_RUN_BUCKETS;
    if (runs->total < core->limits.hedge_runs_min)
        return 0;
    while (bucket > 0 && (above += runs->counts[bucket - 1]) * 100 <= runs->total)
        bucket--;
    return bucket == 0 ? 0 : top_of(bucket - 1);
}

static struct coord_agent *idle_one(const struct agent_coord *core, const struct coord_job *job)
{
    struct coord_agent *best = NULL;
    for (uint32_t i = 0; i < core->n_agents; i++) {
        struct coord_agent *agent = core->agents[i];
        if (agent == NULL || agent == job->agent || agent_coord_killed_on(job, agent) ||
            agent->breaker.state != COORD_BREAKER_CLOSED ||
            agent_coord_rejects(core, agent, job->model) != AGENT_RULE_NONE ||
            agent_coord_model_state_on(job->model, i) != AGENT_MODEL_RESIDENT)
            continue;
        if (best == NULL || agent_coord_agent_holds(agent) < agent_coord_agent_holds(best))
            best = agent;
    }
    return best;
}

static void hedge(struct agent_coord *core, struct coord_job *job, struct coord_agent *agent,
                  int64_t ran_us)
{
    struct coord_hedge *hedge = calloc(1, sizeof *hedge);
    if (hedge == NULL)
        return;
    *hedge = (struct coord_hedge){.job = job, .agent = agent, .attempt = ++job->dispatches};
    TAILQ_INSERT_TAIL(&agent->hedges, hedge, link);
    agent->n_hedges++;
    job->hedge = hedge;
    core->hedged++;
    char text[160];
    snprintf(text, sizeof text, "runs for %" PRId64 " ms already: once more on %.63s",
             ran_us / 1000, agent_coord_chars(agent->name));
    struct agent_text *why = agent_coord_text_new(text);
    agent_coord_job_log(core, job, AGENT_JOB_RUNNING, why);
    agent_coord_text_unref(why);
    int64_t left = job->deadline_us == 0 ? 0 : job->deadline_us - core->now_us;
    agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_DISPATCH,
                                                 .link = agent->link,
                                                 .id = job->id,
                                                 .attempt = hedge->attempt,
                                                 .deadline_us = left});
    agent_coord_agent_refresh(core, agent);
}

// Whether a second run could still be done before the deadline.
static bool has_time(const struct agent_coord *core, const struct coord_job *job)
{
    return job->deadline_us == 0 || core->now_us + job->model->least_us < job->deadline_us;
}

void agent_coord_hedges_tick(struct agent_coord *core)
{
    if ((core->limits.hedge_times == 0 && !core->hedges_wanted) || core->stopping ||
        core->now_us - core->hedges_looked_us < EVERY_US)
        return;
    core->hedges_looked_us = core->now_us;
    for (uint32_t i = 0; i < core->n_agents; i++) {
        struct coord_agent *agent = core->agents[i];
        struct coord_job *job = agent != NULL ? TAILQ_FIRST(&agent->jobs) : NULL;
        for (int n = 0; job != NULL && n < OLDEST; job = TAILQ_NEXT(job, link), n++) {
            uint32_t times =
                job->model->hedge_times != 0 ? job->model->hedge_times : core->limits.hedge_times;
            int64_t slow = slow_us(core, &job->model->runs) * times;
            int64_t ran = core->now_us - job->started_us;
            if (job->state != AGENT_JOB_RUNNING || job->hedge != NULL || slow == 0 || ran <= slow ||
                !has_time(core, job))
                continue;
            if ((core->hedged + 1) * 100 > core->dispatched * core->limits.hedge_share_percent)
                return;
            struct coord_agent *other = idle_one(core, job);
            if (other != NULL)
                hedge(core, job, other, ran);
        }
    }
}

// Off its agent's list. The caller tells the agent, if it must know.
static struct coord_agent *unlink_it(struct coord_hedge *hedge)
{
    struct coord_agent *agent = hedge->agent;
    TAILQ_REMOVE(&agent->hedges, hedge, link);
    agent->n_hedges--;
    hedge->job->hedge = NULL;
    free(hedge);
    return agent;
}

void agent_coord_hedge_drop(struct agent_coord *core, struct coord_job *job)
{
    struct coord_hedge *hedge = job->hedge;
    if (hedge == NULL)
        return;
    struct coord_agent *agent = hedge->agent;
    agent_coord_revoke_at(core, agent, job->id, hedge->attempt);
    unlink_it(hedge);
    agent_coord_agent_refresh(core, agent);
}

void agent_coord_hedges_drop(struct agent_coord *core, struct coord_agent *agent)
{
    struct coord_hedge *hedge;
    while ((hedge = TAILQ_FIRST(&agent->hedges)) != NULL)
        agent_coord_hedge_drop(core, hedge->job);
}

void agent_coord_hedges_lose(struct coord_agent *agent)
{
    struct coord_hedge *hedge;
    while ((hedge = TAILQ_FIRST(&agent->hedges)) != NULL)
        unlink_it(hedge);
}

void agent_coord_hedge_forget(struct coord_job *job)
{
    if (job->hedge != NULL)
        unlink_it(job->hedge);
}

bool agent_coord_hedge_promote(struct agent_coord *core, struct coord_job *job, const char *why)
{
    struct coord_hedge *hedge = job->hedge;
    if (hedge == NULL)
        return false;
    uint32_t attempt = hedge->attempt;
    bool running = hedge->running;
    int64_t started_us = hedge->started_us;
    struct coord_agent *agent = unlink_it(hedge);
    if (job->where == COORD_HELD)
        agent_coord_release(core, job);
    agent_coord_hold_as(core, job, agent, attempt);
    if (running)
        agent_coord_run(core, job, started_us);
    struct agent_text *text = agent_coord_text_new(why);
    agent_coord_job_log(core, job, (enum agent_job_state)job->state, text);
    agent_coord_text_unref(text);
    agent_coord_agent_refresh(core, agent);
    return true;
}

bool agent_coord_hedge_started(struct agent_coord *core, const struct coord_job *job,
                               const struct coord_agent *agent, uint32_t attempt)
{
    struct coord_hedge *hedge = job->hedge;
    if (hedge == NULL || hedge->agent != agent || hedge->attempt != attempt)
        return false;
    hedge->running = true;
    hedge->started_us = core->now_us;
    return true;
}

bool agent_coord_hedge_answered(struct agent_coord *core, struct coord_job *job,
                                struct coord_agent *agent, const struct agent_result *result)
{
    struct coord_hedge *hedge = job->hedge;
    if (hedge == NULL || hedge->agent != agent || hedge->attempt != result->ref.attempt)
        return false;
    if (result->outcome == AGENT_OUTCOME_DONE) {
        agent_coord_revoke(core, job);
        agent_coord_hedge_promote(core, job, "the second one is done first");
        return false; // it is the job's answer now
    }
    unlink_it(hedge); // the first one goes on as if nothing had been
    agent_coord_agent_refresh(core, agent);
    agent_coord_drain_check(core, agent);
    return true;
}
