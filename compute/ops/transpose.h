/* The permutation of Transpose, shared by its evaluation and its kernels. */
#ifndef CX_TRANSPOSE_H
#define CX_TRANSPOSE_H

#include "ops/op.h"

/* Output axis i is input axis ret_perm[i]. */
enum cx_status cx_transpose_resolve(const struct cx_call *call, uint32_t ret_perm[CX_RANK_MAX]);

#endif
