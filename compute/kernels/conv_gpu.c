/* Convolution on a GPU: see gpu/conv.cl. */
#include <stdio.h>
#include <string.h>

#include "device/launch.h"
#include "ops/conv.h"

/* Fewer output channels a group than this leave most of a tile empty. */
enum { TILED_ROWS_MIN = 16, SMALL_GROUP = 8, LARGE_GROUP = 16, DIRECT_GROUP = 64 };

struct geometry {
    struct cx_window window;
    int64_t images, groups, channels, rows, columns; /* channels, rows: of one group */
};

static enum cx_status measure(struct cx_prepare *p, struct geometry *ret_geometry)
{
    const struct cx_conv *conv = cx_prepare_node(p)->attrs;
    const struct cx_value *x = cx_prepare_input(p, 0), *weights = cx_prepare_input(p, 1);
    struct geometry g = {.images = x->shape.dims[0], .groups = conv->group};

    if (!cx_window_resolve(&conv->window, &x->shape, &weights->shape.dims[2], &g.window))
        return cx_prepare_fail(p, CX_SHAPE, "the window doesn't fit the input");
    g.channels = weights->shape.dims[1];
    g.rows = weights->shape.dims[0] / conv->group;
    g.columns = g.images * g.window.out[0] * g.window.out[1] * g.window.out[2];
    if (g.columns > INT32_MAX / 2)
        return cx_prepare_fail(p, CX_LIMIT, "%lld output pixels are more than a run may have",
                               (long long)g.columns);
    *ret_geometry = g;
    return CX_OK;
}

static void add_args(struct cx_prepare *p, const struct geometry *g, struct cx_launch_spec *spec)
{
    const struct cx_window *w = &g->window;
    const struct cx_epilogue *epilogue = &cx_prepare_node(p)->epilogue;
    const int64_t in_out[CX_RANK_MAX] = {w->in[0],  w->in[1],  w->in[2],
                                         w->out[0], w->out[1], w->out[2]};
    const int64_t step[CX_RANK_MAX] = {w->stride[0],   w->stride[1],   w->stride[2],
                                       w->dilation[0], w->dilation[1], w->dilation[2]};
    const int64_t pad[CX_RANK_MAX] = {w->pad_begin[0], w->pad_begin[1], w->pad_begin[2]};

    cx_launch_option(spec, "-DKD=%lld", (long long)w->kernel[0]);
    cx_launch_option(spec, "-DKH=%lld", (long long)w->kernel[1]);
    cx_launch_option(spec, "-DKW=%lld", (long long)w->kernel[2]);
    cx_launch_option(spec, "-DACT=%d", (int)epilogue->act);
    cx_launch_arg(spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(spec, cx_prepare_input_arg(p, 1));
    cx_launch_arg(spec, cx_prepare_input_arg(p, 2));
    cx_launch_arg(spec, cx_prepare_residual_arg(p));
    cx_launch_arg(spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(spec, cx_arg_i32(g->channels));
    cx_launch_arg(spec, cx_arg_i32(g->rows));
    cx_launch_arg(spec, cx_arg_i32(g->columns));
    cx_launch_arg(spec, cx_arg_i32x8(in_out));
    cx_launch_arg(spec, cx_arg_i32x8(step));
    cx_launch_arg(spec, cx_arg_i32x8(pad));
    cx_launch_arg(spec, cx_arg_f32(epilogue->alpha));
    cx_launch_arg(spec, cx_arg_f32(epilogue->beta));
    spec->flops = 2.0 * (double)g->columns * (double)(g->rows * g->groups) *
                  (double)(g->channels * w->kernel[0] * w->kernel[1] * w->kernel[2]);
}

/* (groups, rows, inner) -> (groups, inner, rows), for elements of either size. */
static void transpose(const struct cx_value *value, void *data, const void *context)
{
    const struct geometry *g = context;
    const struct cx_window *w = &g->window;
    size_t rows = (size_t)g->rows;
    size_t inner = (size_t)(g->channels * w->kernel[0] * w->kernel[1] * w->kernel[2]);
    size_t element = cx_dtype_size(value->dtype);

    for (size_t group = 0; group < (size_t)g->groups; group++)
        for (size_t row = 0; row < rows; row++)
            for (size_t i = 0; i < inner; i++) {
                size_t from = (group * rows + row) * inner + i;
                size_t to = (group * inner + i) * rows + row;
                memcpy((char *)data + to * element, (const char *)value->data + from * element,
                       element);
            }
}

/* The weights as conv_tiles reads them, and the steps between their elements. */
static enum cx_status add_weights(struct cx_prepare *p, const struct geometry *g,
                                  struct cx_launch_spec *spec)
{
    const struct cx_value *weights = cx_prepare_input(p, 1);
    const struct cx_window *w = &g->window;
    int64_t inner = g->channels * w->kernel[0] * w->kernel[1] * w->kernel[2];
    bool constant = weights->data != NULL;
    uint32_t handle;

    if (constant) {
        char kind[48];
        snprintf(kind, sizeof(kind), "conv-gpu-transposed-%lld", (long long)g->groups);
        enum cx_status status = cx_prepare_pack(p, cx_prepare_node(p)->inputs[1], kind,
                                                weights->bytes, transpose, g, &handle);
        if (status != CX_OK)
            return status;
        spec->args[1] = cx_arg_packed(handle);
    }
    cx_launch_arg(spec, cx_arg_i32(constant ? 1 : inner));
    cx_launch_arg(spec, cx_arg_i32(constant ? g->rows : 1));
    return CX_OK;
}

static size_t divide_up(int64_t a, size_t b)
{
    return ((size_t)a + b - 1) / b;
}

static enum cx_status prepare(struct cx_prepare *p)
{
    struct geometry g;
    enum cx_dtype dtype = cx_prepare_input(p, 0)->dtype;
    enum cx_status status = measure(p, &g);
    struct cx_launch_spec spec = {.file = "gpu/conv.cl", .dim_n = 3};
    size_t group = cx_prepare_device(p)->group_size_max >= LARGE_GROUP * LARGE_GROUP ? LARGE_GROUP
                                                                                     : SMALL_GROUP;

    if (status != CX_OK)
        return status;
    if (dtype != CX_DTYPE_FLOAT && dtype != CX_DTYPE_FLOAT16)
        return cx_prepare_fail(p, CX_UNSUPPORTED, "the GPU kernel has no type %s",
                               cx_dtype_name(dtype));
    cx_launch_option_dtype(&spec, p, dtype);
    add_args(p, &g, &spec);
    if (g.rows >= TILED_ROWS_MIN) {
        spec.kernel = "conv_tiles";
        status = add_weights(p, &g, &spec);
        if (status != CX_OK)
            return status;
        cx_launch_option(&spec, "-DGROUP=%zu", group);
        spec.local[0] = spec.local[1] = group;
        spec.local[2] = 1;
        spec.global[0] = divide_up(g.columns, 4 * group) * group;
        spec.global[1] = divide_up(g.rows, 4 * group) * group;
        spec.global[2] = (size_t)g.groups;
    } else {
        spec.kernel = "conv_direct";
        spec.local[0] = DIRECT_GROUP;
        spec.local[1] = spec.local[2] = 1;
        spec.global[0] = divide_up(g.columns, DIRECT_GROUP) * DIRECT_GROUP;
        spec.global[1] = (size_t)(g.rows * g.groups);
        spec.global[2] = 1;
    }
    return cx_prepare_launch(p, &spec);
}

const struct cx_kernel cx_kernel_conv_gpu = {.prepare = prepare};
