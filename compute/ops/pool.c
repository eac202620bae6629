#include "ops/pool.h"

#include <math.h>

#include "ops/attr.h"
#include "ops/number.h"
#include "ops/op.h"

static enum cx_pool_kind kind_of(const struct cx_op *op)
{
    switch ((int)cx_op_id(op)) {
    case CX_OP_ID_MaxPool:
    case CX_OP_ID_GlobalMaxPool:
        return CX_POOL_MAX;
    case CX_OP_ID_LpPool:
    case CX_OP_ID_GlobalLpPool:
        return CX_POOL_LP;
    default:
        return CX_POOL_AVERAGE;
    }
}

static bool is_global(const struct cx_op *op)
{
    return op == &cx_ops[CX_OP_ID_GlobalMaxPool] || op == &cx_ops[CX_OP_ID_GlobalLpPool] ||
           op == &cx_ops[CX_OP_ID_GlobalAveragePool];
}

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    (void)opset;
    struct cx_pool *pool = cx_arena_alloc(set->arena, sizeof *pool);
    if (pool == NULL)
        return CX_MEMORY;
    pool->kind = kind_of(op);
    pool->global = is_global(op);
    enum cx_status status = CX_OK;
    if (pool->kind == CX_POOL_LP)
        status = cx_attr_int(set, "p", 2, &pool->p);
    if (status == CX_OK && pool->kind == CX_POOL_LP && pool->p < 1)
        status = cx_attr_fail(set, CX_UNSUPPORTED, "p is %lld", (long long)pool->p);
    if (status == CX_OK && !pool->global)
        status = cx_window_parse(set, true, &pool->window);
    if (status == CX_OK && !pool->global && pool->window.kernel_count == 0)
        status = cx_attr_fail(set, CX_FORMAT, "attribute 'kernel_shape' is missing");
    if (status == CX_OK && !pool->global && pool->kind == CX_POOL_AVERAGE)
        status = cx_attr_bool(set, "count_include_pad", false, &pool->count_pads);
    if (status == CX_OK && !pool->global && pool->kind == CX_POOL_MAX)
        status = cx_attr_bool(set, "storage_order", false, &pool->column_major);
    *ret_attrs = pool;
    return status;
}

bool cx_pool_resolve(const struct cx_pool *pool, const struct cx_shape *in,
                     struct cx_window *ret_window)
{
    if (!pool->global)
        return cx_window_resolve(&pool->window, in, NULL, ret_window);
    struct cx_window w;
    for (uint32_t axis = 0; axis < CX_SPATIAL_MAX; axis++) {
        w.in[axis] = w.out[axis] = w.kernel[axis] = w.stride[axis] = w.dilation[axis] = 1;
        w.pad_begin[axis] = w.pad_end[axis] = 0;
    }
    if (in->rank < 2)
        return false;
    /* More axes than three: the window is all of them, so they count as one. */
    w.kernel[2] = w.in[2] = cx_shape_span(in, 2, in->rank);
    if (in->rank <= 2 + CX_SPATIAL_MAX)
        for (uint32_t i = 2; i < in->rank; i++)
            w.kernel[CX_SPATIAL_MAX - in->rank + i] = w.in[CX_SPATIAL_MAX - in->rank + i] =
                in->dims[i];
    *ret_window = w;
    return true;
}

static enum cx_status infer(struct cx_call *call)
{
    const struct cx_pool *pool = call->node->attrs;
    const struct cx_shape *x = &call->in[0].shape;
    uint32_t dtypes = CX_DTYPES_FLOAT;
    if (pool->kind == CX_POOL_MAX && !pool->global)
        dtypes |= CX_DTYPE_BIT(INT8) | CX_DTYPE_BIT(UINT8);
    enum cx_status status = cx_call_check_dtype(call, 0, dtypes);
    if (status != CX_OK)
        return status;
    if (!pool->global) {
        status = cx_window_infer(call, &pool->window, NULL, x->rank > 1 ? x->dims[1] : 0,
                                 &call->out[0].shape);
    } else {
        if (x->rank < 2)
            return cx_call_fail(call, CX_SHAPE, "the input has no spatial axes");
        call->out[0].shape = *x;
        for (uint32_t i = 2; i < x->rank; i++)
            call->out[0].shape.dims[i] = 1;
    }
    call->out[0].dtype = call->in[0].dtype;
    if (cx_call_has_out(call, 1)) {
        call->out[1].dtype = CX_DTYPE_INT64;
        call->out[1].shape = call->out[0].shape;
    }
    return status;
}

