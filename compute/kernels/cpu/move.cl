/* Elements of SIZE bytes from one place to another, along a nest of up to eight loops in which src
 * and dst each have strides of their own. */
#include "any/bits.cl"
#include "any/index.cl"

static inline void copy_run(__global const T *src, __global T *dst, long n)
{
    long i = 0;
    for (; i + W <= n; i += W)
        CAT(vstore, W)(CAT(vload, W)(0, src + i), 0, dst + i);
    for (; i < n; i++)
        dst[i] = src[i];
}

static inline void fill_run(T x, __global T *dst, long n)
{
    CAT(T, W) xs = (CAT(T, W))x;
    long i = 0;
    for (; i + W <= n; i += W)
        CAT(vstore, W)(xs, 0, dst + i);
    for (; i < n; i++)
        dst[i] = x;
}

__kernel void move(__global const T *src, __global T *dst, long src_start, long dst_start,
                   long8 dims, long8 src_strides, long8 dst_strides, long count, long per_item)
{
    long i = (long)get_global_id(0) * per_item;
    long end = min(count, i + per_item);
    if (i >= end)
        return;
    struct nest nest;
    long from[8], to[8];
    vstore8(src_strides, 0, from);
    vstore8(dst_strides, 0, to);
    nest_seek(&nest, dims, i);
    while (i < end) {
        long n = min(end - i, nest.dims[7] - nest.index[7]);
        __global const T *s = src + src_start + nest_at(&nest, from);
        __global T *d = dst + dst_start + nest_at(&nest, to);
        if (from[7] == 1 && to[7] == 1)
            copy_run(s, d, n);
        else if (from[7] == 0 && to[7] == 1)
            fill_run(*s, d, n);
        else
            for (long k = 0; k < n; k++)
                d[k * to[7]] = s[k * from[7]];
        i += n;
        nest_next_row(&nest);
    }
}

#define ROW(k) (CAT(T, 8))(r0.s##k, r1.s##k, r2.s##k, r3.s##k, r4.s##k, r5.s##k, r6.s##k, r7.s##k)

/* An 8 x 8 tile: rows of src are from apart, rows of dst to apart. */
static inline void turn_tile(__global const T *src, __global T *dst, long from, long to)
{
    CAT(T, 8) r0 = vload8(0, src), r1 = vload8(0, src + from), r2 = vload8(0, src + 2 * from);
    CAT(T, 8) r3 = vload8(0, src + 3 * from), r4 = vload8(0, src + 4 * from);
    CAT(T, 8) r5 = vload8(0, src + 5 * from), r6 = vload8(0, src + 6 * from);
    CAT(T, 8) r7 = vload8(0, src + 7 * from);
    vstore8(ROW(0), 0, dst);
    vstore8(ROW(1), 0, dst + to);
    vstore8(ROW(2), 0, dst + 2 * to);
    vstore8(ROW(3), 0, dst + 3 * to);
    vstore8(ROW(4), 0, dst + 4 * to);
    vstore8(ROW(5), 0, dst + 5 * to);
    vstore8(ROW(6), 0, dst + 6 * to);
    vstore8(ROW(7), 0, dst + 7 * to);
}

/* The last two loops are a matrix that is turned: dimension 6 advances src by 1, dimension 7
 * advances dst by 1. A work-item takes bands of eight steps of dimension 6. */
__kernel void turn(__global const T *src, __global T *dst, long src_start, long dst_start,
                   long8 dims, long8 src_strides, long8 dst_strides, long bands, long per_item)
{
    long band = (long)get_global_id(0) * per_item;
    long end = min(bands, band + per_item);
    long height = dims.s6, width = dims.s7, from = src_strides.s7, to = dst_strides.s6;
    long bands_each = (height + 7) / 8;
    long by_src[8], by_dst[8];
    src_strides.s67 = (long2)0;
    dst_strides.s67 = (long2)0;
    vstore8(src_strides, 0, by_src);
    vstore8(dst_strides, 0, by_dst);
    for (; band < end; band++) {
        struct nest nest;
        long8 outer = dims;
        outer.s67 = (long2)1;
        nest_seek(&nest, outer, band / bands_each);
        long j = band % bands_each * 8, j_end = min(height, j + 8), i = 0;
        __global const T *s = src + src_start + nest_at(&nest, by_src) + j;
        __global T *d = dst + dst_start + nest_at(&nest, by_dst) + j * to;
        if (j_end - j == 8)
            for (; i + 8 <= width; i += 8)
                turn_tile(s + i * from, d + i, from, to);
        for (; i < width; i++)
            for (long k = 0; k < j_end - j; k++)
                d[k * to + i] = s[i * from + k];
    }
}
