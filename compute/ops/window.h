/* The sliding windows of convolutions and pools: one, two or three spatial axes. */
#ifndef CX_WINDOW_H
#define CX_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "cx.h"

struct cx_attr_set;
struct cx_call;

#define CX_SPATIAL_MAX 3

enum cx_auto_pad { CX_PAD_EXPLICIT, CX_PAD_VALID, CX_PAD_SAME_UPPER, CX_PAD_SAME_LOWER };

/* As the attributes say it; a count of 0 means the attribute was not given. */
struct cx_window_attrs {
    uint32_t kernel_count, stride_count, dilation_count, pad_count;
    int64_t kernel[CX_SPATIAL_MAX];
    int64_t stride[CX_SPATIAL_MAX];
    int64_t dilation[CX_SPATIAL_MAX];
    int64_t pad[2 * CX_SPATIAL_MAX]; /* all beginnings, then all ends */
    enum cx_auto_pad auto_pad;
    bool ceil_mode;
};

/* For concrete shapes. Always three axes (depth, height, width): those a tensor doesn't have
 * come first and have size, kernel, stride and dilation 1 and no padding. */
struct cx_window {
    int64_t in[CX_SPATIAL_MAX];
    int64_t out[CX_SPATIAL_MAX];
    int64_t kernel[CX_SPATIAL_MAX];
    int64_t stride[CX_SPATIAL_MAX];
    int64_t dilation[CX_SPATIAL_MAX];
    int64_t pad_begin[CX_SPATIAL_MAX];
    int64_t pad_end[CX_SPATIAL_MAX];
};

/* Reads kernel_shape, strides, dilations, pads, auto_pad; ceil_mode where CEIL. Every number is
 * checked to lie in 1 .. 2^24 (pads 0 .. 2^24). */
enum cx_status cx_window_parse(struct cx_attr_set *set, bool ceil,
                               struct cx_window_attrs *ret_attrs);

/* Resolves for an input N x C x spatial. KERNEL overrides the attribute when not NULL (a
 * convolution's weights decide). False when the counts don't match the rank or an output would be
 * negative. Never fails for a node that was inferred. */
bool cx_window_resolve(const struct cx_window_attrs *attrs, const struct cx_shape *in,
                       const int64_t *kernel, struct cx_window *ret_window);

/* cx_window_resolve for infer, with a message, giving N x CHANNELS x spatial out too. */
enum cx_status cx_window_infer(const struct cx_call *call, const struct cx_window_attrs *attrs,
                               const int64_t *kernel, int64_t channels, struct cx_shape *ret_shape);

#endif
