/* Element types, shapes and views of tensors in host memory. */
#ifndef CX_TENSOR_H
#define CX_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cx.h"

/* How elements are ordered in memory. PLAIN is row-major in the order of dims. NCHWCb splits
 * axis 1 into ceil(C/b) blocks and makes the b channels of a block the fastest axis:
 * [N][ceil(C/b)][spatial axes][b]. The channels past C in the last block are finite numbers, and
 * nobody may rely on which. */
enum cx_layout { CX_LAYOUT_PLAIN, CX_LAYOUT_NCHWC8, CX_LAYOUT_NCHWC16, CX_LAYOUT_COUNT };

/* Channels of a block, 1 for PLAIN. */
int64_t cx_layout_block(enum cx_layout layout);

/* Blocks of axis 1 in a layout: its channels for PLAIN. The rank must be at least 2. */
int64_t cx_layout_blocks(enum cx_layout layout, const struct cx_shape *shape);

/* The axes of a tensor as they lie in memory, outermost first: [N][ceil(C/b)][spatial axes][b] of
 * NCHWCb, the shape itself of PLAIN. The rank of a blocked one must be under CX_RANK_MAX. */
struct cx_shape cx_layout_lies(enum cx_layout layout, const struct cx_shape *shape);

/* A view: nobody owns anything here. dtype CX_DTYPE_UNDEFINED marks an optional tensor that is
 * absent; data is NULL where only the type and shape are known. Always PLAIN. Types under 8 bits
 * are packed, first element in the low bits, as in ONNX. */
struct cx_tensor {
    enum cx_dtype dtype;
    struct cx_shape shape;
    void *data;
};

/* Bits an element takes; 0 for a type that has no fixed size or isn't known. */
uint32_t cx_dtype_bits(enum cx_dtype dtype);

bool cx_dtype_is_float(enum cx_dtype dtype);  /* any floating type, 4 to 64 bits */
bool cx_dtype_is_signed(enum cx_dtype dtype); /* signed integers */
bool cx_dtype_is_int(enum cx_dtype dtype);    /* signed and unsigned integers, not bool */

/* Elements of a shape; a rank 0 shape has one. Shapes in a graph were checked by
 * cx_shape_bytes, so that the product can't overflow. */
int64_t cx_shape_elements(const struct cx_shape *shape);

/* Elements of dims [from, to). */
int64_t cx_shape_span(const struct cx_shape *shape, uint32_t from, uint32_t to);

bool cx_shape_is_known(const struct cx_shape *shape);

/* Row-major strides in elements. */
void cx_shape_strides(const struct cx_shape *shape, int64_t ret_strides[CX_RANK_MAX]);

/* numpy's broadcasting of two shapes; false when they don't fit. */
bool cx_shape_broadcast(const struct cx_shape *a, const struct cx_shape *b,
                        struct cx_shape *ret_shape);

/* Bytes of a tensor; false when a dim is negative or the product doesn't fit in 2^47 bytes. */
bool cx_shape_bytes(enum cx_dtype dtype, const struct cx_shape *shape, enum cx_layout layout,
                    size_t *ret_bytes);

#endif
