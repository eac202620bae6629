/* Functions of two elements that broadcast. */
#include "kernels/binary.h"

#include "graph/tensor.h"
#include "kernels/affine.h"
#include "kernels/kernel_spec.h"
#include "kernels/nest.h"
#include "kernels/unary.h"
#include "ops/binary.h"
#include "ops/number.h"

static const char *const names[] = {
    [CX_BINARY_ADD] = "ADD",
    [CX_BINARY_AND] = "AND",
    [CX_BINARY_DIV] = "DIV",
    [CX_BINARY_EQUAL] = "EQUAL",
    [CX_BINARY_FMOD] = "FMOD",
    [CX_BINARY_GREATER] = "GREATER",
    [CX_BINARY_GREATER_OR_EQUAL] = "GREATER_OR_EQUAL",
    [CX_BINARY_LESS] = "LESS",
    [CX_BINARY_LESS_OR_EQUAL] = "LESS_OR_EQUAL",
    [CX_BINARY_MOD] = "MOD",
    [CX_BINARY_MUL] = "MUL",
    [CX_BINARY_OR] = "OR",
    [CX_BINARY_POW] = "POW",
    [CX_BINARY_PRELU] = "PRELU",
    [CX_BINARY_SUB] = "SUB",
    [CX_BINARY_XOR] = "XOR",
};

/* The loops of out, a and b in that order. Operands in one blocked layout are walked as they lie,
 * padding included. */
static bool make_nest(struct cx_nest *nest, const struct cx_value *a, const struct cx_value *b,
                      const struct cx_value *out)
{
    bool plain = a->layout == CX_LAYOUT_PLAIN && b->layout == CX_LAYOUT_PLAIN &&
                 out->layout == CX_LAYOUT_PLAIN;
    if (plain) {
        cx_nest_init(nest, &out->shape);
        cx_nest_broadcast(nest, &a->shape);
        cx_nest_broadcast(nest, &b->shape);
        cx_nest_merge(nest);
        return true;
    }
    struct cx_shape flat = {1, {(int64_t)(out->bytes / cx_dtype_size(out->dtype))}};
    cx_nest_init(nest, &flat);
    cx_nest_broadcast(nest, &flat);
    cx_nest_broadcast(nest, &flat);
    cx_nest_merge(nest);
    return a->layout == out->layout && b->layout == out->layout &&
           cx_shape_equal(&a->shape, &out->shape) && cx_shape_equal(&b->shape, &out->shape);
}

static void add_nest(struct cx_launch_spec *spec, const struct cx_nest *nest)
{
    int64_t numbers[CX_RANK_MAX];
    cx_nest_dims8(nest, numbers);
    cx_launch_arg(spec, cx_arg_i64x8(numbers));
    for (uint32_t o = 1; o < nest->operands; o++) {
        cx_nest_strides8(nest, o, numbers);
        cx_launch_arg(spec, cx_arg_i64x8(numbers));
    }
}

static enum cx_status launch_cpu(struct cx_prepare *p, struct cx_launch_spec *spec,
                                 const struct cx_nest *nest)
{
    int64_t count = cx_nest_count(nest);
    int64_t each = cx_spec_runs(spec, p, count, 0);
    add_nest(spec, nest);
    cx_launch_arg(spec, cx_arg_i64(count));
    cx_launch_arg(spec, cx_arg_i64(each));
    return cx_prepare_launch(p, spec);
}

static enum cx_status launch_gpu(struct cx_prepare *p, struct cx_launch_spec *spec,
                                 const struct cx_nest *nest)
{
    int64_t count = cx_nest_count(nest);
    cx_launch_option(spec, "-DINDEX=%s", count <= INT32_MAX ? "uint" : "ulong");
    if (nest->rank == 1) {
        spec->kernel = "binary_flat";
        cx_launch_arg(spec, cx_arg_i64(nest->stride[1][0]));
        cx_launch_arg(spec, cx_arg_i64(nest->stride[2][0]));
    } else {
        add_nest(spec, nest);
        cx_launch_arg(spec, cx_arg_i32(nest->rank));
    }
    cx_launch_arg(spec, cx_arg_i64(count));
    cx_spec_range(spec, p, count);
    return cx_prepare_launch(p, spec);
}

