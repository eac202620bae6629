/* A shuffle of channels as models write it, a Reshape into groups, a Transpose and a Reshape back,
 * becomes one node, which kernels do in any layout. */
#include "error.h"
#include "graph/simplify.h"
#include "ops/channel_shuffle.h"
#include "ops/transpose.h"

struct pass {
    struct cx_graph *graph;
    uint32_t *uses, *makers;
    bool *gone; /* by node */
};

/* The node with OP that computes VALUE for one reader only, or NULL. */
static const struct cx_node *find_maker(const struct pass *pass, uint32_t value, enum cx_op_id op)
{
    if (pass->makers[value] == UINT32_MAX || pass->uses[value] != 1)
        return NULL;
    const struct cx_node *node = &pass->graph->nodes[pass->makers[value]];
    return node->op == &cx_ops[op] ? node : NULL;
}

/* Whether TURNED swaps the two axes that FROM's axis 1 was split into. */
static bool swaps_groups(const struct pass *pass, const struct cx_node *turn,
                         const struct cx_shape *from)
{
    const struct cx_shape *split = &pass->graph->values[turn->inputs[0]].shape;
    struct cx_bound_call call;
    struct cx_error err;
    uint32_t perm[CX_RANK_MAX];
    cx_bound_call_init(&call, pass->graph, turn, &err);
    if (from->rank < 2 || split->rank != from->rank + 1 || split->dims[0] != from->dims[0] ||
        split->dims[1] < 1 || split->dims[1] * split->dims[2] != from->dims[1] ||
        cx_transpose_resolve(&call.call, perm) != CX_OK)
        return false;
    for (uint32_t k = 2; k < from->rank; k++)
        if (split->dims[k + 1] != from->dims[k])
            return false;
    for (uint32_t k = 0; k < split->rank; k++)
        if (perm[k] != (k == 1 ? 2 : k == 2 ? 1 : k))
            return false;
    return true;
}

static enum cx_status fuse_at(const struct pass *pass, uint32_t n)
{
    struct cx_graph *graph = pass->graph;
    struct cx_node *back = &graph->nodes[n];
    if (back->op != &cx_ops[CX_OP_ID_Reshape])
        return CX_OK;
    const struct cx_node *turn = find_maker(pass, back->inputs[0], CX_OP_ID_Transpose);
    const struct cx_node *split =
        turn != NULL ? find_maker(pass, turn->inputs[0], CX_OP_ID_Reshape) : NULL;
    if (split == NULL)
        return CX_OK;
    const struct cx_shape *from = &graph->values[split->inputs[0]].shape;
    if (!swaps_groups(pass, turn, from) ||
        !cx_shape_equal(from, &graph->values[back->outputs[0]].shape))
        return CX_OK;
    struct cx_channel_shuffle *attrs = cx_arena_alloc(&graph->arena, sizeof *attrs);
    if (attrs == NULL)
        return CX_MEMORY;
    attrs->groups = graph->values[turn->inputs[0]].shape.dims[1];
    pass->gone[split - graph->nodes] = pass->gone[turn - graph->nodes] = true;
    back->op = &cx_ops[CX_OP_ID_ChannelShuffle];
    back->attrs = attrs;
    back->inputs[0] = split->inputs[0];
    back->input_count = 1;
    return CX_OK;
}

enum cx_status cx_graph_fuse_shuffles(struct cx_graph *graph, struct cx_error *error)
{
    struct pass pass = {.graph = graph};
    pass.uses = cx_graph_count_uses(graph);
    pass.makers = cx_graph_find_makers(graph);
    pass.gone = cx_arena_array(&graph->arena, graph->node_count, sizeof *pass.gone);
    enum cx_status status =
        pass.uses != NULL && pass.makers != NULL && pass.gone != NULL ? CX_OK : CX_MEMORY;
    for (uint32_t n = 0; n < graph->node_count && status == CX_OK; n++)
        status = fuse_at(&pass, n);
    if (status != CX_OK)
        return cx_error_set(error, status, "out of memory");
    uint32_t kept = 0;
    for (uint32_t n = 0; n < graph->node_count; n++)
        if (!pass.gone[n])
            graph->nodes[kept++] = graph->nodes[n];
    graph->node_count = kept;
    return CX_OK;
}
