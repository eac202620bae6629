/* Element by element over any number of inputs that broadcast. */
#ifndef CX_VARIADIC_H
#define CX_VARIADIC_H

enum cx_variadic_kind { CX_VARIADIC_MAX, CX_VARIADIC_MEAN, CX_VARIADIC_MIN, CX_VARIADIC_SUM };

/* node->attrs */
struct cx_variadic {
    enum cx_variadic_kind kind;
};

#endif
