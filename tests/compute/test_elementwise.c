/* Elementwise kernels against the host reference: every operator, every type, every way in which
 * shapes broadcast. */
#include <criterion/criterion.h>

#include "tests/compute/node_rig.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

TestSuite(elementwise, .fini = rig_free_all);

static const char *const unary_float[] = {
    "Abs",       "Ceil",      "Cos", "Elu",      "Erf",        "Exp",  "Floor", "HardSigmoid",
    "HardSwish", "LeakyRelu", "Log", "Neg",      "Reciprocal", "Relu", "Round", "Selu",
    "Sigmoid",   "Sign",      "Sin", "Softplus", "Softsign",   "Sqrt", "Tanh"};

static void check_unary(const char *op, enum cx_dtype dtype, int64_t count, enum cx_family family)
{
    struct rig_node node = {.op = op, .opset = 16, .input_n = 1, .output_n = 1};
    node.rtol = dtype == CX_DTYPE_FLOAT16 ? 2e-3 : dtype == CX_DTYPE_BFLOAT16 ? 1e-2 : 2e-6;
    node.atol = dtype == CX_DTYPE_DOUBLE ? 1e-12 : 1e-6;
    node.inputs[0] = rig_tensor(dtype, 1, &count, 7);
    rig_check(&node, family);
}

static void check_all_unary(enum cx_family family)
{
    for (size_t i = 0; i < N(unary_float); i++)
        check_unary(unary_float[i], CX_DTYPE_FLOAT, 1003, family);
    check_unary("Sigmoid", CX_DTYPE_FLOAT16, 133, family);
    check_unary("Tanh", CX_DTYPE_BFLOAT16, 133, family);
    check_unary("Erf", CX_DTYPE_DOUBLE, 133, family);
    check_unary("Abs", CX_DTYPE_INT8, 133, family);
    check_unary("Neg", CX_DTYPE_INT64, 133, family);
    check_unary("Sign", CX_DTYPE_UINT16, 133, family);
    check_unary("Not", CX_DTYPE_BOOL, 133, family);
    check_unary("Relu", CX_DTYPE_FLOAT, 0, family);
    check_unary("Relu", CX_DTYPE_FLOAT, 1, family);
    check_unary("Relu", CX_DTYPE_FLOAT, 100000, family);
}

Test(elementwise, unary_cpu, .timeout = 120)
{
    check_all_unary(CX_FAMILY_CPU);
}

Test(elementwise, unary_gpu, .timeout = 120)
{
    check_all_unary(CX_FAMILY_GPU);
}

struct pair {
    uint32_t rank_a, rank_b;
    int64_t a[8], b[8];
};

/* The ways in which two shapes meet. */
static const struct pair pairs[] = {
    {3, 3, {2, 3, 37}, {2, 3, 37}},
    {3, 0, {2, 3, 37}, {0}},
    {0, 2, {0}, {5, 7}},
    {4, 4, {2, 5, 3, 3}, {1, 5, 1, 1}},
    {4, 1, {2, 3, 4, 19}, {19}},
    {4, 2, {2, 3, 4, 5}, {4, 1}},
    {4, 4, {2, 1, 4, 1}, {1, 3, 1, 5}},
    {5, 5, {1, 3, 1, 5, 2}, {2, 1, 4, 1, 2}},
    {8, 8, {2, 1, 2, 1, 2, 1, 2, 3}, {1, 2, 1, 3, 1, 2, 1, 3}},
    {8, 8, {2, 1, 2, 1, 2, 1, 2, 1}, {1, 2, 1, 3, 1, 2, 1, 3}},
    {2, 2, {0, 3}, {1, 3}},
    {1, 1, {70001}, {70001}},
    {2, 2, {300, 300}, {300, 1}},
};

static void check_binary(const char *op, enum cx_dtype dtype, const struct pair *pair,
                         enum cx_family family)
{
    struct rig_node node = {.op = op, .opset = 16, .input_n = 2, .output_n = 1};
    node.rtol = dtype == CX_DTYPE_FLOAT16 ? 2e-3 : dtype == CX_DTYPE_BFLOAT16 ? 1e-2 : 1e-5;
    node.atol = 1e-6;
    node.inputs[0] = rig_tensor(dtype, pair->rank_a, pair->a, 3);
    node.inputs[1] = rig_tensor(dtype, pair->rank_b, pair->b, 4);
    rig_check(&node, family);
}

