#include "tests/bench/kernel_rows.h"

#define DIMS(...)                                           \
    {                                                       \
        sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), \
        {                                                   \
            __VA_ARGS__                                     \
        }                                                   \
    }
#define PADS(n)        \
    {                  \
        "pads", 4,     \
        {              \
            n, n, n, n \
        }              \
    }
#define STRIDES(n)    \
    {                 \
        "strides", 2, \
        {             \
            n, n      \
        }             \
    }
#define WINDOW(n)          \
    {                      \
        "kernel_shape", 2, \
        {                  \
            n, n           \
        }                  \
    }

/* A convolution of IN channels of SIDE x SIDE pixels to OUT, a window of K x K, by its layers. */
#define CONV(text, batch, in, side, out, k, stride, groups)                                     \
    {                                                                                           \
        .name = "conv_" text, .op = "Conv", .weights = 2, .input_n = 2,                         \
        .inputs = {DIMS(batch, in, side, side), DIMS(out, (in) / (groups), k, k)}, .attr_n = 3, \
        .attrs = {PADS((k) / 2), STRIDES(stride), {"group", 0, {groups}}},                      \
    }
/* (m, k) times a weight of (k, n). */
#define PRODUCT(text, m, k, n)                                               \
    {                                                                        \
        .name = "product_" text, .op = "MatMul", .weights = 2, .input_n = 2, \
        .inputs = {DIMS(m, k), DIMS(k, n)},                                  \
    }
#define GEMV(text, k, n)                                                                    \
    {                                                                                       \
        .name = "gemv_" text, .op = "MatMul", .weights = 2, .input_n = 2, .by_bytes = true, \
        .inputs = {DIMS(1, k), DIMS(k, n)},                                                 \
    }
/* An operator that is bound by memory, on what its user finds. */
#define MOVE(text, operator, ...)                                     \
    {                                                                 \
        .name = text, .op = operator, .by_bytes = true, .input_n = 1, \
        .inputs = {DIMS(__VA_ARGS__)},                                \
    }

