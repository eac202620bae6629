/* Convolution and products of quantized operands on a CPU, in blocks of channels: a register tile
 * is two segments of SEGMENT neighbouring output pixels by two vectors of output channels. A step
 * takes four input channels of one tap: WIDTH * 2 quads of weights, which were packed ahead in the
 * order of steps, and one quad of input a pixel, found through a table of offsets. Borders lie in
 * the input already. BYTE: the type of y; PIXEL: bytes between neighbouring pixels' inputs, 0 where
 * only the launch knows. */
#include "cpu/int8_dot.cl"

#if WIDTH == 16
#define SEGMENT 7
#define SEGMENT_PIXELS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6)
#else
#define SEGMENT 3
#define SEGMENT_PIXELS(X) X(0) X(1) X(2)
#endif

#if PIXEL > 0
#define X_PIXEL PIXEL
#else
#define X_PIXEL step.s2
#endif

/* A segment's image, row and number in the row. */
struct cursor {
    int image, line, part;
};

/* size: segments in all, segments a row, rows an image, pixels a row, steps, tiles of channels a
 * group, channels a group, segments a work-item. */
static inline struct cursor cursor_at(int segment, int8 size)
{
    int row = segment / size.s1, image = row / size.s2;
    struct cursor at = {image, row - image * size.s2, segment - row * size.s1};
    return at;
}

static inline void advance(struct cursor *at, int8 size)
{
    if (++at->part < size.s1)
        return;
    at->part = 0;
    if (++at->line < size.s2)
        return;
    at->line = 0;
    at->image++;
}

/* Of the input and the output, in bytes. step: bytes of an image, a row, a pixel and a group of x,
 * of an image, a pixel and a block of channels of y; channels of a group that y may hold. */
struct place {
    size_t x, y;
};

/* A row's last segment of `pixels` begins so that it is full. */
static inline struct place place_of(struct cursor at, int pixels, int8 size, int8 step)
{
    int column = min(at.part * pixels, size.s3 - pixels);
    struct place place = {
        (size_t)at.image * step.s0 + (size_t)at.line * step.s1 + column * X_PIXEL,
        (size_t)at.image * step.s4 + ((size_t)at.line * size.s3 + column) * step.s5};
    return place;
}

/* Channels past the last are not stored where a pixel's lie next to another's. */
static inline void store(vbytes bytes, __global BYTE *to, int room)
{
    if (room >= WIDTH) {
        STORE_BYTES(__global, bytes, to);
        return;
    }
    for (int i = 0; i < room; i++)
        to[i] = (BYTE)bytes[i];
}

/* Of a pixel's last channels no more are read than there are. */
static inline vint residual_of(__global const BYTE *from, int room)
{
#if HAS_RESIDUAL
    if (room >= WIDTH)
        return RESIDUAL_AT(from);
    int lanes[WIDTH];
    for (int i = 0; i < WIDTH; i++)
        lanes[i] = i < room ? from[i] : 0;
    return VLOAD(0, lanes);
#else
    return (vint)0;
#endif
}

#define PARAMETERS                                                                                 \
    __global const uchar *restrict x, __global const int *restrict weights,                        \
        __global const int *restrict offsets, __global const float *restrict multipliers,          \
        __global const int *restrict bias, __global const BYTE *restrict residual,                 \
        __global BYTE *restrict y, int8 size, int8 step, int tiles_each,            \
        ROUNDING_PARAMETERS

