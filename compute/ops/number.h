/* Elements of any type, one at a time: how the host reference reads and writes tensors. */
#ifndef CX_NUMBER_H
#define CX_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/tensor.h"

/* Round to nearest even; overflow gives infinity, NaN stays NaN. */
uint16_t cx_f16_from_f32(float value);
float cx_f16_to_f32(uint16_t bits);
uint16_t cx_bf16_from_f32(float value);
float cx_bf16_to_f32(uint16_t bits);

/* Element I of a tensor of any fixed-size type but complex; bool reads as 0 or 1. */
double cx_get_f64(const struct cx_tensor *tensor, int64_t i);
int64_t cx_get_i64(const struct cx_tensor *tensor, int64_t i); /* uint64 as its 64 bits */

/* Writes element I, rounding to nearest even for floats and towards zero for integers; integers
 * out of range wrap, NaN becomes 0. bool takes value != 0. */
void cx_set_f64(const struct cx_tensor *tensor, int64_t i, double value);
void cx_set_i64(const struct cx_tensor *tensor, int64_t i, int64_t value);

/* As cx_set_f64; SATURATE picks the largest finite value where a float8 would overflow. */
void cx_set_f64_saturate(const struct cx_tensor *tensor, int64_t i, double value, bool saturate);

/* dst[i] = src[j] for two tensors of one type, any type. */
void cx_copy_element(const struct cx_tensor *dst, int64_t i, const struct cx_tensor *src,
                     int64_t j);

/* All elements; the shapes may differ where their counts don't. */
void cx_copy_tensor(const struct cx_tensor *dst, const struct cx_tensor *src);

#endif
