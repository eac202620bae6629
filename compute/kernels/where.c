/* One of two inputs by a condition, all three broadcast. */
#include "graph/tensor.h"
#include "kernels/kernel_spec.h"
#include "kernels/move.h"

static enum cx_status prepare(struct cx_prepare *p)
{
    const struct cx_value *out = cx_prepare_output(p, 0);
    if (!cx_move_covers(out->dtype))
        return cx_prepare_host(p);
    struct cx_nest nest;
    cx_nest_init(&nest, &out->shape);
    for (uint32_t i = 0; i < 3; i++)
        cx_nest_broadcast(&nest, &cx_prepare_input(p, i)->shape);
    cx_nest_merge(&nest);
    int64_t count = cx_nest_count(&nest), numbers[CX_RANK_MAX];
    if (count == 0)
        return CX_OK;
    bool cpu = cx_spec_is_cpu(p);
    struct cx_launch_spec spec;
    cx_spec_init(&spec, cpu ? "cpu/where.cl" : "gpu/where.cl", "where");
    cx_launch_option(&spec, "-DSIZE=%zu", cx_dtype_size(out->dtype));
    for (uint32_t i = 0; i < 3; i++)
        cx_launch_arg(&spec, cx_prepare_input_arg(p, i));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_nest_dims8(&nest, numbers);
    cx_launch_arg(&spec, cx_arg_i64x8(numbers));
    for (uint32_t i = 0; i < 3; i++) {
        cx_nest_strides8(&nest, i + 1, numbers);
        cx_launch_arg(&spec, cx_arg_i64x8(numbers));
    }
    int64_t each = cx_spec_runs(&spec, p, count, 1);
    if (!cpu) {
        cx_launch_option(&spec, "-DINDEX=%s", count <= INT32_MAX ? "uint" : "ulong");
        cx_launch_arg(&spec, cx_arg_i32(nest.rank));
    }
    cx_launch_arg(&spec, cx_arg_i64(count));
    if (cpu)
        cx_launch_arg(&spec, cx_arg_i64(each));
    return cx_prepare_launch(p, &spec);
}

const struct cx_kernel cx_kernel_where_any = {.prepare = prepare};
