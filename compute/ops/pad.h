/* Pad: its widths, mode and value, and where an element comes from. */
#ifndef CX_PAD_H
#define CX_PAD_H

#include "ops/op.h"

enum cx_pad_mode { CX_PAD_CONSTANT, CX_PAD_REFLECT, CX_PAD_EDGE, CX_PAD_WRAP };

struct cx_pad {
    enum cx_pad_mode mode;
    int64_t begin[CX_RANK_MAX], end[CX_RANK_MAX]; /* negative ones cut away */
    double value; /* of CX_PAD_CONSTANT before opset 11; from then on input 2, zero if absent */
};

enum cx_status cx_pad_resolve(const struct cx_call *call, struct cx_pad *ret_pad);

/* The input index for index I (from -begin) of an axis of DIM > 0 elements; -1: the value. */
int64_t cx_pad_index(enum cx_pad_mode mode, int64_t i, int64_t dim);

#endif
