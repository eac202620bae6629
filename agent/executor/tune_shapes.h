/* The input shapes that a model is tuned with. */
#ifndef TUNE_SHAPES_H
#define TUNE_SHAPES_H

#include "cx.h"

enum { AGENT_TUNE_INPUTS_MAX = 64 };

/* As the model has them, with `rows` for a first dimension that is open. ret_shapes has room for
 * AGENT_TUNE_INPUTS_MAX. CX_LIMIT: more inputs; CX_UNSUPPORTED: another dimension is open;
 * CX_SHAPE: over 1 row, and no input takes that many. */
enum cx_status agent_tune_shapes(const struct cx_model *model, int64_t rows,
                                 struct cx_shape *ret_shapes, struct cx_error *err);

#endif
