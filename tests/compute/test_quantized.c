/* Quantized operators of both device families against the host reference, bit for bit. */
#include <stddef.h>
#include <string.h>

#include <criterion/criterion.h>

#include "ops/number.h"
#include "ops/qlinear.h"
#include "tests/compute/node_rig.h"

/* A scalar of a float type. */
static struct cx_tensor scale_of(double value)
{
    struct cx_tensor tensor = rig_tensor(CX_DTYPE_FLOAT, 0, NULL, 1);
    cx_set_f64(&tensor, 0, value);
    return tensor;
}

static struct cx_tensor zero_of(enum cx_dtype dtype, int64_t value)
{
    struct cx_tensor tensor = rig_tensor(dtype, 0, NULL, 1);
    cx_set_i64(&tensor, 0, value);
    return tensor;
}

/* COUNT scales about VALUE. */
static struct cx_tensor scales_of(int64_t count, double value)
{
    struct cx_tensor tensor = rig_tensor(CX_DTYPE_FLOAT, 1, &count, 1);
    for (int64_t i = 0; i < count; i++)
        cx_set_f64(&tensor, i, value * (1.0 + (double)(i % 7) / 5));
    return tensor;
}

/* Numbers over the type's whole range. */
static struct cx_tensor bytes_of(enum cx_dtype dtype, uint32_t rank, const int64_t *dims,
                                 uint32_t seed)
{
    struct cx_tensor tensor = rig_tensor(dtype, rank, dims, seed);
    int64_t count = cx_shape_elements(&tensor.shape);
    for (int64_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        cx_set_i64(&tensor, i, (int64_t)(seed >> 24));
    }
    return tensor;
}

struct conv_case {
    const char *what;
    int64_t batch, channels, rows, groups;
    int64_t in[2], kernel[2], stride[2], dilation[2], pad[4];
    enum cx_dtype x, w;
    int64_t x_zero, w_zero;
    bool residual;
};

#define U8 CX_DTYPE_UINT8
#define S8 CX_DTYPE_INT8
static const struct conv_case convs[] = {
    {"1x1", 1, 32, 40, 1, {7, 9}, {1, 1}, {1, 1}, {1, 1}, {0}, U8, S8, 128, 0, false},
    {"1x1 of part of a block",
     2,
     20,
     17,
     1,
     {5, 4},
     {1, 1},
     {1, 1},
     {1, 1},
     {0},
     U8,
     S8,
     3,
     0,
     true},
    {"1x1 stride 2, signed",
     1,
     48,
     64,
     1,
     {15, 14},
     {1, 1},
     {2, 2},
     {1, 1},
     {0},
     S8,
     S8,
     -7,
     0,
     false},
    {"1x1 of one column, stride 2",
     1,
     32,
     32,
     1,
     {9, 1},
     {1, 1},
     {1, 2},
     {1, 1},
     {0},
     U8,
     S8,
     128,
     0,
     false},
    {"3x3", 2, 16, 70, 1, {14, 15}, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, U8, S8, 90, 0, true},
    {"3x3 signed, stride 2",
     1,
     33,
     24,
     1,
     {15, 16},
     {3, 3},
     {2, 2},
     {1, 1},
     {0, 1, 2, 1},
     S8,
     S8,
     5,
     0,
     true},
    {"3x3 of unsigned weights",
     1,
     24,
     32,
     1,
     {9, 9},
     {3, 3},
     {1, 1},
     {1, 1},
     {1, 1, 1, 1},
     U8,
     U8,
     1,
     128,
     false},
    {"weights with a zero point",
     1,
     9,
     12,
     1,
     {9, 9},
     {3, 3},
     {1, 1},
     {1, 1},
     {1, 1, 1, 1},
     U8,
     U8,
     1,
     77,
     false},
    {"7x7 stem",
     1,
     3,
     64,
     1,
     {29, 31},
     {7, 7},
     {2, 2},
     {1, 1},
     {3, 3, 3, 3},
     U8,
     S8,
     114,
     0,
     false},
    {"dilated", 1, 32, 16, 1, {16, 17}, {3, 3}, {1, 1}, {2, 3}, {2, 3, 2, 3}, U8, S8, 17, 0, false},
    {"grouped", 2, 64, 32, 2, {8, 8}, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, U8, S8, 17, 0, false},
    {"small groups",
     2,
     12,
     24,
     3,
     {6, 6},
     {3, 3},
     {1, 1},
     {1, 1},
     {1, 1, 1, 1},
     S8,
     S8,
     17,
     0,
     false},
    {"depthwise",
     2,
     35,
     35,
     35,
     {15, 12},
     {3, 3},
     {1, 1},
     {1, 1},
     {1, 1, 1, 1},
     U8,
     S8,
     120,
     0,
     true},
    {"depthwise 5x5 stride 2, signed",
     1,
     16,
     16,
     16,
     {15, 17},
     {5, 5},
     {2, 2},
     {1, 1},
     {2, 2, 2, 2},
     S8,
     S8,
     -120,
     0,
     false},
    {"1x1, weights all on one side",
     1,
     40,
     33,
     1,
     {5, 9},
     {1, 1},
     {1, 1},
     {1, 1},
     {0},
     U8,
     U8,
     1,
     0,
     false},
    {"depthwise, weights with a zero point",
     1,
     16,
     16,
     16,
     {9, 9},
     {3, 3},
     {1, 1},
     {1, 1},
     {1, 1, 1, 1},
     U8,
     U8,
     7,
     61,
     false},
    {"depth multiplier 2", 1, 6, 12, 6, {9, 9}, {3, 3}, {1, 1}, {1, 1}, {0}, U8, U8, 9, 0, false},
    {"one pixel", 3, 70, 33, 1, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {0}, U8, S8, 9, 0, false},
    {"deep", 1, 600, 20, 1, {7, 7}, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, U8, S8, 255, 0, false},
};

