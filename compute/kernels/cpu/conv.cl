/* Convolution on a CPU as an implicit matrix product: rows are output channels, columns are
 * output pixels, k runs over taps and, within a tap, over input channels. A work-item takes some
 * panels of NR pixels; it gathers the inputs of a panel once for a block of k and multiplies them
 * with all its channels' weights, which were packed ahead as [block of k][tile][k][MR]. */
#include "common.cl"
#include "cpu/tile.cl"

/* The stride along rows, known when the kernel is built where it is 1 or 2. */
#if STRIDE_W <= 2
#define STRIDE(s) STRIDE_W
#else
#define STRIDE(s) ((s)->stride_w)
#endif

struct shape {
    int channels; /* input channels a group */
    int in_d, in_h, in_w;
    int out_h, out_w;
    int kernel_h, kernel_w;
    int stride_d, stride_h, stride_w;
    int dilation_d, dilation_h, dilation_w;
    int pad_d, pad_h, pad_w;
};

typedef VEC vec;
typedef PASTE(int, WIDTH) ivec;

/* Pixels of a panel that lie in one row of the image and find their input inside it: lanes
 * [lane0, lane1) read from `run` + lane * stride_w of a channel's plane. */
struct segment {
    int lane0, lane1;
    int run;
};

/* Where the panel's first pixel is. */
struct place {
    int x, y, z, lanes;
};

/* The segments of a panel for one tap; neighbours that continue each other are one. */
static int find_segments(struct segment *segments, const struct shape *s, struct place at, int tap)
{
    int kx = tap % s->kernel_w * s->dilation_w - s->pad_w;
    int ky = tap / s->kernel_w % s->kernel_h * s->dilation_h - s->pad_h;
    int kz = tap / s->kernel_w / s->kernel_h * s->dilation_d - s->pad_d;
    int n = 0;
    for (int lane = 0; lane < at.lanes;) {
        int length = min(s->out_w - at.x, at.lanes - lane);
        int x = at.x * STRIDE(s) + kx, y = at.y * s->stride_h + ky, z = at.z * s->stride_d + kz;
        int i0 = x >= 0 ? 0 : (-x + STRIDE(s) - 1) / STRIDE(s);
        int i1 = x >= s->in_w ? 0 : min(length, (s->in_w - x + STRIDE(s) - 1) / STRIDE(s));
        if (y >= 0 && y < s->in_h && z >= 0 && z < s->in_d && i0 < i1) {
            int run = (z * s->in_h + y) * s->in_w + x - lane * STRIDE(s);
            if (n > 0 && segments[n - 1].run == run && segments[n - 1].lane1 == lane + i0) {
                segments[n - 1].lane1 = lane + i1;
            } else {
                segments[n].lane0 = lane + i0;
                segments[n].lane1 = lane + i1;
                segments[n].run = run;
                n++;
            }
        }
        lane += length;
        at.x = 0;
        if (++at.y == s->out_h) {
            at.y = 0;
            at.z++;
        }
    }
    return n;
}

#if STRIDE_W <= 2
/* NR elements from `from` on by stride 1 or 2. */
#if STRIDE_W == 1
#define LOAD_RUN(from, lo, hi)                                                                     \
    lo = VLOAD(0, from);                                                                           \
    hi = VLOAD(1, from);
#elif WIDTH == 16
#define LOAD_RUN(from, lo, hi)                                                                     \
    lo = (vec)(vload16(0, from).even, vload16(1, from).even);                                      \
    hi = (vec)(vload16(2, from).even, vload16(3, from).even);
#elif WIDTH == 8
#define LOAD_RUN(from, lo, hi)                                                                     \
    lo = vload16(0, from).even;                                                                    \
    hi = vload16(1, from).even;
#else
#define LOAD_RUN(from, lo, hi)                                                                     \
    lo = vload8(0, from).even;                                                                     \
    hi = vload8(1, from).even;
#endif
#define RUN_SPAN (NR * STRIDE_W)
#define SEGMENTS_IN_VECTORS 4

#if WIDTH == 16
#define LANES (ivec)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#elif WIDTH == 8
#define LANES (ivec)(0, 1, 2, 3, 4, 5, 6, 7)
#else
#define LANES (ivec)(0, 1, 2, 3)
#endif

/* One channel by vectors: each segment is a load of all lanes and a mask. A load reaches beyond its
 * segment, so the segments' runs must lie in the tensor; the caller checks. */
