/* Operators that give the same elements another shape: no kernel, no copy. */
#include "ops/attr.h"
#include "ops/axis.h"
#include "ops/number.h"
#include "ops/op.h"

#define OPSET_AXES_INPUT 13 /* Squeeze and Unsqueeze: axes from attribute to input 1 */

struct alias {
    int64_t axis;    /* Flatten */
    bool allow_zero; /* Reshape */
    struct cx_axes axes;
};

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    struct alias *alias = cx_arena_alloc(set->arena, sizeof *alias);
    if (alias == NULL)
        return CX_MEMORY;
    *ret_attrs = alias;
    switch ((int)cx_op_id(op)) {
    case CX_OP_ID_Flatten:
        return cx_attr_int(set, "axis", 1, &alias->axis);
    case CX_OP_ID_Reshape:
        return cx_attr_bool(set, "allowzero", false, &alias->allow_zero);
    case CX_OP_ID_Squeeze:
    case CX_OP_ID_Unsqueeze:
        if (opset >= OPSET_AXES_INPUT)
            return CX_OK;
        alias->axes.given = cx_attr_has(set, "axes");
        return cx_attr_ints(set, "axes", CX_RANK_MAX, alias->axes.axes, &alias->axes.count);
    default:
        return CX_OK;
    }
}

static enum cx_status infer_reshape(struct cx_call *call, const struct alias *alias)
{
    const struct cx_shape *in = &call->in[0].shape;
    struct cx_shape out = {0};
    char from[128], to[128];
    int64_t known = 1;
    int32_t open = -1;
    enum cx_status status = cx_call_need_data(call, 1, "the shape");
    if (status == CX_OK)
        status = cx_ints_from_input(call, 1, CX_RANK_MAX, out.dims, &out.rank);
    if (status != CX_OK)
        return status;
    for (uint32_t i = 0; i < out.rank; i++) {
        if (out.dims[i] == 0 && !alias->allow_zero && i < in->rank)
            out.dims[i] = in->dims[i];
        if (out.dims[i] < -1 || (out.dims[i] == -1 && open >= 0) ||
            __builtin_mul_overflow(known, out.dims[i] == -1 ? 1 : out.dims[i], &known))
            return cx_call_fail(call, CX_SHAPE, "%s is not a shape",
                                cx_shape_format(&out, to, sizeof to));
        if (out.dims[i] == -1)
            open = (int32_t)i;
    }
    int64_t count = cx_shape_elements(in);
    if (open >= 0)
        out.dims[open] = known > 0 && count % known == 0 ? count / known : 0;
    size_t bytes;
    if (!cx_shape_bytes(CX_DTYPE_INT8, &out, CX_LAYOUT_PLAIN, &bytes) ||
        cx_shape_elements(&out) != count)
        return cx_call_fail(call, CX_SHAPE, "%s can't be reshaped to %s",
                            cx_shape_format(in, from, sizeof from),
                            cx_shape_format(&out, to, sizeof to));
    call->out[0].shape = out;
    return CX_OK;
}

static enum cx_status infer_flatten(struct cx_call *call, const struct alias *alias)
{
    const struct cx_shape *in = &call->in[0].shape;
    uint32_t axis = in->rank;
    enum cx_status status = CX_OK;
    if (alias->axis != (int64_t)in->rank)
        status = cx_axis_resolve(call, alias->axis, in->rank, &axis);
    call->out[0].shape.rank = 2;
    call->out[0].shape.dims[0] = cx_shape_span(in, 0, axis);
    call->out[0].shape.dims[1] = cx_shape_span(in, axis, in->rank);
    return status;
}

/* The axes as a mask, of a tensor of RANK axes. */
static enum cx_status read_axes(struct cx_call *call, const struct alias *alias, uint32_t rank,
                                uint32_t *ret_mask)
{
    uint32_t axes[CX_RANK_MAX], count = alias->axes.count, mask = 0;
    enum cx_status status;
    if (cx_call_has_in(call, 1)) {
        status = cx_call_need_data(call, 1, "the list of axes");
        if (status == CX_OK)
            status = cx_axes_from_input(call, 1, rank, axes, &count);
    } else {
        status = cx_axes_resolve(call, alias->axes.axes, count, rank, axes);
    }
    for (uint32_t i = 0; i < count && status == CX_OK; i++)
        mask |= 1u << axes[i];
    if (status == CX_OK)
        *ret_mask = mask;
    return status;
}

static enum cx_status infer_squeeze(struct cx_call *call, const struct alias *alias)
{
    const struct cx_shape *in = &call->in[0].shape;
    struct cx_shape out = {0};
    uint32_t mask = 0;
    bool all = !cx_call_has_in(call, 1) && !alias->axes.given;
    enum cx_status status = read_axes(call, alias, in->rank, &mask);
    if (status != CX_OK)
        return status;
    for (uint32_t i = 0; i < in->rank; i++) {
        bool drop = all ? in->dims[i] == 1 : (mask >> i & 1) != 0;
        if (!drop)
            out.dims[out.rank++] = in->dims[i];
        else if (in->dims[i] != 1)
            return cx_call_fail(call, CX_SHAPE, "axis %u has %lld elements, not 1", i,
                                (long long)in->dims[i]);
    }
    call->out[0].shape = out;
    return CX_OK;
}

static enum cx_status infer_unsqueeze(struct cx_call *call, const struct alias *alias)
{
    const struct cx_shape *in = &call->in[0].shape;
    int64_t added = cx_call_has_in(call, 1) ? cx_shape_elements(&call->in[1].shape)
                                            : (int64_t)alias->axes.count;
    if (!cx_call_has_in(call, 1) && !alias->axes.given)
        return cx_call_fail(call, CX_FORMAT, "the axes are missing");
    if (added + in->rank > CX_RANK_MAX)
        return cx_call_fail(call, CX_UNSUPPORTED, "more than %d axes", CX_RANK_MAX);
    struct cx_shape out = {.rank = in->rank + (uint32_t)added};
    uint32_t mask = 0, from = 0;
    enum cx_status status = read_axes(call, alias, out.rank, &mask);
    if (status != CX_OK)
        return status;
    for (uint32_t i = 0; i < out.rank; i++)
        out.dims[i] = (mask >> i & 1) != 0 ? 1 : in->dims[from++];
    call->out[0].shape = out;
    return CX_OK;
}

static enum cx_status infer(struct cx_call *call)
{
    const struct alias *alias = call->node->attrs;
    call->out[0].dtype = call->in[0].dtype;
    switch ((int)cx_op_id(call->node->op)) {
    case CX_OP_ID_Flatten:
        return infer_flatten(call, alias);
    case CX_OP_ID_Reshape:
        return infer_reshape(call, alias);
    case CX_OP_ID_Squeeze:
        return infer_squeeze(call, alias);
    default:
        return infer_unsqueeze(call, alias);
    }
}

static enum cx_status eval(struct cx_call *call)
{
    cx_copy_tensor(&call->out[0], &call->in[0]);
    return CX_OK;
}

const struct cx_op_impl cx_op_alias = {
    .flags = CX_OP_ALIAS,
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
