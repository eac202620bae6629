#include "worker_state.h"

#include <string.h>

#include "agent/core/planted.h"

static void batch_add(struct worker_core *core, uint32_t device_index, uint32_t job_index,
                      uint32_t *last, uint32_t row)
{
    struct device *device = &core->devices[device_index];
    struct job *job = &core->jobs[job_index];
    agent_worker_job_dequeue(core, job_index);
    job->state = JOB_RUNNING;
    job->device = device_index;
    job->row = row;
    job->begun_us = core->now_us;
    if (*last == NONE)
        device->batch_head = job_index;
    else
        core->jobs[*last].next = job_index;
    job->prev = *last;
    *last = job_index;
    core->payloads[(size_t)device_index * WORKER_BATCH_JOBS_MAX + device->batch_jobs] =
        job->payload;
    device->batch_jobs++;
    core->models[job->model].running++;
    core->running++;
    struct worker_action *begun = agent_worker_action_add(core, WORKER_DO_BEGUN);
    begun->ref = job->ref;
    begun->device = device_index;
}

static void batch_run(struct worker_core *core, uint32_t device_index, uint32_t model_index)
{
    struct device *device = &core->devices[device_index];
    struct model *model = &core->models[model_index];
    const struct job *head = &core->jobs[model->queue_head];
    uint32_t cap = agent_worker_rows_cap(core, model);
    bool is_shared = agent_worker_job_may_share(head, cap);
    uint32_t room = is_shared ? agent_worker_rows_next(core, device_index, model_index) : 0;
    uint64_t signature = head->signature;
    uint32_t rows = head->rows, last = NONE;
    uint32_t next = head->next;
    batch_add(core, device_index, model->queue_head, &last, 0);
    while (next != NONE && rows < room && device->batch_jobs < WORKER_BATCH_JOBS_MAX) {
        uint32_t i = next;
        next = core->jobs[i].next;
        if (!agent_worker_job_may_share(&core->jobs[i], cap) ||
            core->jobs[i].signature != signature || core->jobs[i].rows > room - rows)
            continue;
        batch_add(core, device_index, i, &last, rows);
        rows += core->jobs[i].rows;
    }
    agent_worker_device_set(core, device_index, WORKER_DEVICE_RUNNING,
                            core->now_us + core->settings.run_us_max);
    device->model = model_index;
    device->is_stopping = false;
    device->models[model_index].used_us = core->now_us;
    struct worker_action *action = agent_worker_action_add(core, WORKER_DO_RUN);
    action->device = device_index;
    action->model = model_index;
    action->n_payloads = device->batch_jobs;
    action->payloads = &core->payloads[(size_t)device_index * WORKER_BATCH_JOBS_MAX];
    action->rows = rows;
    /* One that may not share the batch of today's limit has a size all the same: plans stay few. */
    uint32_t size = agent_batch_size_of(rows <= cap ? cap : model->rows_max, rows);
    device->batch_size = size <= cap ? size : 0;
    action->size = model->rows_max > 1 ? size : 0;
}

void agent_worker_model_load(struct worker_core *core, uint32_t device_index, uint32_t model)
{
    agent_worker_model_make_room(core, device_index, model);
    agent_worker_device_set(core, device_index, WORKER_DEVICE_LOADING,
                            core->now_us + core->settings.load_us_max);
    core->devices[device_index].model = model;
    struct worker_action *action = agent_worker_action_add(core, WORKER_DO_LOAD);
    action->device = device_index;
    action->model = model;
    memcpy(action->hash, core->models[model].hash, WORKER_HASH_SIZE);
}

/* Whether a device should load a model that others may have: when nobody has it, or those that have
 * it are busy and more than a batch waits. */
static bool is_load_worth(const struct worker_core *core, uint32_t model)
{
    bool is_somewhere = false;
    for (uint32_t i = 0; i < core->n_devices; i++) {
        const struct device *device = &core->devices[i];
        if (device->state == WORKER_DEVICE_LOADING && device->model == model)
            return false;
        /* A tuning may take minutes: what waits for its device does not count on it. */
        if (!device->models[model].is_resident || agent_worker_tune_holds(device))
            continue;
        is_somewhere = true;
        if (device->state == WORKER_DEVICE_IDLE)
            return false;
    }
    uint32_t cap = agent_worker_rows_cap(core, &core->models[model]);
    return !is_somewhere || core->models[model].queued > (cap > 1 ? cap : 1);
}

