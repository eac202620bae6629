/* The axis of Split, shared by its evaluation and its kernels. */
#ifndef CX_OPS_SPLIT_H
#define CX_OPS_SPLIT_H

#include "ops/op.h"

/* The axis; output i takes the elements from the sum of the earlier outputs' dims on it. */
enum cx_status cx_split_resolve(const struct cx_call *call, uint32_t *ret_axis);

#endif
