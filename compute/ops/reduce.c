#include "ops/reduce.h"

#include <float.h>
#include <math.h>

#include "ops/attr.h"
#include "ops/number.h"
#include "ops/walk.h"

static const struct {
    enum cx_op_id id;
    enum cx_reduce_kind kind;
    int32_t axes_input; /* the opset that made the axes input 1 */
} rows[] = {
    {CX_OP_ID_ReduceL1, CX_REDUCE_L1, 18},
    {CX_OP_ID_ReduceL2, CX_REDUCE_L2, 18},
    {CX_OP_ID_ReduceLogSum, CX_REDUCE_LOG_SUM, 18},
    {CX_OP_ID_ReduceLogSumExp, CX_REDUCE_LOG_SUM_EXP, 18},
    {CX_OP_ID_ReduceMax, CX_REDUCE_MAX, 18},
    {CX_OP_ID_ReduceMean, CX_REDUCE_MEAN, 18},
    {CX_OP_ID_ReduceMin, CX_REDUCE_MIN, 18},
    {CX_OP_ID_ReduceProd, CX_REDUCE_PROD, 18},
    {CX_OP_ID_ReduceSum, CX_REDUCE_SUM, 13},
    {CX_OP_ID_ReduceSumSquare, CX_REDUCE_SUM_SQUARE, 18},
};

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    struct cx_reduce *reduce = cx_arena_alloc(set->arena, sizeof *reduce);
    uint32_t row = 0;
    if (reduce == NULL)
        return CX_MEMORY;
    *ret_attrs = reduce;
    while (rows[row].id != cx_op_id(op) && row + 1 < sizeof rows / sizeof rows[0])
        row++;
    reduce->kind = rows[row].kind;
    enum cx_status status = cx_attr_bool(set, "keepdims", true, &reduce->keep_dims);
    if (status != CX_OK)
        return status;
    if (opset >= rows[row].axes_input)
        return cx_attr_bool(set, "noop_with_empty_axes", false, &reduce->noop_with_empty_axes);
    reduce->axes.given = cx_attr_has(set, "axes");
    return cx_attr_ints(set, "axes", CX_RANK_MAX, reduce->axes.axes, &reduce->axes.count);
}

enum cx_status cx_reduce_resolve(const struct cx_call *call, uint32_t *ret_mask)
{
    const struct cx_reduce *reduce = call->node->attrs;
    uint32_t rank = call->in[0].shape.rank, count = reduce->axes.count, mask = 0;
    uint32_t axes[CX_RANK_MAX];
    enum cx_status status;
    if (cx_call_has_in(call, 1)) {
        status = cx_call_need_data(call, 1, "the list of axes");
        if (status == CX_OK)
            status = cx_axes_from_input(call, 1, rank, axes, &count);
    } else {
        status = cx_axes_resolve(call, reduce->axes.axes, count, rank, axes);
    }
    if (status != CX_OK)
        return status;
    for (uint32_t i = 0; i < count; i++)
        mask |= 1u << axes[i];
    if (count == 0 && !reduce->noop_with_empty_axes)
        mask = (1u << rank) - 1;
    *ret_mask = mask;
    return CX_OK;
}

static enum cx_status infer(struct cx_call *call)
{
    const struct cx_reduce *reduce = call->node->attrs;
    const struct cx_shape *in = &call->in[0].shape;
    struct cx_shape out = {0};
    uint32_t mask = 0, dtypes = CX_DTYPES_NUMBER;
    if (reduce->kind == CX_REDUCE_MAX || reduce->kind == CX_REDUCE_MIN)
        dtypes |= CX_DTYPE_BIT(BOOL);
    enum cx_status status = cx_call_check_dtype(call, 0, dtypes);
    if (status == CX_OK)
        status = cx_reduce_resolve(call, &mask);
    if (status != CX_OK)
        return status;
    for (uint32_t i = 0; i < in->rank; i++) {
        if ((mask >> i & 1) == 0)
            out.dims[out.rank++] = in->dims[i];
        else if (reduce->keep_dims)
            out.dims[out.rank++] = 1;
    }
    call->out[0].dtype = call->in[0].dtype;
    call->out[0].shape = out;
    return CX_OK;
}

