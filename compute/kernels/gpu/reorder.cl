/* As cpu/reorder.cl: one element of dst a work-item, neighbours side by side. */
#include "any/bits.cl"

__kernel void reorder_in(__global const T *src, __global T *dst, long channels, long plane,
                         long count)
{
    long at = get_global_id(0), blocks = (channels + BLOCK - 1) / BLOCK;
    if (at >= count)
        return;
    long i = at / BLOCK % plane, unit = at / BLOCK / plane;
    long c = unit % blocks * BLOCK + at % BLOCK;
    dst[at] = c < channels ? src[(unit / blocks * channels + c) * plane + i] : (T)0;
}

__kernel void reorder_out(__global const T *src, __global T *dst, long channels, long plane,
                          long count)
{
    long at = get_global_id(0), blocks = (channels + BLOCK - 1) / BLOCK;
    if (at >= count)
        return;
    long i = at % plane, c = at / plane % channels, image = at / plane / channels;
    dst[at] = src[((image * blocks + c / BLOCK) * plane + i) * BLOCK + c % BLOCK];
}
