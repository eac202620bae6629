/* Resize and the Upsample before it: each output element is a weighted sum of neighbours along
 * every resized axis. Shared by the evaluation and the kernels. Semantics: ONNX Resize, opset 19;
 * the cubic is Keys' (1981). */
#ifndef CX_RESIZE_H
#define CX_RESIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "ops/op.h"

enum cx_resize_mode { CX_RESIZE_NEAREST, CX_RESIZE_LINEAR, CX_RESIZE_CUBIC };

/* Which input coordinate an output index has. */
enum cx_resize_coordinate {
    CX_RESIZE_HALF_PIXEL,
    CX_RESIZE_HALF_PIXEL_SYMMETRIC,
    CX_RESIZE_PYTORCH_HALF_PIXEL,
    CX_RESIZE_ALIGN_CORNERS,
    CX_RESIZE_ASYMMETRIC,
    CX_RESIZE_TF_CROP_AND_RESIZE,
    CX_RESIZE_TF_HALF_PIXEL_FOR_NN,
};

enum cx_resize_nearest {
    CX_RESIZE_ROUND_PREFER_FLOOR,
    CX_RESIZE_ROUND_PREFER_CEIL,
    CX_RESIZE_FLOOR,
    CX_RESIZE_CEIL,
};

struct cx_resize_axis {
    int64_t in, out;
    double scale;              /* output over input, not rounded to whole elements */
    double roi_begin, roi_end; /* for TF_CROP_AND_RESIZE */
    bool still;                /* input and output are the same along it */
};

struct cx_resize {
    enum cx_resize_mode mode;
    enum cx_resize_coordinate coordinate;
    enum cx_resize_nearest nearest;
    bool exclude_outside, antialias;
    double cubic_a, extrapolation;
    uint32_t rank;
    struct cx_resize_axis axes[CX_RANK_MAX];
};

/* What one output index along an axis reads. */
struct cx_resize_window {
    int64_t first; /* the first neighbour, maybe outside of the input */
    uint32_t count;
    double at, scale, sum; /* for cx_resize_weight */
    bool outside;          /* the element is the extrapolation value */
};

/* The sizes and the rest from a call whose scales or sizes are known. */
enum cx_status cx_resize_resolve(const struct cx_call *call, struct cx_resize *ret_resize);

/* Neighbours of any output index along an axis. */
uint32_t cx_resize_taps(const struct cx_resize *resize, uint32_t axis);
/* The window of output index I. */
void cx_resize_find(const struct cx_resize *resize, uint32_t axis, int64_t i,
                    struct cx_resize_window *ret_window);
/* Neighbour K of a window: its index, held inside the input, and its weight. */
double cx_resize_weight(const struct cx_resize *resize, uint32_t axis,
                        const struct cx_resize_window *window, uint32_t k, int64_t *ret_index);

#endif