struct state {
    double sum, max;
};

/* The value of an empty reduction. The extremes are those of the type. */
static double empty_max(enum cx_dtype dtype)
{
    switch ((int)dtype) {
    case CX_DTYPE_BOOL:
    case CX_DTYPE_UINT8:
    case CX_DTYPE_UINT16:
    case CX_DTYPE_UINT32:
    case CX_DTYPE_UINT64:
        return 0;
    case CX_DTYPE_INT8:
        return INT8_MIN;
    case CX_DTYPE_INT16:
        return INT16_MIN;
    case CX_DTYPE_INT32:
        return INT32_MIN;
    case CX_DTYPE_INT64:
        return -0x1p63;
    default:
        return -INFINITY;
    }
}

static double empty_min(enum cx_dtype dtype)
{
    switch ((int)dtype) {
    case CX_DTYPE_BOOL:
        return 1;
    case CX_DTYPE_UINT8:
        return UINT8_MAX;
    case CX_DTYPE_UINT16:
        return UINT16_MAX;
    case CX_DTYPE_UINT32:
        return UINT32_MAX;
    case CX_DTYPE_UINT64:
        return 0x1.fffffffffffffp63;
    case CX_DTYPE_INT8:
        return INT8_MAX;
    case CX_DTYPE_INT16:
        return INT16_MAX;
    case CX_DTYPE_INT32:
        return INT32_MAX;
    case CX_DTYPE_INT64:
        return 0x1.fffffffffffffp62;
    default:
        return INFINITY;
    }
}

static void add_float(enum cx_reduce_kind kind, struct state *state, double x)
{
    switch (kind) {
    case CX_REDUCE_L1:
        state->sum += fabs(x);
        break;
    case CX_REDUCE_L2:
    case CX_REDUCE_SUM_SQUARE:
        state->sum += x * x;
        break;
    case CX_REDUCE_LOG_SUM_EXP:
        state->sum += exp(x - state->max);
        break;
    case CX_REDUCE_MAX:
        state->sum = x > state->sum || isnan(x) ? x : state->sum;
        break;
    case CX_REDUCE_MIN:
        state->sum = x < state->sum || isnan(x) ? x : state->sum;
        break;
    case CX_REDUCE_PROD:
        state->sum *= x;
        break;
    case CX_REDUCE_LOG_SUM:
    case CX_REDUCE_MEAN:
    case CX_REDUCE_SUM:
        state->sum += x;
        break;
    }
}

/* Elements of the input that belong to output element AT_OUT, in order. */
struct group {
    struct cx_walk walk;
    int64_t count;
};

static void group_start(const struct cx_call *call, uint32_t mask, const struct cx_walk *outer,
                        struct group *ret_group)
{
    const struct cx_shape *in = &call->in[0].shape;
    struct cx_shape shape = {.rank = in->rank};
    int64_t strides[CX_RANK_MAX];
    cx_shape_strides(in, strides);
    for (uint32_t i = 0; i < in->rank; i++)
        shape.dims[i] = (mask >> i & 1) != 0 ? in->dims[i] : 1;
    cx_walk_start(&ret_group->walk, &shape);
    cx_walk_follow_strides(&ret_group->walk, outer->at[0], strides);
    ret_group->count = cx_shape_elements(&shape);
}

static double finish(enum cx_reduce_kind kind, const struct state *state, int64_t count)
{
    switch (kind) {
    case CX_REDUCE_L2:
        return sqrt(state->sum);
    case CX_REDUCE_LOG_SUM:
        return log(state->sum);
    case CX_REDUCE_LOG_SUM_EXP:
        return count == 0 ? -INFINITY : log(state->sum) + state->max;
    case CX_REDUCE_MEAN:
        return state->sum / (double)count;
    default:
        return state->sum;
    }
}

