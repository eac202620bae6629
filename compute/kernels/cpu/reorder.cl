/* From planes of channels to blocks of BLOCK channels side by side, and back. Global dimension 0 is
 * a piece of each plane, dimension 1 a block of channels of an image. */
#include "any/bits.cl"
#include "cpu/turn.cl"

/* 8 positions of a block; of its channels rows are there. */
static inline void turn_in(__global const T *src, __global T *dst, long plane, long rows)
{
    for (long c = 0; c < BLOCK; c += 8)
        turn_tile(src + c * plane, dst + c, plane, BLOCK, rows - c, 8);
}

static inline void turn_out(__global const T *src, __global T *dst, long plane, long rows)
{
    for (long c = 0; c < BLOCK; c += 8)
        turn_tile(src + c, dst + c * plane, BLOCK, plane, 8, rows - c);
}

/* What is left of a piece is the end of its last tile, which is made again where there is one. */
#define EACH_TILE(tile, one)              \
    for (; i + 8 <= end; i += 8)          \
        tile;                             \
    if (i < end && end - begin >= 8) {    \
        i = end - 8;                      \
        tile;                             \
        i = end;                          \
    }                                     \
    for (; i < end; i++)                  \
    one

#define PIECE                                                                      \
    long blocks = (channels + BLOCK - 1) / BLOCK, unit = get_global_id(1);         \
    long image = unit / blocks, block = unit % blocks;                             \
    long rows = min((long)BLOCK, channels - block * BLOCK);                        \
    long begin = (long)get_global_id(0) * per_item, end = min(plane, begin + per_item); \
    long i = begin, in_planes = (image * channels + block * BLOCK) * plane;        \
    long in_blocks = unit * plane * BLOCK

__kernel void reorder_in(__global const T *src, __global T *dst, long channels, long plane,
                         long per_item)
{
    PIECE;
    src += in_planes;
    dst += in_blocks;
    EACH_TILE(turn_in(src + i, dst + i * BLOCK, plane, rows),
              for (long c = 0; c < BLOCK; c++) dst[i * BLOCK + c] =
                  c < rows ? src[c * plane + i] : (T)0);
}

__kernel void reorder_out(__global const T *src, __global T *dst, long channels, long plane,
                          long per_item)
{
    PIECE;
    src += in_blocks;
    dst += in_planes;
    EACH_TILE(turn_out(src + i * BLOCK, dst + i, plane, rows),
              for (long c = 0; c < rows; c++) dst[c * plane + i] = src[i * BLOCK + c]);
}