static bool gives_bool(const struct cx_operand *a, const struct cx_operand *out)
{
    return out->value->dtype == CX_DTYPE_BOOL || a->value->dtype == CX_DTYPE_BOOL;
}

enum cx_status cx_binary_launch(struct cx_prepare *p, const char *name, struct cx_operand a,
                                struct cx_operand b, struct cx_operand out)
{
    struct cx_nest nest;
    if (!make_nest(&nest, a.value, b.value, out.value))
        return cx_prepare_fail(p, CX_UNSUPPORTED, "operands in different blocked layouts");
    if (cx_nest_count(&nest) == 0)
        return CX_OK;
    bool cpu = cx_spec_is_cpu(p);
    struct cx_launch_spec spec;
    cx_spec_init(&spec, cpu ? "cpu/binary.cl" : "gpu/binary.cl", "binary");
    cx_launch_option(&spec, "-DOP_%s=1", name);
    if (gives_bool(&a, &out))
        cx_launch_option(&spec, "-DOP_GIVES_BOOL=1");
    cx_spec_operand(&spec, "A", a.value->dtype);
    /* An integer to the power of a float needs more digits than a float has. */
    if (!cx_dtype_is_float(a.value->dtype) && cx_dtype_is_float(b.value->dtype) &&
        cx_spec_covers(p, CX_DTYPE_DOUBLE))
        cx_spec_operand_as(&spec, "B", b.value->dtype, CX_DTYPE_DOUBLE);
    else
        cx_spec_operand(&spec, "B", b.value->dtype);
    cx_spec_operand(&spec, "D", out.value->dtype);
    cx_spec_width(&spec, p);
    cx_launch_arg(&spec, a.arg);
    cx_launch_arg(&spec, b.arg);
    cx_launch_arg(&spec, out.arg);
    return cpu ? launch_cpu(p, &spec, &nest) : launch_gpu(p, &spec, &nest);
}

/* Whether a value is one constant number. */
static bool is_constant(const struct cx_value *value, double number)
{
    if (value->data == NULL || cx_shape_elements(&value->shape) != 1)
        return false;
    struct cx_tensor tensor = {value->dtype, value->shape, (void *)(uintptr_t)value->data};
    return cx_get_f64(&tensor, 0) == number;
}

/* ---- blocks of channels ---- */

/* Whether an operand of a blocked result is a number, or a number a channel. */
static bool needs_channels(const struct cx_value *value, const struct cx_value *out)
{
    return !cx_shape_equal(&value->shape, &out->shape);
}

/* Whether an operand that broadcasts to OUT has a number a channel: axis 1 in full, axis 0 in full
 * or 1, and 1 on all others. */
static bool is_channels(const struct cx_shape *shape, const struct cx_shape *out)
{
    uint32_t skip = out->rank - shape->rank;
    for (uint32_t k = 0; k < shape->rank; k++)
        if (shape->dims[k] != 1 && (k + skip > 1 || shape->dims[k] != out->dims[k + skip]))
            return false;
    return skip <= 1 && shape->dims[1 - skip] == out->dims[1];
}

/* One operand has the output's shape, the other a number a channel: a constant, or a value in
 * blocks too. */
