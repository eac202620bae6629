/* Models of QuantizeLinear and DequantizeLinear pairs: which integer operators they become, and
 * that these give what the pairs gave. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "interp.h"
#include "model_builder.h"
#include "ops/op.h"

#define STEP_SHARE_MAX                                                        \
    0.01 /* of outputs that may differ, by one step, where sums meet in a tie \
          */

static float scale_number = 0.05f;

static void add_scale(struct mb *mb, const char *name, float scale, int zero, enum cx_dtype dtype)
{
    char zero_name[64];
    uint8_t byte = (uint8_t)zero;
    snprintf(zero_name, sizeof zero_name, "%s_zero", name);
    mb_floats(mb, name, MB_SCALAR, &scale);
    mb_tensor(mb, zero_name, dtype, MB_SCALAR, &byte, 1);
}

/* Q and DQ nodes by the parameters called SCALE, SCALE_zero. */
static void convert(struct mb *mb, const char *op, const char *x, const char *scale, const char *y)
{
    char inputs[192];
    snprintf(inputs, sizeof inputs, "%s %s %s_zero", x, scale, scale);
    mb_node(mb, op, inputs, y);
}

static void quantize(struct mb *mb, const char *x, const char *scale, const char *q, const char *y)
{
    convert(mb, "QuantizeLinear", x, scale, q);
    convert(mb, "DequantizeLinear", q, scale, y);
}

/* Weights NAME as DequantizeLinear of bytes, one scale an output channel. */
static void add_weights(struct mb *mb, const char *name, struct cx_shape shape)
{
    char text[3][64];
    int64_t count = cx_shape_elements(&shape), rows = shape.dims[0];
    int8_t *bytes = malloc((size_t)count);
    float *scales = malloc((size_t)rows * sizeof *scales);
    int8_t *zeros = calloc((size_t)rows, 1);
    uint32_t state = 7;
    for (int64_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (int8_t)(state >> 24);
    }
    for (int64_t i = 0; i < rows; i++)
        scales[i] = 0.002f + 0.0001f * (float)(i % 5);
    snprintf(text[0], sizeof text[0], "%s_q", name);
    snprintf(text[1], sizeof text[1], "%s_scale", name);
    snprintf(text[2], sizeof text[2], "%s_zero", name);
    mb_tensor(mb, text[0], CX_DTYPE_INT8, shape, bytes, (size_t)count);
    mb_floats(mb, text[1], MB_SHAPE(rows), scales);
    mb_tensor(mb, text[2], CX_DTYPE_INT8, MB_SHAPE(rows), zeros, (size_t)rows);
    free(bytes);
    free(scales);
    free(zeros);
    char inputs[256];
    snprintf(inputs, sizeof inputs, "%s %s %s", text[0], text[1], text[2]);
    mb_attr_int(mb, mb_node(mb, "DequantizeLinear", inputs, name), "axis", 0);
}

static void add_conv(struct mb *mb, const char *inputs, const char *output)
{
    static const int64_t pads[] = {1, 1, 1, 1};
    mb_attr_ints(mb, mb_node(mb, "Conv", inputs, output), "pads", 4, pads);
}

static uint32_t count_op(const struct cx_graph *graph, enum cx_op_id id)
{
    uint32_t count = 0;
    for (uint32_t n = 0; n < graph->node_count; n++)
        count += graph->nodes[n].op == &cx_ops[id];
    return count;
}

/* The model's one input of SHAPE filled; bound as it is and fused, both run, all outputs compared.
 * Gives the fused graph's count of each operator in EXPECTED, ended by CX_OP_COUNT. */
static void check(struct mb *mb, struct cx_shape shape, const enum cx_op_id *ids,
                  const uint32_t *counts)
{
    struct cx_error error = {CX_OK, ""};
    struct cx_graph *graph = NULL, *fused = NULL;
    struct cx_arena arena = {0};
    struct cx_bind_options plain = {.no_fuse = true};
    struct cx_bind_input input = {.shape = shape};
    struct cx_tensor x = {CX_DTYPE_FLOAT, shape, NULL}, *wanted, *got;
    int64_t count = cx_shape_elements(&shape);
    float *numbers = cx_arena_alloc(&arena, (size_t)count * sizeof *numbers);
    uint32_t state = 11;
    for (int64_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        numbers[i] = (float)(state >> 8) / (float)(1 << 23) * 6.0f - 6.0f;
    }
    x.data = numbers;
    cr_assert_eq(mb_read(mb, &graph, &error), CX_OK, "%s", error.text);
    cr_assert_eq(cx_graph_bind(graph, &input, 1, NULL, &fused, &error), CX_OK, "%s", error.text);
    for (uint32_t i = 0; ids[i] != CX_OP_COUNT; i++)
        cr_assert_eq(count_op(fused, ids[i]), counts[i], "%s: %u, not %u", cx_ops[ids[i]].name,
                     count_op(fused, ids[i]), counts[i]);
    cr_assert_eq(interp_model(graph, &x, &plain, &arena, &wanted, &error), CX_OK, "%s", error.text);
    cr_assert_eq(interp_run(fused, &x, &arena, &got, &error), CX_OK, "%s", error.text);
    for (uint32_t o = 0; o < fused->output_count; o++) {
        int64_t elements = cx_shape_elements(&wanted[o].shape), differ = 0;
        const float *a = wanted[o].data, *b = got[o].data;
        for (int64_t i = 0; i < elements; i++) {
            float difference = a[i] > b[i] ? a[i] - b[i] : b[i] - a[i];
            cr_assert(difference <= scale_number * 1.01f, "output %u element %ld: %g, not %g", o,
                      (long)i, (double)b[i], (double)a[i]);
            differ += difference > scale_number / 2;
        }
        cr_assert((double)differ <= STEP_SHARE_MAX * (double)elements, "%ld of %ld differ",
                  (long)differ, (long)elements);
    }
    cx_graph_destroy(fused);
    cx_graph_destroy(graph);
    cx_arena_finish(&arena);
    mb_finish(mb);
}

