/* The axis of Gather, shared by its evaluation and its kernels. */
#ifndef CX_GATHER_H
#define CX_GATHER_H

#include "ops/op.h"

/* The axis of input 0 that the indices (input 1, negative ones from the end) choose on. */
enum cx_status cx_gather_resolve(const struct cx_call *call, uint32_t *ret_axis);

#endif
