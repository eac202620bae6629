/* Convolutions on a CPU. */
#include "ops/conv.h"

#include <stdio.h>

#include "device/launch.h"
#include "kernels/split.h"
#include "kernels/window_args.h"
#include "ops/op.h"

#define KC_MAX 256           /* steps of k that a packed panel holds: 16 KiB at 16 columns */
#define DEPTHWISE_ROWS_MIN 4 /* output rows that one work-item of a depthwise kernel takes */

struct conv {
    struct cx_prepare *p;
    const struct cx_value *x, *w, *y;
    struct cx_window window;
    int64_t batch, groups;
    int64_t channels, rows; /* input and output channels a group */
    int64_t taps, pixels;
    const struct cx_epilogue *epilogue;
};

static enum cx_status conv_init(struct conv *c, struct cx_prepare *p)
{
    const struct cx_conv *attrs = cx_prepare_node(p)->attrs;
    c->p = p;
    c->x = cx_prepare_input(p, 0);
    c->w = cx_prepare_input(p, 1);
    c->y = cx_prepare_output(p, 0);
    c->epilogue = &cx_prepare_node(p)->epilogue;
    if (!cx_window_resolve(&attrs->window, &c->x->shape, &c->w->shape.dims[2], &c->window))
        return cx_prepare_fail(p, CX_INTERNAL, "its window doesn't resolve");
    c->batch = c->x->shape.dims[0];
    c->groups = attrs->group;
    c->channels = c->w->shape.dims[1];
    c->rows = c->w->shape.dims[0] / attrs->group;
    c->taps = c->window.kernel[0] * c->window.kernel[1] * c->window.kernel[2];
    c->pixels = c->window.out[0] * c->window.out[1] * c->window.out[2];
    /* Kernels count inside one image with ints. */
    int64_t plane = c->window.in[0] * c->window.in[1] * c->window.in[2];
    if (plane * c->channels > INT32_MAX || c->pixels > INT32_MAX || c->taps > INT32_MAX ||
        c->channels * c->taps > INT32_MAX || c->w->shape.dims[0] > INT32_MAX)
        return cx_prepare_fail(p, CX_LIMIT, "an image of it has over 2^31 elements");
    return CX_OK;
}

static double conv_flops(const struct conv *c)
{
    return 2.0 * (double)c->batch * (double)c->groups * (double)c->rows * (double)c->channels *
           (double)c->taps * (double)c->pixels;
}

static void arg_epilogue(struct cx_launch_spec *spec, const struct conv *c)
{
    cx_launch_option(spec, "-DACT=%d -DHAS_RESIDUAL=%d", (int)c->epilogue->act,
                     c->epilogue->residual != CX_VALUE_NONE);
    cx_launch_arg(spec, cx_arg_f32(c->epilogue->alpha));
    cx_launch_arg(spec, cx_arg_f32(c->epilogue->beta));
}

/* ---- any type, any device: one work-item an output ---- */

static enum cx_status prepare_direct(const struct conv *c)
{
    struct cx_prepare *p = c->p;
    enum cx_dtype dtype = c->y->dtype;
    if (dtype != CX_DTYPE_FLOAT && dtype != CX_DTYPE_FLOAT16 &&
        !(dtype == CX_DTYPE_DOUBLE && cx_prepare_device(p)->fp64))
        return cx_prepare_host(p);
    struct cx_launch_spec spec = {.file = "any/conv_direct.cl", .kernel = "conv_direct"};
    cx_launch_option_dtype(&spec, p, dtype);
    cx_launch_option(&spec, "-DHAS_BIAS=%d", cx_prepare_input(p, 2) != NULL);
    spec.dim_n = 3;
    spec.global[0] = (size_t)c->pixels;
    spec.global[1] = (size_t)(c->groups * c->rows);
    spec.global[2] = (size_t)c->batch;
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 1));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 2));
    cx_launch_arg(&spec, cx_prepare_residual_arg(p));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_window_args(&spec, &c->window, c->channels, c->groups, c->batch);
    cx_launch_arg(&spec, cx_arg_i32(c->rows));
    arg_epilogue(&spec, c);
    spec.flops = conv_flops(c);
    return cx_prepare_launch(p, &spec);
}

