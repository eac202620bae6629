/* Local response normalization over channels. */
#include "ops/lrn.h"

#include "graph/tensor.h"
#include "kernels/kernel_spec.h"

static enum cx_status prepare(struct cx_prepare *p)
{
    const struct cx_lrn *lrn = cx_prepare_node(p)->attrs;
    const struct cx_value *x = cx_prepare_input(p, 0);
    if (!cx_spec_covers(p, x->dtype))
        return cx_prepare_host(p);
    int64_t count = cx_shape_elements(&x->shape);
    int64_t plane = cx_shape_span(&x->shape, 2, x->shape.rank);
    struct cx_launch_spec spec;
    cx_spec_init(&spec, "any/lrn.cl", "lrn");
    cx_spec_operand(&spec, "A", x->dtype);
    cx_spec_operand(&spec, "D", x->dtype);
    if (lrn->beta != 0.75f) /* the published networks' exponent needs no pow */
        cx_launch_option(&spec, "-DBETA_ANY=1");
    int64_t each = cx_spec_runs(&spec, p, count, cx_spec_width(&spec, p));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_i64(x->shape.dims[1]));
    cx_launch_arg(&spec, cx_arg_i64(plane));
    cx_launch_arg(&spec, cx_arg_i64((lrn->size - 1) / 2));
    cx_launch_arg(&spec, cx_arg_i64(lrn->size / 2));
    cx_launch_arg(&spec, cx_arg_f32(lrn->alpha / (float)lrn->size));
    cx_launch_arg(&spec, cx_arg_f32(lrn->beta));
    cx_launch_arg(&spec, cx_arg_f32(lrn->bias));
    cx_launch_arg(&spec, cx_arg_i64(count));
    cx_launch_arg(&spec, cx_arg_i64(each));
    return cx_prepare_launch(p, &spec);
}

const struct cx_kernel cx_kernel_lrn_any = {.prepare = prepare};
