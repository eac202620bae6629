#include "ops/walk.h"

#include <string.h>

#include "graph/tensor.h"

void cx_walk_start(struct cx_walk *walk, const struct cx_shape *shape)
{
    *walk = (struct cx_walk){.shape = *shape};
}

void cx_walk_follow(struct cx_walk *walk, const struct cx_shape *shape)
{
    int64_t strides[CX_RANK_MAX];
    int64_t *follow = walk->stride[walk->count];
    uint32_t lead = walk->shape.rank - shape->rank;
    cx_shape_strides(shape, strides);
    for (uint32_t i = 0; i < shape->rank; i++)
        follow[lead + i] = shape->dims[i] == 1 ? 0 : strides[i];
    walk->count++;
}

void cx_walk_follow_strides(struct cx_walk *walk, int64_t start, const int64_t *strides)
{
    memcpy(walk->stride[walk->count], strides, walk->shape.rank * sizeof *strides);
    walk->at[walk->count++] = start;
}

void cx_walk_next(struct cx_walk *walk)
{
    for (uint32_t d = walk->shape.rank; d-- > 0;) {
        walk->index[d]++;
        for (uint32_t k = 0; k < walk->count; k++)
            walk->at[k] += walk->stride[k][d];
        if (walk->index[d] < walk->shape.dims[d])
            return;
        for (uint32_t k = 0; k < walk->count; k++)
            walk->at[k] -= walk->stride[k][d] * walk->shape.dims[d];
        walk->index[d] = 0;
    }
}
