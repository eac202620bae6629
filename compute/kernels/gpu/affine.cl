/* As cpu/affine.cl, one element a work-item. */
#include "any/element.cl"
#include "any/finish.cl"

__kernel void affine(__global const A_T *x, __global D_T *y, __global const B_T *scale,
                     __global const B_T *shift, __global const C_T *mean,
                     __global const C_T *variance, __global const D_T *residual, long channels,
                     long plane, float epsilon, float alpha, float beta, long count, long per_item)
{
    long i = get_global_id(0);
    if (i >= count)
        return;
    long c = i / plane % channels;
    A_ACC by = LOAD1(B, scale, c), add = LOAD1(B, shift, c);
#ifdef FULL
    by /= sqrt((A_ACC)LOAD1(C, variance, c) + (A_ACC)epsilon);
    add -= (A_ACC)LOAD1(C, mean, c) * by;
#endif
    STORE1(D, FINISH1(LOAD1(A, x, i) * by + add, i), y, i);
}
