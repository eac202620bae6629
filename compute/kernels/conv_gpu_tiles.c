/* Convolution on a GPU in tiles: see gpu/conv.cl. */
#include <stdio.h>
#include <string.h>

#include "kernels/conv_gpu.h"

#define GROUP 64
/* With fewer channels than two slices, a table of steps costs less than padding each tap. */
#define TABLE_CHANNELS_MAX 16
#define STEP_OUTSIDE (INT32_MIN / 2) /* never inside an input: a padded step reads nothing */

static int64_t round_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b * b;
}

/* Only for constant weights, whose pack the table goes with. */
static bool has_table(const struct cx_conv_gpu *c)
{
    return c->channels < TABLE_CHANNELS_MAX && c->channels % CX_GPU_SLICE != 0 && c->taps > 1 &&
           cx_prepare_input(c->p, 1)->data != NULL;
}

static int64_t channels_padded(const struct cx_conv_gpu *c)
{
    return has_table(c) ? c->channels : round_up(c->channels, CX_GPU_SLICE);
}

int64_t cx_conv_tiles_slices(const struct cx_conv_gpu *c)
{
    return round_up(channels_padded(c) * c->taps, CX_GPU_SLICE) / CX_GPU_SLICE;
}

double cx_conv_tiles_us(const struct cx_conv_gpu *c, const struct cx_gpu_tile *tile, int64_t splits)
{
    struct cx_gpu_product product = {.rows = c->rows,
                                     .columns = c->columns,
                                     .inner = cx_conv_tiles_slices(c) * CX_GPU_SLICE,
                                     .batch = c->groups,
                                     .splits = splits};
    return cx_gpu_tile_us(tile, &product, c->device);
}

/* ---- weights: [group][inner step][rows, padded to 4] ---- */

static void pack_weights(const struct cx_value *value, void *data, const void *context)
{
    const struct cx_conv_gpu *c = context;
    size_t padded = (size_t)channels_padded(c), channels = (size_t)c->channels;
    size_t taps = (size_t)c->taps, rows = (size_t)c->rows, rows4 = (size_t)round_up(c->rows, 4);
    size_t steps = (size_t)(cx_conv_tiles_slices(c) * CX_GPU_SLICE);
    size_t element = cx_dtype_size(value->dtype);
    const char *from = value->data;

    for (size_t i = 0; i < (size_t)c->groups * rows * channels * taps; i++, from += element) {
        size_t tap = i % taps, channel = i / taps % channels, row = i / taps / channels % rows;
        size_t group = i / taps / channels / rows;
        size_t to = (group * steps + tap * padded + channel) * rows4 + row;
        memcpy((char *)data + to * element, from, element);
    }
}

static enum cx_status pack_in_run(const struct cx_conv_gpu *c, int64_t count,
                                  struct cx_arg *ret_arg)
{
    struct cx_launch_spec spec = {.file = "gpu/conv_pack.cl", .kernel = "conv_pack", .dim_n = 1};
    uint32_t handle;
    enum cx_status status =
        cx_prepare_scratch(c->p, (uint64_t)count * cx_dtype_size(c->dtype), &handle);
    if (status != CX_OK)
        return status;
    *ret_arg = cx_arg_scratch(handle);
    cx_launch_option_dtype(&spec, c->p, c->dtype);
    spec.global[0] = (size_t)count;
    spec.local[0] = GROUP;
    cx_launch_arg(&spec, cx_prepare_input_arg(c->p, 1));
    cx_launch_arg(&spec, *ret_arg);
    cx_launch_arg(&spec, cx_arg_i32(c->channels));
    cx_launch_arg(&spec, cx_arg_i32(channels_padded(c)));
    cx_launch_arg(&spec, cx_arg_i32(c->taps));
    cx_launch_arg(&spec, cx_arg_i32(c->rows));
    cx_launch_arg(&spec, cx_arg_i32(round_up(c->rows, 4)));
    cx_launch_arg(&spec, cx_arg_i32(cx_conv_tiles_slices(c) * CX_GPU_SLICE));
    cx_launch_arg(&spec, cx_arg_i32(count));
    return cx_prepare_launch(c->p, &spec);
}

static enum cx_status weights_arg(const struct cx_conv_gpu *c, struct cx_arg *ret_arg)
{
    int64_t steps = cx_conv_tiles_slices(c) * CX_GPU_SLICE;
    int64_t count = c->groups * steps * round_up(c->rows, 4);
    if (cx_prepare_input(c->p, 1)->data == NULL) {
        if (count > INT32_MAX)
            return cx_prepare_fail(c->p, CX_LIMIT, "weights that aren't constant are over 2^31");
        return pack_in_run(c, count, ret_arg);
    }
    char kind[64];
    uint32_t handle;
    snprintf(kind, sizeof kind, "conv-gpu-c%d-g%d", (int)channels_padded(c), (int)c->groups);
    enum cx_status status =
        cx_prepare_pack(c->p, cx_prepare_node(c->p)->inputs[1], kind,
                        (uint64_t)count * cx_dtype_size(c->dtype), pack_weights, c, &handle);
    if (status == CX_OK)
        *ret_arg = cx_arg_packed(handle);
    return status;
}

