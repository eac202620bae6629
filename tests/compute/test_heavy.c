/* Convolutions, products and pools against the host reference, on both families' kernels. */
#include <criterion/criterion.h>

#include "tests/compute/node_rig.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

TestSuite(heavy, .fini = rig_free_all, .timeout = 240);

struct conv_case {
    int64_t batch, channels, height, width, outputs, kernel, stride, pad, dilation, group;
    enum cx_act act;
    bool bias, residual;
};

/* Each row is here for an edge: borders, tails of tiles and panels, groups, strides, blocks of k.
 */
static const struct conv_case conv_cases[] = {
    {1, 8, 14, 14, 16, 3, 1, 1, 1, 1, CX_ACT_RELU, true, true},
    {2, 5, 13, 17, 7, 3, 2, 1, 1, 1, CX_ACT_NONE, true, false},
    {1, 3, 30, 30, 20, 7, 2, 3, 1, 1, CX_ACT_RELU, true, false},
    {1, 12, 9, 9, 24, 5, 1, 2, 1, 4, CX_ACT_LEAKY_RELU, false, true},
    {1, 8, 7, 7, 50, 1, 2, 0, 1, 1, CX_ACT_CLIP, true, false},
    {3, 40, 7, 7, 19, 1, 1, 0, 1, 1, CX_ACT_NONE, false, true},
    {2, 16, 20, 20, 16, 3, 1, 1, 1, 16, CX_ACT_HARD_SWISH, true, false},
    {2, 16, 21, 23, 32, 5, 2, 2, 1, 16, CX_ACT_SIGMOID, true, true},
    {1, 300, 7, 7, 20, 3, 1, 1, 1, 1, CX_ACT_TANH, true, false},
    {1, 4, 40, 40, 8, 11, 4, 2, 1, 1, CX_ACT_HARD_SIGMOID, true, false},
    {1, 6, 20, 20, 9, 3, 1, 2, 2, 1, CX_ACT_NONE, true, false},
    {1, 6, 20, 11, 6, 3, 2, 4, 3, 6, CX_ACT_NONE, true, false},
    {3, 64, 5, 5, 3, 3, 3, 0, 1, 1, CX_ACT_RELU, true, true},
    {1, 2, 1, 1, 3, 3, 1, 1, 1, 1, CX_ACT_NONE, true, false},
};

static void check_conv(const struct conv_case *c, bool constant, enum cx_family family)
{
    const int64_t x[] = {c->batch, c->channels, c->height, c->width};
    const int64_t w[] = {c->outputs, c->channels / c->group, c->kernel, c->kernel};
    const int64_t strides[] = {c->stride, c->stride}, dilations[] = {c->dilation, c->dilation};
    const int64_t pads[] = {c->pad, c->pad, c->pad, c->pad};
    struct rig_node node = {.op = "Conv", .opset = 13, .input_n = 3, .output_n = 1};
    node.inputs[0] = rig_tensor(CX_DTYPE_FLOAT, 4, x, 1);
    node.inputs[1] = rig_tensor(CX_DTYPE_FLOAT, 4, w, 2);
    if (c->bias)
        node.inputs[2] = rig_tensor(CX_DTYPE_FLOAT, 1, &c->outputs, 3);
    node.constant[1] = node.constant[2] = constant;
    rig_attr_ints(&node, "strides", 2, strides);
    rig_attr_ints(&node, "dilations", 2, dilations);
    rig_attr_ints(&node, "pads", 4, pads);
    rig_attr_int(&node, "group", c->group);
    int64_t reach = (c->kernel - 1) * c->dilation + 1;
    const int64_t y[] = {c->batch, c->outputs, (c->height + 2 * c->pad - reach) / c->stride + 1,
                         (c->width + 2 * c->pad - reach) / c->stride + 1};
    if (c->residual)
        node.residual = rig_tensor(CX_DTYPE_FLOAT, 4, y, 4);
    node.epilogue.act = c->act;
    node.epilogue.alpha = c->act == CX_ACT_CLIP ? -0.5f : 0.1f;
    node.epilogue.beta = 0.8f;
    /* Sums of up to 3,000 products of numbers up to 16, in another order. */
    node.rtol = 1e-5;
    node.atol = 1e-3;
    rig_check(&node, family);
}

Test(heavy, conv_cpu)
{
    for (size_t i = 0; i < N(conv_cases); i++)
        check_conv(&conv_cases[i], true, CX_FAMILY_CPU);
}

Test(heavy, conv_gpu)
{
    for (size_t i = 0; i < N(conv_cases); i++)
        check_conv(&conv_cases[i], true, CX_FAMILY_GPU);
}

