/* Numbers kept as integers: real = scale * (q - zero). What the quantized operators share. */
#ifndef CX_QUANT_H
#define CX_QUANT_H

#include <stdbool.h>
#include <stdint.h>

#include "ops/op.h"

#define CX_DTYPES_BYTE (CX_DTYPE_BIT(UINT8) | CX_DTYPE_BIT(INT8))

/* The smallest and the largest number of an integer type of up to 32 bits. */
void cx_quant_range(enum cx_dtype dtype, int64_t *ret_low, int64_t *ret_high);

/* X rounded, halves to even, plus ZERO, held in LOW .. HIGH. NaN rounds to 0. */
int64_t cx_quant_round(float x, int64_t zero, int64_t low, int64_t high);

/* a * SCALE_A + b * SCALE_B rounded so, for differences a and b from their zero points and scales
 * that were divided by the sum's. */
int64_t cx_quant_sum(int64_t a, float scale_a, int64_t b, float scale_b, int64_t zero, int64_t low,
                     int64_t high);

/* Input SCALE and the zero points in input ZERO of one quantized operand, element I of them where
 * they have more than one. A missing zero point is 0. */
float cx_quant_scale(const struct cx_call *call, uint32_t scale, int64_t i);
int64_t cx_quant_zero(const struct cx_call *call, uint32_t zero, int64_t i);

/* For infer: input SCALE is a float of one element or of COUNT; ZERO, where there, has one element
 * or COUNT of the type of operand X. Either index UINT32_MAX: isn't checked. */
enum cx_status cx_quant_check(const struct cx_call *call, uint32_t x, uint32_t scale, uint32_t zero,
                              int64_t count);

/* How the scale of element i of x is found: with i = (outer * size + a) * inner + b, it is
 * outer * outer_step + a / block * axis_step + b * inner_step. */
struct cx_quant_map {
    int64_t size, inner;
    int64_t block;
    int64_t outer_step, axis_step, inner_step;
};

int64_t cx_quant_map_at(const struct cx_quant_map *map, int64_t i);

/* node->attrs of QuantizeLinear and DequantizeLinear. */
struct cx_quantize {
    bool quantizes; /* else it is the way back */
    bool saturate;
    int64_t axis, block; /* block 0: one scale an index of the axis */
    enum cx_dtype output_dtype;
};

/* For inputs x and scale of an inferred node. False when the scale's shape doesn't fit. */
bool cx_quant_map_resolve(const struct cx_quantize *attrs, const struct cx_shape *x,
                          const struct cx_shape *scale, struct cx_quant_map *ret_map);

#endif
