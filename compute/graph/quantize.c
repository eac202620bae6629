/* Models with quantized operators in their portable form: each operator works on real numbers
 * between a DequantizeLinear and a QuantizeLinear. Where both have constant parameters, the
 * operator between them becomes one on integers. A quantized value is read as it lies by each of
 * its readers, so those that stay real keep their own DequantizeLinear. */
#include <math.h>
#include <string.h>

#include "error.h"
#include "graph/qdq.h"
#include "graph/simplify.h"
#include "ops/clip.h"
#include "ops/qlinear.h"
#include "ops/quant.h"

static bool same_parameters(const struct cx_qdq *pass, struct cx_qdq_operand a,
                            struct cx_qdq_operand b)
{
    return pass->graph->values[a.value].dtype == pass->graph->values[b.value].dtype &&
           cx_qdq_scale_at(pass, a.scale, 0) == cx_qdq_scale_at(pass, b.scale, 0) &&
           cx_qdq_zero_at(pass, a.zero, 0) == cx_qdq_zero_at(pass, b.zero, 0);
}

/* ---- sums ---- */

/* Add and Mul of two quantized operands. */
static enum cx_status fuse_pair(struct cx_qdq *pass, struct cx_qdq_chain *chain)
{
    bool product = chain->real->op == &cx_ops[CX_OP_ID_Mul];
    enum cx_op_id op = product ? CX_OP_ID_QLinearMul : CX_OP_ID_QLinearAdd;
    struct cx_qdq_operand a, b;
    const struct cx_value *values = pass->graph->values;
    if (!cx_qdq_dequantized(pass, chain->real->inputs[0], -1, &a) ||
        !cx_qdq_dequantized(pass, chain->real->inputs[1], -1, &b) ||
        values[a.value].dtype != values[b.value].dtype ||
        values[a.value].dtype != values[chain->y.value].dtype)
        return CX_OK;
    enum cx_status status = cx_qdq_zero(pass, &chain->y);
    const uint32_t inputs[] = {a.value, a.scale, a.zero,         b.value,
                               b.scale, b.zero,  chain->y.scale, chain->y.zero};
    return status == CX_OK ? cx_qdq_become(pass, chain, op, NULL, inputs, 8) : status;
}

/* A sum becomes a part of the convolution or product that makes one of its operands, and nobody
 * else reads. Of two that could, the later: the other's result exists by then. */
static enum cx_status fuse_residual(struct cx_qdq *pass, struct cx_node *sum, bool *gone)
{
    struct cx_graph *graph = pass->graph;
    struct cx_node *host = NULL;
    uint32_t side = 0;
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t value = sum->inputs[3 * i];
        const struct cx_node *maker = cx_qdq_maker(pass, value);
        if (maker == NULL || pass->uses[value] != 1 || !cx_qlinear_form(maker).requantizes ||
            (maker->op != &cx_ops[CX_OP_ID_QLinearConv] &&
             maker->op != &cx_ops[CX_OP_ID_QLinearMatMul]) ||
            maker->epilogue.act != CX_ACT_NONE || maker->input_count > CX_QL_RESIDUAL)
            continue;
        if (host == NULL || maker > host) {
            host = &graph->nodes[pass->makers[value]];
            side = i;
        }
    }
    const uint32_t *other = host != NULL ? &sum->inputs[3 * (1 - side)] : NULL;
    if (host == NULL || sum->inputs[0] == sum->inputs[3] ||
        !cx_shape_equal(&graph->values[sum->inputs[3 * side]].shape,
                        &graph->values[other[0]].shape))
        return CX_OK;
    uint32_t *inputs = cx_arena_array(&graph->arena, CX_QL_INPUTS, sizeof *inputs);
    if (inputs == NULL)
        return cx_error_set(pass->error, CX_MEMORY, "out of memory");
    inputs[CX_QL_BIAS] = CX_VALUE_NONE;
    memcpy(inputs, host->inputs, host->input_count * sizeof *inputs);
    inputs[CX_QL_RESIDUAL] = other[0];
    inputs[CX_QL_RESIDUAL_SCALE] = other[1];
    inputs[CX_QL_RESIDUAL_ZERO] = other[2];
    inputs[CX_QL_SUM_SCALE] = sum->inputs[6];
    inputs[CX_QL_SUM_ZERO] = sum->inputs[7];
    sum->op = host->op;
    sum->attrs = host->attrs;
    sum->attrs_hash = host->attrs_hash;
    sum->opset = host->opset;
    sum->name = host->name;
    sum->inputs = inputs;
    sum->input_count = CX_QL_INPUTS;
    gone[host - graph->nodes] = true;
    return CX_OK;
}

/* ---- operators that hand numbers on ---- */

