/* Softmax, LogSoftmax, Hardmax. */
#ifndef CX_SOFTMAX_H
#define CX_SOFTMAX_H

#include "ops/op.h"

enum cx_softmax_kind { CX_SOFTMAX, CX_LOG_SOFTMAX, CX_HARDMAX };

/* node->attrs */
struct cx_softmax {
    enum cx_softmax_kind kind;
    int64_t axis;
};

/* The tensor as outer x count x inner: each (outer, inner) is normalized over its count elements,
 * which lie inner apart. Before opset 13 everything from the axis on is one row. */
enum cx_status cx_softmax_resolve(const struct cx_call *call, int64_t *ret_outer,
                                  int64_t *ret_count, int64_t *ret_inner);

#endif
