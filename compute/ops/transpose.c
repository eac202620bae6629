#include "ops/transpose.h"

#include "ops/attr.h"
#include "ops/axis.h"
#include "ops/number.h"
#include "ops/walk.h"

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    (void)op;
    (void)opset;
    struct cx_axes *perm = cx_arena_alloc(set->arena, sizeof *perm);
    if (perm == NULL)
        return CX_MEMORY;
    *ret_attrs = perm;
    perm->given = cx_attr_has(set, "perm");
    return cx_attr_ints(set, "perm", CX_RANK_MAX, perm->axes, &perm->count);
}

enum cx_status cx_transpose_resolve(const struct cx_call *call, uint32_t ret_perm[CX_RANK_MAX])
{
    const struct cx_axes *perm = call->node->attrs;
    uint32_t rank = call->in[0].shape.rank;
    if (!perm->given) {
        for (uint32_t i = 0; i < rank; i++)
            ret_perm[i] = rank - 1 - i;
        return CX_OK;
    }
    if (perm->count != rank)
        return cx_call_fail(call, CX_SHAPE, "%u axes in perm, the input has %u", perm->count, rank);
    return cx_axes_resolve(call, perm->axes, rank, rank, ret_perm);
}

static enum cx_status infer(struct cx_call *call)
{
    uint32_t perm[CX_RANK_MAX];
    enum cx_status status = cx_transpose_resolve(call, perm);
    if (status != CX_OK)
        return status;
    call->out[0].dtype = call->in[0].dtype;
    call->out[0].shape.rank = call->in[0].shape.rank;
    for (uint32_t i = 0; i < call->in[0].shape.rank; i++)
        call->out[0].shape.dims[i] = call->in[0].shape.dims[perm[i]];
    return CX_OK;
}

static enum cx_status eval(struct cx_call *call)
{
    uint32_t perm[CX_RANK_MAX];
    int64_t strides[CX_RANK_MAX], turned[CX_RANK_MAX];
    enum cx_status status = cx_transpose_resolve(call, perm);
    if (status != CX_OK)
        return status;
    const struct cx_tensor *out = &call->out[0];
    cx_shape_strides(&call->in[0].shape, strides);
    for (uint32_t i = 0; i < out->shape.rank; i++)
        turned[i] = strides[perm[i]];
    struct cx_walk walk;
    cx_walk_start(&walk, &out->shape);
    cx_walk_follow_strides(&walk, 0, turned);
    int64_t count = cx_shape_elements(&out->shape);
    for (int64_t i = 0; i < count; i++, cx_walk_next(&walk))
        cx_copy_element(out, i, &call->in[0], walk.at[0]);
    return CX_OK;
}

const struct cx_op_impl cx_op_transpose = {
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