/* For each inner step an int4: the channel's distance, then the tap's place in the window. */
static void pack_steps(const struct cx_value *value, void *data, const void *context)
{
    (void)value;
    const struct cx_conv_gpu *c = context;
    const struct cx_window *w = &c->window;
    int32_t *to = data;
    int64_t steps = cx_conv_tiles_slices(c) * CX_GPU_SLICE;
    for (int64_t k = 0; k < steps; k++, to += 4) {
        int64_t tap = k / c->channels, channel = k % c->channels;
        to[0] = (int32_t)(channel * w->in[0] * w->in[1] * w->in[2]);
        to[1] = (int32_t)(tap / w->kernel[2] / w->kernel[1] * w->dilation[0]);
        to[2] = (int32_t)(tap / w->kernel[2] % w->kernel[1] * w->dilation[1]);
        to[3] = (int32_t)(tap % w->kernel[2] * w->dilation[2]);
        if (tap >= c->taps) {
            to[0] = 0;
            to[1] = STEP_OUTSIDE;
        }
    }
}

static enum cx_status steps_arg(const struct cx_conv_gpu *c, struct cx_arg *ret_arg)
{
    const struct cx_window *w = &c->window;
    char kind[192];
    uint32_t handle;
    snprintf(kind, sizeof kind, "conv-gpu-steps-c%d-i%lld.%lld.%lld-k%d.%d.%d-d%d.%d.%d",
             (int)c->channels, (long long)w->in[0], (long long)w->in[1], (long long)w->in[2],
             (int)w->kernel[0], (int)w->kernel[1], (int)w->kernel[2], (int)w->dilation[0],
             (int)w->dilation[1], (int)w->dilation[2]);
    uint64_t bytes = (uint64_t)(cx_conv_tiles_slices(c) * CX_GPU_SLICE) * 4 * sizeof(int32_t);
    enum cx_status status = cx_prepare_pack(c->p, cx_prepare_node(c->p)->inputs[1], kind, bytes,
                                            pack_steps, c, &handle);
    if (status == CX_OK)
        *ret_arg = cx_arg_packed(handle);
    return status;
}

/* ---- launches ---- */

static enum cx_status prepare_join(const struct cx_conv_gpu *c, struct cx_arg partial,
                                   int64_t splits)
{
    const struct cx_window *w = &c->window;
    struct cx_launch_spec spec = {.file = "gpu/conv_join.cl", .kernel = "conv_join", .dim_n = 1};
    int64_t outputs = c->columns * c->rows * c->groups;
    cx_launch_option_dtype(&spec, c->p, c->dtype);
    spec.global[0] = (size_t)outputs;
    spec.local[0] = GROUP;
    cx_launch_arg(&spec, partial);
    cx_launch_arg(&spec, cx_prepare_input_arg(c->p, 2));
    cx_launch_arg(&spec, cx_prepare_residual_arg(c->p));
    cx_launch_arg(&spec, cx_prepare_output_arg(c->p, 0));
    cx_launch_arg(&spec, cx_arg_i32(splits));
    cx_launch_arg(&spec, cx_arg_i64(outputs));
    cx_launch_arg(&spec, cx_arg_i32(w->out[0] * w->out[1] * w->out[2]));
    cx_launch_arg(&spec, cx_arg_i32(c->rows * c->groups));
    cx_launch_arg(&spec, cx_arg_i32((int)cx_prepare_node(c->p)->epilogue.act));
    cx_conv_gpu_epilogue(&spec, c);
    return cx_prepare_launch(c->p, &spec);
}

enum cx_status cx_conv_tiles_prepare(const struct cx_conv_gpu *c, const struct cx_gpu_tile *tile,
                                     int64_t splits)
{
    struct cx_launch_spec spec = {.file = "gpu/conv.cl", .kernel = "conv_tiles", .dim_n = 3};
    struct cx_arg weights, steps = cx_arg_value(CX_VALUE_NONE), partial = steps;
    enum cx_status status = weights_arg(c, &weights);
    if (status == CX_OK && has_table(c))
        status = steps_arg(c, &steps);
    if (status == CX_OK && splits > 1) {
        uint64_t outputs = (uint64_t)(c->columns * c->rows * c->groups);
        uint32_t handle = 0;
        status = cx_prepare_scratch(c->p, outputs * (uint64_t)splits * sizeof(float), &handle);
        partial = cx_arg_scratch(handle);
    }
    if (status != CX_OK)
        return status;
    int64_t rows = cx_gpu_tile_rows(tile), columns = cx_gpu_tile_columns(tile);
    cx_gpu_tile_options(&spec, c->p, tile, c->dtype);
    if (has_table(c))
        cx_launch_option(&spec, "-DSTEPS");
    spec.global[0] = (size_t)((c->rows + rows - 1) / rows) * spec.local[0];
    spec.global[1] = (size_t)((c->columns + columns - 1) / columns);
    spec.global[2] = (size_t)(c->groups * splits);
    cx_launch_arg(&spec, cx_prepare_input_arg(c->p, 0));
    cx_launch_arg(&spec, weights);
    cx_launch_arg(&spec, cx_prepare_input_arg(c->p, 2));
    cx_launch_arg(&spec, cx_prepare_residual_arg(c->p));
    cx_launch_arg(&spec, cx_prepare_output_arg(c->p, 0));
    cx_launch_arg(&spec, partial);
    cx_launch_arg(&spec, steps);
    cx_conv_gpu_geometry(&spec, c, channels_padded(c), splits);
    cx_launch_arg(&spec, cx_arg_i32(cx_conv_tiles_slices(c)));
    cx_conv_gpu_epilogue(&spec, c);
    spec.flops = cx_conv_gpu_flops(c);
    status = cx_prepare_launch(c->p, &spec);
    return status == CX_OK && splits > 1 ? prepare_join(c, partial, splits) : status;
}