static bool moves(const struct cx_node *node)
{
    static const enum cx_op_id ids[] = {CX_OP_ID_MaxPool, CX_OP_ID_Reshape,   CX_OP_ID_Flatten,
                                        CX_OP_ID_Squeeze, CX_OP_ID_Unsqueeze, CX_OP_ID_Transpose,
                                        CX_OP_ID_Slice,   CX_OP_ID_Concat,    CX_OP_ID_Gather};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        if (node->op == &cx_ops[ids[i]])
            return true;
    return false;
}

/* Numbers that are only moved, or chosen from, keep their integers where both sides have the same
 * parameters: rounding gives back what was dequantized. What is joined is converted first. */
static enum cx_status fuse_move(struct cx_qdq *pass, struct cx_qdq_chain *chain)
{
    const struct cx_node *real = chain->real;
    bool is_concat = real->op == &cx_ops[CX_OP_ID_Concat];
    uint32_t data_n = is_concat ? real->input_count : 1;
    uint32_t place = (uint32_t)(chain->node - pass->graph->nodes);
    struct cx_qdq_operand x;
    if (real->input_count == 0 || !isinf(chain->low) || !isinf(chain->high))
        return CX_OK;
    uint32_t *inputs =
        cx_arena_copy(&pass->graph->arena, real->inputs, real->input_count * sizeof *inputs);
    if (inputs == NULL)
        return cx_error_set(pass->error, CX_MEMORY, "out of memory");
    for (uint32_t i = 0; i < data_n; i++) {
        if (!cx_qdq_dequantized(pass, inputs[i], -1, &x) ||
            (!same_parameters(pass, x, chain->y) && !is_concat))
            return CX_OK;
        inputs[i] = x.value;
    }
    for (uint32_t i = 0; i < data_n; i++) {
        cx_qdq_dequantized(pass, real->inputs[i], -1, &x);
        enum cx_status status = CX_OK;
        if (!same_parameters(pass, x, chain->y))
            status = cx_qdq_convert(pass, x, chain->y, place, &inputs[i]);
        if (status != CX_OK)
            return status;
    }
    struct cx_node *node = chain->node;
    uint32_t *outputs = node->outputs;
    *node = *real;
    node->inputs = inputs;
    node->outputs = outputs;
    node->output_count = 1;
    return CX_OK;
}

static enum cx_status fuse_mean(struct cx_qdq *pass, struct cx_qdq_chain *chain)
{
    struct cx_qdq_operand x;
    if (!cx_qdq_dequantized(pass, chain->real->inputs[0], -1, &x) ||
        pass->graph->values[x.value].dtype != pass->graph->values[chain->y.value].dtype)
        return CX_OK;
    enum cx_status status = cx_qdq_zero(pass, &chain->y);
    if (status == CX_OK)
        status = cx_qdq_zero(pass, &x);
    const uint32_t inputs[] = {x.value, x.scale, x.zero, chain->y.scale, chain->y.zero};
    return status == CX_OK
               ? cx_qdq_become(pass, chain, CX_OP_ID_QLinearGlobalAveragePool, NULL, inputs, 5)
               : status;
}

/* ---- the pass ---- */

/* The bounds of an activation that clips; false for every other operator. */
static bool clips(const struct cx_graph *graph, const struct cx_node *node, float *ret_low,
                  float *ret_high)
{
    if (node->op == &cx_ops[CX_OP_ID_Clip])
        return cx_clip_bounds(graph, node, ret_low, ret_high);
    *ret_low = 0;
    *ret_high = INFINITY;
    return node->op == &cx_ops[CX_OP_ID_Relu];
}

/* The node that makes VALUE, where nobody else reads it. */
static struct cx_node *only_maker(const struct cx_qdq *pass, uint32_t value)
{
    const struct cx_node *node = cx_qdq_maker(pass, value);
    bool alone = node != NULL && pass->uses[value] == 1 && node->outputs[0] == value &&
                 node->epilogue.act == CX_ACT_NONE;
    for (uint32_t i = 1; alone && i < node->output_count; i++)
        alone = node->outputs[i] == CX_VALUE_NONE;
    return alone ? &pass->graph->nodes[pass->makers[value]] : NULL;
}

