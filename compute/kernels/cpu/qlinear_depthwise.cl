/* Quantized convolution of each channel by itself on a CPU, in blocks of WIDTH channels. A
 * work-item makes some rows of one block. It keeps the input rows that a row of the output needs in
 * local memory, with borders of the zero point (FLIP makes signed bytes unsigned). Four
 * neighbouring pixels are turned into quads, one a channel: a step of the dot product takes four
 * taps of a row. At stride 1 one quad serves two output pixels, the second with weights that are
 * one tap further on. KERNEL_H rows of QUADS quads each, for which
 * weights have PARTS that are added up. */
#include "cpu/int8_dot.cl"

#define STEPS (KERNEL_H * QUADS)
#if STRIDE_W == 1
#define SHIFTS 2
#else
#define SHIFTS 1
#endif

#define CHANNEL(c) c, c + WIDTH, c + 2 * WIDTH, c + 3 * WIDTH
#define CHANNELS_4(c) CHANNEL(c), CHANNEL(c + 1), CHANNEL(c + 2), CHANNEL(c + 3)
#if WIDTH == 16
#define CHANNELS CHANNELS_4(0), CHANNELS_4(4), CHANNELS_4(8), CHANNELS_4(12)
#else
#define CHANNELS CHANNELS_4(0), CHANNELS_4(4)
#endif

/* The quads of WIDTH channels from four pixels on. */
static inline vint quads_of(__local const uchar *pixels)
{
    vquad v = __builtin_astype(VLOAD(0, (__local const int *)pixels), vquad);
    return __builtin_astype(__builtin_shufflevector(v, v, CHANNELS), vint);
}

/* size: rows and columns of the input, of the output, blocks, rows a work-item. border: rows and
 * columns in front, columns of a local row, the stride down, the zero point. */
static void fill_row(__local uchar *line, __global const uchar *x, int row, int8 size, int8 border)
{
    vbytes empty = (vbytes)(uchar)border.s4;
    bool inside = row >= 0 && row < size.s0;
    int begin = inside ? border.s1 : border.s2, end = inside ? border.s1 + size.s1 : border.s2;
    __global const uchar *from = x + ((long)row * size.s1 - border.s1) * WIDTH;
    int i = 0;
    for (; i < begin; i++)
        STORE_BYTES(__local, empty, line + i * WIDTH);
    for (; i + 4 <= end; i += 4)
        *(__local vquad_at *)(line + i * WIDTH) =
            *(__global const vquad_at *)(from + i * WIDTH) ^ (vquad)(uchar)FLIP;
    for (; i < end; i++)
        STORE_BYTES(__local, LOAD_BYTES(__global, from + i * WIDTH) ^ (vbytes)(uchar)FLIP,
                    line + i * WIDTH);
    for (; i < border.s2; i++)
        STORE_BYTES(__local, empty, line + i * WIDTH);
}

#define STORE(sum, column)                                                                         \
    {                                                                                              \
        size_t to = y_row + (size_t)(column)*WIDTH;                                                \
        vbytes bytes = rounded(&r, sum, multiplier, RESIDUAL_AT(residual + to));                   \
        STORE_BYTES(__global, bytes, y + to);                                                      \
    }

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
qlinear_depthwise(__global const uchar *restrict x, __global const int *restrict weights,
                  __global const float *restrict multipliers, __global const int *restrict bias,
                  __global const BYTE *restrict residual, __global BYTE *restrict y,
                  __local uchar *lines, int8 size, int8 border, ROUNDING_PARAMETERS)
{
    struct rounding r = ROUNDING;
    int unit = get_global_id(1), block = unit % size.s4;
    int row = get_global_id(0) * size.s5, row_end = min(row + size.s5, size.s2);
    int next = row * border.s3, line_bytes = border.s2 * WIDTH, out_w = size.s3;
    x += (size_t)unit * size.s0 * size.s1 * WIDTH;
    vfloat multiplier = VLOAD(block, multipliers);
    vint shift = VLOAD(block, bias), w[STEPS * PARTS * SHIFTS];
    for (int i = 0; i < STEPS * PARTS * SHIFTS; i++)
        w[i] = VLOAD(block * STEPS * PARTS * SHIFTS + i, weights);
    for (; row < row_end; row++) {
        int top = row * border.s3; /* counted with the border */
        for (next = max(next, top); next < top + KERNEL_H; next++)
            fill_row(lines + next % KERNEL_H * line_bytes, x, next - border.s0, size, border);
        __local const uchar *line[KERNEL_H];
        for (int i = 0; i < KERNEL_H; i++)
            line[i] = lines + (top + i) % KERNEL_H * line_bytes;
        size_t y_row = ((size_t)unit * size.s2 + row) * out_w * WIDTH;
        for (int column = 0; column < out_w; column += SHIFTS) {
            vint a = shift;
#if SHIFTS == 2
            vint b = shift;
#endif
#pragma unroll
            for (int i = 0; i < STEPS; i++) {
                int at = (column * STRIDE_W + i % QUADS * 4) * WIDTH;
                vint q = quads_of(line[i / QUADS] + at);
                for (int part = 0; part < PARTS; part++) {
                    ADD_DOT(a, q, w[(i * PARTS + part) * SHIFTS]);
#if SHIFTS == 2
                    ADD_DOT(b, q, w[(i * PARTS + part) * SHIFTS + 1]);
#endif
                }
            }
            STORE(a, column)
#if SHIFTS == 2
            if (column + 1 < out_w)
                STORE(b, column + 1)
#endif
        }
    }
}
