#include "ops/binary.h"

#include <math.h>

#include "ops/attr.h"
#include "ops/number.h"
#include "ops/walk.h"

struct row {
    enum cx_op_id id;
    enum cx_binary_kind kind;
    uint32_t dtypes;
};

#define LOGIC CX_DTYPE_BIT(BOOL)
static const struct row rows[] = {
    {CX_OP_ID_Add, CX_BINARY_ADD, CX_DTYPES_NUMBER},
    {CX_OP_ID_And, CX_BINARY_AND, LOGIC},
    {CX_OP_ID_Div, CX_BINARY_DIV, CX_DTYPES_NUMBER},
    {CX_OP_ID_Equal, CX_BINARY_EQUAL, CX_DTYPES_PLAIN},
    {CX_OP_ID_Greater, CX_BINARY_GREATER, CX_DTYPES_NUMBER},
    {CX_OP_ID_GreaterOrEqual, CX_BINARY_GREATER_OR_EQUAL, CX_DTYPES_NUMBER},
    {CX_OP_ID_Less, CX_BINARY_LESS, CX_DTYPES_NUMBER},
    {CX_OP_ID_LessOrEqual, CX_BINARY_LESS_OR_EQUAL, CX_DTYPES_NUMBER},
    {CX_OP_ID_Mod, CX_BINARY_MOD, CX_DTYPES_NUMBER},
    {CX_OP_ID_Mul, CX_BINARY_MUL, CX_DTYPES_NUMBER},
    {CX_OP_ID_Or, CX_BINARY_OR, LOGIC},
    {CX_OP_ID_Pow, CX_BINARY_POW, CX_DTYPES_NUMBER},
    {CX_OP_ID_PRelu, CX_BINARY_PRELU, CX_DTYPES_NUMBER},
    {CX_OP_ID_Sub, CX_BINARY_SUB, CX_DTYPES_NUMBER},
    {CX_OP_ID_Xor, CX_BINARY_XOR, LOGIC},
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

static const struct row *find_row(const struct cx_op *op)
{
    size_t i = 0;
    while (i + 1 < ROW_COUNT && rows[i].id != cx_op_id(op))
        i++;
    return &rows[i];
}

bool cx_binary_gives_bool(enum cx_binary_kind kind)
{
    switch (kind) {
    case CX_BINARY_AND:
    case CX_BINARY_EQUAL:
    case CX_BINARY_GREATER:
    case CX_BINARY_GREATER_OR_EQUAL:
    case CX_BINARY_LESS:
    case CX_BINARY_LESS_OR_EQUAL:
    case CX_BINARY_OR:
    case CX_BINARY_XOR:
        return true;
    default:
        return false;
    }
}

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    (void)opset;
    struct cx_binary *binary = cx_arena_alloc(set->arena, sizeof *binary);
    if (binary == NULL)
        return CX_MEMORY;
    binary->kind = find_row(op)->kind;
    if (binary->kind == CX_BINARY_MOD) {
        bool fmod_wanted;
        enum cx_status status = cx_attr_bool(set, "fmod", false, &fmod_wanted);
        if (status != CX_OK)
            return status;
        if (fmod_wanted)
            binary->kind = CX_BINARY_FMOD;
    }
    *ret_attrs = binary;
    return CX_OK;
}

static enum cx_status infer(struct cx_call *call)
{
    const struct cx_binary *binary = call->node->attrs;
    const struct cx_tensor *a = &call->in[0], *b = &call->in[1];
    uint32_t dtypes = find_row(call->node->op)->dtypes;
    enum cx_status status = cx_call_check_dtype(call, 0, dtypes);
    if (status == CX_OK)
        status = cx_call_check_dtype(call, 1, dtypes);
    if (status == CX_OK && binary->kind != CX_BINARY_POW)
        status = cx_call_check_same_dtype(call, 0, 1);
    if (status != CX_OK)
        return status;
    if (binary->kind == CX_BINARY_MOD && cx_dtype_is_float(a->dtype))
        return cx_call_fail(call, CX_FORMAT, "fmod must be 1 for type %s", cx_dtype_name(a->dtype));
    char text_a[128], text_b[128];
    bool fits = cx_shape_broadcast(&a->shape, &b->shape, &call->out[0].shape);
    if (!fits ||
        (binary->kind == CX_BINARY_PRELU && !cx_shape_equal(&a->shape, &call->out[0].shape)))
        return cx_call_fail(call, CX_SHAPE, "shapes %s and %s don't broadcast",
                            cx_shape_format(&a->shape, text_a, sizeof text_a),
                            cx_shape_format(&b->shape, text_b, sizeof text_b));
    call->out[0].dtype = cx_binary_gives_bool(binary->kind) ? CX_DTYPE_BOOL : a->dtype;
    return CX_OK;
}