/* A block of a residual network: two convolutions, a sum, a pool, a mean and a product. */
Test(qdq, residual_block)
{
    struct mb mb;
    const struct cx_shape shape = MB_SHAPE(1, 8, 9, 10);
    mb_init(&mb, 13);
    mb_input(&mb, "x", CX_DTYPE_FLOAT, shape);
    add_scale(&mb, "s", 0.05f, 120, CX_DTYPE_UINT8);
    add_scale(&mb, "t", 0.03f, 0, CX_DTYPE_UINT8);
    mb_random(&mb, "b1", MB_SHAPE(8), 1);
    quantize(&mb, "x", "s", "xq", "xd");
    add_weights(&mb, "w1", MB_SHAPE(8, 8, 3, 3));
    add_weights(&mb, "w2", MB_SHAPE(8, 8, 3, 3));
    add_conv(&mb, "xd w1 b1", "c1");
    mb_node(&mb, "Relu", "c1", "r1");
    quantize(&mb, "r1", "t", "q1", "d1");
    add_conv(&mb, "d1 w2", "c2");
    quantize(&mb, "c2", "s", "q2", "d2");
    mb_node(&mb, "Add", "d2 xd", "a");
    mb_node(&mb, "Relu", "a", "r2");
    quantize(&mb, "r2", "s", "q3", "d3");
    static const int64_t two[] = {2, 2};
    Onnx__Node *pool = mb_node(&mb, "MaxPool", "d3", "p");
    mb_attr_ints(&mb, pool, "kernel_shape", 2, two);
    quantize(&mb, "p", "s", "q4", "d4");
    mb_node(&mb, "GlobalAveragePool", "d4", "g");
    quantize(&mb, "g", "s", "q5", "d5");
    mb_node(&mb, "Flatten", "d5", "f");
    quantize(&mb, "f", "s", "q6", "d6");
    add_weights(&mb, "fc", MB_SHAPE(12, 8));
    mb_attr_int(&mb, mb_node(&mb, "Gemm", "d6 fc", "y0"), "transB", 1);
    quantize(&mb, "y0", "s", "q7", "y");
    mb_output(&mb, "y");
    check(&mb, shape,
          (enum cx_op_id[]){CX_OP_ID_QLinearConv, CX_OP_ID_QLinearAdd, CX_OP_ID_QLinearMatMul,
                            CX_OP_ID_QLinearGlobalAveragePool, CX_OP_ID_QuantizeLinear,
                            CX_OP_ID_DequantizeLinear, CX_OP_COUNT},
          (uint32_t[]){2, 0, 1, 1, 1, 1});
}

/* A bias of one number without axes: it broadcasts, and the product stays real. */
Test(qdq, scalar_bias)
{
    struct mb mb;
    const struct cx_shape shape = MB_SHAPE(3, 8);
    const float bias = 0.7f;
    mb_init(&mb, 13);
    mb_input(&mb, "x", CX_DTYPE_FLOAT, shape);
    add_scale(&mb, "s", 0.05f, 120, CX_DTYPE_UINT8);
    mb_floats(&mb, "c", MB_SCALAR, &bias);
    quantize(&mb, "x", "s", "xq", "xd");
    add_weights(&mb, "w", MB_SHAPE(1, 8));
    mb_attr_int(&mb, mb_node(&mb, "Gemm", "xd w c", "a"), "transB", 1);
    quantize(&mb, "a", "s", "q1", "y");
    mb_output(&mb, "y");
    check(&mb, shape, (enum cx_op_id[]){CX_OP_ID_QLinearMatMul, CX_OP_ID_Gemm, CX_OP_COUNT},
          (uint32_t[]){0, 1});
}

/* Values that several nodes read, as integers and as real numbers, and a real result that another
 * node reads as well: that one stays. */
