#include "executor_models.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tune_shapes.h"

struct plan_slot {
    struct cx_plan *plan; /* NULL: free */
    struct cx_shape shapes[EXECUTOR_TENSORS_MAX];
    uint64_t used; /* `clock` at the last use */
};

struct model_slot {
    struct cx_model *model; /* NULL: free */
    struct cx_session *session;
    struct plan_slot plans[EXECUTOR_PLANS_MAX];
};

struct executor_models {
    struct cx_device *device;
    const struct cx_progress *progress;
    uint64_t clock;
    struct model_slot slots[EXECUTOR_MODELS_MAX];
};

uint64_t agent_executor_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

struct executor_models *agent_executor_models_create(struct cx_device *device,
                                                     const struct cx_progress *progress)
{
    struct executor_models *models = calloc(1, sizeof(*models));
    if (models == NULL)
        return NULL;
    models->device = device;
    models->progress = progress;
    return models;
}

static void plans_clear(struct model_slot *slot)
{
    for (int i = 0; i < EXECUTOR_PLANS_MAX; i++)
        cx_plan_destroy(slot->plans[i].plan);
    memset(slot->plans, 0, sizeof(slot->plans));
}

static void slot_clear(struct model_slot *slot)
{
    plans_clear(slot);
    cx_session_destroy(slot->session);
    cx_model_destroy(slot->model);
    memset(slot, 0, sizeof(*slot));
}

void agent_executor_models_destroy(struct executor_models *models)
{
    if (models == NULL)
        return;
    for (int i = 0; i < EXECUTOR_MODELS_MAX; i++)
        slot_clear(&models->slots[i]);
    free(models);
}

static struct model_slot *slot_get(struct executor_models *models, uint32_t model)
{
    return model < EXECUTOR_MODELS_MAX ? &models->slots[model] : NULL;
}

void agent_executor_models_unload(struct executor_models *models, uint32_t model)
{
    struct model_slot *slot = slot_get(models, model);
    if (slot != NULL)
        slot_clear(slot);
}

static bool io_describe(const struct cx_tensor_info *info, struct executor_io *ret_io)
{
    if (strlen(info->name) >= sizeof(ret_io->name) || info->shape.rank > EXECUTOR_RANK_MAX)
        return false;
    memset(ret_io, 0, sizeof(*ret_io));
    memcpy(ret_io->name, info->name, strlen(info->name) + 1);
    ret_io->dtype = (uint32_t)info->dtype;
    ret_io->rank = info->shape.rank;
    for (uint32_t i = 0; i < info->shape.rank; i++)
        ret_io->dims[i] = info->shape.dims[i];
    return true;
}

static enum cx_status fail(struct cx_error *err, enum cx_status status, const char *text)
{
    err->status = status;
    snprintf(err->text, sizeof(err->text), "%s", text);
    return status;
}

static enum cx_status model_describe(const struct cx_model *model, struct executor_loaded *loaded,
                                     struct cx_error *err)
{
    size_t n_inputs = cx_model_input_count(model);
    size_t n_outputs = cx_model_output_count(model);
    if (n_inputs > EXECUTOR_TENSORS_MAX || n_outputs > EXECUTOR_TENSORS_MAX)
        return fail(err, CX_LIMIT, "the model has more than 16 inputs or outputs");
    for (size_t i = 0; i < n_inputs; i++)
        if (!io_describe(cx_model_input(model, i), &loaded->inputs[i]))
            return fail(err, CX_LIMIT, "the name of an input is longer than 255 bytes");
    for (size_t i = 0; i < n_outputs; i++)
        if (!io_describe(cx_model_output(model, i), &loaded->outputs[i]))
            return fail(err, CX_LIMIT, "the name of an output is longer than 255 bytes");
    loaded->n_inputs = (uint32_t)n_inputs;
    loaded->n_outputs = (uint32_t)n_outputs;
    return CX_OK;
}

static struct plan_slot *plan_find(struct model_slot *slot, const struct cx_shape *shapes, size_t n)
{
    for (int i = 0; i < EXECUTOR_PLANS_MAX; i++) {
        struct plan_slot *plan = &slot->plans[i];
        size_t equal = 0;
        while (plan->plan != NULL && equal < n &&
               cx_shape_equal(&plan->shapes[equal], &shapes[equal]))
            equal++;
        if (plan->plan != NULL && equal == n)
            return plan;
    }
    return NULL;
}

static struct plan_slot *plan_slot_free(struct model_slot *slot)
{
    struct plan_slot *oldest = &slot->plans[0];
    for (int i = 0; i < EXECUTOR_PLANS_MAX; i++) {
        if (slot->plans[i].plan == NULL)
            return &slot->plans[i];
        if (slot->plans[i].used < oldest->used)
            oldest = &slot->plans[i];
    }
    cx_plan_destroy(oldest->plan);
    memset(oldest, 0, sizeof(*oldest));
    return oldest;
}

