#include "graph/layout.h"

#include <string.h>

#include "error.h"
#include "ops/op.h"

struct pass {
    struct cx_graph *graph;
    cx_layout_fn *want;
    const struct cx_device_info *device;
    bool block_all;
    struct cx_node *nodes; /* the new list; room for every Reorder there could be */
    uint32_t node_count;
    /* By value of the graph as it was: the same elements in each layout, or CX_VALUE_NONE. */
    uint32_t (*forms)[CX_LAYOUT_COUNT];
    struct cx_error *error;
};

enum cx_layout cx_layout_blocked(const struct cx_device_info *device)
{
    return device->float_width >= 16 ? CX_LAYOUT_NCHWC16 : CX_LAYOUT_NCHWC8;
}

static bool can_block(const struct cx_value *value)
{
    return value->shape.rank >= 2 && cx_dtype_bits(value->dtype) % 8 == 0;
}

enum cx_layout cx_layout_at_hand(const struct cx_layout_query *query, uint32_t i)
{
    uint32_t value = i < query->node->input_count ? query->node->inputs[i] : CX_VALUE_NONE;
    if (value == CX_VALUE_NONE || query->graph->values[value].data != NULL)
        return CX_LAYOUT_PLAIN;
    for (uint32_t k = CX_LAYOUT_PLAIN + 1; k < CX_LAYOUT_COUNT; k++)
        if (query->forms[value][k] != CX_VALUE_NONE)
            return (enum cx_layout)k;
    return query->block_all && can_block(&query->graph->values[value])
               ? cx_layout_blocked(query->device)
               : CX_LAYOUT_PLAIN;
}

struct cx_layouts cx_layouts_follow(const struct cx_layout_query *query, bool finite)
{
    const struct cx_node *node = query->node;
    const struct cx_value *values = query->graph->values;
    const struct cx_shape *shape = &values[node->outputs[0]].shape;
    for (uint32_t i = 0; i < node->input_count; i++) {
        enum cx_layout layout = cx_layout_at_hand(query, i);
        if (layout != CX_LAYOUT_PLAIN && cx_shape_equal(&values[node->inputs[i]].shape, shape) &&
            (finite || shape->dims[1] % cx_layout_block(layout) == 0))
            return (struct cx_layouts){layout, layout, .all_inputs = true};
    }
    return (struct cx_layouts){.input = CX_LAYOUT_PLAIN};
}

static enum cx_status no_memory(const struct pass *pass)
{
    return cx_error_set(pass->error, CX_MEMORY, "out of memory");
}

/* A value like VALUE in another layout, without data. */
static enum cx_status add_form(struct pass *pass, uint32_t value, enum cx_layout layout,
                               uint32_t *ret_form)
{
    uint32_t form = 0;
    if (cx_graph_add_value(pass->graph, pass->graph->values[value].name, &form) != CX_OK)
        return no_memory(pass);
    struct cx_value *to = &pass->graph->values[form];
    const char *name = to->name;
    *to = pass->graph->values[value];
    to->name = name;
    to->data = NULL;
    to->layout = layout;
    if (!cx_shape_bytes(to->dtype, &to->shape, layout, &to->bytes))
        return cx_error_set(pass->error, CX_LIMIT, "value '%s' is too large", name);
    pass->forms[value][layout] = form;
    *ret_form = form;
    return CX_OK;
}

/* Whether the elements lie the same in two layouts: one position a channel, and blocks full. */
static bool same_bytes(const struct cx_shape *shape, enum cx_layout a, enum cx_layout b)
{
    return cx_shape_span(shape, 2, shape->rank) == 1 && shape->dims[1] % cx_layout_block(a) == 0 &&
           shape->dims[1] % cx_layout_block(b) == 0;
}

static enum cx_status add_reorder(struct pass *pass, const char *name, uint32_t from, uint32_t to)
{
    const struct cx_value *values = pass->graph->values;
    bool same = same_bytes(&values[to].shape, values[from].layout, values[to].layout);
    struct cx_node *node = &pass->nodes[pass->node_count++];
    *node = (struct cx_node){
        .op = &cx_ops[same ? CX_OP_ID_Relabel : CX_OP_ID_Reorder], .name = name, .opset = 1};
    node->epilogue.residual = CX_VALUE_NONE;
    node->inputs = cx_arena_copy(&pass->graph->arena, &from, sizeof from);
    node->outputs = cx_arena_copy(&pass->graph->arena, &to, sizeof to);
    node->input_count = node->output_count = 1;
    return node->inputs != NULL && node->outputs != NULL ? CX_OK : no_memory(pass);
}

