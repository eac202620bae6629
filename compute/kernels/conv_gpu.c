/* Convolution on a GPU: which of its kernels to take. */
#include "kernels/conv_gpu.h"

#include <stdio.h>

#include "ops/conv.h"

#define GROUP 64
#define NARROW_ROWS 4 /* EACH of gpu/conv_narrow.cl */
/* A group with fewer output channels leaves most of the smallest tile empty. */
#define TILED_ROWS_MIN 8
#define CHOICES_MAX 32
#define NAME_MAX 32

static enum cx_status measure(struct cx_prepare *p, struct cx_conv_gpu *ret_conv)
{
    const struct cx_conv *conv = cx_prepare_node(p)->attrs;
    const struct cx_value *x = cx_prepare_input(p, 0), *weights = cx_prepare_input(p, 1);
    struct cx_conv_gpu c = {
        .p = p,
        .device = cx_prepare_device(p),
        .dtype = x->dtype,
        .images = x->shape.dims[0],
        .groups = conv->group,
        .channels = weights->shape.dims[1],
        .rows = weights->shape.dims[0] / conv->group,
    };
    if (!cx_window_resolve(&conv->window, &x->shape, &weights->shape.dims[2], &c.window))
        return cx_prepare_fail(p, CX_SHAPE, "the window doesn't fit the input");
    const struct cx_window *w = &c.window;
    c.taps = w->kernel[0] * w->kernel[1] * w->kernel[2];
    c.columns = c.images * w->out[0] * w->out[1] * w->out[2];
    if (c.columns > INT32_MAX / 2)
        return cx_prepare_fail(p, CX_LIMIT, "%lld output pixels are more than a run may have",
                               (long long)c.columns);
    /* Kernels count inside a group's channels of an image, and in a group's weights, with ints. */
    if (c.channels * w->in[0] * w->in[1] * w->in[2] > INT32_MAX ||
        (c.channels + CX_GPU_SLICE) * c.taps > INT32_MAX / (c.rows + 4))
        return cx_prepare_fail(p, CX_LIMIT, "a group of it has over 2^31 elements");
    *ret_conv = c;
    return CX_OK;
}

double cx_conv_gpu_flops(const struct cx_conv_gpu *c)
{
    return 2.0 * (double)c->columns * (double)(c->rows * c->groups) *
           (double)(c->channels * c->taps);
}

void cx_conv_gpu_geometry(struct cx_launch_spec *spec, const struct cx_conv_gpu *c,
                          int64_t channels_padded, int64_t splits)
{
    const struct cx_window *w = &c->window;
    const int64_t in_out[CX_RANK_MAX] = {w->in[0],  w->in[1],  w->in[2],    w->out[0],
                                         w->out[1], w->out[2], c->channels, channels_padded};
    const int64_t step[CX_RANK_MAX] = {w->stride[0],   w->stride[1],   w->stride[2], w->dilation[0],
                                       w->dilation[1], w->dilation[2], c->rows,      c->columns};
    const int64_t window[CX_RANK_MAX] = {
        w->kernel[0],    w->kernel[1],    w->kernel[2], w->pad_begin[0],
        w->pad_begin[1], w->pad_begin[2], splits,       (int)cx_prepare_node(c->p)->epilogue.act};
    cx_launch_arg(spec, cx_arg_i32x8(in_out));
    cx_launch_arg(spec, cx_arg_i32x8(step));
    cx_launch_arg(spec, cx_arg_i32x8(window));
}

void cx_conv_gpu_epilogue(struct cx_launch_spec *spec, const struct cx_conv_gpu *c)
{
    const struct cx_epilogue *epilogue = &cx_prepare_node(c->p)->epilogue;
    cx_launch_arg(spec, cx_arg_f32(epilogue->alpha));
    cx_launch_arg(spec, cx_arg_f32(epilogue->beta));
}

/* ---- narrow groups ---- */

static bool is_depthwise(const struct cx_conv_gpu *c)
{
    return c->channels == 1 && c->window.in[0] == 1 && c->window.kernel[0] == 1 &&
           c->window.out[0] == 1;
}

/* A wave's instruction for each multiply-add, and three more that bring and check its operand. */
static double narrow_us(const struct cx_conv_gpu *c)
{
    double rows = (double)((c->rows + NARROW_ROWS - 1) / NARROW_ROWS * c->groups);
    double taps = (double)(c->channels * c->taps) * (double)c->columns * rows;
    double bytes = 4.0 * (double)(c->columns * c->groups) * (double)(c->channels + c->rows);
    double us = cx_gpu_multiply_us(taps * (NARROW_ROWS + 3), c->device);
    double move_us = cx_gpu_move_us(bytes, c->device);
    return (us > move_us ? us : move_us) + CX_GPU_LAUNCH_US;
}

