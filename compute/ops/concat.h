/* The axis of Concat, shared by its evaluation and its kernels. */
#ifndef CX_CONCAT_H
#define CX_CONCAT_H

#include "ops/op.h"

/* The axis that inputs are joined on. */
enum cx_status cx_concat_resolve(const struct cx_call *call, uint32_t *ret_axis);

#endif