/* ---- weights and bias ---- */

struct weights_form {
    int64_t groups, rows, channels, taps;
    int64_t tile, kc; /* rows of a tile, steps of a block of k */
};

/* [group][block of k][tile of rows][k][tile], where k runs over taps and then channels. */
static void pack_weights(const struct cx_value *value, void *data, const void *context)
{
    const struct weights_form *f = context;
    const float *from = value->data;
    float *to = data;
    int64_t k_total = f->channels * f->taps;
    int64_t tiles = (f->rows + f->tile - 1) / f->tile;
    for (int64_t g = 0; g < f->groups; g++) {
        for (int64_t k0 = 0; k0 < k_total; k0 += f->kc) {
            int64_t k1 = k0 + f->kc < k_total ? k0 + f->kc : k_total;
            for (int64_t t = 0; t < tiles; t++) {
                for (int64_t k = k0; k < k1; k++, to += f->tile) {
                    int64_t tap = k / f->channels, channel = k % f->channels;
                    for (int64_t i = 0; i < f->tile && t * f->tile + i < f->rows; i++) {
                        int64_t row = g * f->rows + t * f->tile + i;
                        to[i] = from[(row * f->channels + channel) * f->taps + tap];
                    }
                }
            }
        }
    }
}

static void pack_zeros(const struct cx_value *value, void *data, const void *context)
{
    (void)value;
    (void)data;
    (void)context;
}

/* The bias operand, or zeros, so that kernels need no form without one. */
static enum cx_status bias_arg(const struct conv *c, struct cx_arg *ret_arg)
{
    if (cx_prepare_input(c->p, 2) != NULL) {
        *ret_arg = cx_prepare_input_arg(c->p, 2);
        return CX_OK;
    }
    uint32_t handle;
    enum cx_status status =
        cx_prepare_pack(c->p, cx_prepare_node(c->p)->inputs[1], "conv-no-bias",
                        (uint64_t)(c->groups * c->rows) * sizeof(float), pack_zeros, NULL, &handle);
    if (status == CX_OK)
        *ret_arg = cx_arg_packed(handle);
    return status;
}

static enum cx_status weights_arg(const struct conv *c, const struct weights_form *form,
                                  struct cx_arg *ret_arg)
{
    char kind[64];
    int64_t tiles = (form->rows + form->tile - 1) / form->tile;
    uint64_t bytes =
        (uint64_t)(form->groups * tiles * form->tile * form->channels * form->taps) * sizeof(float);
    snprintf(kind, sizeof kind, "conv-t%d-k%d-g%d", (int)form->tile, (int)form->kc,
             (int)form->groups);
    uint32_t handle;
    enum cx_status status = cx_prepare_pack(c->p, cx_prepare_node(c->p)->inputs[1], kind, bytes,
                                            pack_weights, form, &handle);
    if (status == CX_OK)
        *ret_arg = cx_arg_packed(handle);
    return status;
}

/* ---- CPU ---- */

static enum cx_status prepare_depthwise_cpu(const struct conv *c)
{
    struct cx_prepare *p = c->p;
    const struct cx_device_info *device = cx_prepare_device(p);
    struct cx_arg bias;
    enum cx_status status = bias_arg(c, &bias);
    if (status != CX_OK)
        return status;
    struct cx_launch_spec spec = {.file = "cpu/depthwise.cl", .kernel = "depthwise"};
    int64_t planes = c->batch * c->groups * c->rows;
    int64_t rows_each = cx_split_each(c->window.out[1], planes, device, DEPTHWISE_ROWS_MIN);
    cx_launch_option(&spec, "-DWIDTH=%d -DSTRIDE_W=%d", cx_split_width(device),
                     c->window.stride[2] <= 2 ? (int)c->window.stride[2] : 3);
    spec.dim_n = 2;
    spec.global[0] = (size_t)((c->window.out[1] + rows_each - 1) / rows_each);
    spec.global[1] = (size_t)planes;
    spec.local[0] = spec.local[1] = 1;
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 1));
    cx_launch_arg(&spec, bias);
    cx_launch_arg(&spec, cx_prepare_residual_arg(p));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_window_args(&spec, &c->window, c->channels, c->groups, c->batch);
    cx_launch_arg(&spec, cx_arg_i32(c->rows));
    cx_launch_arg(&spec, cx_arg_i32(rows_each));
    arg_epilogue(&spec, c);
    spec.flops = conv_flops(c);
    return cx_prepare_launch(p, &spec);
}

