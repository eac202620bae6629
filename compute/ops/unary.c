#include "ops/unary.h"

#include <math.h>

#include "ops/attr.h"
#include "ops/epilogue.h"
#include "ops/number.h"

struct row {
    enum cx_op_id id;
    enum cx_unary_kind kind;
    uint32_t dtypes;
    const char *alpha_name, *beta_name; /* attributes, NULL where there is none */
    float alpha, beta;                  /* their defaults */
};

#define FLOATS CX_DTYPES_FLOAT
#define SIGNED (CX_DTYPES_FLOAT | CX_DTYPES_SIGNED)
static const struct row rows[] = {
    {CX_OP_ID_Abs, CX_UNARY_ABS, CX_DTYPES_NUMBER, NULL, NULL, 0, 0},
    {CX_OP_ID_Ceil, CX_UNARY_CEIL, FLOATS, NULL, NULL, 0, 0},
    {CX_OP_ID_Cos, CX_UNARY_COS, FLOATS, NULL, NULL, 0, 0},
    {CX_OP_ID_Elu, CX_UNARY_ELU, FLOATS, "alpha", NULL, 1, 0},
    {CX_OP_ID_Erf, CX_UNARY_ERF, CX_DTYPES_NUMBER, NULL, NULL, 0, 0},
    {CX_OP_ID_Exp, CX_UNARY_EXP, FLOATS, NULL, NULL, 0, 0},
    {CX_OP_ID_Floor, CX_UNARY_FLOOR, FLOATS, NULL, NULL, 0, 0},
    {CX_OP_ID_HardSigmoid, CX_UNARY_HARD_SIGMOID, FLOATS, "alpha", "beta", 0.2f, 0.5f},
    {CX_OP_ID_HardSwish, CX_UNARY_HARD_SWISH, FLOATS, NULL, NULL, 0, 0},
    {CX_OP_ID_LeakyRelu, CX_UNARY_LEAKY_RELU, FLOATS, "alpha", NULL, 0.01f, 0},
    {CX_OP_ID_Log, CX_UNARY_LOG, FLOATS, NULL, NULL, 0, 0},
    {CX_OP_ID_Neg, CX_UNARY_NEG, SIGNED, NULL, NULL, 0, 0},
    {CX_OP_ID_Not, CX_UNARY_NOT, CX_DTYPE_BIT(BOOL), NULL, NULL, 0, 0},
    {CX_OP_ID_Reciprocal, CX_UNARY_RECIPROCAL, FLOATS, NULL, NULL, 0, 0},
    {CX_OP_ID_Relu, CX_UNARY_RELU, SIGNED, NULL, NULL, 0, 0},
    {CX_OP_ID_Round, CX_UNARY_ROUND, FLOATS, NULL, NULL, 0, 0},
    {CX_OP_ID_Selu, CX_UNARY_SELU, FLOATS, "alpha", "gamma", 1.67326319217681884765625f,
     1.05070102214813232421875f},
    {CX_OP_ID_Sigmoid, CX_UNARY_SIGMOID, FLOATS, NULL, NULL, 0, 0},
    {CX_OP_ID_Sign, CX_UNARY_SIGN, CX_DTYPES_NUMBER, NULL, NULL, 0, 0},
    {CX_OP_ID_Sin, CX_UNARY_SIN, FLOATS, NULL, NULL, 0, 0},
    {CX_OP_ID_Softplus, CX_UNARY_SOFTPLUS, FLOATS, NULL, NULL, 0, 0},
    {CX_OP_ID_Softsign, CX_UNARY_SOFTSIGN, FLOATS, NULL, NULL, 0, 0},
    {CX_OP_ID_Sqrt, CX_UNARY_SQRT, FLOATS, NULL, NULL, 0, 0},
    {CX_OP_ID_Tanh, CX_UNARY_TANH, FLOATS, NULL, NULL, 0, 0},
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

/* ops.def and the rows above are written by the same hand: every unary op has a row. */
static const struct row *find_row(const struct cx_op *op)
{
    size_t i = 0;
    while (i + 1 < ROW_COUNT && rows[i].id != cx_op_id(op))
        i++;
    return &rows[i];
}

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    (void)opset;
    const struct row *row = find_row(op);
    struct cx_unary *unary = cx_arena_alloc(set->arena, sizeof *unary);
    if (unary == NULL)
        return CX_MEMORY;
    unary->kind = row->kind;
    enum cx_status status = CX_OK;
    if (row->alpha_name != NULL)
        status = cx_attr_float(set, row->alpha_name, row->alpha, &unary->alpha);
    if (status == CX_OK && row->beta_name != NULL)
        status = cx_attr_float(set, row->beta_name, row->beta, &unary->beta);
    *ret_attrs = unary;
    return status;
}