static double reduce_float(const struct cx_call *call, const struct group *start)
{
    const struct cx_reduce *reduce = call->node->attrs;
    const struct cx_tensor *in = &call->in[0];
    struct state state = {.max = -INFINITY};
    struct cx_walk walk = start->walk;
    if (reduce->kind == CX_REDUCE_MAX)
        state.sum = empty_max(in->dtype);
    else if (reduce->kind == CX_REDUCE_MIN)
        state.sum = empty_min(in->dtype);
    else if (reduce->kind == CX_REDUCE_PROD)
        state.sum = 1;
    if (reduce->kind == CX_REDUCE_LOG_SUM_EXP) {
        for (int64_t i = 0; i < start->count; i++, cx_walk_next(&walk))
            state.max = fmax(state.max, cx_get_f64(in, walk.at[0]));
        state.max = isinf(state.max) ? 0 : state.max;
        walk = start->walk;
    }
    for (int64_t i = 0; i < start->count; i++, cx_walk_next(&walk))
        add_float(reduce->kind, &state, cx_get_f64(in, walk.at[0]));
    return finish(reduce->kind, &state, start->count);
}

/* Sums, products, extremes of integers without a detour through double. */
static int64_t reduce_int(const struct cx_call *call, const struct group *start)
{
    const struct cx_reduce *reduce = call->node->attrs;
    const struct cx_tensor *in = &call->in[0];
    bool is_signed = cx_dtype_is_signed(in->dtype);
    uint64_t sum = reduce->kind == CX_REDUCE_PROD ? 1 : 0;
    struct cx_walk walk = start->walk;
    for (int64_t i = 0; i < start->count; i++, cx_walk_next(&walk)) {
        uint64_t x = (uint64_t)cx_get_i64(in, walk.at[0]);
        bool less = is_signed ? (int64_t)x < (int64_t)sum : x < sum;
        if (reduce->kind == CX_REDUCE_MAX || reduce->kind == CX_REDUCE_MIN)
            sum = i == 0 || less == (reduce->kind == CX_REDUCE_MIN) ? x : sum;
        else if (reduce->kind == CX_REDUCE_PROD)
            sum *= x;
        else if (reduce->kind == CX_REDUCE_SUM_SQUARE)
            sum += x * x;
        else if (reduce->kind == CX_REDUCE_L1 && is_signed && (int64_t)x < 0)
            sum -= x;
        else
            sum += x;
    }
    return (int64_t)sum;
}

static bool is_exact(const struct cx_call *call, int64_t count)
{
    const struct cx_reduce *reduce = call->node->attrs;
    bool extreme = reduce->kind == CX_REDUCE_MAX || reduce->kind == CX_REDUCE_MIN;
    return cx_dtype_is_int(call->in[0].dtype) && (count > 0 || !extreme) &&
           (extreme || reduce->kind == CX_REDUCE_SUM || reduce->kind == CX_REDUCE_PROD ||
            reduce->kind == CX_REDUCE_SUM_SQUARE || reduce->kind == CX_REDUCE_L1);
}

static enum cx_status eval(struct cx_call *call)
{
    const struct cx_shape *in = &call->in[0].shape;
    struct cx_shape kept = {.rank = in->rank};
    int64_t strides[CX_RANK_MAX];
    uint32_t mask = 0;
    enum cx_status status = cx_reduce_resolve(call, &mask);
    if (status != CX_OK)
        return status;
    if (mask == 0 && in->rank > 0) {
        cx_copy_tensor(&call->out[0], &call->in[0]);
        return CX_OK;
    }
    cx_shape_strides(in, strides);
    for (uint32_t i = 0; i < in->rank; i++)
        kept.dims[i] = (mask >> i & 1) != 0 ? 1 : in->dims[i];
    struct cx_walk outer;
    cx_walk_start(&outer, &kept);
    cx_walk_follow_strides(&outer, 0, strides);
    int64_t count = cx_shape_elements(&kept);
    for (int64_t i = 0; i < count; i++, cx_walk_next(&outer)) {
        struct group group;
        group_start(call, mask, &outer, &group);
        if (is_exact(call, group.count))
            cx_set_i64(&call->out[0], i, reduce_int(call, &group));
        else
            cx_set_f64(&call->out[0], i, reduce_float(call, &group));
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_reduce = {
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