Test(heavy, conv_with_weights_of_a_run)
{
    check_conv(&conv_cases[0], false, CX_FAMILY_CPU);
    check_conv(&conv_cases[3], false, CX_FAMILY_CPU);
    check_conv(&conv_cases[0], false, CX_FAMILY_GPU);
    check_conv(&conv_cases[3], false, CX_FAMILY_GPU);
}

static void check_conv_axes(uint32_t axes, const int64_t *size, enum cx_dtype dtype,
                            enum cx_family family)
{
    int64_t x[5] = {2, 3}, w[5] = {8, 3};
    const int64_t pads[6] = {1, 0, 1, 1, 2, 0}, strides[3] = {1, 2, 1};
    for (uint32_t i = 0; i < axes; i++) {
        x[2 + i] = size[i];
        w[2 + i] = 3;
    }
    struct rig_node node = {.op = "Conv", .opset = 13, .input_n = 2, .output_n = 1};
    node.inputs[0] = rig_tensor(dtype, 2 + axes, x, 5);
    node.inputs[1] = rig_tensor(dtype, 2 + axes, w, 6);
    node.constant[1] = true;
    rig_attr_ints(&node, "strides", axes, strides);
    rig_attr_ints(&node, "pads", 2 * axes, pads);
    node.rtol = dtype == CX_DTYPE_FLOAT16 ? 5e-3 : 1e-5;
    node.atol = dtype == CX_DTYPE_FLOAT16 ? 2e-2 : 1e-4;
    rig_check(&node, family);
}

Test(heavy, conv_of_other_ranks_and_types)
{
    const int64_t line[] = {37}, plane[] = {9, 8}, volume[] = {6, 7, 8};
    for (enum cx_family family = CX_FAMILY_CPU; family <= CX_FAMILY_GPU; family++) {
        check_conv_axes(1, line, CX_DTYPE_FLOAT, family);
        check_conv_axes(3, volume, CX_DTYPE_FLOAT, family);
        check_conv_axes(2, plane, CX_DTYPE_FLOAT16, family);
    }
    check_conv_axes(2, plane, CX_DTYPE_DOUBLE, CX_FAMILY_CPU);
}

struct gemm_case {
    int64_t m, n, k;
    bool trans_a, trans_b, constant_b;
    uint32_t c_rank; /* 0: absent */
    int64_t c[2];
};

static const struct gemm_case gemm_cases[] = {
    {1, 100, 300, false, true, true, 1, {100, 0}}, {7, 33, 300, false, false, false, 2, {7, 33}},
    {50, 70, 530, true, false, false, 2, {50, 1}}, {8, 40, 64, false, true, true, 1, {40, 0}},
    {3, 5, 7, true, true, false, 1, {1, 0}},       {2, 16, 1, false, false, true, 0, {0, 0}},
    {100, 31, 20, false, false, true, 2, {1, 31}},
};

static void check_gemm(const struct gemm_case *g, enum cx_dtype dtype, enum cx_family family)
{
    const int64_t a[] = {g->trans_a ? g->k : g->m, g->trans_a ? g->m : g->k};
    const int64_t b[] = {g->trans_b ? g->n : g->k, g->trans_b ? g->k : g->n};
    struct rig_node node = {.op = "Gemm", .opset = 13, .input_n = 3, .output_n = 1};
    bool whole = cx_dtype_is_int(dtype);
    node.inputs[0] = rig_tensor(dtype, 2, a, 1);
    node.inputs[1] = rig_tensor(dtype, 2, b, 2);
    if (g->c_rank > 0)
        node.inputs[2] = rig_tensor(dtype, g->c_rank, g->c, 3);
    node.constant[1] = g->constant_b;
    rig_attr_int(&node, "transA", g->trans_a);
    rig_attr_int(&node, "transB", g->trans_b);
    if (!whole) {
        rig_attr_float(&node, "alpha", 0.7f);
        rig_attr_float(&node, "beta", 1.5f);
        node.epilogue.act = CX_ACT_RELU;
    }
    node.rtol = dtype == CX_DTYPE_FLOAT16 ? 5e-3 : 1e-5;
    node.atol = dtype == CX_DTYPE_FLOAT16 ? 0.1 : 1e-3;
    rig_check(&node, family);
}

static void check_all_gemm(enum cx_family family)
{
    for (size_t i = 0; i < N(gemm_cases); i++)
        check_gemm(&gemm_cases[i], CX_DTYPE_FLOAT, family);
    check_gemm(&gemm_cases[3], CX_DTYPE_FLOAT16, family);
    check_gemm(&gemm_cases[1], CX_DTYPE_INT32, family);
    check_gemm(&gemm_cases[4], CX_DTYPE_UINT8, family);
}

Test(heavy, gemm_cpu)
{
    check_all_gemm(CX_FAMILY_CPU);
}

Test(heavy, gemm_gpu)
{
    check_all_gemm(CX_FAMILY_GPU);
}

