/* Quantized convolutions and products on a CPU by register tiles of pixels and output channels. */
#include <stdio.h>

#include "graph/tensor.h"
#include "kernels/kernel_spec.h"
#include "kernels/qlinear_cpu.h"
#include "kernels/split.h"

#define QUAD 4                          /* input channels of a step */
#define INPUT_BYTES (INT64_C(96) << 10) /* of a work-item, so that its tiles find it in cache */
#define PIXELS_MIN 4                    /* fewer than this don't fill a register tile */

/* The input as the kernel reads it, [image][block of channels][row][column][channel], and the order
 * of steps: block, tap, quad. */
struct plan {
    const struct cx_qlinear_call *call;
    int64_t width, segment; /* lanes of a vector; pixels of a segment */
    int64_t block, blocks;  /* bytes of a pixel in a block; blocks a group */
    int64_t in_h, in_w;     /* with borders */
    int64_t tiles, steps;   /* of two vectors of output channels, a group; of four products */
    bool copies;            /* the input is copied, with borders, as unsigned bytes */
    bool quads;             /* from PLAIN */
};

static struct plan plan_of(const struct cx_qlinear_call *c)
{
    const struct cx_window *w = &c->window;
    struct plan f = {.call = c, .width = cx_qlinear_width(c->device)};
    bool padded = false;
    f.segment = f.width == 16 ? 7 : 3;
    f.in_h = w->in[1];
    f.in_w = w->in[2];
    for (int i = 1; i < CX_SPATIAL_MAX; i++)
        padded = padded || w->pad_begin[i] > 0 || w->pad_end[i] > 0;
    if (padded) {
        f.in_h = (w->out[1] - 1) * w->stride[1] + (w->kernel[1] - 1) * w->dilation[1] + 1;
        f.in_w = (w->out[2] - 1) * w->stride[2] + (w->kernel[2] - 1) * w->dilation[2] + 1;
    }
    f.quads = c->is_conv && c->channels * c->groups <= QUAD;
    f.block = f.quads ? QUAD : !c->is_conv ? (c->channels + QUAD - 1) / QUAD * QUAD : f.width;
    f.blocks = (c->channels + f.block - 1) / f.block;
    f.copies = f.quads || padded || c->x_signed || (!c->is_conv && f.block != c->channels);
    f.tiles = (c->rows + 2 * f.width - 1) / (2 * f.width);
    f.steps = c->parts * f.blocks * c->taps * (f.block / QUAD);
    return f;
}

bool cx_qlinear_has_tiles(const struct cx_qlinear_call *c)
{
    int64_t width = cx_qlinear_width(c->device);
    return c->groups == 1 || (c->channels % width == 0 && c->rows % width == 0);
}

/* [group][tile][part of the weights][step][channel of two vectors][input channel] */
static void pack_weights(const struct cx_value *value, void *data, const void *context)
{
    const struct plan *f = context;
    const struct cx_qlinear_call *c = f->call;
    int64_t lanes = 2 * f->width, part_steps = f->steps / c->parts;
    (void)value;
    for (int64_t m = 0; m < c->groups * c->rows; m++) {
        int64_t group = m / c->rows, row = m % c->rows;
        int8_t *tile = (int8_t *)data + (group * f->tiles + row / lanes) * f->steps * lanes * QUAD;
        for (int64_t channel = 0; channel < c->channels; channel++) {
            int64_t block = channel / f->block, in_block = channel % f->block;
            for (int64_t tap = 0; tap < c->taps; tap++) {
                int64_t step = (block * c->taps + tap) * (f->block / QUAD) + in_block / QUAD;
                int weight = cx_qlinear_weight(c, m, channel, tap);
                for (int part = 0; part < c->parts; part++, step += part_steps)
                    tile[(step * lanes + row % lanes) * QUAD + in_block % QUAD] =
                        cx_qlinear_weight_part(weight, part);
            }
        }
    }
}

/* Where each step's quad of an output pixel's first tap lies, in bytes. */
static void pack_offsets(const struct cx_value *value, void *data, const void *context)
{
    const struct plan *f = context;
    const struct cx_window *w = &f->call->window;
    int32_t *to = data;
    (void)value;
    for (int64_t k = 0; k < f->steps; k++) {
        int64_t quads = f->block / QUAD, step = k % (f->steps / f->call->parts);
        int64_t quad = step % quads, tap = step / quads % f->call->taps;
        int64_t block = step / quads / f->call->taps;
        int64_t y = tap / w->kernel[2] * w->dilation[1], x = tap % w->kernel[2] * w->dilation[2];
        to[k] = (int32_t)(((block * f->in_h + y) * f->in_w + x) * f->block + quad * QUAD);
    }
}

