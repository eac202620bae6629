/* Launches of two-operand kernels that other kernels use too. */
#ifndef CX_KERNELS_BINARY_H
#define CX_KERNELS_BINARY_H

#include "device/launch.h"

struct cx_operand {
    const struct cx_value *value; /* its type, shape and layout */
    struct cx_arg arg;            /* its memory */
};

/* out = f(a, b), both broadcast to out; NAME is one of any/binary_op.cl ("ADD"). The types must
 * pass cx_spec_covers. An operand of out's size may be out. */
enum cx_status cx_binary_launch(struct cx_prepare *p, const char *name, struct cx_operand a,
                                struct cx_operand b, struct cx_operand out);

#endif
