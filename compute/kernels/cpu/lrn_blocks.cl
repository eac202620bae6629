/* As any/lrn.cl for floats in blocks of BLOCK channels. The squares of a block and of its
 * neighbours lie in a line, in which the sums of all channels of a block are sums of vectors.
 * `before` and `after` are at most BLOCK. A work-item takes per_item positions in a row, `count` in
 * all. */
#include "common.cl"

#define PASTE2(a, b) a##b
#define PASTE(a, b) PASTE2(a, b)
#define VEC PASTE(float, BLOCK)
#define VLOAD PASTE(vload, BLOCK)
#define VSTORE PASTE(vstore, BLOCK)

#ifndef BETA_ANY
#define DIVIDE(x, s) ((x) / (sqrt(s) * sqrt(sqrt(s))))
#else
#define DIVIDE(x, s) ((x) / pow(s, beta))
#endif

/* The squares of block b of a position; zeros for channels that aren't there. */
static inline VEC squares(__global const float *x, long b, long plane, long channels, VEC lanes)
{
    if (b < 0 || b * BLOCK >= channels)
        return (VEC)0;
    VEC v = VLOAD(0, x + b * plane * BLOCK);
    return lanes < (VEC)(channels - b * BLOCK) ? v * v : (VEC)0;
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
lrn_blocks(__global const float *restrict x, __global float *restrict y, long channels, long plane,
           long before, long after, float alpha, float beta, float bias, long count, long per_item)
{
    float line[3 * BLOCK], numbers[BLOCK];
    long blocks = (channels + BLOCK - 1) / BLOCK;
    long i = (long)get_global_id(0) * per_item, end = min(count, i + per_item);
    for (int k = 0; k < BLOCK; k++)
        numbers[k] = k;
    VEC lanes = VLOAD(0, numbers);
    for (; i < end; i++) {
        long at = (i / plane * blocks * plane + i % plane) * BLOCK;
        VEC here = squares(x + at, 0, plane, channels, lanes);
        VSTORE((VEC)0, 0, line);
        for (long b = 0; b < blocks; b++) {
            VEC next = squares(x + at, b + 1, plane, channels, lanes);
            VSTORE(here, 1, line);
            VSTORE(next, 2, line);
            VEC sum = here;
            for (long k = 1; k <= before; k++)
                sum += VLOAD(0, line + BLOCK - k);
            for (long k = 1; k <= after; k++)
                sum += VLOAD(0, line + BLOCK + k);
            VEC scale = sum * alpha + bias;
            long to = at + b * plane * BLOCK;
            VSTORE(DIVIDE(VLOAD(0, x + to), scale), 0, y + to);
            VSTORE(here, 0, line);
            here = next;
        }
    }
}
