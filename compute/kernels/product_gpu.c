/* Matrix products on a GPU: CLBlast for those that it does better, else tiles in local memory. */
#include "kernels/product.h"

#include <string.h>

#define LARGE_GROUP 16
#define SMALL_GROUP 8
#define ITEM_TILE 4 /* rows and columns that one work-item sums */

/* How a matrix of (rows, columns) with these steps lies, in BLAS's terms; false if it doesn't. */
static bool lies(int64_t rows, int64_t columns, int64_t row, int64_t col, bool *ret_trans,
                 int64_t *ret_ld)
{
    bool plain = col == 1 && row >= columns;
    if (!plain && !(row == 1 && col >= rows))
        return false;
    *ret_trans = !plain;
    *ret_ld = plain ? row : col;
    return true;
}

/* The part of a product that CLBlast leaves over. */
static enum cx_status prepare_finish(struct cx_prepare *p, const struct cx_product *g)
{
    const struct cx_epilogue *epilogue = &cx_prepare_node(p)->epilogue;
    bool residual = epilogue->residual != CX_VALUE_NONE;
    if (!g->has_c && !residual && epilogue->act == CX_ACT_NONE)
        return CX_OK;
    struct cx_launch_spec spec = {
        .file = "gpu/product_finish.cl", .kernel = "product_finish", .dim_n = 3};
    cx_launch_option_dtype(&spec, p, cx_prepare_output(p, 0)->dtype);
    cx_launch_option(&spec, "-DHAS_C=%d -DC_COL=%d -DACT=%d -DHAS_RESIDUAL=%d", g->has_c,
                     g->c_col != 0, (int)epilogue->act, residual);
    spec.global[0] = (size_t)g->n;
    spec.global[1] = (size_t)g->m;
    spec.global[2] = (size_t)g->batch;
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 2));
    cx_launch_arg(&spec, cx_prepare_residual_arg(p));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_i32(g->c_row));
    cx_launch_arg(&spec, cx_arg_f32(g->beta));
    cx_launch_arg(&spec, cx_arg_f32(epilogue->alpha));
    cx_launch_arg(&spec, cx_arg_f32(epilogue->beta));
    return cx_prepare_launch(p, &spec);
}

/* Describes a product by CLBlast, when that takes it, to be tried before what is described next. */
static enum cx_status prepare_blas(struct cx_prepare *p, const struct cx_product *g)
{
    struct cx_gemm_spec gemm = {
        .dtype = cx_prepare_output(p, 0)->dtype,
        .m = g->m,
        .n = g->n,
        .k = g->k,
        .alpha = (double)g->alpha,
        .a = cx_prepare_input_arg(p, 0),
        .b = cx_prepare_input_arg(p, 1),
        .y = cx_prepare_output_arg(p, 0),
    };
    memcpy(gemm.batch_dims, g->batch_dims, sizeof gemm.batch_dims);
    memcpy(gemm.a_batch, g->a_batch, sizeof gemm.a_batch);
    memcpy(gemm.b_batch, g->b_batch, sizeof gemm.b_batch);
    if (!lies(g->m, g->k, g->a_row, g->a_col, &gemm.a_trans, &gemm.a_ld) ||
        !lies(g->k, g->n, g->b_row, g->b_col, &gemm.b_trans, &gemm.b_ld))
        return CX_OK;
    bool taken = false;
    enum cx_status status = cx_prepare_gemm(p, &gemm, &taken);
    if (status != CX_OK || !taken)
        return status;
    status = prepare_finish(p, g);
    cx_prepare_otherwise(p);
    return status;
}

static enum cx_status prepare_tiles(struct cx_prepare *p, const struct cx_product *g)
{
    const struct cx_device_info *device = cx_prepare_device(p);
    size_t group = device->group_size_max >= LARGE_GROUP * LARGE_GROUP ? LARGE_GROUP : SMALL_GROUP;
    size_t tile = group * ITEM_TILE;
    struct cx_launch_spec spec = {.file = "gpu/product.cl", .kernel = "product", .dim_n = 3};
    cx_launch_option_dtype(&spec, p, cx_prepare_output(p, 0)->dtype);
    cx_launch_option(&spec, "-DGROUP=%d", (int)group);
    spec.global[0] = ((size_t)g->n + tile - 1) / tile * group;
    spec.global[1] = ((size_t)g->m + tile - 1) / tile * group;
    spec.global[2] = (size_t)g->batch;
    spec.local[0] = spec.local[1] = group;
    spec.local[2] = 1;
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 1));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 2));
    cx_launch_arg(&spec, cx_prepare_residual_arg(p));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_i32(g->m));
    cx_launch_arg(&spec, cx_arg_i32(g->n));
    cx_launch_arg(&spec, cx_arg_i32(g->k));
    cx_launch_arg(&spec, cx_arg_i64(g->a_row));
    cx_launch_arg(&spec, cx_arg_i64(g->a_col));
    cx_launch_arg(&spec, cx_arg_i64(g->b_row));
    cx_launch_arg(&spec, cx_arg_i64(g->b_col));
    cx_product_args(&spec, p, g);
    return cx_prepare_launch(p, &spec);
}

enum cx_status cx_product_prepare_gpu(struct cx_prepare *p, const struct cx_product *g)
{
    enum cx_dtype dtype = cx_prepare_output(p, 0)->dtype;
    enum cx_status status = prepare_blas(p, g);
    if (status != CX_OK)
        return status;
    if (dtype != CX_DTYPE_FLOAT && dtype != CX_DTYPE_FLOAT16)
        return cx_product_prepare_direct(p, g);
    if (g->m > INT32_MAX || g->n > INT32_MAX || g->k > INT32_MAX || g->batch > INT32_MAX)
        return cx_prepare_fail(p, CX_LIMIT, "a matrix has over 2^31 rows or columns");
    return prepare_tiles(p, g);
}
