#include "ops/resize.h"

#include <math.h>
#include <string.h>

#include "ops/attr.h"
#include "ops/axis.h"
#include "ops/number.h"
#include "ops/walk.h"

#define OPSET_ROI 11      /* inputs X, roi, scales, sizes; before: X, scales */
#define OPSET_SCALES 9    /* Upsample's scales from an attribute to an input */
#define OUT_MAX (1 << 24) /* elements along one axis */
#define SCALE_MIN 0x1p-20 /* so that neighbours of an element can be counted */

enum policy { STRETCH, NOT_LARGER, NOT_SMALLER };

struct attrs {
    struct cx_resize resize;
    enum policy policy;
    uint32_t axis_count; /* 0: all of them, in order */
    int64_t axes[CX_RANK_MAX];
    uint32_t scale_count; /* of Upsample before its scales became an input */
    float scales[CX_RANK_MAX];
};

/* One of the names, by number. */
static enum cx_status parse_name(struct cx_attr_set *set, const char *name,
                                 const char *const *names, uint32_t count, int *ret_number)
{
    const char *text;
    enum cx_status status = cx_attr_string(set, name, names[0], &text);
    if (status != CX_OK)
        return status;
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(text, names[i]) == 0) {
            *ret_number = (int)i;
            return CX_OK;
        }
    }
    return cx_attr_fail(set, CX_UNSUPPORTED, "%s '%.40s' is not supported", name, text);
}

#define PARSE_NAME(set, name, names, number) \
    parse_name(set, name, names, sizeof(names) / sizeof((names)[0]), number)

static enum cx_status parse_modes(struct cx_attr_set *set, struct attrs *attrs, bool whole)
{
    static const char *const modes[] = {"nearest", "linear", "cubic"};
    static const char *const coordinates[] = {
        "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",   "align_corners",
        "asymmetric", "tf_crop_and_resize",   "tf_half_pixel_for_nn",
    };
    static const char *const nearests[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                           "ceil"};
    static const char *const policies[] = {"stretch", "not_larger", "not_smaller"};
    int mode = 0, coordinate = CX_RESIZE_ASYMMETRIC, nearest = CX_RESIZE_FLOOR, policy = 0;
    enum cx_status status = PARSE_NAME(set, "mode", modes, &mode);
    if (status == CX_OK && whole)
        status = PARSE_NAME(set, "coordinate_transformation_mode", coordinates, &coordinate);
    if (status == CX_OK && whole)
        status = PARSE_NAME(set, "nearest_mode", nearests, &nearest);
    if (status == CX_OK && whole)
        status = PARSE_NAME(set, "keep_aspect_ratio_policy", policies, &policy);
    attrs->resize.mode = (enum cx_resize_mode)mode;
    attrs->resize.coordinate = (enum cx_resize_coordinate)coordinate;
    attrs->resize.nearest = (enum cx_resize_nearest)nearest;
    attrs->policy = (enum policy)policy;
    return status;
}

static enum cx_status parse_scales(struct cx_attr_set *set, struct attrs *attrs)
{
    const struct cx_attr *scales = cx_attr_get(set, "scales");
    if (scales == NULL || scales->kind != CX_ATTR_FLOATS || scales->count > CX_RANK_MAX)
        return cx_attr_fail(set, CX_FORMAT, "'scales' is not a list of at most %d numbers",
                            CX_RANK_MAX);
    attrs->scale_count = scales->count;
    memcpy(attrs->scales, scales->floats, scales->count * sizeof attrs->scales[0]);
    return CX_OK;
}

static enum cx_status parse(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs)
{
    bool whole = op == &cx_ops[CX_OP_ID_Resize] && opset >= OPSET_ROI;
    struct attrs *attrs = cx_arena_alloc(set->arena, sizeof *attrs);
    if (attrs == NULL)
        return CX_MEMORY;
    *attrs = (struct attrs){.policy = STRETCH};
    *ret_attrs = attrs;
    float cubic_a = -0.75f, extrapolation = 0;
    enum cx_status status = parse_modes(set, attrs, whole);
    if (status == CX_OK && op == &cx_ops[CX_OP_ID_Upsample] && opset < OPSET_SCALES)
        status = parse_scales(set, attrs);
    if (status == CX_OK && whole)
        status = cx_attr_bool(set, "exclude_outside", false, &attrs->resize.exclude_outside);
    if (status == CX_OK && whole)
        status = cx_attr_bool(set, "antialias", false, &attrs->resize.antialias);
    if (status == CX_OK && whole)
        status = cx_attr_float(set, "cubic_coeff_a", cubic_a, &cubic_a);
    if (status == CX_OK && whole)
        status = cx_attr_float(set, "extrapolation_value", 0, &extrapolation);
    if (status == CX_OK && whole)
        status = cx_attr_ints(set, "axes", CX_RANK_MAX, attrs->axes, &attrs->axis_count);
    attrs->resize.cubic_a = (double)cubic_a;
    attrs->resize.extrapolation = (double)extrapolation;
    return status;
}

