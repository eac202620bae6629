#include "ops/small_float.h"

#include <math.h>

/* What tells the small formats apart. */
struct format {
    int mantissa_bits, bias;
    uint8_t sign;   /* the sign's bit, 0 without one */
    uint8_t max;    /* bits of the largest finite value */
    uint8_t inf;    /* bits of infinity, 0 without one */
    uint8_t nan;    /* bits of NaN, 0 without one */
    bool zero_only; /* minus zero is NaN instead: the "UZ" kinds */
};

static const struct format *find_format(enum cx_dtype dtype)
{
    static const struct format e4m3fn = {3, 7, 0x80, 0x7e, 0, 0x7f, false};
    static const struct format e4m3fnuz = {3, 8, 0x80, 0x7f, 0, 0x80, true};
    static const struct format e5m2 = {2, 15, 0x80, 0x7b, 0x7c, 0x7f, false};
    static const struct format e5m2fnuz = {2, 16, 0x80, 0x7f, 0, 0x80, true};
    static const struct format e2m1 = {1, 1, 0x08, 0x07, 0, 0, false};
    switch ((int)dtype) {
    case CX_DTYPE_FLOAT8E4M3FN:
        return &e4m3fn;
    case CX_DTYPE_FLOAT8E4M3FNUZ:
        return &e4m3fnuz;
    case CX_DTYPE_FLOAT8E5M2:
        return &e5m2;
    case CX_DTYPE_FLOAT8E5M2FNUZ:
        return &e5m2fnuz;
    default:
        return &e2m1;
    }
}

static bool is_nan(const struct format *format, uint8_t bits)
{
    if (format->zero_only)
        return bits == format->nan;
    if (format->inf != 0)
        return (bits & ~format->sign & 0xff) > format->inf;
    return format->nan != 0 && (bits & ~format->sign & 0xff) == format->nan;
}

double cx_small_float_to_f64(enum cx_dtype dtype, uint8_t bits)
{
    if (dtype == CX_DTYPE_FLOAT8E8M0)
        return bits == 0xff ? (double)NAN : ldexp(1.0, bits - 127);
    const struct format *format = find_format(dtype);
    if (is_nan(format, bits))
        return (double)NAN;
    uint8_t magnitude = (uint8_t)(bits & ~format->sign);
    double value;
    int exponent = magnitude >> format->mantissa_bits;
    int mantissa = magnitude & ((1 << format->mantissa_bits) - 1);
    if (format->inf != 0 && magnitude == format->inf)
        value = (double)INFINITY;
    else if (exponent == 0)
        value = ldexp(mantissa, 1 - format->bias - format->mantissa_bits);
    else
        value = ldexp(mantissa + (1 << format->mantissa_bits),
                      exponent - format->bias - format->mantissa_bits);
    return (bits & format->sign) != 0 ? -value : value;
}

static uint8_t from_f64_e8m0(double value, bool saturate)
{
    if (isnan(value))
        return 0xff;
    value = fabs(value);
    if (isinf(value))
        return saturate ? 0xfe : 0xff;
    if (value == 0)
        return 0;
    int exponent;
    double mantissa = frexp(value, &exponent); /* in [0.5, 1): value = 2m * 2^(exponent - 1) */
    int bits = exponent - 1 + 127 + (mantissa > 0.5 ? 1 : 0);
    if (bits > 0xfe)
        return saturate ? 0xfe : 0xff;
    return bits < 0 ? 0 : (uint8_t)bits;
}

uint8_t cx_small_float_from_f64(enum cx_dtype dtype, double value, bool saturate)
{
    if (dtype == CX_DTYPE_FLOAT8E8M0)
        return from_f64_e8m0(value, saturate);
    const struct format *format = find_format(dtype);
    uint8_t sign = signbit(value) ? format->sign : 0;
    if (isnan(value))
        return format->zero_only ? format->nan : format->nan != 0 ? sign | format->nan : 0;
    value = fabs(value);
    double max = cx_small_float_to_f64(dtype, format->max);
    int exponent;
    frexp(value, &exponent);
    int lowest = 2 - format->bias; /* frexp's exponent of the smallest normal number */
    int step = (exponent > lowest ? exponent : lowest) - 1 - format->mantissa_bits;
    double rounded = isinf(value) ? value : ldexp(nearbyint(ldexp(value, -step)), step);
    if (rounded > max) {
        bool finite = saturate || (format->inf == 0 && format->nan == 0);
        if (finite)
            return sign | format->max;
        if (format->zero_only)
            return format->nan;
        return sign | (format->inf != 0 ? format->inf : format->nan);
    }
    if (rounded == 0)
        return format->zero_only ? 0 : sign;
    frexp(rounded, &exponent);
    if (exponent < lowest)
        return sign | (uint8_t)ldexp(rounded, format->bias - 1 + format->mantissa_bits);
    int mantissa = (int)ldexp(rounded, format->mantissa_bits + 1 - exponent);
    int biased = exponent - 1 + format->bias;
    return sign |
           (uint8_t)((biased << format->mantissa_bits) + (mantissa - (1 << format->mantissa_bits)));
}
