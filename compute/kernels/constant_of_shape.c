/* One value everywhere. Small results are constants before a plan is made; large ones come here. */
#include <string.h>

#include "graph/tensor.h"
#include "kernels/fill.h"
#include "kernels/kernel_spec.h"
#include "kernels/move.h"

enum cx_status cx_fill_launch(struct cx_prepare *p, const struct cx_value *out, const void *data,
                              struct cx_arg to)
{
    int64_t bits = 0;
    size_t size = cx_dtype_size(out->dtype);
    memcpy(&bits, data, size); /* little-endian on every platform with OpenCL */
    struct cx_launch_spec spec;
    cx_spec_init(&spec, "any/fill.cl", "fill");
    cx_launch_option(&spec, "-DSIZE=%zu", size);
    int64_t count = cx_shape_elements(&out->shape);
    int64_t each = cx_spec_runs(&spec, p, count, 4);
    cx_launch_arg(&spec, to);
    cx_launch_arg(&spec, cx_arg_i64(bits));
    cx_launch_arg(&spec, cx_arg_i64(count));
    cx_launch_arg(&spec, cx_arg_i64(each));
    return cx_prepare_launch(p, &spec);
}

static enum cx_status prepare(struct cx_prepare *p)
{
    const struct cx_tensor *value = cx_prepare_node(p)->attrs;
    if (!cx_move_covers(value->dtype))
        return cx_prepare_host(p);
    return cx_fill_launch(p, cx_prepare_output(p, 0), value->data, cx_prepare_output_arg(p, 0));
}

const struct cx_kernel cx_kernel_constant_of_shape_any = {.prepare = prepare};
