/* Means of the channels of quantized tensors. */
#include "graph/tensor.h"
#include "kernels/kernel_spec.h"
#include "kernels/qlinear.h"
#include "ops/quant.h"

static enum cx_status prepare(struct cx_prepare *p)
{
    const struct cx_value *x = cx_prepare_input(p, 0);
    enum cx_dtype scale = cx_prepare_input(p, 1)->dtype;
    int64_t type_low, type_high, low, high;
    if (!cx_spec_covers(p, scale) || cx_prepare_input(p, 3)->dtype != scale)
        return cx_prepare_host(p);
    int64_t units = x->shape.dims[0] * cx_layout_blocks(x->layout, &x->shape);
    if (units > INT32_MAX)
        return cx_prepare_fail(p, CX_LIMIT, "over 2^31 channels");
    struct cx_launch_spec spec;
    cx_spec_init(&spec, "any/qlinear_pool.cl", "qlinear_mean");
    cx_spec_operand(&spec, "A", x->dtype);
    cx_spec_operand(&spec, "S", scale);
    cx_quant_range(x->dtype, &type_low, &type_high);
    cx_qlinear_bounds(p, &low, &high);
    cx_launch_option(&spec, "-DD_LOW=%d -DD_HIGH=%d", (int)type_low, (int)type_high);
    cx_launch_option(&spec, "-DBLOCK=%d", (int)cx_layout_block(x->layout));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    for (uint32_t i = 1; i <= 4; i++)
        cx_launch_arg(&spec, cx_prepare_input_arg(p, i));
    cx_launch_arg(&spec, cx_arg_i32(x->shape.dims[1]));
    cx_launch_arg(&spec, cx_arg_i32(cx_shape_span(&x->shape, 2, x->shape.rank)));
    cx_launch_arg(&spec, cx_arg_i32(units));
    cx_launch_arg(&spec, cx_arg_i32(low));
    cx_launch_arg(&spec, cx_arg_i32(high));
    cx_spec_range(&spec, p, units);
    return cx_prepare_launch(p, &spec);
}

static struct cx_layouts layout(const struct cx_layout_query *query)
{
    return (struct cx_layouts){.input = cx_layout_at_hand(query, 0), .output = CX_LAYOUT_PLAIN};
}

const struct cx_kernel cx_kernel_qlinear_pool_any = {.prepare = prepare, .layout = layout};
