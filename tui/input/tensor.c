#include "input/tensor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct tui_dtype dtypes[] = {
    {"float32", "f4", 4}, {"float16", "f2", 2}, {"float64", "f8", 8}, {"int8", "i1", 1},
    {"int16", "i2", 2},   {"int32", "i4", 4},   {"int64", "i8", 8},   {"uint8", "u1", 1},
    {"uint16", "u2", 2},  {"uint32", "u4", 4},  {"uint64", "u8", 8},  {"bool", "b1", 1},
};
enum { N_DTYPES = sizeof(dtypes) / sizeof(dtypes[0]) };

const struct tui_dtype *tui_dtype_find(const char *name)
{
    for (size_t i = 0; i < N_DTYPES; i++)
        if (strcmp(dtypes[i].name, name) == 0)
            return &dtypes[i];
    return NULL;
}

const struct tui_dtype *tui_dtype_find_numpy(const char *code)
{
    for (size_t i = 0; i < N_DTYPES; i++)
        if (strcmp(dtypes[i].numpy, code) == 0)
            return &dtypes[i];
    return NULL;
}

bool tui_tensor_bytes(const struct tui_dtype *dtype, uint32_t rank, const int64_t *dims,
                      size_t *ret_bytes)
{
    size_t bytes = dtype->bytes;
    for (uint32_t i = 0; i < rank; i++) {
        if (dims[i] < 0)
            return false;
        if (dims[i] != 0 && bytes > TUI_TENSOR_BYTES_MAX / (size_t)dims[i])
            return false;
        bytes *= (size_t)dims[i];
    }
    *ret_bytes = bytes;
    return true;
}

bool tui_file_read(const char *path, uint8_t **ret_bytes, size_t *ret_n, char *ret_error)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    size_t n = 0, max = 0;

    while (file != NULL && n <= TUI_FILE_BYTES_MAX) {
        if (n == max) {
            max = max ? max * 2 : (size_t)64 << 10;
            uint8_t *more = realloc(bytes, max);
            if (more == NULL)
                break;
            bytes = more;
        }
        size_t got = fread(bytes + n, 1, max - n, file);
        n += got;
        if (got == 0)
            break;
    }
    if (file == NULL || ferror(file) || bytes == NULL || n == max || n == 0) {
        const char *why = file == NULL || ferror(file) ? strerror(errno)
                          : n == 0                     ? "the file is empty"
                                                       : "the file is too large";
        snprintf(ret_error, TUI_ERROR_BYTES, "%s", why);
        free(bytes);
        if (file != NULL)
            fclose(file);
        return false;
    }
    fclose(file);
    *ret_bytes = bytes;
    *ret_n = n;
    return true;
}

static bool from_picture(const struct tui_image *image, const struct tui_input_spec *spec,
                         struct tui_tensor *ret_tensor, char *ret_error)
{
    const struct tui_preprocess *how = &spec->preprocess;
    struct tui_tensor tensor = {.dtype = tui_dtype_find("float32"), .rank = 4};
    int64_t nchw[4] = {1, how->channels, how->height, how->width};
    int64_t nhwc[4] = {1, how->height, how->width, how->channels};

    memcpy(tensor.dims, how->nhwc ? nhwc : nchw, sizeof(nchw));
    if (!tui_tensor_bytes(tensor.dtype, tensor.rank, tensor.dims, &tensor.n_bytes)) {
        snprintf(ret_error, TUI_ERROR_BYTES, "the model wants a picture of more than 64 MiB");
        return false;
    }
    float *values = malloc(tensor.n_bytes);
    if (values == NULL || !tui_image_to_tensor(image, how, values)) {
        snprintf(ret_error, TUI_ERROR_BYTES, "out of memory");
        free(values);
        return false;
    }
    tensor.data = (uint8_t *)values;
    *ret_tensor = tensor;
    return true;
}

static bool read_picture(bool png, const uint8_t *bytes, size_t n,
                         const struct tui_input_spec *spec, struct tui_tensor *ret_tensor,
                         char *ret_error)
{
    struct tui_image image;
    bool ok;

    if (!spec->has_preprocess) {
        snprintf(ret_error, TUI_ERROR_BYTES,
                 "the model takes no pictures (its config.ini has no [preprocess]); give an .npy");
        return false;
    }
    ok = (png ? tui_png_decode : tui_jpeg_decode)(bytes, n, spec->preprocess.channels, &image,
                                                  ret_error);
    if (!ok)
        return false;
    ok = from_picture(&image, spec, ret_tensor, ret_error);
    free(image.pixels);
    return ok;
}

/* Raw bytes have the shape that the model says; a single free dimension follows from the size. */
static bool read_raw(const uint8_t *bytes, size_t n, const struct tui_input_spec *spec,
                     struct tui_tensor *ret_tensor, char *ret_error)
{
    struct tui_tensor tensor = {.dtype = spec->dtype};
    size_t one, n_free = 0;

    if (spec->dtype == NULL || spec->rank < 0) {
        snprintf(
            ret_error, TUI_ERROR_BYTES,
            "neither PNG, JPEG nor NPY, and raw data needs --dtype and --shape for this model");
        return false;
    }
    tensor.rank = (uint32_t)spec->rank;
    for (int i = 0; i < spec->rank; i++) {
        n_free += spec->dims[i] < 0;
        tensor.dims[i] = spec->dims[i] < 0 ? 1 : spec->dims[i];
    }
    if (!tui_tensor_bytes(tensor.dtype, tensor.rank, tensor.dims, &one) || one == 0 ||
        (n_free == 1 ? n % one != 0 : n != one)) {
        snprintf(
            ret_error, TUI_ERROR_BYTES,
            "neither PNG, JPEG nor NPY, and its %zu bytes don't make the model's shape of %s%zu", n,
            n_free == 1 ? "a multiple of " : "", one);
        return false;
    }
    for (int i = 0; i < spec->rank && n_free == 1; i++)
        if (spec->dims[i] < 0)
            tensor.dims[i] = (int64_t)(n / one);
    tensor.n_bytes = n;
    tensor.data = malloc(n);
    if (tensor.data == NULL) {
        snprintf(ret_error, TUI_ERROR_BYTES, "out of memory");
        return false;
    }
    memcpy(tensor.data, bytes, n);
    *ret_tensor = tensor;
    return true;
}

enum tui_file_kind tui_file_kind(const uint8_t *bytes, size_t n)
{
    if (n >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0)
        return TUI_FILE_PNG;
    if (n >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0)
        return TUI_FILE_JPEG;
    if (n >= 6 && memcmp(bytes, "\x93NUMPY", 6) == 0)
        return TUI_FILE_NPY;
    return TUI_FILE_RAW;
}

bool tui_tensor_read(const char *path, const struct tui_input_spec *spec,
                     struct tui_tensor *ret_tensor, char *ret_error)
{
    uint8_t *bytes = NULL;
    size_t n = 0;
    bool ok;

    if (!tui_file_read(path, &bytes, &n, ret_error))
        return false;
    switch (tui_file_kind(bytes, n)) {
    case TUI_FILE_PNG:
        ok = read_picture(true, bytes, n, spec, ret_tensor, ret_error);
        break;
    case TUI_FILE_JPEG:
        ok = read_picture(false, bytes, n, spec, ret_tensor, ret_error);
        break;
    case TUI_FILE_NPY:
        ok = tui_npy_parse(bytes, n, ret_tensor, ret_error);
        break;
    default:
        ok = read_raw(bytes, n, spec, ret_tensor, ret_error);
        break;
    }
    free(bytes);
    return ok;
}
