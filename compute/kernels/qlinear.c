#include "kernels/qlinear.h"

#include "kernels/kernel_spec.h"
#include "kernels/nest.h"
#include "kernels/window_args.h"
#include "ops/qlinear.h"
#include "ops/quant.h"

void cx_qlinear_bounds(const struct cx_prepare *p, int64_t *ret_low, int64_t *ret_high)
{
    const struct cx_epilogue *epilogue = &cx_prepare_node(p)->epilogue;
    cx_quant_range(cx_prepare_output(p, 0)->dtype, ret_low, ret_high);
    if (epilogue->act != CX_ACT_CLIP)
        return;
    *ret_low = (double)epilogue->alpha > (double)*ret_low ? (int64_t)epilogue->alpha : *ret_low;
    *ret_high = (double)epilogue->beta < (double)*ret_high ? (int64_t)epilogue->beta : *ret_high;
}

static bool is_many(const struct cx_value *value)
{
    return value != NULL && cx_shape_elements(&value->shape) != 1;
}

/* What both kernels begin with: the operands and how sums are finished. */
static void init_spec(struct cx_launch_spec *spec, struct cx_prepare *p, const char *kernel)
{
    struct cx_qlinear_form form = cx_qlinear_form(cx_prepare_node(p));
    const struct cx_value *w_scale = cx_prepare_input(p, CX_QL_W_SCALE);
    bool requantizes = form.requantizes;
    enum cx_dtype out = cx_prepare_output(p, 0)->dtype;
    int64_t d_low = 0, d_high = 0, low = 0, high = 0;
    if (requantizes) {
        cx_quant_range(out, &d_low, &d_high);
        cx_qlinear_bounds(p, &low, &high);
    }
    cx_spec_init(spec, "any/qlinear.cl", kernel);
    cx_spec_operand(spec, "X", cx_prepare_input(p, 0)->dtype);
    cx_spec_operand(spec, "W8", cx_prepare_input(p, form.w)->dtype);
    cx_spec_operand(spec, "D", out);
    cx_spec_operand(spec, "S", requantizes ? w_scale->dtype : CX_DTYPE_FLOAT);
    cx_launch_option(spec, "-DREQUANTIZES=%d -DHAS_BIAS=%d -DHAS_RESIDUAL=%d", requantizes,
                     requantizes && cx_prepare_input(p, CX_QL_BIAS) != NULL,
                     requantizes && cx_prepare_input(p, CX_QL_RESIDUAL) != NULL);
    cx_launch_option(spec, "-DHAS_X_ZERO=%d -DHAS_W_ZERO=%d",
                     cx_prepare_input(p, form.x_zero) != NULL,
                     cx_prepare_input(p, form.w_zero) != NULL);
    cx_launch_option(spec, "-DSCALE_A_CHANNEL=%d -DZERO_A_CHANNEL=%d",
                     requantizes && is_many(w_scale), is_many(cx_prepare_input(p, form.w_zero)));
    cx_launch_option(spec, "-DD_LOW=%d -DD_HIGH=%d", (int)d_low, (int)d_high);
    cx_launch_arg(spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(spec, cx_prepare_input_arg(p, form.w));
    cx_launch_arg(spec, cx_prepare_input_arg(p, form.x_zero));
    cx_launch_arg(spec, cx_prepare_input_arg(p, form.w_zero));
    cx_launch_arg(spec, cx_prepare_output_arg(p, 0));
    static const uint32_t finish[] = {
        CX_QL_X_SCALE,  CX_QL_W_SCALE,        CX_QL_Y_SCALE,       CX_QL_Y_ZERO,    CX_QL_BIAS,
        CX_QL_RESIDUAL, CX_QL_RESIDUAL_SCALE, CX_QL_RESIDUAL_ZERO, CX_QL_SUM_SCALE, CX_QL_SUM_ZERO};
    for (size_t i = 0; i < sizeof finish / sizeof finish[0]; i++)
        cx_launch_arg(spec, requantizes ? cx_prepare_input_arg(p, finish[i])
                                        : cx_arg_value(CX_VALUE_NONE));
    cx_launch_arg(spec, cx_arg_i32(low));
    cx_launch_arg(spec, cx_arg_i32(high));
}

/* The kernels read all scales as one type. */
static bool covers(const struct cx_prepare *p)
{
    static const uint32_t scales[] = {CX_QL_X_SCALE, CX_QL_Y_SCALE, CX_QL_RESIDUAL_SCALE,
                                      CX_QL_SUM_SCALE};
    if (!cx_qlinear_form(cx_prepare_node(p)).requantizes)
        return true;
    enum cx_dtype dtype = cx_prepare_input(p, CX_QL_W_SCALE)->dtype;
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        const struct cx_value *scale = cx_prepare_input(p, scales[i]);
        if (scale != NULL && scale->dtype != dtype)
            return false;
    }
    return cx_spec_covers(p, dtype);
}

