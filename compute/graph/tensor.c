#include "graph/tensor.h"

#include <string.h>

#define BYTES_MAX ((uint64_t)1 << 47)

static const uint8_t dtype_bits[] = {
    [CX_DTYPE_FLOAT] = 32,         [CX_DTYPE_UINT8] = 8,          [CX_DTYPE_INT8] = 8,
    [CX_DTYPE_UINT16] = 16,        [CX_DTYPE_INT16] = 16,         [CX_DTYPE_INT32] = 32,
    [CX_DTYPE_INT64] = 64,         [CX_DTYPE_BOOL] = 8,           [CX_DTYPE_FLOAT16] = 16,
    [CX_DTYPE_DOUBLE] = 64,        [CX_DTYPE_UINT32] = 32,        [CX_DTYPE_UINT64] = 64,
    [CX_DTYPE_COMPLEX64] = 64,     [CX_DTYPE_COMPLEX128] = 128,   [CX_DTYPE_BFLOAT16] = 16,
    [CX_DTYPE_FLOAT8E4M3FN] = 8,   [CX_DTYPE_FLOAT8E4M3FNUZ] = 8, [CX_DTYPE_FLOAT8E5M2] = 8,
    [CX_DTYPE_FLOAT8E5M2FNUZ] = 8, [CX_DTYPE_UINT4] = 4,          [CX_DTYPE_INT4] = 4,
    [CX_DTYPE_FLOAT4E2M1] = 4,     [CX_DTYPE_FLOAT8E8M0] = 8,     [CX_DTYPE_UINT2] = 2,
    [CX_DTYPE_INT2] = 2,
};

uint32_t cx_dtype_bits(enum cx_dtype dtype)
{
    return (size_t)dtype < sizeof dtype_bits ? dtype_bits[dtype] : 0;
}

bool cx_dtype_is_float(enum cx_dtype dtype)
{
    switch ((int)dtype) {
    case CX_DTYPE_FLOAT:
    case CX_DTYPE_FLOAT16:
    case CX_DTYPE_DOUBLE:
    case CX_DTYPE_BFLOAT16:
    case CX_DTYPE_FLOAT8E4M3FN:
    case CX_DTYPE_FLOAT8E4M3FNUZ:
    case CX_DTYPE_FLOAT8E5M2:
    case CX_DTYPE_FLOAT8E5M2FNUZ:
    case CX_DTYPE_FLOAT8E8M0:
    case CX_DTYPE_FLOAT4E2M1:
        return true;
    default:
        return false;
    }
}

bool cx_dtype_is_signed(enum cx_dtype dtype)
{
    return dtype == CX_DTYPE_INT8 || dtype == CX_DTYPE_INT16 || dtype == CX_DTYPE_INT32 ||
           dtype == CX_DTYPE_INT64 || dtype == CX_DTYPE_INT4 || dtype == CX_DTYPE_INT2;
}

bool cx_dtype_is_int(enum cx_dtype dtype)
{
    return cx_dtype_is_signed(dtype) || dtype == CX_DTYPE_UINT8 || dtype == CX_DTYPE_UINT16 ||
           dtype == CX_DTYPE_UINT32 || dtype == CX_DTYPE_UINT64 || dtype == CX_DTYPE_UINT4 ||
           dtype == CX_DTYPE_UINT2;
}

int64_t cx_shape_span(const struct cx_shape *shape, uint32_t from, uint32_t to)
{
    int64_t count = 1;
    for (uint32_t i = from; i < to; i++)
        count *= shape->dims[i];
    return count;
}

int64_t cx_shape_elements(const struct cx_shape *shape)
{
    return cx_shape_span(shape, 0, shape->rank);
}

bool cx_shape_is_known(const struct cx_shape *shape)
{
    for (uint32_t i = 0; i < shape->rank; i++)
        if (shape->dims[i] < 0)
            return false;
    return true;
}

void cx_shape_strides(const struct cx_shape *shape, int64_t ret_strides[CX_RANK_MAX])
{
    int64_t stride = 1;
    for (uint32_t i = shape->rank; i-- > 0;) {
        ret_strides[i] = stride;
        stride *= shape->dims[i];
    }
}

bool cx_shape_broadcast(const struct cx_shape *a, const struct cx_shape *b,
                        struct cx_shape *ret_shape)
{
    struct cx_shape out = {.rank = a->rank > b->rank ? a->rank : b->rank};
    for (uint32_t i = 0; i < out.rank; i++) {
        int64_t x = i < out.rank - a->rank ? 1 : a->dims[i - (out.rank - a->rank)];
        int64_t y = i < out.rank - b->rank ? 1 : b->dims[i - (out.rank - b->rank)];
        if (x != y && x != 1 && y != 1)
            return false;
        out.dims[i] = x == 1 ? y : x;
    }
    *ret_shape = out;
    return true;
}

int64_t cx_layout_block(enum cx_layout layout)
{
    return layout == CX_LAYOUT_NCHWC8 ? 8 : layout == CX_LAYOUT_NCHWC16 ? 16 : 1;
}

int64_t cx_layout_blocks(enum cx_layout layout, const struct cx_shape *shape)
{
    int64_t block = cx_layout_block(layout);
    return shape->dims[1] / block + (shape->dims[1] % block != 0);
}

struct cx_shape cx_layout_lies(enum cx_layout layout, const struct cx_shape *shape)
{
    struct cx_shape lies = *shape;
    if (layout != CX_LAYOUT_PLAIN) {
        lies.dims[1] = cx_layout_blocks(layout, shape);
        lies.dims[lies.rank++] = cx_layout_block(layout);
    }
    return lies;
}

bool cx_shape_bytes(enum cx_dtype dtype, const struct cx_shape *shape, enum cx_layout layout,
                    size_t *ret_bytes)
{
    uint64_t bits = cx_dtype_bits(dtype);
    uint64_t count = 1;
    int64_t block = cx_layout_block(layout);
    if (bits == 0 || shape->rank > CX_RANK_MAX)
        return false;
    /* A zero dim makes no elements, but the other dims are bounded all the same: they are
     * multiplied elsewhere in other groupings. */
    bool empty = false;
    for (uint32_t i = 0; i < shape->rank; i++) {
        int64_t dim = shape->dims[i];
        if (dim < 0 || (uint64_t)dim > BYTES_MAX)
            return false;
        if (i == 1)
            dim = (dim + block - 1) / block * block;
        empty = empty || dim == 0;
        if (dim != 0 && count > BYTES_MAX / (uint64_t)dim)
            return false;
        count *= dim == 0 ? 1 : (uint64_t)dim;
    }
    if (count > BYTES_MAX * 8 / bits)
        return false;
    *ret_bytes = empty ? 0 : (size_t)((count * bits + 7) / 8);
    return true;
}
