/* Axes as attributes and inputs name them: negative ones count from the end. */
#ifndef CX_AXIS_H
#define CX_AXIS_H

#include <stdbool.h>
#include <stdint.h>

#include "ops/op.h"

/* 0 .. RANK - 1 from AXIS in -RANK .. RANK - 1, with a message otherwise. */
enum cx_status cx_axis_resolve(const struct cx_call *call, int64_t axis, uint32_t rank,
                               uint32_t *ret_axis);

/* A list of axes from the values of integer input I; call->in[I].data is there. At most
 * CX_RANK_MAX, each once, resolved against RANK. ret_axes keeps the order of the list. */
enum cx_status cx_axes_from_input(const struct cx_call *call, uint32_t i, uint32_t rank,
                                  uint32_t *ret_axes, uint32_t *ret_count);

/* The same from COUNT numbers. */
enum cx_status cx_axes_resolve(const struct cx_call *call, const int64_t *axes, uint32_t count,
                               uint32_t rank, uint32_t *ret_axes);

/* Up to MAX integers from the values of input I. CX_SHAPE when it has more or isn't a list. */
enum cx_status cx_ints_from_input(const struct cx_call *call, uint32_t i, uint32_t max,
                                  int64_t *ret_values, uint32_t *ret_count);

/* node->attrs of operators with one list of axes. */
struct cx_axes {
    bool given;
    uint32_t count;
    int64_t axes[CX_RANK_MAX];
};

#endif
