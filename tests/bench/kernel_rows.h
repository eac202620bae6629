/* The operators and shapes that tests/bench/kernels.c measures. */
#ifndef KERNEL_ROWS_H
#define KERNEL_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cx.h"

#define KERNEL_INPUTS_MAX 3
#define KERNEL_ATTRS_MAX 3

struct kernel_attr {
    const char *name;
    uint32_t n; /* 0: a number, else a list */
    int64_t values[4];
};

struct kernel_row {
    const char *name; /* what it is, then its shape */
    const char *op;
    bool by_bytes;    /* bound by memory, not by arithmetic */
    bool behind_conv; /* its first input is a convolution's result */
    uint32_t weights; /* bit I: input I is a weight */
    uint32_t input_n;
    struct cx_shape inputs[KERNEL_INPUTS_MAX];
    uint32_t attr_n;
    struct kernel_attr attrs[KERNEL_ATTRS_MAX];
};

extern const struct kernel_row kernel_rows[];
extern const size_t kernel_row_n;

#endif
