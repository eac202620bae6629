#include "ops/gemm.h"

#include "ops/attr.h"
#include "ops/dot.h"
#include "ops/number.h"
#include "ops/op.h"

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    (void)op;
    (void)opset;
    struct cx_gemm *gemm = cx_arena_alloc(set->arena, sizeof *gemm);
    if (gemm == NULL)
        return CX_MEMORY;
    enum cx_status status = cx_attr_float(set, "alpha", 1, &gemm->alpha);
    if (status == CX_OK)
        status = cx_attr_float(set, "beta", 1, &gemm->beta);
    if (status == CX_OK)
        status = cx_attr_bool(set, "transA", false, &gemm->trans_a);
    if (status == CX_OK)
        status = cx_attr_bool(set, "transB", false, &gemm->trans_b);
    *ret_attrs = gemm;
    return status;
}

static enum cx_status infer(struct cx_call *call)
{
    const struct cx_gemm *gemm = call->node->attrs;
    const struct cx_shape *a = &call->in[0].shape, *b = &call->in[1].shape;
    char text_a[128], text_b[128];
    enum cx_status status = cx_call_check_dtype(call, 0, CX_DTYPES_NUMBER);
    for (uint32_t i = 1; i < call->node->input_count && status == CX_OK; i++)
        if (cx_call_has_in(call, i))
            status = cx_call_check_same_dtype(call, 0, i);
    if (status != CX_OK)
        return status;
    if (a->rank != 2 || b->rank != 2 || a->dims[!gemm->trans_a] != b->dims[gemm->trans_b])
        return cx_call_fail(
            call, CX_SHAPE, "matrices of shape %s%s and %s%s can't be multiplied",
            cx_shape_format(a, text_a, sizeof text_a), gemm->trans_a ? " (turned)" : "",
            cx_shape_format(b, text_b, sizeof text_b), gemm->trans_b ? " (turned)" : "");
    struct cx_shape out = {.rank = 2, .dims = {a->dims[gemm->trans_a], b->dims[!gemm->trans_b]}};
    struct cx_shape both;
    if (cx_call_has_in(call, 2) &&
        (!cx_shape_broadcast(&out, &call->in[2].shape, &both) || !cx_shape_equal(&out, &both)))
        return cx_call_fail(call, CX_SHAPE, "C of shape %s doesn't broadcast to %s",
                            cx_shape_format(&call->in[2].shape, text_a, sizeof text_a),
                            cx_shape_format(&out, text_b, sizeof text_b));
    call->out[0].dtype = call->in[0].dtype;
    call->out[0].shape = out;
    return CX_OK;
}

/* C's element that belongs to output (i, j). */
static int64_t c_index(const struct cx_shape *c, int64_t i, int64_t j)
{
    int64_t columns = c->rank > 0 ? c->dims[c->rank - 1] : 1;
    int64_t rows = c->rank > 1 ? c->dims[0] : 1;
    return (rows == 1 ? 0 : i * columns) + (columns == 1 ? 0 : j);
}

static enum cx_status eval(struct cx_call *call)
{
    const struct cx_gemm *gemm = call->node->attrs;
    const struct cx_tensor *a = &call->in[0], *b = &call->in[1], *out = &call->out[0];
    int64_t m = out->shape.dims[0], n = out->shape.dims[1];
    struct cx_dot dot = {.a = a, .b = b, .k = a->shape.dims[!gemm->trans_a]};
    dot.a_row = gemm->trans_a ? 1 : dot.k;
    dot.a_col = gemm->trans_a ? m : 1;
    dot.b_row = gemm->trans_b ? 1 : n;
    dot.b_col = gemm->trans_b ? dot.k : 1;
    double alpha = (double)gemm->alpha, beta = (double)gemm->beta;
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j += CX_DOT_TILE) {
            int64_t count = n - j < CX_DOT_TILE ? n - j : CX_DOT_TILE;
            double sums[CX_DOT_TILE];
            cx_dot_f64(&dot, i, j, count, sums);
            for (int64_t t = 0; t < count; t++) {
                double c = 0;
                if (cx_call_has_in(call, 2))
                    c = cx_get_f64(&call->in[2], c_index(&call->in[2].shape, i, j + t));
                cx_set_f64(out, i * n + j + t, alpha * sums[t] + beta * c);
            }
        }
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_gemm = {
    .flags = CX_OP_EPILOGUE | CX_OP_HEAVY,
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
