/* Local response normalization over channels. */
#ifndef CX_LRN_H
#define CX_LRN_H

#include <stdint.h>

/* node->attrs: y = x / (bias + alpha / size * sum of x^2 over channels
 * c - (size - 1) / 2 .. c + size / 2 that exist) ^ beta */
struct cx_lrn {
    float alpha, beta, bias;
    int64_t size; /* 1 .. 2^20 */
};

#endif
