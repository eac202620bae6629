/* Convolutions on a CPU with values in PLAIN, as an implicit matrix product. */
#include <stdio.h>

#include "kernels/conv_cpu.h"
#include "kernels/split.h"
#include "kernels/window_args.h"

#define KC_MAX 256 /* steps of k that a packed panel holds: 16 KiB at 16 columns */

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

static enum cx_status weights_arg(const struct cx_conv_call *c, const struct weights_form *form,
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

static enum cx_status prepare(const struct cx_conv_call *c, uint32_t variant)
{
    (void)variant;
    struct cx_prepare *p = c->p;
    const struct cx_device_info *device = cx_prepare_device(p);
    int width = cx_split_width(device), columns = 2 * width;
    int64_t k_total = c->channels * c->taps;
    int64_t k_blocks = (k_total + KC_MAX - 1) / KC_MAX;
    struct weights_form form = {c->groups,
                                c->rows,
                                c->channels,
                                c->taps,
                                cx_split_tile_rows(device),
                                (k_total + k_blocks - 1) / k_blocks};
    struct cx_arg weights, bias;
    enum cx_status status = weights_arg(c, &form, &weights);
    if (status == CX_OK)
        status = cx_conv_bias_arg(c, &bias);
    if (status != CX_OK)
        return status;

    int64_t panels = (c->pixels + columns - 1) / columns;
    int64_t tiles = (c->rows + form.tile - 1) / form.tile;
    int64_t panels_each = cx_split_each(panels, c->batch * c->groups, device, 1);
    int64_t items = (panels + panels_each - 1) / panels_each * c->batch * c->groups;
    int64_t tiles_each = cx_split_each(tiles, items, device, 4);
    struct cx_launch_spec spec = {.file = "cpu/conv.cl", .kernel = "conv"};
    cx_launch_option(&spec, "-DWIDTH=%d -DMR=%d -DSTRIDE_W=%d", width, (int)form.tile,
                     c->window.stride[2] <= 2 ? (int)c->window.stride[2] : 3);
    spec.dim_n = 3;
    spec.global[0] = (size_t)((panels + panels_each - 1) / panels_each);
    spec.global[1] = (size_t)((tiles + tiles_each - 1) / tiles_each);
    spec.global[2] = (size_t)(c->batch * c->groups);
    spec.local[0] = spec.local[1] = spec.local[2] = 1;
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, weights);
    cx_launch_arg(&spec, bias);
    cx_launch_arg(&spec, cx_prepare_residual_arg(p));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_local((uint64_t)(form.kc * columns) * sizeof(float)));
    cx_window_args(&spec, &c->window, c->channels, c->groups, c->batch);
    cx_launch_arg(&spec, cx_arg_i32(k_total));
    cx_launch_arg(&spec, cx_arg_i32(form.kc));
    cx_launch_arg(&spec, cx_arg_i32(c->pixels));
    cx_launch_arg(&spec, cx_arg_i32(panels_each));
    cx_launch_arg(&spec, cx_arg_i32(tiles));
    cx_launch_arg(&spec, cx_arg_i32(tiles_each));
    cx_launch_arg(&spec, cx_arg_i32(c->rows));
    cx_conv_arg_epilogue(&spec, c);
    spec.flops = cx_conv_flops(c);
    return cx_prepare_launch(p, &spec);
}

/* A tile gathers its inputs once and is full of rows only where a group has that many. */
static double cost(const struct cx_conv_call *c)
{
    double tile = cx_split_tile_rows(c->device), rows = (double)c->rows;
    double filled = rows < tile ? rows / tile : 1;
    return cx_conv_cycles(c) / filled * (1 + 16 / rows);
}

uint32_t cx_conv_offer_rows(const struct cx_conv_call *c, struct cx_conv_offer *offers,
                            uint32_t room)
{
    if (room == 0 || c->x->layout != CX_LAYOUT_PLAIN || c->y->layout != CX_LAYOUT_PLAIN)
        return 0;
    offers[0] = (struct cx_conv_offer){"rows", cost(c), prepare, 0};
    return 1;
}
