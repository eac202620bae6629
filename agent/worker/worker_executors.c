/* The executors' side of the agent: what the core wants done becomes packets, and back. */
#include <stdio.h>
#include <string.h>

#include "agent_log.h"
#include "cx.h"
#include "worker_internal.h"

static void died(struct agent_worker *worker, uint32_t device, const char *text)
{
    agent_worker_later(worker, (struct worker_event){.kind = WORKER_DIED, .device = device}, text);
}

void agent_worker_programs_dir(const struct agent_config *config, char *ret_path, size_t size)
{
    snprintf(ret_path, size, "%.1000s/programs", config->cache_dir);
}

void agent_worker_device_start(struct agent_worker *worker, uint32_t index)
{
    struct worker_device *device = &worker->devices[index];
    char cache_dir[AGENT_CONFIG_TEXT_MAX + 16], error[256];
    agent_worker_programs_dir(&worker->config, cache_dir, sizeof(cache_dir));
    struct executor_process_options options = {
        .path = worker->config.executor_path,
        .device = device->info.id,
        .cache_dir = cache_dir,
        .memory_max = (uint64_t)worker->config.device_memory_max,
        /* The choices stand in the order of enum cx_precision. */
        .precision = worker->config.precision,
    };
    if (agent_executor_process_start(&options, &device->process, error) != 0) {
        died(worker, index, error);
        return;
    }
    device->is_running = true;
    agent_log(AGENT_LOG_INFO, "executor started", LOG_INT("device", index),
              LOG_STR("id", device->info.id), LOG_INT("pid", device->process.pid));
}

void agent_worker_device_kill(struct agent_worker *worker, uint32_t index)
{
    struct worker_device *device = &worker->devices[index];
    char how[128] = "";
    if (!device->is_running)
        return;
    pid_t pid = device->process.pid;
    agent_executor_process_end(&device->process, how);
    device->is_running = false;
    device->counters = (struct executor_counters){
        .program_hits = device->counters.program_hits,
        .program_misses = device->counters.program_misses,
    };
    device->cpu_ticks = 0;
    agent_log(AGENT_LOG_WARNING, "executor ended", LOG_INT("device", index), LOG_INT("pid", pid),
              LOG_STR("how", how));
}

enum worker_error agent_worker_error_of(uint32_t status)
{
    switch ((enum cx_status)status) {
    case CX_OK:
        return WORKER_ERROR_NONE;
    case CX_ARGUMENT:
    case CX_SHAPE:
    case CX_TYPE:
        return WORKER_ERROR_INPUT;
    case CX_IO:
    case CX_FORMAT:
    case CX_LIMIT:
        return WORKER_ERROR_MODEL;
    case CX_UNSUPPORTED:
        return WORKER_ERROR_UNSUPPORTED;
    case CX_MEMORY:
        return WORKER_ERROR_MEMORY;
    case CX_DEVICE:
    case CX_NO_DEVICE:
        return WORKER_ERROR_DEVICE;
    case CX_CANCELLED:
        return WORKER_ERROR_STOPPED;
    case CX_BUILD:
    case CX_INTERNAL:
        return WORKER_ERROR_INTERNAL;
    }
    return WORKER_ERROR_INTERNAL;
}

void agent_worker_device_load(struct agent_worker *worker, uint32_t index, uint32_t model)
{
    union executor_packet packet;
    memset(&packet.load, 0, sizeof(packet.load));
    packet.load.model = model;
    snprintf(packet.load.path, sizeof(packet.load.path), "%s", worker->models[model].path);
    if (agent_executor_packet_send(worker->devices[index].process.socket_fd, &packet,
                                   EXECUTOR_LOAD) != 0)
        died(worker, index, "the executor takes no requests");
}

void agent_worker_device_evict(struct agent_worker *worker, uint32_t index, uint32_t model)
{
    union executor_packet packet;
    memset(&packet.unload, 0, sizeof(packet.unload));
    packet.unload.model = model;
    agent_worker_send_residency(worker, model, index, NET_RESIDENCY_ABSENT, 0, "");
    if (agent_executor_packet_send(worker->devices[index].process.socket_fd, &packet,
                                   EXECUTOR_UNLOAD) != 0)
        died(worker, index, "the executor takes no requests");
}

/* Texts of the other process end where their array does. */
static void text_close(char *text, size_t size)
{
    text[size - 1] = '\0';
}

static bool io_sound(struct executor_io *list, uint32_t n)
{
    if (n > EXECUTOR_TENSORS_MAX)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        text_close(list[i].name, sizeof(list[i].name));
        if (list[i].rank > EXECUTOR_RANK_MAX)
            return false;
    }
    return true;
}