/* The axes that the lists speak of. */
static enum cx_status listed_axes(const struct cx_call *call, uint32_t *axes, uint32_t *ret_count)
{
    const struct attrs *attrs = call->node->attrs;
    uint32_t rank = call->in[0].shape.rank;
    *ret_count = attrs->axis_count > 0 ? attrs->axis_count : rank;
    if (attrs->axis_count > 0)
        return cx_axes_resolve(call, attrs->axes, attrs->axis_count, rank, axes);
    for (uint32_t i = 0; i < rank; i++)
        axes[i] = i;
    return CX_OK;
}

static enum cx_status set_axis(const struct cx_call *call, struct cx_resize_axis *axis,
                               double scale, double out)
{
    if (!(scale >= SCALE_MIN) || !(out >= 0) || out > OUT_MAX)
        return cx_call_fail(call, CX_SHAPE, "an axis of %lld can't be scaled by %g",
                            (long long)axis->in, scale);
    axis->scale = scale;
    axis->out = (int64_t)out;
    return CX_OK;
}

static enum cx_status take_scales(const struct cx_call *call, uint32_t input, const uint32_t *axes,
                                  uint32_t count, struct cx_resize *resize)
{
    const struct attrs *attrs = call->node->attrs;
    enum cx_status status = CX_OK;
    bool given = attrs->scale_count == 0;
    int64_t scale_n =
        given ? cx_shape_elements(&call->in[input].shape) : (int64_t)attrs->scale_count;
    if (given)
        status = cx_call_need_data(call, input, "the list of scales");
    if (status == CX_OK && scale_n != (int64_t)count)
        status = cx_call_fail(call, CX_SHAPE, "%lld scales for %u axes", (long long)scale_n, count);
    for (uint32_t i = 0; i < count && status == CX_OK; i++) {
        struct cx_resize_axis *axis = &resize->axes[axes[i]];
        double scale = given ? cx_get_f64(&call->in[input], i) : (double)attrs->scales[i];
        status = set_axis(call, axis, scale, floor((double)axis->in * scale));
    }
    return status;
}

static enum cx_status take_sizes(const struct cx_call *call, uint32_t input, const uint32_t *axes,
                                 uint32_t count, struct cx_resize *resize)
{
    const struct attrs *attrs = call->node->attrs;
    int64_t sizes[CX_RANK_MAX];
    uint32_t size_n = 0;
    enum cx_status status = cx_call_need_data(call, input, "the list of sizes");
    if (status == CX_OK)
        status = cx_ints_from_input(call, input, CX_RANK_MAX, sizes, &size_n);
    if (status == CX_OK && size_n != count)
        status = cx_call_fail(call, CX_SHAPE, "%u sizes for %u axes", size_n, count);
    double common = attrs->policy == NOT_LARGER ? INFINITY : 0;
    for (uint32_t i = 0; i < count && status == CX_OK; i++) {
        double scale = (double)sizes[i] / (double)resize->axes[axes[i]].in;
        common = attrs->policy == NOT_LARGER ? fmin(common, scale) : fmax(common, scale);
    }
    for (uint32_t i = 0; i < count && status == CX_OK; i++) {
        struct cx_resize_axis *axis = &resize->axes[axes[i]];
        double in = (double)axis->in, size = (double)sizes[i];
        status = attrs->policy == STRETCH
                     ? set_axis(call, axis, axis->in == 0 ? 1 : size / in, size)
                     : set_axis(call, axis, common, floor(common * in + 0.5));
    }
    return status;
}

static enum cx_status take_roi(const struct cx_call *call, const uint32_t *axes, uint32_t count,
                               struct cx_resize *resize)
{
    if (resize->coordinate != CX_RESIZE_TF_CROP_AND_RESIZE)
        return CX_OK;
    if (!cx_call_has_in(call, 1) || cx_shape_elements(&call->in[1].shape) != 2 * (int64_t)count)
        return cx_call_fail(call, CX_SHAPE, "tf_crop_and_resize needs a roi of %u numbers",
                            2 * count);
    enum cx_status status = cx_call_need_data(call, 1, "the roi");
    for (uint32_t i = 0; i < count && status == CX_OK; i++) {
        resize->axes[axes[i]].roi_begin = cx_get_f64(&call->in[1], i);
        resize->axes[axes[i]].roi_end = cx_get_f64(&call->in[1], count + i);
    }
    return status;
}

