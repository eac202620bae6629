/* The window of one output element of a convolution that is written down as it is defined: work
 * item (pixel, channel, image). CONV_PLACE declares where it lies and returns where there is none;
 * CONV_EACH(TERM) adds up TERM, which may use w_at and in_at, over the window's places inside the
 * input. */
#define CONV_PLACE                                                                                 \
    int channels = in_shape.s0, in_d = in_shape.s1, in_h = in_shape.s2, in_w = in_shape.s3;        \
    int out_h = in_shape.s4, out_w = in_shape.s5, groups = in_shape.s6, out_d = pads.s4;           \
    int kernel_h = steps.s0, kernel_w = steps.s1, kernel_d = pads.s3;                              \
    int pixel = get_global_id(0), channel = get_global_id(1), image = get_global_id(2);            \
    if (pixel >= out_d * out_h * out_w)                                                            \
        return;                                                                                    \
    int ox = pixel % out_w, oy = pixel / out_w % out_h, oz = pixel / out_w / out_h;                \
    int x0 = ox * steps.s4 - pads.s2, y0 = oy * steps.s3 - pads.s1, z0 = oz * steps.s2 - pads.s0;  \
    size_t plane = (size_t)in_d * in_h * in_w;                                                     \
    size_t plane_at = ((size_t)image * groups + channel / rows) * channels * plane;                \
    size_t w_at = (size_t)channel * channels * kernel_d * kernel_h * kernel_w;                     \
    size_t out_at = ((size_t)image * groups * rows + channel) * out_d * out_h * out_w + pixel

#define CONV_EACH(sum, TERM)                                                                       \
    for (int c = 0; c < channels; c++, plane_at += plane) {                                        \
        for (int kz = 0; kz < kernel_d; kz++) {                                                    \
            int z = z0 + kz * steps.s5;                                                            \
            for (int ky = 0; ky < kernel_h; ky++) {                                                \
                int y = y0 + ky * steps.s6;                                                        \
                for (int kx = 0; kx < kernel_w; kx++, w_at++) {                                    \
                    int x = x0 + kx * steps.s7;                                                    \
                    if (x >= 0 && x < in_w && y >= 0 && y < in_h && z >= 0 && z < in_d) {          \
                        size_t in_at = plane_at + ((size_t)z * in_h + y) * in_w + x;               \
                        sum += TERM;                                                               \
                    }                                                                              \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }
