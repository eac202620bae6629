/* 3x3 convolutions of stride 1 in blocked layout by Winograd's minimal filtering, see
 * kernels/conv_winograd.c. A tile is TILE x TILE outputs of one image and channel and reads
 * SPAN x SPAN inputs. Tiles are numbered through all images, rows first, and cut into strips; of a
 * strip
 *   V is its transformed input  [SPAN * SPAN positions][blocks of k][tiles][WIDTH]
 *   U are the weights           [pairs of output blocks][positions][k][2 * WIDTH]
 *   M is V * U of one pair      [tiles][positions][2 * WIDTH]
 * With OWN a work-item transforms its strip's input itself, into local memory that stays in its
 * core's cache; without, winograd_in has done so for all strips. */
#include "common.cl"
#include "cpu/tile.cl"

#define SPAN (TILE + 2)
#define POSITIONS (SPAN * SPAN)
/* Keeps the tiles of M from lying a multiple of a power of two apart. */
#define M_TILE (POSITIONS * NR + WIDTH)

typedef VEC vec;

struct shape {
    int in_h, in_w, out_h, out_w;
    int in_blocks, out_blocks; /* of a group */
    int groups;
    int tiles_x, tiles_y, tiles;
    int strip;  /* tiles of a strip */
    int v_step; /* floats from one position of V to the next */
    int pad_h, pad_w;
};

#define SHAPE(a, b)                                                                                \
    {                                                                                              \
        a.s0, a.s1, a.s2, a.s3, a.s4, a.s5, a.s6, a.s7, b.s0, b.s1, b.s2, b.s3, b.s4, b.s5         \
    }

/* Where a tile is. */
struct place {
    int x, y, image;
};

static struct place place_of(const struct shape *s, int tile)
{
    struct place at = {tile % s->tiles_x, tile / s->tiles_x % s->tiles_y,
                       tile / s->tiles_x / s->tiles_y};
    return at;
}

static void place_next(struct place *at, const struct shape *s)
{
    if (++at->x < s->tiles_x)
        return;
    at->x = 0;
    if (++at->y < s->tiles_y)
        return;
    at->y = 0;
    at->image++;
}

/* One dimension of the transforms: FROM(i) is input i, TO(i, value) takes output i. Points are 0,
 * infinity and for tiles of 2 +-1, for tiles of 4 +-POINT and +-INVERSE: rounding costs a fifth of
 * what it costs with the usual 1 and 2. */
#if TILE == 4
#define POINT (2.0f / 3.0f)
#define POINT_2 (POINT * POINT)
#define INVERSE 1.5f
#define INVERSE_2 2.25f
#define TRANSFORM_IN(FROM, TO)                                                                     \
    {                                                                                              \
        vec d0 = FROM(0), d1 = FROM(1), d2 = FROM(2), d3 = FROM(3), d4 = FROM(4), d5 = FROM(5);    \
        vec even = fma((vec)(-INVERSE_2), d2, d4), odd = fma((vec)(-INVERSE_2), d1, d3);           \
        TO(0, fma((vec)(-POINT_2 - INVERSE_2), d2, d0 + d4));                                      \
        TO(1, fma((vec)(POINT), odd, even));                                                       \
        TO(2, fma((vec)(-POINT), odd, even));                                                      \
        even = fma((vec)(-POINT_2), d2, d4);                                                       \
        odd = fma((vec)(-POINT_2), d1, d3);                                                        \
        TO(3, fma((vec)(INVERSE), odd, even));                                                     \
        TO(4, fma((vec)(-INVERSE), odd, even));                                                    \
        TO(5, fma((vec)(-POINT_2 - INVERSE_2), d3, d1 + d5));                                      \
    }