enum cx_status cx_resize_resolve(const struct cx_call *call, struct cx_resize *ret_resize)
{
    const struct attrs *attrs = call->node->attrs;
    struct cx_resize resize = attrs->resize;
    const struct cx_shape *in = &call->in[0].shape;
    uint32_t axes[CX_RANK_MAX], count = 0;
    resize.rank = in->rank;
    for (uint32_t i = 0; i < in->rank; i++)
        resize.axes[i] = (struct cx_resize_axis){
            .in = in->dims[i], .out = in->dims[i], .scale = 1, .roi_end = 1};
    bool has_roi = call->node->op == &cx_ops[CX_OP_ID_Resize] && call->node->opset >= OPSET_ROI;
    uint32_t scales = has_roi ? 2 : 1;
    bool by_scale = attrs->scale_count > 0 || (cx_call_has_in(call, scales) &&
                                               cx_shape_elements(&call->in[scales].shape) > 0);
    bool by_size = has_roi && !by_scale && cx_call_has_in(call, 3);
    if (!by_scale && !by_size)
        return cx_call_fail(call, CX_SHAPE, "neither scales nor sizes are given");
    enum cx_status status = listed_axes(call, axes, &count);
    if (status == CX_OK)
        status = by_scale ? take_scales(call, scales, axes, count, &resize)
                          : take_sizes(call, 3, axes, count, &resize);
    if (status == CX_OK && has_roi)
        status = take_roi(call, axes, count, &resize);
    for (uint32_t i = 0; i < in->rank && status == CX_OK; i++) {
        struct cx_resize_axis *axis = &resize.axes[i];
        bool whole = resize.coordinate != CX_RESIZE_TF_CROP_AND_RESIZE ||
                     (axis->roi_begin == 0 && axis->roi_end == 1);
        axis->still = axis->in == axis->out && axis->scale == 1 && whole;
        if (axis->in == 0 && axis->out > 0)
            status = cx_call_fail(call, CX_SHAPE, "axis %u has no elements to resize", i);
    }
    if (status == CX_OK)
        *ret_resize = resize;
    return status;
}

static double tap_scale(const struct cx_resize *resize, uint32_t axis)
{
    return resize->antialias ? fmin(resize->axes[axis].scale, 1) : 1;
}

/* The first neighbour counted from the element before the coordinate. */
static int64_t tap_start(const struct cx_resize *resize, uint32_t axis)
{
    double reach = resize->mode == CX_RESIZE_CUBIC ? 2 : 1;
    return (int64_t)floor(-reach / tap_scale(resize, axis)) + 1;
}

uint32_t cx_resize_taps(const struct cx_resize *resize, uint32_t axis)
{
    if (resize->mode == CX_RESIZE_NEAREST)
        return 1;
    return (uint32_t)(2 - 2 * tap_start(resize, axis));
}

static double coordinate_of(const struct cx_resize *resize, const struct cx_resize_axis *axis,
                            double i)
{
    double in = (double)axis->in, out = in * axis->scale;
    switch (resize->coordinate) {
    case CX_RESIZE_ALIGN_CORNERS:
        return axis->out == 1 ? 0 : i * (in - 1) / (out - 1);
    case CX_RESIZE_ASYMMETRIC:
        return i / axis->scale;
    case CX_RESIZE_TF_CROP_AND_RESIZE: {
        double span = (axis->roi_end - axis->roi_begin) * (in - 1);
        double at = axis->out == 1 ? span / 2 : i * span / (out - 1);
        return at + axis->roi_begin * (in - 1);
    }
    case CX_RESIZE_TF_HALF_PIXEL_FOR_NN:
        return (i + 0.5) / axis->scale;
    case CX_RESIZE_PYTORCH_HALF_PIXEL:
        return axis->out == 1 ? -0.5 : (i + 0.5) / axis->scale - 0.5;
    case CX_RESIZE_HALF_PIXEL_SYMMETRIC:
        return in / 2 * (1 - (double)axis->out / out) + (i + 0.5) / axis->scale - 0.5;
    case CX_RESIZE_HALF_PIXEL:
        break;
    }
    return (i + 0.5) / axis->scale - 0.5;
}

static bool picks_upper(enum cx_resize_nearest nearest, double ratio)
{
    switch (nearest) {
    case CX_RESIZE_ROUND_PREFER_FLOOR:
        return ratio > 0.5;
    case CX_RESIZE_ROUND_PREFER_CEIL:
        return ratio >= 0.5;
    case CX_RESIZE_FLOOR:
        return ratio == 1;
    case CX_RESIZE_CEIL:
        break;
    }
    return true;
}

