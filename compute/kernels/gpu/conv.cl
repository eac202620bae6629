/* Convolution on a GPU as an implicit matrix product, NCHW, one to three spatial axes (missing ones
 * have size 1 and come first).
 *
 * Rows are the output channels of a group, columns the output pixels of all images. The inner axis
 * is (tap, channel): all channels of one place in the window, then those of the next. So where a
 * column reads is worked out once a tap and not once an element, a 1x1 convolution is a plain
 * product, and the window's extents are arguments. Channels are padded to whole slices; where that
 * would waste much (a stem of 3 channels), STEPS reads from a table where each inner step lies, and
 * only the end of the whole axis is padded.
 *
 * Weights come as [group][inner step][rows, padded to 4].
 *
 * Three arguments carry the geometry:
 *   in_out: ID IH IW OD OH OW, channels of a group, the same padded to slices
 *   step:   strides, dilations, rows of a group, columns
 *   window: kernel, pads at the beginnings, splits, activation
 *
 * Where tiles are too few for the device, `splits` work-groups share the inner axis of one; they
 * write sums to `partial`, [split][output], and conv_join adds them up. */
#include "common.cl"
#include "gpu/finish.cl"
#include "gpu/tile.cl"

#define A_EACH (KWG * MWG / 4 / ITEMS) /* float4s of A that an item brings for a slice */
#define B_STEP (ITEMS / NWG)
#define B_EACH (KWG / B_STEP) /* elements of B */

/* A column's image and its window's first place in the input. */
typedef struct {
    int n, d, h, w;
} pixel;

static inline pixel pixel_at(int column, int8 in_out, int8 step, int8 window)
{
    pixel at;
    at.w = column % in_out.s5 * step.s2 - window.s5;
    column /= in_out.s5;
    at.h = column % in_out.s4 * step.s1 - window.s4;
    column /= in_out.s4;
    at.d = column % in_out.s3 * step.s0 - window.s3;
    at.n = column / in_out.s3;
    return at;
}

/* Where in a plane of the input; -1 outside. */
static inline int place(int d, int h, int w, int8 in_out)
{
    bool inside = d >= 0 && d < in_out.s0 && h >= 0 && h < in_out.s1 && w >= 0 && w < in_out.s2;
    return inside ? (d * in_out.s1 + h) * in_out.s2 + w : -1;
}

typedef struct {
    float4 a[A_EACH];
    float b[B_EACH];
} incoming;

/* Where an item's part of the next slice comes from. All that can be is kept from slice to slice,
 * so that a load costs an addition and a comparison beside the multiply-adds. */
typedef struct {
    __global const TYPE *weights, *x;
    size_t a_at, image;
    pixel at; /* of the item's column */
    bool row_there, column_there;
#ifdef STEPS
    __global const int4 *steps;
#else
    size_t b_at;
    int kd, kh, kw; /* the tap */
    int channel;    /* the item's first one in the slice */
    bool tap_there;
#endif
} source;

#ifndef STEPS
static inline void begin_tap(source *s, int channel, int8 in_out, int8 step)
{
    int from = place(s->at.d + s->kd * step.s3, s->at.h + s->kh * step.s4,
                     s->at.w + s->kw * step.s5, in_out);
    s->tap_there = s->column_there && from >= 0;
    s->channel = channel;
    s->b_at = s->image + (size_t)channel * (in_out.s0 * in_out.s1 * in_out.s2) + from;
}
#endif

static inline void begin(source *s, int slice, int8 in_out, int8 step, int8 window, int rows4)
{
    int item = get_local_id(0);
    s->a_at += (size_t)(slice * KWG + item / (MWG / 4)) * rows4;
#ifdef STEPS
    s->steps += slice * KWG + item / NWG;
#else
    int tap_slices = in_out.s7 / KWG, tap = slice / tap_slices;
    s->kw = tap % window.s2;
    s->kh = tap / window.s2 % window.s1;
    s->kd = tap / window.s2 / window.s1;
    begin_tap(s, slice % tap_slices * KWG + item / NWG, in_out, step);
#endif
}

/* Loads the item's part of a slice, and goes on to the next. */
static inline void bring(incoming *in, source *s, int8 in_out, int8 step, int8 window, int rows4)
{
    int planes = in_out.s0 * in_out.s1 * in_out.s2;
#pragma unroll
    for (int i = 0; i < A_EACH; i++)
        in->a[i] = s->row_there ? LOAD4(s->weights, s->a_at + i * (ITEMS / (MWG / 4)) * rows4)
                                : (float4)(0.0f);
    s->a_at += KWG * rows4;
#ifdef STEPS
#pragma unroll
    for (int i = 0; i < B_EACH; i++) {
        int4 at = s->steps[i * B_STEP];
        int from = place(s->at.d + at.s1, s->at.h + at.s2, s->at.w + at.s3, in_out);
        in->b[i] = s->column_there && from >= 0 ? LOAD(s->x, s->image + at.s0 + from) : 0;
    }
    s->steps += KWG;
#else
    int left = in_out.s6 - s->channel;
#pragma unroll
    for (int i = 0; i < B_EACH; i++)
        in->b[i] =
            s->tap_there && i * B_STEP < left ? LOAD(s->x, s->b_at + i * B_STEP * planes) : 0;
    s->channel += KWG;
    s->b_at += (size_t)KWG * planes;
    int first = get_local_id(0) / NWG;
    if (s->channel - first < in_out.s7)
        return;
    s->kw++;
    if (s->kw == window.s2) {
        s->kw = 0;
        s->kh++;
    }
    if (s->kh == window.s1) {
        s->kh = 0;
        s->kd++;
    }
    begin_tap(s, first, in_out, step);
#endif
}