/* Replaces the id at *VALUE by that of the same elements in LAYOUT, made where it is missing. */
static enum cx_status read_as(struct pass *pass, uint32_t *value, enum cx_layout layout,
                              const char *reader)
{
    if (*value == CX_VALUE_NONE)
        return CX_OK;
    if (!can_block(&pass->graph->values[*value]))
        layout = CX_LAYOUT_PLAIN;
    uint32_t form = pass->forms[*value][layout];
    if (form == CX_VALUE_NONE) {
        uint32_t from = CX_VALUE_NONE;
        for (uint32_t k = 0; k < CX_LAYOUT_COUNT && from == CX_VALUE_NONE; k++)
            from = pass->forms[*value][k];
        enum cx_status status = add_form(pass, *value, layout, &form);
        if (status == CX_OK)
            status = add_reorder(pass, reader, from, form);
        if (status != CX_OK)
            return status;
    }
    *value = form;
    return CX_OK;
}

static struct cx_layouts wanted(const struct pass *pass, const struct cx_node *node)
{
    struct cx_layout_query query = {pass->device, pass->graph, node,
                                    (const uint32_t(*)[CX_LAYOUT_COUNT])pass->forms,
                                    pass->block_all};
    return pass->want(&query);
}

/* Makes output I of a node that stands in the list already: its Reorder comes behind it. */
static enum cx_status write_as(struct pass *pass, struct cx_node *node, uint32_t i,
                               enum cx_layout layout)
{
    struct cx_graph *graph = pass->graph;
    uint32_t value = node->outputs[i];
    if (value == CX_VALUE_NONE || layout == CX_LAYOUT_PLAIN || !can_block(&graph->values[value]))
        return CX_OK;
    uint32_t plain = pass->forms[value][CX_LAYOUT_PLAIN], form = 0;
    enum cx_status status = add_form(pass, value, layout, &form);
    if (status != CX_OK)
        return status;
    node->outputs[i] = form;
    if (!cx_graph_is_output(graph, value)) {
        pass->forms[value][CX_LAYOUT_PLAIN] = CX_VALUE_NONE;
        return CX_OK;
    }
    return add_reorder(pass, node->name, form, plain);
}

static enum cx_status place_node(struct pass *pass, const struct cx_node *from)
{
    struct cx_node node = *from;
    struct cx_layouts want = wanted(pass, from);
    enum cx_status status = CX_OK;
    for (uint32_t i = 0; i < node.input_count && status == CX_OK; i++) {
        bool follows = node.inputs[i] != CX_VALUE_NONE && (i == 0 || want.all_inputs) &&
                       pass->graph->values[node.inputs[i]].data == NULL;
        status = read_as(pass, &node.inputs[i], follows ? want.input : CX_LAYOUT_PLAIN, node.name);
    }
    if (status == CX_OK)
        status = read_as(pass, &node.epilogue.residual, want.output, node.name);
    if (status != CX_OK)
        return status;
    struct cx_node *placed = &pass->nodes[pass->node_count++];
    *placed = node;
    for (uint32_t i = 0; i < node.output_count && status == CX_OK; i++)
        status =
            write_as(pass, placed, i, i == 0 || want.all_outputs ? want.output : CX_LAYOUT_PLAIN);
    return status;
}

static bool all_plain(const struct pass *pass)
{
    for (uint32_t n = 0; n < pass->graph->node_count; n++) {
        struct cx_layouts want = wanted(pass, &pass->graph->nodes[n]);
        if (want.input != CX_LAYOUT_PLAIN || want.output != CX_LAYOUT_PLAIN)
            return false;
    }
    return true;
}

enum cx_status cx_graph_layout(struct cx_graph *graph, cx_layout_fn *want,
                               const struct cx_device_info *device, bool block_all,
                               struct cx_error *error)
{
    struct pass pass = {
        .graph = graph, .want = want, .device = device, .block_all = block_all, .error = error};
    uint32_t count = graph->value_count;
    size_t room = 0;
    pass.forms = cx_arena_array(&graph->arena, count, sizeof *pass.forms);
    if (pass.forms == NULL)
        return no_memory(&pass);
    memset(pass.forms, 0xff, count * sizeof *pass.forms);
    for (uint32_t v = 0; v < count; v++)
        pass.forms[v][CX_LAYOUT_PLAIN] = v;
    if (all_plain(&pass))
        return CX_OK;
    for (uint32_t n = 0; n < graph->node_count; n++)
        room += cx_node_read_count(&graph->nodes[n]) + (size_t)graph->nodes[n].output_count + 1;
    pass.nodes = cx_arena_array(&graph->arena, room, sizeof *pass.nodes);
    if (pass.nodes == NULL)
        return no_memory(&pass);
    for (uint32_t n = 0; n < graph->node_count; n++) {
        enum cx_status status = place_node(&pass, &graph->nodes[n]);
        if (status != CX_OK)
            return status;
    }
    graph->nodes = pass.nodes;
    graph->node_count = pass.node_count;
    return CX_OK;
}
