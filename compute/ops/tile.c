#include "ops/tile.h"

#include "ops/axis.h"
#include "ops/number.h"
#include "ops/walk.h"

enum cx_status cx_tile_resolve(const struct cx_call *call, int64_t ret_repeats[CX_RANK_MAX])
{
    int64_t repeats[CX_RANK_MAX];
    uint32_t count = 0, rank = call->in[0].shape.rank;
    enum cx_status status = cx_call_need_data(call, 1, "the list of repeats");
    if (status == CX_OK)
        status = cx_ints_from_input(call, 1, CX_RANK_MAX, repeats, &count);
    if (status == CX_OK && count != rank)
        status = cx_call_fail(call, CX_SHAPE, "%u repeats for %u axes", count, rank);
    for (uint32_t i = 0; i < rank && status == CX_OK; i++) {
        ret_repeats[i] = repeats[i];
        if (repeats[i] < 0)
            status = cx_call_fail(call, CX_SHAPE, "axis %u is repeated %lld times", i,
                                  (long long)repeats[i]);
    }
    return status;
}

static enum cx_status infer(struct cx_call *call)
{
    int64_t repeats[CX_RANK_MAX];
    enum cx_status status = cx_tile_resolve(call, repeats);
    call->out[0].dtype = call->in[0].dtype;
    call->out[0].shape.rank = call->in[0].shape.rank;
    for (uint32_t i = 0; i < call->in[0].shape.rank && status == CX_OK; i++)
        if (__builtin_mul_overflow(call->in[0].shape.dims[i], repeats[i],
                                   &call->out[0].shape.dims[i]))
            status = cx_call_fail(call, CX_LIMIT, "axis %u would be too long", i);
    return status;
}

static enum cx_status eval(struct cx_call *call)
{
    const struct cx_shape *in = &call->in[0].shape;
    int64_t strides[CX_RANK_MAX];
    struct cx_walk walk;
    cx_shape_strides(in, strides);
    cx_walk_start(&walk, &call->out[0].shape);
    int64_t count = cx_shape_elements(&call->out[0].shape);
    for (int64_t i = 0; i < count; i++, cx_walk_next(&walk)) {
        int64_t at = 0;
        for (uint32_t d = 0; d < in->rank; d++)
            at += walk.index[d] % in->dims[d] * strides[d];
        cx_copy_element(&call->out[0], i, &call->in[0], at);
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_tile = {
    .infer = infer,
    .eval = eval,
};
