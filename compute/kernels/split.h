/* How the work of a launch is split on a CPU device. */
#ifndef CX_KERNELS_SPLIT_H
#define CX_KERNELS_SPLIT_H

#include <stdint.h>

#include "cx.h"

/* The float vector width that kernels are written in: 4, 8 or 16. */
int cx_split_width(const struct cx_device_info *device);

/* Rows of the register tile of two vectors that fit the device's registers. */
int cx_split_tile_rows(const struct cx_device_info *device);

/* Of `units` equal pieces, which `times` others multiply, how many one work-item takes so that all
 * compute units have some work to even out, but none takes fewer than least. At least 1. */
int64_t cx_split_each(int64_t units, int64_t times, const struct cx_device_info *device,
                      int64_t least);

#endif