static double eval_float(enum cx_binary_kind kind, double a, double b)
{
    switch (kind) {
    case CX_BINARY_ADD:
        return a + b;
    case CX_BINARY_AND:
        return a != 0 && b != 0;
    case CX_BINARY_DIV:
        return a / b;
    case CX_BINARY_EQUAL:
        return a == b;
    case CX_BINARY_FMOD:
    case CX_BINARY_MOD:
        return fmod(a, b);
    case CX_BINARY_GREATER:
        return a > b;
    case CX_BINARY_GREATER_OR_EQUAL:
        return a >= b;
    case CX_BINARY_LESS:
        return a < b;
    case CX_BINARY_LESS_OR_EQUAL:
        return a <= b;
    case CX_BINARY_MUL:
        return a * b;
    case CX_BINARY_OR:
        return a != 0 || b != 0;
    case CX_BINARY_POW:
        return pow(a, b);
    case CX_BINARY_PRELU:
        return a < 0 ? a * b : a;
    case CX_BINARY_SUB:
        return a - b;
    case CX_BINARY_XOR:
        return (a != 0) != (b != 0);
    }
    return 0;
}

/* b is not 0; the one overflow, INT64_MIN / -1, wraps. */
static int64_t divide(bool is_signed, int64_t a, int64_t b, int64_t *ret_rest)
{
    if (!is_signed) {
        *ret_rest = (int64_t)((uint64_t)a % (uint64_t)b);
        return (int64_t)((uint64_t)a / (uint64_t)b);
    }
    if (b == -1) {
        *ret_rest = 0;
        return (int64_t)(0 - (uint64_t)a);
    }
    *ret_rest = a % b;
    return a / b;
}

static int64_t power(int64_t base, int64_t exponent)
{
    if (exponent < 0)
        return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
    uint64_t result = 1, square = (uint64_t)base;
    for (; exponent > 0; exponent >>= 1, square *= square)
        if ((exponent & 1) != 0)
            result *= square;
    return (int64_t)result;
}

/* Wraps like the two's complement types it stands for. DIV and the MODs by zero give 0. */
static int64_t eval_int(enum cx_binary_kind kind, bool is_signed, int64_t a, int64_t b)
{
    int64_t rest = 0;
    bool less = is_signed ? a < b : (uint64_t)a < (uint64_t)b;
    switch (kind) {
    case CX_BINARY_ADD:
        return (int64_t)((uint64_t)a + (uint64_t)b);
    case CX_BINARY_SUB:
        return (int64_t)((uint64_t)a - (uint64_t)b);
    case CX_BINARY_MUL:
        return (int64_t)((uint64_t)a * (uint64_t)b);
    case CX_BINARY_DIV:
        return b == 0 ? 0 : divide(is_signed, a, b, &rest);
    case CX_BINARY_MOD:
    case CX_BINARY_FMOD:
        if (b == 0)
            return 0;
        divide(is_signed, a, b, &rest);
        return kind == CX_BINARY_MOD && is_signed && rest != 0 && (rest < 0) != (b < 0) ? rest + b
                                                                                        : rest;
    case CX_BINARY_POW:
        return power(a, b);
    case CX_BINARY_PRELU:
        return is_signed && a < 0 ? (int64_t)((uint64_t)a * (uint64_t)b) : a;
    case CX_BINARY_EQUAL:
        return a == b;
    case CX_BINARY_GREATER:
        return !less && a != b;
    case CX_BINARY_GREATER_OR_EQUAL:
        return !less;
    case CX_BINARY_LESS:
        return less;
    case CX_BINARY_LESS_OR_EQUAL:
        return less || a == b;
    case CX_BINARY_AND:
        return a != 0 && b != 0;
    case CX_BINARY_OR:
        return a != 0 || b != 0;
    case CX_BINARY_XOR:
        return (a != 0) != (b != 0);
    }
    return 0;
}

static enum cx_status eval(struct cx_call *call)
{
    const struct cx_binary *binary = call->node->attrs;
    const struct cx_tensor *a = &call->in[0], *b = &call->in[1], *out = &call->out[0];
    int64_t count = cx_shape_elements(&out->shape);
    bool floats = cx_dtype_is_float(a->dtype) || cx_dtype_is_float(b->dtype);
    bool is_signed = cx_dtype_is_signed(a->dtype);
    struct cx_walk walk;
    cx_walk_start(&walk, &out->shape);
    cx_walk_follow(&walk, &a->shape);
    cx_walk_follow(&walk, &b->shape);
    for (int64_t i = 0; i < count; i++, cx_walk_next(&walk)) {
        if (floats)
            cx_set_f64(
                out, i,
                eval_float(binary->kind, cx_get_f64(a, walk.at[0]), cx_get_f64(b, walk.at[1])));
        else
            cx_set_i64(out, i,
                       eval_int(binary->kind, is_signed, cx_get_i64(a, walk.at[0]),
                                cx_get_i64(b, walk.at[1])));
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_binary = {
    .flags = CX_OP_INPLACE,
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
