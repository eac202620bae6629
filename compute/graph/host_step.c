/* Nodes that run on the host inside a run: small integer work, and types without a kernel. */
#include <stdlib.h>

#include "error.h"
#include "graph/session.h"
#include "graph/weight.h"
#include "ops/op.h"

#define OPERAND_ALIGN 64

/* Constants are read where they lie, but for those that lie in a file. */
static bool is_ready(const struct cx_value *value)
{
    return value->data != NULL && !value->in_file;
}

static size_t operand_bytes(const struct cx_plan *plan, uint32_t value)
{
    if (value == CX_VALUE_NONE || is_ready(&plan->bound->values[value]))
        return 0;
    return (plan->bound->values[value].bytes + OPERAND_ALIGN - 1) / OPERAND_ALIGN * OPERAND_ALIGN;
}

static struct cx_tensor operand(const struct cx_plan *plan, uint32_t value, char **memory)
{
    struct cx_tensor tensor = {.dtype = CX_DTYPE_UNDEFINED};
    if (value == CX_VALUE_NONE)
        return tensor;
    const struct cx_value *v = &plan->bound->values[value];
    tensor.dtype = v->dtype;
    tensor.shape = v->shape;
    if (is_ready(v)) {
        tensor.data = (void *)(uintptr_t)v->data; /* eval reads its inputs only */
    } else {
        tensor.data = *memory;
        *memory += operand_bytes(plan, value);
    }
    if (v->in_file)
        cx_weight_read(v, tensor.data);
    return tensor;
}

enum cx_status cx_host_step_create(struct cx_plan *plan, uint32_t node_index,
                                   struct cx_host_step **ret_step, struct cx_error *err)
{
    const struct cx_node *node = &plan->bound->nodes[node_index];
    size_t bytes = OPERAND_ALIGN;
    for (uint32_t i = 0; i < cx_node_read_count(node); i++)
        bytes += operand_bytes(plan, cx_node_read(node, i));
    for (uint32_t i = 0; i < node->output_count; i++)
        bytes += operand_bytes(plan, node->outputs[i]);

    struct cx_host_step *step = calloc(1, sizeof *step);
    if (step == NULL)
        return cx_error_set(err, CX_MEMORY, "no memory for a host step");
    step->node = node;
    step->in = calloc((size_t)node->input_count + 1, sizeof *step->in);
    step->out = calloc((size_t)node->output_count + 1, sizeof *step->out);
    step->memory = aligned_alloc(OPERAND_ALIGN, bytes);
    if (step->in == NULL || step->out == NULL || step->memory == NULL) {
        cx_host_step_destroy(step);
        return cx_error_set(err, CX_MEMORY, "no memory for a host step of %zu bytes", bytes);
    }
    char *memory = step->memory;
    for (uint32_t i = 0; i < node->input_count; i++)
        step->in[i] = operand(plan, node->inputs[i], &memory);
    for (uint32_t i = 0; i < node->output_count; i++)
        step->out[i] = operand(plan, node->outputs[i], &memory);
    step->residual = operand(plan, node->epilogue.residual, &memory);
    *ret_step = step;
    return CX_OK;
}

void cx_host_step_destroy(struct cx_host_step *step)
{
    if (step == NULL)
        return;
    free(step->in);
    free(step->out);
    free(step->memory);
    free(step);
}

static enum cx_status fetch(struct cx_plan *plan, uint32_t value, const struct cx_tensor *tensor,
                            struct cx_error *err)
{
    if (value == CX_VALUE_NONE || plan->bound->values[value].data != NULL ||
        plan->bound->values[value].bytes == 0)
        return CX_OK;
    return cx_queue_read(plan->value_buffers[value], tensor->data, plan->bound->values[value].bytes,
                         NULL, err);
}

enum cx_status cx_host_step_run(struct cx_plan *plan, struct cx_host_step *step,
                                struct cx_error *err)
{
    const struct cx_node *node = step->node;
    enum cx_status status = CX_OK;
    if (!(node->op->impl->flags & CX_OP_SHAPE_ONLY)) {
        for (uint32_t i = 0; i < node->input_count && status == CX_OK; i++)
            status = fetch(plan, node->inputs[i], &step->in[i], err);
        if (status == CX_OK)
            status = fetch(plan, node->epilogue.residual, &step->residual, err);
        if (status == CX_OK)
            status = cx_queue_finish(plan->session->device, err);
    }
    if (status != CX_OK)
        return status;
    struct cx_error eval_error = {CX_OK, ""};
    struct cx_call call = {node, step->in, step->out, &eval_error};
    status = cx_call_eval(&call, node->epilogue.residual == CX_VALUE_NONE ? NULL : &step->residual);
    if (status != CX_OK)
        return cx_error_set(err, status, "%s", eval_error.text);
    for (uint32_t i = 0; i < node->output_count && status == CX_OK; i++) {
        uint32_t value = node->outputs[i];
        if (value != CX_VALUE_NONE && plan->bound->values[value].bytes != 0)
            status = cx_queue_write(plan->value_buffers[value], step->out[i].data,
                                    plan->bound->values[value].bytes, NULL, err);
    }
    return status;
}
