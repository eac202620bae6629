/* Reductions over axes. Axes that lie together reduce in place; others are moved together first. */
#include "ops/reduce.h"

#include "kernels/kernel_spec.h"
#include "kernels/move.h"

#define GROUP_GPU 64 /* as in gpu/reduce.cl */

static const char *const names[] = {
    [CX_REDUCE_L1] = "L1",           [CX_REDUCE_L2] = "L2",
    [CX_REDUCE_LOG_SUM] = "LOG_SUM", [CX_REDUCE_LOG_SUM_EXP] = "LOG_SUM_EXP",
    [CX_REDUCE_MAX] = "MAX",         [CX_REDUCE_MEAN] = "MEAN",
    [CX_REDUCE_MIN] = "MIN",         [CX_REDUCE_PROD] = "PROD",
    [CX_REDUCE_SUM] = "SUM",         [CX_REDUCE_SUM_SQUARE] = "SUM_SQUARE",
};

struct shape3 {
    int64_t outer, n, inner;
};

/* Whether the reduced axes lie together, leaving out those of one element. */
static bool together(const struct cx_shape *in, uint32_t mask, struct shape3 *ret_shape)
{
    struct shape3 shape = {1, 1, 1};
    bool seen = false, after = false;
    for (uint32_t k = 0; k < in->rank; k++) {
        bool reduced = (mask >> k & 1) != 0;
        if (in->dims[k] == 1)
            continue;
        if (reduced && after)
            return false;
        after = after || (seen && !reduced);
        seen = seen || reduced;
        *(reduced ? &shape.n : after ? &shape.inner : &shape.outer) *= in->dims[k];
    }
    *ret_shape = shape;
    return true;
}

/* Moves the reduced axes behind the kept ones, into scratch memory. */
static enum cx_status move_together(struct cx_prepare *p, uint32_t mask, struct shape3 *ret_shape,
                                    struct cx_arg *ret_arg)
{
    const struct cx_value *in = cx_prepare_input(p, 0);
    int64_t strides[CX_RANK_MAX];
    cx_shape_strides(&in->shape, strides);
    struct cx_shape moved = {.rank = in->shape.rank};
    int64_t turned[CX_RANK_MAX];
    struct shape3 shape = {1, 1, 1};
    uint32_t at = 0;
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t k = 0; k < in->shape.rank; k++) {
            if ((mask >> k & 1) != pass)
                continue;
            moved.dims[at] = in->shape.dims[k];
            turned[at++] = strides[k];
            *(pass == 0 ? &shape.outer : &shape.n) *= in->shape.dims[k];
        }
    }
    uint32_t scratch;
    enum cx_status status = cx_prepare_scratch(p, in->bytes, &scratch);
    if (status != CX_OK)
        return status;
    struct cx_nest nest;
    cx_move_nest(&nest, &moved, 0, turned);
    *ret_arg = cx_arg_scratch(scratch);
    *ret_shape = shape;
    return cx_move_launch(p, &nest, in->dtype, cx_prepare_input_arg(p, 0), *ret_arg);
}

static void describe_range(struct cx_launch_spec *spec, struct cx_prepare *p, struct shape3 shape,
                           int64_t width)
{
    bool cpu = cx_spec_is_cpu(p);
    cx_launch_arg(spec, cx_arg_i64(shape.n));
    if (shape.inner != 1) {
        spec->kernel = "reduce_columns";
        cx_launch_arg(spec, cx_arg_i64(shape.inner));
        cx_launch_arg(spec, cx_arg_i64(shape.outer));
        cx_spec_range(spec, p,
                      shape.outer * (cpu ? (shape.inner + width - 1) / width : shape.inner));
    } else if (cpu) {
        cx_launch_arg(spec, cx_arg_i64(shape.outer));
        cx_launch_arg(spec, cx_arg_i64(cx_spec_rows(spec, p, shape.outer, shape.n)));
    } else {
        spec->global[0] = (size_t)shape.outer * GROUP_GPU;
        spec->local[0] = GROUP_GPU;
    }
}

/* What kernels don't do: fractions of integers, and extremes of nothing. */
static bool needs_host(const struct cx_prepare *p, enum cx_reduce_kind kind)
{
    const struct cx_value *in = cx_prepare_input(p, 0);
    bool fraction = kind == CX_REDUCE_L2 || kind == CX_REDUCE_LOG_SUM ||
                    kind == CX_REDUCE_LOG_SUM_EXP || kind == CX_REDUCE_MEAN;
    bool extreme = kind == CX_REDUCE_MAX || kind == CX_REDUCE_MIN;
    return !cx_spec_covers(p, in->dtype) || (fraction && !cx_dtype_is_float(in->dtype)) ||
           (extreme && in->bytes == 0);
}

static enum cx_status prepare(struct cx_prepare *p)
{
    const struct cx_reduce *reduce = cx_prepare_node(p)->attrs;
    const struct cx_value *in = cx_prepare_input(p, 0), *out = cx_prepare_output(p, 0);
    struct cx_spec_call call;
    cx_spec_call_init(&call, p);
    uint32_t mask = 0;
    enum cx_status status = cx_reduce_resolve(&call.call, &mask);
    if (status != CX_OK)
        return cx_spec_call_fail(&call, p, status);
    if (needs_host(p, reduce->kind))
        return cx_prepare_host(p);
    if (out->bytes == 0)
        return CX_OK;
    struct cx_arg src = cx_prepare_input_arg(p, 0);
    if (mask == 0 && in->shape.rank > 0) { /* asked to reduce nothing: the elements as they are */
        struct cx_nest nest;
        cx_nest_init(&nest, &in->shape);
        cx_nest_broadcast(&nest, &in->shape);
        return cx_move_launch(p, &nest, in->dtype, src, cx_prepare_output_arg(p, 0));
    }
    struct shape3 shape;
    if (!together(&in->shape, mask, &shape))
        status = move_together(p, mask, &shape, &src);
    if (status != CX_OK)
        return status;
    struct cx_launch_spec spec;
    cx_spec_init(&spec, cx_spec_is_cpu(p) ? "cpu/reduce.cl" : "gpu/reduce.cl", "reduce_rows");
    cx_launch_option(&spec, "-DOP_%s=1", names[reduce->kind]);
    cx_spec_operand(&spec, "A", in->dtype);
    cx_spec_operand(&spec, "D", out->dtype);
    int64_t width = cx_spec_width(&spec, p);
    cx_launch_arg(&spec, src);
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    describe_range(&spec, p, shape, width);
    return cx_prepare_launch(p, &spec);
}

const struct cx_kernel cx_kernel_reduce_any = {.prepare = prepare};
