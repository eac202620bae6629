/* Element by element functions of one input. */
#ifndef CX_UNARY_H
#define CX_UNARY_H

#include "ops/op.h"

enum cx_unary_kind {
    CX_UNARY_ABS,
    CX_UNARY_CEIL,
    CX_UNARY_COS,
    CX_UNARY_ELU, /* alpha */
    CX_UNARY_ERF,
    CX_UNARY_EXP,
    CX_UNARY_FLOOR,
    CX_UNARY_HARD_SIGMOID, /* alpha, beta */
    CX_UNARY_HARD_SWISH,
    CX_UNARY_LEAKY_RELU, /* alpha */
    CX_UNARY_LOG,
    CX_UNARY_NEG,
    CX_UNARY_NOT,
    CX_UNARY_RECIPROCAL,
    CX_UNARY_RELU,
    CX_UNARY_ROUND, /* halves to even */
    CX_UNARY_SELU,  /* alpha, beta = gamma */
    CX_UNARY_SIGMOID,
    CX_UNARY_SIGN,
    CX_UNARY_SIN,
    CX_UNARY_SOFTPLUS,
    CX_UNARY_SOFTSIGN,
    CX_UNARY_SQRT,
    CX_UNARY_TANH,
};

/* node->attrs */
struct cx_unary {
    enum cx_unary_kind kind;
    float alpha, beta;
};

#endif
