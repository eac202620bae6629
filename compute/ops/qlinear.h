/* Convolutions and products of quantized operands.
 *
 * QLinearConv's and QLinearMatMul's inputs, by number. From RESIDUAL on they are only there in
 * nodes that our own fusion made: y is then quantized again by the sum's scale and zero point after
 * adding the residual:  quantize(dequantize(y) + dequantize(residual)). */
#ifndef CX_QLINEAR_H
#define CX_QLINEAR_H

#include <stdbool.h>
#include <stdint.h>

#include "ops/conv.h"
#include "ops/matmul.h"
#include "ops/op.h"

enum cx_qlinear_input {
    CX_QL_X,
    CX_QL_X_SCALE,
    CX_QL_X_ZERO,
    CX_QL_W,
    CX_QL_W_SCALE, /* one, or one an output channel (a column) */
    CX_QL_W_ZERO,
    CX_QL_Y_SCALE,
    CX_QL_Y_ZERO,
    CX_QL_BIAS, /* int32, in steps of x_scale * w_scale */
    CX_QL_RESIDUAL,
    CX_QL_RESIDUAL_SCALE,
    CX_QL_RESIDUAL_ZERO,
    CX_QL_SUM_SCALE,
    CX_QL_SUM_ZERO,
    CX_QL_INPUTS
};

/* ConvInteger's and MatMulInteger's. */
enum { CX_QI_X, CX_QI_W, CX_QI_X_ZERO, CX_QI_W_ZERO };

/* Which operand of a node is which: UINT32_MAX for what it doesn't have. */
struct cx_qlinear_form {
    bool requantizes; /* else y is the int32 sums */
    uint32_t w, x_zero, w_zero;
};

struct cx_qlinear_form cx_qlinear_form(const struct cx_node *node);

/* The multiplier of the sums of output channel (or column) M. */
float cx_qlinear_multiplier(const struct cx_call *call, int64_t m);

/* Output element I of channel M from its sum: bias, requantization, residual. */
void cx_qlinear_store(const struct cx_call *call, int64_t i, int64_t m, int64_t sum);

/* Checks the operands that both kinds share; CHANNELS are the output's. Sets the output's type. */
enum cx_status cx_qlinear_check(struct cx_call *call, int64_t channels);

#endif
