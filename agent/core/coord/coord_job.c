#include <stdlib.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"

static const char *const state_names[AGENT_JOB_STATES] = {
    [AGENT_JOB_QUEUED] = "queued",   [AGENT_JOB_ASSIGNED] = "assigned",
    [AGENT_JOB_RUNNING] = "running", [AGENT_JOB_DONE] = "done",
    [AGENT_JOB_FAILED] = "failed",   [AGENT_JOB_CANCELLED] = "cancelled",
    [AGENT_JOB_EXPIRED] = "expired",
};

const char *agent_job_state_name(enum agent_job_state state)
{
    return (unsigned)state < AGENT_JOB_STATES ? state_names[state] : "unknown";
}

bool agent_job_state_find(const char *name, enum agent_job_state *ret_state)
{
    for (int i = 0; i < AGENT_JOB_STATES; i++) {
        if (strcmp(state_names[i], name) == 0) {
            *ret_state = (enum agent_job_state)i;
            return true;
        }
    }
    return false;
}

struct coord_job *agent_coord_job_find(const struct agent_coord *core, uint64_t id)
{
    return agent_idpages_get(&core->by_id, id);
}

// FNV-1a, from a start that nobody outside knows.
static uint64_t key_hash_of(const struct agent_coord *core, const char *tenant, const char *key)
{
    uint64_t hash = 0xcbf29ce484222325u ^ core->limits.seed;
    for (; *tenant != '\0'; tenant++)
        hash = (hash ^ (uint8_t)*tenant) * 0x100000001b3u;
    hash *= 0x100000001b3u;
    for (; *key != '\0'; key++)
        hash = (hash ^ (uint8_t)*key) * 0x100000001b3u;
    return hash;
}

struct coord_job *agent_coord_job_by_key(const struct agent_coord *core, const char *tenant,
                                         const char *key)
{
    tenant = agent_coord_tenant_name(tenant);
    struct coord_job *job = agent_idmap_get(&core->by_key, key_hash_of(core, tenant, key));
    while (job != NULL && (strcmp(agent_coord_chars(job->key), key) != 0 ||
                           strcmp(agent_coord_chars(job->tenant_name), tenant) != 0))
        job = job->key_next;
    return job;
}

uint32_t agent_coord_jobs_live(const struct agent_coord *core)
{
    return core->n_where[COORD_PENDING] + core->n_where[COORD_READY] +
           core->n_where[COORD_DELAYED] + core->n_where[COORD_HELD] + core->n_where[COORD_ENDING];
}

struct coord_job *agent_coord_job_new(struct agent_coord *core, uint64_t id,
                                      struct coord_flow *flow, const char *key, bool timed)
{
    // Two waits (admitted, ended), and room for its timer, so that no later step of its life can
    // fail for memory.
    size_t live = (size_t)agent_coord_jobs_live(core) + 1;
    if (!agent_coord_wait_reserve(core, 2) || !agent_heap_reserve(&core->timers, (uint32_t)live))
        return NULL;
    struct coord_job *job = agent_pool_get(&core->job_pool);
    if (job == NULL)
        return NULL;
    *job = (struct coord_job){.id = id};
    const char *tenant = agent_coord_chars(flow->tenant->text);
    uint64_t key_hash = key[0] != '\0' ? key_hash_of(core, tenant, key) : 0;
    job->device = AGENT_NO_DEVICE;
    if (key[0] != '\0') {
        job->key = agent_coord_text_new(key);
        job->key_hash = key_hash;
        job->key_next = agent_idmap_get(&core->by_key, key_hash);
        if (job->key == NULL || !agent_idmap_put(&core->by_key, key_hash, job))
            goto fail;
    }
    if (!agent_idpages_put(&core->by_id, id, job)) {
        if (job->key_next != NULL)
            agent_idmap_put(&core->by_key, key_hash, job->key_next);
        else if (job->key != NULL)
            agent_idmap_remove(&core->by_key, key_hash);
        goto fail;
    }
    job->flow = flow;
    job->model = flow->model;
    job->tenant = flow->tenant;
    job->timed = timed;
    agent_coord_flow_take(core, flow, timed);
    flow->model->refs++;
    flow->tenant->live++;
    job->tenant_name = agent_coord_text_ref(flow->tenant->text);
    TAILQ_INSERT_TAIL(&core->jobs, job, all);
    return job;
fail:
    agent_coord_text_unref(job->key);
    agent_pool_put(&core->job_pool, job);
    return NULL;
}

static void forget_key(struct agent_coord *core, struct coord_job *job)
{
    struct coord_job *first = agent_idmap_get(&core->by_key, job->key_hash);
    if (first == job) {
        if (job->key_next == NULL)
            agent_idmap_remove(&core->by_key, job->key_hash);
        else
            agent_idmap_put(&core->by_key, job->key_hash, job->key_next);
        return;
    }
    while (first->key_next != job)
        first = first->key_next;
    first->key_next = job->key_next;
}

void agent_coord_job_drop_flow(struct agent_coord *core, struct coord_job *job)
{
    if (job->flow == NULL)
        return;
    agent_coord_flow_leave(core, job->flow, job->timed);
    job->tenant->live--;
    job->flow = NULL;
    job->tenant = NULL;
}

