/* What a Cast node carries. */
#ifndef CX_CAST_H
#define CX_CAST_H

#include <stdbool.h>

#include "cx.h"

/* node->attrs of Cast and CastLike. */
struct cx_cast {
    enum cx_dtype to;
    bool saturate; /* of float8: the largest finite value instead of infinity or NaN */
};

#endif
