/* DynamicQuantizeLinear in two launches: the range of each of RANGES parts, and then, from all of
 * them, the scale and the numbers. */
#include "any/quant.cl"

__kernel void find_ranges(__global const float *x, __global float2 *ranges, long count,
                          long per_item)
{
    long i = (long)get_global_id(0) * per_item;
    long end = min(count, i + per_item);
    float2 range = (float2)(0.0f);
    for (; i < end; i++)
        range = (float2)(fmin(range.x, x[i]), fmax(range.y, x[i]));
    ranges[get_global_id(0)] = range;
}

__kernel void quantize_by_range(__global const float *x, __global const float2 *ranges,
                                __global uchar *y, __global float *ret_scale,
                                __global uchar *ret_zero, long count, long per_item, int range_n)
{
    float2 range = (float2)(0.0f);
    for (int k = 0; k < range_n; k++)
        range = (float2)(fmin(range.x, ranges[k].x), fmax(range.y, ranges[k].y));
    float scale = range.y > range.x ? quotient(range.y - range.x, 255.0f) : 1.0f;
    int zero = quant_round(quotient(-range.x, scale), 0, 0, 255);
    if (get_global_id(0) == 0) {
        *ret_scale = scale;
        *ret_zero = (uchar)zero;
    }
    long i = (long)get_global_id(0) * per_item;
    long end = min(count, i + per_item);
    for (; i < end; i++)
        y[i] = (uchar)quant_round(quotient(x[i], scale), zero, 0, 255);
}