static enum cx_status plan_get(struct executor_models *models, struct model_slot *slot,
                               const struct cx_shape *shapes, size_t n, struct cx_plan **ret_plan,
                               uint64_t *ret_prepare_us, struct cx_error *err)
{
    struct plan_slot *plan = plan_find(slot, shapes, n);
    *ret_prepare_us = 0;
    if (plan == NULL) {
        uint64_t start_us = agent_executor_clock_us();
        models->progress->report(models->progress->context, "plan", 0, 1);
        plan = plan_slot_free(slot);
        enum cx_status status =
            cx_plan_create(slot->session, shapes, n, models->progress, &plan->plan, err);
        if (status != CX_OK) {
            plan->plan = NULL;
            return status;
        }
        memcpy(plan->shapes, shapes, n * sizeof(*shapes));
        *ret_prepare_us = agent_executor_clock_us() - start_us + 1; /* never 0 */
    }
    plan->used = ++models->clock;
    *ret_plan = plan->plan;
    return CX_OK;
}

/* What the file does not say of the outputs, a plan does: for one row, which is left open again. */
static void outputs_complete(const struct cx_plan *plan, bool is_open,
                             struct executor_loaded *loaded)
{
    for (uint32_t i = 0; i < loaded->n_outputs; i++) {
        struct executor_io *io = &loaded->outputs[i];
        const struct cx_tensor_info *info = cx_plan_output(plan, i);
        if (info == NULL || (io->dtype != CX_DTYPE_UNDEFINED && io->rank > 0))
            continue;
        if (io_describe(info, io) && is_open && io->rank > 0 && io->dims[0] == 1)
            io->dims[0] = CX_DIM_SYMBOLIC;
    }
}

/* Plans one row where that leaves nothing open. */
static enum cx_status plan_first(struct executor_models *models, struct model_slot *slot,
                                 struct executor_loaded *loaded, struct cx_error *err)
{
    struct cx_shape shapes[EXECUTOR_TENSORS_MAX];
    size_t n = cx_model_input_count(slot->model);
    bool is_open = false;
    for (size_t i = 0; i < n; i++) {
        shapes[i] = cx_model_input(slot->model, i)->shape;
        if (shapes[i].rank > 0 && shapes[i].dims[0] == CX_DIM_SYMBOLIC) {
            shapes[i].dims[0] = 1;
            is_open = true;
        }
        for (uint32_t d = 0; d < shapes[i].rank; d++)
            if (shapes[i].dims[d] < 0)
                return CX_OK;
    }
    struct cx_plan *plan;
    uint64_t prepare_us;
    enum cx_status status = plan_get(models, slot, shapes, n, &plan, &prepare_us, err);
    if (status == CX_OK)
        outputs_complete(plan, is_open, loaded);
    return status;
}

void agent_executor_models_load(struct executor_models *models, const struct executor_load *load,
                                struct executor_loaded *ret_loaded)
{
    struct cx_error err = {.status = CX_OK};
    uint64_t start_us = agent_executor_clock_us();
    memset(ret_loaded, 0, sizeof(*ret_loaded));
    struct model_slot *slot = slot_get(models, load->model);
    enum cx_status status = CX_ARGUMENT;
    if (slot == NULL || memchr(load->path, '\0', sizeof(load->path)) == NULL) {
        fail(&err, CX_ARGUMENT, "the load request is malformed");
        goto out;
    }
    slot_clear(slot);
    status = cx_model_load(load->path, &slot->model, &err);
    if (status == CX_OK)
        status = model_describe(slot->model, ret_loaded, &err);
    if (status == CX_OK)
        status = cx_session_create(slot->model, models->device, &slot->session, &err);
    if (status == CX_OK)
        status = plan_first(models, slot, ret_loaded, &err);
    if (status != CX_OK)
        slot_clear(slot);
    else
        ret_loaded->model_bytes = agent_executor_models_bytes(models, load->model);
out:
    ret_loaded->model = load->model;
    ret_loaded->status = (uint32_t)status;
    ret_loaded->load_us = agent_executor_clock_us() - start_us;
    snprintf(ret_loaded->text, sizeof(ret_loaded->text), "%s", status == CX_OK ? "" : err.text);
}

static enum cx_status session_get(struct executor_models *models, const struct executor_tune *tune,
                                  struct model_slot **ret_slot, struct cx_error *err)
{
    struct model_slot *slot = slot_get(models, tune->model);
    if (slot == NULL || memchr(tune->path, '\0', sizeof(tune->path)) == NULL)
        return fail(err, CX_ARGUMENT, "the tune request is malformed");
    if (slot->session == NULL) {
        static struct executor_loaded loaded; /* one thread; large for a stack */
        struct executor_load load = {.model = tune->model};
        memcpy(load.path, tune->path, sizeof(load.path));
        agent_executor_models_load(models, &load, &loaded);
        if (loaded.status != CX_OK)
            return fail(err, (enum cx_status)loaded.status, loaded.text);
    }
    *ret_slot = slot;
    return CX_OK;
}

