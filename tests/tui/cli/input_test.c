/* Files to tensors: what an operator hands over, whole, cut off or wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <jpeglib.h>
#include <png.h>

#include "input/tensor.h"

static char error[TUI_ERROR_BYTES];

/* Writes bytes to a new file; the name is static storage of the test's process. */
static const char *make_file(const void *bytes, size_t n)
{
    static char path[] = "/tmp/stoker-input-XXXXXX";

    memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    int fd = mkstemp(path);
    cr_assert(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
    close(fd);
    return path;
}

static bool read_bytes(const void *bytes, size_t n, const struct tui_input_spec *spec,
                       struct tui_tensor *tensor)
{
    const char *path = make_file(bytes, n);
    bool ok = tui_tensor_read(path, spec, tensor, error);
    unlink(path);
    return ok;
}

static size_t npy(char *out, const char *header, size_t n_data)
{
    size_t n = strlen(header);
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = (char)(n & 0xff);
    out[9] = (char)(n >> 8);
    memcpy(out + 10, header, n);
    for (size_t i = 0; i < n_data; i++)
        out[10 + n + i] = (char)i;
    return 10 + n + n_data;
}

Test(npy, reads_what_numpy_writes)
{
    char bytes[256];
    struct tui_tensor t;
    size_t n = npy(bytes, "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 3), }\n", 24);

    cr_assert(tui_npy_parse((uint8_t *)bytes, n, &t, error), "%s", error);
    cr_assert_str_eq(t.dtype->name, "float32");
    cr_assert_eq(t.rank, 3);
    cr_assert(t.dims[0] == 1 && t.dims[1] == 2 && t.dims[2] == 3);
    cr_assert_eq(t.n_bytes, 24);
    cr_assert_eq(t.data[23], 23);
    free(t.data);
}

Test(npy, what_is_written_reads_back)
{
    uint8_t data[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    struct tui_tensor t = {tui_dtype_find("int16"), 2, {3, 2}, 12, data}, back;
    char *bytes = NULL;
    size_t n = 0;
    FILE *file = open_memstream(&bytes, &n);

    cr_assert(tui_npy_write(file, &t));
    fclose(file);
    cr_assert_eq((n - 12) % 64, 0, "the data begins at a multiple of 64");
    cr_assert(tui_npy_parse((uint8_t *)bytes, n, &back, error), "%s", error);
    cr_assert(back.rank == 2 && back.dims[0] == 3 && back.dtype == t.dtype);
    cr_assert_arr_eq(back.data, data, 12);
    free(back.data);
    free(bytes);
}

Test(npy, refuses_what_it_can_not_hold)
{
    static const struct {
        const char *header;
        size_t n_data;
        const char *says;
    } bad[] = {
        {"{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", 4, "little-endian"},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", 8, "element type"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }", 16, "Fortran"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, -2), }", 16, "shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", 4, "shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", 4, "MiB"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", 15, "cut off"},
        {"{'descr': '<f4', 'fortran_order': False, }", 4, "shape"},
        {"", 0, "inside the header"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char bytes[256];
        struct tui_tensor t;
        size_t n = npy(bytes, bad[i].header, bad[i].n_data);
        cr_assert_not(tui_npy_parse((uint8_t *)bytes, n, &t, error), "%s", bad[i].header);
        cr_assert(strstr(error, bad[i].says) != NULL, "%s -> %s", bad[i].header, error);
    }
}

