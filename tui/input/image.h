/* Picture files to pixels, and pixels to the tensor a model wants. */
#ifndef TUI_INPUT_IMAGE_H
#define TUI_INPUT_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TUI_IMAGE_SIDE_MAX = 16384, TUI_ERROR_BYTES = 256 };
#define TUI_IMAGE_PIXELS_MAX ((size_t)64 << 20)

/* 8-bit pixels, rows from the top, channels interleaved. */
struct tui_image {
    uint32_t width, height, channels; /* channels: 1 grey, 3 RGB */
    uint8_t *pixels;                  /* (height, width, channels), freed with free() */
};

/* Decodes a whole PNG or JPEG file lying in memory to `channels` (1 or 3); transparency is laid
 * over black. Returns false with one line in ret_error (TUI_ERROR_BYTES); *ret_image is then
 * untouched. */
bool tui_png_decode(const uint8_t *bytes, size_t n_bytes, uint32_t channels,
                    struct tui_image *ret_image, char *ret_error);
bool tui_jpeg_decode(const uint8_t *bytes, size_t n_bytes, uint32_t channels,
                     struct tui_image *ret_image, char *ret_error);

/* How a picture becomes a tensor; the same fields as [preprocess] in a model's config.ini. */
struct tui_preprocess {
    uint32_t channels, width, height;
    bool nhwc;
    float scale, mean[3], std[3]; /* value = (pixel * scale - mean) / std, per channel */
};

/* Writes (channels, height, width) or (height, width, channels) floats to `out`. The picture is
 * stretched to the size with a triangle filter whose support grows when it shrinks, as Pillow's
 * BILINEAR does. Returns false only when memory runs out. */
bool tui_image_to_tensor(const struct tui_image *image, const struct tui_preprocess *how,
                         float *out);

#endif
