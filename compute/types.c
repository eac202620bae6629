/* The small facts of cx.h: names and sizes. */
#include <inttypes.h>
#include <stdio.h>

#include "cx.h"

#define SHAPE_COUNT_MAX (UINT64_C(1) << 40)

const char *cx_status_name(enum cx_status status)
{
    switch (status) {
#define CX_STATUS(number, name, text, help) \
    case CX_##name:                         \
        return text;
#include "cx_status.def"
#undef CX_STATUS
    }
    return "unknown";
}

const char *cx_status_help(enum cx_status status)
{
    switch (status) {
#define CX_STATUS(number, name, text, help) \
    case CX_##name:                         \
        return help;
#include "cx_status.def"
#undef CX_STATUS
    }
    return "unknown";
}

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {
    [CX_DTYPE_UNDEFINED] = {"undefined", 0},
    [CX_DTYPE_FLOAT] = {"float", 4},
    [CX_DTYPE_UINT8] = {"uint8", 1},
    [CX_DTYPE_INT8] = {"int8", 1},
    [CX_DTYPE_UINT16] = {"uint16", 2},
    [CX_DTYPE_INT16] = {"int16", 2},
    [CX_DTYPE_INT32] = {"int32", 4},
    [CX_DTYPE_INT64] = {"int64", 8},
    [CX_DTYPE_STRING] = {"string", 0},
    [CX_DTYPE_BOOL] = {"bool", 1},
    [CX_DTYPE_FLOAT16] = {"float16", 2},
    [CX_DTYPE_DOUBLE] = {"double", 8},
    [CX_DTYPE_UINT32] = {"uint32", 4},
    [CX_DTYPE_UINT64] = {"uint64", 8},
    [CX_DTYPE_COMPLEX64] = {"complex64", 8},
    [CX_DTYPE_COMPLEX128] = {"complex128", 16},
    [CX_DTYPE_BFLOAT16] = {"bfloat16", 2},
    [CX_DTYPE_FLOAT8E4M3FN] = {"float8e4m3fn", 1},
    [CX_DTYPE_FLOAT8E4M3FNUZ] = {"float8e4m3fnuz", 1},
    [CX_DTYPE_FLOAT8E5M2] = {"float8e5m2", 1},
    [CX_DTYPE_FLOAT8E5M2FNUZ] = {"float8e5m2fnuz", 1},
    [CX_DTYPE_UINT4] = {"uint4", 0},
    [CX_DTYPE_INT4] = {"int4", 0},
    [CX_DTYPE_FLOAT4E2M1] = {"float4e2m1", 0},
    [CX_DTYPE_FLOAT8E8M0] = {"float8e8m0", 1},
    [CX_DTYPE_UINT2] = {"uint2", 0},
    [CX_DTYPE_INT2] = {"int2", 0},
};

size_t cx_dtype_size(enum cx_dtype dtype)
{
    return (size_t)dtype < sizeof dtypes / sizeof dtypes[0] ? dtypes[dtype].size : 0;
}

const char *cx_dtype_name(enum cx_dtype dtype)
{
    return (size_t)dtype < sizeof dtypes / sizeof dtypes[0] ? dtypes[dtype].name : "undefined";
}

enum cx_status cx_shape_count(const struct cx_shape *shape, uint64_t *ret_count)
{
    if (shape->rank > CX_RANK_MAX)
        return CX_LIMIT;
    uint64_t count = 1;
    bool zero = false;
    for (uint32_t i = 0; i < shape->rank; i++) {
        if (shape->dims[i] < 0)
            return CX_SHAPE;
        uint64_t dim = (uint64_t)shape->dims[i];
        zero = zero || dim == 0;
        if (dim > SHAPE_COUNT_MAX || (dim != 0 && count > SHAPE_COUNT_MAX / dim))
            return CX_LIMIT;
        count *= dim == 0 ? 1 : dim;
    }
    *ret_count = zero ? 0 : count;
    return CX_OK;
}

bool cx_shape_equal(const struct cx_shape *a, const struct cx_shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (uint32_t i = 0; i < a->rank && i < CX_RANK_MAX; i++)
        if (a->dims[i] != b->dims[i])
            return false;
    return true;
}

const char *cx_shape_format(const struct cx_shape *shape, char *text, size_t text_size)
{
    if (shape->rank == 0) {
        snprintf(text, text_size, "scalar");
        return text;
    }
    size_t at = 0;
    for (uint32_t i = 0; i < shape->rank && i < CX_RANK_MAX && at < text_size; i++) {
        const char *times = i == 0 ? "" : "x";
        int n = shape->dims[i] < 0
                    ? snprintf(text + at, text_size - at, "%s?", times)
                    : snprintf(text + at, text_size - at, "%s%" PRId64, times, shape->dims[i]);
        at += n < 0 ? 0 : (size_t)n;
    }
    return text;
}

const char *cx_device_type_name(enum cx_device_type type)
{
    switch (type) {
    case CX_DEVICE_CPU:
        return "cpu";
    case CX_DEVICE_GPU:
        return "gpu";
    case CX_DEVICE_ACCELERATOR:
        return "accelerator";
    }
    return "unknown";
}

const char *cx_family_name(enum cx_family family)
{
    switch (family) {
    case CX_FAMILY_AUTO:
        return "auto";
    case CX_FAMILY_CPU:
        return "cpu";
    case CX_FAMILY_GPU:
        return "gpu";
    }
    return "unknown";
}
