/* out is src with its own elements repeated around it: MODE 1 mirrored, 2 the edge, 3 from the
 * other side (as enum cx_pad_mode). Every axis of src has an element. */
#include "any/bits.cl"

static inline long source_index(long i, long dim)
{
#if MODE == 1
    long period = dim > 1 ? 2 * (dim - 1) : 1;
    i = (i % period + period) % period;
    return i < dim ? i : period - i;
#elif MODE == 2
    return clamp(i, 0L, dim - 1);
#else
    return (i % dim + dim) % dim;
#endif
}

__kernel void pad(__global const T *src, __global T *out, long8 out_dims, long8 src_dims,
                  long8 begins, long count, long per_item)
{
    long i = (long)get_global_id(0) * per_item;
    long end = min(count, i + per_item);
    long to[8], from[8], begin[8];
    vstore8(out_dims, 0, to);
    vstore8(src_dims, 0, from);
    vstore8(begins, 0, begin);
    for (; i < end; i++) {
        long rest = i, at = 0, stride = 1;
        for (int k = 7; k >= 0; k--) {
            at += source_index(rest % to[k] - begin[k], from[k]) * stride;
            stride *= from[k];
            rest /= to[k];
        }
        out[i] = src[at];
    }
}
