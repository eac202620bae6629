/* From descriptions to steps: every buffer placed, every argument set, every kernel built. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "graph/session.h"

struct build {
    struct cx_plan *plan;
    struct cx_description *description;
    struct cx_storage *storages; /* of values, then of scratch */
    uint32_t *storage_of, *constant_of;
    uint32_t value_storage_n;
    const struct cx_progress *progress;
    struct cx_error *err;
};

static enum cx_status no_memory(struct cx_error *err)
{
    return cx_error_set(err, CX_MEMORY, "no memory for a plan");
}

static enum cx_status place(struct build *b)
{
    struct cx_plan *plan = b->plan;
    struct cx_description *d = b->description;
    struct cx_device *device = plan->session->device;
    size_t room = (size_t)plan->bound->value_count + d->scratch_n + 1;
    b->storages = calloc(room, sizeof *b->storages);
    b->storage_of = calloc(room, sizeof *b->storage_of);
    b->constant_of = calloc(room, sizeof *b->constant_of);
    plan->slices = calloc(room, sizeof(struct cx_buffer *));
    plan->blocks = calloc(room, sizeof(struct cx_buffer *));
    uint64_t *blocks = calloc(room, sizeof *blocks);
    uint32_t block_n = 0;
    enum cx_status status = CX_MEMORY;
    if (b->storages != NULL && b->storage_of != NULL && b->constant_of != NULL &&
        plan->slices != NULL && plan->blocks != NULL && blocks != NULL)
        status = cx_memory_values(plan->bound, b->storage_of, b->constant_of, b->storages,
                                  &b->value_storage_n);
    if (status == CX_OK) {
        for (uint32_t i = 0; i < d->scratch_n; i++)
            b->storages[b->value_storage_n + i] = d->scratch[i];
        plan->slice_n = b->value_storage_n + d->scratch_n;
        status = cx_memory_place(b->storages, plan->slice_n, cx_device_align(device),
                                 cx_device_describe(device)->alloc_bytes_max, blocks, &block_n);
    }
    if (status == CX_LIMIT)
        cx_error_set(b->err, status, "one of the model's tensors is larger than %s allows",
                     cx_device_describe(device)->name);
    else if (status != CX_OK)
        no_memory(b->err);
    for (uint32_t i = 0; i < block_n && status == CX_OK; i++) {
        status = cx_buffer_create(device, blocks[i], &plan->blocks[i], b->err);
        if (status == CX_OK) {
            plan->block_n++;
            plan->activation_bytes += blocks[i];
            /* Kernels run once before the first real input: nothing odd may lie there. */
            status = cx_buffer_clear(plan->blocks[i], b->err);
        }
    }
    free(blocks);
    return status;
}

static enum cx_status slice(struct build *b)
{
    struct cx_plan *plan = b->plan;
    enum cx_status status = CX_OK;
    for (uint32_t i = 0; i < plan->slice_n && status == CX_OK; i++) {
        const struct cx_storage *s = &b->storages[i];
        status =
            cx_buffer_slice(plan->blocks[s->block], s->offset, s->bytes, &plan->slices[i], b->err);
    }
    plan->value_buffers = calloc((size_t)plan->bound->value_count + 1, sizeof(struct cx_buffer *));
    if (status == CX_OK && plan->value_buffers == NULL)
        return no_memory(b->err);
    for (uint32_t v = 0; v < plan->bound->value_count && status == CX_OK; v++)
        if (b->storage_of[v] != CX_STORAGE_NONE)
            plan->value_buffers[v] = plan->slices[b->storage_of[v]];
    return status;
}

/* The buffer of a value; a constant is uploaded when it is first asked for, because many are only
 * used in a packed form. */
static enum cx_status value_buffer(struct build *b, uint32_t value, struct cx_buffer **ret_buffer)
{
    struct cx_plan *plan = b->plan;
    if (plan->value_buffers[value] == NULL) {
        uint32_t constant = b->constant_of[value];
        if (constant == CX_VALUE_NONE)
            return cx_error_set(b->err, CX_INTERNAL, "nothing computes value '%s'",
                                plan->bound->values[value].name);
        if (plan->bound->values[constant].bytes == 0) {
            *ret_buffer = NULL;
            return CX_OK;
        }
        enum cx_status status = cx_session_constant(plan->session, &plan->bound->values[constant],
                                                    &plan->value_buffers[value], b->err);
        if (status != CX_OK)
            return status;
    }
    *ret_buffer = plan->value_buffers[value];
    return CX_OK;
}

static enum cx_status resolve(struct build *b, struct cx_launch_spec *spec,
                              struct cx_buffer **buffers)
{
    enum cx_status status = CX_OK;
    for (uint32_t i = 0; i < spec->arg_n && status == CX_OK; i++) {
        struct cx_arg *arg = &spec->args[i];
        buffers[i] = NULL;
        switch (arg->kind) {
        case CX_ARG_VALUE:
            status = value_buffer(b, arg->id, &buffers[i]);
            if (buffers[i] == NULL)
                arg->kind = CX_ARG_NULL;
            break;
        case CX_ARG_SCRATCH:
            buffers[i] = b->plan->slices[b->value_storage_n + arg->id];
            break;
        case CX_ARG_PACKED:
            buffers[i] = b->description->packed[arg->id];
            break;
        case CX_ARG_FAULT:
            buffers[i] = b->plan->fault_slices[arg->id];
            break;
        default:
            break;
        }
    }
    return status;
}

