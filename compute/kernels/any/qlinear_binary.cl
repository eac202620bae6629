/* Sum, or with PRODUCT product, of two quantized operands. Scales a and b of a sum are divided by
 * the result's; of a product, a is that of the whole. */
#include "any/quant.cl"
#include "any/vector_at.cl"

struct scales {
    float a, b;
    int a_zero, b_zero, zero, low, high;
};

static inline int result_of(struct scales s, int a, int b)
{
#if PRODUCT
    float real = (float)((a - s.a_zero) * (b - s.b_zero)) * s.a;
#else
    float real = quant_sum(a - s.a_zero, s.a, b - s.b_zero, s.b);
#endif
    return clamp(quant_round(real, s.zero, D_LOW, D_HIGH), s.low, s.high);
}

#define PARAMETERS                                                                                 \
    __global const A_T *a, __global const A_T *b, __global A_T *out,                               \
        __global const S_T *a_scale, __global const A_T *a_zero, __global const S_T *b_scale,      \
        __global const A_T *b_zero, __global const S_T *scale, __global const A_T *zero, int low,  \
        int high
#if PRODUCT
#define A_SCALE (float)LOAD1(S, a_scale, 0) * (float)LOAD1(S, b_scale, 0)
#else
#define A_SCALE (float)LOAD1(S, a_scale, 0)
#endif
#define SCALES                                                                                     \
    {                                                                                              \
        quotient(A_SCALE, LOAD1(S, scale, 0)), quotient(LOAD1(S, b_scale, 0), LOAD1(S, scale, 0)), \
            ZERO_OF(a_zero), ZERO_OF(b_zero), ZERO_OF(zero), low, high                             \
    }
#define ZERO_OF(p) ((p) == 0 ? 0 : (int)(p)[0])

/* Operands that lie alike, in any layout. */
__kernel void binary_flat(PARAMETERS, long count, long per_item)
{
    struct scales s = SCALES;
    long i = (long)get_global_id(0) * per_item;
    long end = min(count, i + per_item);
    VEC(float) least = (VEC(float))(float)(low - s.zero);
    VEC(float) most = (VEC(float))(float)(high - s.zero);
    for (; i + W <= end; i += W) {
        VEC(int) p = CAT(convert_, VEC(int))(LOAD_VECTOR(A, a, i)) - s.a_zero;
        VEC(int) q = CAT(convert_, VEC(int))(LOAD_VECTOR(A, b, i)) - s.b_zero;
#if PRODUCT
        VEC(float) real = CAT(convert_, VEC(float))(p * q) * s.a;
#else
        VEC(float) real = CAT(convert_, VEC(float))(q) * s.b;
        real = fma(CAT(convert_, VEC(float))(p), (VEC(float))s.a, real);
#endif
        STORE_VECTOR(D, round_within(real, least, most) + s.zero, out, i);
    }
    for (; i < end; i++)
        out[i] = (A_T)result_of(s, a[i], b[i]);
}

/* Operands that broadcast: the output's dims and the operands' strides. */
__kernel void binary_broadcast(PARAMETERS, long count, long per_item, long8 dims, long8 a_strides,
                            long8 b_strides)
{
    struct scales s = SCALES;
    long i = (long)get_global_id(0) * per_item;
    long end = min(count, i + per_item);
    long d[8], as[8], bs[8];
    vstore8(dims, 0, d);
    vstore8(a_strides, 0, as);
    vstore8(b_strides, 0, bs);
    for (; i < end; i++) {
        long rest = i, a_at = 0, b_at = 0;
        for (int axis = 7; axis >= 0; axis--) {
            a_at += rest % d[axis] * as[axis];
            b_at += rest % d[axis] * bs[axis];
            rest /= d[axis];
        }
        out[i] = (A_T)result_of(s, a[a_at], b[b_at]);
    }
}
