/* As cpu/where.cl, one element a work-item. */
#include "any/bits.cl"
#include "gpu/peel.cl"

#define PEEL(s)                                     \
    {                                               \
        INDEX dim = (INDEX)dims.s, at = rest % dim; \
        rest /= dim;                                \
        at_c += at * (INDEX)strides_c.s;            \
        at_x += at * (INDEX)strides_x.s;            \
        at_y += at * (INDEX)strides_y.s;            \
    }

__kernel void where(__global const uchar *condition, __global const T *x, __global const T *y,
                    __global T *out, long8 dims, long8 strides_c, long8 strides_x, long8 strides_y,
                    int rank, long count)
{
    INDEX i = get_global_id(0), rest = i, at_c = 0, at_x = 0, at_y = 0;
    if (i >= count)
        return;
    PEEL_LOOPS(PEEL, rank)
    out[i] = condition[at_c] ? x[at_x] : y[at_y];
}
