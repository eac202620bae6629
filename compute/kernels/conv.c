/* Convolutions on a CPU: which way each goes. */
#include "kernels/conv_cpu.h"

#include "kernels/window_args.h"
#include "ops/conv.h"
#include "ops/op.h"

/* The ways, in the order in which equals are preferred. */
static cx_conv_offer_fn *const ways[] = {cx_conv_offer_depthwise, cx_conv_offer_rows};

static enum cx_status conv_init(struct cx_conv_call *c, struct cx_prepare *p)
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

double cx_conv_flops(const struct cx_conv_call *c)
{
    return 2.0 * (double)c->batch * (double)c->groups * (double)c->rows * (double)c->channels *
           (double)c->taps * (double)c->pixels;
}

void cx_conv_arg_epilogue(struct cx_launch_spec *spec, const struct cx_conv_call *c)
{
    cx_launch_option(spec, "-DACT=%d -DHAS_RESIDUAL=%d", (int)c->epilogue->act,
                     c->epilogue->residual != CX_VALUE_NONE);
    cx_launch_arg(spec, cx_arg_f32(c->epilogue->alpha));
    cx_launch_arg(spec, cx_arg_f32(c->epilogue->beta));
}

static void pack_zeros(const struct cx_value *value, void *data, const void *context)
{
    (void)value;
    (void)data;
    (void)context;
}

enum cx_status cx_conv_bias_arg(const struct cx_conv_call *c, struct cx_arg *ret_arg)
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

/* ---- any type, any device: one work-item an output ---- */

static enum cx_status prepare_direct(const struct cx_conv_call *c)
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
    cx_conv_arg_epilogue(&spec, c);
    spec.flops = cx_conv_flops(c);
    return cx_prepare_launch(p, &spec);
}

/* The cheapest of the offers. */
static uint32_t choose(const struct cx_conv_offer *offers, uint32_t n)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < n; i++)
        if (offers[i].cost < offers[best].cost)
            best = i;
    return best;
}

static enum cx_status prepare_cpu(struct cx_prepare *p)
{
    struct cx_conv_call c;
    enum cx_status status = conv_init(&c, p);
    if (status != CX_OK)
        return status;
    if (c.y->dtype != CX_DTYPE_FLOAT || c.w->data == NULL || c.taps * c.channels == 0)
        return prepare_direct(&c);
    struct cx_conv_offer offers[CX_CONV_OFFERS_MAX];
    uint32_t n = 0;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        n += ways[i](&c, &offers[n], CX_CONV_OFFERS_MAX - n);
    if (n == 0)
        return cx_prepare_fail(p, CX_INTERNAL, "no kernel takes it");
    uint32_t choice = choose(offers, n);
    return offers[choice].prepare(&c, offers[choice].variant);
}

const struct cx_kernel cx_kernel_conv_cpu = {.prepare = prepare_cpu};