Test(npy, every_cut_is_refused)
{
    char bytes[256];
    struct tui_tensor t;
    size_t n = npy(bytes, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", 16);

    for (size_t cut = 0; cut < n; cut++)
        cr_assert_not(tui_npy_parse((uint8_t *)bytes, cut, &t, error), "cut at %zu", cut);
}

static size_t make_png(uint8_t *out, size_t out_bytes, const uint8_t *pixels, uint32_t side)
{
    png_image png = {
        .version = PNG_IMAGE_VERSION, .width = side, .height = side, .format = PNG_FORMAT_GRAY};
    size_t n = out_bytes;
    cr_assert(png_image_write_to_memory(&png, out, &n, 0, pixels, 0, NULL));
    return n;
}

static const struct tui_input_spec two_by_two = {
    .rank = -1,
    .has_preprocess = true,
    .preprocess = {1, 2, 2, false, 1.0f / 255, {0, 0, 0}, {1, 1, 1}},
};

Test(picture, png_becomes_the_tensor)
{
    uint8_t png[512], pixels[4] = {0, 51, 102, 255};
    struct tui_tensor t;
    size_t n = make_png(png, sizeof(png), pixels, 2);

    cr_assert(read_bytes(png, n, &two_by_two, &t), "%s", error);
    cr_assert(t.rank == 4 && t.dims[0] == 1 && t.dims[1] == 1 && t.dims[2] == 2 && t.dims[3] == 2);
    float values[4];
    memcpy(values, t.data, sizeof(values));
    for (int i = 0; i < 4; i++)
        cr_assert_float_eq(values[i], (float)pixels[i] / 255, 1e-6);
    free(t.data);
}

Test(picture, every_cut_png_is_refused)
{
    uint8_t png[512], pixels[64] = {9, 200, 3};
    struct tui_tensor t;
    size_t n = make_png(png, sizeof(png), pixels, 8);

    /* The last 12 bytes are the IEND chunk, which carries nothing. */
    for (size_t cut = 8; cut < n - 12; cut++)
        cr_assert_not(read_bytes(png, cut, &two_by_two, &t), "cut at %zu of %zu", cut, n);
    cr_assert(strstr(error, "PNG") != NULL);
}

static size_t make_jpeg(unsigned char **out, uint32_t side)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned long n = 0;
    uint8_t row[64 * 3];
    JSAMPROW rows[1] = {row};

    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, out, &n);
    jpeg.image_width = jpeg.image_height = side;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 100, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    for (uint32_t y = 0; y < side; y++) {
        for (uint32_t x = 0; x < side * 3; x++)
            row[x] = (uint8_t)(y * 4);
        jpeg_write_scanlines(&jpeg, rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return n;
}

Test(picture, jpeg_whole_and_cut)
{
    unsigned char *jpeg = NULL;
    size_t n = make_jpeg(&jpeg, 64);
    struct tui_tensor t;

    cr_assert(read_bytes(jpeg, n, &two_by_two, &t), "%s", error);
    float values[4];
    memcpy(values, t.data, sizeof(values));
    cr_assert(values[0] < values[2] && values[0] > 0.1f && values[2] < 0.9f,
              "brighter towards the bottom: %g %g", values[0], values[2]);
    free(t.data);
    for (size_t cut = 3; cut < n - 2; cut += 7)
        cr_assert_not(read_bytes(jpeg, cut, &two_by_two, &t), "cut at %zu of %zu", cut, n);
    cr_assert(strstr(error, "JPEG") != NULL);
    free(jpeg);
}

Test(picture, model_without_preprocessing_says_so)
{
    uint8_t png[512], pixels[4] = {0};
    struct tui_input_spec none = {.rank = -1};
    struct tui_tensor t;
    size_t n = make_png(png, sizeof(png), pixels, 2);

    cr_assert_not(read_bytes(png, n, &none, &t));
    cr_assert(strstr(error, "[preprocess]") != NULL);
}

/* What Pillow 9.4 prints for Image.fromarray(arange(n * n), mode 'F').resize(size, BILINEAR). */
Test(picture, resizes_as_pillow_does)
{
    static const struct {
        uint32_t side, width, height;
        float expected[20];
    } cases[] = {
        {4, 2, 2, {3.5714287f, 5.1428571f, 9.8571434f, 11.4285717f}},
        {3, 5, 4, {0,      0.4f,   1,      1.6f,   2,      1.875f, 2.275f, 2.875f, 3.475f, 3.875f,
                   4.125f, 4.525f, 5.125f, 5.725f, 6.125f, 6,      6.4f,   7,      7.6f,   8}},
    };
    uint8_t pixels[16];

    for (uint8_t i = 0; i < 16; i++)
        pixels[i] = i;
    for (size_t c = 0; c < 2; c++) {
        struct tui_image image = {cases[c].side, cases[c].side, 1, pixels};
        struct tui_preprocess how = {1, cases[c].width, cases[c].height, false,
                                     1, {0, 0, 0},      {1, 1, 1}};
        float out[20];
        cr_assert(tui_image_to_tensor(&image, &how, out));
        for (uint32_t i = 0; i < how.width * how.height; i++)
            cr_assert_float_eq(out[i], cases[c].expected[i], 1e-5, "case %zu, %u: %g", c, i,
                               out[i]);
    }
}

Test(picture, channels_are_normalised_and_laid_out)
{
    uint8_t pixels[12] = {10, 20, 30, 10, 20, 30, 10, 20, 30, 10, 20, 30};
    struct tui_image image = {2, 2, 3, pixels};
    struct tui_preprocess how = {3, 2, 2, false, 0.1f, {1, 2, 3}, {2, 4, 8}};
    float nchw[12], nhwc[12];

    cr_assert(tui_image_to_tensor(&image, &how, nchw));
    how.nhwc = true;
    how.mean[0] = 0;
    cr_assert(tui_image_to_tensor(&image, &how, nhwc));
    cr_assert_float_eq(nchw[0], 0, 1e-6);
    cr_assert_float_eq(nchw[4], 0, 1e-6);
    cr_assert_float_eq(nhwc[0], 0.5f, 1e-6);
    cr_assert_float_eq(nhwc[3], 0.5f, 1e-6);
}

Test(raw, shape_settles_the_free_dimension)
{
    float data[12] = {0};
    struct tui_input_spec spec = {.dtype = tui_dtype_find("float32"), .rank = 2, .dims = {-1, 4}};
    struct tui_tensor t;

    cr_assert(read_bytes(data, sizeof(data), &spec, &t), "%s", error);
    cr_assert_eq(t.dims[0], 3);
    free(t.data);
    cr_assert_not(read_bytes(data, sizeof(data) - 1, &spec, &t));
    spec.dtype = NULL;
    cr_assert_not(read_bytes(data, sizeof(data), &spec, &t));
    cr_assert(strstr(error, "--dtype") != NULL);
}

Test(raw, missing_and_empty_files_say_which)
{
    struct tui_input_spec spec = {.rank = -1};
    struct tui_tensor t;

    cr_assert_not(tui_tensor_read("/nonexistent/file.png", &spec, &t, error));
    cr_assert(strstr(error, "No such file") != NULL, "%s", error);
    cr_assert_not(read_bytes("", 0, &spec, &t));
    cr_assert(strstr(error, "empty") != NULL, "%s", error);
}