/* What has been seen of one window. */
struct state {
    double value; /* the maximum, or the sum */
    int64_t at;   /* the maximum's element in its plane, -1 before the first */
    int64_t count;
};

static void see(const struct cx_pool *pool, struct state *state, double x, int64_t at)
{
    state->count++;
    if (pool->kind == CX_POOL_AVERAGE) {
        state->value += x;
    } else if (pool->kind == CX_POOL_LP) {
        state->value += pow(fabs(x), (double)pool->p);
    } else if (state->at < 0 || x > state->value || isnan(x)) {
        state->value = x;
        state->at = at;
    }
}

/* How many of the window's places lie inside the padded input. */
static int64_t padded_count(const struct cx_window *w, const int64_t out[3])
{
    int64_t count = 1;
    for (uint32_t axis = 0; axis < CX_SPATIAL_MAX; axis++) {
        int64_t at = out[axis] * w->stride[axis] - w->pad_begin[axis];
        int64_t end = w->in[axis] + w->pad_end[axis], inside = 0;
        for (int64_t k = 0; k < w->kernel[axis]; k++)
            inside += at + k * w->dilation[axis] < end;
        count *= inside;
    }
    return count;
}

static void pool_one(const struct cx_pool *pool, const struct cx_window *w,
                     const struct cx_tensor *x, int64_t plane_at, const int64_t out[3],
                     struct state *ret_state)
{
    struct state state = {.at = -1};
    for (int64_t kz = 0; kz < w->kernel[0]; kz++) {
        int64_t z = out[0] * w->stride[0] + kz * w->dilation[0] - w->pad_begin[0];
        for (int64_t ky = 0; z >= 0 && z < w->in[0] && ky < w->kernel[1]; ky++) {
            int64_t y = out[1] * w->stride[1] + ky * w->dilation[1] - w->pad_begin[1];
            for (int64_t kx = 0; y >= 0 && y < w->in[1] && kx < w->kernel[2]; kx++) {
                int64_t c = out[2] * w->stride[2] + kx * w->dilation[2] - w->pad_begin[2];
                int64_t at = (z * w->in[1] + y) * w->in[2] + c;
                if (c >= 0 && c < w->in[2])
                    see(pool, &state, cx_get_f64(x, plane_at + at), at);
            }
        }
    }
    *ret_state = state;
}

static double result_of(const struct cx_pool *pool, const struct cx_window *w,
                        const struct state *state, const int64_t out[3])
{
    if (pool->kind == CX_POOL_LP)
        return pow(state->value, 1 / (double)pool->p);
    if (pool->kind == CX_POOL_MAX)
        return state->at >= 0 ? state->value : -INFINITY;
    int64_t count = pool->count_pads ? padded_count(w, out) : state->count;
    return state->value / (double)count;
}

/* The position MaxPool's second output gives, in the whole tensor. */
static int64_t position_of(const struct cx_pool *pool, const struct cx_window *w, int64_t plane_at,
                           int64_t at)
{
    if (!pool->column_major || at < 0)
        return plane_at + at;
    int64_t x = at % w->in[2], y = at / w->in[2] % w->in[1], z = at / w->in[2] / w->in[1];
    return plane_at + (x * w->in[1] + y) * w->in[0] + z;
}

static enum cx_status eval(struct cx_call *call)
{
    const struct cx_pool *pool = call->node->attrs;
    const struct cx_tensor *x = &call->in[0];
    struct cx_window w;
    if (!cx_pool_resolve(pool, &x->shape, &w))
        return CX_INTERNAL;
    int64_t count = cx_shape_elements(&call->out[0].shape);
    int64_t per_plane = w.out[0] * w.out[1] * w.out[2];
    for (int64_t i = 0; i < count; i++) {
        int64_t plane_at = i / per_plane * w.in[0] * w.in[1] * w.in[2];
        int64_t out[3] = {i / w.out[2] / w.out[1] % w.out[0], i / w.out[2] % w.out[1],
                          i % w.out[2]};
        struct state state;
        pool_one(pool, &w, x, plane_at, out, &state);
        cx_set_f64(&call->out[0], i, result_of(pool, &w, &state, out));
        if (cx_call_has_out(call, 1))
            cx_set_i64(&call->out[1], i, position_of(pool, &w, plane_at, state.at));
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_pool = {
    .flags = CX_OP_HEAVY,
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
