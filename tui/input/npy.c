#include "input/tensor.h"

#include <stdlib.h>
#include <string.h>

/* A header is a Python dictionary literal: {'descr': '<f4', 'fortran_order': False, 'shape': (1,
 * 8), } */
enum { HEADER_MAX = 4096, MAGIC_BYTES = 8 };

static const char *value_of(const char *header, const char *key)
{
    const char *at = strstr(header, key);
    if (at == NULL)
        return NULL;
    at += strlen(key);
    return at + strspn(at, " :");
}

static bool parse_shape(const char *at, struct tui_tensor *tensor)
{
    if (at == NULL || *at++ != '(')
        return false;
    for (;;) {
        at += strspn(at, " ,");
        if (*at == ')')
            return true;
        char *end;
        long long dim = strtoll(at, &end, 10);
        if (end == at || dim < 0 || tensor->rank == TUI_RANK_MAX)
            return false;
        tensor->dims[tensor->rank++] = dim;
        at = end;
    }
}

static bool fail(char *ret_error, const char *text)
{
    snprintf(ret_error, TUI_ERROR_BYTES, "not a usable NPY: %s", text);
    return false;
}

static bool parse_header(const char *header, struct tui_tensor *tensor, char *ret_error)
{
    const char *descr = value_of(header, "'descr'");
    const char *order = value_of(header, "'fortran_order'");
    char code[4] = "";

    if (descr == NULL || sscanf(descr, "'%*1[<|=]%3[a-z0-9]'", code) != 1)
        return fail(ret_error, "its element type is missing or not little-endian");
    tensor->dtype = tui_dtype_find_numpy(code);
    if (tensor->dtype == NULL)
        return fail(ret_error, "its element type is none of ours (save it as float32, say)");
    if (order == NULL || strncmp(order, "False", 5) != 0)
        return fail(ret_error, "it is in Fortran order (save numpy.ascontiguousarray(a))");
    if (!parse_shape(value_of(header, "'shape'"), tensor))
        return fail(ret_error, "its shape is missing, negative or of more than 8 dimensions");
    return true;
}

bool tui_npy_parse(const uint8_t *bytes, size_t n_bytes, struct tui_tensor *ret_tensor,
                   char *ret_error)
{
    struct tui_tensor tensor = {0};
    char header[HEADER_MAX + 1];
    size_t at = MAGIC_BYTES, n_header;

    if (n_bytes < MAGIC_BYTES + 4 || memcmp(bytes, "\x93NUMPY", 6) != 0)
        return fail(ret_error, "the file ends inside the header");
    if (bytes[6] < 1 || bytes[6] > 3)
        return fail(ret_error, "its format version is unknown");
    n_header = bytes[at] | (size_t)bytes[at + 1] << 8;
    if (bytes[6] > 1)
        n_header |= (size_t)bytes[at + 2] << 16 | (size_t)bytes[at + 3] << 24;
    at += bytes[6] > 1 ? 4 : 2;
    if (n_header > HEADER_MAX || n_header > n_bytes - at)
        return fail(ret_error, "the file ends inside the header");
    memcpy(header, bytes + at, n_header);
    header[n_header] = '\0';
    at += n_header;
    if (!parse_header(header, &tensor, ret_error))
        return false;
    if (!tui_tensor_bytes(tensor.dtype, tensor.rank, tensor.dims, &tensor.n_bytes))
        return fail(ret_error, "it is larger than 64 MiB");
    if (tensor.n_bytes != n_bytes - at)
        return fail(ret_error, "its data is cut off, or longer than its shape says");
    tensor.data = malloc(tensor.n_bytes + 1);
    if (tensor.data == NULL)
        return fail(ret_error, "out of memory");
    memcpy(tensor.data, bytes + at, tensor.n_bytes);
    *ret_tensor = tensor;
    return true;
}

bool tui_npy_write(FILE *file, const struct tui_tensor *tensor)
{
    char header[512];
    int used =
        snprintf(header, sizeof(header), "{'descr': '%c%s', 'fortran_order': False, 'shape': (",
                 tensor->dtype->bytes > 1 ? '<' : '|', tensor->dtype->numpy);
    for (uint32_t i = 0; i < tensor->rank; i++)
        used += snprintf(header + used, sizeof(header) - (size_t)used, "%lld, ",
                         (long long)tensor->dims[i]);
    used += snprintf(header + used, sizeof(header) - (size_t)used, "), }");
    /* The data begins at a multiple of 64 bytes; magic, version and length take 10. */
    int total = (used + 1 + 10 + 63) / 64 * 64 - 10;
    uint8_t start[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    start[8] = (uint8_t)(total & 0xff);
    start[9] = (uint8_t)(total >> 8);
    fwrite(start, 1, sizeof(start), file);
    fprintf(file, "%-*s\n", total - 1, header);
    fwrite(tensor->data, 1, tensor->n_bytes, file);
    return fflush(file) == 0 && !ferror(file);
}