static enum cx_status offsets_arg(struct cx_prepare *p, const struct plan *f,
                                  struct cx_arg *ret_arg)
{
    const struct cx_window *w = &f->call->window;
    char kind[160];
    uint32_t handle;
    snprintf(kind, sizeof kind, "qlinear-offsets-%d-%d-%d-%d-%d-%d-%d-%d-%d", f->call->parts,
             (int)f->block, (int)f->blocks, (int)f->in_h, (int)f->in_w, (int)w->kernel[1],
             (int)w->kernel[2], (int)w->dilation[1], (int)w->dilation[2]);
    enum cx_status status =
        cx_prepare_pack(p, f->call->node->inputs[CX_QL_W], kind,
                        (uint64_t)f->steps * sizeof(int32_t), pack_offsets, f, &handle);
    if (status == CX_OK)
        *ret_arg = cx_arg_packed(handle);
    return status;
}

/* The launch that copies the input, and where it goes. */
static enum cx_status copy_input(struct cx_prepare *p, const struct plan *f, struct cx_arg *ret_arg)
{
    const struct cx_qlinear_call *c = f->call;
    const struct cx_window *w = &c->window;
    struct cx_launch_spec spec;
    uint32_t scratch;
    int64_t units = c->batch * c->groups * f->blocks;
    const int64_t size[CX_RANK_MAX] = {w->in[1],
                                       c->is_conv ? w->in[2] : c->channels,
                                       f->in_h,
                                       c->is_conv ? f->in_w : f->block,
                                       w->pad_begin[1],
                                       w->pad_begin[2],
                                       c->channels * c->groups};
    enum cx_status status =
        cx_prepare_scratch(p, (uint64_t)(units * f->in_h * f->in_w * f->block), &scratch);
    if (status != CX_OK)
        return status;
    *ret_arg = cx_arg_scratch(scratch);
    cx_spec_init(&spec, "cpu/qlinear_input.cl",
                 !c->is_conv ? "pad_rows"
                 : f->quads  ? "border_quads"
                             : "border_blocks");
    cx_launch_option(&spec, "-DBLOCK=%d -DFLIP=%d", (int)f->width, c->x_signed ? 128 : 0);
    cx_launch_arg(&spec, cx_prepare_input_arg(p, CX_QL_X));
    cx_launch_arg(&spec, *ret_arg);
    cx_launch_arg(&spec, cx_arg_i32x8(size));
    cx_launch_arg(&spec, cx_arg_i32(c->x_zero));
    spec.dim_n = 2;
    spec.global[0] = (size_t)(c->is_conv ? f->in_h : w->in[2]);
    spec.global[1] = (size_t)(c->is_conv ? units : 1);
    spec.local[0] = spec.local[1] = 1;
    return cx_prepare_launch(p, &spec);
}

/* Rows of output pixels as the kernel walks them: a whole image is one where that changes nothing.
 * Returns the kernel to take. */
static const char *walk_of(const struct plan *f, int64_t *ret_rows, int64_t *ret_columns)
{
    const struct cx_window *w = &f->call->window;
    bool whole =
        f->call->taps == 1 && w->stride[2] == 1 && f->in_h == w->out[1] && f->in_w == w->out[2];
    *ret_rows = whole ? 1 : w->out[1];
    *ret_columns = whole ? w->out[1] * w->out[2] : w->out[2];
    return *ret_columns >= f->segment && *ret_rows * *ret_columns >= PIXELS_MIN ? "qlinear_tiles"
                                                                                : "qlinear_pixels";
}

