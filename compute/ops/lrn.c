#include "ops/lrn.h"

#include <math.h>

#include "ops/attr.h"
#include "ops/number.h"
#include "ops/op.h"

#define SIZE_MAX_SUPPORTED ((int64_t)1 << 20)

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    (void)op;
    (void)opset;
    struct cx_lrn *lrn = cx_arena_alloc(set->arena, sizeof *lrn);
    if (lrn == NULL)
        return CX_MEMORY;
    *ret_attrs = lrn;
    enum cx_status status = cx_attr_float(set, "alpha", 1e-4f, &lrn->alpha);
    if (status == CX_OK)
        status = cx_attr_float(set, "beta", 0.75f, &lrn->beta);
    if (status == CX_OK)
        status = cx_attr_float(set, "bias", 1, &lrn->bias);
    if (status == CX_OK)
        status = cx_attr_int(set, "size", 0, &lrn->size);
    if (status == CX_OK && (lrn->size < 1 || lrn->size > SIZE_MAX_SUPPORTED))
        status = cx_attr_fail(set, CX_FORMAT, "size is %lld", (long long)lrn->size);
    return status;
}

static enum cx_status infer(struct cx_call *call)
{
    enum cx_status status = cx_call_check_dtype(call, 0, CX_DTYPES_FLOAT);
    if (status == CX_OK && call->in[0].shape.rank < 2)
        status = cx_call_fail(call, CX_SHAPE, "the input has no channels");
    call->out[0].dtype = call->in[0].dtype;
    call->out[0].shape = call->in[0].shape;
    return status;
}

static enum cx_status eval(struct cx_call *call)
{
    const struct cx_lrn *lrn = call->node->attrs;
    const struct cx_tensor *in = &call->in[0];
    int64_t channels = in->shape.dims[1];
    int64_t plane = cx_shape_span(&in->shape, 2, in->shape.rank);
    int64_t count = cx_shape_elements(&in->shape);
    for (int64_t i = 0; i < count; i++) {
        int64_t c = i / plane % channels;
        int64_t from = c - (lrn->size - 1) / 2, to = c + lrn->size / 2;
        double sum = 0;
        for (int64_t k = from < 0 ? 0 : from; k <= to && k < channels; k++) {
            double x = cx_get_f64(in, i + (k - c) * plane);
            sum += x * x;
        }
        double scale = (double)lrn->bias + (double)lrn->alpha / (double)lrn->size * sum;
        cx_set_f64(&call->out[0], i, cx_get_f64(in, i) / pow(scale, (double)lrn->beta));
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_lrn = {
    .flags = CX_OP_HEAVY,
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
