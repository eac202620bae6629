/* Rows of a matrix product, for the references of Gemm and MatMul. */
#ifndef CX_DOT_H
#define CX_DOT_H

#include "graph/tensor.h"

#define CX_DOT_TILE 256

/* A (m, k) and B (k, n) somewhere inside two tensors of one type, strides in elements. */
struct cx_dot {
    const struct cx_tensor *a, *b;
    int64_t a_at, a_row, a_col;
    int64_t b_at, b_row, b_col;
    int64_t k;
};

/* Products of row I with columns J .. J + COUNT, COUNT <= CX_DOT_TILE. */
void cx_dot_f64(const struct cx_dot *dot, int64_t i, int64_t j, int64_t count, double *ret_sums);

/* The same for integers, wrapping at 64 bits. */
void cx_dot_i64(const struct cx_dot *dot, int64_t i, int64_t j, int64_t count, int64_t *ret_sums);

#endif
