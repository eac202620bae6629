/* Convolution on a CPU in a blocked layout. A work-item takes some output rows and some tiles of
 * NR output channels. It broadcasts each element of a pixel's input channels and multiplies it with
 * the NR weights that meet it, packed ahead as [tile of channels][block of input channels][tap]
 * [IB][NR].
 *
 * WIDTH     floats of a vector, channels of a block
 * MR, ROWS  pixels of a register tile: MR of a row, of one row or two
 * MT        pixels of the tile for what is left over; 0: there is never any
 * PANEL     1: the input is first copied to a panel in local memory, with zeros for its borders;
 *           0: for a kernel of one tap that steps by one and meets no border
 * PLAIN     1: the input is in PLAIN, and only in the panel in blocks of four channels
 * IB        input channels of a block: WIDTH, or 4 for an input in PLAIN
 * HALF      1: the last tile of channels has one vector only */
#include "common.cl"

#define PASTE2(a, b) a##b
#define PASTE(a, b) PASTE2(a, b)
#define VEC PASTE(float, WIDTH)
#define VLOAD PASTE(vload, WIDTH)
#define VSTORE PASTE(vstore, WIDTH)
#define NR (2 * WIDTH)

#define LIST1(X) X(0)
#define LIST2(X) LIST1(X) X(1)
#define LIST3(X) LIST2(X) X(2)
#define LIST4(X) LIST3(X) X(3)
#define LIST5(X) LIST4(X) X(4)
#define LIST6(X) LIST5(X) X(5)
#define LIST7(X) LIST6(X) X(6)
#define LIST8(X) LIST7(X) X(7)
#define LIST9(X) LIST8(X) X(8)
#define LIST10(X) LIST9(X) X(9)
#define LIST11(X) LIST10(X) X(10)
#define LIST12(X) LIST11(X) X(11)
#define LIST13(X) LIST12(X) X(12)
#define LIST14(X) LIST13(X) X(13)
#if ROWS == 1
#define WHOLE MR
#elif MR == 7
#define WHOLE 14
#elif MR == 6
#define WHOLE 12
#elif MR == 5
#define WHOLE 10
#elif MR == 4
#define WHOLE 8
#elif MR == 3
#define WHOLE 6
#elif MR == 2
#define WHOLE 4
#else
#define WHOLE 2
#endif

#if PANEL
#define SPACE __local
#define TAPS s->taps
#define OFFSET(tap) s->offsets[tap]
#else
#define SPACE __global
#define TAPS 1
#define OFFSET(tap) 0
#endif

#if defined(__has_builtin)
#if __has_builtin(__builtin_prefetch)
#define PREFETCH(p) __builtin_prefetch((const void *)(size_t)(p), 0, 3)
#endif
#endif
#ifndef PREFETCH
#define PREFETCH(p)
#endif

/* Where pixel i of a tile is. */
#define IN_AT(i) ((i) < MR ? above[(i)*IB + k] : below[((i)-MR) * IB + k])
#define OUT_AT(i) ((i) < MR ? (i)*WIDTH : s->out_row + ((i)-MR) * WIDTH)
#if ROWS == 1
#define below above
#endif
/* Keeps what is not a number. */
#define CLAMP(x) ((x) < s->low ? (VEC)(s->low) : (x) > s->high ? (VEC)(s->high) : (x))
#define PIXEL_PREFETCH(i) PREFETCH(from + s->in_plane + (i)*IB);

struct shape {
    int taps;
    int in_plane, in_row; /* floats of a block of input channels, of a step to the next row */
    long out_plane;
    int out_row;
    float low, high;            /* bounds of the activation */
    float alpha, beta;          /* of one that is more than that */
    __local const int *offsets; /* floats from a pixel's first tap to each */
};

#if ACT > 2
/* The activations that are more than two bounds. Sums come to the output only through them: another
 * work-item may have some of the pixels too. */
