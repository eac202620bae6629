#include "ops/split.h"

#include "ops/attr.h"
#include "ops/axis.h"
#include "ops/number.h"

#define OPSET_SIZES_INPUT 13 /* the sizes from attribute to input 1 */

struct split {
    int64_t axis;
    const int64_t *sizes; /* NULL: equal parts */
    uint32_t size_count;
};

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    (void)op;
    struct split *split = cx_arena_alloc(set->arena, sizeof *split);
    if (split == NULL)
        return CX_MEMORY;
    *ret_attrs = split;
    int64_t outputs; /* the node's own outputs say the same */
    enum cx_status status = cx_attr_int(set, "axis", 0, &split->axis);
    if (status == CX_OK && opset >= 18)
        status = cx_attr_int(set, "num_outputs", 0, &outputs);
    if (status == CX_OK && opset < OPSET_SIZES_INPUT && cx_attr_has(set, "split")) {
        int64_t *sizes = cx_arena_array(set->arena, CX_ARITY_MAX, sizeof *sizes);
        if (sizes == NULL)
            return CX_MEMORY;
        status = cx_attr_ints(set, "split", CX_ARITY_MAX, sizes, &split->size_count);
        split->sizes = sizes;
    }
    return status;
}

enum cx_status cx_split_resolve(const struct cx_call *call, uint32_t *ret_axis)
{
    const struct split *split = call->node->attrs;
    return cx_axis_resolve(call, split->axis, call->in[0].shape.rank, ret_axis);
}

/* The size of part I of PARTS, -1 where the list has none for it. */
static int64_t part_size(const struct cx_call *call, uint32_t i, int64_t total)
{
    const struct split *split = call->node->attrs;
    uint32_t parts = call->node->output_count;
    if (cx_call_has_in(call, 1))
        return cx_shape_elements(&call->in[1].shape) == parts ? cx_get_i64(&call->in[1], i) : -1;
    if (split->sizes != NULL)
        return split->size_count == parts ? split->sizes[i] : -1;
    int64_t each = (total + parts - 1) / parts;
    int64_t rest = total - each * i;
    return rest < 0 ? 0 : rest < each ? rest : each;
}

static enum cx_status infer(struct cx_call *call)
{
    const struct cx_shape *in = &call->in[0].shape;
    uint32_t axis = 0;
    int64_t left = 0;
    enum cx_status status = cx_split_resolve(call, &axis);
    if (status == CX_OK && cx_call_has_in(call, 1))
        status = cx_call_need_data(call, 1, "the list of sizes");
    if (status != CX_OK)
        return status;
    left = in->dims[axis];
    for (uint32_t i = 0; i < call->node->output_count; i++) {
        int64_t size = part_size(call, i, in->dims[axis]);
        if (size < 0 || size > left)
            return cx_call_fail(call, CX_SHAPE, "%lld elements don't split into %u parts so",
                                (long long)in->dims[axis], call->node->output_count);
        left -= size;
        call->out[i].dtype = call->in[0].dtype;
        call->out[i].shape = *in;
        call->out[i].shape.dims[axis] = size;
    }
    if (left != 0)
        return cx_call_fail(call, CX_SHAPE, "%lld elements are left by the split", (long long)left);
    return CX_OK;
}

static enum cx_status eval(struct cx_call *call)
{
    const struct cx_tensor *in = &call->in[0];
    uint32_t axis = 0;
    enum cx_status status = cx_split_resolve(call, &axis);
    if (status != CX_OK)
        return status;
    int64_t outer = cx_shape_span(&in->shape, 0, axis), at = 0;
    for (int64_t o = 0; o < outer; o++) {
        for (uint32_t k = 0; k < call->node->output_count; k++) {
            int64_t part = part_size(call, k, in->shape.dims[axis]);
            int64_t run = part * cx_shape_span(&in->shape, axis + 1, in->shape.rank);
            for (int64_t i = 0; i < run; i++, at++)
                if (cx_call_has_out(call, k))
                    cx_copy_element(&call->out[k], o * run + i, in, at);
        }
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_split = {
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
