#include "ops/window.h"

#include <string.h>

#include "ops/attr.h"
#include "ops/op.h"

#define NUMBER_MAX ((int64_t)1 << 24)

static enum cx_status check_range(const struct cx_attr_set *set, const char *name,
                                  const int64_t *values, uint32_t count, int64_t min)
{
    for (uint32_t i = 0; i < count; i++)
        if (values[i] < min || values[i] > NUMBER_MAX)
            return cx_attr_fail(set, CX_UNSUPPORTED, "attribute '%s' has the value %lld", name,
                                (long long)values[i]);
    return CX_OK;
}

static enum cx_status parse_auto_pad(struct cx_attr_set *set, enum cx_auto_pad *ret_pad)
{
    static const char *const names[] = {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};
    const char *text;
    enum cx_status status = cx_attr_string(set, "auto_pad", "NOTSET", &text);
    if (status != CX_OK)
        return status;
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *ret_pad = (enum cx_auto_pad)i;
            return CX_OK;
        }
    }
    return cx_attr_fail(set, CX_FORMAT, "auto_pad '%.32s' is not known", text);
}

enum cx_status cx_window_parse(struct cx_attr_set *set, bool ceil,
                               struct cx_window_attrs *ret_attrs)
{
    struct cx_window_attrs w = {0};
    struct {
        const char *name;
        int64_t *values;
        uint32_t *count;
        uint32_t max;
        int64_t min;
    } lists[] = {
        {"kernel_shape", w.kernel, &w.kernel_count, CX_SPATIAL_MAX, 1},
        {"strides", w.stride, &w.stride_count, CX_SPATIAL_MAX, 1},
        {"dilations", w.dilation, &w.dilation_count, CX_SPATIAL_MAX, 1},
        {"pads", w.pad, &w.pad_count, 2 * CX_SPATIAL_MAX, 0},
    };
    enum cx_status status = CX_OK;
    for (uint32_t i = 0; i < sizeof lists / sizeof lists[0] && status == CX_OK; i++) {
        status = cx_attr_ints(set, lists[i].name, lists[i].max, lists[i].values, lists[i].count);
        if (status == CX_OK)
            status =
                check_range(set, lists[i].name, lists[i].values, *lists[i].count, lists[i].min);
    }
    if (status == CX_OK)
        status = parse_auto_pad(set, &w.auto_pad);
    if (status == CX_OK && ceil)
        status = cx_attr_bool(set, "ceil_mode", false, &w.ceil_mode);
    if (status == CX_OK)
        *ret_attrs = w;
    return status;
}

/* Places one axis; its kernel, stride and dilation are set. */
static bool resolve_axis(const struct cx_window_attrs *attrs, struct cx_window *w, uint32_t axis,
                         int64_t begin, int64_t end)
{
    int64_t in = w->in[axis], stride = w->stride[axis];
    int64_t reach = (w->kernel[axis] - 1) * w->dilation[axis] + 1;
    if (attrs->auto_pad == CX_PAD_SAME_UPPER || attrs->auto_pad == CX_PAD_SAME_LOWER) {
        int64_t out = (in + stride - 1) / stride;
        int64_t total = (out - 1) * stride + reach - in;
        total = total < 0 || out == 0 ? 0 : total;
        begin = attrs->auto_pad == CX_PAD_SAME_UPPER ? total / 2 : total - total / 2;
        end = total - begin;
    } else if (attrs->auto_pad == CX_PAD_VALID) {
        begin = end = 0;
    }
    int64_t room = in + begin + end - reach;
    if (room < 0)
        return false;
    int64_t out = (room + (attrs->ceil_mode ? stride - 1 : 0)) / stride + 1;
    /* Rounding up must not add a window that starts behind the input. */
    if (attrs->ceil_mode && (out - 1) * stride >= in + begin)
        out--;
    w->out[axis] = out;
    w->pad_begin[axis] = begin;
    w->pad_end[axis] = end;
    return true;
}

bool cx_window_resolve(const struct cx_window_attrs *attrs, const struct cx_shape *in,
                       const int64_t *kernel, struct cx_window *ret_window)
{
    struct cx_window w;
    if (in->rank < 3 || in->rank > 2 + CX_SPATIAL_MAX)
        return false;
    uint32_t spatial = in->rank - 2;
    uint32_t lead = CX_SPATIAL_MAX - spatial;
    if ((attrs->kernel_count != spatial && (attrs->kernel_count != 0 || kernel == NULL)) ||
        (attrs->stride_count != 0 && attrs->stride_count != spatial) ||
        (attrs->dilation_count != 0 && attrs->dilation_count != spatial) ||
        (attrs->pad_count != 0 && attrs->pad_count != 2 * spatial))
        return false;
    for (uint32_t axis = 0; axis < CX_SPATIAL_MAX; axis++) {
        w.in[axis] = w.out[axis] = w.kernel[axis] = w.stride[axis] = w.dilation[axis] = 1;
        w.pad_begin[axis] = w.pad_end[axis] = 0;
    }
    for (uint32_t i = 0; i < spatial; i++) {
        uint32_t axis = lead + i;
        w.in[axis] = in->dims[2 + i];
        w.kernel[axis] = kernel != NULL ? kernel[i] : attrs->kernel[i];
        w.stride[axis] = attrs->stride_count != 0 ? attrs->stride[i] : 1;
        w.dilation[axis] = attrs->dilation_count != 0 ? attrs->dilation[i] : 1;
        if (kernel != NULL && attrs->kernel_count != 0 && attrs->kernel[i] != kernel[i])
            return false;
        if (w.kernel[axis] < 1 || w.kernel[axis] > NUMBER_MAX ||
            !resolve_axis(attrs, &w, axis, attrs->pad_count != 0 ? attrs->pad[i] : 0,
                          attrs->pad_count != 0 ? attrs->pad[spatial + i] : 0))
            return false;
    }
    *ret_window = w;
    return true;
}

enum cx_status cx_window_infer(const struct cx_call *call, const struct cx_window_attrs *attrs,
                               const int64_t *kernel, int64_t channels, struct cx_shape *ret_shape)
{
    const struct cx_shape *in = &call->in[0].shape;
    struct cx_window window;
    char text[128];
    if (in->rank < 3 || in->rank > 2 + CX_SPATIAL_MAX)
        return cx_call_fail(call, CX_UNSUPPORTED,
                            "input of shape %s: 1 to 3 spatial axes are supported",
                            cx_shape_format(in, text, sizeof text));
    if (!cx_window_resolve(attrs, in, kernel, &window))
        return cx_call_fail(call, CX_SHAPE, "the window doesn't fit an input of shape %s",
                            cx_shape_format(in, text, sizeof text));
    struct cx_shape out = {.rank = in->rank, .dims = {in->dims[0], channels}};
    for (uint32_t i = 0; i < in->rank - 2; i++)
        out.dims[2 + i] = window.out[CX_SPATIAL_MAX - (in->rank - 2) + i];
    *ret_shape = out;
    return CX_OK;
}
