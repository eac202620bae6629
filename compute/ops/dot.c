#include "ops/dot.h"

#include <string.h>

#include "ops/number.h"

void cx_dot_f64(const struct cx_dot *dot, int64_t i, int64_t j, int64_t count, double *ret_sums)
{
    memset(ret_sums, 0, (size_t)count * sizeof *ret_sums);
    for (int64_t k = 0; k < dot->k; k++) {
        double a = cx_get_f64(dot->a, dot->a_at + i * dot->a_row + k * dot->a_col);
        int64_t at = dot->b_at + k * dot->b_row + j * dot->b_col;
        if (dot->b->dtype == CX_DTYPE_FLOAT) {
            const float *b = (const float *)dot->b->data + at;
            for (int64_t c = 0; c < count; c++)
                ret_sums[c] += a * (double)b[c * dot->b_col];
        } else {
            for (int64_t c = 0; c < count; c++)
                ret_sums[c] += a * cx_get_f64(dot->b, at + c * dot->b_col);
        }
    }
}

void cx_dot_i64(const struct cx_dot *dot, int64_t i, int64_t j, int64_t count, int64_t *ret_sums)
{
    memset(ret_sums, 0, (size_t)count * sizeof *ret_sums);
    for (int64_t k = 0; k < dot->k; k++) {
        uint64_t a = (uint64_t)cx_get_i64(dot->a, dot->a_at + i * dot->a_row + k * dot->a_col);
        int64_t at = dot->b_at + k * dot->b_row + j * dot->b_col;
        for (int64_t c = 0; c < count; c++) {
            uint64_t b = (uint64_t)cx_get_i64(dot->b, at + c * dot->b_col);
            ret_sums[c] = (int64_t)((uint64_t)ret_sums[c] + a * b);
        }
    }
}
