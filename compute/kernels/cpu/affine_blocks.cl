/* y = x * scale[c] + shift[c] and the epilogue, in blocks of W channels; scale and shift are padded
 * to full blocks. x is `units` times plane positions, block by block of an image. A work-item takes
 * per_item positions in a row. y may be x. */
#include "any/element.cl"
#include "any/finish.cl"

__kernel void affine_blocks(__global const A_T *x, __global D_T *y, __global const B_T *scale,
                            __global const B_T *shift, __global const D_T *residual, long blocks,
                            long plane, float alpha, float beta, long count, long per_item)
{
    long i = (long)get_global_id(0) * per_item;
    long end = min(count, i + per_item);
    while (i < end) {
        long block = i / plane % blocks, stop = min(end, (i / plane + 1) * plane);
        VEC(D_ACC) by = LOADW(B, scale, block * W), add = LOADW(B, shift, block * W);
        for (; i < stop; i++)
            STOREW(D, FINISHW(LOADW(A, x, i * W) * by + add, i * W), y, i * W);
    }
}
