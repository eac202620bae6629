/* y = x * scale[c] + shift[c], a number a channel; x is (N, C, plane). With FULL the numbers are
 * those of a batch normalization: y = (x - mean[c]) / sqrt(variance[c] + epsilon) * scale[c] +
 * shift[c]. Then the epilogue. y may be x. */
#include "any/element.cl"
#include "any/finish.cl"

__kernel void affine(__global const A_T *x, __global D_T *y, __global const B_T *scale,
                     __global const B_T *shift, __global const C_T *mean,
                     __global const C_T *variance, __global const D_T *residual, long channels,
                     long plane, float epsilon, float alpha, float beta, long count, long per_item)
{
    long i = (long)get_global_id(0) * per_item;
    long end = min(count, i + per_item);
    while (i < end) {
        long c = i / plane % channels;
        long stop = min(end, (i / plane + 1) * plane);
        A_ACC by = LOAD1(B, scale, c), add = LOAD1(B, shift, c);
#ifdef FULL
        by /= sqrt((A_ACC)LOAD1(C, variance, c) + (A_ACC)epsilon);
        add -= (A_ACC)LOAD1(C, mean, c) * by;
#endif
        for (; i + W <= stop; i += W)
            STOREW(D, FINISHW(LOADW(A, x, i) * by + add, i), y, i);
        for (; i < stop; i++)
            STORE1(D, FINISH1(LOAD1(A, x, i) * by + add, i), y, i);
    }
}
