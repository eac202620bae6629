/* Matrix products on a CPU: B packed into panels of two vectors, A into tiles of rows. */
#include <stdio.h>

#include "kernels/product.h"
#include "kernels/split.h"

#define KC_MAX 256
#define TILES_MAX 16 /* tiles of rows that one work-item keeps packed: 96 KiB at 6 rows */

struct panel_form {
    int64_t n, k, b_row, b_col, count;
    int64_t columns, kc;
};

static int64_t panels_of(const struct panel_form *f)
{
    return (f->n + f->columns - 1) / f->columns;
}

/* [matrix][block of k][panel][k][columns] */
static void pack_panels(const struct cx_value *value, void *data, const void *context)
{
    const struct panel_form *f = context;
    float *to = data;
    for (int64_t matrix = 0; matrix < f->count; matrix++) {
        const float *from = (const float *)value->data + matrix * f->n * f->k;
        for (int64_t k0 = 0; k0 < f->k; k0 += f->kc) {
            int64_t k1 = k0 + f->kc < f->k ? k0 + f->kc : f->k;
            for (int64_t panel = 0; panel < panels_of(f); panel++) {
                for (int64_t k = k0; k < k1; k++, to += f->columns) {
                    int64_t j0 = panel * f->columns;
                    for (int64_t j = 0; j < f->columns && j0 + j < f->n; j++)
                        to[j] = from[k * f->b_row + (j0 + j) * f->b_col];
                }
            }
        }
    }
}

/* B in panels: ahead when it is constant, else by a launch before the product's. */
static enum cx_status panels_arg(struct cx_prepare *p, const struct panel_form *f,
                                 struct cx_arg *ret_arg)
{
    const struct cx_value *b = cx_prepare_input(p, 1);
    uint64_t bytes = (uint64_t)(f->count * panels_of(f) * f->columns * f->k) * sizeof(float);
    uint32_t handle;
    enum cx_status status;
    if (b->data != NULL) {
        char kind[64];
        snprintf(kind, sizeof kind, "panels-%d-k%d-%lld", (int)f->columns, (int)f->kc,
                 (long long)f->b_col);
        status =
            cx_prepare_pack(p, cx_prepare_node(p)->inputs[1], kind, bytes, pack_panels, f, &handle);
        if (status == CX_OK)
            *ret_arg = cx_arg_packed(handle);
        return status;
    }
    status = cx_prepare_scratch(p, bytes, &handle);
    if (status != CX_OK)
        return status;
    *ret_arg = cx_arg_scratch(handle);
    struct cx_launch_spec spec = {.file = "cpu/product.cl", .kernel = "pack_panels", .dim_n = 3};
    cx_launch_option(&spec, "-DWIDTH=%d -DMR=1", (int)f->columns / 2);
    spec.global[0] = (size_t)panels_of(f);
    spec.global[1] = (size_t)((f->k + f->kc - 1) / f->kc);
    spec.global[2] = (size_t)f->count;
    spec.local[0] = spec.local[1] = spec.local[2] = 1;
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 1));
    cx_launch_arg(&spec, *ret_arg);
    cx_launch_arg(&spec, cx_arg_i32(f->n));
    cx_launch_arg(&spec, cx_arg_i32(f->k));
    cx_launch_arg(&spec, cx_arg_i32(f->kc));
    cx_launch_arg(&spec, cx_arg_i64(f->b_row));
    cx_launch_arg(&spec, cx_arg_i64(f->b_col));
    return cx_prepare_launch(p, &spec);
}

/* A row of a tile costs a step each of k, and loading the tile's part of B costs one more. */
static double tile_cost(int64_t m, int64_t rows)
{
    return (double)((m + rows - 1) / rows) * (double)(rows + 1);
}

static enum cx_status choose_rows(struct cx_prepare *p, int64_t m, int64_t *ret_rows)
{
    int64_t rows[] = {cx_split_tile_rows(cx_prepare_device(p)), 4, 2, 1};
    struct cx_candidate candidates[] = {
        {rows[0] == 8 ? "rows-8" : "rows-6", 0}, {"rows-4", 0}, {"rows-2", 0}, {"rows-1", 0}};
    uint32_t choice;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        candidates[i].cost = tile_cost(m, rows[i]);
    enum cx_status status = cx_prepare_choose(p, candidates, sizeof rows / sizeof rows[0], &choice);
    if (status == CX_OK)
        *ret_rows = rows[choice];
    return status;
}

enum cx_status cx_product_prepare_cpu(struct cx_prepare *p, const struct cx_product *g)
{
    const struct cx_device_info *device = cx_prepare_device(p);
    if (cx_prepare_output(p, 0)->dtype != CX_DTYPE_FLOAT || g->k == 0)
        return cx_product_prepare_direct(p, g);
    if (g->m > INT32_MAX || g->n > INT32_MAX || g->k > INT32_MAX || g->batch > INT32_MAX)
        return cx_prepare_fail(p, CX_LIMIT, "a matrix has over 2^31 rows or columns");
    int width = cx_split_width(device);
    int64_t k_blocks = (g->k + KC_MAX - 1) / KC_MAX;
    struct panel_form form = {
        g->n, g->k, g->b_row, g->b_col, g->b_count, 2 * width, (g->k + k_blocks - 1) / k_blocks};
    struct cx_arg b;
    int64_t rows = 0;
    enum cx_status status = panels_arg(p, &form, &b);
    if (status == CX_OK)
        status = choose_rows(p, g->m, &rows);
    if (status != CX_OK)
        return status;

    int64_t tiles = (g->m + rows - 1) / rows, panels = panels_of(&form);
    int64_t tiles_each = tiles < TILES_MAX ? tiles : TILES_MAX;
    int64_t tile_items = (tiles + tiles_each - 1) / tiles_each;
    int64_t panels_each = cx_split_each(panels, tile_items * g->batch, device, 1);
    struct cx_launch_spec spec = {.file = "cpu/product.cl", .kernel = "product", .dim_n = 3};
    cx_launch_option(&spec, "-DWIDTH=%d -DMR=%d", width, (int)rows);
    spec.global[0] = (size_t)((panels + panels_each - 1) / panels_each);
    spec.global[1] = (size_t)tile_items;
    spec.global[2] = (size_t)g->batch;
    spec.local[0] = spec.local[1] = spec.local[2] = 1;
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, b);
    cx_launch_arg(&spec, g->has_c ? cx_prepare_input_arg(p, 2) : (struct cx_arg){CX_ARG_NULL, {0}});
    cx_launch_arg(&spec, cx_prepare_residual_arg(p));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_local((uint64_t)(tiles_each * rows * form.kc) * sizeof(float)));
    cx_launch_arg(&spec, cx_arg_i32(g->m));
    cx_launch_arg(&spec, cx_arg_i32(g->n));
    cx_launch_arg(&spec, cx_arg_i32(g->k));
    cx_launch_arg(&spec, cx_arg_i32(form.kc));
    cx_launch_arg(&spec, cx_arg_i32(panels_each));
    cx_launch_arg(&spec, cx_arg_i32(tiles_each));
    cx_launch_arg(&spec, cx_arg_i64(g->a_row));
    cx_launch_arg(&spec, cx_arg_i64(g->a_col));
    struct cx_product packed = *g;
    for (int i = 0; i < CX_RANK_MAX; i++)
        packed.b_batch[i] =
            g->b_batch[i] / (g->k * g->n > 0 ? g->k * g->n : 1) * panels * form.columns * g->k;
    cx_product_args(&spec, p, &packed);
    return cx_prepare_launch(p, &spec);
}