enum cx_status cx_qlinear_plain_conv(struct cx_prepare *p)
{
    const struct cx_conv *attrs = cx_prepare_node(p)->attrs;
    struct cx_qlinear_form form = cx_qlinear_form(cx_prepare_node(p));
    const struct cx_shape *x = &cx_prepare_input(p, 0)->shape;
    const struct cx_shape *w = &cx_prepare_input(p, form.w)->shape;
    struct cx_window window;
    if (!covers(p))
        return cx_prepare_host(p);
    if (!cx_window_resolve(&attrs->window, x, &w->dims[2], &window))
        return cx_prepare_fail(p, CX_INTERNAL, "its window doesn't resolve");
    int64_t pixels = window.out[0] * window.out[1] * window.out[2];
    if (cx_shape_span(x, 1, x->rank) > INT32_MAX || pixels > INT32_MAX ||
        cx_shape_span(w, 1, w->rank) > INT32_MAX || w->dims[0] > INT32_MAX)
        return cx_prepare_fail(p, CX_LIMIT, "an image of it has over 2^31 elements");
    struct cx_launch_spec spec;
    init_spec(&spec, p, "qlinear_conv");
    cx_window_args(&spec, &window, w->dims[1], attrs->group, x->dims[0]);
    cx_launch_arg(&spec, cx_arg_i32(w->dims[0] / attrs->group));
    spec.dim_n = 3;
    spec.global[0] = (size_t)pixels;
    spec.global[1] = (size_t)w->dims[0];
    spec.global[2] = (size_t)x->dims[0];
    return cx_prepare_launch(p, &spec);
}

enum cx_status cx_qlinear_plain_matmul(struct cx_prepare *p)
{
    struct cx_qlinear_form form = cx_qlinear_form(cx_prepare_node(p));
    struct cx_matmul mm;
    struct cx_shape out;
    struct cx_nest nest;
    int64_t numbers[CX_RANK_MAX];
    if (!covers(p))
        return cx_prepare_host(p);
    if (!cx_matmul_resolve(&cx_prepare_input(p, 0)->shape, &cx_prepare_input(p, form.w)->shape, &mm,
                           &out))
        return cx_prepare_fail(p, CX_INTERNAL, "its shapes don't fit");
    if (mm.m > INT32_MAX || mm.n > INT32_MAX || mm.k > INT32_MAX)
        return cx_prepare_fail(p, CX_LIMIT, "a matrix of it has over 2^31 rows or columns");
    cx_nest_init(&nest, &mm.batch);
    cx_nest_broadcast(&nest, &mm.a_batch);
    cx_nest_broadcast(&nest, &mm.b_batch);
    struct cx_launch_spec spec;
    init_spec(&spec, p, "qlinear_matmul");
    cx_nest_dims8(&nest, numbers);
    cx_launch_arg(&spec, cx_arg_i64x8(numbers));
    for (uint32_t o = 1; o <= 2; o++) {
        cx_nest_strides8(&nest, o, numbers);
        cx_launch_arg(&spec, cx_arg_i64x8(numbers));
    }
    cx_launch_arg(&spec, cx_arg_i32(mm.m));
    cx_launch_arg(&spec, cx_arg_i32(mm.n));
    cx_launch_arg(&spec, cx_arg_i32(mm.k));
    spec.dim_n = 3;
    spec.global[0] = (size_t)mm.n;
    spec.global[1] = (size_t)mm.m;
    spec.global[2] = (size_t)cx_shape_elements(&mm.batch);
    return cx_prepare_launch(p, &spec);
}

const struct cx_kernel cx_kernel_qlinear_conv_gpu = {.prepare = cx_qlinear_plain_conv};
const struct cx_kernel cx_kernel_qlinear_matmul_gpu = {.prepare = cx_qlinear_plain_matmul};
