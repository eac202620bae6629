/* Tuning, between the coordinator's link, the core and the executors. */
#include <stdio.h>
#include <string.h>

#include "agent_log.h"
#include "cx.h"
#include "worker_internal.h"

bool agent_worker_tune_frame(struct agent_worker *worker, const struct net_frame *frame,
                             struct net_error *err)
{
    struct net_tune tune;
    struct net_tune_stop stop;
    struct worker_event event = {.kind = WORKER_TUNE};
    if (frame->type == NET_MSG_TUNE_STOP) {
        if (net_tune_stop_decode(frame, &stop, err) != NET_OK)
            return false;
        event.kind = WORKER_TUNE_STOP;
        event.operation = stop.operation;
    } else {
        if (net_tune_decode(frame, &tune, err) != NET_OK)
            return false;
        event.operation = tune.operation;
        event.device = tune.device;
        event.rows = tune.rows;
        event.budget_us = (uint64_t)tune.budget_ms * 1000;
        memcpy(event.hash, tune.hash, WORKER_HASH_SIZE);
    }
    agent_worker_apply(worker, &event);
    return true;
}

void agent_worker_device_tune(struct agent_worker *worker, const struct worker_action *action)
{
    struct worker_device *device = &worker->devices[action->device];
    union executor_packet packet;
    memset(&device->tuned, 0, sizeof(device->tuned));
    device->tuning_budget_us = action->budget_us;
    memset(&packet.tune, 0, sizeof(packet.tune));
    packet.tune.model = action->model;
    packet.tune.rows = action->rows;
    packet.tune.budget_us = action->budget_us;
    snprintf(packet.tune.path, sizeof(packet.tune.path), "%s", worker->models[action->model].path);
    agent_log(AGENT_LOG_INFO, "tuning", LOG_STR("path", packet.tune.path),
              LOG_INT("device", action->device), LOG_INT("rows", action->rows));
    if (agent_executor_packet_send(device->process.socket_fd, &packet, EXECUTOR_TUNE) != 0)
        agent_worker_later(worker,
                           (struct worker_event){.kind = WORKER_DIED, .device = action->device},
                           "the executor takes no requests");
}

void agent_worker_device_tune_stop(struct agent_worker *worker, uint32_t index)
{
    union executor_packet packet;
    memset(&packet.tune_stop, 0, sizeof(packet.tune_stop));
    if (agent_executor_packet_send(worker->devices[index].process.socket_fd, &packet,
                                   EXECUTOR_TUNE_STOP) != 0)
        agent_worker_later(worker, (struct worker_event){.kind = WORKER_DIED, .device = index},
                           "the executor takes no requests");
}

static uint32_t ms_of(uint64_t us)
{
    return us / 1000 < UINT32_MAX ? (uint32_t)(us / 1000) : UINT32_MAX;
}

static void send(struct agent_worker *worker, uint64_t operation, uint32_t index,
                 enum net_tuning state, const char *text)
{
    struct net_tune_state message = {
        .operation = operation, .state = (uint8_t)state, .text = net_text_of(text)};
    if (worker->link == NULL || !worker->is_welcome)
        return;
    if (index < worker->n_devices) {
        const struct executor_tuned *tuned = &worker->devices[index].tuned;
        message.kept = tuned->kept != 0;
        message.complete = tuned->complete != 0;
        message.candidates = tuned->candidates;
        message.measured = tuned->measured;
        message.refused = tuned->refused;
        message.changed = tuned->changed;
        message.before_us = tuned->before_us;
        message.after_us = tuned->after_us;
        message.elapsed_ms = ms_of(tuned->elapsed_us);
        message.budget_ms = ms_of(worker->devices[index].tuning_budget_us);
    }
    net_tune_state_encode(&worker->out, &message, NULL);
}

void agent_worker_send_tuning(struct agent_worker *worker, const struct worker_action *action)
{
    static const enum net_tuning states[] = {
        [WORKER_TUNING_WAITING] = NET_TUNING_WAITING,
        [WORKER_TUNING_MEASURING] = NET_TUNING_MEASURING,
        [WORKER_TUNING_LOADING] = NET_TUNING_LOADING,
        [WORKER_TUNING_DONE] = NET_TUNING_DONE,
        [WORKER_TUNING_CANCELLED] = NET_TUNING_CANCELLED,
        [WORKER_TUNING_FAILED] = NET_TUNING_FAILED,
    };
    worker->telemetry_due_us = 0; /* the device's state has changed too */
    if (action->tuning == WORKER_TUNING_WAITING && action->device < worker->n_devices)
        memset(&worker->devices[action->device].tuned, 0, sizeof(struct executor_tuned));
    if (action->tuning >= WORKER_TUNING_DONE)
        agent_log(AGENT_LOG_INFO, "tuning over", LOG_INT("device", action->device),
                  LOG_STR("state", net_tuning_name(states[action->tuning])),
                  LOG_STR("reason", action->text));
    send(worker, action->operation, action->device, states[action->tuning], action->text);
}

void agent_worker_on_tuning(struct agent_worker *worker, uint32_t index,
                            struct executor_tuned *tuned, bool is_over)
{
    struct worker_event event = {.kind = WORKER_PROGRESS, .device = index};
    uint64_t operation = agent_worker_core_tuning(worker->core, index);
    tuned->text[sizeof(tuned->text) - 1] = '\0';
    worker->devices[index].tuned = *tuned;
    if (is_over) {
        event.kind = WORKER_TUNED;
        event.model = tuned->model;
        event.error = agent_worker_error_of(tuned->status);
        event.is_cancelled = tuned->cancelled != 0;
    } else if (operation != 0) {
        send(worker, operation, index, NET_TUNING_MEASURING, tuned->text);
    }
    agent_worker_later(worker, event, tuned->text);
}
