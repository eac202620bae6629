/* Convolutions and pools of both device families against the host reference, over a table of
 * shapes. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/compute/node_rig.h"

struct conv_case {
    const char *what;
    uint32_t spatial;
    int64_t batch, channels, rows, groups;
    int64_t in[3], kernel[3], stride[3], dilation[3], pad[6];
};

static const struct conv_case convs[] = {
    {"1x1", 2, 1, 16, 32, 1, {7, 9}, {1, 1}, {1, 1}, {1, 1}, {0}},
    {"3x3 same", 2, 2, 5, 17, 1, {8, 11}, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {"3x3 stride 2, uneven pads", 2, 3, 8, 24, 1, {9, 10}, {3, 3}, {2, 2}, {1, 1}, {0, 1, 2, 1}},
    {"7x7 stem", 2, 1, 3, 64, 1, {23, 23}, {7, 7}, {2, 2}, {1, 1}, {3, 3, 3, 3}},
    {"dilated", 2, 1, 4, 8, 1, {13, 14}, {3, 3}, {1, 1}, {2, 3}, {2, 3, 2, 3}},
    {"grouped", 2, 2, 12, 48, 3, {6, 6}, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {"depthwise", 2, 2, 19, 19, 19, {15, 12}, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {"depthwise stride 2, 5x5", 2, 1, 8, 8, 8, {15, 17}, {5, 5}, {2, 2}, {1, 1}, {2, 2, 2, 2}},
    {"depthwise dilated", 2, 1, 40, 40, 40, {9, 31}, {3, 5}, {1, 1}, {2, 3}, {2, 6, 2, 5}},
    {"depth multiplier 2", 2, 1, 6, 12, 6, {9, 9}, {3, 3}, {1, 1}, {1, 1}, {0}},
    {"one pixel", 2, 5, 70, 33, 1, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {0}},
    {"deep", 2, 1, 300, 20, 1, {5, 5}, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {"1 axis", 1, 2, 6, 18, 1, {31}, {5}, {2}, {1}, {2, 2}},
    {"3 axes", 3, 1, 4, 16, 2, {5, 6, 7}, {3, 2, 3}, {1, 2, 1}, {1, 1, 2}, {1, 0, 1, 1, 0, 1}},
};

/* What the tiles of the CPU's blocked convolution make special. */
static const struct conv_case tiled[] = {
    {"a run and its half tile", 2, 2, 40, 48, 1, {9, 7}, {1, 1}, {1, 1}, {1, 1}, {0}},
    {"1x1 stride 2", 2, 2, 24, 40, 1, {15, 14}, {1, 1}, {2, 2}, {1, 1}, {0}},
    {"tiles of a long row", 2, 2, 20, 40, 1, {5, 30}, {3, 3}, {1, 1}, {1, 1}, {1, 0, 0, 2}},
    {"rows by twos, odd", 2, 2, 33, 32, 1, {7, 7}, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {"one column", 2, 1, 18, 20, 1, {13, 6}, {3, 1}, {2, 1}, {2, 1}, {2, 0, 1, 0}},
    {"uneven groups", 2, 2, 136, 100, 4, {7, 5}, {1, 1}, {1, 1}, {1, 1}, {0}},
    {"small groups", 2, 1, 64, 96, 16, {6, 9}, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {"groups of whole blocks", 2, 1, 64, 96, 2, {6, 9}, {3, 3}, {2, 1}, {1, 1}, {1, 1, 1, 1}},
    {"groups across blocks", 2, 1, 24, 64, 2, {9, 15}, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {"more than a panel", 2, 1, 600, 12, 1, {5, 64}, {5, 5}, {1, 1}, {1, 1}, {1, 2, 0, 2}},
    {"a row in pieces", 1, 2, 1, 40, 1, {9000}, {64}, {3}, {1}, {20, 5}},
    {"rows too long for a panel", 2, 1, 16, 16, 1, {2, 3000}, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {"3x3 stem", 2, 2, 1, 24, 1, {9, 17}, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {"11x11 stem, stride 4", 2, 1, 3, 20, 1, {31, 35}, {11, 11}, {4, 4}, {1, 1}, {0}},
};

static void check_fused(const struct conv_case *c, enum cx_dtype dtype, bool constant,
                        enum cx_family family, const struct cx_epilogue *epilogue,
                        const int64_t *residual)
{
    uint32_t rank = c->spatial + 2;
    int64_t x[5] = {c->batch, c->channels}, w[5] = {c->rows, c->channels / c->groups};
    struct rig_node node = {.op = "Conv", .opset = 11, .input_n = 3, .output_n = 1};

    for (uint32_t i = 0; i < c->spatial; i++) {
        x[2 + i] = c->in[i];
        w[2 + i] = c->kernel[i];
    }
    node.inputs[0] = rig_tensor(dtype, rank, x, 1);
    node.inputs[1] = rig_tensor(dtype, rank, w, 2);
    node.inputs[2] = rig_tensor(dtype, 1, &c->rows, 3);
    node.constant[1] = node.constant[2] = constant;
    node.rtol = dtype == CX_DTYPE_FLOAT16 ? 4e-3 : 1e-4;
    /* Rounding follows the terms of a sum and their number, not the sum: products are some 5 large,
     * and Winograd's transforms lose one more digit. */
    double terms = (double)w[1];
    for (uint32_t i = 0; i < c->spatial; i++)
        terms *= (double)c->kernel[i];
    node.atol = dtype == CX_DTYPE_FLOAT16 ? 4e-2 : fmax(1e-3, 5e-5 * sqrt(terms));
    rig_attr_int(&node, "group", c->groups);
    rig_attr_ints(&node, "strides", c->spatial, c->stride);
    rig_attr_ints(&node, "dilations", c->spatial, c->dilation);
    rig_attr_ints(&node, "pads", 2 * c->spatial, c->pad);
    if (epilogue != NULL)
        node.epilogue = *epilogue;
    if (residual != NULL)
        node.residual = rig_tensor(dtype, rank, residual, 4);
    rig_check(&node, family);
    rig_free_all();
}

static void check_conv(const struct conv_case *c, enum cx_dtype dtype, bool constant,
                       enum cx_family family)
{
    check_fused(c, dtype, constant, family, NULL, NULL);
}

/* A 3x3 convolution with each activation, every second one after adding a residual. */
static void check_epilogues(void)
{
    static const struct conv_case c = {"fused", 2,      2,      20,     40,          1,
                                       {7, 9},  {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}};
    static const int64_t out[] = {2, 40, 7, 9};
    for (int act = CX_ACT_NONE; act < CX_ACT_COUNT; act++) {
        const struct cx_epilogue epilogue = {.act = (enum cx_act)act,
                                             .alpha = act == CX_ACT_CLIP ? -0.3f : 0.2f,
                                             .beta = 0.5f,
                                             .residual = CX_VALUE_NONE};
        cr_log_info("activation %d\n", act);
        check_fused(&c, CX_DTYPE_FLOAT, true, CX_FAMILY_CPU, &epilogue, act % 2 == 0 ? out : NULL);
    }
}

static void check_convs(enum cx_family family)
{
    for (size_t i = 0; i < sizeof(convs) / sizeof(convs[0]); i++) {
        cr_log_info("convolution %s\n", convs[i].what);
        check_conv(&convs[i], CX_DTYPE_FLOAT, true, family);
    }
    check_conv(&convs[1], CX_DTYPE_FLOAT, false, family);
    check_conv(&convs[6], CX_DTYPE_FLOAT, false, family);
    check_conv(&convs[2], CX_DTYPE_FLOAT16, true, family);
}

Test(conv, cpu)
{
    check_convs(CX_FAMILY_CPU);
}

Test(conv, gpu)
{
    check_convs(CX_FAMILY_GPU);
}

/* Every STEP-th from FIRST on. */
static void check_tiled(size_t first, size_t step)
{
    for (size_t i = first; i < sizeof(tiled) / sizeof(tiled[0]); i += step) {
        cr_log_info("convolution %s\n", tiled[i].what);
        check_conv(&tiled[i], CX_DTYPE_FLOAT, true, CX_FAMILY_CPU);
    }
}

Test(conv, cpu_tiles)
{
    check_tiled(0, 1);
    check_epilogues();
}

/* As on devices with narrower vectors. */
Test(conv, cpu_narrow)
{
    static const uint32_t widths[] = {4, 8};
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        rig_close_devices();
        rig_want_width(widths[i]);
        check_conv(&convs[1], CX_DTYPE_FLOAT, true, CX_FAMILY_CPU);
        check_tiled(i, 2);
    }
    rig_close_devices();
}

struct pool_case {
    const char *op;
    uint32_t spatial;
    int64_t in[3], kernel[3], stride[3], pad[6];
    int64_t count_pads, ceil, outputs;
};

static const struct pool_case pools[] = {
    {"MaxPool", 2, {9, 11}, {3, 3}, {2, 2}, {1, 1, 1, 1}, 0, 0, 1},
    {"MaxPool", 2, {9, 12}, {2, 3}, {2, 2}, {0, 1, 1, 1}, 0, 1, 2},
    {"MaxPool", 1, {17}, {4}, {3}, {0}, 0, 0, 1},
    {"MaxPool", 3, {4, 5, 6}, {2, 2, 2}, {1, 2, 1}, {0}, 0, 0, 1},
    {"AveragePool", 2, {9, 11}, {3, 3}, {2, 2}, {1, 1, 1, 1}, 0, 0, 1},
    {"AveragePool", 2, {9, 10}, {3, 3}, {2, 2}, {1, 0, 0, 1}, 1, 1, 1},
    {"AveragePool", 3, {4, 5, 6}, {2, 2, 2}, {2, 2, 2}, {0, 0, 0, 1, 1, 0}, 1, 0, 1},
    {"LpPool", 2, {8, 8}, {3, 2}, {2, 1}, {1, 0, 1, 1}, 0, 0, 1},
    {"GlobalAveragePool", 2, {7, 13}, {0}, {0}, {0}, 0, 0, 1},
    {"GlobalMaxPool", 2, {7, 13}, {0}, {0}, {0}, 0, 0, 1},
    {"GlobalLpPool", 3, {2, 3, 5}, {0}, {0}, {0}, 0, 0, 1},
};

static void check_pool(const struct pool_case *c, enum cx_dtype dtype, enum cx_family family,
                       int64_t channels, bool blocked)
{
    int64_t x[5] = {2, channels};
    struct rig_node node = {
        .op = c->op, .opset = 19, .input_n = 1, .output_n = (uint32_t)c->outputs};

    for (uint32_t i = 0; i < c->spatial; i++)
        x[2 + i] = c->in[i];
    node.inputs[0] = rig_tensor(dtype, c->spatial + 2, x, 7);
    node.rtol = dtype == CX_DTYPE_FLOAT16 ? 2e-3 : 1e-5;
    node.atol = dtype == CX_DTYPE_FLOAT16 ? 2e-3 : 1e-5;
    if (c->kernel[0] > 0) {
        rig_attr_ints(&node, "kernel_shape", c->spatial, c->kernel);
        rig_attr_ints(&node, "strides", c->spatial, c->stride);
        rig_attr_ints(&node, "pads", 2 * c->spatial, c->pad);
        rig_attr_int(&node, "ceil_mode", c->ceil);
    }
    if (c->count_pads)
        rig_attr_int(&node, "count_include_pad", 1);
    node.blocked = blocked;
    rig_check(&node, family);
    rig_free_all();
}

static void check_pools(enum cx_family family)
{
    for (size_t i = 0; i < sizeof(pools) / sizeof(pools[0]); i++) {
        cr_log_info("pool %zu %s\n", i, pools[i].op);
        check_pool(&pools[i], CX_DTYPE_FLOAT, family, 5, false);
    }
    check_pool(&pools[0], CX_DTYPE_FLOAT16, family, 5, false);
    check_pool(&pools[0], CX_DTYPE_UINT8, family, 5, false);
    check_pool(&pools[4], CX_DTYPE_DOUBLE, family, 5, false);
}

Test(pool, cpu)
{
    check_pools(CX_FAMILY_CPU);
}

Test(pool, gpu)
{
    check_pools(CX_FAMILY_GPU);
}

/* In blocks of channels, the last not full, and full where the output is PLAIN bytes already. */
Test(pool, blocks)
{
    for (size_t i = 0; i < sizeof(pools) / sizeof(pools[0]); i++) {
        if (pools[i].outputs > 1 || strstr(pools[i].op, "Lp") != NULL)
            continue;
        cr_log_info("pool %zu %s\n", i, pools[i].op);
        check_pool(&pools[i], CX_DTYPE_FLOAT, CX_FAMILY_CPU, 19, true);
        check_pool(&pools[i], CX_DTYPE_FLOAT, CX_FAMILY_CPU, 32, true);
    }
}
