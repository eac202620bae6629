#include "graph/half.h"

#include <string.h>

#include "error.h"
#include "graph/session.h"
#include "ops/cast.h"
#include "ops/op.h"

/* Operators that only move numbers, bring them nearer, or sum products, as networks do between
 * normalizations. Not those that may leave a half's range (Exp, Pow, Div by small numbers, sums of
 * squares), nor Softmax, whose small results would be lost. */
static const enum cx_op_id halved[] = {
    CX_OP_ID_Conv,        CX_OP_ID_Gemm,      CX_OP_ID_MatMul,      CX_OP_ID_BatchNormalization,
    CX_OP_ID_ScaleShift,  CX_OP_ID_Clip,      CX_OP_ID_AveragePool, CX_OP_ID_GlobalAveragePool,
    CX_OP_ID_MaxPool,     CX_OP_ID_LRN,       CX_OP_ID_Relu,        CX_OP_ID_GlobalMaxPool,
    CX_OP_ID_LeakyRelu,   CX_OP_ID_PRelu,     CX_OP_ID_Sigmoid,     CX_OP_ID_Tanh,
    CX_OP_ID_HardSigmoid, CX_OP_ID_HardSwish, CX_OP_ID_Add,         CX_OP_ID_Sub,
    CX_OP_ID_Mul,         CX_OP_ID_Max,       CX_OP_ID_Min,         CX_OP_ID_Sum,
    CX_OP_ID_Mean,        CX_OP_ID_Concat,    CX_OP_ID_Split,       CX_OP_ID_Transpose,
    CX_OP_ID_Identity,    CX_OP_ID_Dropout,   CX_OP_ID_Flatten,     CX_OP_ID_Reshape,
    CX_OP_ID_Squeeze,     CX_OP_ID_Unsqueeze, CX_OP_ID_Slice,       CX_OP_ID_Pad,
};

enum { FLOATS, HALVES, FORMS };

struct pass {
    struct cx_graph *graph;
    struct cx_session *session;
    struct cx_node *nodes; /* the new list; room for every Cast there could be */
    uint32_t node_count;
    /* By value of the graph as it was: the same numbers in either type, or CX_VALUE_NONE. */
    uint32_t (*forms)[FORMS];
    struct cx_error *error;
};

static enum cx_status no_memory(const struct pass *pass)
{
    return cx_error_set(pass->error, CX_MEMORY, "out of memory");
}

static bool takes_halves(const struct cx_node *node)
{
    for (size_t i = 0; i < sizeof halved / sizeof halved[0]; i++)
        if (node->op == &cx_ops[halved[i]])
            return true;
    return false;
}

static bool is_float(const struct pass *pass, uint32_t value)
{
    return value != CX_VALUE_NONE && pass->graph->values[value].dtype == CX_DTYPE_FLOAT;
}

/* A value like VALUE in half, without data. */
static enum cx_status add_half(struct pass *pass, uint32_t value, uint32_t *ret_half)
{
    uint32_t half = 0;
    if (cx_graph_add_value(pass->graph, pass->graph->values[value].name, &half) != CX_OK)
        return no_memory(pass);
    struct cx_value *to = &pass->graph->values[half];
    const char *name = to->name;
    *to = pass->graph->values[value];
    to->name = name;
    to->data = NULL;
    to->data_private = to->in_file = false;
    to->factors = NULL;
    to->dtype = CX_DTYPE_FLOAT16;
    to->bytes /= 2;
    pass->forms[value][HALVES] = half;
    *ret_half = half;
    return CX_OK;
}

