/* The tiled products of a GPU (gpu/tile.cl): the tiles there are, which fit a device, and what each
 * should cost there. */
#ifndef CX_GPU_TILE_H
#define CX_GPU_TILE_H

#include <stdbool.h>
#include <stdint.h>

#include "cx.h"
#include "device/launch.h"

#define CX_GPU_TILES 6
/* Steps of the inner axis in one slice: KWG of gpu/tile.cl. */
#define CX_GPU_SLICE 8
/* A launch, from the host's call until the device starts on it. */
#define CX_GPU_LAUNCH_US 5.0

/* mdim x ndim work-items of mwi x nwi sums each. */
struct cx_gpu_tile {
    const char *name; /* "128x128": rows x columns */
    int mdim, ndim, mwi, nwi;
};

extern const struct cx_gpu_tile cx_gpu_tiles[CX_GPU_TILES];

static inline int64_t cx_gpu_tile_rows(const struct cx_gpu_tile *tile)
{
    return (int64_t)tile->mdim * tile->mwi;
}

static inline int64_t cx_gpu_tile_columns(const struct cx_gpu_tile *tile)
{
    return (int64_t)tile->ndim * tile->nwi;
}

static inline size_t cx_gpu_tile_items(const struct cx_gpu_tile *tile)
{
    return (size_t)(tile->mdim * tile->ndim);
}

/* Whether the device's groups and local memory are large enough. The last tile is for all. */
bool cx_gpu_tile_fits(const struct cx_gpu_tile *tile, const struct cx_device_info *device);

/* One product, or `batch` equal ones; with splits, that many work-groups share a tile's inner axis.
 */
struct cx_gpu_product {
    int64_t rows, columns, inner, batch, splits;
};

/* An estimate from counted operations and bytes. Its scale is that of a device with 64 lanes a
 * compute unit; what counts is how it orders the ways of doing one thing. */
double cx_gpu_tile_us(const struct cx_gpu_tile *tile, const struct cx_gpu_product *product,
                      const struct cx_device_info *device);

/* The cheapest tile that fits. */
const struct cx_gpu_tile *cx_gpu_tile_best(const struct cx_gpu_product *product,
                                           const struct cx_device_info *device);

/* Time to move bytes to or from the device's memory, and to do multiply-adds one to an instruction,
 * on the same scale. */
double cx_gpu_move_us(double bytes, const struct cx_device_info *device);
double cx_gpu_multiply_us(double multiply_adds, const struct cx_device_info *device);

/* The options of gpu/tile.cl for a product of elements of this type, and the work-items of a group.
 */
void cx_gpu_tile_options(struct cx_launch_spec *spec, const struct cx_prepare *p,
                         const struct cx_gpu_tile *tile, enum cx_dtype dtype);

#endif
