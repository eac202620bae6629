#include "graph/tensor.h"
#include "kernels/affine.h"
#include "kernels/kernel_spec.h"

enum cx_status cx_affine_launch(struct cx_prepare *p, bool full, float epsilon)
{
    const struct cx_value *x = cx_prepare_input(p, 0), *scale = cx_prepare_input(p, 1);
    const struct cx_value *mean = full ? cx_prepare_input(p, 3) : scale;
    if (!cx_spec_covers(p, x->dtype) || !cx_spec_covers(p, scale->dtype) ||
        !cx_spec_covers(p, mean->dtype))
        return cx_prepare_host(p);
    const struct cx_shape *shape = &x->shape;
    int64_t channels = shape->rank > 1 ? shape->dims[1] : 1;
    int64_t plane = shape->rank > 2 ? cx_shape_span(shape, 2, shape->rank) : 1;
    int64_t count = cx_shape_elements(shape);
    if (count == 0)
        return CX_OK;
    struct cx_launch_spec spec;
    cx_spec_init(&spec, cx_spec_is_cpu(p) ? "cpu/affine.cl" : "gpu/affine.cl", "affine");
    cx_spec_operand(&spec, "A", x->dtype);
    cx_spec_operand(&spec, "D", x->dtype);
    cx_spec_operand(&spec, "B", scale->dtype);
    cx_spec_operand(&spec, "C", mean->dtype);
    if (full)
        cx_launch_option(&spec, "-DFULL=1");
    cx_spec_width(&spec, p);
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    for (uint32_t i = 1; i <= 4; i++)
        cx_launch_arg(&spec, cx_prepare_input_arg(p, i));
    cx_launch_arg(&spec, cx_arg_i64(channels));
    cx_launch_arg(&spec, cx_arg_i64(plane));
    cx_launch_arg(&spec, cx_arg_f32(epsilon));
    cx_launch_arg(&spec, cx_arg_i64(count));
    cx_launch_arg(&spec, cx_arg_i64(cx_spec_runs(&spec, p, count, 1)));
    return cx_prepare_launch(p, &spec);
}

static enum cx_status prepare(struct cx_prepare *p)
{
    return cx_affine_launch(p, false, 0);
}

const struct cx_kernel cx_kernel_scale_shift_any = {.prepare = prepare};
