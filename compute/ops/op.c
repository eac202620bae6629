#include "ops/op.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "ops/epilogue.h"

/* Each file is named by many rows; repeating the declaration is fine. */
#define CX_OP(id, name, domain, file, ...) extern const struct cx_op_impl cx_op_##file;
#include "ops/ops.def"
#undef CX_OP

#define MANY CX_ARITY_MAX
const struct cx_op cx_ops[CX_OP_COUNT] = {
#define CX_OP(id, name, domain, file, since, until, in_min, in_max, out_min, out_max, kernels, \
              help)                                                                            \
    [CX_OP_ID_##id] = {name,    domain,  &cx_op_##file,        since, until, in_min, in_max,   \
                       out_min, out_max, CX_KERNELS_##kernels, help},
#include "ops/ops.def"
#undef CX_OP
};

const struct cx_op *cx_op_find(const char *domain, const char *name, int32_t opset)
{
    for (uint32_t i = 0; i < CX_OP_COUNT; i++) {
        const struct cx_op *op = &cx_ops[i];
        if (strcmp(op->name, name) == 0 && strcmp(op->domain, domain) == 0 && opset >= op->since &&
            (op->until == 0 || opset <= op->until))
            return op;
    }
    return NULL;
}

void cx_node_describe(const char *op, const char *node, const char *domain, int32_t opset,
                      char *text, size_t size)
{
    snprintf(text, size, "operator '%s' (node '%s', domain '%s', opset %d)", op, node,
             domain[0] == '\0' ? "ai.onnx" : domain, opset);
}

enum cx_status cx_call_fail(const struct cx_call *call, enum cx_status status, const char *format,
                            ...)
{
    char what[CX_ERROR_TEXT_MAX / 2], text[CX_ERROR_TEXT_MAX / 2];
    const struct cx_node *node = call->node;
    cx_node_describe(node->op->name, node->name, node->op->domain, node->opset, what, sizeof what);
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return cx_error_set(call->error, status, "%s: %s", what, text);
}

void cx_bound_call_init(struct cx_bound_call *bound, const struct cx_graph *graph,
                        const struct cx_node *node, struct cx_error *error)
{
    *bound = (struct cx_bound_call){0};
    for (uint32_t i = 0; i < node->input_count && i < CX_BOUND_IN_MAX; i++)
        bound->in[i] = cx_graph_tensor(graph, node->inputs[i]);
    for (uint32_t i = 0; i < node->output_count && i < CX_BOUND_IN_MAX; i++)
        bound->out[i] = cx_graph_tensor(graph, node->outputs[i]);
    bound->call = (struct cx_call){node, bound->in, bound->out, error};
}

bool cx_call_has_in(const struct cx_call *call, uint32_t i)
{
    return i < call->node->input_count && call->in[i].dtype != CX_DTYPE_UNDEFINED;
}

bool cx_call_has_out(const struct cx_call *call, uint32_t i)
{
    return i < call->node->output_count && call->node->outputs[i] != CX_VALUE_NONE;
}

enum cx_status cx_call_check_dtype(const struct cx_call *call, uint32_t i, uint32_t dtypes)
{
    enum cx_dtype dtype = call->in[i].dtype;
    if ((dtypes >> dtype & 1) == 0)
        return cx_call_fail(call, CX_UNSUPPORTED, "type %s of input %u is not supported",
                            cx_dtype_name(dtype), i);
    return CX_OK;
}

enum cx_status cx_call_check_same_dtype(const struct cx_call *call, uint32_t i, uint32_t j)
{
    if (call->in[i].dtype != call->in[j].dtype)
        return cx_call_fail(call, CX_TYPE, "inputs %u and %u have types %s and %s", i, j,
                            cx_dtype_name(call->in[i].dtype), cx_dtype_name(call->in[j].dtype));
    return CX_OK;
}

enum cx_status cx_call_need_data(const struct cx_call *call, uint32_t i, const char *what)
{
    if (call->in[i].data == NULL && cx_shape_elements(&call->in[i].shape) > 0)
        return cx_call_fail(call, CX_UNSUPPORTED,
                            "%s (input %u) is computed from the data of a run; only values that "
                            "follow from the input shapes are supported",
                            what, i);
    return CX_OK;
}

static enum cx_status check_out(const struct cx_call *call, uint32_t i)
{
    char shape[128];
    size_t bytes;
    const struct cx_tensor *out = &call->out[i];
    if (!cx_shape_bytes(out->dtype, &out->shape, CX_LAYOUT_PLAIN, &bytes))
        return cx_call_fail(call, CX_LIMIT, "output %u of shape %s is too large or has no size", i,
                            cx_shape_format(&out->shape, shape, sizeof shape));
    return CX_OK;
}

enum cx_status cx_call_infer(struct cx_call *call)
{
    enum cx_status status = call->node->op->impl->infer(call);
    for (uint32_t i = 0; i < call->node->output_count && status == CX_OK; i++)
        if (cx_call_has_out(call, i))
            status = check_out(call, i);
    return status;
}

enum cx_status cx_call_eval(struct cx_call *call, const struct cx_tensor *residual)
{
    enum cx_status status = call->node->op->impl->eval(call);
    if (status == CX_OK)
        cx_epilogue_eval(&call->node->epilogue, residual, &call->out[0]);
    return status;
}
