/* Functions of one element: one run of vectors a work-item. */
#include "ops/unary.h"

#include "device/launch.h"
#include "kernels/kernel_spec.h"
#include "kernels/unary.h"

static const char *const names[] = {
    [CX_UNARY_ABS] = "ABS",
    [CX_UNARY_CEIL] = "CEIL",
    [CX_UNARY_COS] = "COS",
    [CX_UNARY_ELU] = "ELU",
    [CX_UNARY_ERF] = "ERF",
    [CX_UNARY_EXP] = "EXP",
    [CX_UNARY_FLOOR] = "FLOOR",
    [CX_UNARY_HARD_SIGMOID] = "HARD_SIGMOID",
    [CX_UNARY_HARD_SWISH] = "HARD_SWISH",
    [CX_UNARY_LEAKY_RELU] = "LEAKY_RELU",
    [CX_UNARY_LOG] = "LOG",
    [CX_UNARY_NEG] = "NEG",
    [CX_UNARY_NOT] = "NOT",
    [CX_UNARY_RECIPROCAL] = "RECIPROCAL",
    [CX_UNARY_RELU] = "RELU",
    [CX_UNARY_ROUND] = "ROUND",
    [CX_UNARY_SELU] = "SELU",
    [CX_UNARY_SIGMOID] = "SIGMOID",
    [CX_UNARY_SIGN] = "SIGN",
    [CX_UNARY_SIN] = "SIN",
    [CX_UNARY_SOFTPLUS] = "SOFTPLUS",
    [CX_UNARY_SOFTSIGN] = "SOFTSIGN",
    [CX_UNARY_SQRT] = "SQRT",
    [CX_UNARY_TANH] = "TANH",
};

enum cx_status cx_unary_launch(struct cx_prepare *p, const char *name, float alpha, float beta,
                               struct cx_arg from, const struct cx_value *out, struct cx_arg to)
{
    struct cx_launch_spec spec;
    cx_spec_init(&spec, "any/unary.cl", "unary");
    cx_launch_option(&spec, "-DOP_%s=1", name);
    cx_spec_operand(&spec, "A", out->dtype);
    cx_spec_operand(&spec, "D", out->dtype);
    /* In a blocked layout the padding is computed along. */
    int64_t count = (int64_t)(out->bytes / cx_dtype_size(out->dtype));
    int64_t each = cx_spec_runs(&spec, p, count, cx_spec_width(&spec, p));
    cx_launch_arg(&spec, from);
    cx_launch_arg(&spec, to);
    cx_launch_arg(&spec, cx_arg_i64(count));
    cx_launch_arg(&spec, cx_arg_i64(each));
    cx_launch_arg(&spec, cx_arg_f32(alpha));
    cx_launch_arg(&spec, cx_arg_f32(beta));
    return cx_prepare_launch(p, &spec);
}

static enum cx_status prepare(struct cx_prepare *p)
{
    const struct cx_unary *unary = cx_prepare_node(p)->attrs;
    const struct cx_value *out = cx_prepare_output(p, 0);
    if (!cx_spec_covers(p, out->dtype))
        return cx_prepare_host(p);
    return cx_unary_launch(p, names[unary->kind], unary->alpha, unary->beta,
                           cx_prepare_input_arg(p, 0), out, cx_prepare_output_arg(p, 0));
}

/* Whether every finite number, as padding is, gives a finite number. */
static bool keeps_finite(enum cx_unary_kind kind)
{
    return kind != CX_UNARY_EXP && kind != CX_UNARY_LOG && kind != CX_UNARY_RECIPROCAL &&
           kind != CX_UNARY_SQRT;
}

static struct cx_layouts layout(const struct cx_layout_query *query)
{
    const struct cx_unary *unary = query->node->attrs;
    return cx_spec_follow(query, keeps_finite(unary->kind));
}

const struct cx_kernel cx_kernel_unary_any = {.prepare = prepare, .layout = layout};