#define TRANSFORM_OUT(FROM, TO)                                                                    \
    {                                                                                              \
        vec even0 = FROM(1) + FROM(2), odd0 = FROM(1) - FROM(2);                                   \
        vec even1 = FROM(3) + FROM(4), odd1 = FROM(3) - FROM(4);                                   \
        TO(0, FROM(0) + even0 + even1);                                                            \
        TO(1, fma((vec)(POINT), odd0, INVERSE * odd1));                                            \
        TO(2, fma((vec)(POINT_2), even0, INVERSE_2 * even1));                                      \
        TO(3, fma((vec)(POINT_2 * POINT), odd0,                                                    \
                  fma((vec)(INVERSE_2 * INVERSE), odd1, FROM(5))));                                \
    }
#else
#define TRANSFORM_IN(FROM, TO)                                                                     \
    {                                                                                              \
        vec d0 = FROM(0), d1 = FROM(1), d2 = FROM(2), d3 = FROM(3);                                \
        TO(0, d0 - d2);                                                                            \
        TO(1, d1 + d2);                                                                            \
        TO(2, d2 - d1);                                                                            \
        TO(3, d3 - d1);                                                                            \
    }
#define TRANSFORM_OUT(FROM, TO)                                                                    \
    {                                                                                              \
        vec even = FROM(1) + FROM(2), odd = FROM(1) - FROM(2);                                     \
        TO(0, FROM(0) + even);                                                                     \
        TO(1, odd + FROM(3));                                                                      \
    }
#endif

/* A tile's inputs of one block of channels, by columns and then by rows. */
static void transform_tile_in(__global const float *in, const struct shape *s, int x0, int y0,
                              __global float *v)
{
    vec half_done[POSITIONS];
    bool rows_inside = y0 >= 0 && y0 + SPAN <= s->in_h;
    for (int j = 0; j < SPAN; j++) {
        int x = x0 + j;
#define KEEP(i, value) half_done[(i)*SPAN + j] = value
        if (x < 0 || x >= s->in_w) {
            for (int i = 0; i < SPAN; i++)
                KEEP(i, (vec)(0.0f));
            continue;
        }
        __global const float *column = in + ((long)y0 * s->in_w + x) * WIDTH;
#define INSIDE(i) VLOAD(0, column + (long)(i)*s->in_w * WIDTH)
#define MAYBE(i) ((unsigned)(y0 + (i)) < (unsigned)s->in_h ? INSIDE(i) : (vec)(0.0f))
        if (rows_inside)
            TRANSFORM_IN(INSIDE, KEEP)
        else
            TRANSFORM_IN(MAYBE, KEEP)
    }
    for (int i = 0; i < SPAN; i++) {
#define KEPT(j) half_done[i * SPAN + (j)]
#define PUT(j, value) VSTORE(value, 0, v + (i * SPAN + (j)) * (size_t)s->v_step)
        TRANSFORM_IN(KEPT, PUT)
    }
}

/* Blocks [block0, block1) of a strip's input. Rows of the multiplication come in pairs: a tile more
 * than the strip has, for an odd count, repeats the last. */
static void transform_in(__global const float *in, const struct shape *s, int group, int strip,
                         int block0, int block1, __global float *v)
{
    int tile0 = strip * s->strip, n = min(s->strip, s->tiles - tile0);
    size_t plane = (size_t)s->in_h * s->in_w * WIDTH;
    for (int block = block0; block < block1; block++) {
        struct place at = place_of(s, tile0);
        for (int t = 0; t < n + n % 2; t++) {
            size_t planes = ((size_t)at.image * s->groups + group) * s->in_blocks + block;
            transform_tile_in(in + planes * plane, s, at.x * TILE - s->pad_w,
                              at.y * TILE - s->pad_h, v + ((size_t)block * s->strip + t) * WIDTH);
            if (t + 1 < n)
                place_next(&at, s);
        }
    }
}

/* One program for no activation, ReLU and Clip: bounds, which keep what is not a number. */
#if ACT == 0
#define FINAL(x) ((x) < f->low ? (vec)(f->low) : (x) > f->high ? (vec)(f->high) : (x))
#else
#define FINAL(x) ACTIVATE(x, f->alpha, f->beta)
#endif

