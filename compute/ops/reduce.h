/* Reductions over axes. */
#ifndef CX_REDUCE_H
#define CX_REDUCE_H

#include "ops/axis.h"
#include "ops/op.h"

enum cx_reduce_kind {
    CX_REDUCE_L1,
    CX_REDUCE_L2,
    CX_REDUCE_LOG_SUM,
    CX_REDUCE_LOG_SUM_EXP,
    CX_REDUCE_MAX,
    CX_REDUCE_MEAN,
    CX_REDUCE_MIN,
    CX_REDUCE_PROD,
    CX_REDUCE_SUM,
    CX_REDUCE_SUM_SQUARE,
};

/* node->attrs */
struct cx_reduce {
    enum cx_reduce_kind kind;
    bool keep_dims, noop_with_empty_axes;
    struct cx_axes axes; /* before they became input 1 */
};

/* The axes as a mask; all of them when none are given, 0 when nothing is to be reduced. */
enum cx_status cx_reduce_resolve(const struct cx_call *call, uint32_t *ret_mask);

#endif
