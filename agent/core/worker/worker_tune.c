/* Tuning: a device measures kernels for a model and takes no batches meanwhile. Begun as soon as
 * the model is here and the device idle; at its end the model is loaded again, so that what was
 * chosen is in force when it is reported. It outlives the link: a coordinator that comes back asks
 * for the same operation and hears how far it is, or how it ended. */
#include "worker_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A coordinator asks for its operations as soon as it has heard HELLO. */
enum { CLAIM_US = 10000000 };

static void tell(struct worker_core *core, uint32_t device, uint64_t operation,
                 enum worker_tuning state, const char *text)
{
    struct worker_action *action = agent_worker_action_add(core, WORKER_DO_TUNE_STATE);
    action->device = device;
    action->operation = operation;
    action->tuning = state;
    agent_worker_text_set(action->text, text);
}

static void state_set(struct worker_core *core, uint32_t index, enum worker_tuning state)
{
    struct tuning *tuning = &core->devices[index].tuning;
    tuning->state = state;
    tell(core, index, tuning->operation, state, "");
}

static void end(struct worker_core *core, uint32_t index, enum worker_tuning state,
                const char *text)
{
    struct device *device = &core->devices[index];
    struct tuning *tuning = &device->tuning;
    uint64_t operation = tuning->operation;
    device->tuned = (struct tuning_end){.operation = operation, .state = state};
    memcpy(device->tuned.hash, core->models[tuning->model].hash, WORKER_HASH_SIZE);
    agent_worker_text_set(device->tuned.text, text);
    memset(tuning, 0, sizeof(*tuning));
    tell(core, index, operation, state, text);
}

bool agent_worker_tune_holds(const struct device *device)
{
    return device->tuning.operation != 0 && device->tuning.state != WORKER_TUNING_WAITING;
}

bool agent_worker_tunes_any(const struct worker_core *core)
{
    for (uint32_t i = 0; i < core->n_devices; i++)
        if (core->devices[i].tuning.operation != 0)
            return true;
    return false;
}

uint64_t agent_worker_core_tuning(const struct worker_core *core, uint32_t device)
{
    return core->devices[device].tuning.operation;
}

/* One that runs or ran here already, of a coordinator that was away. Another's numbers may be the
 * same: the model tells. */
static bool is_known(struct worker_core *core, const struct worker_event *event)
{
    if (event->device >= core->n_devices)
        return false;
    struct device *device = &core->devices[event->device];
    struct tuning *tuning = &device->tuning;
    if (tuning->operation == event->operation &&
        memcmp(core->models[tuning->model].hash, event->hash, WORKER_HASH_SIZE) == 0) {
        tuning->is_orphan = false;
        state_set(core, event->device, tuning->state);
        return true;
    }
    if (tuning->operation != 0 || device->tuned.operation != event->operation ||
        memcmp(device->tuned.hash, event->hash, WORKER_HASH_SIZE) != 0)
        return false;
    tell(core, event->device, event->operation, device->tuned.state, device->tuned.text);
    return true;
}

static void on_tune(struct worker_core *core, const struct worker_event *event)
{
    char text[WORKER_TEXT_MAX] = "";
    uint32_t model = NONE;
    struct device *device = event->device < core->n_devices ? &core->devices[event->device] : NULL;
    if (is_known(core, event))
        return;
    if (device == NULL)
        snprintf(text, sizeof(text), "this agent has no device %" PRIu32, event->device);
    else if (core->is_draining)
        snprintf(text, sizeof(text), "the agent is draining");
    else if (device->tuning.operation != 0)
        snprintf(text, sizeof(text), "operation %" PRIu64 " tunes this device already",
                 device->tuning.operation);
    else if ((model = agent_worker_model_want(core, event->hash)) == NONE)
        snprintf(text, sizeof(text), "256 models are in use");
    if (text[0] != '\0') {
        tell(core, WORKER_NO_DEVICE, event->operation, WORKER_TUNING_FAILED, text);
        return;
    }
    device->tuning = (struct tuning){.operation = event->operation,
                                     .model = model,
                                     .rows = event->rows,
                                     .budget_us = event->budget_us};
    state_set(core, event->device, WORKER_TUNING_WAITING);
}

static void stop(struct worker_core *core, uint32_t index)
{
    struct device *device = &core->devices[index];
    if (device->tuning.is_stopping)
        return;
    device->tuning.is_stopping = true;
    if (device->state == WORKER_DEVICE_TUNING)
        agent_worker_action_add(core, WORKER_DO_TUNE_STOP)->device = index;
}

void agent_worker_tunes_stop(struct worker_core *core)
{
    for (uint32_t i = 0; i < core->n_devices; i++)
        if (core->devices[i].tuning.operation != 0)
            stop(core, i);
}

void agent_worker_tunes_orphan(struct worker_core *core)
{
    for (uint32_t i = 0; i < core->n_devices; i++) {
        core->devices[i].tuning.is_orphan = core->devices[i].tuning.operation != 0;
        core->devices[i].tuning.claim_by_us = 0;
    }
}