#define QUAD(p) (vint)(*(__global const int *)(p))
#define DECLARE(j) vint a##j##0 = bias0, a##j##1 = bias1, b##j##0 = bias0, b##j##1 = bias1;
#define STEP_A(j)                                                                                  \
    {                                                                                              \
        vint q = QUAD(xa + (j)*X_PIXEL);                                                           \
        ADD_DOT(a##j##0, q, w0);                                                                   \
        ADD_DOT(a##j##1, q, w1);                                                                   \
    }
#define STEP_B(j)                                                                                  \
    {                                                                                              \
        vint q = QUAD(xb + (j)*X_PIXEL);                                                           \
        ADD_DOT(b##j##0, q, w0);                                                                   \
        ADD_DOT(b##j##1, q, w1);                                                                   \
    }
#define FINISH(sum, v, at)                                                                         \
    if (room > (v)*WIDTH) {                                                                        \
        size_t to = (at) + (size_t)(v)*step.s6;                                                  \
        vint other = residual_of(residual + to, room - (v)*WIDTH);                                 \
        store(rounded(&r, sum, m##v, other), y + to, room - (v)*WIDTH);                            \
    }
#define FINISH_A(j) FINISH(a##j##0, 0, ya + (j)*step.s5) FINISH(a##j##1, 1, ya + (j)*step.s5)
#define FINISH_B(j) FINISH(b##j##0, 0, yb + (j)*step.s5) FINISH(b##j##1, 1, yb + (j)*step.s5)

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void qlinear_tiles(PARAMETERS)
{
    struct rounding r = ROUNDING;
    int group = get_global_id(2), steps = size.s4, tiles = size.s5;
    int first = get_global_id(0) * size.s7, last = min(first + size.s7, size.s0);
    int tile = get_global_id(1) * tiles_each, tile_end = min(tile + tiles_each, tiles);
    for (; tile < tile_end; tile++) {
        size_t at = (size_t)(group * tiles + tile) * 2 * WIDTH;
        __global const int *w_first = weights + at * steps;
        vint bias0 = VLOAD(0, bias + at), bias1 = VLOAD(1, bias + at);
        vfloat m0 = VLOAD(0, multipliers + at), m1 = VLOAD(1, multipliers + at);
        int room = step.s7 - tile * 2 * WIDTH;
        size_t y_tile = (size_t)(group * size.s6 / WIDTH + tile * 2) * step.s6;
        struct cursor at_segment = cursor_at(first, size);
        for (int s = first; s < last; s += 2) {
            struct place pa = place_of(at_segment, SEGMENT, size, step);
            if (s + 1 < last)
                advance(&at_segment, size);
            struct place pb = place_of(at_segment, SEGMENT, size, step);
            advance(&at_segment, size);
            __global const uchar *xa_first = x + pa.x + (size_t)group * step.s3;
            __global const uchar *xb_first = x + pb.x + (size_t)group * step.s3;
            __global const int *w = w_first;
            SEGMENT_PIXELS(DECLARE)
            for (int k = 0; k < steps; k++, w += 2 * WIDTH) {
                __global const uchar *xa = xa_first + offsets[k], *xb = xb_first + offsets[k];
                vint w0 = VLOAD(0, w), w1 = VLOAD(1, w);
                SEGMENT_PIXELS(STEP_A)
                SEGMENT_PIXELS(STEP_B)
            }
            size_t ya = pa.y + y_tile, yb = pb.y + y_tile;
            SEGMENT_PIXELS(FINISH_A)
            SEGMENT_PIXELS(FINISH_B)
        }
    }
}

/* One pixel at a time, for few of them: here a segment is a pixel, and four steps go at once. */
#define STEP_ONE(i)                                                                                \
    {                                                                                              \
        vint q = QUAD(from + offsets[k + i]);                                                      \
        ADD_DOT(c##i##0, q, VLOAD(2 * i, w));                                                      \
        ADD_DOT(c##i##1, q, VLOAD(2 * i + 1, w));                                                  \
    }

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void qlinear_pixels(PARAMETERS)
{
    struct rounding r = ROUNDING;
    int group = get_global_id(2), steps = size.s4, tiles = size.s5;
    int first = get_global_id(0) * size.s7, last = min(first + size.s7, size.s0);
    int tile = get_global_id(1) * tiles_each, tile_end = min(tile + tiles_each, tiles);
    for (; tile < tile_end; tile++) {
        size_t at = (size_t)(group * tiles + tile) * 2 * WIDTH;
        vfloat m0 = VLOAD(0, multipliers + at), m1 = VLOAD(1, multipliers + at);
        int room = step.s7 - tile * 2 * WIDTH;
        size_t y_tile = (size_t)(group * size.s6 / WIDTH + tile * 2) * step.s6;
        for (int s = first; s < last; s++) {
            struct place p = place_of(cursor_at(s, size), 1, size, step);
            __global const uchar *from = x + p.x + (size_t)group * step.s3;
            int k = 0;
            __global const int *w = weights + at * steps;
            vint c00 = VLOAD(0, bias + at), c01 = VLOAD(1, bias + at), c10 = 0, c11 = 0, c20 = 0;
            vint c21 = 0, c30 = 0, c31 = 0;
            for (; k + 4 <= steps; k += 4, w += 8 * WIDTH) {
                STEP_ONE(0)
                STEP_ONE(1)
                STEP_ONE(2)
                STEP_ONE(3)
            }
            for (; k < steps; k++, w += 2 * WIDTH)
                STEP_ONE(0)
            size_t to_pixel = p.y + y_tile;
            FINISH(c00 + c10 + c20 + c30, 0, to_pixel)
            FINISH(c01 + c11 + c21 + c31, 1, to_pixel)
        }
    }
}
