/* Between planes of channels and blocks of channels. */
#include "graph/tensor.h"
#include "kernels/kernel_spec.h"
#include "kernels/move.h"
#include "kernels/split.h"

#define PIECE_MIN 64 /* positions that are worth a work-item of a CPU */

static enum cx_status prepare(struct cx_prepare *p)
{
    const struct cx_value *in = cx_prepare_input(p, 0), *out = cx_prepare_output(p, 0);
    bool blocks = out->layout != CX_LAYOUT_PLAIN, cpu = cx_spec_is_cpu(p);
    const struct cx_value *blocked = blocks ? out : in;
    if (blocks == (in->layout != CX_LAYOUT_PLAIN))
        return cx_prepare_fail(p, CX_INTERNAL, "one of its operands has to be plain");
    if (!cx_move_covers(in->dtype))
        return cx_prepare_fail(p, CX_INTERNAL, "elements of type %s can't be moved",
                               cx_dtype_name(in->dtype));
    if (out->bytes == 0)
        return CX_OK;
    const struct cx_shape *shape = &in->shape;
    int64_t plane = cx_shape_span(shape, 2, shape->rank);
    int64_t units = shape->dims[0] * cx_layout_blocks(blocked->layout, shape);
    struct cx_launch_spec spec;
    cx_spec_init(&spec, cpu ? "cpu/reorder.cl" : "gpu/reorder.cl",
                 blocks ? "reorder_in" : "reorder_out");
    cx_launch_option(&spec, "-DSIZE=%zu -DBLOCK=%d", cx_dtype_size(in->dtype),
                     (int)cx_layout_block(blocked->layout));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_i64(shape->dims[1]));
    cx_launch_arg(&spec, cx_arg_i64(plane));
    if (!cpu) {
        int64_t count = (int64_t)(out->bytes / cx_dtype_size(out->dtype));
        cx_launch_arg(&spec, cx_arg_i64(count));
        cx_spec_range(&spec, p, count);
        return cx_prepare_launch(p, &spec);
    }
    int64_t each = cx_split_each(plane, units, cx_prepare_device(p), PIECE_MIN);
    each = (each + 15) / 16 * 16; /* whole cache lines of planes */
    cx_launch_arg(&spec, cx_arg_i64(each));
    spec.dim_n = 2;
    spec.global[0] = (size_t)((plane + each - 1) / each);
    spec.global[1] = (size_t)units;
    spec.local[0] = spec.local[1] = 1;
    return cx_prepare_launch(p, &spec);
}

const struct cx_kernel cx_kernel_reorder_any = {.prepare = prepare};
