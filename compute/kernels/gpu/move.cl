/* As cpu/move.cl: one element a work-item, neighbours side by side in dst; matrices are turned
 * through tiles in local memory, so that both sides are read and written along their rows. */
#include "any/bits.cl"
#include "gpu/peel.cl"

#define PEEL(s)                                     \
    {                                               \
        INDEX dim = (INDEX)dims.s, at = rest % dim; \
        rest /= dim;                                \
        from += (long)at * src_strides.s;           \
        to += (long)at * dst_strides.s;             \
    }

__kernel void move(__global const T *src, __global T *dst, long src_start, long dst_start,
                   long8 dims, long8 src_strides, long8 dst_strides, int rank, long count)
{
    INDEX rest = get_global_id(0);
    long from = src_start, to = dst_start;
    if (rest >= count)
        return;
    PEEL_LOOPS(PEEL, rank)
    dst[to] = src[from];
}

#define TILE 16

__kernel __attribute__((reqd_work_group_size(TILE, TILE, 1))) void
turn(__global const T *src, __global T *dst, long src_start, long dst_start, long8 dims,
     long8 src_strides, long8 dst_strides, int rank)
{
    __local T tile[TILE][TILE + 1];
    INDEX rest = get_group_id(2);
    long from = src_start, to = dst_start;
    long height = dims.s6, width = dims.s7, by_src = src_strides.s7, by_dst = dst_strides.s6;
    dims.s67 = (long2)1;
    PEEL_LOOPS(PEEL, rank)
    int x = get_local_id(0), y = get_local_id(1);
    long i0 = (long)get_group_id(0) * TILE, j0 = (long)get_group_id(1) * TILE;
    if (i0 + y < width && j0 + x < height)
        tile[y][x] = src[from + (i0 + y) * by_src + j0 + x];
    barrier(CLK_LOCAL_MEM_FENCE);
    if (i0 + x < width && j0 + y < height)
        dst[to + (j0 + y) * by_dst + i0 + x] = tile[x][y];
}
