/* What the device can do at best: fused multiply-adds on registers, and reads in order. WIDTH is
 * the device's native float width; ten independent sums hide the latency of an FMA. */
#if WIDTH == 16
typedef float16 vec;
#define LOADV(i, p) vload16(i, p)
#elif WIDTH == 8
typedef float8 vec;
#define LOADV(i, p) vload8(i, p)
#else
typedef float4 vec;
#define LOADV(i, p) vload4(i, p)
#endif

__kernel void peak_flops(__global float *out, int loops, float a, float b)
{
    vec x = (vec)(a), y = (vec)(b);
    vec c0 = x, c1 = x + 1.0f, c2 = x + 2.0f, c3 = x + 3.0f, c4 = x + 4.0f;
    vec c5 = x + 5.0f, c6 = x + 6.0f, c7 = x + 7.0f, c8 = x + 8.0f, c9 = x + 9.0f;
    for (int i = 0; i < loops; i++) {
        c0 = fma(c0, x, y);
        c1 = fma(c1, x, y);
        c2 = fma(c2, x, y);
        c3 = fma(c3, x, y);
        c4 = fma(c4, x, y);
        c5 = fma(c5, x, y);
        c6 = fma(c6, x, y);
        c7 = fma(c7, x, y);
        c8 = fma(c8, x, y);
        c9 = fma(c9, x, y);
    }
    vec sum = c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9;
    float total = 0.0f;
    float lanes[sizeof(vec) / sizeof(float)];
    *(vec *)lanes = sum;
    for (int i = 0; i < WIDTH; i++)
        total += lanes[i];
    out[get_global_id(0)] = total;
}

__kernel void peak_read(__global const float *in, __global float *out, int vecs_each)
{
    __global const float *from = in + (size_t)get_global_id(0) * vecs_each * WIDTH;
    vec s0 = (vec)(0.0f), s1 = s0, s2 = s0, s3 = s0;
    for (int i = 0; i < vecs_each; i += 4) {
        s0 += LOADV(i, from);
        s1 += LOADV(i + 1, from);
        s2 += LOADV(i + 2, from);
        s3 += LOADV(i + 3, from);
    }
    vec sum = s0 + s1 + s2 + s3;
    float total = 0.0f;
    float lanes[sizeof(vec) / sizeof(float)];
    *(vec *)lanes = sum;
    for (int i = 0; i < WIDTH; i++)
        total += lanes[i];
    out[get_global_id(0)] = total;
}
