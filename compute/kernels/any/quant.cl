/* Rounding to quantized integers, bit for bit as the host reference does it. */
#ifndef QUANT_CL
#define QUANT_CL
#include "any/element.cl"

/* x / s rounded as IEEE wants it, also where the device's division is a little off. */
static inline float quotient(float x, float s)
{
    float q = x / s;
    float better = fma(fma(-q, s, x), 1.0f / s, q);
    return isfinite(better) ? better : q;
}

static inline int quant_round(float x, int zero, int low, int high)
{
    float r = isnan(x) ? 0.0f : rint(x);
    return (int)clamp(r, (float)(low - zero), (float)(high - zero)) + zero;
}

/* a * scale_a + b * scale_b, as cx_quant_sum. */
static inline float quant_sum(int a, float scale_a, int b, float scale_b)
{
    return fma((float)a, scale_a, (float)b * scale_b);
}

/* X rounded, halves to even, and held in bounds less than 2^22 from 0. Held first: adding a number
 * whose last bit is 1 rounds then, and nothing merges the addition with what made x. */
static inline VEC(int) round_within(VEC(float) x, VEC(float) low, VEC(float) high)
{
    x = x > low ? x : low;
    x = x < high ? x : high;
    return CAT(as_, VEC(int))(x + 12582912.0f) - 0x4b400000; /* 1.5 * 2^23 and its bits */
}
#endif
