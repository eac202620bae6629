/* As cpu/gather.cl, one element a work-item. */
#include "any/bits.cl"

__kernel void gather(__global const T *src, __global const INDEX *index, __global T *out,
                     __global int *fault, long slices, long picks, long axis, long inner,
                     long per_item)
{
    long i = get_global_id(0);
    if (i >= slices * inner)
        return;
    long slice = i / inner;
    long at = index[slice % picks];
    at = at < 0 ? at + axis : at;
    if (at < 0 || at >= axis) {
        *fault = 1;
        at = clamp(at, 0L, axis - 1);
    }
    out[i] = src[(slice / picks * axis + at) * inner + i % inner];
}
