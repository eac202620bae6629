/* Matrix products on a GPU: CLBlast where it helps, else tiles in local memory. */
#include "kernels/product.h"

#define LARGE_GROUP 16
#define SMALL_GROUP 8
#define ITEM_TILE 4 /* rows and columns that one work-item sums */

#define FINISH_GROUP 64

/* C, the residual and the activation, where there is one. */
static enum cx_status prepare_finish(struct cx_prepare *p, const struct cx_product *g)
{
    const struct cx_epilogue *epilogue = &cx_prepare_node(p)->epilogue;
    bool residual = epilogue->residual != CX_VALUE_NONE;
    if (!g->has_c && !residual && epilogue->act == CX_ACT_NONE)
        return CX_OK;
    struct cx_launch_spec spec = {
        .file = "gpu/product_finish.cl", .kernel = "product_finish", .dim_n = 2};
    cx_launch_option_dtype(&spec, p, CX_DTYPE_FLOAT);
    cx_launch_option(&spec, "-DHAS_C=%d -DC_COL=%d -DACT=%d -DHAS_RESIDUAL=%d", g->has_c,
                     g->c_col != 0, (int)epilogue->act, residual);
    spec.global[0] = (size_t)g->n;
    spec.global[1] = (size_t)g->m;
    spec.local[0] = FINISH_GROUP;
    spec.local[1] = 1;
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 2));
    cx_launch_arg(&spec, cx_prepare_residual_arg(p));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_i32(g->m));
    cx_launch_arg(&spec, cx_arg_i32(g->n));
    cx_launch_arg(&spec, cx_arg_i32(g->c_row));
    cx_launch_arg(&spec, cx_arg_f32(g->beta));
    cx_launch_arg(&spec, cx_arg_f32(epilogue->alpha));
    cx_launch_arg(&spec, cx_arg_f32(epilogue->beta));
    return cx_prepare_launch(p, &spec);
}

/* One product of floats through CLBlast, where it is there and worth it. */
static enum cx_status prepare_blas(struct cx_prepare *p, const struct cx_product *g, bool *ret_done)
{
    uint64_t scratch_bytes = 0;
    struct cx_blas_product blas = {
        .m = (size_t)g->m,
        .n = (size_t)g->n,
        .k = (size_t)g->k,
        .trans_a = g->a_col != 1,
        .trans_b = g->b_col != 1,
        .a_ld = (size_t)(g->a_col != 1 ? g->a_col : g->a_row),
        .b_ld = (size_t)(g->b_col != 1 ? g->b_col : g->b_row),
        .alpha = g->alpha,
    };
    *ret_done = false;
    /* A single row or column of A or B looks the same turned or not; its row then is all of it. */
    if (!blas.trans_a && blas.a_ld < blas.k)
        blas.a_ld = blas.k;
    if (!blas.trans_b && blas.b_ld < blas.n)
        blas.b_ld = blas.n;
    if (g->batch != 1 || g->m * g->n * g->k == 0 || !cx_prepare_blas(p, &blas, &scratch_bytes))
        return CX_OK;
    struct cx_launch_spec spec = {.file = CX_BLAS_FILE, .kernel = "sgemm", .dim_n = 1};
    struct cx_arg scratch = {CX_ARG_NULL, {0}};
    if (scratch_bytes > 0) {
        uint32_t handle;
        enum cx_status status = cx_prepare_scratch(p, scratch_bytes, &handle);
        if (status != CX_OK)
            return status;
        scratch = cx_arg_scratch(handle);
    }
    spec.blas = blas;
    spec.global[0] = 1;
    spec.flops = 2.0 * (double)g->m * (double)g->n * (double)g->k;
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 1));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, scratch);
    enum cx_status status = cx_prepare_launch(p, &spec);
    *ret_done = status == CX_OK;
    return status == CX_OK ? prepare_finish(p, g) : status;
}

enum cx_status cx_product_prepare_gpu(struct cx_prepare *p, const struct cx_product *g)
{
    const struct cx_device_info *device = cx_prepare_device(p);
    enum cx_dtype dtype = cx_prepare_output(p, 0)->dtype;
    if (dtype != CX_DTYPE_FLOAT && dtype != CX_DTYPE_FLOAT16)
        return cx_product_prepare_direct(p, g);
    if (g->m > INT32_MAX || g->n > INT32_MAX || g->k > INT32_MAX || g->batch > INT32_MAX)
        return cx_prepare_fail(p, CX_LIMIT, "a matrix has over 2^31 rows or columns");
    if (dtype == CX_DTYPE_FLOAT) {
        bool done;
        enum cx_status status = prepare_blas(p, g, &done);
        if (status != CX_OK || done)
            return status;
    }
    size_t group = device->group_size_max >= LARGE_GROUP * LARGE_GROUP ? LARGE_GROUP : SMALL_GROUP;
    size_t tile = group * ITEM_TILE;
    struct cx_launch_spec spec = {.file = "gpu/product.cl", .kernel = "product", .dim_n = 3};
    cx_launch_option_dtype(&spec, p, dtype);
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
