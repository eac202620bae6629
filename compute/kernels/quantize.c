/* Real numbers to quantized integers and back; small floats and types under 8 bits on the host. */
#include "kernels/kernel_spec.h"
#include "ops/quant.h"

static enum cx_status prepare(struct cx_prepare *p)
{
    const struct cx_quantize *q = cx_prepare_node(p)->attrs;
    const struct cx_value *x = cx_prepare_input(p, 0), *scale = cx_prepare_input(p, 1);
    const struct cx_value *zero = cx_prepare_input(p, 2), *y = cx_prepare_output(p, 0);
    struct cx_quant_map map;
    int64_t low = 0, high = 0;
    if (!cx_spec_covers(p, x->dtype) || !cx_spec_covers(p, y->dtype) ||
        !cx_spec_covers(p, scale->dtype))
        return cx_prepare_host(p);
    if (!cx_quant_map_resolve(q, &x->shape, &scale->shape, &map))
        return cx_prepare_fail(p, CX_INTERNAL, "its scales don't fit");
    enum cx_dtype integer = q->quantizes ? y->dtype : x->dtype;
    cx_quant_range(integer, &low, &high);

    struct cx_launch_spec spec;
    cx_spec_init(&spec, "any/quantize.cl", "quantize");
    cx_spec_operand(&spec, "A", x->dtype);
    cx_spec_operand(&spec, "S", scale->dtype);
    cx_spec_operand(&spec, "Z", integer);
    cx_spec_operand(&spec, "D", y->dtype);
    cx_launch_option(&spec, "-DQUANTIZES=%d -DHAS_ZERO=%d -DONE_SCALE=%d", q->quantizes,
                     zero != NULL, map.size == 1 && map.inner == 1);
    cx_launch_option(&spec, "-DEXACT_DIVISION=%d", cx_spec_is_cpu(p));
    cx_launch_option(&spec, "-DLOW=%lld -DHIGH=%lld -DDIFFERENCE=%s", (long long)low,
                     (long long)high, integer == CX_DTYPE_INT32 ? "long" : "int");
    /* In a blocked layout, which only one scale for all allows, the padding is computed along. */
    int64_t count = (int64_t)(y->bytes / cx_dtype_size(y->dtype));
    int64_t each = cx_spec_runs(&spec, p, count, cx_spec_width(&spec, p));
    const int64_t numbers[CX_RANK_MAX] = {map.size,       map.inner,     map.block,
                                          map.outer_step, map.axis_step, map.inner_step};
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 1));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 2));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_i64(count));
    cx_launch_arg(&spec, cx_arg_i64(each));
    cx_launch_arg(&spec, cx_arg_i64x8(numbers));
    return cx_prepare_launch(p, &spec);
}

static struct cx_layouts layout(const struct cx_layout_query *query)
{
    const struct cx_quantize *q = query->node->attrs;
    const struct cx_value *scale = &query->graph->values[query->node->inputs[1]];
    if (cx_shape_elements(&scale->shape) != 1 || q->block != 0)
        return (struct cx_layouts){.input = CX_LAYOUT_PLAIN};
    return cx_spec_follow(query, true);
}

const struct cx_kernel cx_kernel_quantize_any = {.prepare = prepare, .layout = layout};
