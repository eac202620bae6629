/* dst[i] = src[i] held between two bounds, each one element in memory or open. */
#include "any/element.cl"

__kernel void clip(__global const A_T *src, __global D_T *dst, __global const A_T *low,
                   __global const A_T *high, long count, long per_item)
{
    long i = (long)get_global_id(0) * per_item;
    long end = min(count, i + per_item);
#ifdef HAS_LOW
    A_ACC least = LOAD1(A, low, 0);
#endif
#ifdef HAS_HIGH
    A_ACC most = LOAD1(A, high, 0);
#endif
    for (; i + W <= end; i += W) {
        VEC(A_ACC) x = LOADW(A, src, i);
#ifdef HAS_LOW
        x = x < (VEC(A_ACC))least ? (VEC(A_ACC))least : x;
#endif
#ifdef HAS_HIGH
        x = x > (VEC(A_ACC))most ? (VEC(A_ACC))most : x;
#endif
        STOREW(D, x, dst, i);
    }
    for (; i < end; i++) {
        A_ACC x = LOAD1(A, src, i);
#ifdef HAS_LOW
        x = x < least ? least : x;
#endif
#ifdef HAS_HIGH
        x = x > most ? most : x;
#endif
        STORE1(D, x, dst, i);
    }
}
