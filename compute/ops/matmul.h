/* Matrix products over leading axes that broadcast, as numpy.matmul. A third input, that only
 * our fusion adds, is a bias of shape (n). No attributes. */
#ifndef CX_MATMUL_H
#define CX_MATMUL_H

#include <stdint.h>

#include "graph/tensor.h"

/* A product seen as BATCH products of (m, k) and (k, n). */
struct cx_matmul {
    struct cx_shape batch;            /* the leading axes of the output */
    struct cx_shape a_batch, b_batch; /* those of the inputs; they broadcast to it */
    int64_t m, n, k;
};

/* False when the shapes can't be multiplied. A vector on the left is a row, on the right a
 * column, and its axis is missing in *ret_out. */
bool cx_matmul_resolve(const struct cx_shape *a, const struct cx_shape *b,
                       struct cx_matmul *ret_matmul, struct cx_shape *ret_out);

#endif
