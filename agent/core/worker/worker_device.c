#include "worker_state.h"

#include <stdio.h>
#include <string.h>

bool agent_worker_device_is_alive(const struct device *device)
{
    return device->state == WORKER_DEVICE_STARTING || device->state == WORKER_DEVICE_IDLE ||
           device->state == WORKER_DEVICE_LOADING || device->state == WORKER_DEVICE_RUNNING ||
           device->state == WORKER_DEVICE_TUNING;
}

void agent_worker_device_set(struct worker_core *core, uint32_t index,
                             enum worker_device_state state, uint64_t due_us)
{
    struct device *device = &core->devices[index];
    if (device->state == WORKER_DEVICE_RUNNING)
        device->busy_us += core->now_us - device->since_us;
    device->state = state;
    device->since_us = core->now_us;
    device->due_us = due_us;
    if (state != WORKER_DEVICE_LOADING && state != WORKER_DEVICE_RUNNING &&
        state != WORKER_DEVICE_TUNING)
        device->model = NONE;
}

static void device_tell(struct worker_core *core, uint32_t index)
{
    struct worker_action *action = agent_worker_action_add(core, WORKER_DO_DEVICE);
    action->device = index;
    agent_worker_text_set(action->text, core->devices[index].reason);
}

void agent_worker_device_on_started(struct worker_core *core, uint32_t index)
{
    if (index >= core->n_devices || core->devices[index].state != WORKER_DEVICE_STARTING)
        return;
    agent_worker_device_set(core, index, WORKER_DEVICE_IDLE, UINT64_MAX);
    device_tell(core, index);
}

void agent_worker_device_on_progress(struct worker_core *core, const struct worker_event *event)
{
    if (event->device >= core->n_devices)
        return;
    struct device *device = &core->devices[event->device];
    uint64_t limit_us = event->is_prepared && device->state == WORKER_DEVICE_RUNNING
                            ? core->settings.run_us_max
                            : core->settings.load_us_max;
    if (agent_worker_device_is_alive(device) && device->state != WORKER_DEVICE_IDLE)
        device->due_us = core->now_us + limit_us;
}

/* Takes the first job off a device's batch. */
static uint32_t batch_pop(struct worker_core *core, struct device *device)
{
    uint32_t index = device->batch_head;
    if (index == NONE)
        return NONE;
    struct job *job = &core->jobs[index];
    device->batch_head = job->next;
    device->batch_jobs--;
    job->prev = job->next = NONE;
    job->device = NONE;
    core->models[job->model].running--;
    core->running--;
    return index;
}

/* A job of a batch that came to nothing: once more and alone, so that the one that does it is
 * found; then it is the coordinator's to decide. */
static void job_again(struct worker_core *core, uint32_t index, enum worker_error error,
                      const char *text)
{
    struct job *job = &core->jobs[index];
    bool has_model = core->models[job->model].state == WORKER_MODEL_LOCAL;
    if (job->is_unwanted || job->is_cancelled || job->is_solo || !has_model) {
        agent_worker_job_fail(core, index, WORKER_FAILED_RETRYABLE, error, text);
    } else if (core->is_draining) {
        agent_worker_job_fail(core, index, WORKER_RETURNED, WORKER_ERROR_DRAINING, text);
    } else {
        job->is_solo = true;
        job->solo_error = error;
        agent_worker_job_enqueue(core, index);
    }
}

static uint64_t backoff_us(uint32_t failures)
{
    uint64_t delay_us = BACKOFF_US_MIN;
    for (uint32_t i = 1; i < failures && delay_us < BACKOFF_US_MAX; i++)
        delay_us *= 2;
    return delay_us < BACKOFF_US_MAX ? delay_us : BACKOFF_US_MAX;
}

/* An executor that dies again and again over one model says more of the model than of the device.
 */
static void blame_model(struct worker_core *core, uint32_t index, enum worker_error error,
                        const char *text)
{
    struct model *model = &core->models[index];
    char why[WORKER_TEXT_MAX];
    if (++model->load_deaths < 2)
        return;
    snprintf(why, sizeof(why), "loading it killed the executor twice: %.180s",
             text != NULL ? text : "");
    agent_worker_model_fail(core, index, error, why);
}

void agent_worker_device_died(struct worker_core *core, uint32_t index, enum worker_error error,
                              const char *text)
{
    if (index >= core->n_devices || !agent_worker_device_is_alive(&core->devices[index]))
        return;
    struct device *device = &core->devices[index];
    enum worker_device_state was = device->state;
    uint32_t model = device->model;
    if (was == WORKER_DEVICE_RUNNING)
        agent_worker_rows_died(core, index);
    device->failures++;
    device->restarts++;
    bool is_over = device->failures >= core->settings.failures_max;
    agent_worker_device_set(core, index, is_over ? WORKER_DEVICE_CORDONED : WORKER_DEVICE_DOWN,
                            is_over ? UINT64_MAX : core->now_us + backoff_us(device->failures));
    snprintf(device->reason, sizeof(device->reason), "%.180s%s", text != NULL ? text : "",
             is_over ? "; failed too often" : "");
    agent_worker_action_add(core, WORKER_DO_KILL)->device = index;
    memset(device->models, 0, sizeof(device->models));
    for (uint32_t job; (job = batch_pop(core, device)) != NONE;)
        job_again(core, job, error, text);
    if (was == WORKER_DEVICE_LOADING)
        blame_model(core, model, error, text);
    agent_worker_tune_died(core, index, text);
    device_tell(core, index);
}

