/* Tensors as the operator's program handles them: read from files, sent as base64, saved as NPY. */
#ifndef TUI_INPUT_TENSOR_H
#define TUI_INPUT_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "input/image.h"

enum { TUI_RANK_MAX = 8 };
#define TUI_TENSOR_BYTES_MAX ((size_t)64 << 20)
#define TUI_FILE_BYTES_MAX ((size_t)256 << 20)

/* An element type under its name on the control socket. */
struct tui_dtype {
    const char *name;  /* float32 */
    const char *numpy; /* f4, as in an NPY header */
    size_t bytes;
};

/* By name, or by NumPy code without the byte order; NULL where it is unknown. */
const struct tui_dtype *tui_dtype_find(const char *name);
const struct tui_dtype *tui_dtype_find_numpy(const char *code);

/* Little-endian, row major. `data` is freed with free(). */
struct tui_tensor {
    const struct tui_dtype *dtype;
    uint32_t rank;
    int64_t dims[TUI_RANK_MAX];
    size_t n_bytes;
    uint8_t *data;
};

/* What the model says an input looks like; dims below 0 are free. */
struct tui_input_spec {
    const struct tui_dtype *dtype; /* NULL: unknown */
    int rank;                      /* below 0: unknown */
    int64_t dims[TUI_RANK_MAX];
    bool has_preprocess;
    struct tui_preprocess preprocess;
};

/* What a file's first bytes say that it is. */
enum tui_file_kind { TUI_FILE_RAW, TUI_FILE_PNG, TUI_FILE_JPEG, TUI_FILE_NPY };
enum tui_file_kind tui_file_kind(const uint8_t *bytes, size_t n_bytes);

/* A whole file of 1 to TUI_FILE_BYTES_MAX bytes; *ret_bytes is freed with free(). Returns false
 * with one line in ret_error (TUI_ERROR_BYTES) that names no file. */
bool tui_file_read(const char *path, uint8_t **ret_bytes, size_t *ret_n_bytes, char *ret_error);

/* Reads a file into a tensor. What kind of file it is, its first bytes say (PNG, JPEG, NPY);
 * anything else is raw data and needs the dtype and shape from `spec`, with at most one free
 * dimension, which the size then settles. Pictures need the model's preprocessing. Returns false
 * with one line in ret_error (TUI_ERROR_BYTES) that names no file. */
bool tui_tensor_read(const char *path, const struct tui_input_spec *spec,
                     struct tui_tensor *ret_tensor, char *ret_error);

/* Parses a whole NPY file (format versions 1 to 3) in memory; the data is copied.
 * Source: NumPy's NEP 1, "A simple file format for NumPy arrays". */
bool tui_npy_parse(const uint8_t *bytes, size_t n_bytes, struct tui_tensor *ret_tensor,
                   char *ret_error);
/* Writes an NPY 1.0 file. Returns false on a write error (errno says which). */
bool tui_npy_write(FILE *file, const struct tui_tensor *tensor);

/* The product of the dims times the element size; false where it overflows TUI_TENSOR_BYTES_MAX or
 * a dim is negative. */
bool tui_tensor_bytes(const struct tui_dtype *dtype, uint32_t rank, const int64_t *dims,
                      size_t *ret_bytes);

#endif