/* The residual and the sum it makes, as fusion adds them. */
static void add_residual(struct rig_node *node, enum cx_dtype dtype, const int64_t dims[4])
{
    node->inputs[CX_QL_RESIDUAL] = bytes_of(dtype, 4, dims, 9);
    node->inputs[CX_QL_RESIDUAL_SCALE] = scale_of(0.03);
    node->inputs[CX_QL_RESIDUAL_ZERO] = zero_of(dtype, 31);
    node->inputs[CX_QL_SUM_SCALE] = scale_of(0.041);
    node->inputs[CX_QL_SUM_ZERO] = zero_of(dtype, 12);
    node->input_n = CX_QL_INPUTS;
    node->epilogue = (struct cx_epilogue){.act = CX_ACT_CLIP, .alpha = 12, .beta = 119};
}

static void check_conv(const struct conv_case *c, bool constant, enum cx_family family)
{
    struct rig_node node = {.op = "QLinearConv", .opset = 10, .input_n = 9, .output_n = 1};
    int64_t x[4] = {c->batch, c->channels, c->in[0], c->in[1]};
    int64_t w[4] = {c->rows, c->channels / c->groups, c->kernel[0], c->kernel[1]}, y[4];
    double terms = (double)(w[1] * w[2] * w[3]);
    node.inputs[CX_QL_X] = bytes_of(c->x, 4, x, 1);
    node.inputs[CX_QL_X_SCALE] = scale_of(0.02);
    node.inputs[CX_QL_X_ZERO] = zero_of(c->x, c->x_zero);
    node.inputs[CX_QL_W] = bytes_of(c->w, 4, w, 2);
    node.inputs[CX_QL_W_SCALE] = c->groups == 1 ? scales_of(c->rows, 0.01) : scale_of(0.01);
    node.inputs[CX_QL_W_ZERO] = zero_of(c->w, c->w_zero);
    /* So that some of the sums are over the range of y, and most are not. */
    node.inputs[CX_QL_Y_SCALE] = scale_of(0.02 * 0.01 * (1 + terms * 12));
    node.inputs[CX_QL_Y_ZERO] = zero_of(c->x, 66);
    node.inputs[CX_QL_BIAS] = rig_tensor(CX_DTYPE_INT32, 1, &c->rows, 3);
    y[0] = c->batch;
    y[1] = c->rows;
    for (int i = 0; i < 2; i++)
        y[2 + i] =
            (c->in[i] + c->pad[i] + c->pad[2 + i] - (c->kernel[i] - 1) * c->dilation[i] - 1) /
                c->stride[i] +
            1;
    if (c->residual)
        add_residual(&node, c->x, y);
    for (uint32_t i = 1; i < CX_QL_INPUTS; i++)
        node.constant[i] = constant && i != CX_QL_RESIDUAL;
    rig_attr_int(&node, "group", c->groups);
    rig_attr_ints(&node, "strides", 2, c->stride);
    rig_attr_ints(&node, "dilations", 2, c->dilation);
    rig_attr_ints(&node, "pads", 4, c->pad);
    rig_check(&node, family);
    rig_free_all();
}

