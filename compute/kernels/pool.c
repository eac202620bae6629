/* Pools on a CPU. */
#include "ops/pool.h"

#include "device/launch.h"
#include "kernels/split.h"
#include "kernels/window_args.h"
#include "ops/op.h"

#define ROWS_MIN 4         /* output rows that one work-item of a CPU takes */
#define PLANE_WIDTH_MIN 32 /* a global pool's plane that is worth a vector loop */

struct pool {
    const struct cx_pool *attrs;
    const struct cx_value *x, *y, *positions;
    struct cx_window window;
    int64_t planes;
};

static enum cx_status pool_init(struct pool *pool, struct cx_prepare *p)
{
    pool->attrs = cx_prepare_node(p)->attrs;
    pool->x = cx_prepare_input(p, 0);
    pool->y = cx_prepare_output(p, 0);
    pool->positions = cx_prepare_output(p, 1);
    if (!cx_pool_resolve(pool->attrs, &pool->x->shape, &pool->window))
        return cx_prepare_fail(p, CX_INTERNAL, "its window doesn't resolve");
    pool->planes = pool->x->shape.dims[0] * pool->x->shape.dims[1];
    const struct cx_window *w = &pool->window;
    if (w->in[0] * w->in[1] * w->in[2] > INT32_MAX || w->out[0] * w->out[1] * w->out[2] > INT32_MAX)
        return cx_prepare_fail(p, CX_LIMIT, "a plane of it has over 2^31 elements");
    return CX_OK;
}

static void add_options(const struct pool *pool, struct cx_launch_spec *spec)
{
    cx_launch_option(spec, "-DKIND=%d -DCOUNT_PADS=%d", (int)pool->attrs->kind,
                     pool->attrs->count_pads);
}

/* One work-item an output element, for any type. */
static enum cx_status prepare_direct(struct cx_prepare *p, const struct pool *pool)
{
    enum cx_dtype dtype = pool->x->dtype;
    if (dtype == CX_DTYPE_BFLOAT16 || (dtype == CX_DTYPE_DOUBLE && !cx_prepare_device(p)->fp64))
        return cx_prepare_host(p);
    struct cx_launch_spec spec = {.file = "any/pool.cl", .kernel = "pool", .dim_n = 2};
    cx_launch_option_dtype(&spec, p, dtype);
    add_options(pool, &spec);
    cx_launch_option(&spec, "-DCOLUMN_MAJOR=%d -DPOSITIONS=%d -DFLOATING=%d",
                     pool->attrs->column_major, pool->positions != NULL, cx_dtype_is_float(dtype));
    spec.global[0] = (size_t)(pool->window.out[0] * pool->window.out[1] * pool->window.out[2]);
    spec.global[1] = (size_t)pool->planes;
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 1));
    cx_window_args(&spec, &pool->window, 1, 1, 1);
    cx_launch_arg(&spec, cx_arg_i32(pool->attrs->p));
    return cx_prepare_launch(p, &spec);
}

/* A window that is the whole plane. */
static enum cx_status prepare_planes(struct cx_prepare *p, const struct pool *pool)
{
    const struct cx_window *w = &pool->window;
    struct cx_launch_spec spec = {.file = "cpu/pool.cl", .kernel = "pool_planes", .dim_n = 1};
    int64_t each = cx_split_each(pool->planes, 1, cx_prepare_device(p), 1);
    add_options(pool, &spec);
    cx_launch_option(&spec, "-DWIDTH=%d -DSTRIDE_W=1", cx_split_width(cx_prepare_device(p)));
    spec.global[0] = (size_t)((pool->planes + each - 1) / each);
    spec.local[0] = 1;
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_i32(pool->planes));
    cx_launch_arg(&spec, cx_arg_i32(each));
    cx_launch_arg(&spec, cx_arg_i32(w->in[0] * w->in[1] * w->in[2]));
    return cx_prepare_launch(p, &spec);
}

static enum cx_status prepare_rows(struct cx_prepare *p, const struct pool *pool)
{
    const struct cx_window *w = &pool->window;
    const struct cx_device_info *device = cx_prepare_device(p);
    struct cx_launch_spec spec = {.file = "cpu/pool.cl", .kernel = "pool_rows", .dim_n = 2};
    int64_t each = cx_split_each(w->out[1], pool->planes, device, ROWS_MIN);
    add_options(pool, &spec);
    cx_launch_option(&spec, "-DWIDTH=%d -DSTRIDE_W=%d", cx_split_width(device),
                     w->stride[2] <= 2 ? (int)w->stride[2] : 3);
    spec.global[0] = (size_t)((w->out[1] + each - 1) / each);
    spec.global[1] = (size_t)pool->planes;
    spec.local[0] = spec.local[1] = 1;
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_window_args(&spec, w, 1, 1, 1);
    cx_launch_arg(&spec, cx_arg_i32(each));
    return cx_prepare_launch(p, &spec);
}