static void tuned_fill(struct executor_tuned *tuned, const struct cx_tune_report *report)
{
    tuned->candidates = report->candidates;
    tuned->measured = report->measured;
    tuned->refused = report->refused;
    tuned->changed = report->changed;
    tuned->complete = report->complete;
    tuned->kept = report->kept;
    tuned->cancelled = report->cancelled;
    tuned->elapsed_us = report->elapsed_us;
    tuned->before_us = report->before_us;
    tuned->after_us = report->after_us;
}

void agent_executor_models_tune(struct executor_models *models, const struct executor_tune *tune,
                                bool (*report)(void *context,
                                               const struct cx_tune_progress *progress),
                                void *context, struct executor_tuned *ret_tuned)
{
    struct cx_error err = {.status = CX_OK};
    struct cx_shape shapes[AGENT_TUNE_INPUTS_MAX];
    struct cx_tune_report result;
    struct cx_tune_options options = {
        .budget_us = tune->budget_us, .report = report, .context = context};
    struct model_slot *slot = NULL;
    memset(ret_tuned, 0, sizeof(*ret_tuned));
    memset(&result, 0, sizeof(result));
    enum cx_status status = session_get(models, tune, &slot, &err);
    if (status == CX_OK)
        status = agent_tune_shapes(slot->model, tune->rows, shapes, &err);
    if (status == CX_OK) {
        plans_clear(slot); /* the memory is wanted, and their kernels are of yesterday */
        status = cx_tune(slot->session, shapes, cx_model_input_count(slot->model), &options,
                         &result, &err);
    }
    if (status == CX_IO && result.choices != NULL)
        status = CX_OK; /* tuned, but for this process only: the text says so */
    if (status == CX_OK)
        tuned_fill(ret_tuned, &result);
    cx_tune_report_finish(&result);
    ret_tuned->model = tune->model;
    ret_tuned->status = (uint32_t)status;
    snprintf(ret_tuned->text, sizeof(ret_tuned->text), "%s",
             err.text[0] != '\0' || status == CX_OK ? err.text : cx_status_help(status));
}

static enum cx_status shape_take(const struct executor_tensor *tensor,
                                 const struct cx_tensor_info *want, struct cx_shape *ret_shape,
                                 struct cx_error *err)
{
    if (tensor->rank > CX_RANK_MAX || (enum cx_dtype)tensor->dtype != want->dtype)
        return fail(err, CX_TYPE, "an input's type does not fit the model");
    memset(ret_shape, 0, sizeof(*ret_shape));
    ret_shape->rank = tensor->rank;
    for (uint32_t i = 0; i < tensor->rank; i++)
        ret_shape->dims[i] = tensor->dims[i];
    uint64_t count;
    enum cx_status status = cx_shape_count(ret_shape, &count);
    if (status != CX_OK || count > EXECUTOR_MEMORY_MAX ||
        count * cx_dtype_size(want->dtype) != tensor->bytes)
        return fail(err, CX_SHAPE, "an input's size does not fit its shape");
    return CX_OK;
}

enum cx_status agent_executor_models_plan(struct executor_models *models,
                                          const struct executor_run *run, struct cx_plan **ret_plan,
                                          uint64_t *ret_prepare_us, struct cx_error *err)
{
    struct model_slot *slot = slot_get(models, run->model);
    if (slot == NULL || slot->session == NULL)
        return fail(err, CX_INTERNAL, "the executor does not hold this model");
    size_t n = cx_model_input_count(slot->model);
    if (run->n_inputs != n)
        return fail(err, CX_ARGUMENT, "the number of inputs does not fit the model");
    struct cx_shape shapes[EXECUTOR_TENSORS_MAX];
    for (size_t i = 0; i < n; i++) {
        enum cx_status status =
            shape_take(&run->inputs[i], cx_model_input(slot->model, i), &shapes[i], err);
        if (status != CX_OK)
            return status;
    }
    return plan_get(models, slot, shapes, n, ret_plan, ret_prepare_us, err);
}

uint64_t agent_executor_models_bytes(const struct executor_models *models, uint32_t model)
{
    const struct model_slot *slot = &models->slots[model];
    uint64_t bytes = slot->session != NULL ? cx_session_constant_bytes(slot->session) : 0;
    for (int i = 0; i < EXECUTOR_PLANS_MAX; i++)
        if (slot->plans[i].plan != NULL)
            bytes += cx_plan_activation_bytes(slot->plans[i].plan);
    return bytes;
}
