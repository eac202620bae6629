/* Pools as they are defined, one work-item an output: any element type, three spatial axes, and the
 * positions of the maxima. KIND: 0 maximum, 1 average, 2 p-norm. */
#include "common.cl"

/* Places of a window along one axis that lie inside the padded input. */
static int padded(int at, int kernel_n, int dilation, int end)
{
    int count = 0;
    for (int k = 0; k < kernel_n; k++)
        count += at + k * dilation < end;
    return count;
}

__kernel void pool(__global const TYPE *input, __global TYPE *out, __global long *positions,
                   int8 in_shape, int8 steps, int8 pads, int p)
{
    int in_d = in_shape.s1, in_h = in_shape.s2, in_w = in_shape.s3;
    int out_h = in_shape.s4, out_w = in_shape.s5;
    int pixel = get_global_id(0);
    int x0 = pixel % out_w * steps.s4 - pads.s2;
    int y0 = pixel / out_w % out_h * steps.s3 - pads.s1;
    int z0 = pixel / out_w / out_h * steps.s2 - pads.s0;
    long plane_at = (long)get_global_id(1) * in_d * in_h * in_w;
    long found = -1;
    int count = 0;
    COMPUTE_TYPE value = 0;
    for (int kz = 0; kz < pads.s3; kz++) {
        int z = z0 + kz * steps.s5;
        for (int ky = 0; z >= 0 && z < in_d && ky < steps.s0; ky++) {
            int y = y0 + ky * steps.s6;
            for (int kx = 0; y >= 0 && y < in_h && kx < steps.s1; kx++) {
                int x = x0 + kx * steps.s7;
                if (x < 0 || x >= in_w)
                    continue;
                long at = ((long)z * in_h + y) * in_w + x;
                COMPUTE_TYPE seen = LOAD(input, plane_at + at);
                count++;
#if KIND == 0
                if (found < 0 || seen > value || seen != seen) {
                    value = seen;
                    found = at;
                }
#elif KIND == 1
                value += seen;
#else
                value += pow(fabs(seen), (COMPUTE_TYPE)p);
#endif
            }
        }
    }
#if KIND == 0 && FLOATING
    if (found < 0)
        value = -INFINITY;
#elif KIND == 1
#if COUNT_PADS
    count = padded(z0, pads.s3, steps.s5, in_d + pads.s5) *
            padded(y0, steps.s0, steps.s6, in_h + pads.s6) *
            padded(x0, steps.s1, steps.s7, in_w + pads.s7);
#endif
    value /= count;
#elif KIND == 2
    value = pow(value, (COMPUTE_TYPE)1 / p);
#endif
    size_t out_at = (size_t)get_global_id(1) * get_global_size(0) + pixel;
    STORE(value, out, out_at);
#if POSITIONS
#if COLUMN_MAJOR
    if (found >= 0)
        found = (found % in_w * in_h + found / in_w % in_h) * in_d + found / in_w / in_h;
#endif
    positions[out_at] = plane_at + found;
#endif
}