static void on_loaded(struct agent_worker *worker, uint32_t index, struct executor_loaded *loaded)
{
    enum worker_error error = agent_worker_error_of(loaded->status);
    text_close(loaded->text, sizeof(loaded->text));
    bool is_sound =
        io_sound(loaded->inputs, loaded->n_inputs) && io_sound(loaded->outputs, loaded->n_outputs);
    if (loaded->model >= WORKER_MODELS_MAX || (error == WORKER_ERROR_NONE && !is_sound)) {
        died(worker, index, "the executor's answer to a load makes no sense");
        return;
    }
    struct worker_model *model = &worker->models[loaded->model];
    worker->devices[index].counters = loaded->counters;
    if (error == WORKER_ERROR_NONE) {
        model->is_described = true;
        model->n_inputs = loaded->n_inputs;
        model->n_outputs = loaded->n_outputs;
        memcpy(model->inputs, loaded->inputs, sizeof(model->inputs));
        memcpy(model->outputs, loaded->outputs, sizeof(model->outputs));
        agent_log(AGENT_LOG_INFO, "model loaded", LOG_STR("path", model->path),
                  LOG_INT("device", index), LOG_INT("device_bytes", loaded->model_bytes),
                  LOG_INT("load_us", loaded->load_us));
        agent_worker_send_residency(worker, loaded->model, index, NET_RESIDENCY_READY,
                                    loaded->model_bytes, "");
    } else {
        agent_log(AGENT_LOG_WARNING, "model failed to load", LOG_STR("path", model->path),
                  LOG_INT("device", index), LOG_STR("error", loaded->text));
        agent_worker_send_residency(worker, loaded->model, index, NET_RESIDENCY_FAILED, 0,
                                    loaded->text);
    }
    agent_worker_later(worker,
                       (struct worker_event){.kind = WORKER_LOADED,
                                             .device = index,
                                             .model = loaded->model,
                                             .error = error,
                                             .bytes = loaded->model_bytes,
                                             .rows_max = agent_worker_can_batch(model) ? 0 : 1},
                       loaded->text);
}

static void on_ran(struct agent_worker *worker, uint32_t index, struct executor_ran *ran)
{
    struct worker_device *device = &worker->devices[index];
    text_close(ran->text, sizeof(ran->text));
    if (ran->batch != device->batch || ran->n_outputs > EXECUTOR_TENSORS_MAX) {
        died(worker, index, "the executor's answer to a batch makes no sense");
        return;
    }
    device->ran = *ran;
    device->counters = ran->counters;
    agent_worker_later(worker,
                       (struct worker_event){.kind = WORKER_RAN,
                                             .device = index,
                                             .error = agent_worker_error_of(ran->status),
                                             .bytes = ran->model_bytes,
                                             .prepare_us = ran->prepare_us,
                                             .copy_us = ran->copy_us,
                                             .compute_us = ran->compute_us},
                       ran->text);
}

static void on_ready(struct agent_worker *worker, uint32_t index, struct executor_ready *ready)
{
    text_close(ready->text, sizeof(ready->text));
    if (ready->status != CX_OK) {
        died(worker, index, ready->text);
        return;
    }
    agent_worker_later(worker, (struct worker_event){.kind = WORKER_STARTED, .device = index}, "");
}

void agent_worker_device_read(struct agent_worker *worker, uint32_t index)
{
    static union executor_packet packet; /* one thread an agent, one agent a process */
    struct worker_device *device = &worker->devices[index];
    int status = agent_executor_packet_receive(device->process.socket_fd, &packet);
    if (status == 1)
        return;
    if (status != 0) {
        died(worker, index, "the executor died");
    } else if (packet.header.kind == EXECUTOR_READY) {
        on_ready(worker, index, &packet.ready);
    } else if (packet.header.kind == EXECUTOR_LOADED) {
        on_loaded(worker, index, &packet.loaded);
    } else if (packet.header.kind == EXECUTOR_RAN) {
        on_ran(worker, index, &packet.ran);
    } else if (packet.header.kind == EXECUTOR_PROGRESS) {
        struct worker_event event = {
            .kind = WORKER_PROGRESS, .device = index, .is_prepared = packet.progress.total == 0};
        agent_worker_later(worker, event, "");
    } else if (packet.header.kind == EXECUTOR_TUNING || packet.header.kind == EXECUTOR_TUNED) {
        agent_worker_on_tuning(worker, index, &packet.tuned, packet.header.kind == EXECUTOR_TUNED);
    } else {
        died(worker, index, "the executor sent what it may not");
    }
}