static void check_convs(enum cx_family family)
{
    for (size_t i = 0; i < sizeof convs / sizeof convs[0]; i++) {
        cr_log_info("convolution %s\n", convs[i].what);
        check_conv(&convs[i], true, family);
    }
    check_conv(&convs[3], false, family);
}

Test(qlinear_conv, cpu)
{
    check_convs(CX_FAMILY_CPU);
}

Test(qlinear_conv, gpu)
{
    check_convs(CX_FAMILY_GPU);
}

static void check_matmul(enum cx_dtype x, enum cx_dtype w, int64_t m, int64_t k, int64_t n,
                         bool requantizes, enum cx_family family)
{
    struct rig_node node = {.op = requantizes ? "QLinearMatMul" : "MatMulInteger",
                            .opset = 10,
                            .input_n = requantizes ? 8 : 4,
                            .output_n = 1};
    int64_t a[3] = {2, m, k}, b[2] = {k, n};
    node.inputs[0] = bytes_of(x, 3, a, 5);
    uint32_t at = requantizes ? CX_QL_W : CX_QI_W;
    node.inputs[at] = bytes_of(w, 2, b, 6);
    node.inputs[requantizes ? CX_QL_X_ZERO : CX_QI_X_ZERO] = zero_of(x, 40);
    node.inputs[requantizes ? CX_QL_W_ZERO : CX_QI_W_ZERO] = zero_of(w, w == U8 ? 128 : 0);
    if (requantizes) {
        node.inputs[CX_QL_X_SCALE] = scale_of(0.02);
        node.inputs[CX_QL_W_SCALE] = scales_of(n, 0.01);
        node.inputs[CX_QL_Y_SCALE] = scale_of(0.02 * 0.01 * 12 * (double)k);
        node.inputs[CX_QL_Y_ZERO] = zero_of(x, 66);
    }
    for (uint32_t i = 1; i < node.input_n; i++)
        node.constant[i] = true;
    rig_check(&node, family);
    rig_free_all();
}

static void check_matmuls(enum cx_family family)
{
    check_matmul(U8, S8, 1, 64, 40, true, family);
    check_matmul(S8, U8, 9, 36, 50, true, family);
    check_matmul(U8, S8, 23, 31, 17, true, family);
    check_matmul(U8, U8, 3, 20, 8, false, family);
}

Test(qlinear_matmul, cpu)
{
    check_matmuls(CX_FAMILY_CPU);
}

Test(qlinear_matmul, gpu)
{
    check_matmuls(CX_FAMILY_GPU);
}

static void check_integers(enum cx_family family)
{
    struct rig_node node = {.op = "ConvInteger", .opset = 10, .input_n = 4, .output_n = 1};
    int64_t x[4] = {1, 5, 6, 7}, w[4] = {4, 5, 2, 3};
    node.inputs[0] = bytes_of(U8, 4, x, 1);
    node.inputs[1] = bytes_of(S8, 4, w, 2);
    node.inputs[2] = zero_of(U8, 7);
    rig_check(&node, family);
    rig_free_all();
}

struct quantize_case {
    enum cx_dtype x, y;
    int64_t axis, block, scale_n; /* 0: one scale */
};

static const struct quantize_case quantizes[] = {
    {CX_DTYPE_FLOAT, U8, 1, 0, 0},
    {CX_DTYPE_FLOAT, S8, -2, 0, 9},
    {CX_DTYPE_FLOAT, CX_DTYPE_UINT16, 1, 0, 0},
    {CX_DTYPE_FLOAT, CX_DTYPE_INT16, 1, 4, 3},
    {CX_DTYPE_FLOAT16, U8, 0, 0, 5},
    {CX_DTYPE_INT32, S8, 1, 0, 0},
    {CX_DTYPE_FLOAT, CX_DTYPE_INT4, 1, 0, 0},
};