struct finish {
    __global const float *bias, *residual; /* residual may be NULL */
    __global float *out;
    float low, high, alpha, beta;
};

/* A tile's outputs of one block of channels. */
static void transform_tile_out(__local const float *m, const struct shape *s, vec bias,
                               size_t out_at, int nx, int ny, const struct finish *f)
{
    vec half_done[TILE * SPAN];
    for (int j = 0; j < SPAN; j++) {
#define FROM_M(i) VLOAD(0, m + ((i)*SPAN + j) * NR)
        TRANSFORM_OUT(FROM_M, KEEP)
    }
    for (int i = 0; i < ny; i++) {
        size_t row = out_at + (size_t)i * s->out_w * WIDTH;
#define FINISH(j, value)                                                                           \
    if ((j) < nx) {                                                                                \
        vec sum = (value) + bias;                                                                  \
        if (f->residual)                                                                           \
            sum += VLOAD(j, f->residual + row);                                                    \
        VSTORE(FINAL(sum), j, f->out + row);                                                       \
    }
        TRANSFORM_OUT(KEPT, FINISH)
    }
}

/* A strip's outputs of one pair of blocks. */
static void transform_out(__local const float *m, const struct shape *s, int group, int strip,
                          int pair, const struct finish *f)
{
    int tile0 = strip * s->strip, n = min(s->strip, s->tiles - tile0);
    size_t plane = (size_t)s->out_h * s->out_w;
    for (int half_i = 0; half_i < 2 && 2 * pair + half_i < s->out_blocks; half_i++) {
        int block = 2 * pair + half_i;
        struct place at = place_of(s, tile0);
        vec bias = VLOAD(group * s->out_blocks + block, f->bias);
        for (int t = 0; t < n; t++) {
            size_t planes = ((size_t)at.image * s->groups + group) * s->out_blocks + block;
            int x = at.x * TILE, y = at.y * TILE;
            size_t out_at = (planes * plane + (size_t)y * s->out_w + x) * WIDTH;
            transform_tile_out(m + (size_t)t * M_TILE + half_i * WIDTH, s, bias, out_at,
                               min(TILE, s->out_w - x), min(TILE, s->out_h - y), f);
            place_next(&at, s);
        }
    }
}

/* The register tile: n tiles by two vectors of output channels, in named variables. */
#define TILES_2(X) X(0) X(1)
#define TILES_4(X) TILES_2(X) X(2) X(3)
#define TILES_6(X) TILES_4(X) X(4) X(5)
#define TILES_8(X) TILES_6(X) X(6) X(7)
#define TILES_10(X) TILES_8(X) X(8) X(9)
#define TILES_12(X) TILES_10(X) X(10) X(11)
#define TILES_14(X) TILES_12(X) X(12) X(13)
#define TILE_ADD(i)                                                                                \
    {                                                                                              \
        vec x = (vec)(v[k + (i)*WIDTH]);                                                           \
        c##i##0 = fma(x, b0, c##i##0);                                                             \
        c##i##1 = fma(x, b1, c##i##1);                                                             \
    }
