#include "ops/batch_norm.h"

#include <math.h>

#include "ops/attr.h"
#include "ops/number.h"
#include "ops/op.h"

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    (void)op;
    (void)opset;
    bool spatial, training;
    float momentum; /* of training only */
    struct cx_batch_norm *norm = cx_arena_alloc(set->arena, sizeof *norm);
    if (norm == NULL)
        return CX_MEMORY;
    enum cx_status status = cx_attr_float(set, "epsilon", 1e-5f, &norm->epsilon);
    if (status == CX_OK)
        status = cx_attr_float(set, "momentum", 0.9f, &momentum);
    if (status == CX_OK)
        status = cx_attr_bool(set, "spatial", true, &spatial);
    if (status == CX_OK)
        status = cx_attr_bool(set, "training_mode", false, &training);
    if (status == CX_OK && (training || !spatial))
        status = cx_attr_fail(set, CX_UNSUPPORTED, "%s is not supported",
                              training ? "training_mode 1" : "spatial 0");
    *ret_attrs = norm;
    return status;
}

/* x, and a vector of its channels for each further input; ScaleShift's check too. */
static enum cx_status infer(struct cx_call *call)
{
    const struct cx_shape *x = &call->in[0].shape;
    char text[128];
    enum cx_status status = cx_call_check_dtype(call, 0, CX_DTYPES_FLOAT);
    int64_t channels = x->rank > 1 ? x->dims[1] : 1;
    for (uint32_t i = 1; i < call->node->input_count && status == CX_OK; i++) {
        const struct cx_shape *shape = &call->in[i].shape;
        status = cx_call_check_dtype(call, i, CX_DTYPES_FLOAT);
        if (status == CX_OK && (shape->rank != 1 || shape->dims[0] != channels))
            status = cx_call_fail(call, CX_SHAPE, "input %u has shape %s, for %lld channels", i,
                                  cx_shape_format(shape, text, sizeof text), (long long)channels);
    }
    call->out[0].dtype = call->in[0].dtype;
    call->out[0].shape = *x;
    return status;
}

static enum cx_status eval(struct cx_call *call)
{
    const struct cx_batch_norm *norm = call->node->attrs;
    const struct cx_tensor *x = &call->in[0], *out = &call->out[0];
    int64_t channels = x->shape.rank > 1 ? x->shape.dims[1] : 1;
    int64_t plane = x->shape.rank > 2 ? cx_shape_span(&x->shape, 2, x->shape.rank) : 1;
    int64_t count = cx_shape_elements(&x->shape);
    for (int64_t i = 0; i < count; i++) {
        int64_t c = i / plane % channels;
        double spread = sqrt(cx_get_f64(&call->in[4], c) + (double)norm->epsilon);
        double y = (cx_get_f64(x, i) - cx_get_f64(&call->in[3], c)) / spread;
        cx_set_f64(out, i, y * cx_get_f64(&call->in[1], c) + cx_get_f64(&call->in[2], c));
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_batch_norm = {
    .flags = CX_OP_INPLACE,
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
