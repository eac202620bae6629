/* out[i] = f(a, b) with broadcasting: one element a work-item, neighbours side by side. */
#include "any/element.cl"
#include "gpu/peel.cl"

#define N
#include "any/binary_op.cl"
#undef N

/* One operand each may be a single element: its stride is 0. */
__kernel void binary_flat(__global const A_T *a, __global const B_T *b, __global D_T *out,
                          long stride_a, long stride_b, long count)
{
    long i = get_global_id(0);
    if (i < count)
        STORE1(D, apply_(LOAD1(A, a, i * stride_a), LOAD1(B, b, i * stride_b)), out, i);
}

/* Peels the innermost loop left off the element number. */
#define PEEL(s)                                     \
    {                                               \
        INDEX dim = (INDEX)dims.s, at = rest % dim; \
        rest /= dim;                                \
        at_a += at * (INDEX)strides_a.s;            \
        at_b += at * (INDEX)strides_b.s;            \
    }

__kernel void binary(__global const A_T *a, __global const B_T *b, __global D_T *out, long8 dims,
                     long8 strides_a, long8 strides_b, int rank, long count)
{
    INDEX i = get_global_id(0), rest = i, at_a = 0, at_b = 0;
    if (i >= count)
        return;
    PEEL_LOOPS(PEEL, rank)
    STORE1(D, apply_(LOAD1(A, a, at_a), LOAD1(B, b, at_b)), out, i);
}
