/* Pools on a GPU: see gpu/pool.cl. */
#include "device/launch.h"
#include "ops/op.h"
#include "ops/pool.h"

enum { GROUP = 64 };

static void add_options(struct cx_prepare *p, const struct cx_pool *pool,
                        struct cx_launch_spec *spec)
{
    enum cx_dtype dtype = cx_prepare_input(p, 0)->dtype;

    cx_launch_option_dtype(spec, p, dtype);
    cx_launch_option(spec, "-DKIND=%d", (int)pool->kind);
    if (pool->kind == CX_POOL_AVERAGE && pool->count_pads)
        cx_launch_option(spec, "-DCOUNT_PADS");
    if (pool->column_major)
        cx_launch_option(spec, "-DCOLUMN_MAJOR");
    if (dtype == CX_DTYPE_INT8 || dtype == CX_DTYPE_UINT8)
        cx_launch_option(spec, "-DWHOLE");
}

/* One work-group a plane. */
static enum cx_status prepare_planes(struct cx_prepare *p, const struct cx_pool *pool,
                                     const struct cx_window *w, int64_t planes)
{
    struct cx_launch_spec spec = {.file = "gpu/pool.cl", .kernel = "pool_planes", .dim_n = 1};

    add_options(p, pool, &spec);
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_i32(w->in[0] * w->in[1] * w->in[2]));
    cx_launch_arg(&spec, cx_arg_f32((float)pool->p));
    spec.local[0] = GROUP;
    spec.global[0] = (size_t)planes * GROUP;
    return cx_prepare_launch(p, &spec);
}

static enum cx_status prepare_windows(struct cx_prepare *p, const struct cx_pool *pool,
                                      const struct cx_window *w, int64_t outputs)
{
    struct cx_launch_spec spec = {.file = "gpu/pool.cl", .kernel = "pool_windows", .dim_n = 1};
    const int64_t in_out[CX_RANK_MAX] = {w->in[0],  w->in[1],  w->in[2],
                                         w->out[0], w->out[1], w->out[2]};
    const int64_t step[CX_RANK_MAX] = {w->stride[0],   w->stride[1],   w->stride[2],
                                       w->dilation[0], w->dilation[1], w->dilation[2]};
    const int64_t window[CX_RANK_MAX] = {w->kernel[0],    w->kernel[1],    w->kernel[2],
                                         w->pad_begin[0], w->pad_begin[1], w->pad_begin[2]};
    const int64_t pad_end[CX_RANK_MAX] = {w->pad_end[0], w->pad_end[1], w->pad_end[2]};

    add_options(p, pool, &spec);
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 1));
    cx_launch_arg(&spec, cx_arg_i32(outputs));
    cx_launch_arg(&spec, cx_arg_i32x8(in_out));
    cx_launch_arg(&spec, cx_arg_i32x8(step));
    cx_launch_arg(&spec, cx_arg_i32x8(window));
    cx_launch_arg(&spec, cx_arg_i32x8(pad_end));
    cx_launch_arg(&spec, cx_arg_f32((float)pool->p));
    spec.local[0] = GROUP;
    spec.global[0] = (size_t)(outputs + GROUP - 1) / GROUP * GROUP;
    return cx_prepare_launch(p, &spec);
}

static enum cx_status prepare(struct cx_prepare *p)
{
    const struct cx_pool *pool = cx_prepare_node(p)->attrs;
    const struct cx_value *x = cx_prepare_input(p, 0);
    int64_t outputs = cx_shape_elements(&cx_prepare_output(p, 0)->shape);
    int64_t inputs = cx_shape_elements(&x->shape);
    struct cx_window w;

    if (x->dtype == CX_DTYPE_BFLOAT16 ||
        (x->dtype == CX_DTYPE_DOUBLE && !cx_prepare_device(p)->fp64))
        return cx_prepare_host(p);
    if (!cx_pool_resolve(pool, &x->shape, &w))
        return cx_prepare_fail(p, CX_SHAPE, "the window doesn't fit the input");
    if (outputs > INT32_MAX / 2 || inputs > INT32_MAX)
        return cx_prepare_fail(p, CX_LIMIT, "%lld elements are more than a pool may have",
                               (long long)inputs);
    if (pool->global && cx_prepare_output(p, 1) == NULL)
        return prepare_planes(p, pool, &w, outputs);
    return prepare_windows(p, pool, &w, outputs);
}

const struct cx_kernel cx_kernel_pool_gpu = {.prepare = prepare};
