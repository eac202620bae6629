/* Matrix products through CLBlast, on GPUs. */
#ifndef CX_BLAS_H
#define CX_BLAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cx.h"

#define CX_BLAS_FILE "clblast" /* stands in cx_launch_spec.file */

enum cx_blas_arg { CX_BLAS_A, CX_BLAS_B, CX_BLAS_OUT, CX_BLAS_SCRATCH, CX_BLAS_ARG_COUNT };

/* out = alpha * A' * B' of floats, all row-major, out (m, n); a_ld and b_ld are the lengths of rows
 * as the matrices are stored. */
struct cx_blas_product {
    size_t m, n, k;
    bool trans_a, trans_b;
    size_t a_ld, b_ld;
    float alpha;
};

/* Whether this device's products of this size go through CLBlast: it was asked for, or the device
 * is a GPU, the product is large, and small trials worked. The first call compiles CLBlast's
 * kernels, which may block for seconds. */
bool cx_blas_wanted(struct cx_device *device, const struct cx_blas_product *product);

/* The scratch that a product needs; 0 for none. False when CLBlast can't tell. */
bool cx_blas_scratch(struct cx_device *device, const struct cx_blas_product *product,
                     uint64_t *ret_bytes);

#endif