static enum cx_status add_cast(struct pass *pass, const char *name, uint32_t from, uint32_t to)
{
    struct cx_arena *arena = &pass->graph->arena;
    struct cx_cast *attrs = cx_arena_alloc(arena, sizeof *attrs);
    struct cx_node *node = &pass->nodes[pass->node_count++];
    if (attrs == NULL)
        return no_memory(pass);
    *attrs = (struct cx_cast){.to = pass->graph->values[to].dtype, .saturate = true};
    *node =
        (struct cx_node){.op = &cx_ops[CX_OP_ID_Cast], .name = name, .attrs = attrs, .opset = 13};
    node->epilogue.residual = CX_VALUE_NONE;
    node->inputs = cx_arena_copy(arena, &from, sizeof from);
    node->outputs = cx_arena_copy(arena, &to, sizeof to);
    node->input_count = node->output_count = 1;
    return node->inputs != NULL && node->outputs != NULL ? CX_OK : no_memory(pass);
}

/* Replaces the id at *VALUE by that of the same numbers in the other type, made where it is
 * missing. */
static enum cx_status read_as(struct pass *pass, uint32_t *value, int form, const char *reader)
{
    if (!is_float(pass, *value))
        return CX_OK;
    uint32_t *forms = pass->forms[*value];
    enum cx_status status = CX_OK;
    if (forms[form] == CX_VALUE_NONE && form == FLOATS) {
        forms[FLOATS] = *value;
        status = add_cast(pass, reader, forms[HALVES], *value);
    } else if (forms[form] == CX_VALUE_NONE) {
        uint32_t half = 0;
        status = add_half(pass, *value, &half);
        if (status != CX_OK)
            return status;
        const struct cx_value *from = &pass->graph->values[*value];
        if (from->data != NULL)
            status = cx_session_halves(pass->session, from, &pass->graph->values[half].data,
                                       pass->error);
        else
            status = add_cast(pass, reader, *value, half);
    }
    *value = forms[form];
    return status;
}

static enum cx_status place_node(struct pass *pass, const struct cx_node *from)
{
    struct cx_node node = *from;
    int form = takes_halves(from) ? HALVES : FLOATS;
    enum cx_status status = CX_OK;
    for (uint32_t i = 0; i < node.input_count && status == CX_OK; i++)
        status = read_as(pass, &node.inputs[i], form, node.name);
    if (status == CX_OK)
        status = read_as(pass, &node.epilogue.residual, form, node.name);
    if (status != CX_OK)
        return status;
    struct cx_node *placed = &pass->nodes[pass->node_count++];
    *placed = node;
    for (uint32_t i = 0; i < node.output_count && form == HALVES && status == CX_OK; i++) {
        uint32_t value = node.outputs[i];
        if (!is_float(pass, value))
            continue;
        pass->forms[value][FLOATS] = CX_VALUE_NONE;
        status = add_half(pass, value, &placed->outputs[i]);
        if (status == CX_OK && cx_graph_is_output(pass->graph, value))
            status = read_as(pass, &value, FLOATS, node.name);
    }
    return status;
}

enum cx_status cx_graph_halve(struct cx_graph *graph, struct cx_session *session,
                              struct cx_error *error)
{
    struct pass pass = {.graph = graph, .session = session, .error = error};
    uint32_t count = graph->value_count;
    size_t room = 0;
    for (uint32_t n = 0; n < graph->node_count; n++)
        room += cx_node_read_count(&graph->nodes[n]) + (size_t)graph->nodes[n].output_count + 1;
    pass.forms = cx_arena_array(&graph->arena, (size_t)count + 1, sizeof *pass.forms);
    pass.nodes = cx_arena_array(&graph->arena, room + 1, sizeof *pass.nodes);
    if (pass.forms == NULL || pass.nodes == NULL)
        return no_memory(&pass);
    for (uint32_t v = 0; v < count; v++) {
        pass.forms[v][FLOATS] = v;
        pass.forms[v][HALVES] = CX_VALUE_NONE;
    }
    for (uint32_t n = 0; n < graph->node_count; n++) {
        enum cx_status status = place_node(&pass, &graph->nodes[n]);
        if (status != CX_OK)
            return status;
    }
    graph->nodes = pass.nodes;
    graph->node_count = pass.node_count;
    return CX_OK;
}
