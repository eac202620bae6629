/* DepthToSpace and SpaceToDepth as one transposition of a shape with more axes. */
#ifndef CX_DEPTH_SPACE_H
#define CX_DEPTH_SPACE_H

#include "ops/op.h"

#define CX_DEPTH_SPACE_RANK 6

/* Fills the dims of the output cut into blocks, outermost first, and the strides with which the
 * input is walked along them, in elements. */
enum cx_status cx_depth_space_resolve(const struct cx_call *call, struct cx_shape *ret_out,
                                      int64_t ret_strides[CX_RANK_MAX]);

#endif