static enum cx_status prepare_channels(struct cx_prepare *p, struct cx_operand a,
                                       struct cx_operand b, struct cx_operand out)
{
    const struct cx_binary *binary = cx_prepare_node(p)->attrs;
    bool swap = needs_channels(a.value, out.value);
    struct cx_operand full = swap ? b : a, channels = swap ? a : b;
    const struct cx_shape *shape = &out.value->shape;
    int64_t block = cx_layout_block(out.value->layout);
    int64_t blocks = cx_layout_blocks(out.value->layout, shape);
    int64_t plane = cx_shape_span(shape, 2, shape->rank), count = shape->dims[0] * blocks * plane;
    bool each_image = channels.value->data == NULL && channels.value->shape.dims[0] > 1;
    if (channels.value->data != NULL) {
        enum cx_status status =
            cx_affine_pad(p, cx_prepare_node(p)->inputs[swap ? 0 : 1], block, &channels.arg);
        if (status != CX_OK)
            return status;
    }
    struct cx_launch_spec spec;
    cx_spec_init(&spec, "cpu/binary.cl", "binary_blocks");
    cx_launch_option(&spec, "-DOP_%s=1 -DBLOCKS=1%s -DW=%d", names[binary->kind],
                     swap ? " -DSWAP=1" : "", (int)block);
    cx_spec_operand(&spec, "A", full.value->dtype);
    cx_spec_operand(&spec, "B", channels.value->dtype);
    cx_spec_operand(&spec, "D", out.value->dtype);
    cx_launch_arg(&spec, full.arg);
    cx_launch_arg(&spec, channels.arg);
    cx_launch_arg(&spec, out.arg);
    cx_launch_arg(&spec, cx_arg_i64(blocks));
    cx_launch_arg(&spec, cx_arg_i64(plane));
    cx_launch_arg(&spec, cx_arg_i64(each_image ? blocks * block : 0));
    cx_launch_arg(&spec, cx_arg_i64(count));
    cx_launch_arg(&spec, cx_arg_i64(cx_spec_rows(&spec, p, count, block)));
    return count > 0 ? cx_prepare_launch(p, &spec) : CX_OK;
}

/* Whether finite numbers, as padding is, give finite ones. */
static bool keeps_finite(enum cx_binary_kind kind)
{
    return kind != CX_BINARY_DIV && kind != CX_BINARY_POW && kind != CX_BINARY_MOD &&
           kind != CX_BINARY_FMOD;
}

/* Blocks that the operand of the output's shape has already, if the other is like it or has a
 * number a channel. */
static struct cx_layouts layout(const struct cx_layout_query *query)
{
    const struct cx_binary *binary = query->node->attrs;
    const struct cx_node *node = query->node;
    const struct cx_value *values = query->graph->values, *out = &values[node->outputs[0]];
    struct cx_layouts plain = {.input = CX_LAYOUT_PLAIN};
    bool channels = false;
    for (uint32_t i = 0; i < 2; i++) {
        const struct cx_value *in = &values[node->inputs[i]];
        bool same = cx_shape_equal(&in->shape, &out->shape);
        if ((same && in->data != NULL) ||
            (!same && (channels || out->shape.rank < 2 || !is_channels(&in->shape, &out->shape) ||
                       (in->data == NULL && in->shape.rank != out->shape.rank))))
            return plain;
        channels = channels || !same;
    }
    /* Only floats have vectors of every operation. */
    if (channels &&
        (query->device->family != CX_FAMILY_CPU || !keeps_finite(binary->kind) ||
         out->dtype != CX_DTYPE_FLOAT || values[node->inputs[0]].dtype != CX_DTYPE_FLOAT))
        return plain;
    return cx_spec_follow(query, keeps_finite(binary->kind));
}

static enum cx_status prepare(struct cx_prepare *p)
{
    const struct cx_binary *binary = cx_prepare_node(p)->attrs;
    struct cx_operand a = {cx_prepare_input(p, 0), cx_prepare_input_arg(p, 0)};
    struct cx_operand b = {cx_prepare_input(p, 1), cx_prepare_input_arg(p, 1)};
    struct cx_operand out = {cx_prepare_output(p, 0), cx_prepare_output_arg(p, 0)};
    if (!cx_spec_covers(p, a.value->dtype) || !cx_spec_covers(p, b.value->dtype))
        return cx_prepare_host(p);
    if (out.value->layout != CX_LAYOUT_PLAIN &&
        (needs_channels(a.value, out.value) || needs_channels(b.value, out.value)))
        return prepare_channels(p, a, b, out);
    /* The powers that models use most have exact and much faster forms. */
    if (binary->kind == CX_BINARY_POW && cx_shape_equal(&a.value->shape, &out.value->shape)) {
        if (is_constant(b.value, 2))
            return cx_binary_launch(p, "MUL", a, a, out);
        if (is_constant(b.value, 0.5) && cx_dtype_is_float(a.value->dtype))
            return cx_unary_launch(p, "SQRT", 0, 0, a.arg, out.value, out.arg);
    }
    return cx_binary_launch(p, names[binary->kind], a, b, out);
}

const struct cx_kernel cx_kernel_binary_any = {.prepare = prepare, .layout = layout};
