#include <inttypes.h>

#include "error.h"
#include "onnx/internal.h"
#include "onnx/onnx.h"

/* Messages that are looked into; the rest are skipped by their length. */
enum level { LEVEL_MODEL, LEVEL_GRAPH, LEVEL_NODE, LEVEL_TENSOR, LEVEL_NONE };

static enum level inner(enum level level, uint64_t field)
{
    if (level == LEVEL_MODEL && field == 7)
        return LEVEL_GRAPH;
    if (level == LEVEL_GRAPH && field == 1)
        return LEVEL_NODE;
    if (level == LEVEL_GRAPH && field == 5)
        return LEVEL_TENSOR;
    return LEVEL_NONE;
}

struct scan {
    const uint8_t *data;
    size_t file_size;
    struct cx_error *error;
};

static enum cx_status truncated(const struct scan *scan, size_t at, uint64_t needed, size_t end)
{
    if (end == scan->file_size)
        return cx_error_set(scan->error, CX_FORMAT,
                            "truncated at byte %zu: the field at byte %zu needs %" PRIu64
                            " bytes, %zu are left",
                            scan->file_size, at, needed, end - at);
    return cx_error_set(scan->error, CX_FORMAT,
                        "damaged at byte %zu: a field of %" PRIu64 " bytes in a message with %zu",
                        at, needed, end - at);
}

/* *at moves behind the number. */
static enum cx_status scan_varint(const struct scan *scan, size_t *at, size_t end,
                                  uint64_t *ret_value)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < 10; i++) {
        if (*at + i >= end)
            return truncated(scan, *at, i + 1, end);
        uint8_t byte = scan->data[*at + i];
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0) {
            *at += i + 1;
            *ret_value = value;
            return CX_OK;
        }
    }
    return cx_error_set(scan->error, CX_FORMAT, "not an ONNX model (byte %zu)", *at);
}

/* The bytes a field of this wire type takes from *at, behind its length if it has one. */
static enum cx_status scan_size(const struct scan *scan, uint64_t key, size_t *at, size_t end,
                                uint64_t *ret_size)
{
    uint64_t ignored;
    *ret_size = 0;
    switch (key & 7) {
    case 0:
        return scan_varint(scan, at, end, &ignored);
    case 1:
        *ret_size = 8;
        return CX_OK;
    case 2:
        return scan_varint(scan, at, end, ret_size);
    case 5:
        *ret_size = 4;
        return CX_OK;
    default:
        return cx_error_set(scan->error, CX_FORMAT, "not an ONNX model (byte %zu)", *at);
    }
}

enum cx_status cx_onnx_scan_model(const uint8_t *data, size_t size, struct cx_error *error)
{
    struct scan scan = {data, size, error};
    struct {
        enum level level;
        size_t end;
    } stack[4] = {{LEVEL_MODEL, size}};
    uint32_t depth = 0;
    size_t at = 0;
    for (;;) {
        while (at == stack[depth].end) {
            if (depth == 0)
                return CX_OK;
            depth--;
        }
        uint64_t key, field_size;
        size_t end = stack[depth].end;
        enum cx_status status = scan_varint(&scan, &at, end, &key);
        if (status == CX_OK)
            status = scan_size(&scan, key, &at, end, &field_size);
        if (status != CX_OK)
            return status;
        if (field_size > end - at)
            return truncated(&scan, at, field_size, end);
        enum level level = (key & 7) == 2 ? inner(stack[depth].level, key >> 3) : LEVEL_NONE;
        if (level == LEVEL_NONE) {
            at += field_size;
        } else {
            stack[++depth].level = level;
            stack[depth].end = at + field_size;
        }
    }
}
