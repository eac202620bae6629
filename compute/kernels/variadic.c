/* Element by element over any number of inputs: two at a time, the output holding what is done. */
#include "ops/variadic.h"

#include "graph/tensor.h"
#include "kernels/binary.h"
#include "kernels/kernel_spec.h"
#include "kernels/move.h"
#include "kernels/unary.h"

static enum cx_status copy_first(struct cx_prepare *p, struct cx_operand out)
{
    const struct cx_value *in = cx_prepare_input(p, 0);
    struct cx_nest nest;
    cx_nest_init(&nest, &out.value->shape);
    cx_nest_broadcast(&nest, &in->shape);
    return cx_move_launch(p, &nest, in->dtype, cx_prepare_input_arg(p, 0), out.arg);
}

static enum cx_status prepare(struct cx_prepare *p)
{
    static const char *const names[] = {
        [CX_VARIADIC_MAX] = "MAX",
        [CX_VARIADIC_MEAN] = "ADD",
        [CX_VARIADIC_MIN] = "MIN",
        [CX_VARIADIC_SUM] = "ADD",
    };
    const struct cx_node *node = cx_prepare_node(p);
    const struct cx_variadic *variadic = node->attrs;
    struct cx_operand out = {cx_prepare_output(p, 0), cx_prepare_output_arg(p, 0)};
    bool mean = variadic->kind == CX_VARIADIC_MEAN;
    if (!cx_spec_covers(p, out.value->dtype) || (mean && !cx_dtype_is_float(out.value->dtype)))
        return cx_prepare_host(p);
    if (node->input_count == 1)
        return copy_first(p, out);
    struct cx_operand sum = {cx_prepare_input(p, 0), cx_prepare_input_arg(p, 0)};
    enum cx_status status = CX_OK;
    for (uint32_t i = 1; i < node->input_count && status == CX_OK; i++) {
        struct cx_operand next = {cx_prepare_input(p, i), cx_prepare_input_arg(p, i)};
        status = cx_binary_launch(p, names[variadic->kind], sum, next, out);
        sum = out;
    }
    if (status == CX_OK && mean)
        status = cx_unary_launch(p, "SCALE", 1.0f / (float)node->input_count, 0, out.arg, out.value,
                                 out.arg);
    return status;
}

/* The blocks that are found, where no input broadcasts. */
static struct cx_layouts layout(const struct cx_layout_query *query)
{
    const struct cx_node *node = query->node;
    const struct cx_value *values = query->graph->values, *out = &values[node->outputs[0]];
    bool same = node->input_count > 1;
    for (uint32_t i = 0; i < node->input_count; i++) {
        const struct cx_value *in = &values[node->inputs[i]];
        same = same && in->data == NULL && cx_shape_equal(&in->shape, &out->shape);
    }
    return same ? cx_spec_follow(query, true) : (struct cx_layouts){.input = CX_LAYOUT_PLAIN};
}

const struct cx_kernel cx_kernel_variadic_any = {.prepare = prepare, .layout = layout};
