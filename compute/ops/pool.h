/* Pools over windows, and over the whole of the spatial axes. Input x (N, C, spatial). */
#ifndef CX_POOL_H
#define CX_POOL_H

#include <stdbool.h>

#include "graph/tensor.h"
#include "ops/window.h"

enum cx_pool_kind {
    CX_POOL_MAX,
    CX_POOL_AVERAGE,
    CX_POOL_LP, /* (sum of |x|^p)^(1/p) */
};

/* node->attrs of every pool; the window is unused by the global ones. */
struct cx_pool {
    enum cx_pool_kind kind;
    bool global;
    bool count_pads;   /* averages divide by the window inside the padded input, not the input */
    int64_t p;         /* of CX_POOL_LP */
    bool column_major; /* of MaxPool's second output, the positions of the maxima */
    struct cx_window_attrs window;
};

/* The window over an input; a global pool's covers all of it. Never fails for an inferred node. */
bool cx_pool_resolve(const struct cx_pool *pool, const struct cx_shape *in,
                     struct cx_window *ret_window);

#endif
