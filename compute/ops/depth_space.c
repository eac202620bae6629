#include "ops/depth_space.h"

#include <string.h>

#include "ops/attr.h"
#include "ops/number.h"
#include "ops/walk.h"

#define BLOCK_MAX 65536

struct attrs {
    int64_t block;
    bool column_row_depth; /* channels are ordered [c][by][bx], else [by][bx][c] */
};

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    (void)opset;
    struct attrs *attrs = cx_arena_alloc(set->arena, sizeof *attrs);
    if (attrs == NULL)
        return CX_MEMORY;
    *attrs = (struct attrs){.block = 0};
    *ret_attrs = attrs;
    const char *mode = "DCR";
    enum cx_status status = cx_attr_int(set, "blocksize", 0, &attrs->block);
    if (status == CX_OK && op == &cx_ops[CX_OP_ID_DepthToSpace])
        status = cx_attr_string(set, "mode", mode, &mode);
    if (status != CX_OK)
        return status;
    attrs->column_row_depth = strcmp(mode, "CRD") == 0;
    if (!attrs->column_row_depth && strcmp(mode, "DCR") != 0)
        return cx_attr_fail(set, CX_UNSUPPORTED, "mode '%.32s' is not supported", mode);
    if (attrs->block < 1 || attrs->block > BLOCK_MAX)
        return cx_attr_fail(set, CX_FORMAT, "a blocksize of %lld", (long long)attrs->block);
    return CX_OK;
}

enum cx_status cx_depth_space_resolve(const struct cx_call *call, struct cx_shape *ret_out,
                                      int64_t ret_strides[CX_RANK_MAX])
{
    const struct attrs *attrs = call->node->attrs;
    const int64_t *in = call->in[0].shape.dims, b = attrs->block;
    char text[128];
    bool to_space = call->node->op == &cx_ops[CX_OP_ID_DepthToSpace];
    if (call->in[0].shape.rank != 4 ||
        (to_space ? in[1] % (b * b) != 0 : in[2] % b != 0 || in[3] % b != 0))
        return cx_call_fail(call, CX_SHAPE, "%s can't be cut into blocks of %lld",
                            cx_shape_format(&call->in[0].shape, text, sizeof text), (long long)b);
    int64_t plane = in[2] * in[3], image = in[1] * plane;
    *ret_out = (struct cx_shape){.rank = CX_DEPTH_SPACE_RANK};
    if (to_space) {
        int64_t c = in[1] / (b * b);
        int64_t channel = attrs->column_row_depth ? b * b : 1; /* input channels a step of each */
        int64_t column = attrs->column_row_depth ? 1 : c;
        const int64_t dims[] = {in[0], c, in[2], b, in[3], b};
        const int64_t strides[] = {image, channel * plane, in[3], b * column * plane,
                                   1,     column * plane};
        memcpy(ret_out->dims, dims, sizeof dims);
        memcpy(ret_strides, strides, sizeof strides);
        return CX_OK;
    }
    const int64_t dims[] = {in[0], b, b, in[1], in[2] / b, in[3] / b};
    const int64_t strides[] = {image, in[3], 1, plane, b * in[3], b};
    memcpy(ret_out->dims, dims, sizeof dims);
    memcpy(ret_strides, strides, sizeof strides);
    return CX_OK;
}

static enum cx_status infer(struct cx_call *call)
{
    struct cx_shape cut;
    int64_t strides[CX_RANK_MAX];
    enum cx_status status = cx_depth_space_resolve(call, &cut, strides);
    if (status != CX_OK)
        return status;
    struct cx_shape *out = &call->out[0].shape;
    bool to_space = call->node->op == &cx_ops[CX_OP_ID_DepthToSpace];
    call->out[0].dtype = call->in[0].dtype;
    *out = (struct cx_shape){.rank = 4, .dims = {cut.dims[0]}};
    out->dims[1] = to_space ? cut.dims[1] : cut.dims[1] * cut.dims[2] * cut.dims[3];
    out->dims[2] = to_space ? cut.dims[2] * cut.dims[3] : cut.dims[4];
    out->dims[3] = to_space ? cut.dims[4] * cut.dims[5] : cut.dims[5];
    return CX_OK;
}

static enum cx_status eval(struct cx_call *call)
{
    struct cx_shape cut;
    int64_t strides[CX_RANK_MAX];
    enum cx_status status = cx_depth_space_resolve(call, &cut, strides);
    if (status != CX_OK)
        return status;
    struct cx_walk walk;
    cx_walk_start(&walk, &cut);
    cx_walk_follow_strides(&walk, 0, strides);
    int64_t count = cx_shape_elements(&cut);
    for (int64_t i = 0; i < count; i++, cx_walk_next(&walk))
        cx_copy_element(&call->out[0], i, &call->in[0], walk.at[0]);
    return CX_OK;
}

const struct cx_op_impl cx_op_depth_space = {
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
