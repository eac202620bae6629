/* Numbers in another type. */
#include "graph/tensor.h"
#include "kernels/kernel_spec.h"
#include "kernels/move.h"

/* The integer type that a float goes through on its way to an integer: what doesn't fit wraps. */
static const char *via_of(enum cx_dtype from, enum cx_dtype to)
{
    if (cx_dtype_is_float(from) && cx_dtype_is_int(to))
        return to == CX_DTYPE_UINT64 ? "ulong" : cx_dtype_size(to) < 4 ? "int" : "long";
    return from == CX_DTYPE_DOUBLE || to == CX_DTYPE_DOUBLE   ? "double"
           : cx_dtype_is_float(from) || cx_dtype_is_float(to) ? "float"
                                                              : NULL;
}

static enum cx_status prepare(struct cx_prepare *p)
{
    const struct cx_value *in = cx_prepare_input(p, 0), *out = cx_prepare_output(p, 0);
    int64_t count = cx_shape_elements(&out->shape);
    if (in->dtype == out->dtype && cx_move_covers(in->dtype)) {
        struct cx_nest nest;
        cx_nest_init(&nest, &out->shape);
        cx_nest_broadcast(&nest, &in->shape);
        return cx_move_launch(p, &nest, in->dtype, cx_prepare_input_arg(p, 0),
                              cx_prepare_output_arg(p, 0));
    }
    if (!cx_spec_covers(p, in->dtype) || !cx_spec_covers(p, out->dtype))
        return cx_prepare_host(p);
    struct cx_launch_spec spec;
    cx_spec_init(&spec, "any/cast.cl", "cast");
    cx_spec_operand(&spec, "A", in->dtype);
    cx_spec_operand(&spec, "D", out->dtype);
    const char *via = via_of(in->dtype, out->dtype);
    if (out->dtype == CX_DTYPE_BOOL)
        cx_launch_option(&spec, "-DTO_BOOL=1");
    else
        cx_launch_option(&spec, "-DVIA=%s", via != NULL ? via : "A_ACC");
    if (out->dtype == CX_DTYPE_UINT64 && cx_dtype_is_float(in->dtype))
        cx_launch_option(&spec, "-DWRAP_NEGATIVE=1");
    int64_t each = cx_spec_runs(&spec, p, count, cx_spec_width(&spec, p));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_i64(count));
    cx_launch_arg(&spec, cx_arg_i64(each));
    return cx_prepare_launch(p, &spec);
}

const struct cx_kernel cx_kernel_cast_any = {.prepare = prepare};