static enum cx_status fuse_chain(struct cx_qdq *pass, struct cx_node *node)
{
    static const struct {
        enum cx_op_id id;
        enum cx_status (*fuse)(struct cx_qdq *pass, struct cx_qdq_chain *chain);
    } ways[] = {
        {CX_OP_ID_Conv, cx_qdq_conv},
        {CX_OP_ID_Gemm, cx_qdq_matmul},
        {CX_OP_ID_MatMul, cx_qdq_matmul},
        {CX_OP_ID_Add, fuse_pair},
        {CX_OP_ID_Mul, fuse_pair},
        {CX_OP_ID_Sum, fuse_pair},
        {CX_OP_ID_GlobalAveragePool, fuse_mean},
    };
    struct cx_qdq_chain chain = {.node = node, .low = -INFINITY, .high = INFINITY};
    enum cx_dtype dtype = pass->graph->values[node->outputs[0]].dtype;
    struct cx_qdq_operand x;
    uint32_t inner = node->inputs[0];
    if (node->op != &cx_ops[CX_OP_ID_QuantizeLinear] || (CX_DTYPES_BYTE >> dtype & 1) == 0 ||
        pass->graph->values[node->inputs[0]].dtype != CX_DTYPE_FLOAT ||
        !cx_qdq_operand_of(pass, node, -1, &chain.y))
        return CX_OK;
    chain.real = only_maker(pass, node->inputs[0]);
    if (chain.real != NULL && clips(pass->graph, chain.real, &chain.low, &chain.high))
        inner = chain.real->inputs[0];
    else
        chain.low = -INFINITY, chain.high = INFINITY;
    /* A DequantizeLinear stays for its other readers. */
    if (cx_qdq_dequantized(pass, inner, -1, &x))
        chain.real = &pass->graph->nodes[pass->makers[inner]];
    else if (inner != node->inputs[0])
        chain.real = only_maker(pass, inner);
    if (chain.real == NULL)
        return CX_OK;
    if (cx_qdq_has_table(pass, chain.real))
        return cx_qdq_table(pass, &chain);
    if (moves(chain.real))
        return fuse_move(pass, &chain);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (chain.real->op == &cx_ops[ways[i].id] &&
            (ways[i].id != CX_OP_ID_Sum || chain.real->input_count == 2))
            return ways[i].fuse(pass, &chain);
    return CX_OK;
}

/* The nodes that were put in front of others take their places. */
static enum cx_status place_extras(struct cx_qdq *pass)
{
    struct cx_graph *graph = pass->graph;
    uint32_t count = graph->node_count + pass->extra_n, next = 0, to = 0;
    if (pass->extra_n == 0)
        return CX_OK;
    struct cx_node *nodes = cx_arena_array(&graph->arena, count, sizeof *nodes);
    if (nodes == NULL)
        return cx_error_set(pass->error, CX_MEMORY, "out of memory");
    for (uint32_t n = 0; n < graph->node_count; n++) {
        for (; next < pass->extra_n && pass->extra_places[next] == n; next++)
            nodes[to++] = pass->extras[next];
        nodes[to++] = graph->nodes[n];
    }
    graph->nodes = nodes;
    graph->node_count = count;
    return CX_OK;
}

static enum cx_status count_uses(struct cx_qdq *pass)
{
    pass->count = pass->graph->value_count;
    pass->uses = cx_graph_count_uses(pass->graph);
    pass->makers = cx_graph_find_makers(pass->graph);
    return pass->uses != NULL && pass->makers != NULL
               ? CX_OK
               : cx_error_set(pass->error, CX_MEMORY, "out of memory");
}

static enum cx_status fuse_residuals(struct cx_qdq *pass)
{
    struct cx_graph *graph = pass->graph;
    bool *gone = cx_arena_array(&graph->arena, graph->node_count, sizeof *gone);
    if (gone == NULL)
        return cx_error_set(pass->error, CX_MEMORY, "out of memory");
    for (uint32_t n = 0; n < graph->node_count; n++) {
        enum cx_status status = CX_OK;
        if (graph->nodes[n].op == &cx_ops[CX_OP_ID_QLinearAdd] && graph->nodes[n].input_count == 8)
            status = fuse_residual(pass, &graph->nodes[n], gone);
        if (status != CX_OK)
            return status;
    }
    uint32_t kept = 0;
    for (uint32_t n = 0; n < graph->node_count; n++)
        if (!gone[n])
            graph->nodes[kept++] = graph->nodes[n];
    graph->node_count = kept;
    return CX_OK;
}

enum cx_status cx_graph_quantize(struct cx_graph *graph, struct cx_error *error)
{
    struct cx_qdq pass = {.graph = graph, .error = error};
    bool any = false;
    for (uint32_t n = 0; n < graph->node_count && !any; n++)
        any = graph->nodes[n].op == &cx_ops[CX_OP_ID_QuantizeLinear];
    if (!any)
        return CX_OK;
    enum cx_status status = count_uses(&pass);
    for (uint32_t n = 0; n < graph->node_count && status == CX_OK; n++)
        status = fuse_chain(&pass, &graph->nodes[n]);
    if (status == CX_OK)
        status = place_extras(&pass);
    /* Readers of real values are gone: now it shows who reads an integer. */
    if (status == CX_OK)
        status = cx_graph_drop_dead(graph, error);
    if (status == CX_OK)
        status = count_uses(&pass);
    return status == CX_OK ? fuse_residuals(&pass) : status;
}
