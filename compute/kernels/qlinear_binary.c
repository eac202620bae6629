/* Sums and products of quantized operands. */
#include "kernels/kernel_spec.h"
#include "kernels/nest.h"
#include "kernels/qlinear.h"
#include "ops/quant.h"

static enum cx_status prepare(struct cx_prepare *p)
{
    static const uint32_t scales[] = {1, 2, 4, 5, 6, 7};
    const struct cx_value *a = cx_prepare_input(p, 0), *b = cx_prepare_input(p, 3);
    const struct cx_value *y = cx_prepare_output(p, 0);
    enum cx_dtype dtype = cx_prepare_input(p, 1)->dtype;
    int64_t d_low, d_high, low, high, numbers[CX_RANK_MAX];
    bool flat = cx_shape_equal(&a->shape, &b->shape);
    if (!cx_spec_covers(p, dtype) || cx_prepare_input(p, 4)->dtype != dtype ||
        cx_prepare_input(p, 6)->dtype != dtype)
        return cx_prepare_host(p);
    cx_quant_range(y->dtype, &d_low, &d_high);
    cx_qlinear_bounds(p, &low, &high);
    struct cx_launch_spec spec;
    cx_spec_init(&spec, "any/qlinear_binary.cl", flat ? "binary_flat" : "binary_broadcast");
    cx_spec_operand(&spec, "A", y->dtype);
    cx_spec_operand(&spec, "D", y->dtype);
    cx_spec_operand(&spec, "S", dtype);
    cx_launch_option(&spec, "-DD_LOW=%d -DD_HIGH=%d -DPRODUCT=%d", (int)d_low, (int)d_high,
                     cx_prepare_node(p)->op == &cx_ops[CX_OP_ID_QLinearMul]);
    int64_t count = (int64_t)y->bytes;
    int64_t each = cx_spec_runs(&spec, p, count, cx_spec_width(&spec, p));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 3));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++)
        cx_launch_arg(&spec, cx_prepare_input_arg(p, scales[i]));
    cx_launch_arg(&spec, cx_arg_i32(low));
    cx_launch_arg(&spec, cx_arg_i32(high));
    cx_launch_arg(&spec, cx_arg_i64(count));
    cx_launch_arg(&spec, cx_arg_i64(each));
    if (flat)
        return cx_prepare_launch(p, &spec);
    struct cx_nest nest;
    cx_nest_init(&nest, &y->shape);
    cx_nest_broadcast(&nest, &a->shape);
    cx_nest_broadcast(&nest, &b->shape);
    cx_nest_dims8(&nest, numbers);
    cx_launch_arg(&spec, cx_arg_i64x8(numbers));
    for (uint32_t o = 1; o <= 2; o++) {
        cx_nest_strides8(&nest, o, numbers);
        cx_launch_arg(&spec, cx_arg_i64x8(numbers));
    }
    return cx_prepare_launch(p, &spec);
}

static struct cx_layouts layout(const struct cx_layout_query *query)
{
    const struct cx_value *values = query->graph->values;
    if (!cx_shape_equal(&values[query->node->inputs[0]].shape,
                        &values[query->node->inputs[3]].shape))
        return (struct cx_layouts){.input = CX_LAYOUT_PLAIN};
    return cx_spec_follow(query, true);
}

const struct cx_kernel cx_kernel_qlinear_binary_any = {.prepare = prepare, .layout = layout};
