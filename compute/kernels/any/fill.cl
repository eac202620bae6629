/* dst[i] = the element whose bits are the low ones of BITS. */
#include "any/bits.cl"

__kernel void fill(__global T *dst, long bits, long count, long per_item)
{
    long i = (long)get_global_id(0) * per_item;
    long end = min(count, i + per_item);
    CAT(T, W) all = (CAT(T, W))(T)bits;
    for (; i + W <= end; i += W)
        CAT(vstore, W)(all, 0, dst + i);
    for (; i < end; i++)
        dst[i] = (T)bits;
}
