#include "ops/pad.h"

#include <string.h>

#include "ops/attr.h"
#include "ops/axis.h"
#include "ops/number.h"
#include "ops/walk.h"

#define OPSET_INPUTS 11 /* pads and value from attributes to inputs 1 and 2 */
#define PADS_MAX (2 * CX_RANK_MAX)
#define AMOUNT_MAX ((int64_t)1 << 40)

struct attrs {
    enum cx_pad_mode mode;
    float value;
    uint32_t pad_count;
    int64_t pads[PADS_MAX];
};

static enum cx_status parse_mode(struct cx_attr_set *set, enum cx_pad_mode *ret_mode)
{
    static const char *const names[] = {"constant", "reflect", "edge", "wrap"};
    const char *text;
    enum cx_status status = cx_attr_string(set, "mode", "constant", &text);
    if (status != CX_OK)
        return status;
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *ret_mode = (enum cx_pad_mode)i;
            return CX_OK;
        }
    }
    return cx_attr_fail(set, CX_UNSUPPORTED, "mode '%.32s' is not supported", text);
}

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    (void)op;
    struct attrs *attrs = cx_arena_alloc(set->arena, sizeof *attrs);
    if (attrs == NULL)
        return CX_MEMORY;
    *ret_attrs = attrs;
    enum cx_status status = parse_mode(set, &attrs->mode);
    if (status == CX_OK && opset < OPSET_INPUTS)
        status = cx_attr_float(set, "value", 0, &attrs->value);
    if (status == CX_OK && opset < OPSET_INPUTS)
        status = cx_attr_ints(set, "pads", PADS_MAX, attrs->pads, &attrs->pad_count);
    return status;
}

enum cx_status cx_pad_resolve(const struct cx_call *call, struct cx_pad *ret_pad)
{
    const struct attrs *attrs = call->node->attrs;
    uint32_t rank = call->in[0].shape.rank, count = attrs->pad_count, axis_count = rank;
    int64_t pads[PADS_MAX];
    uint32_t axes[CX_RANK_MAX];
    struct cx_pad pad = {.mode = attrs->mode, .value = (double)attrs->value};
    enum cx_status status = CX_OK;
    memcpy(pads, attrs->pads, sizeof pads);
    if (call->node->opset >= OPSET_INPUTS) {
        status = cx_call_need_data(call, 1, "the list of pads");
        if (status == CX_OK)
            status = cx_ints_from_input(call, 1, PADS_MAX, pads, &count);
    }
    for (uint32_t i = 0; i < rank; i++)
        axes[i] = i;
    if (status == CX_OK && cx_call_has_in(call, 3)) {
        status = cx_call_need_data(call, 3, "the list of axes");
        if (status == CX_OK)
            status = cx_axes_from_input(call, 3, rank, axes, &axis_count);
    }
    if (status == CX_OK && count != 2 * axis_count)
        status = cx_call_fail(call, CX_SHAPE, "%u pads for %u axes", count, axis_count);
    for (uint32_t i = 0; i < axis_count && status == CX_OK; i++) {
        pad.begin[axes[i]] = pads[i];
        pad.end[axes[i]] = pads[axis_count + i];
        if (pads[i] < -AMOUNT_MAX || pads[i] > AMOUNT_MAX || pads[axis_count + i] < -AMOUNT_MAX ||
            pads[axis_count + i] > AMOUNT_MAX)
            status = cx_call_fail(call, CX_LIMIT, "axis %u is padded too far", axes[i]);
    }
    if (status == CX_OK)
        *ret_pad = pad;
    return status;
}

int64_t cx_pad_index(enum cx_pad_mode mode, int64_t i, int64_t dim)
{
    if (i >= 0 && i < dim)
        return i;
    switch (mode) {
    case CX_PAD_EDGE:
        return i < 0 ? 0 : dim - 1;
    case CX_PAD_WRAP:
        return ((i % dim) + dim) % dim;
    case CX_PAD_REFLECT: {
        int64_t period = dim > 1 ? 2 * (dim - 1) : 1;
        int64_t at = ((i % period) + period) % period;
        return at < dim ? at : period - at;
    }
    case CX_PAD_CONSTANT:
        break;
    }
    return -1;
}

static enum cx_status infer(struct cx_call *call)
{
    const struct cx_shape *in = &call->in[0].shape;
    struct cx_pad pad = {0};
    char text[128];
    enum cx_status status = cx_pad_resolve(call, &pad);
    if (status == CX_OK && cx_call_has_in(call, 2)) {
        status = cx_call_check_same_dtype(call, 0, 2);
        if (status == CX_OK && cx_shape_elements(&call->in[2].shape) != 1)
            status = cx_call_fail(call, CX_SHAPE, "the value is not one element");
    }
    if (status != CX_OK)
        return status;
    call->out[0].dtype = call->in[0].dtype;
    call->out[0].shape = *in;
    for (uint32_t i = 0; i < in->rank; i++) {
        int64_t dim = in->dims[i] + pad.begin[i] + pad.end[i];
        if (dim < 0 || (in->dims[i] == 0 && dim > 0 && pad.mode != CX_PAD_CONSTANT))
            return cx_call_fail(call, CX_SHAPE, "axis %u of %s is padded by %lld and %lld", i,
                                cx_shape_format(in, text, sizeof text), (long long)pad.begin[i],
                                (long long)pad.end[i]);
        call->out[0].shape.dims[i] = dim;
    }
    return CX_OK;
}

static enum cx_status eval(struct cx_call *call)
{
    const struct cx_tensor *in = &call->in[0], *out = &call->out[0];
    struct cx_pad pad = {0};
    int64_t strides[CX_RANK_MAX];
    enum cx_status status = cx_pad_resolve(call, &pad);
    if (status != CX_OK)
        return status;
    cx_shape_strides(&in->shape, strides);
    struct cx_walk walk;
    cx_walk_start(&walk, &out->shape);
    int64_t count = cx_shape_elements(&out->shape);
    for (int64_t i = 0; i < count; i++, cx_walk_next(&walk)) {
        int64_t at = 0;
        for (uint32_t d = 0; d < out->shape.rank && at >= 0; d++) {
            int64_t index = cx_pad_index(pad.mode, walk.index[d] - pad.begin[d], in->shape.dims[d]);
            at = index < 0 ? -1 : at + index * strides[d];
        }
        if (at >= 0)
            cx_copy_element(out, i, in, at);
        else if (cx_call_has_in(call, 2))
            cx_copy_element(out, i, &call->in[2], 0);
        else
            cx_set_f64(out, i, pad.value);
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_pad = {
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
