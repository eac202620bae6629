#include "worker_core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/core/planted.h"
#include "worker_state.h"

void agent_worker_text_set(char ret_text[WORKER_TEXT_MAX], const char *text)
{
    snprintf(ret_text, WORKER_TEXT_MAX, "%s", text != NULL ? text : "");
}

void agent_worker_actions_free(struct worker_actions *actions)
{
    free(actions->list);
    memset(actions, 0, sizeof(*actions));
}

struct worker_action *agent_worker_action_add(struct worker_core *core,
                                              enum worker_action_kind kind)
{
    static struct worker_action nowhere; /* written, never read: the step reports the failure */
    struct worker_actions *actions = core->actions;
    if (actions->count == actions->capacity) {
        size_t capacity = actions->capacity == 0 ? 64 : actions->capacity * 2;
        struct worker_action *list = realloc(actions->list, capacity * sizeof(*list));
        if (list == NULL) {
            core->out_of_memory = true;
            return &nowhere;
        }
        actions->list = list;
        actions->capacity = capacity;
    }
    struct worker_action *action = &actions->list[actions->count++];
    memset(action, 0, sizeof(*action));
    action->kind = kind;
    action->device = WORKER_NO_DEVICE;
    return action;
}

static uint32_t bucket_count(uint32_t jobs_max)
{
    uint32_t count = 16;
    while (count < jobs_max)
        count *= 2;
    return count;
}

struct worker_core *agent_worker_core_create(const struct worker_options *options)
{
    if (options->devices == 0 || options->devices > WORKER_DEVICES_MAX || options->jobs_max == 0)
        return NULL;
    struct worker_core *core = calloc(1, sizeof(*core));
    if (core == NULL)
        return NULL;
    uint32_t buckets = bucket_count(options->jobs_max);
    core->settings = options->settings;
    core->n_devices = options->devices;
    core->jobs_max = options->jobs_max;
    core->bucket_mask = buckets - 1;
    core->deadline_next_us = core->retry_next_us = UINT64_MAX;
    core->devices = calloc(options->devices, sizeof(*core->devices));
    core->jobs = calloc(options->jobs_max, sizeof(*core->jobs));
    core->buckets = malloc(buckets * sizeof(*core->buckets));
    core->payloads =
        calloc((size_t)options->devices * WORKER_BATCH_JOBS_MAX, sizeof(*core->payloads));
    if (core->devices == NULL || core->jobs == NULL || core->buckets == NULL ||
        core->payloads == NULL) {
        agent_worker_core_destroy(core, NULL);
        return NULL;
    }
    for (uint32_t i = 0; i < options->devices; i++) {
        core->devices[i].bytes_max = options->device_bytes_max[i];
        core->devices[i].model = core->devices[i].batch_head = NONE;
    }
    for (uint32_t i = 0; i < options->jobs_max; i++)
        core->jobs[i].hash_next = i + 1 < options->jobs_max ? i + 1 : NONE;
    for (uint32_t i = 0; i < buckets; i++)
        core->buckets[i] = NONE;
    for (uint32_t i = 0; i < WORKER_MODELS_MAX; i++)
        core->models[i].queue_head = core->models[i].queue_tail = NONE;
    return core;
}

void agent_worker_core_destroy(struct worker_core *core, void (*drop)(void *payload))
{
    if (core == NULL)
        return;
    for (uint32_t i = 0; core->jobs != NULL && drop != NULL && i < core->jobs_max; i++)
        if (core->jobs[i].state != JOB_FREE)
            drop(core->jobs[i].payload);
    free(core->devices);
    free(core->jobs);
    free(core->buckets);
    free(core->payloads);
    free(core);
}

void agent_worker_core_set(struct worker_core *core, const struct worker_settings *settings)
{
    core->settings = *settings;
}

static void dispatch_refuse(struct worker_core *core, const struct worker_dispatch *dispatch,
                            enum worker_outcome outcome, enum worker_error error, const char *text)
{
    struct worker_action *action = agent_worker_action_add(core, WORKER_DO_RESULT);
    action->ref = dispatch->ref;
    action->payload = dispatch->payload;
    action->outcome = outcome;
    action->error = error;
    agent_worker_text_set(action->text, text);
}

static bool is_usable(const struct worker_core *core)
{
    for (uint32_t i = 0; i < core->n_devices; i++)
        if (core->devices[i].state != WORKER_DEVICE_CORDONED)
            return true;
    return false;
}

/* Why no device takes a batch, now and for a while; NULL: some does. */
static const char *idle_reason(const struct worker_core *core)
{
    const char *reason = "every device of this agent is cordoned";
    for (uint32_t i = 0; i < core->n_devices; i++) {
        const struct device *device = &core->devices[i];
        if (agent_worker_tune_holds(device))
            reason = "the devices of this agent are being tuned";
        else if (device->state != WORKER_DEVICE_CORDONED)
            return NULL;
    }
    return reason;
}

