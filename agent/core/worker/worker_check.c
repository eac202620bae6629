/* What must hold after every step. */
#include "worker_state.h"

static const char *check_queue(const struct worker_core *core, uint32_t index)
{
    const struct model *model = &core->models[index];
    uint32_t count = 0, prev = NONE;
    for (uint32_t i = model->queue_head; i != NONE; i = core->jobs[i].next) {
        const struct job *job = &core->jobs[i];
        if (++count > core->jobs_max)
            return "a model's queue is a circle";
        if (job->state != JOB_QUEUED || job->model != index || job->prev != prev)
            return "a model's queue holds a job that is not its own";
        if (job->deadline_us != 0 && job->deadline_us < core->deadline_next_us)
            return "a queued job's deadline is not watched";
        if (prev != NONE && core->jobs[prev].priority < job->priority)
            return "a queue is not in the order of priorities";
        prev = i;
    }
    if (prev != model->queue_tail || count != model->queued)
        return "a model's queue is not what it counts";
    if (count > 0 && (model->state == WORKER_MODEL_FREE || model->state == WORKER_MODEL_FAILED))
        return "jobs wait for a model that will not come";
    return NULL;
}

static const char *check_device(const struct worker_core *core, uint32_t index)
{
    const struct device *device = &core->devices[index];
    uint32_t count = 0, row = 0;
    for (uint32_t i = device->batch_head; i != NONE; i = core->jobs[i].next) {
        const struct job *job = &core->jobs[i];
        if (++count > core->jobs_max)
            return "a batch is a circle";
        if (job->state != JOB_RUNNING || job->device != index || job->model != device->model)
            return "a batch holds a job that is not its own";
        if (job->row != row)
            return "a job's rows are not where the batch has them";
        row += job->rows;
    }
    if (device->batch_size != 0 && count > 0 && row > device->batch_size)
        return "a batch has more rows than its size";
    if (count != device->batch_jobs)
        return "a batch is not what its device counts";
    if (device->state == WORKER_DEVICE_TUNING &&
        (device->tuning.operation == 0 || device->tuning.model != device->model))
        return "a device is tuned for nobody";
    if ((device->state == WORKER_DEVICE_RUNNING) != (count > 0))
        return "a device runs without a batch, or has one without running";
    if (device->state == WORKER_DEVICE_RUNNING && !device->models[device->model].is_resident)
        return "a batch runs on a device that does not hold its model";
    for (uint32_t m = 0; m < WORKER_MODELS_MAX; m++) {
        if (device->models[m].is_resident && !agent_worker_device_is_alive(device))
            return "a model is resident on a device without a process";
        if (device->models[m].is_resident && core->models[m].state == WORKER_MODEL_FREE)
            return "a model that was forgotten is resident";
    }
    return NULL;
}

static const char *check_counts(const struct worker_core *core)
{
    uint32_t queued = 0, running = 0, free = 0, chained = 0;
    for (uint32_t i = 0; i < core->jobs_max; i++) {
        queued += core->jobs[i].state == JOB_QUEUED;
        running += core->jobs[i].state == JOB_RUNNING;
    }
    for (uint32_t i = core->free_head; i != NONE && free <= core->jobs_max;
         i = core->jobs[i].hash_next)
        free++;
    for (uint32_t b = 0; b <= core->bucket_mask; b++)
        for (uint32_t i = core->buckets[b]; i != NONE && chained <= core->jobs_max;
             i = core->jobs[i].hash_next)
            chained++;
    if (queued != core->queued || running != core->running)
        return "the counts of waiting and running jobs are wrong";
    if (free + queued + running != core->jobs_max || chained != queued + running)
        return "a job's slot is lost";
    return NULL;
}

const char *agent_worker_core_check(const struct worker_core *core)
{
    const char *wrong = check_counts(core);
    for (uint32_t i = 0; i < WORKER_MODELS_MAX && wrong == NULL; i++)
        wrong = check_queue(core, i);
    for (uint32_t i = 0; i < core->n_devices && wrong == NULL; i++)
        wrong = check_device(core, i);
    return wrong;
}
