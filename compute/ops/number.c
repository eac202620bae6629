#include "ops/number.h"

#include <math.h>
#include <string.h>

#include "ops/small_float.h"

static uint32_t f32_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float f32_from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint16_t cx_f16_from_f32(float value)
{
    uint32_t bits = f32_bits(value);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    uint32_t magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000)
        return sign | 0x7e00;
    if (magnitude >= 0x477ff000) /* 65520 and above round to infinity */
        return sign | 0x7c00;
    if (magnitude < 0x38800000) { /* subnormal halves: adding 0.5 rounds at 2^-24 */
        float shifted = f32_from_bits(magnitude) + 0.5f;
        return sign | (uint16_t)(f32_bits(shifted) - 0x3f000000);
    }
    uint32_t odd = magnitude >> 13 & 1;
    return sign | (uint16_t)((magnitude - 0x38000000 + 0xfff + odd) >> 13);
}

float cx_f16_to_f32(uint16_t bits)
{
    uint32_t sign = (uint32_t)(bits & 0x8000) << 16;
    uint32_t magnitude = bits & 0x7fff;
    if (magnitude >= 0x7c00)
        return f32_from_bits(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
    if (magnitude < 0x400) {
        float value = (float)magnitude * 0x1p-24f;
        return sign != 0 ? -value : value;
    }
    return f32_from_bits(sign | ((magnitude << 13) + 0x38000000));
}

uint16_t cx_bf16_from_f32(float value)
{
    uint32_t bits = f32_bits(value);
    if ((bits & 0x7fffffff) > 0x7f800000)
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float cx_bf16_to_f32(uint16_t bits)
{
    return f32_from_bits((uint32_t)bits << 16);
}

/* Element I of a type of 2 or 4 bits, zero extended. */
static uint8_t get_packed(const uint8_t *data, int64_t i, uint32_t bits)
{
    int64_t at = i * bits;
    return data[at / 8] >> (at % 8) & ((1u << bits) - 1);
}

static void set_packed(uint8_t *data, int64_t i, uint32_t bits, uint8_t value)
{
    int64_t at = i * bits;
    uint8_t mask = (uint8_t)(((1u << bits) - 1) << (at % 8));
    data[at / 8] = (uint8_t)((data[at / 8] & ~mask) | (value << (at % 8) & mask));
}

static int64_t sign_extend(uint8_t value, uint32_t bits)
{
    return (int64_t)(value ^ 1u << (bits - 1)) - (1 << (bits - 1));
}

int64_t cx_get_i64(const struct cx_tensor *tensor, int64_t i)
{
    const void *data = tensor->data;
    switch ((int)tensor->dtype) {
    case CX_DTYPE_UINT8:
        return ((const uint8_t *)data)[i];
    case CX_DTYPE_BOOL:
        return ((const uint8_t *)data)[i] != 0;
    case CX_DTYPE_INT8:
        return ((const int8_t *)data)[i];
    case CX_DTYPE_UINT16:
        return ((const uint16_t *)data)[i];
    case CX_DTYPE_INT16:
        return ((const int16_t *)data)[i];
    case CX_DTYPE_UINT32:
        return ((const uint32_t *)data)[i];
    case CX_DTYPE_INT32:
        return ((const int32_t *)data)[i];
    case CX_DTYPE_UINT64:
    case CX_DTYPE_INT64:
        return ((const int64_t *)data)[i];
    case CX_DTYPE_UINT4:
        return get_packed(data, i, 4);
    case CX_DTYPE_INT4:
        return sign_extend(get_packed(data, i, 4), 4);
    case CX_DTYPE_UINT2:
        return get_packed(data, i, 2);
    case CX_DTYPE_INT2:
        return sign_extend(get_packed(data, i, 2), 2);
    default: {
        double value = cx_get_f64(tensor, i);
        if (!(value > -0x1p63 && value < 0x1p63))
            return value >= 0x1p63 ? INT64_MAX : value <= -0x1p63 ? INT64_MIN : 0;
        return (int64_t)value;
    }
    }
}

double cx_get_f64(const struct cx_tensor *tensor, int64_t i)
{
    const void *data = tensor->data;
    switch ((int)tensor->dtype) {
    case CX_DTYPE_FLOAT:
        return (double)((const float *)data)[i];
    case CX_DTYPE_DOUBLE:
        return ((const double *)data)[i];
    case CX_DTYPE_FLOAT16:
        return (double)cx_f16_to_f32(((const uint16_t *)data)[i]);
    case CX_DTYPE_BFLOAT16:
        return (double)cx_bf16_to_f32(((const uint16_t *)data)[i]);
    case CX_DTYPE_UINT64:
        return (double)((const uint64_t *)data)[i];
    case CX_DTYPE_FLOAT4E2M1:
        return cx_small_float_to_f64(tensor->dtype, get_packed(data, i, 4));
    case CX_DTYPE_FLOAT8E4M3FN:
    case CX_DTYPE_FLOAT8E4M3FNUZ:
    case CX_DTYPE_FLOAT8E5M2:
    case CX_DTYPE_FLOAT8E5M2FNUZ:
    case CX_DTYPE_FLOAT8E8M0:
        return cx_small_float_to_f64(tensor->dtype, ((const uint8_t *)data)[i]);
    default:
        return (double)cx_get_i64(tensor, i);
    }
}

void cx_set_i64(const struct cx_tensor *tensor, int64_t i, int64_t value)
{
    void *data = tensor->data;
    switch ((int)tensor->dtype) {
    case CX_DTYPE_BOOL:
        ((uint8_t *)data)[i] = value != 0;
        return;
    case CX_DTYPE_UINT8:
    case CX_DTYPE_INT8:
        ((uint8_t *)data)[i] = (uint8_t)value;
        return;
    case CX_DTYPE_UINT16:
    case CX_DTYPE_INT16:
        ((uint16_t *)data)[i] = (uint16_t)value;
        return;
    case CX_DTYPE_UINT32:
    case CX_DTYPE_INT32:
        ((uint32_t *)data)[i] = (uint32_t)value;
        return;
    case CX_DTYPE_UINT64:
    case CX_DTYPE_INT64:
        ((int64_t *)data)[i] = value;
        return;
    case CX_DTYPE_UINT4:
    case CX_DTYPE_INT4:
        set_packed(data, i, 4, (uint8_t)value);
        return;
    case CX_DTYPE_UINT2:
    case CX_DTYPE_INT2:
        set_packed(data, i, 2, (uint8_t)value);
        return;
    default:
        cx_set_f64(tensor, i, (double)value);
    }
}

/* Towards zero; out of int64's range the unsigned half still holds, the rest is 0. */
static int64_t truncate(double value)
{
    if (value >= 0x1p63 && value < 0x1p64)
        return (int64_t)(uint64_t)value;
    if (!(value > -0x1p63 - 1 && value < 0x1p63))
        return isnan(value) ? 0 : value > 0 ? INT64_MAX : INT64_MIN;
    return (int64_t)value;
}

/* A double to the nearest float by way of rounding to odd, so that rounding again to 16 bits
 * gives what rounding once would have. */
static float narrow_to_odd(double value)
{
    float narrow = (float)value;
    if ((double)narrow != value && isfinite(narrow) && (f32_bits(narrow) & 1) == 0) {
        bool away = fabs((double)narrow) > fabs(value);
        narrow = f32_from_bits(f32_bits(narrow) + (away ? UINT32_MAX : 1u));
    }
    return narrow;
}

void cx_set_f64_saturate(const struct cx_tensor *tensor, int64_t i, double value, bool saturate)
{
    void *data = tensor->data;
    switch ((int)tensor->dtype) {
    case CX_DTYPE_FLOAT:
        ((float *)data)[i] = (float)value;
        return;
    case CX_DTYPE_DOUBLE:
        ((double *)data)[i] = value;
        return;
    case CX_DTYPE_FLOAT16:
        ((uint16_t *)data)[i] = cx_f16_from_f32(narrow_to_odd(value));
        return;
    case CX_DTYPE_BFLOAT16:
        ((uint16_t *)data)[i] = cx_bf16_from_f32(narrow_to_odd(value));
        return;
    case CX_DTYPE_BOOL:
        ((uint8_t *)data)[i] = value != 0;
        return;
    case CX_DTYPE_FLOAT4E2M1:
        set_packed(data, i, 4, cx_small_float_from_f64(tensor->dtype, value, true));
        return;
    case CX_DTYPE_FLOAT8E4M3FN:
    case CX_DTYPE_FLOAT8E4M3FNUZ:
    case CX_DTYPE_FLOAT8E5M2:
    case CX_DTYPE_FLOAT8E5M2FNUZ:
    case CX_DTYPE_FLOAT8E8M0:
        ((uint8_t *)data)[i] = cx_small_float_from_f64(tensor->dtype, value, saturate);
        return;
    default:
        cx_set_i64(tensor, i, truncate(value));
    }
}

void cx_set_f64(const struct cx_tensor *tensor, int64_t i, double value)
{
    cx_set_f64_saturate(tensor, i, value, true);
}

void cx_copy_element(const struct cx_tensor *dst, int64_t i, const struct cx_tensor *src, int64_t j)
{
    uint32_t bits = cx_dtype_bits(dst->dtype);
    if (bits < 8) {
        set_packed(dst->data, i, bits, get_packed(src->data, j, bits));
        return;
    }
    size_t bytes = bits / 8;
    memcpy((char *)dst->data + (size_t)i * bytes, (const char *)src->data + (size_t)j * bytes,
           bytes);
}

void cx_copy_tensor(const struct cx_tensor *dst, const struct cx_tensor *src)
{
    size_t bytes;
    if (cx_shape_bytes(dst->dtype, &dst->shape, CX_LAYOUT_PLAIN, &bytes) && bytes > 0)
        memcpy(dst->data, src->data, bytes);
}
