#include "worker_state.h"

#include <string.h>

uint32_t agent_worker_model_find(const struct worker_core *core, const uint8_t *hash)
{
    for (uint32_t i = 0; i < WORKER_MODELS_MAX; i++)
        if (core->models[i].state != WORKER_MODEL_FREE &&
            memcmp(core->models[i].hash, hash, WORKER_HASH_SIZE) == 0)
            return i;
    return NONE;
}

bool agent_worker_model_is_resident(const struct worker_core *core, uint32_t model)
{
    for (uint32_t i = 0; i < core->n_devices; i++)
        if (core->devices[i].models[model].is_resident)
            return true;
    return false;
}

bool agent_worker_model_is_loading(const struct worker_core *core, uint32_t model)
{
    for (uint32_t i = 0; i < core->n_devices; i++) {
        const struct device *device = &core->devices[i];
        if (device->state == WORKER_DEVICE_LOADING && device->model == model)
            return true;
    }
    return false;
}

static bool is_tuned(const struct worker_core *core, uint32_t model)
{
    for (uint32_t i = 0; i < core->n_devices; i++) {
        const struct tuning *tuning = &core->devices[i].tuning;
        if (tuning->operation != 0 && tuning->model == model)
            return true;
    }
    return false;
}

bool agent_worker_model_in_use(const struct worker_core *core, uint32_t model)
{
    return core->models[model].queued > 0 || core->models[model].running > 0 ||
           agent_worker_model_is_loading(core, model) || is_tuned(core, model);
}

void agent_worker_model_evict(struct worker_core *core, uint32_t device, uint32_t model)
{
    struct residency *residency = &core->devices[device].models[model];
    if (!residency->is_resident)
        return;
    memset(residency, 0, sizeof(*residency));
    agent_worker_model_unload(core, device, model);
}

void agent_worker_model_unload(struct worker_core *core, uint32_t device, uint32_t model)
{
    struct worker_action *action = agent_worker_action_add(core, WORKER_DO_EVICT);
    action->device = device;
    action->model = model;
    memcpy(action->hash, core->models[model].hash, WORKER_HASH_SIZE);
}

void agent_worker_model_evict_everywhere(struct worker_core *core, uint32_t model)
{
    for (uint32_t i = 0; i < core->n_devices; i++)
        agent_worker_model_evict(core, i, model);
}

static void model_forget(struct worker_core *core, uint32_t model)
{
    agent_worker_model_evict_everywhere(core, model);
    struct worker_action *action = agent_worker_action_add(core, WORKER_DO_FORGET);
    action->model = model;
    memcpy(action->hash, core->models[model].hash, WORKER_HASH_SIZE);
    for (uint32_t i = 0; i < core->n_devices; i++)
        memset(&core->devices[i].choices[model], 0, sizeof(core->devices[i].choices[model]));
    memset(&core->models[model], 0, sizeof(core->models[model]));
    core->models[model].queue_head = core->models[model].queue_tail = NONE;
}

static void model_fetch(struct worker_core *core, uint32_t model)
{
    core->models[model].state = WORKER_MODEL_FETCHING;
    core->models[model].text[0] = '\0';
    struct worker_action *action = agent_worker_action_add(core, WORKER_DO_FETCH);
    action->model = model;
    memcpy(action->hash, core->models[model].hash, WORKER_HASH_SIZE);
}

uint32_t agent_worker_model_want(struct worker_core *core, const uint8_t *hash)
{
    uint32_t found = agent_worker_model_find(core, hash);
    if (found != NONE) {
        struct model *model = &core->models[found];
        model->used_us = core->now_us;
        model->is_unload_wanted = false;
        if (model->state == WORKER_MODEL_FAILED && model->error == WORKER_ERROR_NO_MODEL)
            model_fetch(core, found);
        return found;
    }
    uint32_t oldest = NONE;
    for (uint32_t i = 0; i < WORKER_MODELS_MAX && found == NONE; i++) {
        if (core->models[i].state == WORKER_MODEL_FREE)
            found = i;
        else if (core->models[i].state != WORKER_MODEL_FETCHING &&
                 !agent_worker_model_in_use(core, i) && !core->models[i].is_pinned &&
                 !core->models[i].is_load_wanted &&
                 (oldest == NONE || core->models[i].used_us < core->models[oldest].used_us))
            oldest = i;
    }
    if (found == NONE && oldest != NONE) {
        model_forget(core, oldest);
        found = oldest;
    }
    if (found == NONE)
        return NONE;
    memcpy(core->models[found].hash, hash, WORKER_HASH_SIZE);
    core->models[found].used_us = core->now_us;
    model_fetch(core, found);
    return found;
}