/* ---- blocks of channels ---- */

static void init_blocks(struct cx_launch_spec *spec, const struct pool *pool, const char *kernel)
{
    *spec = (struct cx_launch_spec){.file = "cpu/pool_blocks.cl", .kernel = kernel, .dim_n = 1};
    cx_launch_option(spec, "-DBLOCK=%d", (int)cx_layout_block(pool->x->layout));
    if (pool->x->dtype == CX_DTYPE_UINT8)
        cx_launch_option(spec, "-DTYPE=uchar -DLOWEST=0");
    else if (pool->x->dtype == CX_DTYPE_INT8)
        cx_launch_option(spec, "-DTYPE=char -DLOWEST=-128");
    add_options(pool, spec);
}

static enum cx_status prepare_block_planes(struct cx_prepare *p, const struct pool *pool,
                                           int64_t units)
{
    const struct cx_window *w = &pool->window;
    struct cx_launch_spec spec;
    init_blocks(&spec, pool, "pool_block_planes");
    int64_t each = cx_split_each(units, 1, cx_prepare_device(p), 1);
    spec.global[0] = (size_t)((units + each - 1) / each);
    spec.local[0] = 1;
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_i32(units));
    cx_launch_arg(&spec, cx_arg_i32(each));
    cx_launch_arg(&spec, cx_arg_i32(w->in[0] * w->in[1] * w->in[2]));
    cx_launch_arg(&spec, cx_arg_i32(pool->x->shape.dims[1]));
    return cx_prepare_launch(p, &spec);
}

static enum cx_status prepare_blocks(struct cx_prepare *p, const struct pool *pool)
{
    const struct cx_window *w = &pool->window;
    int64_t units = pool->x->shape.dims[0] * cx_layout_blocks(pool->x->layout, &pool->x->shape);
    if (pool->attrs->global)
        return prepare_block_planes(p, pool, units);
    int64_t rows = w->out[0] * w->out[1];
    int64_t each = cx_split_each(rows, units, cx_prepare_device(p), 1);
    struct cx_launch_spec spec;
    init_blocks(&spec, pool, "pool_blocks");
    spec.dim_n = 2;
    spec.global[0] = (size_t)((rows + each - 1) / each);
    spec.global[1] = (size_t)units;
    spec.local[0] = spec.local[1] = 1;
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_window_args(&spec, w, 1, 1, 1);
    cx_launch_arg(&spec, cx_arg_i32(each));
    return cx_prepare_launch(p, &spec);
}

/* A global pool's output is PLAIN: its kernel leaves the padding out, and with full blocks the
 * bytes are the same anyway. */
static struct cx_layouts layout(const struct cx_layout_query *query)
{
    const struct cx_pool *attrs = query->node->attrs;
    const struct cx_value *x = &query->graph->values[query->node->inputs[0]];
    enum cx_layout found = cx_layout_at_hand(query, 0);
    bool positions = query->node->output_count > 1 && query->node->outputs[1] != CX_VALUE_NONE;
    bool bytes = x->dtype == CX_DTYPE_UINT8 || x->dtype == CX_DTYPE_INT8; /* maxima only */
    if ((x->dtype != CX_DTYPE_FLOAT && !bytes) || positions || attrs->kind == CX_POOL_LP)
        found = CX_LAYOUT_PLAIN;
    return (struct cx_layouts){.input = found, .output = attrs->global ? CX_LAYOUT_PLAIN : found};
}

static enum cx_status prepare_cpu(struct cx_prepare *p)
{
    struct pool pool;
    enum cx_status status = pool_init(&pool, p);
    if (status != CX_OK)
        return status;
    const struct cx_window *w = &pool.window;
    if (pool.x->layout != CX_LAYOUT_PLAIN)
        return prepare_blocks(p, &pool);
    if (pool.x->dtype != CX_DTYPE_FLOAT || pool.positions != NULL || pool.attrs->kind == CX_POOL_LP)
        return prepare_direct(p, &pool);
    if (pool.attrs->global && w->in[0] * w->in[1] * w->in[2] >= PLANE_WIDTH_MIN)
        return prepare_planes(p, &pool);
    if (w->in[0] == 1 && w->kernel[0] == 1 && w->out[0] == 1)
        return prepare_rows(p, &pool);
    return prepare_direct(p, &pool);
}

const struct cx_kernel cx_kernel_pool_cpu = {.prepare = prepare_cpu, .layout = layout};
