/* y = alpha * A' * B' + beta * C, with A (m, k), B (k, n), y (m, n) and C broadcasting to y. */
#ifndef CX_GEMM_H
#define CX_GEMM_H

#include <stdbool.h>

/* node->attrs of Gemm */
struct cx_gemm {
    float alpha, beta;
    bool trans_a, trans_b; /* A' is A turned, A then has dims (k, m); likewise B (n, k) */
};

#endif
