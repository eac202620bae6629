/* QuantizeLinear (QUANTIZES) and DequantizeLinear: x of type A, scales S, zero points Z, output D.
 * DIFFERENCE: an integer type that x - zero fits. `map` says which scale an element has, see struct
 * cx_quant_map; ONE_SCALE: the first. EXACT_DIVISION: the device rounds quotients as IEEE does. */
#include "any/quant.cl"
#include "any/vector_at.cl"

#if HAS_ZERO
#define ZERO(at) ((int)zeros[at])
#else
#define ZERO(at) 0
#endif

#if QUANTIZES
#define ONE(x, scale, zero) quant_round(quotient((float)(x), scale), zero, LOW, HIGH)
#else
#define ONE(x, scale, zero) ((float)((DIFFERENCE)(x) - (zero)) * (scale))
#endif

static inline long scale_at(long8 map, long i)
{
    long b = i % map.s1, a = i / map.s1 % map.s0, outer = i / map.s1 / map.s0;
    return outer * map.s3 + a / map.s2 * map.s4 + b * map.s5;
}

__kernel void quantize(__global const A_T *x, __global const S_T *scales, __global const Z_T *zeros,
                       __global D_T *y, long count, long per_item, long8 map)
{
    long i = (long)get_global_id(0) * per_item;
    long end = min(count, i + per_item);
#if ONE_SCALE
    float scale = LOAD1(S, scales, 0);
    int zero = ZERO(0);
#if QUANTIZES
    VEC(float) low = (VEC(float))(float)(LOW - zero), high = (VEC(float))(float)(HIGH - zero);
    for (; i + W <= end; i += W) {
        VEC(float) v = CAT(convert_, VEC(float))(LOAD_VECTOR(A, x, i));
        VEC(float) q = v / scale;
#if !EXACT_DIVISION
        VEC(float) better = fma(fma(-q, (VEC(float))scale, v), (VEC(float))(1.0f / scale), q);
        q = isfinite(better) ? better : q;
#endif
        STORE_VECTOR(D, round_within(q == q ? q : (VEC(float))0.0f, low, high) + zero, y, i);
    }
#else
    for (; i + W <= end; i += W) {
        VEC(DIFFERENCE) d = CAT(convert_, VEC(DIFFERENCE))(LOAD_VECTOR(A, x, i));
        STORE_VECTOR(D, CAT(convert_, VEC(float))(d - (DIFFERENCE)zero) * scale, y, i);
    }
#endif
    for (; i < end; i++)
        STORE1(D, ONE(LOAD1(A, x, i), scale, zero), y, i);
#else
    for (; i < end; i++) {
        long at = scale_at(map, i);
        STORE1(D, ONE(LOAD1(A, x, i), (float)LOAD1(S, scales, at), ZERO(at)), y, i);
    }
#endif
}
