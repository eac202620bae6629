/* Walking an output's elements in row-major order while following up to three inputs, whose
 * dims of size 1 are repeated. */
#ifndef CX_WALK_H
#define CX_WALK_H

#include <stdint.h>

#include "cx.h"

#define CX_WALK_MAX 3

struct cx_walk {
    struct cx_shape shape;
    int64_t index[CX_RANK_MAX];               /* the element we are at */
    int64_t stride[CX_WALK_MAX][CX_RANK_MAX]; /* of each input; 0 where it repeats */
    int64_t at[CX_WALK_MAX];                  /* each input's element */
    uint32_t count;
};

void cx_walk_start(struct cx_walk *walk, const struct cx_shape *shape);

/* Follows an input whose SHAPE broadcasts to the walk's. */
void cx_walk_follow(struct cx_walk *walk, const struct cx_shape *shape);

/* Follows an input from element START with these strides, walk->shape.rank of them. */
void cx_walk_follow_strides(struct cx_walk *walk, int64_t start, const int64_t *strides);

/* One element further. */
void cx_walk_next(struct cx_walk *walk);

#endif
