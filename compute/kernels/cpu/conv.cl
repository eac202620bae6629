/* Convolution on a CPU as an implicit matrix product: rows are output channels, columns are
 * output pixels, k runs over taps and, within a tap, over input channels. A work-item takes some
 * panels of NR pixels; it gathers the inputs of a panel once for a block of k and multiplies them
 * with all its channels' weights, which were packed ahead as [block of k][tile][k][MR]. */
#include "common.cl"
#include "cpu/tile.cl"

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
#define AS_IVEC PASTE(as_int, WIDTH)
#define AS_VEC PASTE(as_float, WIDTH)
#define VLOAD_INT PASTE(vload, WIDTH)

/* Where the NR pixels of a panel find their input for one tap: element offsets in a channel's
 * plane, and whether they lie in the image. When the pixels fall into at most two runs that step
 * by stride_w, two vector loads and a mask replace NR loads. */
struct taps {
    int at[NR];
    int mask[NR];  /* -1: in the image */
    int mask2[NR]; /* -1: in the image and in the second run */
    int run1, run2; /* offset of pixel 0 of each run, were it that long */
    int runs;       /* 0: all outside, 1, 2, or 3 for more */
};

static void find_taps(struct taps *t, const struct shape *s, int pixel, int pixel_n, int tap)
{
    int kx = tap % s->kernel_w, ky = tap / s->kernel_w % s->kernel_h;
    int kz = tap / s->kernel_w / s->kernel_h;
    int ox = pixel % s->out_w, oy = pixel / s->out_w % s->out_h;
    int oz = pixel / s->out_w / s->out_h;
    int left = min(pixel_n - pixel, NR);
    int first = -1, second = -1;
    t->runs = 0;
    t->run1 = t->run2 = 0;
    for (int i = 0; i < NR; i++) {
        int x = ox * s->stride_w + kx * s->dilation_w - s->pad_w;
        int y = oy * s->stride_h + ky * s->dilation_h - s->pad_h;
        int z = oz * s->stride_d + kz * s->dilation_d - s->pad_d;
        bool inside = i < left && x >= 0 && x < s->in_w && y >= 0 && y < s->in_h && z >= 0 &&
                      z < s->in_d;
        int at = inside ? (z * s->in_h + y) * s->in_w + x : 0;
        int run = at - i * s->stride_w;
        if (inside && t->runs == 0) {
            t->runs = 1;
            t->run1 = run;
        } else if (inside && t->runs == 1 && run != t->run1) {
            t->runs = 2;
            t->run2 = run;
        } else if (inside && t->runs == 2 && run != t->run2) {
            t->runs = 3;
        }
        t->at[i] = at;
        t->mask[i] = inside ? -1 : 0;
        t->mask2[i] = inside && t->runs == 2 ? -1 : 0;
        if (++ox == s->out_w) {
            ox = 0;
            if (++oy == s->out_h) {
                oy = 0;
                oz++;
            }
        }
    }
}

/* NR elements from `from` on by stride 1 or 2 into *ret_lo, *ret_hi. */
#define LOAD_RUN(from, lo, hi)                                                                     \
    if (STRIDE_W == 1) {                                                                           \
        lo = VLOAD(0, from);                                                                       \
        hi = VLOAD(1, from);                                                                       \
    } else {                                                                                       \
        LOAD_EVEN(from, lo);                                                                       \
        LOAD_EVEN((from) + NR, hi);                                                                \
    }
#if WIDTH == 16
#define LOAD_EVEN(from, v) v = (vec)(vload16(0, from).even, vload16(1, from).even)
#elif WIDTH == 8
#define LOAD_EVEN(from, v) v = vload16(0, from).even
#else
#define LOAD_EVEN(from, v) v = vload8(0, from).even
#endif
/* Elements that a run reads from its first on. */
#define RUN_SPAN (STRIDE_W == 1 ? NR : 2 * NR)

/* Channels [c0, c1) of one tap into the panel. `left` counts the elements of the whole input from
 * `in` on, `before` those in front of it: a run may reach over the plane's ends, where its mask
 * hides what it reads, but not over the tensor's. */
static void pack_tap(__global const float *in, __local float *panel, const struct taps *t,
                     int plane, int c0, int c1, long before, long left)
{
    vec mask_lo = AS_VEC(VLOAD_INT(0, t->mask)), mask_hi = AS_VEC(VLOAD_INT(1, t->mask));
    for (int c = c0; c < c1; c++, panel += NR) {
        long base = (long)c * plane;
        __global const float *from = in + base;
        vec lo = (vec)(0.0f), hi = (vec)(0.0f);
        long run1 = base + t->run1, run2 = base + t->run2;
#if STRIDE_W <= 2
        if (t->runs == 1 && run1 + before >= 0 && run1 + RUN_SPAN <= left) {
            LOAD_RUN(in + run1, lo, hi)
            lo = AS_VEC(AS_IVEC(lo) & AS_IVEC(mask_lo));
            hi = AS_VEC(AS_IVEC(hi) & AS_IVEC(mask_hi));
        } else if (t->runs == 2 && run1 + before >= 0 && run1 + RUN_SPAN <= left &&
                   run2 + before >= 0 && run2 + RUN_SPAN <= left) {
            vec lo2, hi2;
            LOAD_RUN(in + run1, lo, hi)
            LOAD_RUN(in + run2, lo2, hi2)
            ivec second_lo = VLOAD_INT(0, t->mask2), second_hi = VLOAD_INT(1, t->mask2);
            lo = select(lo, lo2, second_lo);
            hi = select(hi, hi2, second_hi);
            lo = AS_VEC(AS_IVEC(lo) & AS_IVEC(mask_lo));
            hi = AS_VEC(AS_IVEC(hi) & AS_IVEC(mask_hi));
        } else
#endif
        if (t->runs != 0) {
            for (int i = 0; i < NR; i++)
                panel[i] = t->mask[i] != 0 ? from[t->at[i]] : 0.0f;
            continue;
        }
        VSTORE(lo, 0, panel);
        VSTORE(hi, 1, panel);
    }
}

/* k0 .. k0 + kn of a panel. */
static void pack_panel(__global const float *in, __local float *panel, const struct shape *s,
                       int pixel, int pixel_n, int k0, int kn, long before, long left)
{
    int plane = s->in_d * s->in_h * s->in_w;
    struct taps taps;
    for (int k = k0; k < k0 + kn;) {
        int tap = k / s->channels, c0 = k - tap * s->channels;
        int c1 = min(s->channels, c0 + k0 + kn - k);
        find_taps(&taps, s, pixel, pixel_n, tap);
        pack_tap(in, panel, &taps, plane, c0, c1, before, left);
        panel += (c1 - c0) * NR;
        k += c1 - c0;
    }
}

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
                ROWS(ROW_ZERO)
                TILE_MULTIPLY(kn)
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
