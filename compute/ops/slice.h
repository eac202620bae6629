/* Slice: which element of the input each of the output is. */
#ifndef CX_SLICE_H
#define CX_SLICE_H

#include "ops/op.h"

/* Output index o on axis a reads input index start[a] + o * step[a]. */
struct cx_slice {
    int64_t start[CX_RANK_MAX], step[CX_RANK_MAX];
    struct cx_shape out;
};

enum cx_status cx_slice_resolve(const struct cx_call *call, struct cx_slice *ret_slice);

#endif
