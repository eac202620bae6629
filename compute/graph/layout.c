#include "graph/layout.h"

#include <string.h>

#include "error.h"
#include "ops/op.h"

struct pass {
    struct cx_graph *graph;
    cx_layout_fn *want;
    const void *context;
    struct cx_node *nodes; /* the new list; room for every Reorder there could be */
    uint32_t node_count;
    /* By value of the graph as it was: the same elements in each layout, or CX_VALUE_NONE. */
    uint32_t (*forms)[CX_LAYOUT_COUNT];
    struct cx_error *error;
};

static int64_t block_of(enum cx_layout layout)
{
    return layout == CX_LAYOUT_NCHWC8 ? 8 : layout == CX_LAYOUT_NCHWC16 ? 16 : 1;
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

static enum cx_status add_reorder(struct pass *pass, const char *name, uint32_t from, uint32_t to)
{
    struct cx_node *node = &pass->nodes[pass->node_count++];
    *node = (struct cx_node){.op = &cx_ops[CX_OP_ID_Reorder], .name = name, .opset = 1};
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

static bool is_output(const struct cx_graph *graph, uint32_t value)
{
    for (uint32_t i = 0; i < graph->output_count; i++)
        if (graph->outputs[i] == value)
            return true;
    return false;
}

/* What input 0 has now, for an operator that takes any. Padded channels would not stay zero, so a
 * block must be full. */
static enum cx_layout layout_at_hand(const struct pass *pass, const struct cx_node *node)
{
    const struct cx_value *value = &pass->graph->values[node->inputs[0]];
    for (uint32_t k = CX_LAYOUT_PLAIN + 1; k < CX_LAYOUT_COUNT; k++)
        if (pass->forms[node->inputs[0]][k] != CX_VALUE_NONE &&
            value->shape.dims[1] % block_of((enum cx_layout)k) == 0)
            return (enum cx_layout)k;
    return CX_LAYOUT_PLAIN;
}

static enum cx_layout wanted(const struct pass *pass, const struct cx_node *node)
{
    if (node->input_count == 0 || node->inputs[0] == CX_VALUE_NONE ||
        pass->graph->values[node->inputs[0]].shape.rank < 2)
        return CX_LAYOUT_PLAIN;
    if ((node->op->impl->flags & CX_OP_ANY_LAYOUT) != 0)
        return layout_at_hand(pass, node);
    return pass->want(pass->context, pass->graph, node);
}

static enum cx_status write_as(struct pass *pass, struct cx_node *node, enum cx_layout layout)
{
    struct cx_graph *graph = pass->graph;
    uint32_t value = node->outputs[0];
    if (value == CX_VALUE_NONE || layout == CX_LAYOUT_PLAIN)
        return CX_OK;
    uint32_t plain = pass->forms[value][CX_LAYOUT_PLAIN], form = 0;
    enum cx_status status = add_form(pass, value, layout, &form);
    if (status != CX_OK)
        return status;
    node->outputs[0] = form;
    if (!is_output(graph, value)) {
        pass->forms[value][CX_LAYOUT_PLAIN] = CX_VALUE_NONE;
        return CX_OK;
    }
    /* The node was copied into the list before: its Reorder comes behind it. */
    return add_reorder(pass, node->name, form, plain);
}

static enum cx_status place_node(struct pass *pass, const struct cx_node *from)
{
    struct cx_node node = *from;
    enum cx_layout layout = wanted(pass, from);
    enum cx_status status = CX_OK;
    for (uint32_t i = 0; i < node.input_count && status == CX_OK; i++)
        status = read_as(pass, &node.inputs[i], i == 0 ? layout : CX_LAYOUT_PLAIN, node.name);
    if (status == CX_OK)
        status = read_as(pass, &node.epilogue.residual, layout, node.name);
    if (status != CX_OK)
        return status;
    struct cx_node *placed = &pass->nodes[pass->node_count++];
    *placed = node;
    return node.output_count > 0 ? write_as(pass, placed, layout) : CX_OK;
}

static bool all_plain(const struct pass *pass)
{
    for (uint32_t n = 0; n < pass->graph->node_count; n++)
        if (wanted(pass, &pass->graph->nodes[n]) != CX_LAYOUT_PLAIN)
            return false;
    return true;
}

enum cx_status cx_graph_layout(struct cx_graph *graph, cx_layout_fn *want, const void *context,
                               struct cx_error *error)
{
    struct pass pass = {.graph = graph, .want = want, .context = context, .error = error};
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
        room += cx_node_read_count(&graph->nodes[n]) + 2u;
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