static void check_shapes(enum cx_family family)
{
    for (size_t i = 0; i < N(pairs); i++)
        check_binary("Sub", CX_DTYPE_FLOAT, &pairs[i], family);
}

Test(elementwise, broadcast_cpu, .timeout = 120)
{
    check_shapes(CX_FAMILY_CPU);
}

Test(elementwise, broadcast_gpu, .timeout = 120)
{
    check_shapes(CX_FAMILY_GPU);
}

static void check_binary_types(enum cx_family family)
{
    static const struct {
        const char *op;
        enum cx_dtype dtype;
    } rows[] = {
        {"Add", CX_DTYPE_FLOAT16},    {"Mul", CX_DTYPE_BFLOAT16}, {"Div", CX_DTYPE_FLOAT},
        {"Div", CX_DTYPE_INT32},      {"Div", CX_DTYPE_UINT8},    {"Mod", CX_DTYPE_INT8},
        {"Mod", CX_DTYPE_UINT64},     {"Pow", CX_DTYPE_FLOAT},    {"Pow", CX_DTYPE_INT64},
        {"PRelu", CX_DTYPE_FLOAT},    {"Equal", CX_DTYPE_INT64},  {"Equal", CX_DTYPE_BOOL},
        {"Greater", CX_DTYPE_DOUBLE}, {"Less", CX_DTYPE_INT16},   {"LessOrEqual", CX_DTYPE_FLOAT16},
        {"And", CX_DTYPE_BOOL},       {"Or", CX_DTYPE_BOOL},      {"Xor", CX_DTYPE_BOOL},
    };
    static const struct pair shapes = {3, 2, {3, 5, 23}, {5, 1}};
    for (size_t i = 0; i < N(rows); i++)
        check_binary(rows[i].op, rows[i].dtype, &shapes, family);
}

Test(elementwise, binary_types_cpu, .timeout = 120)
{
    check_binary_types(CX_FAMILY_CPU);
}

Test(elementwise, binary_types_gpu, .timeout = 120)
{
    check_binary_types(CX_FAMILY_GPU);
}

/* Types of base and exponent differ; constant exponents take ways of their own. */
static void check_powers(enum cx_family family)
{
    static const struct {
        enum cx_dtype base, exponent;
        double constant; /* 0: an operand of the run */
    } rows[] = {
        {CX_DTYPE_FLOAT, CX_DTYPE_INT64, 0},   {CX_DTYPE_INT32, CX_DTYPE_FLOAT, 0},
        {CX_DTYPE_FLOAT, CX_DTYPE_FLOAT, 2},   {CX_DTYPE_INT64, CX_DTYPE_INT32, 2},
        {CX_DTYPE_FLOAT, CX_DTYPE_FLOAT, 0.5},
    };
    static const int64_t dims[] = {5, 9}, one[] = {1};
    for (size_t i = 0; i < N(rows); i++) {
        struct rig_node node = {.op = "Pow", .opset = 15, .input_n = 2, .output_n = 1};
        node.rtol = 1e-5;
        node.atol = 1e-6;
        node.inputs[0] = rig_tensor(rows[i].base, 2, dims, 5);
        bool constant = node.constant[1] = rows[i].constant != 0;
        node.inputs[1] = rig_tensor(rows[i].exponent, constant ? 1 : 2, constant ? one : dims, 6);
        if (rows[i].constant == 0.5)
            *(float *)node.inputs[1].data = 0.5f;
        else if (constant && rows[i].exponent == CX_DTYPE_FLOAT)
            *(float *)node.inputs[1].data = 2;
        else if (constant)
            *(int32_t *)node.inputs[1].data = 2;
        if (rows[i].base == CX_DTYPE_INT32) /* a fraction of a negative number has no integer */
            for (int64_t k = 0; k < 45; k++)
                ((float *)node.inputs[1].data)[k] = (float)(k % 4);
        rig_check(&node, family);
    }
}

Test(elementwise, powers_cpu, .timeout = 120)
{
    check_powers(CX_FAMILY_CPU);
}

Test(elementwise, powers_gpu, .timeout = 120)
{
    check_powers(CX_FAMILY_GPU);
}