static enum cx_status infer(struct cx_call *call)
{
    enum cx_status status = cx_call_check_dtype(call, 0, find_row(call->node->op)->dtypes);
    call->out[0].dtype = call->in[0].dtype;
    call->out[0].shape = call->in[0].shape;
    return status;
}

static double eval_one(const struct cx_unary *unary, double x)
{
    double alpha = (double)unary->alpha, beta = (double)unary->beta;
    switch (unary->kind) {
    case CX_UNARY_ABS:
        return fabs(x);
    case CX_UNARY_CEIL:
        return ceil(x);
    case CX_UNARY_COS:
        return cos(x);
    case CX_UNARY_ELU:
        return x < 0 ? alpha * expm1(x) : x;
    case CX_UNARY_ERF:
        return erf(x);
    case CX_UNARY_EXP:
        return exp(x);
    case CX_UNARY_FLOOR:
        return floor(x);
    case CX_UNARY_HARD_SIGMOID:
        return cx_act_eval(CX_ACT_HARD_SIGMOID, alpha, beta, x);
    case CX_UNARY_HARD_SWISH:
        return cx_act_eval(CX_ACT_HARD_SWISH, 0, 0, x);
    case CX_UNARY_LEAKY_RELU:
        return x < 0 ? alpha * x : x;
    case CX_UNARY_LOG:
        return log(x);
    case CX_UNARY_NEG:
        return -x;
    case CX_UNARY_NOT:
        return x == 0;
    case CX_UNARY_RECIPROCAL:
        return 1 / x;
    case CX_UNARY_RELU:
        return x < 0 ? 0 : x;
    case CX_UNARY_ROUND:
        return nearbyint(x);
    case CX_UNARY_SELU:
        return x > 0 ? beta * x : beta * alpha * expm1(x);
    case CX_UNARY_SIGMOID:
        return 1 / (1 + exp(-x));
    case CX_UNARY_SIGN:
        return isnan(x) ? x : (x > 0) - (x < 0);
    case CX_UNARY_SIN:
        return sin(x);
    case CX_UNARY_SOFTPLUS:
        return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
    case CX_UNARY_SOFTSIGN:
        return x / (1 + fabs(x));
    case CX_UNARY_SQRT:
        return sqrt(x);
    case CX_UNARY_TANH:
        return tanh(x);
    }
    return x;
}

/* The kinds that are exact on 64-bit integers, where a double is not. */
static int64_t eval_one_int(enum cx_unary_kind kind, bool is_signed, int64_t x)
{
    bool negative = is_signed && x < 0;
    int64_t negated = (int64_t)(0 - (uint64_t)x);
    switch (kind) {
    case CX_UNARY_ABS:
        return negative ? negated : x;
    case CX_UNARY_NEG:
        return negated;
    case CX_UNARY_RELU:
        return negative ? 0 : x;
    default: /* SIGN */
        return negative ? -1 : x != 0;
    }
}

static enum cx_status eval(struct cx_call *call)
{
    const struct cx_unary *unary = call->node->attrs;
    const struct cx_tensor *in = &call->in[0], *out = &call->out[0];
    int64_t count = cx_shape_elements(&out->shape);
    if (cx_dtype_is_int(in->dtype) && unary->kind != CX_UNARY_ERF) {
        bool is_signed = cx_dtype_is_signed(in->dtype);
        for (int64_t i = 0; i < count; i++)
            cx_set_i64(out, i, eval_one_int(unary->kind, is_signed, cx_get_i64(in, i)));
        return CX_OK;
    }
    for (int64_t i = 0; i < count; i++)
        cx_set_f64(out, i, eval_one(unary, cx_get_f64(in, i)));
    return CX_OK;
}

const struct cx_op_impl cx_op_unary = {
    .flags = CX_OP_INPLACE,
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
