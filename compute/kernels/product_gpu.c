/* Matrix products on a GPU: CLBlast for those that it does better, else tiles in local memory. */
#include "kernels/product.h"

#include <stdio.h>
#include <string.h>

#include "kernels/gpu_tile.h"

/* Of gpu/product_rows.cl. */
#define ROWS_MAX 8
#define ROWS_DOWN 64
#define ROWS_ACROSS 16
/* CLBlast has parameters tuned on most cards; ours are one set for all. */
#define BLAST_TIME 0.9

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

/* False when BLAS has no words for how the operands lie. */
static bool describe_blas(struct cx_prepare *p, const struct cx_product *g,
                          struct cx_gemm_spec *ret_gemm)
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
        return false;
    *ret_gemm = gemm;
    return true;
}

/* Describes a product by CLBlast, to be tried before what is described next. */
static enum cx_status prepare_blas(struct cx_prepare *p, const struct cx_product *g,
                                   const struct cx_gemm_spec *gemm)
{
    bool taken = false;
    enum cx_status status = cx_prepare_gemm(p, gemm, &taken);
    if (status != CX_OK || !taken)
        return status;
    status = prepare_finish(p, g);
    cx_prepare_otherwise(p);
    return status;
}

/* ---- kernels of our own ---- */

struct way {
    const struct cx_gpu_tile *tile; /* NULL: gpu/product_rows.cl */
    bool blas;
};

