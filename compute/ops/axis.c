#include "ops/axis.h"

#include "ops/number.h"

enum cx_status cx_axis_resolve(const struct cx_call *call, int64_t axis, uint32_t rank,
                               uint32_t *ret_axis)
{
    if (axis < -(int64_t)rank || axis >= (int64_t)rank)
        return cx_call_fail(call, CX_SHAPE, "axis %lld of %u axes", (long long)axis, rank);
    *ret_axis = (uint32_t)(axis < 0 ? axis + rank : axis);
    return CX_OK;
}

enum cx_status cx_axes_resolve(const struct cx_call *call, const int64_t *axes, uint32_t count,
                               uint32_t rank, uint32_t *ret_axes)
{
    uint32_t seen = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t axis = 0;
        enum cx_status status = cx_axis_resolve(call, axes[i], rank, &axis);
        if (status == CX_OK && (seen >> axis & 1) != 0)
            status = cx_call_fail(call, CX_SHAPE, "axis %u is given twice", axis);
        if (status != CX_OK)
            return status;
        seen |= 1u << axis;
        ret_axes[i] = axis;
    }
    return CX_OK;
}

enum cx_status cx_ints_from_input(const struct cx_call *call, uint32_t i, uint32_t max,
                                  int64_t *ret_values, uint32_t *ret_count)
{
    const struct cx_tensor *list = &call->in[i];
    int64_t count = cx_shape_elements(&list->shape);
    if (!cx_dtype_is_int(list->dtype) || list->shape.rank > 1)
        return cx_call_fail(call, CX_SHAPE, "input %u is not a list of integers", i);
    if (count > max)
        return cx_call_fail(call, CX_SHAPE, "input %u has %lld values, more than %u", i,
                            (long long)count, max);
    for (int64_t k = 0; k < count; k++)
        ret_values[k] = cx_get_i64(list, k);
    *ret_count = (uint32_t)count;
    return CX_OK;
}

enum cx_status cx_axes_from_input(const struct cx_call *call, uint32_t i, uint32_t rank,
                                  uint32_t *ret_axes, uint32_t *ret_count)
{
    int64_t axes[CX_RANK_MAX];
    uint32_t count = 0;
    enum cx_status status = cx_ints_from_input(call, i, CX_RANK_MAX, axes, &count);
    if (status == CX_OK)
        status = cx_axes_resolve(call, axes, count, rank, ret_axes);
    if (status == CX_OK)
        *ret_count = count;
    return status;
}