uint64_t agent_worker_device_bytes(const struct device *device)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < WORKER_MODELS_MAX; i++)
        bytes += device->models[i].bytes;
    return bytes;
}

void agent_worker_model_make_room(struct worker_core *core, uint32_t device_index, uint32_t model)
{
    struct device *device = &core->devices[device_index];
    /* The file's size stands for what it will take, which only loading tells. */
    uint64_t wanted = core->models[model].disk_bytes;
    bool is_alone = core->models[model].was_evicted_for;
    for (;;) {
        uint64_t held = agent_worker_device_bytes(device);
        if (!is_alone && (held <= device->bytes_max && wanted <= device->bytes_max - held))
            return;
        uint32_t oldest = NONE;
        for (uint32_t i = 0; i < WORKER_MODELS_MAX; i++) {
            const struct residency *residency = &device->models[i];
            if (i != model && residency->is_resident && !core->models[i].is_pinned &&
                (oldest == NONE || residency->used_us < device->models[oldest].used_us))
                oldest = i;
        }
        if (oldest == NONE)
            return; /* the driver has the last word */
        agent_worker_model_evict(core, device_index, oldest);
    }
}

static uint64_t retry_after_us(const struct model *model)
{
    switch (model->error) {
    case WORKER_ERROR_MODEL:
    case WORKER_ERROR_UNSUPPORTED:
        return UINT64_MAX;
    case WORKER_ERROR_DEVICE:
    case WORKER_ERROR_DIED:
    case WORKER_ERROR_HUNG:
        return RETRY_US_KILLER;
    default: /* memory, a fetch, a disk: it may pass */
        break;
    }
    uint64_t after_us = RETRY_US_MIN;
    for (uint32_t i = 1; i < model->failures && after_us < RETRY_US_MAX; i++)
        after_us *= 2;
    return after_us < RETRY_US_MAX ? after_us : RETRY_US_MAX;
}

void agent_worker_model_fail(struct worker_core *core, uint32_t index, enum worker_error error,
                             const char *text)
{
    struct model *model = &core->models[index];
    model->state = WORKER_MODEL_FAILED;
    model->error = error;
    model->is_load_wanted = false;
    model->failures++;
    uint64_t after_us = retry_after_us(model);
    model->retry_us = after_us == UINT64_MAX ? UINT64_MAX : core->now_us + after_us;
    if (model->retry_us < core->retry_next_us)
        core->retry_next_us = model->retry_us;
    agent_worker_text_set(model->text, text);
    agent_worker_jobs_fail_queued(
        core, index, after_us == UINT64_MAX ? WORKER_FAILED_PERMANENT : WORKER_FAILED_RETRYABLE,
        error, model->text);
}

void agent_worker_models_retry(struct worker_core *core)
{
    if (core->now_us < core->retry_next_us)
        return;
    core->retry_next_us = UINT64_MAX;
    for (uint32_t i = 0; i < WORKER_MODELS_MAX; i++) {
        struct model *model = &core->models[i];
        if (model->state != WORKER_MODEL_FAILED)
            continue;
        if (model->retry_us > core->now_us) {
            if (model->retry_us < core->retry_next_us)
                core->retry_next_us = model->retry_us;
        } else if (model->error == WORKER_ERROR_NO_MODEL && model->is_pinned) {
            model_fetch(core, i);
        } else if (model->error == WORKER_ERROR_NO_MODEL) {
            model_forget(core, i); /* whoever asks for it has it fetched */
        } else {
            model->state = WORKER_MODEL_LOCAL;
            model->was_evicted_for = false;
            /* One more death is enough to leave it alone again. */
            model->load_deaths = model->load_deaths > 0;
        }
    }
}