/* The part of a job's waiting in which its model was being loaded. */
static uint64_t load_overlap_us(const struct residency *residency, const struct job *job)
{
    uint64_t begin_us =
        residency->load_begun_us > job->arrived_us ? residency->load_begun_us : job->arrived_us;
    uint64_t end_us =
        residency->load_ended_us < job->begun_us ? residency->load_ended_us : job->begun_us;
    return end_us > begin_us ? end_us - begin_us : 0;
}

static void batch_done(struct worker_core *core, uint32_t index, const struct worker_event *event)
{
    struct device *device = &core->devices[index];
    const struct residency *residency = &device->models[device->model];
    uint32_t jobs = device->batch_jobs;
    for (uint32_t i; (i = batch_pop(core, device)) != NONE;) {
        const struct job *job = &core->jobs[i];
        uint64_t load_us = load_overlap_us(residency, job);
        struct worker_action result = {
            .device = index,
            .outcome = WORKER_DONE,
            .batch = jobs,
            .load_us = load_us + event->prepare_us,
            .queue_us = job->begun_us - job->arrived_us - load_us,
            .copy_us = event->copy_us,
            .compute_us = event->compute_us,
        };
        device->jobs++;
        agent_worker_job_answer(core, i, &result);
    }
}

static bool is_wanted(const struct worker_core *core, const struct job *job)
{
    return !job->is_cancelled && !job->is_unwanted &&
           (job->deadline_us == 0 || core->now_us < job->deadline_us);
}

void agent_worker_batches_stop(struct worker_core *core)
{
    for (uint32_t i = 0; i < core->n_devices; i++) {
        struct device *device = &core->devices[i];
        bool any = device->state != WORKER_DEVICE_RUNNING || device->is_stopping;
        for (uint32_t j = device->batch_head; j != NONE && !any; j = core->jobs[j].next)
            any = is_wanted(core, &core->jobs[j]);
        if (any)
            continue;
        device->is_stopping = true;
        agent_worker_action_add(core, WORKER_DO_STOP)->device = i;
    }
}

static void batch_stopped(struct worker_core *core, struct device *device)
{
    for (uint32_t i; (i = batch_pop(core, device)) != NONE;)
        agent_worker_job_fail(core, i, WORKER_EXPIRED, WORKER_ERROR_NONE, "");
}

static void batch_failed(struct worker_core *core, uint32_t index, const struct worker_event *event)
{
    struct device *device = &core->devices[index];
    bool is_permanent = event->error == WORKER_ERROR_INPUT || event->error == WORKER_ERROR_MODEL ||
                        event->error == WORKER_ERROR_UNSUPPORTED;
    /* Inputs of one batch are alike: a wrong one is wrong in all. */
    bool is_crowd = device->batch_jobs > 1 && event->error != WORKER_ERROR_INPUT;
    for (uint32_t i; (i = batch_pop(core, device)) != NONE;) {
        if (is_crowd) /* perhaps it was only too large */
            job_again(core, i, event->error, event->text);
        else
            agent_worker_job_fail(core, i,
                                  is_permanent ? WORKER_FAILED_PERMANENT : WORKER_FAILED_RETRYABLE,
                                  event->error, event->text);
    }
}

void agent_worker_device_on_ran(struct worker_core *core, const struct worker_event *event)
{
    if (event->device >= core->n_devices ||
        core->devices[event->device].state != WORKER_DEVICE_RUNNING)
        return;
    if (event->error == WORKER_ERROR_DEVICE) {
        agent_worker_device_died(core, event->device, WORKER_ERROR_DEVICE, event->text);
        return;
    }
    struct device *device = &core->devices[event->device];
    agent_worker_rows_ran(core, event);
    device->batches++;
    if (event->bytes != 0) /* planning for a new shape has taken more */
        device->models[device->model].bytes = event->bytes;
    device->models[device->model].used_us = core->now_us;
    if (device->failures > 0) {
        device->failures = 0;
        device->reason[0] = '\0';
        device_tell(core, event->device);
    }
    if (event->error == WORKER_ERROR_NONE)
        batch_done(core, event->device, event);
    else if (event->error == WORKER_ERROR_STOPPED && device->is_stopping)
        batch_stopped(core, device);
    else
        batch_failed(core, event->device, event);
    agent_worker_device_set(core, event->device, WORKER_DEVICE_IDLE, UINT64_MAX);
}

void agent_worker_devices_tick(struct worker_core *core)
{
    for (uint32_t i = 0; i < core->n_devices; i++) {
        struct device *device = &core->devices[i];
        if (core->now_us < device->due_us)
            continue;
        if (device->state == WORKER_DEVICE_DOWN) {
            agent_worker_device_set(core, i, WORKER_DEVICE_STARTING,
                                    core->now_us + core->settings.load_us_max);
            agent_worker_action_add(core, WORKER_DO_START)->device = i;
        } else if (agent_worker_device_is_alive(device) && device->state != WORKER_DEVICE_IDLE) {
            agent_worker_device_died(core, i, WORKER_ERROR_HUNG, "the executor stopped answering");
        }
    }
}
