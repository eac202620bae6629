#include "ops/slice.h"

#include "ops/attr.h"
#include "ops/axis.h"
#include "ops/number.h"
#include "ops/walk.h"

#define OPSET_INPUTS 10 /* starts, ends, axes, steps from attributes to inputs 1 to 4 */

struct bounds {
    uint32_t count;
    bool has_axes;
    int64_t start[CX_RANK_MAX], end[CX_RANK_MAX], axis[CX_RANK_MAX], step[CX_RANK_MAX];
};

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    (void)op;
    struct bounds *bounds = cx_arena_alloc(set->arena, sizeof *bounds);
    if (bounds == NULL)
        return CX_MEMORY;
    *ret_attrs = bounds;
    if (opset >= OPSET_INPUTS)
        return CX_OK;
    uint32_t ends = 0, axes = 0;
    bounds->has_axes = cx_attr_has(set, "axes");
    enum cx_status status = cx_attr_ints(set, "starts", CX_RANK_MAX, bounds->start, &bounds->count);
    if (status == CX_OK)
        status = cx_attr_ints(set, "ends", CX_RANK_MAX, bounds->end, &ends);
    if (status == CX_OK)
        status = cx_attr_ints(set, "axes", CX_RANK_MAX, bounds->axis, &axes);
    if (status == CX_OK && (ends != bounds->count || (bounds->has_axes && axes != bounds->count)))
        status = cx_attr_fail(set, CX_FORMAT, "starts, ends and axes differ in length");
    for (uint32_t i = 0; i < CX_RANK_MAX; i++)
        bounds->step[i] = 1;
    return status;
}

static enum cx_status read_list(const struct cx_call *call, uint32_t i, const char *what,
                                int64_t *values, uint32_t count)
{
    uint32_t found = 0;
    enum cx_status status = cx_call_need_data(call, i, what);
    if (status == CX_OK)
        status = cx_ints_from_input(call, i, CX_RANK_MAX, values, &found);
    if (status == CX_OK && found != count)
        status = cx_call_fail(call, CX_SHAPE, "%s has %u values instead of %u", what, found, count);
    return status;
}

static enum cx_status read_bounds(const struct cx_call *call, struct bounds *bounds)
{
    int64_t count = cx_shape_elements(&call->in[1].shape);
    if (count > CX_RANK_MAX)
        return cx_call_fail(call, CX_SHAPE, "more than %d axes", CX_RANK_MAX);
    bounds->count = (uint32_t)count;
    bounds->has_axes = cx_call_has_in(call, 3);
    for (uint32_t i = 0; i < bounds->count; i++)
        bounds->step[i] = 1;
    enum cx_status status = read_list(call, 1, "starts", bounds->start, bounds->count);
    if (status == CX_OK)
        status = read_list(call, 2, "ends", bounds->end, bounds->count);
    if (status == CX_OK && bounds->has_axes)
        status = read_list(call, 3, "axes", bounds->axis, bounds->count);
    if (status == CX_OK && cx_call_has_in(call, 4))
        status = read_list(call, 4, "steps", bounds->step, bounds->count);
    return status;
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* numpy's rules for one axis of DIM elements. */
static void resolve_axis(int64_t dim, int64_t start, int64_t end, int64_t step, int64_t *ret_start,
                         int64_t *ret_count)
{
    int64_t low = step > 0 ? 0 : -1, high = step > 0 ? dim : dim - 1;
    start = clamp(start < 0 ? start + dim : start, low, high);
    end = clamp(end < 0 ? end + dim : end, low, high);
    int64_t room = step > 0 ? end - start : start - end;
    int64_t stride = step > 0 ? step : -step;
    *ret_start = start;
    *ret_count = room > 0 ? (room - 1) / stride + 1 : 0;
}

enum cx_status cx_slice_resolve(const struct cx_call *call, struct cx_slice *ret_slice)
{
    struct bounds bounds = *(const struct bounds *)call->node->attrs;
    const struct cx_shape *in = &call->in[0].shape;
    struct cx_slice slice = {.out = *in};
    uint32_t axes[CX_RANK_MAX];
    if (call->node->opset >= OPSET_INPUTS) {
        enum cx_status status = read_bounds(call, &bounds);
        if (status != CX_OK)
            return status;
    }
    for (uint32_t i = 0; i < bounds.count && !bounds.has_axes; i++)
        bounds.axis[i] = i;
    enum cx_status status = cx_axes_resolve(call, bounds.axis, bounds.count, in->rank, axes);
    if (status != CX_OK)
        return status;
    for (uint32_t i = 0; i < in->rank; i++)
        slice.step[i] = 1;
    for (uint32_t i = 0; i < bounds.count; i++) {
        uint32_t a = axes[i];
        if (bounds.step[i] == 0 || bounds.step[i] == INT64_MIN)
            return cx_call_fail(call, CX_SHAPE, "a step of %lld", (long long)bounds.step[i]);
        resolve_axis(in->dims[a], bounds.start[i], bounds.end[i], bounds.step[i], &slice.start[a],
                     &slice.out.dims[a]);
        /* With at most one element the step is never taken, and may be any number. */
        slice.step[a] = slice.out.dims[a] > 1 ? bounds.step[i] : 1;
    }
    *ret_slice = slice;
    return CX_OK;
}

static enum cx_status infer(struct cx_call *call)
{
    struct cx_slice slice = {0};
    enum cx_status status = cx_slice_resolve(call, &slice);
    call->out[0].dtype = call->in[0].dtype;
    call->out[0].shape = slice.out;
    return status;
}

static enum cx_status eval(struct cx_call *call)
{
    struct cx_slice slice = {0};
    enum cx_status status = cx_slice_resolve(call, &slice);
    if (status != CX_OK)
        return status;
    int64_t strides[CX_RANK_MAX], at = 0;
    cx_shape_strides(&call->in[0].shape, strides);
    for (uint32_t i = 0; i < slice.out.rank; i++) {
        at += slice.start[i] * strides[i];
        strides[i] *= slice.step[i];
    }
    struct cx_walk walk;
    cx_walk_start(&walk, &slice.out);
    cx_walk_follow_strides(&walk, at, strides);
    int64_t count = cx_shape_elements(&slice.out);
    for (int64_t i = 0; i < count; i++, cx_walk_next(&walk))
        cx_copy_element(&call->out[0], i, &call->in[0], walk.at[0]);
    return CX_OK;
}

const struct cx_op_impl cx_op_slice = {
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
