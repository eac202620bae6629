/* What the GPU family's kernels do besides sums: epilogues, weights of a run, halves, and tiles
 * that several work-groups share. Each case runs with every candidate that its kernel offers. */
#include <string.h>

#include <criterion/criterion.h>

#include "tests/compute/node_rig.h"

struct conv_case {
    int64_t batch, channels, rows, groups, height, width, kernel, pad;
    enum cx_dtype dtype;
    bool constant, residual, bias;
    enum cx_act act;
};

static void check_conv(const struct conv_case *c)
{
    const int64_t x[] = {c->batch, c->channels, c->height, c->width};
    const int64_t w[] = {c->rows, c->channels / c->groups, c->kernel, c->kernel};
    const int64_t y[] = {c->batch, c->rows, c->height + 2 * c->pad - c->kernel + 1,
                         c->width + 2 * c->pad - c->kernel + 1};
    const int64_t pads[] = {c->pad, c->pad, c->pad, c->pad};
    struct rig_node node = {.op = "Conv", .opset = 11, .input_n = 3, .output_n = 1};
    node.inputs[0] = rig_tensor(c->dtype, 4, x, 1);
    node.inputs[1] = rig_tensor(c->dtype, 4, w, 2);
    if (c->bias)
        node.inputs[2] = rig_tensor(c->dtype, 1, &c->rows, 3);
    node.constant[1] = node.constant[2] = c->constant;
    if (c->residual)
        node.residual = rig_tensor(c->dtype, 4, y, 4);
    node.epilogue.act = c->act;
    node.epilogue.alpha = 0.2f;
    node.epilogue.beta = 4.0f;
    node.rtol = c->dtype == CX_DTYPE_FLOAT16 ? 4e-3 : 1e-4;
    node.atol = c->dtype == CX_DTYPE_FLOAT16 ? 4e-2 : 1e-3;
    rig_attr_int(&node, "group", c->groups);
    rig_attr_ints(&node, "pads", 4, pads);
    rig_check(&node, CX_FAMILY_GPU);
    rig_free_all();
}

Test(gpu, a_convolution_has_its_epilogue_however_it_is_computed)
{
    static const struct conv_case cases[] = {
        {2, 16, 20, 1, 7, 7, 3, 1, CX_DTYPE_FLOAT, true, true, true, CX_ACT_RELU},
        {1, 64, 12, 1, 4, 6, 1, 0, CX_DTYPE_FLOAT, true, true, false, CX_ACT_CLIP},
        {2, 3, 9, 1, 9, 9, 3, 0, CX_DTYPE_FLOAT, true, true, true, CX_ACT_LEAKY_RELU},
        {2, 6, 6, 6, 9, 5, 3, 1, CX_DTYPE_FLOAT, true, true, true, CX_ACT_HARD_SWISH},
        {1, 8, 12, 2, 5, 5, 3, 1, CX_DTYPE_FLOAT, true, true, true, CX_ACT_SIGMOID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_conv(&cases[i]);
}

Test(gpu, a_convolution_may_take_its_weights_from_a_run)
{
    static const struct conv_case wide = {
        2, 11, 18, 1, 6, 6, 3, 1, CX_DTYPE_FLOAT, false, false, true, CX_ACT_NONE};
    static const struct conv_case grouped = {
        1, 6, 24, 2, 5, 7, 2, 0, CX_DTYPE_FLOAT, false, true, true, CX_ACT_RELU};
    check_conv(&wide);
    check_conv(&grouped);
}

Test(gpu, a_convolution_of_halves_sums_in_float)
{
    static const struct conv_case plain = {
        1, 16, 16, 1, 6, 8, 3, 1, CX_DTYPE_FLOAT16, true, true, true, CX_ACT_RELU};
    static const struct conv_case of_a_run = {
        1, 3, 10, 1, 5, 5, 3, 0, CX_DTYPE_FLOAT16, false, false, true, CX_ACT_NONE};
    check_conv(&plain);
    check_conv(&of_a_run);
}

struct product_case {
    int64_t m, n, k;
    bool trans_a, trans_b;
    enum cx_dtype dtype;
    enum cx_act act;
};

static void check_product(const struct product_case *g)
{
    const int64_t a[] = {g->trans_a ? g->k : g->m, g->trans_a ? g->m : g->k};
    const int64_t b[] = {g->trans_b ? g->n : g->k, g->trans_b ? g->k : g->n};
    const int64_t y[] = {g->m, g->n};
    struct rig_node node = {.op = "Gemm", .opset = 13, .input_n = 3, .output_n = 1};
    node.inputs[0] = rig_tensor(g->dtype, 2, a, 1);
    node.inputs[1] = rig_tensor(g->dtype, 2, b, 2);
    node.inputs[2] = rig_tensor(g->dtype, 1, &g->n, 3);
    node.constant[1] = node.constant[2] = true;
    node.residual = rig_tensor(g->dtype, 2, y, 4);
    node.epilogue.act = g->act;
    rig_attr_int(&node, "transA", g->trans_a);
    rig_attr_int(&node, "transB", g->trans_b);
    rig_attr_float(&node, "alpha", 0.5f);
    rig_attr_float(&node, "beta", 2.0f);
    node.rtol = g->dtype == CX_DTYPE_FLOAT16 ? 4e-3 : 1e-4;
    node.atol = g->dtype == CX_DTYPE_FLOAT16 ? 4e-2 : 1e-3;
    rig_check(&node, CX_FAMILY_GPU);
    rig_free_all();
}

Test(gpu, products_of_few_rows_and_of_many)
{
    static const struct product_case cases[] = {
        {1, 37, 130, false, true, CX_DTYPE_FLOAT, CX_ACT_NONE},
        {1, 33, 70, false, false, CX_DTYPE_FLOAT, CX_ACT_RELU},
        {3, 18, 65, true, true, CX_DTYPE_FLOAT, CX_ACT_TANH},
        {8, 17, 50, false, false, CX_DTYPE_FLOAT, CX_ACT_RELU},
        {7, 20, 20, false, true, CX_DTYPE_FLOAT16, CX_ACT_NONE},
        {70, 140, 21, true, false, CX_DTYPE_FLOAT, CX_ACT_RELU},
        {33, 40, 16, false, true, CX_DTYPE_FLOAT16, CX_ACT_NONE},
        {2, 6, 0, false, false, CX_DTYPE_FLOAT, CX_ACT_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_product(&cases[i]);
}