/* A coordinator is here again that does not know of it, or has ended it meanwhile. */
static void check_orphan(struct worker_core *core, uint32_t index)
{
    struct tuning *tuning = &core->devices[index].tuning;
    if (!tuning->is_orphan || !core->is_linked)
        return;
    if (tuning->claim_by_us == 0)
        tuning->claim_by_us = core->now_us + CLAIM_US;
    else if (core->now_us >= tuning->claim_by_us)
        stop(core, index);
}

static void on_stop(struct worker_core *core, uint64_t operation)
{
    for (uint32_t i = 0; i < core->n_devices; i++)
        if (operation != 0 && core->devices[i].tuning.operation == operation)
            stop(core, i);
}

static void on_tuned(struct worker_core *core, const struct worker_event *event)
{
    if (event->device >= core->n_devices)
        return;
    struct device *device = &core->devices[event->device];
    if (device->state != WORKER_DEVICE_TUNING || device->model != event->model)
        return;
    if (event->error == WORKER_ERROR_DEVICE) {
        agent_worker_device_died(core, event->device, WORKER_ERROR_DEVICE, event->text);
        return;
    }
    agent_worker_device_set(core, event->device, WORKER_DEVICE_IDLE, UINT64_MAX);
    if (event->error != WORKER_ERROR_NONE) {
        /* Loaded for the tuning alone, perhaps: nobody else would have it unloaded. */
        if (!device->models[event->model].is_resident)
            agent_worker_model_unload(core, event->device, event->model);
        end(core, event->device, WORKER_TUNING_FAILED, event->text);
        return;
    }
    device->tuning.was_cancelled = event->is_cancelled;
    memset(&device->models[event->model], 0, sizeof(device->models[event->model]));
    agent_worker_model_load(core, event->device, event->model);
    state_set(core, event->device, WORKER_TUNING_LOADING);
}

void agent_worker_tune_on_event(struct worker_core *core, const struct worker_event *event)
{
    if (event->kind == WORKER_TUNE)
        on_tune(core, event);
    else if (event->kind == WORKER_TUNE_STOP)
        on_stop(core, event->operation);
    else
        on_tuned(core, event);
}

void agent_worker_tune_on_loaded(struct worker_core *core, const struct worker_event *event)
{
    if (event->device >= core->n_devices)
        return;
    const struct device *device = &core->devices[event->device];
    const struct tuning *tuning = &device->tuning;
    if (tuning->operation == 0 || tuning->state != WORKER_TUNING_LOADING ||
        tuning->model != event->model || device->state != WORKER_DEVICE_IDLE)
        return;
    char text[WORKER_TEXT_MAX];
    if (event->error == WORKER_ERROR_NONE) {
        end(core, event->device,
            tuning->was_cancelled ? WORKER_TUNING_CANCELLED : WORKER_TUNING_DONE, "");
        return;
    }
    snprintf(text, sizeof(text), "tuned, but the model could not be loaded again: %.180s",
             event->text != NULL ? event->text : "");
    end(core, event->device, WORKER_TUNING_FAILED, text);
}

void agent_worker_tune_died(struct worker_core *core, uint32_t index, const char *text)
{
    if (agent_worker_tune_holds(&core->devices[index]))
        end(core, index, WORKER_TUNING_FAILED, text);
}

static void begin(struct worker_core *core, uint32_t index)
{
    struct device *device = &core->devices[index];
    uint32_t model = device->tuning.model;
    if (!device->models[model].is_resident)
        agent_worker_model_make_room(core, index, model);
    agent_worker_device_set(core, index, WORKER_DEVICE_TUNING,
                            core->now_us + core->settings.load_us_max);
    device->model = model;
    struct worker_action *action = agent_worker_action_add(core, WORKER_DO_TUNE);
    action->device = index;
    action->model = model;
    action->rows = device->tuning.rows;
    action->budget_us = device->tuning.budget_us;
    state_set(core, index, WORKER_TUNING_MEASURING);
}

void agent_worker_tunes_go(struct worker_core *core)
{
    for (uint32_t i = 0; i < core->n_devices; i++) {
        struct device *device = &core->devices[i];
        const struct tuning *tuning = &device->tuning;
        check_orphan(core, i);
        if (tuning->operation == 0 || tuning->state != WORKER_TUNING_WAITING)
            continue;
        const struct model *model = &core->models[tuning->model];
        if (tuning->is_stopping)
            end(core, i, WORKER_TUNING_CANCELLED, "");
        else if (model->state == WORKER_MODEL_FAILED)
            end(core, i, WORKER_TUNING_FAILED, model->text);
        else if (device->state == WORKER_DEVICE_CORDONED)
            end(core, i, WORKER_TUNING_FAILED, "the device is cordoned");
        else if (device->state == WORKER_DEVICE_IDLE && model->state == WORKER_MODEL_LOCAL)
            begin(core, i);
    }
}
