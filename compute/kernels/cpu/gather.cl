/* out[o][k][…] = src[o][index[k]][…]: slices of `inner` elements of SIZE bytes. A negative index
 * counts from the end; one out of range is reported through fault and taken as the nearest. A
 * work-item takes per_item slices in a row. */
#include "any/bits.cl"
#include "cpu/copy_run.cl"

__kernel void gather(__global const T *src, __global const INDEX *index, __global T *out,
                     __global int *fault, long slices, long picks, long axis, long inner,
                     long per_item)
{
    long slice = (long)get_global_id(0) * per_item;
    long end = min(slices, slice + per_item);
    for (; slice < end; slice++) {
        long at = index[slice % picks];
        at = at < 0 ? at + axis : at;
        if (at < 0 || at >= axis) {
            *fault = 1;
            at = clamp(at, 0L, axis - 1);
        }
        copy_run(src + (slice / picks * axis + at) * inner, out + slice * inner, inner);
    }
}
