/* Matrix products, as Gemm and MatMul describe them to a device family's kernels. */
#ifndef CX_PRODUCT_H
#define CX_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

#include "cx.h"
#include "device/launch.h"

/* y = act(alpha * A * B + beta * C + residual) for each of `batch` products of (m, k) and (k, n).
 * Steps are in elements; A, B and C are inputs 0, 1 and 2 of the node, y is row-major. */
struct cx_product {
    int64_t m, n, k;
    int64_t a_row, a_col, b_row, b_col;
    int64_t c_row, c_col; /* 0 where C repeats */
    bool has_c;
    float alpha, beta;
    int64_t batch;                   /* products */
    int64_t batch_dims[CX_RANK_MAX]; /* their axes, outermost first, padded with 1 in front */
    int64_t a_batch[CX_RANK_MAX];    /* steps of A and B along them, 0 where repeated */
    int64_t b_batch[CX_RANK_MAX];
    int64_t b_count; /* matrices in B */
};

enum cx_status cx_product_prepare_cpu(struct cx_prepare *p, const struct cx_product *product);
enum cx_status cx_product_prepare_gpu(struct cx_prepare *p, const struct cx_product *product);

/* One work-item an output, for any element type that the device has; the host for others. */
enum cx_status cx_product_prepare_direct(struct cx_prepare *p, const struct cx_product *product);

/* The arguments and options that every kernel of products has at its end: C's steps, alpha, beta,
 * the batch's axes and the epilogue. */
void cx_product_args(struct cx_launch_spec *spec, struct cx_prepare *p,
                     const struct cx_product *product);

#endif