/* One int for each fault, each in a slice of its own: the driver aligns those. */
static enum cx_status make_faults(struct build *b)
{
    struct cx_plan *plan = b->plan;
    uint32_t n = b->description->fault_n;
    if (n == 0)
        return CX_OK;
    struct cx_device *device = plan->session->device;
    uint64_t stride = cx_device_align(device);
    uint64_t bytes = n * stride;
    plan->faults = calloc(n, sizeof *plan->faults);
    plan->fault_slices = calloc(n, sizeof(struct cx_buffer *));
    plan->fault_flags = calloc(1, bytes);
    plan->fault_zeros = calloc(1, bytes);
    if (plan->faults == NULL || plan->fault_slices == NULL || plan->fault_flags == NULL ||
        plan->fault_zeros == NULL)
        return no_memory(b->err);
    memcpy(plan->faults, b->description->faults, n * sizeof *plan->faults);
    enum cx_status status = cx_buffer_create(device, bytes, &plan->fault_buffer, b->err);
    if (status != CX_OK)
        return status;
    plan->fault_bytes = bytes;
    plan->fault_n = n;
    status = cx_buffer_clear(plan->fault_buffer, b->err);
    for (uint32_t i = 0; i < n && status == CX_OK; i++)
        status = cx_buffer_slice(plan->fault_buffer, i * stride, sizeof(int32_t),
                                 &plan->fault_slices[i], b->err);
    return status;
}

/* Drivers compile a kernel for good when it first runs, so it runs here, on zeros. */
static enum cx_status make_launch(struct build *b, struct cx_described_launch *described,
                                  struct cx_step *step)
{
    struct cx_plan *plan = b->plan;
    const struct cx_node *node = &plan->bound->nodes[described->node];
    struct cx_buffer *buffers[CX_LAUNCH_ARG_MAX];
    enum cx_status status = resolve(b, &described->spec, buffers);
    if (status == CX_OK)
        status = cx_launch_create(plan->session->device, &described->spec, buffers, &step->launch,
                                  b->err);
    if (status == CX_OK)
        status = cx_queue_launch(step->launch, NULL, b->err);
    if (status == CX_OK)
        status = cx_queue_finish(plan->session->device, b->err);
    if (status != CX_OK)
        return cx_error_prefix(b->err, status, "node '%s': ", node->name);
    struct cx_launch_time *time = &plan->times[plan->launch_n++];
    time->node = node->name;
    time->kernel = described->spec.kernel;
    time->flops = described->spec.flops;
    return CX_OK;
}

static enum cx_status make_steps(struct build *b)
{
    struct cx_plan *plan = b->plan;
    struct cx_description *d = b->description;
    uint32_t total = d->launch_n, launch = 0;
    for (uint32_t i = 0; i < plan->bound->node_count; i++)
        total += d->host[i];
    plan->steps = calloc((size_t)total + 1, sizeof *plan->steps);
    plan->times = calloc((size_t)d->launch_n + 1, sizeof *plan->times);
    if (plan->steps == NULL || plan->times == NULL)
        return no_memory(b->err);
    enum cx_status status = CX_OK;
    for (uint32_t i = 0; i < plan->bound->node_count && status == CX_OK; i++) {
        if (d->host[i]) {
            struct cx_step *step = &plan->steps[plan->step_n++];
            step->node = i;
            status = cx_host_step_create(plan, i, &step->host, b->err);
        }
        for (; launch < d->launch_n && d->launches[launch].node == i && status == CX_OK; launch++) {
            struct cx_step *step = &plan->steps[plan->step_n++];
            step->node = i;
            status = make_launch(b, &d->launches[launch], step);
            if (status == CX_OK && b->progress != NULL)
                b->progress->report(b->progress->context, d->launches[launch].spec.kernel,
                                    launch + 1, d->launch_n);
        }
    }
    return status;
}

static enum cx_status make_io(struct build *b, const uint32_t *values, uint32_t n,
                              struct cx_plan_io *io, bool output)
{
    struct cx_plan *plan = b->plan;
    for (uint32_t i = 0; i < n; i++) {
        const struct cx_value *value = &plan->bound->values[values[i]];
        io[i].info.name = value->name;
        io[i].info.dtype = value->dtype;
        io[i].info.shape = value->shape;
        io[i].bytes = value->bytes;
        enum cx_status status = CX_OK;
        if (output)
            status = value_buffer(b, values[i], &io[i].buffer);
        else
            io[i].buffer = plan->value_buffers[values[i]];
        if (status != CX_OK)
            return status;
    }
    return CX_OK;
}

enum cx_status cx_plan_build(struct cx_plan *plan, struct cx_description *description,
                             const struct cx_progress *progress, struct cx_error *err)
{
    struct build b = {.plan = plan, .description = description, .progress = progress, .err = err};
    const struct cx_graph *bound = plan->bound;
    enum cx_status status = place(&b);
    if (status == CX_OK)
        status = slice(&b);
    if (status == CX_OK)
        status = make_faults(&b);
    if (status == CX_OK)
        status = make_steps(&b);
    if (status == CX_OK) {
        plan->inputs = calloc((size_t)bound->input_count + 1, sizeof *plan->inputs);
        plan->outputs = calloc((size_t)bound->output_count + 1, sizeof *plan->outputs);
        if (plan->inputs == NULL || plan->outputs == NULL)
            status = no_memory(err);
    }
    if (status == CX_OK) {
        plan->input_n = bound->input_count;
        plan->output_n = bound->output_count;
        status = make_io(&b, bound->inputs, plan->input_n, plan->inputs, false);
    }
    if (status == CX_OK)
        status = make_io(&b, bound->outputs, plan->output_n, plan->outputs, true);
    free(b.storages);
    free(b.storage_of);
    free(b.constant_of);
    return status;
}
