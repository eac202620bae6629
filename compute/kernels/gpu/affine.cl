/* As cpu/affine.cl, one element a work-item. */
#include "any/element.cl"

__kernel void affine(__global const A_T *x, __global D_T *y, __global const B_T *scale,
                     __global const B_T *shift, __global const C_T *mean,
                     __global const C_T *variance, long channels, long plane, float epsilon,
                     long count, long per_item)
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
    STORE1(D, LOAD1(A, x, i) * by + add, y, i);
}