static enum cx_status prepare_narrow(const struct cx_conv_gpu *c)
{
    struct cx_launch_spec spec = {.file = "gpu/conv_narrow.cl", .kernel = "conv_narrow"};
    cx_launch_option_dtype(&spec, c->p, c->dtype);
    spec.dim_n = 3;
    spec.local[0] = GROUP;
    spec.local[1] = spec.local[2] = 1;
    spec.global[0] = (size_t)c->columns;
    spec.global[1] = (size_t)((c->rows + NARROW_ROWS - 1) / NARROW_ROWS * c->groups);
    spec.global[2] = 1;
    if (is_depthwise(c)) {
        int64_t blocks = (c->window.out[1] + NARROW_ROWS - 1) / NARROW_ROWS;
        spec.kernel = "conv_depthwise";
        spec.global[0] = (size_t)(c->window.out[2] * blocks);
        spec.global[1] = (size_t)(c->rows * c->groups);
        spec.global[2] = (size_t)c->images;
    }
    cx_launch_arg(&spec, cx_prepare_input_arg(c->p, 0));
    cx_launch_arg(&spec, cx_prepare_input_arg(c->p, 1));
    cx_launch_arg(&spec, cx_prepare_input_arg(c->p, 2));
    cx_launch_arg(&spec, cx_prepare_residual_arg(c->p));
    cx_launch_arg(&spec, cx_prepare_output_arg(c->p, 0));
    cx_conv_gpu_geometry(&spec, c, c->channels, 1);
    cx_launch_arg(&spec, cx_arg_i32(c->groups));
    cx_conv_gpu_epilogue(&spec, c);
    spec.flops = cx_conv_gpu_flops(c);
    return cx_prepare_launch(c->p, &spec);
}

/* ---- the choice ---- */

struct way {
    const struct cx_gpu_tile *tile; /* NULL: not by tiles */
    int64_t splits;
    int winograd; /* outputs a side of a tile; 0: not by Winograd */
};

struct choices {
    uint32_t n;
    struct way ways[CHOICES_MAX];
    struct cx_candidate candidates[CHOICES_MAX];
    char names[CHOICES_MAX][NAME_MAX];
};

static void add(struct choices *choices, struct way way, double us)
{
    uint32_t i = choices->n++;
    choices->ways[i] = way;
    choices->candidates[i] = (struct cx_candidate){choices->names[i], us};
    if (way.winograd != 0)
        snprintf(choices->names[i], NAME_MAX, "winograd-f%d", way.winograd);
    else if (way.tile == NULL)
        snprintf(choices->names[i], NAME_MAX, "narrow");
    else if (way.splits == 1)
        snprintf(choices->names[i], NAME_MAX, "tile-%s", way.tile->name);
    else
        snprintf(choices->names[i], NAME_MAX, "tile-%s-k%d", way.tile->name, (int)way.splits);
}

/* Splitting is offered where whole tiles would leave compute units without one. */
static void add_tiles(struct choices *choices, const struct cx_conv_gpu *c)
{
    static const int splits[] = {1, 4, 16};
    int64_t slices = cx_conv_tiles_slices(c);
    for (int i = 0; i < CX_GPU_TILES; i++) {
        const struct cx_gpu_tile *tile = &cx_gpu_tiles[i];
        int64_t rows = cx_gpu_tile_rows(tile), columns = cx_gpu_tile_columns(tile);
        int64_t tiles = (c->rows + rows - 1) / rows * ((c->columns + columns - 1) / columns);
        if (!cx_gpu_tile_fits(tile, c->device))
            continue;
        for (size_t s = 0; s < sizeof splits / sizeof splits[0]; s++) {
            bool idle = tiles * c->groups * splits[s] <= 16 * (int64_t)c->device->compute_units;
            if (splits[s] == 1 || (idle && slices >= 2 * splits[s]))
                add(choices, (struct way){tile, splits[s], 0},
                    cx_conv_tiles_us(c, tile, splits[s]));
        }
    }
}

static enum cx_status prepare(struct cx_prepare *p)
{
    struct cx_conv_gpu c;
    enum cx_status status = measure(p, &c);
    if (status != CX_OK)
        return status;
    if (c.dtype != CX_DTYPE_FLOAT && c.dtype != CX_DTYPE_FLOAT16)
        return cx_prepare_fail(p, CX_UNSUPPORTED, "the GPU kernel has no type %s",
                               cx_dtype_name(c.dtype));
    struct choices choices = {.n = 0};
    bool tiles = c.rows >= TILED_ROWS_MIN && c.channels * c.taps > 0;
    if (tiles)
        add_tiles(&choices, &c);
    if (tiles && cx_conv_winograd_can(&c)) {
        add(&choices, (struct way){NULL, 1, 2}, cx_conv_winograd_us(&c, 2));
        add(&choices, (struct way){NULL, 1, 4}, cx_conv_winograd_us(&c, 4));
    }
    add(&choices, (struct way){NULL, 1, 0}, narrow_us(&c));

    uint32_t choice = 0;
    status = cx_prepare_choose(p, choices.candidates, choices.n, &choice);
    if (status != CX_OK)
        return status;
    const struct way *way = &choices.ways[choice];
    if (way->winograd != 0)
        return cx_conv_winograd_prepare(&c, way->winograd);
    return way->tile != NULL ? cx_conv_tiles_prepare(&c, way->tile, way->splits)
                             : prepare_narrow(&c);
}

const struct cx_kernel cx_kernel_conv_gpu = {.prepare = prepare};
