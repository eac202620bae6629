#include "input/image.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

struct failure {
    struct jpeg_error_mgr base;
    jmp_buf back;
    char text[JMSG_LENGTH_MAX];
};

static void on_error(j_common_ptr info)
{
    struct failure *failure = (struct failure *)info->err;
    failure->base.format_message(info, failure->text);
    longjmp(failure->back, 1);
}

/* libjpeg only warns about a cut-off file and paints the rest grey; a wrong picture must not be
 * served as a right one. */
static void on_message(j_common_ptr info, int level)
{
    if (level < 0)
        on_error(info);
}

static uint8_t *read_pixels(struct jpeg_decompress_struct *jpeg, uint32_t channels)
{
    size_t row_bytes;
    uint8_t *pixels;

    jpeg->out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(jpeg);
    row_bytes = (size_t)jpeg->output_width * channels;
    pixels = malloc(row_bytes * jpeg->output_height);
    while (pixels != NULL && jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = pixels + row_bytes * jpeg->output_scanline;
        /* Kept where the error handler's way back can free it. */
        jpeg->client_data = pixels;
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    if (pixels != NULL)
        jpeg_finish_decompress(jpeg);
    return pixels;
}

bool tui_jpeg_decode(const uint8_t *bytes, size_t n_bytes, uint32_t channels,
                     struct tui_image *ret_image, char *ret_error)
{
    struct jpeg_decompress_struct jpeg = {0};
    struct failure failure = {.text = "out of memory"};
    uint8_t *pixels;

    jpeg.err = jpeg_std_error(&failure.base);
    failure.base.error_exit = on_error;
    failure.base.emit_message = on_message;
    if (setjmp(failure.back)) {
        snprintf(ret_error, TUI_ERROR_BYTES, "not a whole JPEG: %s", failure.text);
        free(jpeg.client_data);
        jpeg_destroy_decompress(&jpeg);
        return false;
    }
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, bytes, n_bytes);
    jpeg_read_header(&jpeg, TRUE);
    if (jpeg.image_width > TUI_IMAGE_SIDE_MAX || jpeg.image_height > TUI_IMAGE_SIDE_MAX ||
        (size_t)jpeg.image_width * jpeg.image_height > TUI_IMAGE_PIXELS_MAX) {
        snprintf(failure.text, sizeof(failure.text), "%ux%u pixels are too many", jpeg.image_width,
                 jpeg.image_height);
        longjmp(failure.back, 1);
    }
    pixels = read_pixels(&jpeg, channels);
    if (pixels == NULL)
        longjmp(failure.back, 1);
    *ret_image = (struct tui_image){jpeg.output_width, jpeg.output_height, channels, pixels};
    jpeg_destroy_decompress(&jpeg);
    return true;
}