static void activate(const struct shape *s, const VEC *sums, __global float *to, int pixels,
                     int vectors)
{
    for (int i = 0; i < pixels; i++)
        for (int v = 0; v < vectors; v++)
            VSTORE(ACTIVATE(sums[2 * i + v], s->alpha, s->beta), 0,
                   to + v * s->out_plane + OUT_AT(i));
}
#endif

#define VECTORS 2
#define TILE tile
#define PIXELS PASTE(LIST, WHOLE)
#include "cpu/conv_tile.cl"
#undef TILE
#undef PIXELS
#if MT
#define TILE tile_left
#define PIXELS PASTE(LIST, MT)
#include "cpu/conv_tile.cl"
#undef TILE
#undef PIXELS
#endif
#undef VECTORS
#if HALF
#define VECTORS 1
#define TILE tile_half
#define PIXELS PASTE(LIST, WHOLE)
#include "cpu/conv_tile.cl"
#undef TILE
#undef PIXELS
#if MT
#define TILE tile_half_left
#define PIXELS PASTE(LIST, MT)
#include "cpu/conv_tile.cl"
#undef TILE
#undef PIXELS
#endif
#endif

/* The tile for what is left over where SMALL; with one vector where HALF. */
static void multiply(const struct shape *s, SPACE const float *from, __global const float *w,
                     __global const float *bias, int skip, int left, __global float *to,
                     __global const float *add, bool first, bool last, bool small, bool half_tile)
{
#if HALF
    if (half_tile) {
#if MT
        if (small)
            tile_half_left(s, from, w, bias, skip, left, to, add, first, last);
        else
#endif
            tile_half(s, from, w, bias, skip, left, to, add, first, last);
        return;
    }
#endif
#if MT
    if (small)
        tile_left(s, from, w, bias, skip, left, to, add, first, last);
    else
#endif
        tile(s, from, w, bias, skip, left, to, add, first, last);
}

/* What an item's input looks like in its panel. Columns lie apart by their remainder of the stride,
 * so that the pixels of a tile always lie side by side. */
struct panel {
    int rows, phases, columns; /* columns of a phase */
    int y, y_step, x, x_step;  /* input of row and column 0, and steps to the next */
};

/* The panel for columns [x0, x1) of output rows [row0, row1), and where the taps of a pixel are in
 * it. */
static void lay_out(struct panel *p, struct shape *s, __local int *offsets, int8 steps, int8 pads,
                    int row0, int row1, int x0, int x1)
{
    int kernel_h = steps.s0, kernel_w = steps.s1, stride_h = steps.s3, stride_w = steps.s4;
    int dilation_h = steps.s6, dilation_w = steps.s7;
    int row_step = kernel_h == 1 ? 1 : stride_h;
    p->rows = (row1 - row0 - 1) * row_step + (kernel_h - 1) * dilation_h + 1;
    p->phases = kernel_w == 1 ? 1 : stride_w;
    p->columns = x1 - x0 + (kernel_w - 1) * dilation_w / p->phases;
    p->y = row0 * stride_h - pads.s1;
    p->y_step = kernel_h == 1 ? stride_h : 1;
    p->x = x0 * stride_w - pads.s2;
    p->x_step = stride_w;
    int row = p->phases * p->columns * IB;
    s->taps = kernel_h * kernel_w;
    s->in_plane = p->rows * row;
    s->in_row = row_step * row;
    s->offsets = offsets;
    for (int tap = 0; tap < s->taps; tap++) {
        int x = tap % kernel_w * dilation_w;
        offsets[tap] =
            tap / kernel_w * dilation_h * row + (x % p->phases * p->columns + x / p->phases) * IB;
    }
}

typedef PASTE(float, IB) element;
#define ELEMENT_STORE(v, p) PASTE(vstore, IB)(v, 0, p)

