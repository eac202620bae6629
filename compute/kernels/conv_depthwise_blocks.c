/* Convolutions of each channel by itself on a CPU, with values in a blocked layout. */
#include <stdio.h>

#include "kernels/conv_cpu.h"
#include "kernels/split.h"
#include "kernels/window_args.h"

#define CYCLES_A_TAP 1.5 /* a load and a multiply-add of a vector */

struct form {
    int64_t channels, taps, block;
};

/* [block][tap][channel of the block]; zeros past the last channel. */
static void pack_weights(const struct cx_value *value, void *data, const void *context)
{
    const struct form *f = context;
    const float *from = value->data;
    float *to = data;
    for (int64_t c = 0; c < f->channels; c++)
        for (int64_t tap = 0; tap < f->taps; tap++)
            to[(c / f->block * f->taps + tap) * f->block + c % f->block] = from[c * f->taps + tap];
}

static enum cx_status weights_arg(const struct cx_conv_call *c, int64_t blocks,
                                  struct cx_launch_spec *spec)
{
    struct form form = {c->groups, c->taps, cx_layout_block(c->y->layout)};
    uint64_t bytes = (uint64_t)(blocks * form.block * c->taps) * sizeof(float);
    uint32_t handle;
    char kind[48];
    snprintf(kind, sizeof kind, "depthwise-b%d", (int)form.block);
    enum cx_status status =
        cx_prepare_pack(c->p, c->node->inputs[1], kind, bytes, pack_weights, &form, &handle);
    if (status == CX_OK)
        cx_launch_arg(spec, cx_arg_packed(handle));
    return status;
}

static enum cx_status prepare(const struct cx_conv_call *c, uint32_t variant)
{
    (void)variant;
    int64_t blocks = cx_layout_blocks(c->y->layout, &c->y->shape), units = c->batch * blocks;
    int64_t each = cx_split_each(c->window.out[1], units, c->device, 1);
    struct cx_launch_spec spec = {.file = "cpu/depthwise_blocks.cl", .kernel = "depthwise_blocks"};
    cx_launch_option(&spec, "-DBLOCK=%d", (int)cx_layout_block(c->y->layout));
    spec.dim_n = 2;
    spec.global[0] = (size_t)((c->window.out[1] + each - 1) / each);
    spec.global[1] = (size_t)units;
    spec.local[0] = spec.local[1] = 1;
    cx_launch_arg(&spec, cx_prepare_input_arg(c->p, 0));
    enum cx_status status = weights_arg(c, blocks, &spec);
    if (status == CX_OK)
        status = cx_conv_arg_bias_blocks(&spec, c, cx_layout_block(c->y->layout));
    if (status != CX_OK)
        return status;
    cx_launch_arg(&spec, cx_prepare_residual_arg(c->p));
    cx_launch_arg(&spec, cx_prepare_output_arg(c->p, 0));
    cx_window_args(&spec, &c->window, c->channels, c->groups, c->batch);
    cx_launch_arg(&spec, cx_arg_i32(blocks));
    cx_launch_arg(&spec, cx_arg_i32(each));
    cx_conv_arg_epilogue(&spec, c);
    spec.flops = cx_conv_flops(c);
    return cx_prepare_launch(c->p, &spec);
}

bool cx_conv_depthwise_blocks_fits(const struct cx_conv_call *c)
{
    return c->channels == 1 && c->rows == 1 && cx_conv_blocked_fits(c);
}

uint32_t cx_conv_offer_depthwise_blocks(const struct cx_conv_call *c, struct cx_conv_offer *offers,
                                        uint32_t room)
{
    if (room == 0 || c->y->layout == CX_LAYOUT_PLAIN || c->x->layout != c->y->layout ||
        !cx_conv_depthwise_blocks_fits(c))
        return 0;
    double vectors = (double)(c->batch * c->pixels * c->taps) *
                     (double)cx_layout_blocks(c->y->layout, &c->y->shape);
    offers[0] = (struct cx_conv_offer){
        "depthwise-blocks", vectors * CYCLES_A_TAP / c->device->compute_units, prepare, 0};
    return 1;
}
