#include <stdio.h>
#include <string.h>

#include "graph/tensor.h"
#include "kernels/affine.h"
#include "kernels/kernel_spec.h"

static void add_epilogue(struct cx_launch_spec *spec, const struct cx_prepare *p)
{
    const struct cx_epilogue *epilogue = &cx_prepare_node(p)->epilogue;
    cx_launch_option(spec, "-DACT=%d -DHAS_RESIDUAL=%d", (int)epilogue->act,
                     epilogue->residual != CX_VALUE_NONE);
}

enum cx_status cx_affine_launch(struct cx_prepare *p, bool full, float epsilon)
{
    const struct cx_value *x = cx_prepare_input(p, 0), *scale = cx_prepare_input(p, 1);
    const struct cx_value *mean = full ? cx_prepare_input(p, 3) : scale;
    const struct cx_epilogue *epilogue = &cx_prepare_node(p)->epilogue;
    if (!cx_spec_covers(p, x->dtype) || !cx_spec_covers(p, scale->dtype) ||
        !cx_spec_covers(p, mean->dtype))
        return cx_prepare_host(p);
    const struct cx_shape *shape = &x->shape;
    int64_t channels = shape->rank > 1 ? shape->dims[1] : 1;
    int64_t plane = shape->rank > 2 ? cx_shape_span(shape, 2, shape->rank) : 1;
    int64_t count = cx_shape_elements(shape);
    if (count == 0)
        return CX_OK;
    struct cx_launch_spec spec;
    cx_spec_init(&spec, cx_spec_is_cpu(p) ? "cpu/affine.cl" : "gpu/affine.cl", "affine");
    cx_spec_operand(&spec, "A", x->dtype);
    cx_spec_operand(&spec, "D", x->dtype);
    cx_spec_operand(&spec, "B", scale->dtype);
    cx_spec_operand(&spec, "C", mean->dtype);
    if (full)
        cx_launch_option(&spec, "-DFULL=1");
    add_epilogue(&spec, p);
    cx_spec_width(&spec, p);
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    for (uint32_t i = 1; i <= 4; i++)
        cx_launch_arg(&spec, cx_prepare_input_arg(p, i));
    cx_launch_arg(&spec, cx_prepare_residual_arg(p));
    cx_launch_arg(&spec, cx_arg_i64(channels));
    cx_launch_arg(&spec, cx_arg_i64(plane));
    cx_launch_arg(&spec, cx_arg_f32(epsilon));
    cx_launch_arg(&spec, cx_arg_f32(epilogue->alpha));
    cx_launch_arg(&spec, cx_arg_f32(epilogue->beta));
    cx_launch_arg(&spec, cx_arg_i64(count));
    cx_launch_arg(&spec, cx_arg_i64(cx_spec_runs(&spec, p, count, 1)));
    return cx_prepare_launch(p, &spec);
}

/* ---- blocks of channels ---- */

static void pack_padded(const struct cx_value *value, void *data, const void *context)
{
    (void)context;
    memcpy(data, value->data, value->bytes);
}

enum cx_status cx_affine_pad(struct cx_prepare *p, uint32_t value, int64_t block,
                             struct cx_arg *ret_arg)
{
    const struct cx_value *constant = &cx_prepare_graph(p)->values[value];
    uint64_t size = cx_dtype_size(constant->dtype);
    uint64_t count = constant->bytes / size;
    char kind[32];
    uint32_t handle;
    snprintf(kind, sizeof kind, "padded-%d", (int)block);
    enum cx_status status = cx_prepare_pack(
        p, value, kind, (count + (uint64_t)block - 1) / (uint64_t)block * (uint64_t)block * size,
        pack_padded, NULL, &handle);
    if (status == CX_OK)
        *ret_arg = cx_arg_packed(handle);
    return status;
}

static enum cx_status prepare_blocks(struct cx_prepare *p)
{
    const struct cx_value *x = cx_prepare_input(p, 0), *scale = cx_prepare_input(p, 1);
    const struct cx_node *node = cx_prepare_node(p);
    int64_t block = cx_layout_block(x->layout), blocks = cx_layout_blocks(x->layout, &x->shape);
    int64_t plane = cx_shape_span(&x->shape, 2, x->shape.rank);
    int64_t count = x->shape.dims[0] * blocks * plane;
    struct cx_arg by, add;
    enum cx_status status = cx_affine_pad(p, node->inputs[1], block, &by);
    if (status == CX_OK)
        status = cx_affine_pad(p, node->inputs[2], block, &add);
    if (status != CX_OK || count == 0)
        return status;
    struct cx_launch_spec spec;
    cx_spec_init(&spec, "cpu/affine_blocks.cl", "affine_blocks");
    cx_spec_operand(&spec, "A", x->dtype);
    cx_spec_operand(&spec, "D", x->dtype);
    cx_spec_operand(&spec, "B", scale->dtype);
    add_epilogue(&spec, p);
    cx_launch_option(&spec, "-DW=%d", (int)block);
    cx_launch_arg(&spec, cx_prepare_input_arg(p, 0));
    cx_launch_arg(&spec, cx_prepare_output_arg(p, 0));
    cx_launch_arg(&spec, by);
    cx_launch_arg(&spec, add);
    cx_launch_arg(&spec, cx_prepare_residual_arg(p));
    cx_launch_arg(&spec, cx_arg_i64(blocks));
    cx_launch_arg(&spec, cx_arg_i64(plane));
    cx_launch_arg(&spec, cx_arg_f32(node->epilogue.alpha));
    cx_launch_arg(&spec, cx_arg_f32(node->epilogue.beta));
    cx_launch_arg(&spec, cx_arg_i64(count));
    cx_launch_arg(&spec, cx_arg_i64(cx_spec_rows(&spec, p, count, block)));
    return cx_prepare_launch(p, &spec);
}

static enum cx_status prepare(struct cx_prepare *p)
{
    if (cx_prepare_input(p, 0)->layout != CX_LAYOUT_PLAIN)
        return prepare_blocks(p);
    return cx_affine_launch(p, false, 0);
}

static struct cx_layouts layout(const struct cx_layout_query *query)
{
    const struct cx_value *values = query->graph->values;
    const uint32_t *inputs = query->node->inputs;
    if (query->device->family != CX_FAMILY_CPU || values[inputs[1]].data == NULL ||
        values[inputs[2]].data == NULL)
        return (struct cx_layouts){.input = CX_LAYOUT_PLAIN};
    return cx_spec_follow(query, true);
}

const struct cx_kernel cx_kernel_scale_shift_any = {.prepare = prepare, .layout = layout};
