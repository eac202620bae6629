/* How many rows the next batch has: what batch_choice.h says, for the jobs that wait. */
#include "worker_state.h"

uint32_t agent_worker_rows_cap(const struct worker_core *core, const struct model *model)
{
    return model->rows_max < core->settings.batch_rows_max ? model->rows_max
                                                           : core->settings.batch_rows_max;
}

bool agent_worker_job_may_share(const struct job *job, uint32_t cap)
{
    return !job->is_solo && job->rows > 0 && job->rows <= cap;
}

static struct batch_bounds bounds_of(const struct worker_core *core, uint32_t device_index,
                                     uint32_t model)
{
    const struct device *device = &core->devices[device_index];
    const struct worker_settings *settings = &core->settings;
    uint64_t held = agent_worker_device_bytes(device);
    uint32_t cap = agent_worker_rows_cap(core, &core->models[model]);
    uint64_t run_us_max = settings->run_us_max / 2; /* nowhere near what counts as a hang */
    if (settings->batch_us_max > 0 && settings->batch_us_max < run_us_max)
        run_us_max = settings->batch_us_max;
    return (struct batch_bounds){
        .rows_max = cap > 1 ? cap : 1,
        .run_us_max = run_us_max,
        .bytes_free = device->bytes_max > held ? device->bytes_max - held : 0,
    };
}

/* The rows that would go with the first job now, up to the cap. */
static uint32_t rows_ready(const struct worker_core *core, const struct model *model, uint32_t cap)
{
    const struct job *head = &core->jobs[model->queue_head];
    uint32_t rows = 0;
    for (uint32_t i = model->queue_head; i != NONE && rows < cap; i = core->jobs[i].next) {
        const struct job *job = &core->jobs[i];
        if (agent_worker_job_may_share(job, cap) && job->signature == head->signature)
            rows += job->rows;
    }
    return rows < cap ? rows : cap;
}

uint64_t agent_worker_rows_due_us(const struct worker_core *core, uint32_t device, uint32_t model)
{
    const struct job *head = &core->jobs[core->models[model].queue_head];
    uint32_t cap = agent_worker_rows_cap(core, &core->models[model]);
    uint64_t delay_us = core->settings.batch_delay_us;
    if (delay_us == 0 || cap <= 1 || !agent_worker_job_may_share(head, cap))
        return 0;
    const struct batch_choice *choice = &core->devices[device].choices[model];
    struct batch_bounds bounds = bounds_of(core, device, model);
    uint32_t wanted = agent_batch_pick(choice, &bounds, cap, core->now_us);
    if (rows_ready(core, &core->models[model], cap) >= wanted)
        return 0;
    uint64_t due_us = head->arrived_us + delay_us;
    /* Waiting for company must not cost a job its deadline. */
    if (head->deadline_us != 0 && due_us + delay_us > head->deadline_us)
        return 0;
    return due_us;
}

/* The earliest deadline from a time on among the jobs that a batch of that size would take;
 * UINT64_MAX: there is none. */
static uint64_t deadline_of(const struct worker_core *core, const struct model *model, uint32_t cap,
                            uint32_t size, uint64_t from_us)
{
    const struct job *head = &core->jobs[model->queue_head];
    uint64_t deadline_us = UINT64_MAX;
    uint32_t rows = 0;
    for (uint32_t i = model->queue_head; i != NONE && rows < size; i = core->jobs[i].next) {
        const struct job *job = &core->jobs[i];
        if (!agent_worker_job_may_share(job, cap) || job->signature != head->signature ||
            job->rows > size - rows)
            continue;
        rows += job->rows;
        if (job->deadline_us != 0 && job->deadline_us >= from_us && job->deadline_us < deadline_us)
            deadline_us = job->deadline_us;
    }
    return deadline_us;
}

/* A batch ends for all of its jobs at once: no job is to miss its deadline for the company that it
 * was given, nor for a plan that has to be made first. A deadline that not even the smallest batch
 * would keep says nothing. */
uint32_t agent_worker_rows_next(const struct worker_core *core, uint32_t device, uint32_t index)
{
    const struct model *model = &core->models[index];
    const struct batch_choice *choice = &core->devices[device].choices[index];
    struct batch_bounds bounds = bounds_of(core, device, index);
    uint32_t ready = rows_ready(core, model, bounds.rows_max);
    uint32_t size = agent_batch_pick(choice, &bounds, ready, core->now_us);
    uint32_t least = agent_batch_size_of(bounds.rows_max, core->jobs[model->queue_head].rows);
    uint64_t least_us = agent_batch_time_us(choice, &bounds, least);
    uint64_t from_us = least_us == UINT64_MAX ? 0 : core->now_us + least_us;
    for (; size > least; size = agent_batch_size_below(bounds.rows_max, size)) {
        uint64_t deadline_us = deadline_of(core, model, bounds.rows_max, size, from_us);
        uint64_t run_us = agent_batch_time_us(choice, &bounds, size);
        if (deadline_us == UINT64_MAX ||
            (run_us != UINT64_MAX && core->now_us + run_us <= deadline_us))
            return size;
    }
    return least;
}

void agent_worker_rows_ran(struct worker_core *core, const struct worker_event *event)
{
    struct device *device = &core->devices[event->device];
    struct batch_choice *choice = &device->choices[device->model];
    struct batch_bounds bounds = bounds_of(core, event->device, device->model);
    uint64_t held = device->models[device->model].bytes;
    /* From the order to the answer: what the device was taken for, not only its kernels. */
    uint64_t run_us = core->now_us - device->since_us;
    if (device->batch_size == 0)
        return;
    if (event->error == WORKER_ERROR_MEMORY)
        agent_batch_failed(choice, &bounds, device->batch_size, core->now_us);
    else if (event->error == WORKER_ERROR_NONE && event->prepare_us == 0)
        agent_batch_ran(choice, &bounds, device->batch_size, run_us, core->now_us);
    else if (event->error == WORKER_ERROR_NONE)
        agent_batch_planned(choice, &bounds, device->batch_size,
                            event->bytes > held ? event->bytes - held : 0);
}

/* It may have been the size, where that was new, or one of the jobs: those run alone next, and the
 * one that does it again has shown that it was not the size. */
void agent_worker_rows_died(struct worker_core *core, uint32_t index)
{
    struct device *device = &core->devices[index];
    struct batch_choice *choice = &device->choices[device->model];
    struct batch_bounds bounds = bounds_of(core, index, device->model);
    if (core->jobs[device->batch_head].is_solo)
        choice->refused = 0;
    else if (agent_batch_time_us(choice, &bounds, device->batch_size) == UINT64_MAX)
        agent_batch_failed(choice, &bounds, device->batch_size, core->now_us);
}

bool agent_worker_core_batch(const struct worker_core *core, uint32_t device, uint32_t model,
                             struct worker_batch_view *ret_view)
{
    return agent_batch_chosen(&core->devices[device].choices[model], &ret_view->size,
                              &ret_view->rows_per_s);
}
