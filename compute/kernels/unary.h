/* Launches of one-operand kernels that other kernels use too. */
#ifndef CX_KERNELS_UNARY_H
#define CX_KERNELS_UNARY_H

#include "device/launch.h"

/* to = f(from) for all bytes of a value like OUT; NAME is one of any/unary_op.cl ("SQRT"). The
 * type must pass cx_spec_covers; from may be to. */
enum cx_status cx_unary_launch(struct cx_prepare *p, const char *name, float alpha, float beta,
                               struct cx_arg from, const struct cx_value *out, struct cx_arg to);

#endif
