/* Floating types of 8 and 4 bits, as ONNX defines them. */
#ifndef CX_SMALL_FLOAT_H
#define CX_SMALL_FLOAT_H

#include <stdbool.h>
#include <stdint.h>

#include "cx.h"

/* The value of the low bits of BITS read as DTYPE (one of FLOAT8… or FLOAT4E2M1). */
double cx_small_float_to_f64(enum cx_dtype dtype, uint8_t bits);

/* Nearest even. Too large a value: the largest finite one when SATURATE, or where the type has
 * neither infinity nor NaN; else infinity or NaN. FLOAT8E8M0 holds powers of two, rounded up at
 * halves of the exponent step. */
uint8_t cx_small_float_from_f64(enum cx_dtype dtype, double value, bool saturate);

#endif
