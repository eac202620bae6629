/* Launches that set every element of a value. */
#ifndef CX_KERNELS_FILL_H
#define CX_KERNELS_FILL_H

#include "device/launch.h"

/* Each element of OUT becomes the one element at DATA, of OUT's type, which must pass
 * cx_move_covers. */
enum cx_status cx_fill_launch(struct cx_prepare *p, const struct cx_value *out, const void *data,
                              struct cx_arg to);

#endif
