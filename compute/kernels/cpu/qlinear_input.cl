/* The input of a quantized convolution as its kernels read it: unsigned (FLIP is 0x80 for signed
 * bytes, else 0), with borders of the zero point. BLOCK bytes a pixel. */
typedef uchar vbytes __attribute__((ext_vector_type(BLOCK)));
typedef uchar uchar16_at __attribute__((ext_vector_type(16), aligned(1)));
#define LOAD16(p) (*(__global const uchar16_at *)(p))

/* One row of the result a work-item. size: rows and columns of the input, of the result, rows and
 * columns of the border in front; channels (of PLAIN input). */
__kernel void border_blocks(__global const uchar *restrict x, __global uchar *restrict y, int8 size,
                            int zero)
{
    int row = get_global_id(0), unit = get_global_id(1);
    int in_h = size.s0, in_w = size.s1, out_w = size.s3, left = size.s5;
    int from_row = row - size.s4;
    __global vbytes *to = (__global vbytes *)y + ((size_t)unit * size.s2 + row) * out_w;
    vbytes empty = (vbytes)(uchar)zero;
    bool inside = from_row >= 0 && from_row < in_h;
    int begin = inside ? min(left, out_w) : out_w, end = inside ? min(left + in_w, out_w) : out_w;
    __global const vbytes *from =
        (__global const vbytes *)x + ((long)unit * in_h + from_row) * in_w - left;
    int i = 0;
    for (; i < begin; i++)
        to[i] = empty;
    for (; i < end; i++)
        to[i] = from[i] ^ (vbytes)(uchar)FLIP;
    for (; i < out_w; i++)
        to[i] = empty;
}

/* Up to four planes of channels to one quad a pixel. */
__kernel void border_quads(__global const uchar *restrict x, __global uint *restrict y, int8 size,
                           int zero)
{
    int row = get_global_id(0), image = get_global_id(1);
    int in_h = size.s0, in_w = size.s1, out_w = size.s3, left = size.s5, channels = size.s6;
    int from_row = row - size.s4;
    __global uint *to = y + ((size_t)image * size.s2 + row) * out_w;
    uint empty = (uint)zero * 0x01010101u;
    bool inside = from_row >= 0 && from_row < in_h;
    int begin = inside ? min(left, out_w) : out_w, end = inside ? min(left + in_w, out_w) : out_w;
    size_t plane = (size_t)in_h * in_w;
    __global const uchar *from = x + ((size_t)image * channels * in_h + from_row) * in_w - left;
    int i = 0;
    for (; i < begin; i++)
        to[i] = empty;
    for (; i + 16 <= end; i += 16) {
        uint16 quads = 0;
        for (int c = 0; c < channels; c++)
            quads |= convert_uint16(LOAD16(from + c * plane + i) ^ (uchar16)FLIP)
                     << (uint16)(8 * c);
        vstore16(quads, 0, to + i);
    }
    for (; i < end; i++) {
        uint quad = 0;
        for (int c = 0; c < channels; c++)
            quad |= (uint)(from[c * plane + i] ^ FLIP) << (8 * c);
        to[i] = quad;
    }
    for (; i < out_w; i++)
        to[i] = empty;
}

/* Rows of size.s1 bytes to rows of size.s3, a multiple of 4. */
__kernel void pad_rows(__global const uchar *restrict x, __global uchar *restrict y, int8 size,
                       int zero)
{
    size_t row = get_global_id(0);
    __global const uchar *from = x + row * size.s1;
    __global uchar *to = y + row * size.s3;
    int i = 0;
    for (; i + 16 <= size.s1; i += 16)
        *(__global uchar16_at *)(to + i) = LOAD16(from + i) ^ (uchar16)FLIP;
    for (; i < size.s1; i++)
        to[i] = from[i] ^ FLIP;
    for (; i < size.s3; i++)
        to[i] = (uchar)zero;
}
