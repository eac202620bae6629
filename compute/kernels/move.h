/* Launches that move elements about. */
#ifndef CX_KERNELS_MOVE_H
#define CX_KERNELS_MOVE_H

#include "device/launch.h"
#include "kernels/nest.h"

/* Whether elements of a type can be moved by the device: those of 1, 2, 4 or 8 bytes. */
bool cx_move_covers(enum cx_dtype dtype);

/* dst[…] = src[…] over a nest whose operand 0 is dst and operand 1 src. */
enum cx_status cx_move_launch(struct cx_prepare *p, const struct cx_nest *nest, enum cx_dtype dtype,
                              struct cx_arg src, struct cx_arg dst);

/* The nest of an output in one piece that is read along strides of an input of its rank, from
 * element START. */
void cx_move_nest(struct cx_nest *nest, const struct cx_shape *out, int64_t start,
                  const int64_t *strides);

#endif
