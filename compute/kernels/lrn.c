/* Local response normalization over channels. */
#include "ops/lrn.h"

#include "graph/tensor.h"
#include "kernels/kernel_spec.h"

static void add_numbers(struct cx_launch_spec *spec, const struct cx_lrn *lrn)
{
    cx_launch_arg(spec, cx_arg_i64((lrn->size - 1) / 2));
    cx_launch_arg(spec, cx_arg_i64(lrn->size / 2));
    cx_launch_arg(spec, cx_arg_f32(lrn->alpha / (float)lrn->size));
    cx_launch_arg(spec, cx_arg_f32(lrn->beta));
    cx_launch_arg(spec, cx_arg_f32(lrn->bias));
}

static enum cx_status prepare_blocks(struct cx_prepare *p, const struct cx_lrn *lrn)
{
    const struct cx_value *x = cx_prepare_input(p, 0);
    int64_t blocks = cx_layout_blocks(x->layout, &x->shape);
    int64_t plane = cx_shape_span(&x->shape, 2, x->shape.rank);
    int64_t count = x->shape.dims[0] * plane, block = cx_layout_block(x->layout);
    struct cx_launch_spec spec;
    cx_spec_init(&spec, "cpu/lrn_blocks.cl", "lrn_blocks");
    if (lrn->beta != 0.75f)
        cx_launch_option(&spec, "-DBETA_ANY=1");
    cx_launch_option(&spec, "-DBLOCK=%d", (int)block);
    int64_t each = cx_spec_rows(&spec, p, count, blocks * block);
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_i64(x->shape.dims[1]));
    cx_launch_arg(&spec, cx_arg_i64(plane));
    add_numbers(&spec, lrn);
    cx_launch_arg(&spec, cx_arg_i64(count));
    cx_launch_arg(&spec, cx_arg_i64(each));
    return cx_prepare_launch(p, &spec);
}

static enum cx_status prepare(struct cx_prepare *p)
{
    const struct cx_lrn *lrn = cx_prepare_node(p)->attrs;
    const struct cx_value *x = cx_prepare_input(p, 0);
    if (!cx_spec_covers(p, x->dtype))
        return cx_prepare_host(p);
    if (x->layout != CX_LAYOUT_PLAIN)
        return prepare_blocks(p, lrn);
    int64_t count = cx_shape_elements(&x->shape);
    int64_t plane = cx_shape_span(&x->shape, 2, x->shape.rank);
    struct cx_launch_spec spec;
    cx_spec_init(&spec, "any/lrn.cl", "lrn");
    cx_spec_operand(&spec, "A", x->dtype);
    cx_spec_operand(&spec, "D", x->dtype);
    if (lrn->beta != 0.75f) /* the published networks' exponent needs no pow */
        cx_launch_option(&spec, "-DBETA_ANY=1");
    int64_t each = cx_spec_runs(&spec, p, count, cx_spec_width(&spec, p));
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, cx_arg_i64(x->shape.dims[1]));
    cx_launch_arg(&spec, cx_arg_i64(plane));
    add_numbers(&spec, lrn);
    cx_launch_arg(&spec, cx_arg_i64(count));
    cx_launch_arg(&spec, cx_arg_i64(each));
    return cx_prepare_launch(p, &spec);
}

/* The kernel for blocks looks no further than the next block. Without a bias padding would be
 * divided by zero, and must stay finite. */
static struct cx_layouts layout(const struct cx_layout_query *query)
{
    const struct cx_lrn *lrn = query->node->attrs;
    enum cx_layout found = cx_layout_at_hand(query, 0);
    if (query->device->family != CX_FAMILY_CPU || lrn->size / 2 > cx_layout_block(found) ||
        lrn->bias <= 0 || lrn->alpha < 0 ||
        query->graph->values[query->node->inputs[0]].dtype != CX_DTYPE_FLOAT)
        found = CX_LAYOUT_PLAIN;
    return (struct cx_layouts){.input = found, .output = found};
}

const struct cx_kernel cx_kernel_lrn_any = {.prepare = prepare, .layout = layout};
