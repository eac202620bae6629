/* Gemm: one product of two matrices. */
#include "ops/gemm.h"

#include "kernels/product.h"
#include "ops/op.h"

static void describe(struct cx_prepare *p, struct cx_product *ret_product)
{
    const struct cx_gemm *gemm = cx_prepare_node(p)->attrs;
    const struct cx_value *a = cx_prepare_input(p, 0), *c = cx_prepare_input(p, 2);
    const struct cx_value *y = cx_prepare_output(p, 0);
    struct cx_product g = {
        .m = y->shape.dims[0],
        .n = y->shape.dims[1],
        .k = a->shape.dims[gemm->trans_a ? 0 : 1],
        .alpha = gemm->alpha,
        .beta = gemm->beta,
        .has_c = c != NULL && gemm->beta != 0.0f,
        .batch = 1,
        .b_count = 1,
    };
    g.a_row = gemm->trans_a ? 1 : g.k;
    g.a_col = gemm->trans_a ? g.m : 1;
    g.b_row = gemm->trans_b ? 1 : g.n;
    g.b_col = gemm->trans_b ? g.k : 1;
    for (int i = 0; i < CX_RANK_MAX; i++)
        g.batch_dims[i] = 1;
    if (c != NULL) {
        uint32_t rank = c->shape.rank;
        int64_t columns = rank > 0 ? c->shape.dims[rank - 1] : 1;
        int64_t rows = rank > 1 ? c->shape.dims[rank - 2] : 1;
        g.c_col = columns > 1 ? 1 : 0;
        g.c_row = rows > 1 ? columns : 0;
    }
    *ret_product = g;
}

static enum cx_status prepare_cpu(struct cx_prepare *p)
{
    struct cx_product product;
    describe(p, &product);
    return cx_product_prepare_cpu(p, &product);
}

static enum cx_status prepare_gpu(struct cx_prepare *p)
{
    struct cx_product product;
    describe(p, &product);
    return cx_product_prepare_gpu(p, &product);
}

const struct cx_kernel cx_kernel_gemm_cpu = {.prepare = prepare_cpu};
const struct cx_kernel cx_kernel_gemm_gpu = {.prepare = prepare_gpu};
