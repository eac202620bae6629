#include "worker_state.h"

#include <string.h>

#include "agent/core/planted.h"

static uint32_t *bucket_of(const struct worker_core *core, const struct worker_ref *ref)
{
    uint64_t hash = (ref->job * 0x9e3779b97f4a7c15u) ^ ref->attempt;
    return &core->buckets[(hash >> 20) & core->bucket_mask];
}

static bool ref_equal(const struct worker_ref *a, const struct worker_ref *b)
{
    return a->job == b->job && a->attempt == b->attempt && a->epoch == b->epoch;
}

/* A job that nobody waits for any more is not found: the same one may come again by a new link. */
uint32_t agent_worker_job_find(const struct worker_core *core, const struct worker_ref *ref)
{
    uint32_t index = *bucket_of(core, ref);
    while (index != NONE &&
           (!ref_equal(&core->jobs[index].ref, ref) || core->jobs[index].is_unwanted))
        index = core->jobs[index].hash_next;
    return index;
}

uint32_t agent_worker_job_create(struct worker_core *core, const struct worker_dispatch *dispatch,
                                 uint32_t model)
{
    uint32_t index = core->free_head;
    struct job *job = &core->jobs[index];
    core->free_head = job->hash_next;
    uint32_t *bucket = bucket_of(core, &dispatch->ref);
    *job = (struct job){.ref = dispatch->ref,
                        .model = model,
                        .rows = dispatch->rows,
                        .signature = dispatch->signature,
                        .deadline_us = dispatch->deadline_us,
                        .arrived_us = core->now_us,
                        .priority = dispatch->priority,
                        .device = NONE,
                        .payload = dispatch->payload,
                        .prev = NONE,
                        .next = NONE,
                        .hash_next = *bucket};
    *bucket = index;
    return index;
}

static void job_free(struct worker_core *core, uint32_t index)
{
    struct job *job = &core->jobs[index];
    uint32_t *link = bucket_of(core, &job->ref);
    while (*link != index)
        link = &core->jobs[*link].hash_next;
    *link = job->hash_next;
    memset(job, 0, sizeof(*job));
    job->hash_next = core->free_head;
    core->free_head = index;
}

/* Whether a goes before b. */
static bool goes_before(const struct job *a, const struct job *b)
{
    if (a->priority != b->priority)
        return a->priority > b->priority;
    return a->arrived_us < b->arrived_us;
}

void agent_worker_job_enqueue(struct worker_core *core, uint32_t index)
{
    struct job *job = &core->jobs[index];
    struct model *model = &core->models[job->model];
    uint32_t after = model->queue_tail;
    while (after != NONE && goes_before(job, &core->jobs[after]))
        after = core->jobs[after].prev;
    job->prev = after;
    job->next = after == NONE ? model->queue_head : core->jobs[after].next;
    if (job->prev == NONE)
        model->queue_head = index;
    else
        core->jobs[job->prev].next = index;
    if (job->next == NONE)
        model->queue_tail = index;
    else
        core->jobs[job->next].prev = index;
    job->state = JOB_QUEUED;
    model->queued++;
    core->queued++;
    if (job->deadline_us != 0 && job->deadline_us < core->deadline_next_us)
        core->deadline_next_us = job->deadline_us;
}

void agent_worker_job_dequeue(struct worker_core *core, uint32_t index)
{
    struct job *job = &core->jobs[index];
    struct model *model = &core->models[job->model];
    if (job->prev == NONE)
        model->queue_head = job->next;
    else
        core->jobs[job->prev].next = job->next;
    if (job->next == NONE)
        model->queue_tail = job->prev;
    else
        core->jobs[job->next].prev = job->prev;
    job->prev = job->next = NONE;
    model->queued--;
    core->queued--;
}

void agent_worker_job_answer(struct worker_core *core, uint32_t index,
                             const struct worker_action *result)
{
    const struct job *job = &core->jobs[index];
    if (job->is_unwanted) {
        agent_worker_action_add(core, WORKER_DO_DROP)->payload = job->payload;
    } else {
        struct worker_action *action = agent_worker_action_add(core, WORKER_DO_RESULT);
        *action = *result;
        action->kind = WORKER_DO_RESULT;
        action->ref = job->ref;
        action->payload = job->payload;
        action->row = job->row;
        action->model = job->model;
        if (job->is_cancelled) {
            action->outcome = WORKER_CANCELLED;
            action->error = WORKER_ERROR_NONE;
            action->text[0] = '\0';
        }
    }
    job_free(core, index);
}

void agent_worker_job_fail(struct worker_core *core, uint32_t index, enum worker_outcome outcome,
                           enum worker_error error, const char *text)
{
    struct worker_action result = {
        .device = WORKER_NO_DEVICE,
        .outcome = outcome,
        .error = error,
        .queue_us = core->now_us - core->jobs[index].arrived_us,
    };
    agent_worker_text_set(result.text, text);
    agent_worker_job_answer(core, index, &result);
}

/* Executors died under it. Given back as if it had never run, it would take down one agent after
 * the other and nobody would count. */
static bool is_killer(const struct job *job)
{
    return job->is_solo &&
           (job->solo_error == WORKER_ERROR_DIED || job->solo_error == WORKER_ERROR_HUNG ||
            job->solo_error == WORKER_ERROR_DEVICE);
}

void agent_worker_jobs_fail_queued(struct worker_core *core, uint32_t model,
                                   enum worker_outcome outcome, enum worker_error error,
                                   const char *text)
{
    for (uint32_t m = 0; m < WORKER_MODELS_MAX; m++) {
        if (model != NONE && m != model)
            continue;
        for (uint32_t i; (i = core->models[m].queue_head) != NONE;) {
            bool is_charged = outcome == WORKER_RETURNED && is_killer(&core->jobs[i]);
            agent_worker_job_dequeue(core, i);
            agent_worker_job_fail(core, i, is_charged ? WORKER_FAILED_RETRYABLE : outcome,
                                  is_charged ? core->jobs[i].solo_error : error, text);
        }
    }
}

void agent_worker_jobs_expire(struct worker_core *core)
{
    if (core->now_us < core->deadline_next_us)
        return;
    core->deadline_next_us = UINT64_MAX;
    for (uint32_t i = 0; i < core->jobs_max; i++) {
        struct job *job = &core->jobs[i];
        if (job->state != JOB_QUEUED || job->deadline_us == 0)
            continue;
        if (job->deadline_us <= core->now_us) {
            agent_worker_job_dequeue(core, i);
            agent_worker_job_fail(core, i, WORKER_EXPIRED, WORKER_ERROR_NONE, "");
        } else if (job->deadline_us < core->deadline_next_us &&
                   !AGENT_PLANTED(WORKER_DEADLINE_UNWATCHED)) {
            core->deadline_next_us = job->deadline_us;
        }
    }
}