/* There, by the numbers' own types, and back. */
static void check_quantize(const struct quantize_case *c, bool back, enum cx_family family)
{
    struct rig_node node = {.op = back ? "DequantizeLinear" : "QuantizeLinear",
                            .opset = 21,
                            .input_n = 3,
                            .output_n = 1};
    int64_t dims[3] = {5, 9, 7}, scale_dims[3] = {5, c->scale_n, 7};
    if (c->scale_n == 0)
        node.inputs[1] = scale_of(0.011);
    else if (c->block == 0)
        node.inputs[1] = scales_of(c->scale_n, 0.011);
    else
        node.inputs[1] = rig_tensor(CX_DTYPE_FLOAT, 3, scale_dims, 4);
    int64_t count = cx_shape_elements(&node.inputs[1].shape);
    for (int64_t i = 0; i < count && c->block != 0; i++)
        cx_set_f64(&node.inputs[1], i, 0.01 + (double)i / 1000);
    node.inputs[0] = back ? bytes_of(c->y, 3, dims, 3) : rig_tensor(c->x, 3, dims, 3);
    node.inputs[2] = rig_tensor(c->y, node.inputs[1].shape.rank, node.inputs[1].shape.dims, 8);
    rig_attr_int(&node, "axis", c->axis);
    rig_attr_int(&node, "block_size", c->block);
    rig_check(&node, family);
    rig_free_all();
}

static void check_quantizes(enum cx_family family)
{
    int64_t dims[2] = {30, 41};
    struct rig_node dynamic = {
        .op = "DynamicQuantizeLinear", .opset = 11, .input_n = 1, .output_n = 3};
    for (size_t i = 0; i < sizeof quantizes / sizeof quantizes[0]; i++) {
        check_quantize(&quantizes[i], false, family);
        check_quantize(&quantizes[i], true, family);
    }
    dynamic.inputs[0] = rig_tensor(CX_DTYPE_FLOAT, 2, dims, 3);
    rig_check(&dynamic, family);
    check_integers(family);
    rig_free_all();
}

Test(quantize, cpu)
{
    check_quantizes(CX_FAMILY_CPU);
}

Test(quantize, gpu)
{
    check_quantizes(CX_FAMILY_GPU);
}

static void check_pairs(const char *op, double scale, enum cx_family family)
{
    int64_t a[4] = {2, 19, 5, 3}, row[2] = {5, 1};
    for (int broadcast = 0; broadcast < 2; broadcast++) {
        struct rig_node node = {
            .op = op, .domain = "com.microsoft", .opset = 1, .input_n = 8, .output_n = 1};
        node.inputs[0] = bytes_of(S8, 4, a, 1);
        node.inputs[3] = broadcast ? bytes_of(S8, 2, row, 2) : bytes_of(S8, 4, a, 2);
        node.inputs[1] = scale_of(0.03);
        node.inputs[4] = scale_of(0.07);
        node.inputs[6] = scale_of(scale);
        node.inputs[2] = zero_of(S8, 3);
        node.inputs[5] = zero_of(S8, -30);
        node.inputs[7] = zero_of(S8, 11);
        rig_check(&node, family);
        node.blocked = !broadcast;
        rig_check(&node, family);
        rig_free_all();
    }
}

Test(qlinear_binary, cpu)
{
    check_pairs("QLinearAdd", 0.06, CX_FAMILY_CPU);
    check_pairs("QLinearMul", 0.09, CX_FAMILY_CPU);
}

Test(qlinear_binary, gpu)
{
    check_pairs("QLinearAdd", 0.06, CX_FAMILY_GPU);
    check_pairs("QLinearMul", 0.09, CX_FAMILY_GPU);
}

static void check_table(enum cx_family family)
{
    int64_t dims[3] = {3, 17, 11}, entries = 256;
    struct rig_node node = {
        .op = "ByteTable", .domain = "cx", .opset = 1, .input_n = 2, .output_n = 1};
    node.inputs[0] = bytes_of(S8, 3, dims, 1);
    node.inputs[1] = bytes_of(U8, 1, &entries, 2);
    rig_check(&node, family);
    node.blocked = true;
    rig_check(&node, family);
    rig_free_all();
}

Test(byte_table, cpu)
{
    check_table(CX_FAMILY_CPU);
}

Test(byte_table, gpu)
{
    check_table(CX_FAMILY_GPU);
}

/* The kernels of processors with shorter vectors, on whatever this one is. */
Test(qlinear_conv, cpu_width_8)
{
    rig_want_width(8);
    check_convs(CX_FAMILY_CPU);
    check_matmuls(CX_FAMILY_CPU);
}