static double cubic(double x, double a)
{
    x = fabs(x);
    if (x <= 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/* Before the weights of a window are made to add up to 1. */
static double raw_weight(const struct cx_resize *resize, const struct cx_resize_axis *axis,
                         const struct cx_resize_window *window, uint32_t k)
{
    int64_t index = window->first + k;
    if (resize->exclude_outside && (index < 0 || index >= axis->in))
        return 0;
    double distance = ((double)index - window->at) * window->scale;
    return resize->mode == CX_RESIZE_CUBIC ? cubic(distance, resize->cubic_a)
                                           : fmax(0, 1 - fabs(distance));
}

void cx_resize_find(const struct cx_resize *resize, uint32_t axis, int64_t i,
                    struct cx_resize_window *ret_window)
{
    const struct cx_resize_axis *a = &resize->axes[axis];
    if (a->still) {
        *ret_window = (struct cx_resize_window){.first = i, .count = 1};
        return;
    }
    double at = coordinate_of(resize, a, (double)i);
    int64_t before = (int64_t)ceil(at) - 1;
    struct cx_resize_window window = {.count = cx_resize_taps(resize, axis), .at = at};
    window.outside =
        resize->coordinate == CX_RESIZE_TF_CROP_AND_RESIZE && (at < 0 || at > (double)(a->in - 1));
    if (resize->mode == CX_RESIZE_NEAREST) {
        window.first = before + picks_upper(resize->nearest, at - (double)before);
    } else {
        window.first = before + tap_start(resize, axis);
        window.scale = tap_scale(resize, axis);
        for (uint32_t k = 0; k < window.count; k++)
            window.sum += raw_weight(resize, a, &window, k);
    }
    *ret_window = window;
}

double cx_resize_weight(const struct cx_resize *resize, uint32_t axis,
                        const struct cx_resize_window *window, uint32_t k, int64_t *ret_index)
{
    const struct cx_resize_axis *a = &resize->axes[axis];
    int64_t index = window->first + k;
    *ret_index = index < 0 ? 0 : index >= a->in ? a->in - 1 : index;
    if (window->count == 1)
        return 1;
    return window->sum != 0 ? raw_weight(resize, a, window, k) / window->sum : 0;
}

static enum cx_status infer(struct cx_call *call)
{
    struct cx_resize resize;
    enum cx_status status = cx_call_check_dtype(call, 0, CX_DTYPES_PLAIN);
    if (status == CX_OK)
        status = cx_resize_resolve(call, &resize);
    if (status != CX_OK)
        return status;
    if (resize.mode != CX_RESIZE_NEAREST && call->in[0].dtype == CX_DTYPE_BOOL)
        return cx_call_fail(call, CX_TYPE, "bool can only be resized by 'nearest'");
    call->out[0].dtype = call->in[0].dtype;
    call->out[0].shape.rank = resize.rank;
    for (uint32_t i = 0; i < resize.rank; i++)
        call->out[0].shape.dims[i] = resize.axes[i].out;
    return CX_OK;
}

/* The sum over all neighbours of one element, or of the nearest one an exact copy. */
static void eval_element(const struct cx_call *call, const struct cx_resize *resize,
                         const int64_t *strides, const struct cx_resize_window *windows, int64_t i)
{
    uint32_t k[CX_RANK_MAX] = {0}, rank = resize->rank, axis = rank;
    double sum = 0;
    for (uint32_t d = 0; d < rank; d++) {
        if (windows[d].outside) {
            cx_set_f64(&call->out[0], i, resize->extrapolation);
            return;
        }
    }
    do {
        double weight = 1;
        int64_t at = 0, index;
        for (uint32_t d = 0; d < rank; d++) {
            weight *= cx_resize_weight(resize, d, &windows[d], k[d], &index);
            at += index * strides[d];
        }
        if (resize->mode == CX_RESIZE_NEAREST) {
            cx_copy_element(&call->out[0], i, &call->in[0], at);
            return;
        }
        if (weight != 0)
            sum += weight * cx_get_f64(&call->in[0], at);
        for (axis = rank; axis > 0 && ++k[axis - 1] == windows[axis - 1].count; axis--)
            k[axis - 1] = 0;
    } while (axis > 0);
    cx_set_f64(&call->out[0], i, sum);
}

static enum cx_status eval(struct cx_call *call)
{
    struct cx_resize resize;
    struct cx_resize_window windows[CX_RANK_MAX];
    int64_t strides[CX_RANK_MAX];
    enum cx_status status = cx_resize_resolve(call, &resize);
    if (status != CX_OK)
        return status;
    cx_shape_strides(&call->in[0].shape, strides);
    struct cx_walk walk;
    cx_walk_start(&walk, &call->out[0].shape);
    int64_t count = cx_shape_elements(&call->out[0].shape);
    for (int64_t i = 0; i < count; i++, cx_walk_next(&walk)) {
        for (uint32_t d = 0; d < resize.rank; d++)
            cx_resize_find(&resize, d, walk.index[d], &windows[d]);
        eval_element(call, &resize, strides, windows, i);
    }
    return CX_OK;
}

const struct cx_op_impl cx_op_resize = {
    .flags = CX_OP_HEAVY,
    .parse = parse,
    .infer = infer,
    .eval = eval,
};