static void drop_history(struct agent_coord *core, struct coord_job *job)
{
    if (job->history_room == COORD_HISTORY_FEW)
        agent_pool_put(&core->history_pool, job->history);
    else
        free(job->history);
}

void agent_coord_job_free(struct agent_coord *core, struct coord_job *job)
{
    agent_coord_timer_clear(core, job);
    TAILQ_REMOVE(&core->jobs, job, all);
    agent_idpages_remove(&core->by_id, job->id);
    if (job->key != NULL)
        forget_key(core, job);
    agent_coord_job_drop_flow(core, job);
    job->model->refs--;
    agent_coord_text_unref(job->tenant_name);
    for (uint8_t i = 0; i < job->history_count; i++) {
        agent_coord_text_unref(job->history[i].agent);
        agent_coord_text_unref(job->history[i].text);
    }
    drop_history(core, job);
    free(job->kills);
    agent_coord_hedge_forget(job);
    agent_coord_text_unref(job->agent_name);
    agent_coord_text_unref(job->key);
    agent_coord_text_unref(job->error);
    agent_pool_put(&core->job_pool, job);
}

void agent_coord_job_leave(struct agent_coord *core, struct coord_job *job)
{
    core->n_where[job->where]--;
    if (job->where != COORD_PENDING)
        core->n_state[job->state]--;
    if (job->where == COORD_READY)
        agent_coord_queue_remove(core, job);
    else if (job->where == COORD_HELD)
        TAILQ_REMOVE(&job->agent->jobs, job, link);
    else if (job->where == COORD_ENDED)
        TAILQ_REMOVE(&core->kept, job, link);
}

void agent_coord_job_enter(struct agent_coord *core, struct coord_job *job, enum coord_where where,
                           bool front)
{
    job->where = (uint8_t)where;
    core->n_where[where]++;
    if (where != COORD_PENDING)
        core->n_state[job->state]++;
    if (where == COORD_READY) {
        agent_coord_queue_push(core, job, front);
    } else if (where == COORD_HELD) {
        TAILQ_INSERT_TAIL(&job->agent->jobs, job, link);
    } else if (where == COORD_ENDED) {
        agent_coord_job_drop_flow(core, job);
        TAILQ_INSERT_TAIL(&core->kept, job, link);
    }
    if (where == COORD_READY || where == COORD_HELD) {
        if (job->deadline_us != 0)
            agent_coord_timer_set(core, job);
        else
            agent_coord_timer_clear(core, job);
    }
}

void agent_coord_job_set_state(struct agent_coord *core, struct coord_job *job,
                               enum agent_job_state state)
{
    core->n_state[job->state]--;
    job->state = (uint8_t)state;
    core->n_state[state]++;
}

static bool grow_history(struct agent_coord *core, struct coord_job *job)
{
    bool few = job->history_room == 0;
    struct coord_history *history =
        few ? agent_pool_get(&core->history_pool) : malloc(COORD_HISTORY_MAX * sizeof *history);
    if (history == NULL)
        return false;
    if (job->history_count > 0)
        memcpy(history, job->history, job->history_count * sizeof *history);
    drop_history(core, job);
    job->history = history;
    job->history_room = few ? COORD_HISTORY_FEW : COORD_HISTORY_MAX;
    return true;
}

// Where an entry goes when all are taken: the first two stay, as they say how it began.
static struct coord_history *next_entry(struct agent_coord *core, struct coord_job *job)
{
    if (job->history_count < job->history_room)
        return &job->history[job->history_count++];
    if (job->history_room < COORD_HISTORY_MAX) {
        if (grow_history(core, job))
            return &job->history[job->history_count++];
        if (job->history_count < COORD_HISTORY_MAX)
            return NULL;
    }
    struct coord_history *oldest = &job->history[2];
    agent_coord_text_unref(oldest->agent);
    agent_coord_text_unref(oldest->text);
    memmove(oldest, oldest + 1, (size_t)(job->history_count - 3) * sizeof *oldest);
    return &job->history[job->history_count - 1];
}

void agent_coord_job_log_decision(struct agent_coord *core, struct coord_job *job,
                                  uint64_t decision)
{
    struct coord_history *entry = next_entry(core, job);
    if (entry == NULL)
        return;
    *entry = (struct coord_history){
        .time_us = core->now_us,
        .decision = decision,
        .agent = agent_coord_text_ref(job->agent->name),
        .attempt = job->attempt,
        .state = AGENT_JOB_ASSIGNED,
    };
}

void agent_coord_job_log(struct agent_coord *core, struct coord_job *job,
                         enum agent_job_state state, struct agent_text *text)
{
    struct coord_history *entry = next_entry(core, job);
    if (entry == NULL)
        return;
    *entry = (struct coord_history){
        .time_us = core->now_us,
        .agent = job->agent != NULL ? agent_coord_text_ref(job->agent->name) : NULL,
        .text = agent_coord_text_ref(text),
        .attempt = job->attempt,
        .state = (uint8_t)state,
    };
}