static void pack_vectors(__global const float *from, __local float *panel,
                         const struct segment *segments, int n)
{
    vec lo = (vec)(0.0f), hi = (vec)(0.0f);
    for (int i = 0; i < n; i++) {
        vec x, y;
        LOAD_RUN(from + segments[i].run, x, y)
        ivec first = (ivec)(segments[i].lane0), end = (ivec)(segments[i].lane1);
        lo = select(lo, x, (LANES >= first) & (LANES < end));
        hi = select(hi, y, (LANES + WIDTH >= first) & (LANES + WIDTH < end));
    }
    VSTORE(lo, 0, panel);
    VSTORE(hi, 1, panel);
}
#endif

/* Channels [c0, c1) of one tap into the panel. `left` counts the elements of the whole input from
 * `in` on, `before` those in front of it. */
static void pack_tap(__global const float *in, __local float *panel, const struct shape *s,
                     const struct segment *segments, int n, int c0, int c1, long before, long left)
{
    int plane = s->in_d * s->in_h * s->in_w;
    int c = c0;
#if STRIDE_W <= 2
    long low = before, high = 0;
    for (int i = 0; i < n; i++) {
        low = min(low, before + segments[i].run);
        high = max(high, (long)segments[i].run + RUN_SPAN);
    }
    if (n <= SEGMENTS_IN_VECTORS) {
        bool whole = STRIDE_W == 1 && n == 1 && segments[0].lane0 == 0 && segments[0].lane1 == NR;
        for (; c < c1; c++, panel += NR) {
            long at = (long)c * plane;
            if (low + at < 0 || high + at > left)
                break;
            if (whole) {
                VSTORE(VLOAD(0, in + at + segments[0].run), 0, panel);
                VSTORE(VLOAD(1, in + at + segments[0].run), 1, panel);
            } else {
                pack_vectors(in + at, panel, segments, n);
            }
        }
    }
#endif
    for (; c < c1; c++, panel += NR) {
        __global const float *from = in + (long)c * plane;
        VSTORE((vec)(0.0f), 0, panel);
        VSTORE((vec)(0.0f), 1, panel);
        for (int i = 0; i < n; i++)
            for (int lane = segments[i].lane0; lane < segments[i].lane1; lane++)
                panel[lane] = from[segments[i].run + lane * STRIDE(s)];
    }
}

/* k0 .. k0 + kn of a panel. */
static void pack_panel(__global const float *in, __local float *panel, const struct shape *s,
                       int pixel, int pixel_n, int k0, int kn, long before, long left)
{
    struct segment segments[NR];
    struct place at = {pixel % s->out_w, pixel / s->out_w % s->out_h, pixel / s->out_w / s->out_h,
                       min(pixel_n - pixel, NR)};
    for (int k = k0; k < k0 + kn;) {
        int tap = k / s->channels, c0 = k - tap * s->channels;
        int c1 = min(s->channels, c0 + k0 + kn - k);
        int n = find_segments(segments, s, at, tap);
        pack_tap(in, panel, s, segments, n, c0, c1, before, left);
        panel += (c1 - c0) * NR;
        k += c1 - c0;
    }
}

/* A tile's rows lie a plane apart, out of reach of the processor's own prefetching. */
#if defined(__has_builtin)
#if __has_builtin(__builtin_prefetch)
#define PREFETCH(p) __builtin_prefetch((const void *)(size_t)(p), 0, 3)
#endif
#endif
#ifndef PREFETCH
#define PREFETCH(p)
#endif
#if HAS_RESIDUAL
#define ROW_PREFETCH(i)                                                                            \
    PREFETCH(residual + out_at + (size_t)(i)*out_plane);                                           \
    PREFETCH(residual + out_at + (size_t)(i)*out_plane + NR - 1);                                  \
    PREFETCH(out + out_at + (size_t)(i)*out_plane);                                                \
    PREFETCH(out + out_at + (size_t)(i)*out_plane + NR - 1);
#else
#define ROW_PREFETCH(i)                                                                            \
    PREFETCH(out + out_at + (size_t)(i)*out_plane);                                                \
    PREFETCH(out + out_at + (size_t)(i)*out_plane + NR - 1);
#endif

#if HAS_RESIDUAL
#define RESIDUAL(at) +residual[at]
#define RESIDUAL_VEC(i, at) +VLOAD(i, residual + (at))
#else
#define RESIDUAL(at)
#define RESIDUAL_VEC(i, at)
#endif

