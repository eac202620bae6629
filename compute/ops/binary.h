/* Element by element functions of two inputs that broadcast. */
#ifndef CX_BINARY_H
#define CX_BINARY_H

#include "ops/op.h"

enum cx_binary_kind {
    CX_BINARY_ADD,
    CX_BINARY_AND,
    CX_BINARY_DIV,
    CX_BINARY_EQUAL,
    CX_BINARY_FMOD, /* Mod with fmod=1: the dividend's sign */
    CX_BINARY_GREATER,
    CX_BINARY_GREATER_OR_EQUAL,
    CX_BINARY_LESS,
    CX_BINARY_LESS_OR_EQUAL,
    CX_BINARY_MOD, /* the divisor's sign */
    CX_BINARY_MUL,
    CX_BINARY_OR,
    CX_BINARY_POW,   /* the exponent may have a type of its own */
    CX_BINARY_PRELU, /* input 1 broadcasts to input 0, not the other way */
    CX_BINARY_SUB,
    CX_BINARY_XOR,
};

/* node->attrs */
struct cx_binary {
    enum cx_binary_kind kind;
};

/* Comparisons and logic give bool; everything else gives input 0's type. */
bool cx_binary_gives_bool(enum cx_binary_kind kind);

#endif
