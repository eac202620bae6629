/* Loops over an output and the strides with which operands follow them: how broadcasting and data
 * movement are described to kernels. */
#ifndef CX_NEST_H
#define CX_NEST_H

#include <stdbool.h>
#include <stdint.h>

#include "cx.h"

#define CX_NEST_RANK_MAX 16 /* before loops are merged: Tile makes two of each axis */
#define CX_NEST_OPERANDS_MAX 4

/* Loop 0 is outermost. stride[o][k] is in elements of operand o and may be 0 or negative; start[o]
 * is where the operand's first element lies. */
struct cx_nest {
    uint32_t rank;
    uint32_t operands;
    int64_t dims[CX_NEST_RANK_MAX];
    int64_t stride[CX_NEST_OPERANDS_MAX][CX_NEST_RANK_MAX];
    int64_t start[CX_NEST_OPERANDS_MAX];
};

/* The loops of shape, operand 0 contiguous over them. */
void cx_nest_init(struct cx_nest *nest, const struct cx_shape *shape);

/* Adds an operand of SHAPE that broadcasts to the nest's loops; returns its number. */
uint32_t cx_nest_broadcast(struct cx_nest *nest, const struct cx_shape *shape);

/* Appends one innermost loop; the strides are one an operand. */
void cx_nest_loop(struct cx_nest *nest, int64_t dim, const int64_t *strides);

/* Drops loops of one step and merges neighbours that every operand walks as one. The order of
 * elements stays. The rank is at least 1 afterwards. */
void cx_nest_merge(struct cx_nest *nest);

/* Steps in all. */
int64_t cx_nest_count(const struct cx_nest *nest);

/* The last CX_RANK_MAX loops for a kernel, padded with dims 1 and strides 0 on the left. */
void cx_nest_dims8(const struct cx_nest *nest, int64_t ret_dims[CX_RANK_MAX]);
void cx_nest_strides8(const struct cx_nest *nest, uint32_t operand,
                      int64_t ret_strides[CX_RANK_MAX]);

#endif
