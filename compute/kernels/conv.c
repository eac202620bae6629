/* Convolutions on a CPU: which way each goes. */
#include "kernels/conv_cpu.h"

#include <math.h>

#include "kernels/split.h"
#include "kernels/window_args.h"
#include "ops/conv.h"
#include "ops/op.h"

/* The ways, in the order in which equals are preferred. */
static cx_conv_offer_fn *const ways[] = {cx_conv_offer_depthwise_blocks, cx_conv_offer_winograd,
                                         cx_conv_offer_blocked, cx_conv_offer_depthwise,
                                         cx_conv_offer_rows};

static const struct cx_value *operand(const struct cx_graph *graph, const struct cx_node *node,
                                      uint32_t i)
{
    bool given = i < node->input_count && node->inputs[i] != CX_VALUE_NONE;
    return given ? &graph->values[node->inputs[i]] : NULL;
}

/* NULL, or what is wrong with the node. */
static const char *describe(struct cx_conv_call *c, const struct cx_device_info *device,
                            const struct cx_graph *graph, const struct cx_node *node)
{
    const struct cx_conv *attrs = node->attrs;
    *c = (struct cx_conv_call){.device = device, .node = node, .epilogue = &node->epilogue};
    c->x = operand(graph, node, 0);
    c->w = operand(graph, node, 1);
    c->bias = operand(graph, node, 2);
    c->y = &graph->values[node->outputs[0]];
    if (!cx_window_resolve(&attrs->window, &c->x->shape, &c->w->shape.dims[2], &c->window))
        return "its window doesn't resolve";
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
        return "an image of it has over 2^31 elements";
    return NULL;
}

double cx_conv_flops(const struct cx_conv_call *c)
{
    return 2.0 * (double)c->batch * (double)c->groups * (double)c->rows * (double)c->channels *
           (double)c->taps * (double)c->pixels;
}

double cx_conv_cycles(const struct cx_conv_call *c)
{
    double units = c->device->compute_units > 0 ? (double)c->device->compute_units : 1;
    return cx_conv_flops(c) / 2 / cx_split_width(c->device) / units;
}

void cx_conv_arg_epilogue(struct cx_launch_spec *spec, const struct cx_conv_call *c)
{
    cx_launch_option(spec, "-DACT=%d -DHAS_RESIDUAL=%d", (int)c->epilogue->act,
                     c->epilogue->residual != CX_VALUE_NONE);
    cx_launch_arg(spec, cx_arg_f32(c->epilogue->alpha));
    cx_launch_arg(spec, cx_arg_f32(c->epilogue->beta));
}

void cx_conv_arg_bounds(struct cx_launch_spec *spec, const struct cx_conv_call *c)
{
    const struct cx_epilogue *e = c->epilogue;
    float low = e->act == CX_ACT_RELU ? 0 : e->act == CX_ACT_CLIP ? e->alpha : -INFINITY;
    cx_launch_arg(spec, cx_arg_f32(low));
    cx_launch_arg(spec, cx_arg_f32(e->act == CX_ACT_CLIP ? e->beta : INFINITY));
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

static void pack_bias(const struct cx_value *value, void *data, const void *context)
{
    const int64_t *n = context;
    for (int64_t i = 0; i < *n; i++)
        ((float *)data)[i] = ((const float *)value->data)[i];
}

enum cx_status cx_conv_arg_bias_blocks(struct cx_launch_spec *spec, const struct cx_conv_call *c,
                                       int64_t block)
{
    bool given = c->bias != NULL;
    int64_t rows = c->groups * c->rows, n = given ? rows : 0;
    uint64_t bytes = (uint64_t)((rows + 2 * block - 1) / (2 * block) * 2 * block) * sizeof(float);
    uint32_t handle;
    enum cx_status status = cx_prepare_pack(c->p, c->node->inputs[given ? 2 : 1],
                                            given ? "conv-blocked-bias" : "conv-blocked-no-bias",
                                            bytes, pack_bias, &n, &handle);
    if (status == CX_OK)
        cx_launch_arg(spec, cx_arg_packed(handle));
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

static enum cx_status prepare_cpu(struct cx_prepare *p)
{
    struct cx_conv_call c;
    const char *wrong = describe(&c, cx_prepare_device(p), cx_prepare_graph(p), cx_prepare_node(p));
    if (wrong != NULL)
        return cx_prepare_fail(p, CX_LIMIT, "%s", wrong);
    c.p = p;
    if (c.y->dtype != CX_DTYPE_FLOAT || c.w->data == NULL || c.taps * c.channels == 0)
        return prepare_direct(&c);
    struct cx_conv_offer offers[CX_CONV_OFFERS_MAX];
    struct cx_candidate candidates[CX_CONV_OFFERS_MAX];
    uint32_t n = 0, choice;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        n += ways[i](&c, &offers[n], CX_CONV_OFFERS_MAX - n);
    for (uint32_t i = 0; i < n; i++)
        candidates[i] = (struct cx_candidate){offers[i].name, offers[i].cost};
    if (n == 0)
        return cx_prepare_fail(p, CX_INTERNAL, "no kernel takes it");
    enum cx_status status = cx_prepare_choose(p, candidates, n, &choice);
    return status == CX_OK ? offers[choice].prepare(&c, offers[choice].variant) : status;
}

static bool is_depthwise(const struct cx_conv_call *c)
{
    return c->channels == 1 && c->rows <= 2 && c->groups > 1;
}

/* Blocked, but for an input of few channels that nobody has blocked yet: blocks would be padding
 * for the most part. */
static struct cx_layouts layouts_cpu(const struct cx_layout_query *query)
{
    struct cx_layouts layouts = {0};
    struct cx_conv_call c;
    if (describe(&c, query->device, query->graph, query->node) != NULL ||
        !cx_conv_blocked_fits(&c) || (is_depthwise(&c) && !cx_conv_depthwise_blocks_fits(&c)))
        return layouts;
    layouts.output = cx_layout_blocked(query->device);
    layouts.input = layouts.output;
    if (c.groups == 1 && c.channels < cx_layout_block(layouts.output) / 2)
        layouts.input = cx_layout_at_hand(query, 0);
    return layouts;
}

const struct cx_kernel cx_kernel_conv_cpu = {.prepare = prepare_cpu, .layout = layouts_cpu};