const struct kernel_row kernel_rows[] = {
    CONV("7x7_s2_3x224_64", 1, 3, 224, 64, 7, 2, 1),
    CONV("1x1_64x56_64", 1, 64, 56, 64, 1, 1, 1),
    CONV("1x1_64x56_256", 1, 64, 56, 256, 1, 1, 1),
    CONV("1x1_256x56_64", 1, 256, 56, 64, 1, 1, 1),
    CONV("1x1_256x56_512_s2", 1, 256, 56, 512, 1, 2, 1),
    CONV("1x1_512x28_128", 1, 512, 28, 128, 1, 1, 1),
    CONV("1x1_256x14_1024", 1, 256, 14, 1024, 1, 1, 1),
    CONV("1x1_2048x7_512", 1, 2048, 7, 512, 1, 1, 1),
    CONV("3x3_64x56_64", 1, 64, 56, 64, 3, 1, 1),
    CONV("3x3_128x28_128", 1, 128, 28, 128, 3, 1, 1),
    CONV("3x3_256x14_256", 1, 256, 14, 256, 3, 1, 1),
    CONV("3x3_512x7_512", 1, 512, 7, 512, 3, 1, 1),
    CONV("3x3_128x56_128_s2", 1, 128, 56, 128, 3, 2, 1),
    CONV("3x3_64x56_64_b8", 8, 64, 56, 64, 3, 1, 1),
    CONV("3x3_512x7_512_b8", 8, 512, 7, 512, 3, 1, 1),
    CONV("3x3_64x224_64", 1, 64, 224, 64, 3, 1, 1),
    CONV("5x5_32x28_96", 1, 32, 28, 96, 5, 1, 1),
    CONV("3x3_128x28_32", 1, 128, 28, 32, 3, 1, 1),
    CONV("grouped_1x1_240x28_g3", 1, 240, 28, 240, 1, 1, 3),
    CONV("depthwise_3x3_128x56", 1, 128, 56, 128, 3, 1, 128),
    CONV("depthwise_3x3_512x14", 1, 512, 14, 512, 3, 1, 512),
    CONV("depthwise_3x3_s2_128x56", 1, 128, 56, 128, 3, 2, 128),
    PRODUCT("64", 64, 64, 64),
    PRODUCT("256", 256, 256, 256),
    PRODUCT("1024", 1024, 1024, 1024),
    PRODUCT("128x768x3072", 128, 768, 3072),
    PRODUCT("8x4096x4096", 8, 4096, 4096),
    GEMV("2048x1000", 2048, 1000),
    GEMV("4096x4096", 4096, 4096),
    GEMV("25088x4096", 25088, 4096),
    {"maxpool_3x3_s2_64x112", "MaxPool", .by_bytes = true, .behind_conv = true, .input_n = 1,
     .inputs = {DIMS(1, 64, 112, 112)}, .attr_n = 3, .attrs = {WINDOW(3), PADS(1), STRIDES(2)}},
    {"avgpool_2x2_s2_128x56", "AveragePool", .by_bytes = true, .behind_conv = true, .input_n = 1,
     .inputs = {DIMS(1, 128, 56, 56)}, .attr_n = 2, .attrs = {WINDOW(2), STRIDES(2)}},
    {"globalpool_2048x7", "GlobalAveragePool", .by_bytes = true, .behind_conv = true, .input_n = 1,
     .inputs = {DIMS(1, 2048, 7, 7)}},
    {"add", "Add", .by_bytes = true, .input_n = 2, .inputs = {DIMS(4096, 2048), DIMS(4096, 2048)}},
    {"add_cached", "Add", .by_bytes = true, .input_n = 2,
     .inputs = {DIMS(256, 1024), DIMS(256, 1024)}},
    {"add_row", "Add", .by_bytes = true, .input_n = 2, .inputs = {DIMS(4096, 2048), DIMS(2048)}},
    {"add_channel", "Add", .by_bytes = true, .input_n = 2,
     .inputs = {DIMS(8, 256, 64, 64), DIMS(256, 1, 1)}},
    MOVE("relu", "Relu", 4096, 2048),
    MOVE("relu_cached", "Relu", 256, 1024),
    MOVE("sigmoid", "Sigmoid", 4096, 2048),
    MOVE("sigmoid_cached", "Sigmoid", 256, 1024),
    MOVE("erf", "Erf", 4096, 2048),
    MOVE("erf_cached", "Erf", 256, 1024),
    {"softmax_rows", "Softmax", .by_bytes = true, .input_n = 1, .inputs = {DIMS(8192, 1024)},
     .attr_n = 1, .attrs = {{"axis", 0, {-1}}}},
    {"softmax_columns", "Softmax", .by_bytes = true, .input_n = 1, .inputs = {DIMS(8, 1024, 1024)},
     .attr_n = 1, .attrs = {{"axis", 0, {1}}}},
    {"mean_rows", "ReduceMean", .by_bytes = true, .input_n = 1, .inputs = {DIMS(8192, 1024)},
     .attr_n = 1, .attrs = {{"axes", 1, {-1}}}},
    {"transpose_matrix", "Transpose", .by_bytes = true, .input_n = 1, .inputs = {DIMS(2048, 4096)},
     .attr_n = 1, .attrs = {{"perm", 2, {1, 0}}}},
    {"transpose_nchw_nhwc", "Transpose", .by_bytes = true, .input_n = 1,
     .inputs = {DIMS(8, 256, 64, 64)}, .attr_n = 1, .attrs = {{"perm", 4, {0, 2, 3, 1}}}},
    {"transpose_heads", "Transpose", .by_bytes = true, .input_n = 1,
     .inputs = {DIMS(16, 512, 16, 64)}, .attr_n = 1, .attrs = {{"perm", 4, {0, 2, 1, 3}}}},
    {"concat", "Concat", .by_bytes = true, .input_n = 2,
     .inputs = {DIMS(8, 128, 64, 64), DIMS(8, 128, 64, 64)}, .attr_n = 1,
     .attrs = {{"axis", 0, {1}}}},
    {"concat_cached", "Concat", .by_bytes = true, .behind_conv = true, .input_n = 2,
     .inputs = {DIMS(1, 128, 28, 28), DIMS(1, 32, 28, 28)}, .attr_n = 1,
     .attrs = {{"axis", 0, {1}}}},
};

const size_t kernel_row_n = sizeof kernel_rows / sizeof kernel_rows[0];