static enum cx_status prepare_cpu(struct cx_prepare *p)
{
    struct conv c;
    enum cx_status status = conv_init(&c, p);
    if (status != CX_OK)
        return status;
    if (c.y->dtype != CX_DTYPE_FLOAT || c.w->data == NULL || c.taps * c.channels == 0)
        return prepare_direct(&c);
    if (c.channels == 1 && c.rows <= 2 && c.window.in[0] == 1 && c.window.kernel[0] == 1)
        return prepare_depthwise_cpu(&c);

    const struct cx_device_info *device = cx_prepare_device(p);
    int width = cx_split_width(device), columns = 2 * width;
    int64_t k_total = c.channels * c.taps;
    int64_t k_blocks = (k_total + KC_MAX - 1) / KC_MAX;
    struct weights_form form = {c.groups,
                                c.rows,
                                c.channels,
                                c.taps,
                                cx_split_tile_rows(device),
                                (k_total + k_blocks - 1) / k_blocks};
    struct cx_arg weights, bias;
    status = weights_arg(&c, &form, &weights);
    if (status == CX_OK)
        status = bias_arg(&c, &bias);
    if (status != CX_OK)
        return status;

    int64_t panels = (c.pixels + columns - 1) / columns;
    int64_t tiles = (c.rows + form.tile - 1) / form.tile;
    int64_t panels_each = cx_split_each(panels, c.batch * c.groups, device, 1);
    int64_t items = (panels + panels_each - 1) / panels_each * c.batch * c.groups;
    int64_t tiles_each = cx_split_each(tiles, items, device, 4);
    struct cx_launch_spec spec = {.file = "cpu/conv.cl", .kernel = "conv"};
    cx_launch_option(&spec, "-DWIDTH=%d -DMR=%d -DSTRIDE_W=%d", width, (int)form.tile,
                     c.window.stride[2] <= 2 ? (int)c.window.stride[2] : 3);
    spec.dim_n = 3;
    spec.global[0] = (size_t)((panels + panels_each - 1) / panels_each);
    spec.global[1] = (size_t)((tiles + tiles_each - 1) / tiles_each);
    spec.global[2] = (size_t)(c.batch * c.groups);
    spec.local[0] = spec.local[1] = spec.local[2] = 1;
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, weights);
    cx_launch_arg(&spec, bias);
    cx_launch_arg(&spec, cx_prepare_residual_arg(p));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_local((uint64_t)(form.kc * columns) * sizeof(float)));
    cx_window_args(&spec, &c.window, c.channels, c.groups, c.batch);
    cx_launch_arg(&spec, cx_arg_i32(k_total));
    cx_launch_arg(&spec, cx_arg_i32(form.kc));
    cx_launch_arg(&spec, cx_arg_i32(c.pixels));
    cx_launch_arg(&spec, cx_arg_i32(panels_each));
    cx_launch_arg(&spec, cx_arg_i32(tiles));
    cx_launch_arg(&spec, cx_arg_i32(tiles_each));
    cx_launch_arg(&spec, cx_arg_i32(c.rows));
    arg_epilogue(&spec, &c);
    spec.flops = conv_flops(&c);
    return cx_prepare_launch(p, &spec);
}

const struct cx_kernel cx_kernel_conv_cpu = {.prepare = prepare_cpu};
