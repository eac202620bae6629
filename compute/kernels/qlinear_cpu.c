#include "kernels/qlinear_cpu.h"

#include <stdio.h>

#include "graph/tensor.h"
#include "kernels/qlinear.h"
#include "ops/number.h"
#include "ops/quant.h"

int cx_qlinear_width(const struct cx_device_info *device)
{
    return (int)cx_layout_block(cx_layout_blocked(device));
}

const struct cx_value *cx_qlinear_value(const struct cx_qlinear_call *c, uint32_t input)
{
    uint32_t id = input < c->node->input_count ? c->node->inputs[input] : CX_VALUE_NONE;
    return id == CX_VALUE_NONE ? NULL : &c->graph->values[id];
}

static struct cx_tensor tensor_of(const struct cx_qlinear_call *c, uint32_t input)
{
    uint32_t id = input < c->node->input_count ? c->node->inputs[input] : CX_VALUE_NONE;
    return cx_graph_tensor(c->graph, id);
}

static int64_t element(const struct cx_tensor *tensor, int64_t m)
{
    return cx_shape_elements(&tensor->shape) == 1 ? 0 : m;
}

static int64_t int_at(const struct cx_qlinear_call *c, uint32_t input, int64_t m)
{
    struct cx_tensor tensor = tensor_of(c, input);
    return tensor.dtype == CX_DTYPE_UNDEFINED ? 0 : cx_get_i64(&tensor, element(&tensor, m));
}

static float float_at(const struct cx_qlinear_call *c, uint32_t input, int64_t m)
{
    struct cx_tensor tensor = tensor_of(c, input);
    return (float)cx_get_f64(&tensor, element(&tensor, m));
}

int cx_qlinear_weight(const struct cx_qlinear_call *c, int64_t m, int64_t channel, int64_t tap)
{
    const struct cx_value *w = cx_qlinear_value(c, CX_QL_W);
    int64_t at = m * c->w_row + channel * c->w_channel + tap;
    int number =
        w->dtype == CX_DTYPE_UINT8 ? ((const uint8_t *)w->data)[at] : ((const int8_t *)w->data)[at];
    return number - (int)int_at(c, CX_QL_W_ZERO, m);
}

static bool all_constant(const struct cx_qlinear_call *c)
{
    static const uint32_t scales[] = {CX_QL_X_SCALE, CX_QL_W_SCALE, CX_QL_Y_SCALE,
                                      CX_QL_RESIDUAL_SCALE, CX_QL_SUM_SCALE};
    for (uint32_t i = 1; i < c->node->input_count; i++) {
        const struct cx_value *value = cx_qlinear_value(c, i);
        if (value != NULL && i != CX_QL_RESIDUAL && value->data == NULL)
            return false;
    }
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        const struct cx_value *scale = cx_qlinear_value(c, scales[i]);
        if (scale != NULL && scale->dtype != CX_DTYPE_FLOAT)
            return false;
    }
    return true;
}

int8_t cx_qlinear_weight_part(int weight, int part)
{
    int number = 0;
    for (int i = 0; i <= part; i++) {
        number = weight < INT8_MIN ? INT8_MIN : weight > INT8_MAX ? INT8_MAX : weight;
        weight -= number;
    }
    return (int8_t)number;
}

/* How many signed bytes the largest weight takes: unsigned weights with a zero point far from their
 * middle take two, at the price of as many steps. */
static int count_parts(const struct cx_qlinear_call *c)
{
    const struct cx_value *w = cx_qlinear_value(c, CX_QL_W);
    int64_t middle = w->dtype == CX_DTYPE_UINT8 ? 128 : 0;
    int low = 0, high = 0, parts = 1;
    for (int64_t m = 0; m < c->groups * c->rows; m++) {
        if (int_at(c, CX_QL_W_ZERO, m) == middle)
            continue;
        for (int64_t channel = 0; channel < c->channels; channel++) {
            for (int64_t tap = 0; tap < c->taps; tap++) {
                int number = cx_qlinear_weight(c, m, channel, tap);
                low = number < low ? number : low;
                high = number > high ? number : high;
            }
        }
    }
    while (low < INT8_MIN * parts || high > INT8_MAX * parts)
        parts++;
    return parts;
}

static bool resolve_conv(struct cx_qlinear_call *c)
{
    const struct cx_conv *attrs = c->node->attrs;
    const struct cx_shape *x = &cx_qlinear_value(c, CX_QL_X)->shape;
    const struct cx_shape *w = &cx_qlinear_value(c, CX_QL_W)->shape;
    if (!cx_window_resolve(&attrs->window, x, &w->dims[2], &c->window) || c->window.in[0] != 1 ||
        c->window.kernel[0] != 1 || c->window.out[0] != 1)
        return false;
    c->batch = x->dims[0];
    c->groups = attrs->group;
    c->channels = w->dims[1];
    c->rows = w->dims[0] / attrs->group;
    c->taps = c->window.kernel[1] * c->window.kernel[2];
    c->w_row = c->channels * c->taps;
    c->w_channel = c->taps;
    return true;
}