/* Sums so far lie in out when this isn't the first block of k; the last one finishes them. */
#define ROW_STORE(i)                                                                               \
    if (i < rows) {                                                                                \
        size_t at = out_at + (size_t)i * out_plane;                                                \
        if (!first) {                                                                              \
            c##i##0 += VLOAD(0, out + at);                                                         \
            c##i##1 += VLOAD(1, out + at);                                                         \
        }                                                                                          \
        if (last) {                                                                                \
            float shift = bias[i];                                                                 \
            c##i##0 = c##i##0 + shift RESIDUAL_VEC(0, at);                                         \
            c##i##1 = c##i##1 + shift RESIDUAL_VEC(1, at);                                         \
            c##i##0 = ACTIVATE(c##i##0, alpha, beta);                                              \
            c##i##1 = ACTIVATE(c##i##1, alpha, beta);                                              \
        }                                                                                          \
        VSTORE(c##i##0, 0, out + at);                                                              \
        VSTORE(c##i##1, 1, out + at);                                                              \
    }
#define ROW_KEEP(i)                                                                                \
    VSTORE(c##i##0, 0, edge + i * NR);                                                             \
    VSTORE(c##i##1, 1, edge + i * NR);

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
conv(__global const float *restrict input, __global const float *restrict weights,
     __global const float *restrict bias_all, __global const float *restrict residual,
     __global float *restrict out, __local float *panel, int8 in_shape, int8 steps, int8 pads,
     int k_total, int kc, int pixels, int panels_each, int tiles_all, int tiles_each, int rows_all,
     float alpha, float beta)
{
    struct shape s = {in_shape.s0, in_shape.s1, in_shape.s2, in_shape.s3, in_shape.s4, in_shape.s5,
                      steps.s0,    steps.s1,    steps.s2,    steps.s3,    steps.s4,    steps.s5,
                      steps.s6,    steps.s7,    pads.s0,     pads.s1,     pads.s2};
    int groups = in_shape.s6, batch = in_shape.s7;
    int image = get_global_id(2) / groups, group = get_global_id(2) % groups;
    int in_image = s.channels * s.in_d * s.in_h * s.in_w;
    size_t part = (size_t)image * groups + group;
    long before = (long)part * in_image;
    long left = (long)batch * groups * in_image - before;
    __global const float *in = input + before;
    size_t out_plane = pixels;
    int tile0 = get_global_id(1) * tiles_each, tile1 = min(tile0 + tiles_each, tiles_all);
    int pixel0 = get_global_id(0) * panels_each * NR;
    int pixel1 = min(pixel0 + panels_each * NR, pixels);
    __global const float *group_weights = weights + (size_t)group * tiles_all * MR * k_total;

    for (int pixel = pixel0; pixel < pixel1; pixel += NR) {
        for (int k0 = 0; k0 < k_total; k0 += kc) {
            int kn = min(kc, k_total - k0);
            bool first = k0 == 0, last = k0 + kn == k_total;
            pack_panel(in, panel, &s, pixel, pixels, k0, kn, before, left);
            for (int tile = tile0; tile < tile1; tile++) {
                int rows = min(MR, rows_all - tile * MR);
                int row0 = group * rows_all + tile * MR;
                __global const float *a =
                    group_weights + (size_t)tiles_all * MR * k0 + (size_t)tile * MR * kn;
                __global const float *bias = bias_all + row0;
                __local const float *b = panel;
                size_t out_at =
                    ((size_t)image * groups * rows_all + row0) * out_plane + pixel;
                ROWS(ROW_PREFETCH)
                ROWS(ROW_ZERO)
                if (pixels - pixel <= WIDTH) {
                    TILE_MULTIPLY_HALF(kn)
                } else {
                    TILE_MULTIPLY(kn)
                }
                if (pixel + NR <= pixels) {
                    ROWS(ROW_STORE)
                    continue;
                }
                float edge[MR * NR];
                ROWS(ROW_KEEP)
                for (int i = 0; i < rows; i++) {
                    for (int j = 0; j < pixels - pixel; j++) {
                        size_t at = out_at + (size_t)i * out_plane + j;
                        float sum = edge[i * NR + j];
                        if (!first)
                            sum += out[at];
                        if (last) {
                            sum = sum + bias[i] RESIDUAL(at);
                            sum = ACTIVATE(sum, alpha, beta);
                        }
                        out[at] = sum;
                    }
                }
            }
        }
    }
}