/* The input channels of a block at one pixel, and how far apart pixels are. */
#if PLAIN
#define PIXEL_STEP 1
static element load_element(__global const float *from, long plane, int channels)
{
    float a = from[0], b = channels > 1 ? from[plane] : 0;
    float c = channels > 2 ? from[2 * plane] : 0, d = channels > 3 ? from[3 * plane] : 0;
    return (element)(a, b, c, d);
}
#else
#define PIXEL_STEP IB
static element load_element(__global const float *from, long plane, int channels)
{
    return VLOAD(0, from);
}
#endif

/* CHANNELS: what there is of a block, of which planes are IN_PLANE apart if the input is PLAIN. */
static void fill_row(__local float *to, __global const float *from, const struct panel *p, int in_w,
                     long in_plane, int channels)
{
    for (int phase = 0; phase < p->phases; phase++) {
        int x = p->x + phase;
        int begin = x >= 0 ? 0 : min(p->columns, (-x + p->x_step - 1) / p->x_step);
        int end = x >= in_w ? begin : min(p->columns, (in_w - x + p->x_step - 1) / p->x_step);
        end = max(begin, end);
        for (int i = 0; i < begin; i++, to += IB)
            ELEMENT_STORE((element)(0.0f), to);
        for (int i = begin; i < end; i++, to += IB)
            ELEMENT_STORE(load_element(from + (x + i * p->x_step) * PIXEL_STEP, in_plane, channels),
                          to);
        for (int i = end; i < p->columns; i++, to += IB)
            ELEMENT_STORE((element)(0.0f), to);
    }
}

/* Blocks of input channels, of which LEFT are there. */
static void fill(__local float *to, __global const float *from, const struct panel *p, int blocks,
                 int left, int in_h, int in_w)
{
    int row = p->phases * p->columns * IB;
    for (int block = 0; block < blocks; block++, from += (long)in_h * in_w * IB, left -= IB) {
        for (int r = 0; r < p->rows; r++, to += row) {
            int y = p->y + r * p->y_step;
            if (y >= 0 && y < in_h)
                fill_row(to, from + y * in_w * PIXEL_STEP, p, in_w, (long)in_h * in_w, left);
            else
                for (int i = 0; i < row; i += IB)
                    ELEMENT_STORE((element)(0.0f), to + i);
        }
    }
}

/* What an item adds up at once: from its first pixel, blocks [from, until) of the input. */
struct sum {
    int lines, run; /* pixels of a line */
    int from, until;
    int channels, rows_all, channels_all; /* of a group's input and output, of all output */
    int out_w, out_blocks;
};

/* One tile of channels for all of the item's pixels. */
static void add_up(const struct shape *s, const struct sum *n, SPACE const float *in,
                   __global const float *w, __global const float *bias,
                   __global const float *residual, __global float *out, int tile_at)
{
    /* The input channels of the groups that the tile's channels belong to. */
    int row = min(tile_at * NR + NR, n->channels_all) - 1;
    int begin = tile_at * NR / n->rows_all * n->channels;
    int end = (row / n->rows_all + 1) * n->channels;
    int k0 = max(begin, n->from * IB), k1 = min(end, n->until * IB);
    if (k0 >= k1)
        return;
    int block = k0 / IB;
    w += (size_t)(block - begin / IB) * s->taps * IB * NR;
    in += (block - n->from) * s->in_plane;
    bool first = k0 == begin, last = k1 == end;
    bool half_tile = HALF && tile_at * 2 + 1 == n->out_blocks;
    for (int y = 0; y < n->lines; y += ROWS) {
        for (int x = 0; x < n->run; x += MR) {
            bool small = ROWS == 2 ? n->lines - y < 2 : n->run - x <= MT;
            int at = min(x, n->run - (small ? MT : MR));
            size_t o = (size_t)(y * n->out_w + at) * WIDTH;
            multiply(s, in + y * s->in_row + at * IB, w, bias + tile_at * NR, k0 % IB,
                     k1 - block * IB, out + o, residual == 0 ? residual : residual + o, first, last,
                     small, half_tile);
        }
    }
}