static bool resolve_product(struct cx_qlinear_call *c)
{
    const struct cx_shape *a = &cx_qlinear_value(c, CX_QL_X)->shape;
    const struct cx_shape *b = &cx_qlinear_value(c, CX_QL_W)->shape;
    if (b->rank != 2 || a->rank < 1)
        return false;
    int64_t m = cx_shape_span(a, 0, a->rank - 1);
    c->window = (struct cx_window){{1, 1, m}, {1, 1, m}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0}, {0}};
    c->batch = c->groups = c->taps = 1;
    c->channels = b->dims[0];
    c->rows = b->dims[1];
    c->w_row = 1;
    c->w_channel = c->rows;
    return true;
}

bool cx_qlinear_resolve(const struct cx_device_info *device, const struct cx_graph *graph,
                        const struct cx_node *node, struct cx_qlinear_call *ret_call)
{
    struct cx_qlinear_call c = {.graph = graph, .node = node, .device = device};
    c.is_conv = node->op == &cx_ops[CX_OP_ID_QLinearConv];
    if (!cx_qlinear_form(node).requantizes || !all_constant(&c) ||
        !(c.is_conv ? resolve_conv(&c) : resolve_product(&c)))
        return false;
    const struct cx_window *w = &c.window;
    /* Kernels count inside one image with ints, and these are padded copies of it. */
    int64_t limit = INT32_MAX / 16;
    int64_t high = w->in[1] + w->pad_begin[1] + w->pad_end[1];
    int64_t wide = w->in[2] + w->pad_begin[2] + w->pad_end[2];
    int64_t depth = c.channels * c.groups + 16, rows = c.rows * c.groups + 64;
    if (high * wide > limit || high * wide * depth > limit || rows * w->out[2] > limit ||
        rows * w->out[1] * w->out[2] > limit || c.channels * c.taps > limit ||
        high * wide * depth * c.rows == 0 || c.batch == 0)
        return false;
    c.x_signed = cx_qlinear_value(&c, CX_QL_X)->dtype == CX_DTYPE_INT8;
    c.x_zero = (int)int_at(&c, CX_QL_X_ZERO, 0) + (c.x_signed ? 128 : 0);
    const struct cx_value *residual = cx_qlinear_value(&c, CX_QL_RESIDUAL);
    if (residual != NULL && residual->dtype != graph->values[node->outputs[0]].dtype)
        return false;
    c.parts = count_parts(&c);
    *ret_call = c;
    return true;
}

/* ---- constants ---- */

