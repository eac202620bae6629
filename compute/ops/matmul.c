#include "ops/matmul.h"

#include "ops/dot.h"
#include "ops/number.h"
#include "ops/op.h"
#include "ops/walk.h"

bool cx_matmul_resolve(const struct cx_shape *a, const struct cx_shape *b,
                       struct cx_matmul *ret_matmul, struct cx_shape *ret_out)
{
    struct cx_matmul mm = {.a_batch = *a, .b_batch = *b};
    if (a->rank == 0 || b->rank == 0)
        return false;
    bool a_vector = a->rank == 1, b_vector = b->rank == 1;
    mm.a_batch.rank = a_vector ? 0 : a->rank - 2;
    mm.b_batch.rank = b_vector ? 0 : b->rank - 2;
    mm.m = a_vector ? 1 : a->dims[a->rank - 2];
    mm.k = a->dims[a->rank - 1];
    mm.n = b_vector ? 1 : b->dims[b->rank - 1];
    if (b->dims[b_vector ? 0 : b->rank - 2] != mm.k ||
        !cx_shape_broadcast(&mm.a_batch, &mm.b_batch, &mm.batch))
        return false;
    struct cx_shape out = mm.batch;
    if (!a_vector)
        out.dims[out.rank++] = mm.m;
    if (!b_vector)
        out.dims[out.rank++] = mm.n;
    *ret_matmul = mm;
    *ret_out = out;
    return true;
}

static enum cx_status infer(struct cx_call *call)
{
    struct cx_matmul mm;
    char text_a[128], text_b[128];
    enum cx_status status = cx_call_check_dtype(call, 0, CX_DTYPES_NUMBER);
    if (status == CX_OK)
        status = cx_call_check_same_dtype(call, 0, 1);
    if (status != CX_OK)
        return status;
    const struct cx_shape *a = &call->in[0].shape, *b = &call->in[1].shape;
    if (!cx_matmul_resolve(a, b, &mm, &call->out[0].shape))
        return cx_call_fail(call, CX_SHAPE, "shapes %s and %s can't be multiplied",
                            cx_shape_format(a, text_a, sizeof text_a),
                            cx_shape_format(b, text_b, sizeof text_b));
    call->out[0].dtype = call->in[0].dtype;
    return CX_OK;
}

/* One (m, k) x (k, n) product to the output's elements from OUT_AT. */
static void eval_one(const struct cx_call *call, const struct cx_matmul *mm,
                     const struct cx_dot *dot, int64_t out_at)
{
    const struct cx_tensor *out = &call->out[0];
    bool ints = cx_dtype_is_int(out->dtype);
    for (int64_t i = 0; i < mm->m; i++) {
        for (int64_t j = 0; j < mm->n; j += CX_DOT_TILE) {
            int64_t count = mm->n - j < CX_DOT_TILE ? mm->n - j : CX_DOT_TILE;
            double sums[CX_DOT_TILE];
            int64_t int_sums[CX_DOT_TILE];
            if (ints)
                cx_dot_i64(dot, i, j, count, int_sums);
            else
                cx_dot_f64(dot, i, j, count, sums);
            for (int64_t t = 0; t < count; t++) {
                if (ints) {
                    cx_set_i64(out, out_at + i * mm->n + j + t, int_sums[t]);
                    continue;
                }
                double bias = cx_call_has_in(call, 2) ? cx_get_f64(&call->in[2], j + t) : 0;
                cx_set_f64(out, out_at + i * mm->n + j + t, sums[t] + bias);
            }
        }
    }
}

static enum cx_status eval(struct cx_call *call)
{
    struct cx_matmul mm;
    struct cx_shape out;
    if (!cx_matmul_resolve(&call->in[0].shape, &call->in[1].shape, &mm, &out))
        return CX_INTERNAL;
    struct cx_dot dot = {
        .a = &call->in[0],
        .b = &call->in[1],
        .k = mm.k,
        .a_row = mm.k,
        .a_col = 1,
        .b_row = mm.n,
        .b_col = 1,
    };
    struct cx_walk walk;
    cx_walk_start(&walk, &mm.batch);
    cx_walk_follow(&walk, &mm.a_batch);
    cx_walk_follow(&walk, &mm.b_batch);
    int64_t count = cx_shape_elements(&mm.batch);
    for (int64_t i = 0; i < count; i++, cx_walk_next(&walk)) {
        dot.a_at = walk.at[0] * mm.m * mm.k;
        dot.b_at = walk.at[1] * mm.k * mm.n;
        eval_one(call, &mm, &dot, i * mm.m * mm.n);
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_matmul = {
    .flags = CX_OP_EPILOGUE | CX_OP_HEAVY,
    .infer = infer,
    .eval = eval,
};
