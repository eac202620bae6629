/* dst[i] = f(src[i]) over runs of elements. A work-item takes vectors first, first + step, … of its
 * run: on a CPU a long contiguous run each, on a GPU one vector each, neighbours side by side. dst
 * may be src. */
#include "any/element.cl"

#define N
#include "any/unary_op.cl"
#undef N
#define N W
#include "any/unary_op.cl"
#undef N

__kernel void unary(__global const A_T *src, __global D_T *dst, long count, long per_item,
                    float alpha, float beta)
{
    long i = (long)get_global_id(0) * per_item;
    long end = min(count, i + per_item);
    for (; i + W <= end; i += W)
        STOREW(D, CAT(apply_, W)(LOADW(A, src, i), alpha, beta), dst, i);
    for (; i < end; i++)
        STORE1(D, apply_(LOAD1(A, src, i), alpha, beta), dst, i);
}