static bool is_more_urgent(const struct job *a, const struct job *b)
{
    if (a->priority != b->priority)
        return a->priority > b->priority;
    return a->arrived_us < b->arrived_us;
}

static bool can_go(const struct worker_core *core, uint32_t device, uint32_t model)
{
    if (core->devices[device].models[model].is_resident)
        return agent_worker_rows_due_us(core, device, model) <= core->now_us;
    return is_load_worth(core, model);
}

static void schedule_device(struct worker_core *core, uint32_t device)
{
    uint32_t best = NONE;
    for (uint32_t i = 0; i < WORKER_MODELS_MAX; i++) {
        const struct model *model = &core->models[i];
        if (model->state != WORKER_MODEL_LOCAL || model->queue_head == NONE)
            continue;
        if ((best == NONE || is_more_urgent(&core->jobs[model->queue_head],
                                            &core->jobs[core->models[best].queue_head])) &&
            can_go(core, device, i))
            best = i;
    }
    if (best == NONE)
        return;
    if (core->devices[device].models[best].is_resident)
        batch_run(core, device, best);
    else
        agent_worker_model_load(core, device, best);
}

void agent_worker_schedule(struct worker_core *core)
{
    /* First those that have the model: a loaded device beats one that would have to load. */
    for (uint32_t i = 0; i < core->n_devices && core->queued > 0; i++)
        if (core->devices[i].state == WORKER_DEVICE_IDLE)
            schedule_device(core, i);
}

/* The idle device with most room; NONE: all have something to do. */
static uint32_t roomiest_idle(const struct worker_core *core)
{
    uint32_t best = NONE;
    uint64_t most = 0;
    for (uint32_t i = 0; i < core->n_devices; i++) {
        const struct device *device = &core->devices[i];
        if (device->state != WORKER_DEVICE_IDLE || agent_worker_tune_holds(device))
            continue;
        uint64_t held = agent_worker_device_bytes(device);
        uint64_t room = device->bytes_max > held ? device->bytes_max - held : 0;
        if (best == NONE || room > most) {
            best = i;
            most = room;
        }
    }
    return best;
}

static bool has_room(const struct worker_core *core, uint32_t device, uint32_t model)
{
    uint64_t held = agent_worker_device_bytes(&core->devices[device]);
    return core->models[model].disk_bytes + held <= core->devices[device].bytes_max;
}

void agent_worker_loads_go(struct worker_core *core)
{
    for (uint32_t i = 0; i < WORKER_MODELS_MAX && !core->is_draining; i++) {
        struct model *model = &core->models[i];
        /* What jobs wait for is loaded by them, where that pays. */
        if ((!model->is_pinned && !model->is_load_wanted) || model->state != WORKER_MODEL_LOCAL ||
            model->queued > 0)
            continue;
        if (agent_worker_model_is_resident(core, i)) {
            model->is_load_wanted = false;
            continue;
        }
        uint32_t device = agent_worker_model_in_use(core, i) ? NONE : roomiest_idle(core);
        if (device != NONE && model->is_spare && !model->is_pinned && !has_room(core, device, i) &&
            !AGENT_PLANTED(WORKER_PREFETCH_EVICTS))
            model->is_load_wanted = false;
        else if (device != NONE)
            agent_worker_model_load(core, device, i);
    }
}

static uint64_t device_next_us(const struct worker_core *core, uint32_t device)
{
    uint64_t next_us = UINT64_MAX;
    for (uint32_t i = 0; i < WORKER_MODELS_MAX; i++) {
        const struct model *model = &core->models[i];
        if (model->state != WORKER_MODEL_LOCAL || model->queue_head == NONE ||
            !core->devices[device].models[i].is_resident)
            continue;
        uint64_t due_us = agent_worker_rows_due_us(core, device, i);
        if (due_us > core->now_us && due_us < next_us)
            next_us = due_us;
    }
    return next_us;
}

uint64_t agent_worker_schedule_next_us(const struct worker_core *core)
{
    uint64_t next_us = UINT64_MAX;
    if (core->queued == 0 || core->settings.batch_delay_us == 0)
        return next_us;
    for (uint32_t i = 0; i < core->n_devices; i++) {
        uint64_t due_us =
            core->devices[i].state == WORKER_DEVICE_IDLE ? device_next_us(core, i) : UINT64_MAX;
        next_us = due_us < next_us ? due_us : next_us;
    }
    return next_us;
}
