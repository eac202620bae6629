#include "kernels/nest.h"

#include <string.h>

#include "graph/tensor.h"

void cx_nest_init(struct cx_nest *nest, const struct cx_shape *shape)
{
    memset(nest, 0, sizeof *nest);
    nest->rank = shape->rank;
    nest->operands = 1;
    int64_t strides[CX_RANK_MAX];
    cx_shape_strides(shape, strides);
    for (uint32_t k = 0; k < shape->rank; k++) {
        nest->dims[k] = shape->dims[k];
        nest->stride[0][k] = strides[k];
    }
}

uint32_t cx_nest_broadcast(struct cx_nest *nest, const struct cx_shape *shape)
{
    uint32_t operand = nest->operands++;
    int64_t strides[CX_RANK_MAX];
    cx_shape_strides(shape, strides);
    uint32_t skip = nest->rank - shape->rank;
    for (uint32_t k = 0; k < shape->rank; k++)
        nest->stride[operand][skip + k] = shape->dims[k] == 1 ? 0 : strides[k];
    return operand;
}

void cx_nest_loop(struct cx_nest *nest, int64_t dim, const int64_t *strides)
{
    uint32_t k = nest->rank++;
    nest->dims[k] = dim;
    for (uint32_t o = 0; o < nest->operands; o++)
        nest->stride[o][k] = strides[o];
}

static bool can_merge(const struct cx_nest *nest, uint32_t outer, uint32_t inner)
{
    for (uint32_t o = 0; o < nest->operands; o++)
        if (nest->stride[o][outer] != nest->stride[o][inner] * nest->dims[inner])
            return false;
    return true;
}

static void move_loop(struct cx_nest *nest, uint32_t to, uint32_t from)
{
    nest->dims[to] = nest->dims[from];
    for (uint32_t o = 0; o < nest->operands; o++)
        nest->stride[o][to] = nest->stride[o][from];
}

void cx_nest_merge(struct cx_nest *nest)
{
    uint32_t kept = 0;
    for (uint32_t k = 0; k < nest->rank; k++) {
        if (nest->dims[k] == 1)
            continue;
        if (kept > 0 && can_merge(nest, kept - 1, k)) {
            int64_t dim = nest->dims[kept - 1] * nest->dims[k];
            move_loop(nest, kept - 1, k);
            nest->dims[kept - 1] = dim;
        } else {
            move_loop(nest, kept++, k);
        }
    }
    if (kept == 0) {
        nest->dims[0] = 1;
        for (uint32_t o = 0; o < nest->operands; o++)
            nest->stride[o][0] = 1;
        kept = 1;
    }
    nest->rank = kept;
}

int64_t cx_nest_count(const struct cx_nest *nest)
{
    int64_t count = 1;
    for (uint32_t k = 0; k < nest->rank; k++)
        count *= nest->dims[k];
    return count;
}

void cx_nest_dims8(const struct cx_nest *nest, int64_t ret_dims[CX_RANK_MAX])
{
    for (uint32_t k = 0; k < CX_RANK_MAX; k++)
        ret_dims[k] = k + nest->rank < CX_RANK_MAX ? 1 : nest->dims[k + nest->rank - CX_RANK_MAX];
}

void cx_nest_strides8(const struct cx_nest *nest, uint32_t operand,
                      int64_t ret_strides[CX_RANK_MAX])
{
    for (uint32_t k = 0; k < CX_RANK_MAX; k++)
        ret_strides[k] =
            k + nest->rank < CX_RANK_MAX ? 0 : nest->stride[operand][k + nest->rank - CX_RANK_MAX];
}
