/* Elements of SIZE bytes from one place to another, along a nest of up to eight loops in which src
 * and dst each have strides of their own. */
#include "any/bits.cl"
#include "any/index.cl"
#include "cpu/copy_run.cl"
#include "cpu/turn.cl"

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
        __global const T *s = src + src_start + nest_at(&nest, from);
        __global T *d = dst + dst_start + nest_at(&nest, to);
        /* Rows up to the end of dimension 6 lie equally far apart. */
        for (long row = nest.index[6]; row < nest.dims[6] && i < end; row++) {
            long n = min(end - i, nest.dims[7] - nest.index[7]);
            if (from[7] == 1 && to[7] == 1)
                copy_run(s, d, n);
            else if (from[7] == 0 && to[7] == 1)
                fill_run(*s, d, n);
            else
                for (long k = 0; k < n; k++)
                    d[k * to[7]] = s[k * from[7]];
            i += n;
            s += from[6] - nest.index[7] * from[7];
            d += to[6] - nest.index[7] * to[7];
            nest_next_row(&nest);
        }
    }
}

/* The last two loops are a matrix that is turned: dimension 6 advances src by 1, dimension 7
 * advances dst by 1. A work-item takes bands of BAND steps of dimension 6, two cache lines of src.
 */
#define BAND (128 / SIZE)

__kernel void turn(__global const T *src, __global T *dst, long src_start, long dst_start,
                   long8 dims, long8 src_strides, long8 dst_strides, long bands, long per_item)
{
    long band = (long)get_global_id(0) * per_item;
    long end = min(bands, band + per_item);
    long height = dims.s6, width = dims.s7, from = src_strides.s7, to = dst_strides.s6;
    long bands_each = (height + BAND - 1) / BAND;
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
        long j = band % bands_each * BAND, n = min(height - j, (long)BAND), i = 0;
        __global const T *s = src + src_start + nest_at(&nest, by_src) + j;
        __global T *d = dst + dst_start + nest_at(&nest, by_dst) + j * to;
        for (; i + 8 <= width; i += 8) {
            long k = 0;
            for (; k + 8 <= n; k += 8)
                turn_tile(s + i * from + k, d + k * to + i, from, to, 8, 8);
            for (; k < n; k++)
                for (long m = i; m < i + 8; m++)
                    d[k * to + m] = s[m * from + k];
        }
        for (; i < width; i++)
            for (long k = 0; k < n; k++)
                d[k * to + i] = s[i * from + k];
    }
}