static uint64_t mix(uint64_t hash, uint64_t number)
{
    hash = (hash ^ number) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static uint64_t mix_input(uint64_t hash, const struct cx_qlinear_call *c, uint32_t input)
{
    const struct cx_value *value = cx_qlinear_value(c, input);
    if (value == NULL)
        return mix(hash, 0);
    hash = mix(hash, value->bytes);
    for (size_t i = 0; i < value->bytes; i++)
        hash = mix(hash, ((const uint8_t *)value->data)[i]);
    return hash;
}

static void pack_multipliers(const struct cx_value *value, void *data, const void *context)
{
    const struct cx_qlinear_order *order = context;
    const struct cx_qlinear_call *c = order->call;
    float *to = data;
    (void)value;
    for (int64_t m = 0; m < c->groups * c->rows; m++)
        to[m / c->rows * order->group_room + m % c->rows] = float_at(c, CX_QL_X_SCALE, 0) *
                                                            float_at(c, CX_QL_W_SCALE, m) /
                                                            float_at(c, CX_QL_Y_SCALE, 0);
}

static void pack_bias(const struct cx_value *value, void *data, const void *context)
{
    const struct cx_qlinear_order *order = context;
    const struct cx_qlinear_call *c = order->call;
    int32_t *to = data;
    (void)value;
    for (int64_t m = 0; m < c->groups * c->rows; m++) {
        int64_t sum = 0;
        for (int64_t channel = 0; channel < c->channels; channel++)
            for (int64_t tap = 0; tap < c->taps; tap++)
                sum += cx_qlinear_weight(c, m, channel, tap);
        to[m / c->rows * order->group_room + m % c->rows] =
            (int32_t)(int_at(c, CX_QL_BIAS, m) - sum * c->x_zero);
    }
}

static enum cx_status pack_row(struct cx_prepare *p, const struct cx_qlinear_order *order,
                               const char *what, const uint32_t *inputs, uint32_t count,
                               cx_pack_fn *pack, struct cx_arg *ret_arg)
{
    const struct cx_qlinear_call *c = order->call;
    char kind[96];
    uint32_t handle;
    uint64_t hash = mix(mix((uint64_t)c->groups, (uint64_t)order->group_room), (uint64_t)c->x_zero);
    for (uint32_t i = 0; i < count; i++)
        hash = mix_input(hash, c, inputs[i]);
    snprintf(kind, sizeof kind, "qlinear-%s-%d-%016llx", what, c->is_conv,
             (unsigned long long)hash);
    enum cx_status status = cx_prepare_pack(
        p, c->node->inputs[CX_QL_W], kind,
        (uint64_t)((c->groups * order->group_room + 15) / 16 * 64), pack, order, &handle);
    if (status == CX_OK)
        *ret_arg = cx_arg_packed(handle);
    return status;
}

enum cx_status cx_qlinear_pack_multipliers(struct cx_prepare *p,
                                           const struct cx_qlinear_order *order,
                                           struct cx_arg *ret_arg)
{
    static const uint32_t inputs[] = {CX_QL_X_SCALE, CX_QL_W_SCALE, CX_QL_Y_SCALE};
    return pack_row(p, order, "multipliers", inputs, 3, pack_multipliers, ret_arg);
}

enum cx_status cx_qlinear_pack_bias(struct cx_prepare *p, const struct cx_qlinear_order *order,
                                    struct cx_arg *ret_arg)
{
    static const uint32_t inputs[] = {CX_QL_W_ZERO, CX_QL_BIAS};
    return pack_row(p, order, "bias", inputs, 2, pack_bias, ret_arg);
}

enum cx_status cx_qlinear_pack_weights(struct cx_prepare *p, const struct cx_qlinear_call *c,
                                       const char *form, uint64_t bytes, cx_pack_fn *pack,
                                       const void *context, struct cx_arg *ret_arg)
{
    char kind[96];
    uint32_t handle;
    snprintf(kind, sizeof kind, "qlinear-%s-%016llx", form,
             (unsigned long long)mix_input(0, c, CX_QL_W_ZERO));
    enum cx_status status =
        cx_prepare_pack(p, c->node->inputs[CX_QL_W], kind, bytes, pack, context, &handle);
    if (status == CX_OK)
        *ret_arg = cx_arg_packed(handle);
    return status;
}

/* ---- what launches share ---- */

enum cx_status cx_qlinear_dot_options(struct cx_prepare *p, const struct cx_qlinear_call *c,
                                      struct cx_launch_spec *spec)
{
    static const struct cx_candidate candidates[] = {{"vnni", 1}, {"portable", 4}};
    uint32_t first = c->device->int8_dot == CX_INT8_DOT_NONE ? 1 : 0, choice = 0;
    enum cx_status status = cx_prepare_choose(p, &candidates[first], 2 - first, &choice);
    bool portable = first + choice == 1;
    cx_launch_option(spec, "-DDOT=%d", portable ? 0 : (int)c->device->int8_dot);
    cx_launch_option(spec, "-DWIDTH=%d -DHAS_RESIDUAL=%d", cx_qlinear_width(c->device),
                     cx_qlinear_value(c, CX_QL_RESIDUAL) != NULL);
    cx_launch_option(spec, "-DBYTE=%s",
                     cx_prepare_output(p, 0)->dtype == CX_DTYPE_UINT8 ? "uchar" : "char");
    return status;
}

void cx_qlinear_rounding_args(struct cx_prepare *p, const struct cx_qlinear_call *c,
                              struct cx_launch_spec *spec)
{
    int64_t type_low, type_high, low, high;
    bool sums = cx_qlinear_value(c, CX_QL_RESIDUAL) != NULL;
    int64_t y_zero = int_at(c, CX_QL_Y_ZERO, 0), sum_zero = int_at(c, CX_QL_SUM_ZERO, 0);
    float sum_scale = sums ? float_at(c, CX_QL_SUM_SCALE, 0) : 1;
    cx_quant_range(cx_prepare_output(p, 0)->dtype, &type_low, &type_high);
    cx_qlinear_bounds(p, &low, &high);
    /* The epilogue's bounds are those of what is stored. */
    int64_t y_low = sums ? type_low : low, y_high = sums ? type_high : high;
    cx_launch_arg(spec, cx_arg_f32((float)(y_low - y_zero)));
    cx_launch_arg(spec, cx_arg_f32((float)(y_high - y_zero)));
    cx_launch_arg(spec, cx_arg_i32(sums ? sum_zero : y_zero));
    cx_launch_arg(spec, cx_arg_f32(float_at(c, CX_QL_Y_SCALE, 0) / sum_scale));
    cx_launch_arg(spec, cx_arg_f32(sums ? float_at(c, CX_QL_RESIDUAL_SCALE, 0) / sum_scale : 0));
    cx_launch_arg(spec, cx_arg_i32(int_at(c, CX_QL_RESIDUAL_ZERO, 0)));
    cx_launch_arg(spec, cx_arg_f32((float)(low - sum_zero)));
    cx_launch_arg(spec, cx_arg_f32((float)(high - sum_zero)));
}
