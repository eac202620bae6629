/* Element types: every small float there is survives the way to a number and back. */
#include <math.h>
#include <stdint.h>

#include <criterion/criterion.h>

#include "graph/tensor.h"
#include "ops/number.h"

static struct cx_tensor one(enum cx_dtype dtype, void *data)
{
    return (struct cx_tensor){dtype, {0}, data};
}

static void expect_round_trip(enum cx_dtype dtype, uint32_t values)
{
    for (uint32_t bits = 0; bits < values; bits++) {
        uint16_t from = (uint16_t)bits, to = 0;
        struct cx_tensor a = one(dtype, &from), b = one(dtype, &to);
        double x = cx_get_f64(&a, 0);
        cx_set_f64_saturate(&b, 0, x, false);
        double y = cx_get_f64(&b, 0);
        bool same = isnan(x) ? isnan(y) : x == y && from == to;
        cr_assert(same, "%s 0x%x: %g became 0x%x, %g", cx_dtype_name(dtype), bits, x, to, y);
    }
}

Test(number, every_16_bit_float_survives)
{
    expect_round_trip(CX_DTYPE_FLOAT16, 1u << 16);
    expect_round_trip(CX_DTYPE_BFLOAT16, 1u << 16);
}

Test(number, every_8_and_4_bit_float_survives)
{
    expect_round_trip(CX_DTYPE_FLOAT8E4M3FN, 256);
    expect_round_trip(CX_DTYPE_FLOAT8E4M3FNUZ, 256);
    expect_round_trip(CX_DTYPE_FLOAT8E5M2, 256);
    expect_round_trip(CX_DTYPE_FLOAT8E5M2FNUZ, 256);
    expect_round_trip(CX_DTYPE_FLOAT8E8M0, 256);
    expect_round_trip(CX_DTYPE_FLOAT4E2M1, 16);
}

/* Between any two neighbours the nearer one is taken, and the even one at the middle. */
Test(number, rounds_halves_to_nearest_even)
{
    for (uint32_t bits = 0; bits < 0x7bff; bits++) {
        uint16_t low = (uint16_t)bits, high = (uint16_t)(bits + 1), got;
        struct cx_tensor a = one(CX_DTYPE_FLOAT16, &low), b = one(CX_DTYPE_FLOAT16, &high);
        struct cx_tensor t = one(CX_DTYPE_FLOAT16, &got);
        double x = cx_get_f64(&a, 0), y = cx_get_f64(&b, 0), middle = (x + y) / 2;
        cx_set_f64(&t, 0, middle);
        cr_assert(got == (bits % 2 == 0 ? low : high), "0x%x", bits);
        /* A hair from the middle: rounding twice, by way of float, would lose it. */
        cx_set_f64(&t, 0, middle * (1 + 0x1p-40));
        cr_assert(got == high, "above the middle of 0x%x", bits);
        cx_set_f64(&t, 0, middle * (1 - 0x1p-40));
        cr_assert(got == low, "below the middle of 0x%x", bits);
    }
}

Test(number, saturates_only_when_told)
{
    uint8_t bits;
    struct cx_tensor t = one(CX_DTYPE_FLOAT8E4M3FN, &bits);
    cx_set_f64_saturate(&t, 0, 1e6, true);
    cr_assert(cx_get_f64(&t, 0) == 448);
    cx_set_f64_saturate(&t, 0, -1e6, false);
    cr_assert(isnan(cx_get_f64(&t, 0)));
    t.dtype = CX_DTYPE_FLOAT8E5M2;
    cx_set_f64_saturate(&t, 0, 1e6, false);
    cr_assert(isinf(cx_get_f64(&t, 0)));
}

Test(number, packs_elements_under_a_byte)
{
    uint8_t data[2] = {0, 0};
    struct cx_tensor t = one(CX_DTYPE_INT4, data);
    cx_set_i64(&t, 0, -8);
    cx_set_i64(&t, 1, 7);
    cx_set_i64(&t, 2, -1);
    cr_assert(data[0] == 0x78 && data[1] == 0x0f); /* the first in the low bits */
    cr_assert(cx_get_i64(&t, 0) == -8 && cx_get_i64(&t, 1) == 7 && cx_get_i64(&t, 2) == -1);
    t.dtype = CX_DTYPE_UINT2;
    cr_assert(cx_get_i64(&t, 0) == 0 && cx_get_i64(&t, 1) == 2);
}

Test(number, converts_out_of_range_numbers_without_a_trap)
{
    int64_t data;
    struct cx_tensor t = one(CX_DTYPE_INT64, &data);
    cx_set_f64(&t, 0, 1e300);
    cr_assert(data == INT64_MAX);
    cx_set_f64(&t, 0, -1e300);
    cr_assert(data == INT64_MIN);
    cx_set_f64(&t, 0, (double)NAN);
    cr_assert(data == 0);
    t.dtype = CX_DTYPE_UINT64;
    cx_set_f64(&t, 0, 0x1p63);
    cr_assert((uint64_t)data == (uint64_t)1 << 63);
    t.dtype = CX_DTYPE_UINT8;
    cx_set_f64(&t, 0, 300);
    cr_assert(cx_get_i64(&t, 0) == 300 % 256);
}

Test(number, bounds_sizes_before_they_are_multiplied)
{
    size_t bytes = 0;
    struct cx_shape shape = {3, {INT64_MAX, INT64_MAX, INT64_MAX}};
    cr_assert(!cx_shape_bytes(CX_DTYPE_FLOAT, &shape, CX_LAYOUT_PLAIN, &bytes));
    shape = (struct cx_shape){3, {0, INT64_MAX, 2}};
    cr_assert(!cx_shape_bytes(CX_DTYPE_FLOAT, &shape, CX_LAYOUT_PLAIN, &bytes));
    shape = (struct cx_shape){2, {2, -1}};
    cr_assert(!cx_shape_bytes(CX_DTYPE_FLOAT, &shape, CX_LAYOUT_PLAIN, &bytes));
    shape = (struct cx_shape){1, {3}};
    cr_assert(cx_shape_bytes(CX_DTYPE_INT4, &shape, CX_LAYOUT_PLAIN, &bytes) && bytes == 2);
    shape = (struct cx_shape){4, {1, 9, 2, 2}};
    cr_assert(cx_shape_bytes(CX_DTYPE_FLOAT, &shape, CX_LAYOUT_NCHWC8, &bytes) && bytes == 256);
}
