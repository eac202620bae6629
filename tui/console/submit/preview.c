#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "input/tensor.h"
#include "submit/disk.h"
#include "text/text.h"

#define PREVIEW_BYTES_MAX (32 << 20)

static struct tui_preview *words(const char *text)
{
    struct tui_preview *preview = calloc(1, sizeof(*preview));

    if (preview)
        tui_text_clean(preview->text, sizeof(preview->text), text);
    return preview;
}

static uint8_t byte(float value)
{
    return value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)(value + 0.5f);
}

/* The whole picture, made small enough, in its proportions. */
static struct tui_preview *thumbnail(const struct tui_image *image, const char *kind)
{
    uint32_t side = image->width > image->height ? image->width : image->height;
    uint32_t most = side < TUI_THUMB_SIDE_MAX ? side : TUI_THUMB_SIDE_MAX;
    uint32_t width = (uint32_t)((uint64_t)image->width * most / side);
    uint32_t height = (uint32_t)((uint64_t)image->height * most / side);
    struct tui_preprocess how = {.channels = 3, .nhwc = true, .scale = 1, .std = {1, 1, 1}};
    struct tui_preview *preview;
    float *values;

    how.width = width > 0 ? width : 1;
    how.height = height > 0 ? height : 1;
    size_t samples = (size_t)how.width * how.height * 3;
    preview = calloc(1, sizeof(*preview) + samples);
    values = malloc(samples * sizeof(*values));
    if (!preview || !values || !tui_image_to_tensor(image, &how, values)) {
        free(preview);
        free(values);
        return NULL;
    }
    preview->width = how.width;
    preview->height = how.height;
    for (size_t i = 0; i < samples; i++)
        preview->pixels[i] = byte(values[i]);
    free(values);
    snprintf(preview->text, sizeof(preview->text), "%s, %u x %u", kind, image->width,
             image->height);
    return preview;
}

static struct tui_preview *of_picture(const uint8_t *bytes, size_t n, bool png)
{
    char error[TUI_ERROR_BYTES];
    struct tui_image image;
    struct tui_preview *preview;

    if (!(png ? tui_png_decode : tui_jpeg_decode)(bytes, n, 3, &image, error))
        return words(error);
    preview = thumbnail(&image, png ? "PNG" : "JPEG");
    free(image.pixels);
    return preview;
}

static struct tui_preview *of_array(const uint8_t *bytes, size_t n)
{
    char text[TUI_ERROR_BYTES];
    struct tui_tensor tensor;
    size_t used;

    if (!tui_npy_parse(bytes, n, &tensor, text))
        return words(text);
    used = (size_t)snprintf(text, sizeof(text), "NPY, %s [", tensor.dtype->name);
    for (uint32_t i = 0; i < tensor.rank; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%lld", i > 0 ? "," : "",
                                 (long long)tensor.dims[i]);
    snprintf(text + used, sizeof(text) - used, "]");
    free(tensor.data);
    return words(text);
}

/* What can be said without reading the file whole; NULL: it has to be read. */
static struct tui_preview *at_a_glance(const char *path)
{
    uint8_t first[16];
    char text[TUI_TEXT_SIZE];
    struct stat found;
    FILE *file = fopen(path, "rb");
    size_t n;

    if (!file)
        return words(strerror(errno));
    n = fread(first, 1, sizeof(first), file);
    int failure = ferror(file) || fstat(fileno(file), &found) != 0 ? errno : 0;
    fclose(file);
    if (failure != 0)
        return words(strerror(failure));
    if (n == 0)
        return words("the file is empty");
    if (tui_file_kind(first, n) != TUI_FILE_RAW && found.st_size <= PREVIEW_BYTES_MAX)
        return NULL;
    snprintf(text, sizeof(text), "%s, %lld bytes",
             tui_file_kind(first, n) == TUI_FILE_RAW ? "raw data" : "too large for a preview",
             (long long)found.st_size);
    return words(text);
}

struct tui_preview *tui_preview_read(const char *path)
{
    char error[TUI_ERROR_BYTES];
    uint8_t *bytes = NULL;
    struct tui_preview *preview = at_a_glance(path);
    size_t n = 0;

    if (preview)
        return preview;
    if (!tui_file_read(path, &bytes, &n, error))
        return words(error);
    enum tui_file_kind kind = tui_file_kind(bytes, n);
    if (kind == TUI_FILE_NPY)
        preview = of_array(bytes, n);
    else
        preview = of_picture(bytes, n, kind == TUI_FILE_PNG);
    free(bytes);
    return preview;
}