static void on_dispatch(struct worker_core *core, const struct worker_dispatch *dispatch)
{
    if (agent_worker_job_find(core, &dispatch->ref) != NONE) {
        agent_worker_action_add(core, WORKER_DO_DROP)->payload =
            dispatch->payload; /* it is here already */
        return;
    }
    if (core->is_draining) {
        dispatch_refuse(core, dispatch, WORKER_RETURNED, WORKER_ERROR_DRAINING, "draining");
        return;
    }
    if (idle_reason(core) != NULL) {
        dispatch_refuse(core, dispatch, WORKER_RETURNED, WORKER_ERROR_DEVICE, idle_reason(core));
        return;
    }
    if (core->free_head == NONE) {
        dispatch_refuse(core, dispatch, WORKER_RETURNED, WORKER_ERROR_NONE,
                        "this agent holds as many jobs as it may");
        return;
    }
    uint32_t index = agent_worker_model_want(core, dispatch->hash);
    if (index == NONE) {
        dispatch_refuse(core, dispatch, WORKER_RETURNED, WORKER_ERROR_INTERNAL,
                        "256 models are in use");
        return;
    }
    struct model *model = &core->models[index];
    if (model->state == WORKER_MODEL_FAILED) {
        bool is_permanent =
            model->error == WORKER_ERROR_MODEL || model->error == WORKER_ERROR_UNSUPPORTED;
        dispatch_refuse(core, dispatch,
                        is_permanent ? WORKER_FAILED_PERMANENT : WORKER_FAILED_RETRYABLE,
                        model->error, model->text);
        return;
    }
    if (agent_worker_model_is_resident(core, index))
        core->model_hits++;
    else
        core->model_misses++;
    agent_worker_job_enqueue(core, agent_worker_job_create(core, dispatch, index));
    core->schedule_wanted = true;
}

static void on_cancel(struct worker_core *core, const struct worker_ref *ref)
{
    uint32_t index = agent_worker_job_find(core, ref);
    if (index == NONE)
        return;
    if (core->jobs[index].state == JOB_RUNNING) {
        core->jobs[index].is_cancelled = true;
        return;
    }
    agent_worker_job_dequeue(core, index);
    core->jobs[index].is_unwanted = AGENT_PLANTED(WORKER_CANCEL_UNANSWERED);
    agent_worker_job_fail(core, index, WORKER_CANCELLED, WORKER_ERROR_NONE, "");
}

static void on_link_down(struct worker_core *core)
{
    core->is_linked = false;
    agent_worker_tunes_orphan(core);
    if (core->operation != 0 && !AGENT_PLANTED(WORKER_DRAINS_ON))
        core->is_draining = false; /* the coordinator asks again if it still wants that */
    for (uint32_t i = 0; i < core->jobs_max; i++) {
        struct job *job = &core->jobs[i];
        if (job->state == JOB_RUNNING)
            job->is_unwanted = true;
        else if (job->state == JOB_QUEUED && !AGENT_PLANTED(WORKER_KEEPS_QUEUE)) {
            job->is_unwanted = true;
            agent_worker_job_dequeue(core, i);
            agent_worker_job_fail(core, i, WORKER_RETURNED, WORKER_ERROR_NONE, "");
        }
    }
}

static void on_drain(struct worker_core *core, uint64_t operation)
{
    core->is_draining = true;
    core->is_drain_reported = false;
    core->operation = operation;
    agent_worker_tunes_stop(core);
    agent_worker_jobs_fail_queued(core, NONE, WORKER_RETURNED, WORKER_ERROR_DRAINING, "draining");
}

/* A drained agent holds nothing: no job and no model. */
static void drain_finish(struct worker_core *core)
{
    if (!core->is_draining || (core->running > 0 && !AGENT_PLANTED(WORKER_DRAINED_EARLY)) ||
        agent_worker_tunes_any(core))
        return;
    for (uint32_t i = 0; i < WORKER_MODELS_MAX; i++)
        if (!agent_worker_model_in_use(core, i))
            agent_worker_model_evict_everywhere(core, i);
    if (core->is_drain_reported)
        return;
    core->is_drain_reported = true;
    agent_worker_action_add(core, WORKER_DO_DRAINED)->operation = core->operation;
}

/* Without a device that takes batches, the jobs are the coordinator's to place elsewhere. */
static void give_up_finish(struct worker_core *core)
{
    const char *text = idle_reason(core);
    if (text != NULL && !core->is_credit_zero)
        agent_worker_jobs_fail_queued(core, NONE, WORKER_RETURNED, WORKER_ERROR_DEVICE, text);
    if (core->is_credit_zero == (text != NULL) || !core->is_linked)
        return;
    core->is_credit_zero = text != NULL;
    struct worker_action *action = agent_worker_action_add(core, WORKER_DO_CREDIT);
    action->credit = text != NULL ? 0 : core->jobs_max;
    agent_worker_text_set(action->text, text);
}