void agent_worker_model_on_loaded(struct worker_core *core, const struct worker_event *event)
{
    if (event->device >= core->n_devices)
        return;
    struct device *device = &core->devices[event->device];
    if (device->state != WORKER_DEVICE_LOADING || device->model != event->model)
        return;
    uint32_t index = event->model;
    struct model *model = &core->models[index];
    uint64_t begun_us = device->since_us;
    if (event->error == WORKER_ERROR_DEVICE) {
        agent_worker_device_died(core, event->device, WORKER_ERROR_DEVICE, event->text);
        return;
    }
    agent_worker_device_set(core, event->device, WORKER_DEVICE_IDLE, UINT64_MAX);
    model->load_us = core->now_us - begun_us;
    if (event->error == WORKER_ERROR_NONE) {
        device->models[index] = (struct residency){.is_resident = true,
                                                   .bytes = event->bytes,
                                                   .used_us = core->now_us,
                                                   .load_begun_us = begun_us,
                                                   .load_ended_us = core->now_us};
        if (event->rows_max != 0)
            model->rows_max = event->rows_max;
        model->was_evicted_for = false;
        model->load_deaths = model->failures = 0;
        return;
    }
    /* A pin alone, which is tried again and again, does not clear the device each time, nor does
     * what is only loaded where there is room. */
    bool is_asked = model->queued > 0 || (model->is_load_wanted && !model->is_spare);
    if (event->error == WORKER_ERROR_MEMORY && !model->was_evicted_for && is_asked) {
        model->was_evicted_for = true; /* once more, with the device to itself */
        return;
    }
    agent_worker_model_fail(core, index, event->error, event->text);
}

static bool has_slot(const struct worker_core *core)
{
    for (uint32_t i = 0; i < WORKER_MODELS_MAX; i++)
        if (core->models[i].state == WORKER_MODEL_FREE)
            return true;
    return false;
}

static void on_load(struct worker_core *core, const struct worker_event *event)
{
    bool is_known = event->is_pin_only || (event->is_spare && !has_slot(core));
    uint32_t index = is_known ? agent_worker_model_find(core, event->hash)
                              : agent_worker_model_want(core, event->hash);
    if (index == NONE)
        return; /* every slot is in use: a job would be answered with that, this is only early */
    core->models[index].is_pinned = event->is_pinned;
    if (event->is_pin_only)
        return;
    struct model *model = &core->models[index];
    bool is_plain = model->is_load_wanted && !model->is_spare; // an operator's wish stays one
    model->is_load_wanted = !core->is_draining;
    model->is_spare = event->is_spare && !is_plain;
}

void agent_worker_models_unpin(struct worker_core *core)
{
    for (uint32_t i = 0; i < WORKER_MODELS_MAX; i++)
        core->models[i].is_pinned = core->models[i].is_load_wanted = false;
}

void agent_worker_model_on_event(struct worker_core *core, const struct worker_event *event)
{
    if (event->kind == WORKER_UNLOAD) {
        uint32_t index = agent_worker_model_find(core, event->hash);
        if (index == NONE)
            return;
        core->models[index].is_unload_wanted = true;
        core->models[index].is_pinned = core->models[index].is_load_wanted = false;
        return;
    }
    if (event->kind == WORKER_LOAD) {
        on_load(core, event);
        return;
    }
    if (event->model >= WORKER_MODELS_MAX ||
        core->models[event->model].state != WORKER_MODEL_FETCHING)
        return;
    struct model *model = &core->models[event->model];
    if (event->kind == WORKER_FETCHED) {
        model->state = WORKER_MODEL_LOCAL;
        model->disk_bytes = event->bytes;
        model->rows_max = event->rows_max;
        return;
    }
    agent_worker_model_fail(core, event->model, event->error, event->text);
}

void agent_worker_models_unload_wanted(struct worker_core *core)
{
    for (uint32_t i = 0; i < WORKER_MODELS_MAX; i++) {
        const struct model *model = &core->models[i];
        if (!model->is_unload_wanted || agent_worker_model_in_use(core, i) ||
            model->state == WORKER_MODEL_FETCHING)
            continue;
        model_forget(core, i);
    }
}
