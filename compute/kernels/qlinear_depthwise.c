/* Quantized convolutions of each channel by itself on a CPU. */
#include <stdio.h>

#include "kernels/kernel_spec.h"
#include "kernels/qlinear_cpu.h"
#include "kernels/split.h"

#define KERNEL_MAX 7 /* of either axis: the weights of a block are held in registers */
#define ROWS_MIN 4   /* output rows that are worth a work-item */
#define QUAD 4       /* taps of a step */
#define LINES_BYTES_MAX (INT64_C(32) << 10)

struct form {
    const struct cx_qlinear_call *call;
    int64_t width, quads, shifts;
};

static struct form form_of(const struct cx_qlinear_call *c)
{
    struct form f = {c, cx_qlinear_width(c->device), 0, c->window.stride[2] == 1 ? 2 : 1};
    f.quads = (c->window.kernel[2] + f.shifts - 1 + QUAD - 1) / QUAD;
    return f;
}

/* Columns of a row in local memory: the input's and its borders', and what quads reach beyond. */
static int64_t line_columns(const struct cx_qlinear_call *c, const struct form *f)
{
    const struct cx_window *w = &c->window;
    int64_t read = (w->out[2] + f->shifts - 1) * w->stride[2] + f->quads * QUAD;
    int64_t held = w->pad_begin[2] + w->in[2];
    return read > held ? read : held;
}

bool cx_qlinear_is_depthwise(const struct cx_qlinear_call *c)
{
    const struct cx_window *w = &c->window;
    if (!c->is_conv || c->channels != 1 || c->rows != 1 || w->stride[2] > 2 ||
        w->dilation[1] != 1 || w->dilation[2] != 1 || w->kernel[1] > KERNEL_MAX ||
        w->kernel[2] > KERNEL_MAX)
        return false;
    struct form f = form_of(c);
    return line_columns(c, &f) * f.width * w->kernel[1] <= LINES_BYTES_MAX;
}

/* [block][row of taps][quad][part of the weights][shift][channel][tap] */
static void pack_weights(const struct cx_value *value, void *data, const void *context)
{
    const struct form *f = context;
    const struct cx_qlinear_call *c = f->call;
    int64_t kernel_h = c->window.kernel[1], kernel_w = c->window.kernel[2];
    int8_t *to = data;
    (void)value;
    for (int64_t m = 0; m < c->groups; m++) {
        for (int64_t i = 0; i < c->taps * f->shifts; i++) {
            int64_t tap = i / f->shifts, shift = i % f->shifts;
            int64_t x = tap % kernel_w + shift;
            int64_t step = (m / f->width * kernel_h + tap / kernel_w) * f->quads + x / QUAD;
            int weight = cx_qlinear_weight(c, m, 0, tap);
            for (int part = 0; part < c->parts; part++) {
                int64_t vector = (step * c->parts + part) * f->shifts + shift;
                to[(vector * f->width + m % f->width) * QUAD + x % QUAD] =
                    cx_qlinear_weight_part(weight, part);
            }
        }
    }
}

enum cx_status cx_qlinear_depthwise(struct cx_prepare *p, const struct cx_qlinear_call *c)
{
    const struct cx_window *w = &c->window;
    struct form f = form_of(c);
    int64_t blocks = (c->groups + f.width - 1) / f.width, columns = line_columns(c, &f);
    /* The channels of all groups lie side by side here: places are as of one group. */
    struct cx_qlinear_order order = {c, 1};
    struct cx_arg weights, multipliers, bias;
    struct cx_launch_spec spec;
    char kind[32];
    snprintf(kind, sizeof kind, "depthwise-%d-%d", (int)f.width, (int)f.shifts);
    uint64_t bytes =
        (uint64_t)(blocks * w->kernel[1] * f.quads * c->parts * f.shifts * f.width * QUAD);
    enum cx_status status = cx_qlinear_pack_weights(p, c, kind, bytes, pack_weights, &f, &weights);
    if (status == CX_OK)
        status = cx_qlinear_pack_multipliers(p, &order, &multipliers);
    if (status == CX_OK)
        status = cx_qlinear_pack_bias(p, &order, &bias);
    cx_spec_init(&spec, "cpu/qlinear_depthwise.cl", "qlinear_depthwise");
    if (status == CX_OK)
        status = cx_qlinear_dot_options(p, c, &spec);
    if (status != CX_OK)
        return status;
    cx_launch_option(&spec, "-DKERNEL_H=%d -DQUADS=%d -DPARTS=%d", (int)w->kernel[1], (int)f.quads,
                     c->parts);
    cx_launch_option(&spec, "-DSTRIDE_W=%d -DFLIP=%d", (int)w->stride[2], c->x_signed ? 128 : 0);
    int64_t each = cx_split_each(w->out[1], c->batch * blocks, c->device, ROWS_MIN);
    const int64_t size[CX_RANK_MAX] = {w->in[1], w->in[2], w->out[1], w->out[2], blocks, each};
    const int64_t border[CX_RANK_MAX] = {w->pad_begin[1], w->pad_begin[2], columns, w->stride[1],
                                         c->x_zero};
    cx_launch_arg(&spec, cx_prepare_input_arg(p, CX_QL_X));
    cx_launch_arg(&spec, weights);
    cx_launch_arg(&spec, multipliers);
    cx_launch_arg(&spec, bias);
    cx_launch_arg(&spec, cx_prepare_input_arg(p, CX_QL_RESIDUAL));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_local((uint64_t)(columns * f.width * w->kernel[1])));
    cx_launch_arg(&spec, cx_arg_i32x8(size));
    cx_launch_arg(&spec, cx_arg_i32x8(border));
    cx_qlinear_rounding_args(p, c, &spec);
    spec.dim_n = 2;
    spec.global[0] = (size_t)((w->out[1] + each - 1) / each);
    spec.global[1] = (size_t)(c->batch * blocks);
    spec.local[0] = spec.local[1] = 1;
    spec.flops = 2.0 * (double)(c->batch * c->groups * c->taps) * (double)(w->out[1] * w->out[2]);
    return cx_prepare_launch(p, &spec);
}
