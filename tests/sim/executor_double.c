// A double of the processes that own devices: they load, run and tune in virtual time, and die,
// hang and fail when they are told to. What a real one would never be asked for is a mistake.
#include <string.h>

#include "tests/sim/sim.h"

static void fire_answer(struct sim *sim, const struct sim_event *event);

static void answer_in(struct sim *sim, const struct sim_host *host, uint32_t device, int64_t us)
{
    if (host->slow_until_us > sim->now_us)
        us *= 3;
    const struct sim_executor *executor = &host->executors[device];
    sim_at(sim, sim->now_us + us, fire_answer, (uint64_t)host->instance << 8 | host->index, device,
           executor->generation << 32 | executor->serial);
}

static void note(struct sim *sim, struct sim_host *host, uint32_t device,
                 const struct worker_event *event)
{
    struct sim_note note = {
        .is_executor = true, .event = *event, .generation = host->executors[device].generation};
    note.event.device = device;
    if (note.event.text == NULL)
        note.event.text = "";
    sim_host_note(sim, host, &note);
}

static void died(struct sim *sim, struct sim_host *host, uint32_t device)
{
    struct sim_executor *executor = &host->executors[device];
    executor->is_running = executor->is_open = executor->is_busy = false;
    note(sim, host, device, &(struct worker_event){.kind = WORKER_DIED, .text = "signal 11"});
}

void sim_executor_die(struct sim *sim, uint32_t index, uint32_t device)
{
    struct sim_host *host = &sim->hosts[index];
    if (host->is_up && host->executors[device].is_running)
        died(sim, host, device);
}

// ---- answers

static void loaded(struct sim *sim, struct sim_host *host, uint32_t device)
{
    struct sim_executor *executor = &host->executors[device];
    const struct sim_model *model = &sim->scenario->model[host->model_of[executor->model]];
    struct worker_event event = {
        .kind = WORKER_LOADED, .model = executor->model, .bytes = model->bytes};
    if (model->is_bad)
        event.error = WORKER_ERROR_MODEL;
    else if (executor->load_error != 0)
        event.error = (enum worker_error)executor->load_error;
    else if (executor->full_until_us > sim->now_us)
        event.error = WORKER_ERROR_MEMORY;
    executor->load_error = 0;
    executor->is_resident[executor->model] = event.error == WORKER_ERROR_NONE;
    executor->planned[executor->model] = 0;
    sim_host_residency(sim, host, executor->model,
                       event.error == WORKER_ERROR_NONE ? AGENT_MODEL_RESIDENT
                                                        : AGENT_MODEL_FAILED);
    note(sim, host, device, &event);
}

static void ran(struct sim *sim, struct sim_host *host, uint32_t device)
{
    struct sim_executor *executor = &host->executors[device];
    const struct sim_model *model = &sim->scenario->model[host->model_of[executor->model]];
    struct worker_event event = {.kind = WORKER_RAN,
                                 .bytes = model->bytes,
                                 .prepare_us = executor->is_prepared ? 0 : 20000,
                                 .compute_us = (uint64_t)model->run_us,
                                 .copy_us = 100};
    for (uint32_t i = 0; i < executor->n_batch && !executor->is_stopped; i++) {
        if ((executor->batch[i]->flags & SIM_JOB_POISON) != 0) {
            died(sim, host, device);
            return;
        }
        if ((executor->batch[i]->flags & SIM_JOB_BAD_INPUT) != 0)
            event.error = WORKER_ERROR_INPUT;
    }
    if (executor->run_error != 0)
        event.error = (enum worker_error)executor->run_error;
    executor->run_error = 0;
    if (executor->is_stopped)
        event.error = WORKER_ERROR_STOPPED;
    for (uint32_t i = 0; i < executor->n_batch; i++) {
        executor->batch[i]->device = WORKER_NO_DEVICE;
        executor->batch[i]->is_done = event.error == WORKER_ERROR_NONE;
        if (event.error == WORKER_ERROR_NONE)
            sim_job(sim, executor->batch[i]->ref.job)->runs_done++;
    }
    note(sim, host, device, &event);
}