struct matmul_case {
    uint32_t a_rank, b_rank;
    int64_t a[4], b[4];
    bool constant_b;
};

static const struct matmul_case matmul_cases[] = {
    {2, 2, {5, 40}, {40, 17}, true},
    {4, 3, {2, 3, 9, 40}, {3, 40, 20}, false},
    {4, 2, {2, 3, 9, 40}, {40, 20}, true},
    {1, 2, {40}, {40, 17}, false},
    {2, 1, {17, 40}, {40}, false},
    {1, 1, {40}, {40}, false},
    {4, 4, {2, 1, 6, 8}, {1, 3, 8, 18}, true},
    {3, 3, {1, 5, 300}, {4, 300, 33}, false},
};

static void check_all_matmul(enum cx_family family)
{
    for (size_t i = 0; i < N(matmul_cases); i++) {
        const struct matmul_case *m = &matmul_cases[i];
        struct rig_node node = {.op = "MatMul", .opset = 13, .input_n = 2, .output_n = 1};
        node.inputs[0] = rig_tensor(CX_DTYPE_FLOAT, m->a_rank, m->a, 1);
        node.inputs[1] = rig_tensor(CX_DTYPE_FLOAT, m->b_rank, m->b, 2);
        node.constant[1] = m->constant_b;
        node.rtol = 1e-5;
        node.atol = 1e-3;
        rig_check(&node, family);
    }
}

Test(heavy, matmul_cpu)
{
    check_all_matmul(CX_FAMILY_CPU);
}

Test(heavy, matmul_gpu)
{
    check_all_matmul(CX_FAMILY_GPU);
}

struct pool_case {
    const char *op;
    int64_t height, width, kernel, stride, pad, dilation;
    bool ceil, count_pads, positions;
};

static const struct pool_case pool_cases[] = {
    {"MaxPool", 30, 31, 3, 2, 1, 1, false, false, false},
    {"MaxPool", 23, 40, 2, 1, 0, 1, false, false, false},
    {"MaxPool", 20, 20, 3, 3, 1, 2, true, false, true},
    {"MaxPool", 5, 5, 3, 2, 1, 1, true, false, false},
    {"AveragePool", 30, 31, 3, 2, 1, 1, false, true, false},
    {"AveragePool", 30, 31, 3, 1, 1, 1, false, false, false},
    {"AveragePool", 14, 14, 3, 2, 1, 1, true, true, false},
    {"AveragePool", 7, 7, 7, 1, 0, 1, false, false, false},
    {"LpPool", 15, 15, 3, 2, 1, 1, false, false, false},
    {"GlobalAveragePool", 13, 7, 0, 0, 0, 0, false, false, false},
    {"GlobalMaxPool", 3, 7, 0, 0, 0, 0, false, false, false},
    {"GlobalMaxPool", 13, 17, 0, 0, 0, 0, false, false, false},
};

static void check_pool(const struct pool_case *c, enum cx_dtype dtype, enum cx_family family)
{
    const int64_t x[] = {2, 5, c->height, c->width};
    const int64_t kernel[] = {c->kernel, c->kernel}, strides[] = {c->stride, c->stride};
    const int64_t pads[] = {c->pad, c->pad, c->pad, c->pad},
                  dilations[] = {c->dilation, c->dilation};
    struct rig_node node = {.op = c->op, .opset = 19, .input_n = 1, .output_n = 1};
    node.inputs[0] = rig_tensor(dtype, 4, x, 9);
    node.output_n = c->positions ? 2 : 1;
    if (c->kernel > 0) {
        rig_attr_ints(&node, "kernel_shape", 2, kernel);
        rig_attr_ints(&node, "strides", 2, strides);
        rig_attr_ints(&node, "pads", 4, pads);
        rig_attr_int(&node, "ceil_mode", c->ceil);
        if (c->dilation > 1)
            rig_attr_ints(&node, "dilations", 2, dilations);
        if (c->count_pads)
            rig_attr_int(&node, "count_include_pad", 1);
    }
    node.rtol = dtype == CX_DTYPE_FLOAT16 ? 5e-3 : 1e-5;
    node.atol = dtype == CX_DTYPE_FLOAT16 ? 5e-3 : 1e-5;
    rig_check(&node, family);
}

static void check_all_pools(enum cx_family family)
{
    for (size_t i = 0; i < N(pool_cases); i++)
        check_pool(&pool_cases[i], CX_DTYPE_FLOAT, family);
    check_pool(&pool_cases[0], CX_DTYPE_FLOAT16, family);
    check_pool(&pool_cases[0], CX_DTYPE_UINT8, family);
}

Test(heavy, pools_cpu)
{
    check_all_pools(CX_FAMILY_CPU);
}

Test(heavy, pools_gpu)
{
    check_all_pools(CX_FAMILY_GPU);
}
