#include "graph/weight.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ops/op.h"

bool cx_weight_place(const struct cx_node *node, uint32_t i)
{
    if (node->op == &cx_ops[CX_OP_ID_Gather])
        return i == 0;
    return i == 1 && (node->op == &cx_ops[CX_OP_ID_Conv] || node->op == &cx_ops[CX_OP_ID_Gemm] ||
                      node->op == &cx_ops[CX_OP_ID_MatMul]);
}

void cx_weight_read(const struct cx_value *value, void *room)
{
    if (value->bytes > 0)
        memcpy(room, value->data, value->bytes);
    if (!value->in_file || value->factors == NULL)
        return;
    float *to = room;
    int64_t each = cx_shape_span(&value->shape, 1, value->shape.rank);
    for (int64_t c = 0; c < value->shape.dims[0]; c++)
        for (int64_t i = 0; i < each; i++, to++)
            *to = (float)((double)*to * value->factors[c]);
}

void cx_weight_release(const struct cx_value *value)
{
    if (!value->in_file)
        return;
    /* Pages shared with a neighbour stay. */
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = ((uintptr_t)value->data + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)value->data + value->bytes) / page * page;
    if (start < end)
        madvise((void *)start, end - start, MADV_DONTNEED);
}

enum cx_status cx_weight_settle(struct cx_arena *arena, struct cx_value *value)
{
    if (!value->in_file)
        return CX_OK;
    if ((uintptr_t)value->data % 16 == 0 && value->factors == NULL) {
        value->in_file = false;
        return CX_OK;
    }
    void *room = cx_arena_alloc(arena, value->bytes);
    if (room == NULL)
        return CX_MEMORY;
    cx_weight_read(value, room);
    cx_weight_release(value);
    value->data = room;
    value->in_file = false;
    value->data_private = true;
    value->factors = NULL;
    return CX_OK;
}

enum cx_status cx_weight_scale(struct cx_arena *arena, struct cx_value *value,
                               const double *factors)
{
    int64_t count = value->shape.dims[0];
    double *all = cx_arena_array(arena, (size_t)count, sizeof *all);
    if (all == NULL)
        return CX_MEMORY;
    for (int64_t c = 0; c < count; c++)
        all[c] = (value->factors != NULL ? value->factors[c] : 1.0) * factors[c];
    value->factors = all;
    return CX_OK;
}
