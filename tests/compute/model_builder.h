/* Writes small ONNX models in memory, for tests of the reader and of the passes. */
#ifndef TESTS_COMPUTE_MODEL_BUILDER_H
#define TESTS_COMPUTE_MODEL_BUILDER_H

#include <stddef.h>
#include <stdint.h>

#include "cx.h"
#include "graph/graph.h"
#include "onnx.pb-c.h"

#define MB_MAX 64

/* A model under construction; everything in it may be edited before it is packed. */
struct mb {
    struct cx_arena arena;
    Onnx__Model model;
    Onnx__Graph graph;
    Onnx__OperatorSetId opset;
    Onnx__OperatorSetId *opsets[1];
    Onnx__Node *nodes[MB_MAX];
    Onnx__Tensor *initializers[MB_MAX];
    Onnx__ValueInfo *inputs[MB_MAX], *outputs[MB_MAX];
};

void mb_init(struct mb *mb, int32_t opset);
void mb_finish(struct mb *mb);

/* Dims of -1 are symbolic. */
void mb_input(struct mb *mb, const char *name, enum cx_dtype dtype, struct cx_shape shape);
void mb_output(struct mb *mb, const char *name);

/* An initializer with COUNT * size bytes of raw data. */
Onnx__Tensor *mb_tensor(struct mb *mb, const char *name, enum cx_dtype dtype, struct cx_shape shape,
                        const void *data, size_t bytes);
Onnx__Tensor *mb_floats(struct mb *mb, const char *name, struct cx_shape shape, const float *data);
/* An initializer of floats that depend on SEED alone, between -1 and 1. */
Onnx__Tensor *mb_random(struct mb *mb, const char *name, struct cx_shape shape, uint32_t seed);
Onnx__Tensor *mb_ints(struct mb *mb, const char *name, uint32_t count, const int64_t *data);

/* INPUTS and OUTPUTS are names with blanks between; "-" is an absent one. */
Onnx__Node *mb_node(struct mb *mb, const char *op, const char *inputs, const char *outputs);
void mb_attr_int(struct mb *mb, Onnx__Node *node, const char *name, int64_t value);
void mb_attr_float(struct mb *mb, Onnx__Node *node, const char *name, float value);
void mb_attr_ints(struct mb *mb, Onnx__Node *node, const char *name, uint32_t count,
                  const int64_t *values);

/* The model's bytes, in the builder's arena. */
uint8_t *mb_pack(struct mb *mb, size_t *ret_size);

/* Packs and reads it. */
enum cx_status mb_read(struct mb *mb, struct cx_graph **ret_graph, struct cx_error *error);

#define MB_SHAPE(...) \
    ((struct cx_shape){sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), {__VA_ARGS__}})
#define MB_SCALAR ((struct cx_shape){0})

#endif
