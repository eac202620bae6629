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

/* The memory that an argument names; NULL for a value of no bytes and for arguments that name none.
 */
static enum cx_status resolve_one(struct build *b, const struct cx_arg *arg,
                                  struct cx_buffer **ret_buffer)
{
    switch (arg->kind) {
    case CX_ARG_VALUE:
        return value_buffer(b, arg->id, ret_buffer);
    case CX_ARG_SCRATCH:
        *ret_buffer = b->plan->slices[b->value_storage_n + arg->id];
        return CX_OK;
    case CX_ARG_PACKED:
        *ret_buffer = b->description->packed[arg->id];
        return CX_OK;
    case CX_ARG_FAULT:
        *ret_buffer = b->plan->fault_slices[arg->id];
        return CX_OK;
    default:
        *ret_buffer = NULL;
        return CX_OK;
    }
}

static enum cx_status resolve(struct build *b, struct cx_launch_spec *spec,
                              struct cx_buffer **buffers)
{
    enum cx_status status = CX_OK;
    for (uint32_t i = 0; i < spec->arg_n && status == CX_OK; i++) {
        status = resolve_one(b, &spec->args[i], &buffers[i]);
        if (status == CX_OK && spec->args[i].kind == CX_ARG_VALUE && buffers[i] == NULL)
            spec->args[i].kind = CX_ARG_NULL;
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

static enum cx_status make_gemm(struct build *b, const struct cx_gemm_spec *spec,
                                struct cx_step *step)
{
    struct cx_device *device = b->plan->session->device;
    struct cx_buffer *x = NULL, *w = NULL, *y = NULL, *temp = NULL;
    enum cx_status status = resolve_one(b, &spec->a, &x);
    if (status == CX_OK)
        status = resolve_one(b, &spec->b, &w);
    if (status == CX_OK)
        status = resolve_one(b, &spec->y, &y);
    if (status == CX_OK)
        status = resolve_one(b, &spec->temp, &temp);
    if (status == CX_OK)
        status = cx_gemm_create(device, spec, x, w, y, temp, &step->gemm, b->err);
    if (status == CX_OK)
        status = cx_queue_gemm(step->gemm, NULL, b->err);
    return status;
}

/* The last choice of a node is the finest. */
static const char *candidate_of(const struct cx_plan *plan, uint32_t node)
{
    const char *name = NULL;
    for (uint32_t i = 0; i < plan->point_n; i++)
        if (plan->points[i].node == node)
            name = plan->points[i].names[plan->points[i].taken];
    return name;
}

/* Drivers compile a kernel for good when it first runs, so it runs here, on zeros. */
static enum cx_status make_launch(struct build *b, struct cx_described_launch *described,
                                  struct cx_step *step)
{
    struct cx_plan *plan = b->plan;
    const struct cx_node *node = &plan->bound->nodes[described->node];
    struct cx_buffer *buffers[CX_LAUNCH_ARG_MAX];
    enum cx_status status;
    if (described->is_gemm) {
        status = make_gemm(b, &described->gemm, step);
    } else {
        status = resolve(b, &described->spec, buffers);
        if (status == CX_OK)
            status = cx_launch_create(plan->session->device, &described->spec, buffers,
                                      &step->launch, b->err);
        if (status == CX_OK)
            status = cx_queue_launch(step->launch, NULL, b->err);
    }
    if (status == CX_OK)
        status = cx_queue_finish(plan->session->device, b->err);
    if (status != CX_OK)
        return cx_error_prefix(b->err, status, "node '%s': ", node->name);
    if (plan->session->stop != NULL && plan->session->stop(plan->session->stop_context))
        return cx_error_set(b->err, CX_CANCELLED, "cancelled");
    struct cx_launch_time *time = &plan->times[plan->launch_n++];
    time->node = node->name;
    time->candidate = candidate_of(plan, described->node);
    time->kernel = step->gemm != NULL ? cx_gemm_name(step->gemm) : described->spec.kernel;
    time->flops = step->gemm != NULL ? cx_gemm_flops(step->gemm) : described->spec.flops;
    return CX_OK;
}

/* Takes back the steps from number `step_n` on. */
static void drop_steps(struct cx_plan *plan, uint32_t step_n)
{
    while (plan->step_n > step_n) {
        struct cx_step *step = &plan->steps[--plan->step_n];
        cx_launch_destroy(step->launch);
        cx_gemm_destroy(step->gemm);
        memset(step, 0, sizeof *step);
    }
}

/* Steps for one node's launches, [first, end) of the description. */
static enum cx_status make_node(struct build *b, uint32_t first, uint32_t end)
{
    struct cx_plan *plan = b->plan;
    struct cx_described_launch *launches = b->description->launches;
    uint32_t step_n = plan->step_n, launch_n = plan->launch_n;
    bool otherwise = false;
    enum cx_status status = CX_OK;
    for (uint32_t i = first; i < end && status == CX_OK; i++) {
        if (launches[i].otherwise != otherwise)
            continue;
        struct cx_step *step = &plan->steps[plan->step_n++];
        step->node = launches[i].node;
        status = make_launch(b, &launches[i], step);
        if (status != CX_OK && status != CX_CANCELLED && launches[i].is_gemm) {
            drop_steps(plan, step_n);
            plan->launch_n = launch_n;
            otherwise = true;
            status = CX_OK;
        }
        bool last = i + 1 < end && launches[i + 1].otherwise != otherwise;
        if (status == CX_OK && b->progress != NULL && plan->launch_n > launch_n)
            b->progress->report(b->progress->context, plan->times[plan->launch_n - 1].kernel,
                                last ? end : i + 1, b->description->launch_n);
    }
    return status;
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
        uint32_t first = launch;
        while (launch < d->launch_n && d->launches[launch].node == i)
            launch++;
        if (status == CX_OK)
            status = make_node(b, first, launch);
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
    plan->points = description->points;
    plan->point_n = description->point_n;
    description->points = NULL;
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
