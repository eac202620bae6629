/* MatMul: products over leading axes that broadcast. */
#include "ops/matmul.h"

#include "kernels/product.h"
#include "ops/op.h"

/* Steps along the output's batch axes for an operand whose own are `own`. */
static void batch_steps(const struct cx_shape *batch, const struct cx_shape *own, int64_t matrix,
                        int64_t ret_steps[CX_RANK_MAX])
{
    int64_t step = matrix;
    for (uint32_t i = 0; i < batch->rank; i++) {
        uint32_t slot = CX_RANK_MAX - 1 - i;
        bool there = i < own->rank && own->dims[own->rank - 1 - i] != 1;
        ret_steps[slot] = there ? step : 0;
        step *= i < own->rank ? own->dims[own->rank - 1 - i] : 1;
    }
}

static bool describe(struct cx_prepare *p, struct cx_product *ret_product)
{
    const struct cx_value *a = cx_prepare_input(p, 0), *b = cx_prepare_input(p, 1);
    struct cx_matmul mm;
    struct cx_shape out;
    if (!cx_matmul_resolve(&a->shape, &b->shape, &mm, &out))
        return false;
    struct cx_product g = {
        .m = mm.m,
        .n = mm.n,
        .k = mm.k,
        .a_row = mm.k,
        .a_col = 1,
        .b_row = mm.n,
        .b_col = 1,
        .alpha = 1.0f,
        .beta = 1.0f,
        .has_c = cx_prepare_input(p, 2) != NULL,
        .c_col = 1,
        .batch = cx_shape_elements(&mm.batch),
        .b_count = cx_shape_elements(&mm.b_batch),
    };
    for (uint32_t i = 0; i < CX_RANK_MAX; i++)
        g.batch_dims[i] = 1;
    if (g.b_count == 1) {
        /* One matrix on the right: the left ones stand on top of each other. */
        g.m *= g.batch;
        g.batch = 1;
    } else {
        for (uint32_t i = 0; i < mm.batch.rank; i++)
            g.batch_dims[CX_RANK_MAX - 1 - i] = mm.batch.dims[mm.batch.rank - 1 - i];
        batch_steps(&mm.batch, &mm.a_batch, mm.m * mm.k, g.a_batch);
        batch_steps(&mm.batch, &mm.b_batch, mm.k * mm.n, g.b_batch);
    }
    *ret_product = g;
    return true;
}

static enum cx_status prepare_cpu(struct cx_prepare *p)
{
    struct cx_product product;
    if (!describe(p, &product))
        return cx_prepare_fail(p, CX_INTERNAL, "its shapes don't resolve");
    return cx_product_prepare_cpu(p, &product);
}

static enum cx_status prepare_gpu(struct cx_prepare *p)
{
    struct cx_product product;
    if (!describe(p, &product))
        return cx_prepare_fail(p, CX_INTERNAL, "its shapes don't resolve");
    return cx_product_prepare_gpu(p, &product);
}

const struct cx_kernel cx_kernel_matmul_cpu = {.prepare = prepare_cpu};
const struct cx_kernel cx_kernel_matmul_gpu = {.prepare = prepare_gpu};
