/* out = condition ? x : y with broadcasting, elements of SIZE bytes. A work-item takes per_item
 * elements in a row of out. */
#include "any/bits.cl"
#include "any/index.cl"

static inline void choose_run(__global const uchar *c, __global const T *x, __global const T *y,
                              __global T *out, long by_c, long by_x, long by_y, long n)
{
    long i = 0;
    if (by_c == 1)
        for (; i + W <= n; i += W) {
            CAT(T, W) from_x, from_y;
            if (by_x == 1)
                from_x = CAT(vload, W)(0, x + i);
            else
                from_x = (CAT(T, W)) * x;
            if (by_y == 1)
                from_y = CAT(vload, W)(0, y + i);
            else
                from_y = (CAT(T, W)) * y;
            CAT(S, W) chosen = CAT(CAT(convert_, S), W)(CAT(vload, W)(0, c + i)) != (S)0;
            CAT(vstore, W)(chosen ? from_x : from_y, 0, out + i);
        }
    for (; i < n; i++)
        out[i] = c[i * by_c] ? x[i * by_x] : y[i * by_y];
}

__kernel void where(__global const uchar *condition, __global const T *x, __global const T *y,
                    __global T *out, long8 dims, long8 strides_c, long8 strides_x, long8 strides_y,
                    long count, long per_item)
{
    long i = (long)get_global_id(0) * per_item;
    long end = min(count, i + per_item);
    if (i >= end)
        return;
    struct nest nest;
    long by_c[8], by_x[8], by_y[8];
    vstore8(strides_c, 0, by_c);
    vstore8(strides_x, 0, by_x);
    vstore8(strides_y, 0, by_y);
    nest_seek(&nest, dims, i);
    while (i < end) {
        long n = min(end - i, nest.dims[7] - nest.index[7]);
        choose_run(condition + nest_at(&nest, by_c), x + nest_at(&nest, by_x),
                   y + nest_at(&nest, by_y), out + i, by_c[7], by_x[7], by_y[7], n);
        i += n;
        nest_next_row(&nest);
    }
}
