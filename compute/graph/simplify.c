#include "graph/simplify.h"

#include <string.h>

#include "error.h"

/* Larger results stay nodes: a file of a few bytes must not ask for gigabytes while it loads. */
#define FOLD_BYTES_MAX ((size_t)16 << 20)
#define FOLD_BYTES_ALL                                                        \
    ((size_t)256 << 20) /* read and written, on top of the weights themselves \
                         */

uint32_t *cx_graph_count_uses(struct cx_graph *graph)
{
    uint32_t *uses = cx_arena_array(&graph->arena, graph->value_count, sizeof *uses);
    if (uses == NULL)
        return NULL;
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const struct cx_node *node = &graph->nodes[n];
        for (uint32_t i = 0; i < cx_node_read_count(node); i++)
            if (cx_node_read(node, i) != CX_VALUE_NONE)
                uses[cx_node_read(node, i)]++;
    }
    for (uint32_t i = 0; i < graph->output_count; i++)
        uses[graph->outputs[i]]++;
    return uses;
}

uint32_t *cx_graph_find_makers(struct cx_graph *graph)
{
    uint32_t *makers = cx_arena_array(&graph->arena, graph->value_count, sizeof *makers);
    if (makers == NULL)
        return NULL;
    memset(makers, 0xff, graph->value_count * sizeof *makers);
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const struct cx_node *node = &graph->nodes[n];
        for (uint32_t i = 0; i < node->output_count; i++)
            if (node->outputs[i] != CX_VALUE_NONE)
                makers[node->outputs[i]] = n;
    }
    return makers;
}

static void replace_reads(struct cx_graph *graph, uint32_t from, uint32_t to)
{
    for (uint32_t n = 0; n < graph->node_count; n++) {
        struct cx_node *node = &graph->nodes[n];
        for (uint32_t i = 0; i < node->input_count; i++)
            if (node->inputs[i] == from)
                node->inputs[i] = to;
        if (node->epilogue.residual == from)
            node->epilogue.residual = to;
    }
}

static bool is_read(const struct cx_graph *graph, uint32_t value)
{
    for (uint32_t n = 0; n < graph->node_count; n++)
        for (uint32_t i = 0; i < graph->nodes[n].input_count; i++)
            if (graph->nodes[n].inputs[i] == value)
                return true;
    return cx_graph_is_output(graph, value);
}

/* Whether it hands input 0 on and nobody asks for more, such as Dropout's mask. */
static bool is_identity(const struct cx_graph *graph, const struct cx_node *node)
{
    if ((node->op->impl->flags & CX_OP_IDENTITY) == 0)
        return false;
    for (uint32_t i = 1; i < node->output_count; i++)
        if (node->outputs[i] != CX_VALUE_NONE && is_read(graph, node->outputs[i]))
            return false;
    return true;
}

void cx_graph_skip_identity(struct cx_graph *graph)
{
    uint32_t kept = 0;
    for (uint32_t n = 0; n < graph->node_count; n++) {
        struct cx_node *node = &graph->nodes[n];
        if (is_identity(graph, node) && !cx_graph_is_output(graph, node->outputs[0]))
            replace_reads(graph, node->outputs[0], node->inputs[0]);
        else
            graph->nodes[kept++] = *node;
    }
    graph->node_count = kept;
}

enum cx_status cx_graph_drop_dead(struct cx_graph *graph, struct cx_error *error)
{
    bool *needed = cx_arena_array(&graph->arena, graph->value_count, sizeof *needed);
    bool *live = cx_arena_array(&graph->arena, graph->node_count, sizeof *live);
    if (needed == NULL || live == NULL)
        return cx_error_set(error, CX_MEMORY, "out of memory");
    for (uint32_t i = 0; i < graph->output_count; i++)
        needed[graph->outputs[i]] = true;
    for (uint32_t n = graph->node_count; n-- > 0;) {
        const struct cx_node *node = &graph->nodes[n];
        for (uint32_t i = 0; i < node->output_count; i++)
            if (node->outputs[i] != CX_VALUE_NONE && needed[node->outputs[i]] &&
                graph->values[node->outputs[i]].data == NULL)
                live[n] = true;
        for (uint32_t i = 0; live[n] && i < cx_node_read_count(node); i++)
            if (cx_node_read(node, i) != CX_VALUE_NONE)
                needed[cx_node_read(node, i)] = true;
    }
    uint32_t kept = 0;
    for (uint32_t n = 0; n < graph->node_count; n++)
        if (live[n])
            graph->nodes[kept++] = graph->nodes[n];
    graph->node_count = kept;
    return CX_OK;
}

/* What follows from constants alone. */
static enum cx_status fold_constants(struct cx_graph *graph, struct cx_error *error)
{
    struct cx_frame frame;
    size_t budget = FOLD_BYTES_ALL;
    for (uint32_t v = 0; v < graph->value_count; v++)
        budget += graph->values[v].data != NULL ? 2 * graph->values[v].bytes : 0;
    enum cx_status status = cx_frame_init(&frame, graph, budget, error);
    for (uint32_t n = 0; n < graph->node_count && status == CX_OK; n++) {
        const struct cx_node *node = &graph->nodes[n];
        bool folded;
        if (!cx_node_is_constant(graph, node) || cx_node_folds_late(node))
            continue;
        status = cx_frame_infer(&frame, graph, node);
        if (status == CX_OK)
            status = cx_frame_fold(&frame, graph, node, FOLD_BYTES_MAX, false, &folded);
    }
    return status;
}

enum cx_status cx_graph_simplify(struct cx_graph *graph, struct cx_error *error)
{
    enum cx_status status = fold_constants(graph, error);
    if (status != CX_OK)
        return status;
    cx_graph_skip_identity(graph);
    status = cx_graph_fold_batch_norm(graph, error);
    if (status == CX_OK)
        status = cx_graph_drop_dead(graph, error);
    return status;
}
