/* Values held between two bounds, which are constants or computed by the run. */
#include "ops/clip.h"

#include "kernels/kernel_spec.h"
#include "kernels/unary.h"

#define OPSET_INPUTS 11 /* bounds are inputs from here on, attributes before */

static enum cx_status prepare(struct cx_prepare *p)
{
    const struct cx_node *node = cx_prepare_node(p);
    const struct cx_clip *clip = node->attrs;
    const struct cx_value *out = cx_prepare_output(p, 0);
    if (!cx_spec_covers(p, out->dtype))
        return cx_prepare_host(p);
    if (node->opset < OPSET_INPUTS)
        return cx_unary_launch(p, "CLIP", clip->min, clip->max, cx_prepare_input_arg(p, 0), out,
                               cx_prepare_output_arg(p, 0));
    struct cx_launch_spec spec;
    cx_spec_init(&spec, "any/clip.cl", "clip");
    cx_spec_operand(&spec, "A", out->dtype);
    cx_spec_operand(&spec, "D", out->dtype);
    if (cx_prepare_input(p, 1) != NULL)
        cx_launch_option(&spec, "-DHAS_LOW=1");
    if (cx_prepare_input(p, 2) != NULL)
        cx_launch_option(&spec, "-DHAS_HIGH=1");
    int64_t count = (int64_t)(out->bytes / cx_dtype_size(out->dtype));
    int64_t each = cx_spec_runs(&spec, p, count, cx_spec_width(&spec, p));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 1));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 2));
    cx_launch_arg(&spec, cx_arg_i64(count));
    cx_launch_arg(&spec, cx_arg_i64(each));
    return cx_prepare_launch(p, &spec);
}

static struct cx_layouts layout(const struct cx_layout_query *query)
{
    return cx_spec_follow(query, true);
}

const struct cx_kernel cx_kernel_clip_any = {.prepare = prepare, .layout = layout};
