/* Slices of an axis by index. Indices come at run time, so kernels check them. */
#include "ops/gather.h"

#include "kernels/kernel_spec.h"
#include "kernels/move.h"

static enum cx_status prepare(struct cx_prepare *p)
{
    const struct cx_value *in = cx_prepare_input(p, 0), *index = cx_prepare_input(p, 1);
    struct cx_spec_call call;
    cx_spec_call_init(&call, p);
    uint32_t axis = 0;
    enum cx_status status = cx_gather_resolve(&call.call, &axis);
    if (status != CX_OK)
        return cx_spec_call_fail(&call, p, status);
    int64_t count = cx_shape_elements(&cx_prepare_output(p, 0)->shape);
    if (!cx_move_covers(in->dtype) || (count > 0 && in->bytes == 0))
        return cx_prepare_host(p); /* nothing to choose from: eval says so */
    if (count == 0)
        return CX_OK;
    int64_t picks = cx_shape_elements(&index->shape);
    int64_t slices = cx_shape_span(&in->shape, 0, axis) * picks;
    int64_t inner = cx_shape_span(&in->shape, axis + 1, in->shape.rank);
    struct cx_arg fault;
    status = cx_prepare_fault(p, "an index is out of the range of its axis", &fault);
    if (status != CX_OK)
        return status;
    struct cx_launch_spec spec;
    cx_spec_init(&spec, cx_spec_is_cpu(p) ? "cpu/gather.cl" : "gpu/gather.cl", "gather");
    cx_launch_option(&spec, "-DSIZE=%zu -DINDEX=%s", cx_dtype_size(in->dtype),
                     index->dtype == CX_DTYPE_INT32 ? "int" : "long");
    int64_t each = cx_spec_rows(&spec, p, slices, inner);
    if (!cx_spec_is_cpu(p))
        cx_spec_range(&spec, p, count);
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 1));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, fault);
    cx_launch_arg(&spec, cx_arg_i64(slices));
    cx_launch_arg(&spec, cx_arg_i64(picks));
    cx_launch_arg(&spec, cx_arg_i64(in->shape.dims[axis]));
    cx_launch_arg(&spec, cx_arg_i64(inner));
    cx_launch_arg(&spec, cx_arg_i64(each));
    return cx_prepare_launch(p, &spec);
}

const struct cx_kernel cx_kernel_gather_any = {.prepare = prepare};
