/* In blocks of BLOCK channels: channel k * groups + j of dst is channel k of the j-th group of src.
 * Dimension 0: per_item positions of a plane; 1: a block of channels of an image. What follows the
 * last channel is a copy of the first. */
#include "any/bits.cl"

__kernel void shuffle_blocks(__global const T *src, __global T *dst, long channels, long groups,
                             long plane, long per_item)
{
    long blocks = (channels + BLOCK - 1) / BLOCK, unit = get_global_id(1);
    long from[BLOCK];
    for (int k = 0; k < BLOCK; k++) {
        long c = unit % blocks * BLOCK + k;
        c = c < channels ? c % groups * (channels / groups) + c / groups : 0;
        from[k] = (unit / blocks * blocks + c / BLOCK) * plane * BLOCK + c % BLOCK;
    }
    long i = (long)get_global_id(0) * per_item, end = min(plane, i + per_item);
    dst += unit * plane * BLOCK;
    for (; i < end; i++)
        for (int k = 0; k < BLOCK; k++)
            dst[i * BLOCK + k] = src[from[k] + i * BLOCK];
}