Test(qdq, several_readers)
{
    struct mb mb;
    const struct cx_shape shape = MB_SHAPE(1, 4, 7, 6);
    mb_init(&mb, 13);
    mb_input(&mb, "x", CX_DTYPE_FLOAT, shape);
    add_scale(&mb, "s", 0.05f, 3, CX_DTYPE_INT8);
    add_scale(&mb, "t", 0.0317f, 3, CX_DTYPE_INT8); /* a product by "s" would meet many ties */
    quantize(&mb, "x", "s", "xq", "xd");
    add_weights(&mb, "w", MB_SHAPE(4, 4, 3, 3));
    add_conv(&mb, "xd w", "c1");
    add_conv(&mb, "xd w", "c2");
    quantize(&mb, "c1", "s", "q1", "d1");
    quantize(&mb, "c2", "s", "q2", "d2");
    mb_node(&mb, "Relu", "c2", "y1");
    mb_node(&mb, "Add", "d1 xd", "a");
    quantize(&mb, "a", "s", "q3", "d3");
    mb_node(&mb, "Mul", "d1 d3", "m");
    quantize(&mb, "m", "t", "q4", "y2");
    mb_node(&mb, "Add", "d2 y2", "y3");
    mb_output(&mb, "y1");
    mb_output(&mb, "y2");
    mb_output(&mb, "y3");
    check(&mb, shape,
          (enum cx_op_id[]){CX_OP_ID_QLinearConv, CX_OP_ID_Conv, CX_OP_ID_QLinearAdd, CX_OP_COUNT},
          (uint32_t[]){1, 1, 1});
}

/* Numbers that are only moved keep their integers where the parameters are equal. */
Test(qdq, moves)
{
    struct mb mb;
    const struct cx_shape shape = MB_SHAPE(1, 4, 6, 6);
    static const int64_t order[] = {0, 2, 3, 1}, flat[] = {1, -1, 4};
    static const int64_t turned[] = {0, 2, 1};
    mb_init(&mb, 13);
    mb_input(&mb, "x", CX_DTYPE_FLOAT, shape);
    add_scale(&mb, "s", 0.05f, 100, CX_DTYPE_UINT8);
    add_scale(&mb, "t", 0.05f, 99, CX_DTYPE_UINT8);
    mb_ints(&mb, "shape", 3, flat);
    quantize(&mb, "x", "s", "xq", "xd");
    mb_attr_ints(&mb, mb_node(&mb, "Transpose", "xd", "a"), "perm", 4, order);
    quantize(&mb, "a", "s", "q1", "d1");
    mb_node(&mb, "Reshape", "d1 shape", "b");
    quantize(&mb, "b", "s", "q2", "d2");
    mb_attr_int(&mb, mb_node(&mb, "Concat", "d2 d2", "c"), "axis", 1);
    quantize(&mb, "c", "s", "q3", "d3");
    mb_attr_int(&mb, mb_node(&mb, "Concat", "d3 d2", "d"), "axis", 1);
    quantize(&mb, "d", "t", "q4", "d4"); /* joined in other parameters: two tables */
    mb_attr_ints(&mb, mb_node(&mb, "Transpose", "d4", "e"), "perm", 3, turned);
    quantize(&mb, "e", "s", "q5", "y"); /* moved in other parameters: real */
    mb_output(&mb, "y");
    check(&mb, shape,
          (enum cx_op_id[]){CX_OP_ID_QuantizeLinear, CX_OP_ID_DequantizeLinear, CX_OP_ID_ByteTable,
                            CX_OP_COUNT},
          (uint32_t[]){2, 2, 2});
}

/* Functions of single elements become tables, a product one on integers. */
Test(qdq, functions)
{
    struct mb mb;
    const struct cx_shape shape = MB_SHAPE(1, 4, 6, 6);
    mb_init(&mb, 14);
    mb_input(&mb, "x", CX_DTYPE_FLOAT, shape);
    add_scale(&mb, "s", 0.05f, 20, CX_DTYPE_INT8);
    add_scale(&mb, "t", 0.04f, 0, CX_DTYPE_INT8);
    quantize(&mb, "x", "s", "xq", "xd");
    mb_node(&mb, "HardSwish", "xd", "a");
    quantize(&mb, "a", "t", "q1", "d1");
    mb_node(&mb, "Sigmoid", "d1", "b");
    mb_node(&mb, "Relu", "b", "c");
    quantize(&mb, "c", "t", "q2", "d2");
    mb_node(&mb, "Relu", "d1", "d");
    quantize(&mb, "d", "t", "q3", "d3");
    mb_node(&mb, "Mul", "d2 d3", "e");
    quantize(&mb, "e", "s", "q4", "d4");
    convert(&mb, "QuantizeLinear", "d4", "t", "q5");
    convert(&mb, "DequantizeLinear", "q5", "t", "y");
    mb_output(&mb, "y");
    check(&mb, shape,
          (enum cx_op_id[]){CX_OP_ID_QuantizeLinear, CX_OP_ID_DequantizeLinear, CX_OP_ID_ByteTable,
                            CX_OP_ID_QLinearMul, CX_OP_COUNT},
          (uint32_t[]){1, 1, 4, 1});
}
