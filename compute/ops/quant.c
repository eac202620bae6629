#include "ops/quant.h"

#include <math.h>

#include "ops/number.h"

void cx_quant_range(enum cx_dtype dtype, int64_t *ret_low, int64_t *ret_high)
{
    uint32_t bits = cx_dtype_bits(dtype);
    bool is_signed = cx_dtype_is_signed(dtype) || dtype == CX_DTYPE_INT4 || dtype == CX_DTYPE_INT2;
    *ret_low = is_signed ? -(INT64_C(1) << (bits - 1)) : 0;
    *ret_high = (INT64_C(1) << (is_signed ? bits - 1 : bits)) - 1;
}

int64_t cx_quant_round(float x, int64_t zero, int64_t low, int64_t high)
{
    if (isnan(x))
        x = 0;
    double q = (double)rintf(x) + (double)zero;
    return q < (double)low ? low : q > (double)high ? high : (int64_t)q;
}

int64_t cx_quant_sum(int64_t a, float scale_a, int64_t b, float scale_b, int64_t zero, int64_t low,
                     int64_t high)
{
    /* Kernels fuse the same product with the sum. */
    return cx_quant_round(fmaf((float)a, scale_a, (float)b * scale_b), zero, low, high);
}

static int64_t element(const struct cx_tensor *tensor, int64_t i)
{
    return cx_shape_elements(&tensor->shape) == 1 ? 0 : i;
}

float cx_quant_scale(const struct cx_call *call, uint32_t scale, int64_t i)
{
    return (float)cx_get_f64(&call->in[scale], element(&call->in[scale], i));
}

int64_t cx_quant_zero(const struct cx_call *call, uint32_t zero, int64_t i)
{
    if (!cx_call_has_in(call, zero))
        return 0;
    return cx_get_i64(&call->in[zero], element(&call->in[zero], i));
}

static bool holds(const struct cx_tensor *tensor, int64_t count)
{
    int64_t elements = cx_shape_elements(&tensor->shape);
    return elements == 1 || elements == count;
}

enum cx_status cx_quant_check(const struct cx_call *call, uint32_t x, uint32_t scale, uint32_t zero,
                              int64_t count)
{
    char text[128];
    enum cx_status status = CX_OK;
    if (scale != UINT32_MAX)
        status = cx_call_check_dtype(call, scale, CX_DTYPES_FLOAT);
    if (status == CX_OK && scale != UINT32_MAX && !holds(&call->in[scale], count))
        return cx_call_fail(call, CX_UNSUPPORTED, "scales of shape %s, neither one nor %lld",
                            cx_shape_format(&call->in[scale].shape, text, sizeof text),
                            (long long)count);
    if (status != CX_OK || zero == UINT32_MAX || !cx_call_has_in(call, zero))
        return status;
    if (x != UINT32_MAX)
        status = cx_call_check_same_dtype(call, x, zero);
    if (status == CX_OK && !holds(&call->in[zero], count))
        return cx_call_fail(call, CX_UNSUPPORTED, "zero points of shape %s, neither one nor %lld",
                            cx_shape_format(&call->in[zero].shape, text, sizeof text),
                            (long long)count);
    return status;
}

int64_t cx_quant_map_at(const struct cx_quant_map *map, int64_t i)
{
    int64_t b = i % map->inner, a = i / map->inner % map->size, outer = i / map->inner / map->size;
    return outer * map->outer_step + a / map->block * map->axis_step + b * map->inner_step;
}

bool cx_quant_map_resolve(const struct cx_quantize *attrs, const struct cx_shape *x,
                          const struct cx_shape *scale, struct cx_quant_map *ret_map)
{
    *ret_map = (struct cx_quant_map){.size = 1, .inner = 1, .block = 1};
    if (cx_shape_elements(scale) == 1 && attrs->block == 0)
        return true;
    int64_t axis = attrs->axis < 0 ? attrs->axis + x->rank : attrs->axis;
    if (axis < 0 || axis >= x->rank)
        return false;
    ret_map->size = x->dims[axis];
    ret_map->inner = cx_shape_span(x, (uint32_t)axis + 1, x->rank);
    if (ret_map->size == 0 || ret_map->inner == 0) /* no elements: nothing is looked up */
        ret_map->size = ret_map->inner = 1;
    if (attrs->block == 0) {
        ret_map->axis_step = 1;
        return scale->rank == 1 && scale->dims[0] == x->dims[axis];
    }
    if (scale->rank != x->rank)
        return false;
    for (uint32_t k = 0; k < x->rank; k++) {
        int64_t wanted = k == axis ? (x->dims[k] + attrs->block - 1) / attrs->block : x->dims[k];
        if (scale->dims[k] != wanted)
            return false;
    }
    ret_map->block = attrs->block;
    ret_map->inner_step = 1;
    ret_map->axis_step = ret_map->inner;
    ret_map->outer_step = scale->dims[axis] * ret_map->inner;
    return true;
}