static void add_sizes(struct cx_launch_spec *spec, const struct plan *f)
{
    const struct cx_qlinear_call *c = f->call;
    const struct cx_window *w = &c->window;
    int64_t rows, columns;
    bool tiles = walk_of(f, &rows, &columns)[sizeof "qlinear_" - 1] == 't';
    int64_t segment = tiles ? f->segment : 1;
    int64_t a_row = (columns + segment - 1) / segment, segments = c->batch * rows * a_row;
    int64_t pixel = w->stride[2] * f->block, image = f->in_h * f->in_w * f->block;
    /* First by pixels, as far as a cache's worth of input has them; then by tiles, then further. */
    int64_t each = INPUT_BYTES / (c->channels * segment * w->stride[1] * w->stride[2]) / 2 * 2;
    each = each < 2 ? 2 : each > segments ? segments : each;
    int64_t parts = (segments + each - 1) / each;
    int64_t tiles_each = cx_split_each(f->tiles, parts * c->groups, c->device, 1);
    int64_t items = parts * c->groups * ((f->tiles + tiles_each - 1) / tiles_each);
    if (items < 4 * (int64_t)c->device->compute_units)
        each = (cx_split_each(segments, items / parts, c->device, 2) + 1) / 2 * 2;
    bool plain = !c->is_conv;
    int64_t y_blocks = (c->rows + f->width - 1) / f->width;
    const int64_t size[CX_RANK_MAX] = {segments, a_row,    rows,    columns,
                                       f->steps, f->tiles, c->rows, each};
    const int64_t step[CX_RANK_MAX] = {image * f->blocks * c->groups,
                                       w->stride[1] * f->in_w * f->block,
                                       pixel,
                                       image * f->blocks,
                                       plain ? 0
                                             : (c->groups - 1) * c->rows * w->out[1] * w->out[2] +
                                                   y_blocks * f->width * w->out[1] * w->out[2],
                                       plain ? c->rows : f->width,
                                       plain ? f->width : f->width * w->out[1] * w->out[2],
                                       plain ? c->rows : y_blocks * f->width};
    cx_launch_arg(spec, cx_arg_i32x8(size));
    cx_launch_arg(spec, cx_arg_i32x8(step));
    cx_launch_arg(spec, cx_arg_i32(tiles_each));
    cx_launch_option(spec, "-DPIXEL=%d", pixel <= 2 * f->width ? (int)pixel : 0);
    spec->dim_n = 3;
    spec->global[0] = (size_t)((segments + each - 1) / each);
    spec->global[1] = (size_t)((f->tiles + tiles_each - 1) / tiles_each);
    spec->global[2] = (size_t)c->groups;
    spec->local[0] = spec->local[1] = spec->local[2] = 1;
    spec->flops = 2.0 * (double)(c->batch * w->out[1] * w->out[2]) *
                  (double)(c->groups * c->rows * c->channels * c->taps);
}

enum cx_status cx_qlinear_tiles(struct cx_prepare *p, const struct cx_qlinear_call *c)
{
    struct plan f = plan_of(c);
    struct cx_qlinear_order order = {c, f.tiles * 2 * f.width};
    struct cx_arg x = cx_prepare_input_arg(p, CX_QL_X), weights, offsets, multipliers, bias;
    struct cx_launch_spec spec;
    int64_t rows, columns;
    char form[64];
    snprintf(form, sizeof form, "tiles-%d-%d-%d-%d", (int)f.width, (int)f.block, (int)c->groups,
             c->is_conv);
    uint64_t bytes = (uint64_t)(c->groups * f.tiles * f.steps * 2 * f.width * QUAD);
    enum cx_status status = CX_OK;
    if (f.copies)
        status = copy_input(p, &f, &x);
    if (status == CX_OK)
        status = cx_qlinear_pack_weights(p, c, form, bytes, pack_weights, &f, &weights);
    if (status == CX_OK)
        status = offsets_arg(p, &f, &offsets);
    if (status == CX_OK)
        status = cx_qlinear_pack_multipliers(p, &order, &multipliers);
    if (status == CX_OK)
        status = cx_qlinear_pack_bias(p, &order, &bias);
    cx_spec_init(&spec, "cpu/qlinear_conv.cl", walk_of(&f, &rows, &columns));
    if (status == CX_OK)
        status = cx_qlinear_dot_options(p, c, &spec);
    if (status != CX_OK)
        return status;
    cx_launch_arg(&spec, x);
    cx_launch_arg(&spec, weights);
    cx_launch_arg(&spec, offsets);
    cx_launch_arg(&spec, multipliers);
    cx_launch_arg(&spec, bias);
    cx_launch_arg(&spec, cx_prepare_input_arg(p, CX_QL_RESIDUAL));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    add_sizes(&spec, &f);
    cx_qlinear_rounding_args(p, c, &spec);
    return cx_prepare_launch(p, &spec);
}