/* in_shape, steps and pads are those of window_args.h. split: pieces of an image; rows of a piece
 * (of tiles, where there is no panel) and the fewest it may have; tiles of channels, and those of a
 * work-item; whether tiles run on from row to row, since the kernel has one column; blocks of input
 * channels in the panel; output channels of a group. across, columns_each: pieces beside each
 * other, and columns of each. tile_floats: weights of a tile of channels. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
conv_blocked(__global const float *restrict input, __global const float *restrict weights,
             __global const float *restrict bias, __global const float *restrict residual,
             __global float *restrict out, __local float *panel, __local int *offsets,
             int8 in_shape, int8 steps, int8 pads, int8 split, int across, int columns_each,
             long tile_floats, float low, float high, float alpha, float beta)
{
    int groups = in_shape.s6, in_h = in_shape.s2, in_w = in_shape.s3;
    int out_h = in_shape.s4, out_w = in_shape.s5, in_floats = in_h * in_w * IB;
    int image = get_global_id(0) / split.s0, piece = get_global_id(0) % split.s0;
    int tile0 = get_global_id(1) * split.s4, tile1 = min(tile0 + split.s4, split.s3);
    struct shape s = {
        .low = low, .high = high, .alpha = alpha, .beta = beta, .out_row = out_w * WIDTH};
    s.out_plane = (long)out_h * out_w * WIDTH;
    struct sum n = {.channels = in_shape.s0, .rows_all = split.s7, .out_w = out_w};
    n.channels_all = groups * n.rows_all;
    n.out_blocks = (n.channels_all + WIDTH - 1) / WIDTH;
    int in_channels = PLAIN ? groups * n.channels : (groups * n.channels + IB - 1) / IB * IB;
    __global const float *in = input + (size_t)image * in_channels * in_h * in_w;

#if PANEL
    int x1 = min((piece % across + 1) * columns_each, out_w);
    int x0 = max(0, min(piece % across * columns_each, x1 - MR));
    piece /= across;
    int row1 = min((piece + 1) * split.s1, out_h);
    int row0 = max(0, min(piece * split.s1, row1 - split.s2));
    struct panel p;
    lay_out(&p, &s, offsets, steps, pads, row0, row1, x0, x1);
    int pixel0 = row0 * out_w + x0;
    n.lines = split.s5 ? 1 : row1 - row0;
    n.run = split.s5 ? (row1 - row0) * out_w : x1 - x0;
#else
    int pixel1 = min((piece + 1) * split.s1 * MR, out_h * out_w);
    int pixel0 = max(0, min(piece * split.s1 * MR, pixel1 - MR));
    s.taps = 1;
    s.in_plane = in_floats;
    s.in_row = 0;
    n.lines = 1;
    n.run = pixel1 - pixel0;
#endif

    int row = min(tile1 * NR, n.channels_all) - 1;
    int block0 = tile0 * NR / n.rows_all * n.channels / IB;
    int block1 = (row / n.rows_all * n.channels + n.channels + IB - 1) / IB;
    for (n.from = block0; n.from < block1; n.from = n.until) {
        n.until = min(n.from + split.s6, block1);
        __global const float *source = in + (size_t)n.from * in_floats;
#if PANEL
        fill(panel, source, &p, n.until - n.from, n.channels - n.from * IB, in_h, in_w);
        __local const float *a = panel;
#else
        __global const float *a = source + pixel0 * IB;
#endif
        for (int tile_at = tile0; tile_at < tile1; tile_at++) {
            size_t at =
                ((size_t)image * n.out_blocks + tile_at * 2) * s.out_plane + (size_t)pixel0 * WIDTH;
            add_up(&s, &n, a, weights + tile_at * tile_floats, bias,
                   residual == 0 ? residual : residual + at, out + at, tile_at);
        }
    }
}
