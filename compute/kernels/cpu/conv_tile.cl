/* A register tile of conv_blocked.cl: the function TILE for PIXELS(X), the pixels, and VECTORS
 * vectors of output channels. It adds up input channels [skip, left), counted from the first of a
 * block. Sums stand in named variables, since arrays would be spilled. */
#if VECTORS == 2
#define BOTH(first, second) \
    first;                  \
    second
#else
#define BOTH(first, second) first
#endif

#define PIXEL_START(i) BOTH(VEC s##i##_0 = start0, VEC s##i##_1 = start1);
#define PIXEL_RESUME(i) \
    BOTH(s##i##_0 = VLOAD(0, to + OUT_AT(i)), s##i##_1 = VLOAD(0, to + s->out_plane + OUT_AT(i)));
#define PIXEL_ADD(i)                                                            \
    {                                                                           \
        VEC x = (VEC)(IN_AT(i));                                                \
        BOTH(s##i##_0 = fma(x, w0, s##i##_0), s##i##_1 = fma(x, w1, s##i##_1)); \
    }
#define PIXEL_RESIDUAL(i)                       \
    BOTH(s##i##_0 += VLOAD(0, add + OUT_AT(i)), \
         s##i##_1 += VLOAD(0, add + s->out_plane + OUT_AT(i)));
#define PIXEL_CLAMP(i) BOTH(s##i##_0 = CLAMP(s##i##_0), s##i##_1 = CLAMP(s##i##_1));
#define PIXEL_SUM(i) BOTH(sums[2 * (i)] = s##i##_0, sums[2 * (i) + 1] = s##i##_1);
#define PIXEL_ONE(i) +1
#define PIXEL_STORE(i) \
    BOTH(VSTORE(s##i##_0, 0, to + OUT_AT(i)), VSTORE(s##i##_1, 0, to + s->out_plane + OUT_AT(i)));

static void TILE(const struct shape *s, SPACE const float *from, __global const float *w,
                 __global const float *bias, int skip, int left, __global float *to,
                 __global const float *add, bool first, bool last)
{
    VEC start0 = VLOAD(0, bias);
#if VECTORS == 2
    VEC start1 = VLOAD(1, bias);
#endif
    PIXELS(PIXEL_START)
    if (!first) {
        PIXELS(PIXEL_RESUME)
    }
    for (int k0 = skip; left > 0; left -= IB, k0 = 0, from += s->in_plane) {
#if !PANEL
        PIXELS(PIXEL_PREFETCH)
#endif
        int k1 = min(left, IB);
        for (int tap = 0; tap < TAPS; tap++, w += IB * NR) {
            SPACE const float *above = from + OFFSET(tap);
#if ROWS == 2
            SPACE const float *below = above + s->in_row;
#endif
            __global const float *wk = w + k0 * NR;
#pragma unroll 1
            for (int k = k0; k < k1; k++, wk += NR) {
                VEC w0 = VLOAD(0, wk);
#if VECTORS == 2
                VEC w1 = VLOAD(1, wk);
#endif
                PIXELS(PIXEL_ADD)
            }
        }
    }
    if (last) {
        if (add != 0) {
            PIXELS(PIXEL_RESIDUAL)
        }
#if ACT > 2
        VEC sums[2 * WHOLE];
        PIXELS(PIXEL_SUM)
        activate(s, sums, to, 0 PIXELS(PIXEL_ONE), VECTORS);
        return;
#else
        PIXELS(PIXEL_CLAMP)
#endif
    }
    PIXELS(PIXEL_STORE)
}

#undef BOTH
#undef PIXEL_START
#undef PIXEL_RESUME
#undef PIXEL_ADD
#undef PIXEL_RESIDUAL
#undef PIXEL_CLAMP
#undef PIXEL_SUM
#undef PIXEL_ONE
#undef PIXEL_STORE
