/* Constant, in all its kinds of attributes but strings and sparse tensors. */
#include <string.h>

#include "ops/attr.h"
#include "ops/op.h"

/* One of the value attributes into *ret_tensor, whose elements live in the set's arena or where
 * the attribute has them. */
static enum cx_status read_value(struct cx_attr_set *set, const struct cx_attr *attr,
                                 struct cx_tensor *ret_tensor)
{
    struct cx_tensor t = {0};
    if (strcmp(attr->name, "value") == 0 && attr->kind == CX_ATTR_TENSOR) {
        *ret_tensor = attr->tensor;
        return CX_OK;
    }
    if (strcmp(attr->name, "value_float") == 0 && attr->kind == CX_ATTR_FLOAT) {
        t.dtype = CX_DTYPE_FLOAT;
        t.data = cx_arena_copy(set->arena, &attr->f, sizeof attr->f);
    } else if (strcmp(attr->name, "value_int") == 0 && attr->kind == CX_ATTR_INT) {
        t.dtype = CX_DTYPE_INT64;
        t.data = cx_arena_copy(set->arena, &attr->i, sizeof attr->i);
    } else if (strcmp(attr->name, "value_floats") == 0 && attr->kind == CX_ATTR_FLOATS) {
        t.dtype = CX_DTYPE_FLOAT;
        t.shape = (struct cx_shape){1, {attr->count}};
        t.data = cx_arena_copy(set->arena, attr->floats, attr->count * sizeof *attr->floats);
    } else if (strcmp(attr->name, "value_ints") == 0 && attr->kind == CX_ATTR_INTS) {
        t.dtype = CX_DTYPE_INT64;
        t.shape = (struct cx_shape){1, {attr->count}};
        t.data = cx_arena_copy(set->arena, attr->ints, attr->count * sizeof *attr->ints);
    } else {
        return cx_attr_fail(set, CX_UNSUPPORTED, "attribute '%s' is not supported", attr->name);
    }
    if (t.data == NULL)
        return CX_MEMORY;
    *ret_tensor = t;
    return CX_OK;
}

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    (void)op;
    (void)opset;
    struct cx_tensor *tensor = cx_arena_alloc(set->arena, sizeof *tensor);
    if (tensor == NULL)
        return CX_MEMORY;
    *ret_attrs = tensor;
    if (set->count != 1)
        return cx_attr_fail(set, CX_FORMAT, "%u attributes instead of one value", set->count);
    return read_value(set, cx_attr_get(set, set->attrs[0].name), tensor);
}

static const struct cx_tensor *constant(const struct cx_node *node)
{
    return node->attrs;
}

static enum cx_status infer(struct cx_call *call)
{
    const struct cx_tensor *tensor = call->node->attrs;
    call->out[0].dtype = tensor->dtype;
    call->out[0].shape = tensor->shape;
    return CX_OK;
}

const struct cx_op_impl cx_op_constant = {
    .parse = parse,
    .infer = infer,
    .constant = constant,
};