static void fire_answer(struct sim *sim, const struct sim_event *event)
{
    struct sim_host *host = &sim->hosts[event->a & 255];
    uint32_t device = (uint32_t)event->b;
    struct sim_executor *executor = &host->executors[device];
    if (!host->is_up || host->instance != event->a >> 8 || !executor->is_running ||
        (executor->generation << 32 | executor->serial) != event->c || !executor->is_busy)
        return;
    if (executor->hangs_next) {
        executor->hangs_next = false;
        return; // and stays busy, until it is killed
    }
    executor->is_busy = false;
    struct worker_event tuned = {
        .kind = WORKER_TUNED, .model = executor->model, .is_cancelled = executor->is_cancelled};
    switch (executor->order) {
    case WORKER_DO_START:
        executor->is_open = true;
        note(sim, host, device, &(struct worker_event){.kind = WORKER_STARTED});
        break;
    case WORKER_DO_LOAD:
        loaded(sim, host, device);
        break;
    case WORKER_DO_RUN:
        ran(sim, host, device);
        break;
    default:
        note(sim, host, device, &tuned);
    }
}

// ---- orders

static void take(struct sim_executor *executor, const struct worker_action *action)
{
    executor->is_busy = true;
    executor->is_stopped = false;
    executor->serial++;
    executor->order = action->kind;
    executor->model = action->model;
}

static void run(struct sim *sim, struct sim_host *host, const struct worker_action *action)
{
    struct sim_executor *executor = &host->executors[action->device];
    const struct sim_model *model = &sim->scenario->model[host->model_of[action->model]];
    uint32_t size = action->size != 0 ? action->size : action->rows, bit = 0;
    while (size >> bit > 1 && bit < 15)
        bit++;
    executor->size = size;
    executor->is_prepared = (executor->planned[action->model] >> bit & 1) != 0;
    executor->planned[action->model] |= (uint16_t)(1u << bit);
    executor->n_batch = 0;
    for (uint32_t i = 0; i < action->n_payloads && i < 64; i++)
        executor->batch[executor->n_batch++] = action->payloads[i];
    int64_t us = model->run_us + model->row_us * (int64_t)size;
    answer_in(sim, host, action->device, executor->is_prepared ? us : us + 20 * SIM_MS);
}

void sim_executor_order(struct sim *sim, struct sim_host *host, const struct worker_action *action)
{
    struct sim_executor *executor = &host->executors[action->device];
    uint64_t generation = executor->generation;
    if (action->kind == WORKER_DO_KILL) {
        *executor = (struct sim_executor){.generation = generation + 1,
                                          .full_until_us = executor->full_until_us};
        for (size_t i = 0; i < host->n_payloads; i++) {
            if (host->payloads[i]->device == action->device)
                host->payloads[i]->device = WORKER_NO_DEVICE;
        }
        return;
    }
    if (action->kind == WORKER_DO_START) {
        if (executor->is_running)
            sim_fail(sim, "an executor is started twice", "%s device %u", host->name,
                     action->device);
        executor->is_running = true;
        take(executor, action);
        answer_in(sim, host, action->device, 50 * SIM_MS);
        return;
    }
    if (!executor->is_running) {
        died(sim, host, action->device); // it takes no requests
        return;
    }
    if (executor->is_busy && action->kind != WORKER_DO_EVICT && action->kind != WORKER_DO_STOP &&
        action->kind != WORKER_DO_TUNE_STOP)
        sim_fail(sim, "an executor gets an order before it has answered the last", "%s device %u",
                 host->name, action->device);
    switch (action->kind) {
    case WORKER_DO_LOAD:
        take(executor, action);
        answer_in(sim, host, action->device,
                  sim->scenario->model[host->model_of[action->model]].load_us);
        break;
    case WORKER_DO_EVICT:
        sim_host_residency(sim, host, action->model, AGENT_MODEL_ABSENT);
        executor->is_resident[action->model] = false;
        break;
    case WORKER_DO_RUN:
        if (!executor->is_resident[action->model])
            sim_fail(sim, "a batch runs where its model isn't", "%s device %u", host->name,
                     action->device);
        take(executor, action);
        run(sim, host, action);
        break;
    case WORKER_DO_TUNE:
        take(executor, action);
        executor->is_cancelled = false;
        answer_in(sim, host, action->device, (int64_t)action->budget_us);
        break;
    case WORKER_DO_STOP:
        // Every third batch has one launch that takes as long as all of it.
        executor->is_stopped = executor->serial % 3 != 0;
        if (executor->is_stopped)
            answer_in(sim, host, action->device, SIM_MS);
        break;
    case WORKER_DO_TUNE_STOP:
        executor->is_cancelled = true;
        answer_in(sim, host, action->device, SIM_MS);
        break;
    default:
        sim_fail(sim, "an action that the double doesn't know", "%d", (int)action->kind);
    }
}