static inline void put(const incoming *in, __local SLICE_TYPE4 *a, __local SLICE_TYPE4 *b)
{
    int item = get_local_id(0);
    __local SLICE_TYPE *columns = (__local SLICE_TYPE *)b;
#pragma unroll
    for (int i = 0; i < A_EACH; i++)
        a[item + i * ITEMS] = TO_SLICE4(in->a[i]);
#pragma unroll
    for (int i = 0; i < B_EACH; i++)
        columns[item + i * ITEMS] = (SLICE_TYPE)in->b[i];
}

/* Where sums go: to partial, where that isn't NULL, else through the epilogue to y. */
typedef struct {
    __global const TYPE *bias, *residual;
    __global TYPE *y;
    __global float *partial;
    int plane, channels, columns, act; /* of the output; channels of all groups */
    float alpha, beta;
} target;

static inline void store_one(const target *to, float sum, size_t at)
{
    if (to->partial) {
        to->partial[at] = sum;
        return;
    }
    if (to->residual)
        sum += LOAD(to->residual, at);
    STORE(activate1(sum, to->act, to->alpha, to->beta), to->y, at);
}

/* Four columns of a channel; they may go on in the next image, or end. */
static inline void store_four(const target *to, float4 sum, int channel, int column)
{
    if (column >= to->columns)
        return;
    int image = column / to->plane, at = column % to->plane;
    size_t out = ((size_t)image * to->channels + channel) * to->plane + at;
    if (to->bias && !to->partial)
        sum += LOAD(to->bias, channel);
    if (to->plane % 4 == 0 && to->partial) {
        vstore4(sum, out / 4, to->partial);
    } else if (to->plane % 4 == 0) {
        if (to->residual)
            sum += LOAD4(to->residual, out);
        STORE4(activate4(sum, to->act, to->alpha, to->beta), to->y, out);
    } else {
        float four[4];
        vstore4(sum, 0, four);
        for (int e = 0, left = to->plane - at; e < 4 && column + e < to->columns; e++, left--) {
            if (left == 0) {
                left = to->plane;
                out += (size_t)(to->channels - 1) * to->plane;
            }
            store_one(to, four[e], out++);
        }
    }
}

__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void
conv_tiles(__global const TYPE *restrict x, __global const TYPE *restrict weights,
           __global const TYPE *bias, __global const TYPE *residual, __global TYPE *y,
           __global float *restrict partial, __global const int4 *restrict steps, int8 in_out,
           int8 step, int8 window, int slices, float alpha, float beta)
{
    __local SLICE_TYPE4 a[2][A_SLICE], b[2][B_SLICE];
    int item = get_local_id(0), tile_x = item % NDIM, tile_y = item / NDIM;
    int splits = window.s6, rows = step.s6, columns = step.s7;
    int group = get_group_id(2) / splits, split = get_group_id(2) % splits;
    int groups = get_num_groups(2) / splits;
    int row0 = get_group_id(0) * MWG, column0 = get_group_id(1) * NWG;
    int column = column0 + item % NWG;
    int slice = (int)((long)slices * split / splits);
    int slice_end = (int)((long)slices * (split + 1) / splits);

    int rows4 = (rows + 3) / 4 * 4, row = row0 + item % (MWG / 4) * 4;

    source from;
    from.weights = weights + (size_t)group * slices * KWG * rows4;
    from.x = x;
    from.a_at = row;
    from.row_there = row < rows4;
    from.column_there = column < columns;
    from.at = pixel_at(from.column_there ? column : 0, in_out, step, window);
    from.image = ((size_t)from.at.n * groups + group) * in_out.s6;
    from.image *= in_out.s0 * in_out.s1 * in_out.s2;
#ifdef STEPS
    from.steps = steps;
#endif
    begin(&from, slice, in_out, step, window, rows4);

    float4 sums[MWI][NWI / 4];
    tile_clear(sums);
    incoming next;
    if (slice < slice_end) {
        bring(&next, &from, in_out, step, window, rows4);
        put(&next, a[0], b[0]);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int now = 0; slice < slice_end; slice++, now ^= 1) {
        if (slice + 1 < slice_end)
            bring(&next, &from, in_out, step, window, rows4);
        tile_multiply(a[now], b[now], sums, tile_y, tile_x);
        if (slice + 1 < slice_end)
            put(&next, a[now ^ 1], b[now ^ 1]);
        barrier(CLK_LOCAL_MEM_FENCE);
    }

    target to = {bias,          residual, y,         NULL,  in_out.s3 * in_out.s4 * in_out.s5,
                 groups * rows, columns,  window.s7, alpha, beta};
    if (splits > 1)
        to.partial = partial + (size_t)split * columns * groups * rows;
    for (int j = 0; j < NWI / 4; j++)
        for (int i = 0; i < MWI; i++) {
            int at = row0 + tile_row(i, tile_y);
            if (at < rows)
                store_four(&to, sums[i][j], group * rows + at, column0 + tile_column(j, tile_x));
        }
}
