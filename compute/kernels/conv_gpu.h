/* What the ways of computing a convolution on a GPU share. */
#ifndef CX_CONV_GPU_H
#define CX_CONV_GPU_H

#include <stdbool.h>
#include <stdint.h>

#include "device/launch.h"
#include "kernels/gpu_tile.h"
#include "ops/window.h"

/* channels and rows (output channels) are those of one group; columns are the output's pixels of
 * all images. */
struct cx_conv_gpu {
    struct cx_prepare *p;
    const struct cx_device_info *device;
    enum cx_dtype dtype;
    struct cx_window window;
    int64_t images, groups, channels, rows, columns, taps;
};

/* Multiply-adds counted as two. */
double cx_conv_gpu_flops(const struct cx_conv_gpu *c);

/* The geometry, as gpu/conv.cl describes it: three int8. */
void cx_conv_gpu_geometry(struct cx_launch_spec *spec, const struct cx_conv_gpu *c,
                          int64_t channels_padded, int64_t splits);

/* alpha and beta of the activation. */
void cx_conv_gpu_epilogue(struct cx_launch_spec *spec, const struct cx_conv_gpu *c);

/* An implicit product in tiles; see gpu/conv.cl. splits > 1: that many work-groups a tile. */
double cx_conv_tiles_us(const struct cx_conv_gpu *c, const struct cx_gpu_tile *tile,
                        int64_t splits);
enum cx_status cx_conv_tiles_prepare(const struct cx_conv_gpu *c, const struct cx_gpu_tile *tile,
                                     int64_t splits);
/* Inner steps in slices, padding included. */
int64_t cx_conv_tiles_slices(const struct cx_conv_gpu *c);

/* Winograd's minimal filtering with m x m outputs a tile, m 2 or 4; see gpu/winograd.cl. */
bool cx_conv_winograd_can(const struct cx_conv_gpu *c);
double cx_conv_winograd_us(const struct cx_conv_gpu *c, int m);
enum cx_status cx_conv_winograd_prepare(const struct cx_conv_gpu *c, int m);

#endif