#define TILE_KEEP(i)                                                                               \
    VSTORE(c##i##0, 0, m + (i)*M_TILE);                                                            \
    VSTORE(c##i##1, 1, m + (i)*M_TILE);
#define MULTIPLY(n)                                                                                \
    case n: {                                                                                      \
        TILES_##n(ROW_ZERO);                                                                       \
        for (int block = 0; block < s->in_blocks; block++, v += s->strip * WIDTH) {                \
            __attribute__((opencl_unroll_hint(UNROLL))) for (int k = 0; k < WIDTH; k++, u += NR)   \
            {                                                                                      \
                AHEAD(u + AHEAD_STEPS * NR);                                                       \
                AHEAD(u + AHEAD_STEPS * NR + WIDTH);                                               \
                vec b0 = VLOAD(0, u), b1 = VLOAD(1, u);                                            \
                TILES_##n(TILE_ADD)                                                                \
            }                                                                                      \
        }                                                                                          \
        TILES_##n(TILE_KEEP) break;                                                                \
    }

#ifndef UNROLL
#define UNROLL 4
#endif
/* Weights come from afar in one stream. */
#ifndef AHEAD_STEPS
#define AHEAD_STEPS 16
#endif
#define AHEAD(p) __builtin_prefetch((const void *)(size_t)(p), 0, 2)

/* n tiles of one position: m = v * u. */
static void multiply(__global const float *v, __global const float *u, __local float *m,
                     const struct shape *s, int n)
{
    switch (n) {
#if TILES_MAX >= 14
        MULTIPLY(14)
        MULTIPLY(12)
        MULTIPLY(10)
        MULTIPLY(8)
#endif
#if TILES_MAX >= 6
        MULTIPLY(6)
        MULTIPLY(4)
#endif
        MULTIPLY(2)
    }
}

/* One strip and one pair of blocks of output channels, all positions. */
static void multiply_strip(__global const float *v, __global const float *u, __local float *m,
                           const struct shape *s, int n)
{
    n += n % 2;
    size_t u_step = (size_t)s->in_blocks * WIDTH * NR;
    for (int position = 0; position < POSITIONS; position++) {
        int parts = (n + TILES_MAX - 1) / TILES_MAX;
        for (int t = 0; t < n; parts--) {
            int each = ((n - t) / 2 + parts - 1) / parts * 2;
            multiply(v + (size_t)position * s->v_step + t * WIDTH, u + position * u_step,
                     m + (size_t)t * M_TILE + position * NR, s, each);
            t += each;
        }
    }
}

/* v_all is NULL where each work-item transforms its strips' input itself, into own_v. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
winograd(__global const float *restrict in, __global const float *restrict u,
         __global const float *restrict bias, __global const float *restrict residual,
         __global float *restrict out, __global float *restrict v_all, __local float *own_v,
         __local float *restrict m, int8 shape0, int8 shape1, int pairs_each, float low,
         float high, float alpha, float beta)
{
    struct shape s = SHAPE(shape0, shape1);
    struct finish f = {bias, residual, out, low, high, alpha, beta};
    int strip = get_global_id(0), group = get_global_id(2);
    int strips = get_global_size(0), pairs = (s.out_blocks + 1) / 2;
    int pair0 = get_global_id(1) * pairs_each, pair1 = min(pair0 + pairs_each, pairs);
    size_t u_step = (size_t)POSITIONS * s.in_blocks * WIDTH * NR;
    /* On a CPU local memory is memory like any other, so one program serves both. */
    __global float *v = (__global float *)(size_t)own_v;
    if (v_all)
        v = v_all + ((size_t)group * strips + strip) * POSITIONS * s.v_step;
    else
        transform_in(in, &s, group, strip, 0, s.in_blocks, v);
    int n = min(s.strip, s.tiles - strip * s.strip);
    for (int pair = pair0; pair < pair1; pair++) {
        multiply_strip(v, u + ((size_t)group * pairs + pair) * u_step, m, &s, n);
        transform_out(m, &s, group, strip, pair, &f);
    }
}

/* V of all strips. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
winograd_in(__global const float *restrict in, __global float *restrict v_all, int8 shape0,
            int8 shape1, int blocks_each)
{
    struct shape s = SHAPE(shape0, shape1);
    int strip = get_global_id(0), group = get_global_id(2), strips = get_global_size(0);
    int block0 = get_global_id(1) * blocks_each, block1 = min(block0 + blocks_each, s.in_blocks);
    transform_in(in, &s, group, strip, block0, block1,
                 v_all + ((size_t)group * strips + strip) * POSITIONS * s.v_step);
}