static enum cx_status prepare_own(struct cx_prepare *p, const struct cx_product *g,
                                  struct cx_launch_spec *spec)
{
    const struct cx_epilogue *epilogue = &cx_prepare_node(p)->epilogue;
    const int64_t sizes[CX_RANK_MAX] = {g->m, g->n, g->k, g->c_row, g->c_col, (int)epilogue->act};
    spec->dim_n = 3;
    spec->local[1] = spec->local[2] = 1;
    spec->global[2] = (size_t)g->batch;
    cx_launch_arg(spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(spec, cx_prepare_input_arg(p, 1));
    cx_launch_arg(spec, g->has_c ? cx_prepare_input_arg(p, 2) : cx_arg_value(CX_VALUE_NONE));
    cx_launch_arg(spec, cx_prepare_residual_arg(p));
    cx_launch_arg(spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(spec, cx_arg_i32x8(sizes));
    cx_launch_arg(spec, cx_arg_i64(g->a_row));
    cx_launch_arg(spec, cx_arg_i64(g->a_col));
    cx_launch_arg(spec, cx_arg_i64(g->b_row));
    cx_launch_arg(spec, cx_arg_i64(g->b_col));
    cx_launch_arg(spec, cx_arg_f32(g->alpha));
    cx_launch_arg(spec, cx_arg_f32(g->beta));
    cx_launch_arg(spec, cx_arg_i32x8(g->batch_dims));
    cx_launch_arg(spec, cx_arg_i64x8(g->a_batch));
    cx_launch_arg(spec, cx_arg_i64x8(g->b_batch));
    cx_launch_arg(spec, cx_arg_f32(epilogue->alpha));
    cx_launch_arg(spec, cx_arg_f32(epilogue->beta));
    spec->flops = 2.0 * (double)g->batch * (double)g->m * (double)g->n * (double)g->k;
    return cx_prepare_launch(p, spec);
}

static enum cx_status prepare_tiles(struct cx_prepare *p, const struct cx_product *g,
                                    const struct cx_gpu_tile *tile)
{
    struct cx_launch_spec spec = {.file = "gpu/product.cl", .kernel = "product"};
    int64_t rows = cx_gpu_tile_rows(tile), columns = cx_gpu_tile_columns(tile);
    cx_gpu_tile_options(&spec, p, tile, cx_prepare_output(p, 0)->dtype);
    spec.global[0] = (size_t)((g->m + rows - 1) / rows) * spec.local[0];
    spec.global[1] = (size_t)((g->n + columns - 1) / columns);
    return prepare_own(p, g, &spec);
}

static enum cx_status prepare_rows(struct cx_prepare *p, const struct cx_product *g)
{
    struct cx_launch_spec spec = {.file = "gpu/product_rows.cl", .kernel = "product_down"};
    cx_launch_option_dtype(&spec, p, cx_prepare_output(p, 0)->dtype);
    cx_launch_option(&spec, "-DROWS=%d", g->m <= 1 ? 1 : g->m <= 4 ? 4 : ROWS_MAX);
    spec.local[0] = ROWS_DOWN;
    spec.global[0] = (size_t)g->n * ROWS_DOWN;
    spec.global[1] = 1;
    if (g->b_row != 1) {
        spec.kernel = "product_across";
        spec.local[0] = (size_t)ROWS_ACROSS * ROWS_ACROSS;
        spec.global[0] = (size_t)((g->n + ROWS_ACROSS - 1) / ROWS_ACROSS) * spec.local[0];
    }
    return prepare_own(p, g, &spec);
}

/* B once from memory, and a multiply-add for each of its elements and rows, beside the load. */
static double rows_us(const struct cx_product *g, const struct cx_device_info *device)
{
    double elements = (double)g->n * (double)g->k * (double)g->batch;
    double move_us = cx_gpu_move_us(4.0 * elements, device);
    double multiply_us = cx_gpu_multiply_us(elements * 2.0 * (double)(g->m + 1), device);
    return (move_us > multiply_us ? move_us : multiply_us) + CX_GPU_LAUNCH_US;
}

static enum cx_status prepare_chosen(struct cx_prepare *p, const struct cx_product *g,
                                     const struct cx_gemm_spec *blas)
{
    const struct cx_device_info *device = cx_prepare_device(p);
    struct cx_gpu_product product = {
        .rows = g->m, .columns = g->n, .inner = g->k, .batch = g->batch, .splits = 1};
    struct way ways[CX_GPU_TILES + 2];
    struct cx_candidate candidates[CX_GPU_TILES + 2];
    char names[CX_GPU_TILES][CX_CANDIDATE_NAME_BYTES];
    uint32_t n = 0, choice = 0;
    double tiles_us = 0.0;
    for (int i = 0; i < CX_GPU_TILES; i++) {
        const struct cx_gpu_tile *tile = &cx_gpu_tiles[i];
        if (!cx_gpu_tile_fits(tile, device))
            continue;
        double us = cx_gpu_tile_us(tile, &product, device);
        tiles_us = n == 0 || us < tiles_us ? us : tiles_us;
        snprintf(names[i], sizeof names[i], "tile-%s", tile->name);
        candidates[n] = (struct cx_candidate){names[i], us};
        ways[n++] = (struct way){tile, false};
    }
    bool group_fits = device->group_size_max >= ROWS_ACROSS * ROWS_ACROSS;
    if (g->m <= ROWS_MAX && (g->b_row == 1 || group_fits)) {
        candidates[n] = (struct cx_candidate){"rows", rows_us(g, device)};
        ways[n++] = (struct way){NULL, false};
    }
    if (blas != NULL) {
        candidates[n] = (struct cx_candidate){"blast", tiles_us * BLAST_TIME};
        ways[n++] = (struct way){NULL, true};
    }
    enum cx_status status = cx_prepare_choose(p, candidates, n, &choice);
    if (status != CX_OK)
        return status;
    if (ways[choice].blas) {
        status = prepare_blas(p, g, blas);
        /* What follows is for when CLBlast fails. */
        ways[choice].tile = cx_gpu_tile_best(&product, device);
    }
    if (status != CX_OK)
        return status;
    return ways[choice].tile != NULL ? prepare_tiles(p, g, ways[choice].tile) : prepare_rows(p, g);
}

enum cx_status cx_product_prepare_gpu(struct cx_prepare *p, const struct cx_product *g)
{
    enum cx_dtype dtype = cx_prepare_output(p, 0)->dtype;
    bool own = dtype == CX_DTYPE_FLOAT || dtype == CX_DTYPE_FLOAT16;
    struct cx_gemm_spec blas;
    enum cx_gemm_offer offer = CX_GEMM_NONE;
    if (describe_blas(p, g, &blas))
        offer = cx_prepare_gemm_offer(p, &blas);
    if (!own || offer == CX_GEMM_WANTED) {
        enum cx_status status = offer != CX_GEMM_NONE ? prepare_blas(p, g, &blas) : CX_OK;
        if (status != CX_OK)
            return status;
    }
    if (!own)
        return cx_product_prepare_direct(p, g);
    if (g->m > INT32_MAX || g->n > INT32_MAX || g->k > INT32_MAX / 2 || g->batch > INT32_MAX)
        return cx_prepare_fail(p, CX_LIMIT, "a matrix has over 2^31 rows or columns");
    return prepare_chosen(p, g, offer == CX_GEMM_OFFERED ? &blas : NULL);
}