static void apply(struct worker_core *core, const struct worker_event *event)
{
    switch (event->kind) {
    case WORKER_LINK_UP:
        core->is_linked = true;
        core->is_credit_zero = core->is_credit_zero && AGENT_PLANTED(WORKER_CREDIT_UNSAID);
        core->epoch = event->epoch;
        agent_worker_models_unpin(core);
        return;
    case WORKER_LINK_DOWN:
        on_link_down(core);
        return;
    case WORKER_DISPATCH:
        on_dispatch(core, &event->dispatch);
        return;
    case WORKER_CANCEL:
        on_cancel(core, &event->ref);
        return;
    case WORKER_FETCHED:
    case WORKER_NOT_FETCHED:
    case WORKER_UNLOAD:
    case WORKER_LOAD:
        agent_worker_model_on_event(core, event);
        return;
    case WORKER_STARTED:
        agent_worker_device_on_started(core, event->device);
        return;
    case WORKER_LOADED:
        agent_worker_model_on_loaded(core, event);
        agent_worker_tune_on_loaded(core, event);
        return;
    case WORKER_RAN:
        agent_worker_device_on_ran(core, event);
        return;
    case WORKER_PROGRESS:
        agent_worker_device_on_progress(core, event);
        return;
    case WORKER_DIED:
        agent_worker_device_died(core, event->device, WORKER_ERROR_DIED, event->text);
        return;
    case WORKER_DRAIN:
        on_drain(core, event->operation);
        return;
    case WORKER_RESUME:
        core->is_draining = false;
        return;
    case WORKER_TUNE:
    case WORKER_TUNE_STOP:
    case WORKER_TUNED:
        agent_worker_tune_on_event(core, event);
        return;
    case WORKER_TICK:
        return;
    }
}

bool agent_worker_core_step(struct worker_core *core, const struct worker_event *event,
                            uint64_t now_us, struct worker_actions *actions)
{
    core->actions = actions;
    actions->count = 0;
    if (now_us > core->now_us)
        core->now_us = now_us;
    apply(core, event);
    agent_worker_devices_tick(core);
    agent_worker_jobs_expire(core);
    agent_worker_batches_stop(core);
    agent_worker_models_unload_wanted(core);
    agent_worker_models_retry(core);
    agent_worker_tunes_go(core);
    if (event->kind != WORKER_DISPATCH) {
        agent_worker_schedule(core);
        agent_worker_loads_go(core);
        core->schedule_wanted = false;
    }
    drain_finish(core);
    give_up_finish(core);
    core->actions = NULL;
    return !core->out_of_memory;
}

uint64_t agent_worker_core_next_us(const struct worker_core *core)
{
    if (core->schedule_wanted)
        return 0;
    uint64_t next_us = core->deadline_next_us;
    if (core->retry_next_us < next_us)
        next_us = core->retry_next_us;
    for (uint32_t i = 0; i < core->n_devices; i++)
        if (core->devices[i].state != WORKER_DEVICE_IDLE &&
            core->devices[i].state != WORKER_DEVICE_CORDONED && core->devices[i].due_us < next_us)
            next_us = core->devices[i].due_us;
    uint64_t batch_us = agent_worker_schedule_next_us(core);
    return batch_us < next_us ? batch_us : next_us;
}

bool agent_worker_core_resident(const struct worker_core *core, uint32_t device, uint32_t model)
{
    return core->devices[device].models[model].is_resident;
}

void agent_worker_core_view(const struct worker_core *core, struct worker_view *ret_view)
{
    *ret_view = (struct worker_view){
        .queued = core->queued,
        .running = core->running,
        .model_hits = core->model_hits,
        .model_misses = core->model_misses,
        .is_draining = core->is_draining,
        .is_usable = is_usable(core),
    };
}

void agent_worker_core_device(const struct worker_core *core, uint32_t device, uint64_t now_us,
                              struct worker_device_view *ret_view)
{
    const struct device *from = &core->devices[device];
    memset(ret_view, 0, sizeof(*ret_view));
    ret_view->state = from->state;
    ret_view->failures = from->failures;
    ret_view->restarts = from->restarts;
    ret_view->batches = from->batches;
    ret_view->jobs = from->jobs;
    ret_view->busy_us = from->busy_us;
    if (from->state == WORKER_DEVICE_RUNNING && now_us > from->since_us)
        ret_view->busy_us += now_us - from->since_us;
    ret_view->model_bytes = agent_worker_device_bytes(from);
    agent_worker_text_set(ret_view->reason, from->reason);
}

void agent_worker_core_model(const struct worker_core *core, uint32_t model,
                             struct worker_model_view *ret_view)
{
    const struct model *from = &core->models[model];
    memset(ret_view, 0, sizeof(*ret_view));
    ret_view->state = from->state;
    ret_view->is_resident = agent_worker_model_is_resident(core, model);
    ret_view->is_pinned = from->is_pinned;
    ret_view->is_loading = agent_worker_model_is_loading(core, model);
    ret_view->load_us = from->load_us;
    ret_view->error = from->state == WORKER_MODEL_FAILED ? from->error : WORKER_ERROR_NONE;
    for (uint32_t i = 0; i < core->n_devices; i++)
        ret_view->bytes += core->devices[i].models[model].bytes;
    memcpy(ret_view->hash, from->hash, sizeof(ret_view->hash));
    agent_worker_text_set(ret_view->text, from->text);
}
