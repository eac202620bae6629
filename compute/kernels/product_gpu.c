/* Matrix products on a GPU: tiles in local memory. */
#include "kernels/product.h"

#define LARGE_GROUP 16
#define SMALL_GROUP 8
#define ITEM_TILE 4 /* rows and columns that one work-item sums */

enum cx_status cx_product_prepare_gpu(struct cx_prepare *p, const struct cx_product *g)
{
    const struct cx_device_info *device = cx_prepare_device(p);
    enum cx_dtype dtype = cx_prepare_output(p, 0)->dtype;
    if (dtype != CX_DTYPE_FLOAT && dtype != CX_DTYPE_FLOAT16)
        return cx_product_prepare_direct(p, g);
    if (g->m > INT32_MAX || g->n > INT32_MAX || g->k > INT32_MAX || g->batch > INT32_MAX)
        return cx_prepare_fail(p, CX_LIMIT, "a matrix has over 2^31 rows or columns");
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
