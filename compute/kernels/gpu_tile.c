#include "kernels/gpu_tile.h"

/* Lanes of a compute unit, and its memory's bytes a clock: those of GCN (an RX 580 has 36 units,
 * 1,340 MHz and 256 GB/s). Newer and other makers' differ, but by about one factor in both. */
#define LANES 64.0
#define BYTES_A_CLOCK 5.3
#define CACHE_SPEED 3.0 /* the last-level cache's bandwidth over the memory's */
#define WAVES_A_UNIT 4  /* of 64 items each, that fill the lanes */

/* Larger tiles read less and need more registers; the smaller ones are for small planes, for
 * drivers with 63 registers an item (Kepler before GK110), and for small local memories. */
const struct cx_gpu_tile cx_gpu_tiles[CX_GPU_TILES] = {
    {"128x128", 16, 16, 8, 8},  {"64x128", 8, 16, 8, 8}, {"64x64", 8, 8, 8, 8},
    {"64x64-8x4", 8, 16, 8, 4}, {"32x64", 8, 8, 4, 8},   {"32x32", 8, 8, 4, 4},
};

static int64_t divide_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

bool cx_gpu_tile_fits(const struct cx_gpu_tile *tile, const struct cx_device_info *device)
{
    /* Two slices of both operands; products pad each step by a float4 (gpu/product.cl). */
    uint64_t step = (uint64_t)(cx_gpu_tile_rows(tile) + cx_gpu_tile_columns(tile) + 8);
    uint64_t local_bytes = 2 * CX_GPU_SLICE * step * sizeof(float);
    return tile == &cx_gpu_tiles[CX_GPU_TILES - 1] ||
           (cx_gpu_tile_items(tile) <= device->group_size_max &&
            local_bytes <= device->local_bytes);
}

static double clocks_us(double clocks, const struct cx_device_info *device)
{
    return clocks / (device->clock_mhz > 0 ? device->clock_mhz : 1000);
}

static double units(const struct cx_device_info *device)
{
    return device->compute_units > 0 ? device->compute_units : 1;
}

double cx_gpu_move_us(double bytes, const struct cx_device_info *device)
{
    return clocks_us(bytes / (BYTES_A_CLOCK * units(device)), device);
}

double cx_gpu_multiply_us(double multiply_adds, const struct cx_device_info *device)
{
    return clocks_us(multiply_adds / (LANES * units(device)), device);
}

double cx_gpu_tile_us(const struct cx_gpu_tile *tile, const struct cx_gpu_product *product,
                      const struct cx_device_info *device)
{
    double row_tiles = (double)divide_up(product->rows, cx_gpu_tile_rows(tile));
    double column_tiles = (double)divide_up(product->columns, cx_gpu_tile_columns(tile));
    double groups = row_tiles * column_tiles * (double)(product->batch * product->splits);
    /* Groups at once: those that give every lane work. A unit takes 4 clocks for an instruction of
     * its four waves; reading a slice's step takes as long as one multiply-add an element. */
    int64_t resident = divide_up(WAVES_A_UNIT * 64, (int64_t)cx_gpu_tile_items(tile));
    double at_once = units(device) * (double)resident;
    double rounds = groups <= at_once ? 1.0 : groups / at_once;
    double step_clocks = 4.0 * (tile->mwi * tile->nwi + tile->mwi + tile->nwi);
    double inner = (double)product->inner / (double)product->splits;
    double compute_us = clocks_us(rounds * inner * step_clocks, device);

    double inner_all = (double)(product->inner * product->batch);
    double a_bytes = 4.0 * (double)product->rows * inner_all;
    double b_bytes = 4.0 * (double)product->columns * inner_all;
    double y_bytes = 4.0 * (double)(product->rows * product->columns * product->batch);
    double cache_us =
        cx_gpu_move_us(a_bytes * column_tiles + b_bytes * row_tiles, device) / CACHE_SPEED;
    double memory_us = cx_gpu_move_us(a_bytes + y_bytes, device);
    double us = compute_us > cache_us ? compute_us : cache_us;
    us = us > memory_us ? us : memory_us;
    if (product->splits > 1)
        us += CX_GPU_LAUNCH_US +
              cx_gpu_move_us(y_bytes * (2.0 * (double)product->splits + 1.0), device);
    return us + CX_GPU_LAUNCH_US;
}

const struct cx_gpu_tile *cx_gpu_tile_best(const struct cx_gpu_product *product,
                                           const struct cx_device_info *device)
{
    const struct cx_gpu_tile *best = &cx_gpu_tiles[CX_GPU_TILES - 1];
    double best_us = cx_gpu_tile_us(best, product, device);
    for (int i = 0; i < CX_GPU_TILES - 1; i++) {
        const struct cx_gpu_tile *tile = &cx_gpu_tiles[i];
        double us = cx_gpu_tile_us(tile, product, device);
        if (us < best_us && cx_gpu_tile_fits(tile, device)) {
            best = tile;
            best_us = us;
        }
    }
    return best;
}

void cx_gpu_tile_options(struct cx_launch_spec *spec, const struct cx_prepare *p,
                         const struct cx_gpu_tile *tile, enum cx_dtype dtype)
{
    cx_launch_option_dtype(spec, p, dtype);
    if (dtype == CX_DTYPE_FLOAT16 && cx_prepare_half_sums(p))
        cx_launch_option(spec, "-DHALF_SUMS");
    cx_launch_option(spec, "-DMDIM=%d -DNDIM=%d -DMWI=%d -DNWI=%d", tile->mdim, tile->ndim,
                     tile->mwi, tile->nwi);
    spec->local[0] = cx_gpu_tile_items(tile);
    spec->local[1] = spec->local[2] = 1;
}
