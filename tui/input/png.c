#include "input/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

bool tui_png_decode(const uint8_t *bytes, size_t n_bytes, uint32_t channels,
                    struct tui_image *ret_image, char *ret_error)
{
    const png_color black = {0, 0, 0};
    png_image png = {.version = PNG_IMAGE_VERSION};
    uint8_t *pixels = NULL;
    bool ok = false;

    if (!png_image_begin_read_from_memory(&png, bytes, n_bytes))
        goto out;
    if (png.width > TUI_IMAGE_SIDE_MAX || png.height > TUI_IMAGE_SIDE_MAX ||
        (size_t)png.width * png.height > TUI_IMAGE_PIXELS_MAX) {
        snprintf(ret_error, TUI_ERROR_BYTES, "%ux%u pixels are more than the limit of %d a side",
                 png.width, png.height, TUI_IMAGE_SIDE_MAX);
        png_image_free(&png);
        return false;
    }
    png.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
    pixels = malloc(PNG_IMAGE_SIZE(png));
    if (pixels == NULL || !png_image_finish_read(&png, &black, pixels, 0, NULL))
        goto out;
    *ret_image = (struct tui_image){png.width, png.height, channels, pixels};
    ok = true;

out:
    if (!ok) {
        snprintf(ret_error, TUI_ERROR_BYTES, "not a whole PNG: %s",
                 png.message[0] != '\0' ? png.message : "out of memory");
        free(pixels);
    }
    png_image_free(&png);
    return ok;
}
