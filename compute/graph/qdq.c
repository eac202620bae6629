#include "graph/qdq.h"

#include <math.h>

#include "error.h"
#include "ops/number.h"
#include "ops/quant.h"

const struct cx_node *cx_qdq_maker(const struct cx_qdq *pass, uint32_t value)
{
    if (value >= pass->count || pass->makers[value] == UINT32_MAX)
        return NULL;
    return &pass->graph->nodes[pass->makers[value]];
}

bool cx_qdq_operand_of(const struct cx_qdq *pass, const struct cx_node *node, int64_t axis,
                       struct cx_qdq_operand *ret_operand)
{
    const struct cx_quantize *attrs = node->attrs;
    uint32_t value = attrs->quantizes ? node->outputs[0] : node->inputs[0];
    uint32_t zero = node->input_count > 2 ? node->inputs[2] : CX_VALUE_NONE;
    const struct cx_value *x = &pass->graph->values[value];
    const struct cx_value *scale = &pass->graph->values[node->inputs[1]];
    if (scale->data == NULL || scale->dtype != CX_DTYPE_FLOAT || attrs->block != 0 ||
        (zero != CX_VALUE_NONE && pass->graph->values[zero].data == NULL))
        return false;
    if (cx_shape_elements(&scale->shape) != 1 &&
        (axis < 0 ||
         (attrs->axis < 0 ? attrs->axis + (int64_t)x->shape.rank : attrs->axis) != axis))
        return false;
    *ret_operand = (struct cx_qdq_operand){value, node->inputs[1], zero};
    return true;
}

bool cx_qdq_dequantized(const struct cx_qdq *pass, uint32_t value, int64_t axis,
                        struct cx_qdq_operand *ret_operand)
{
    const struct cx_node *node = cx_qdq_maker(pass, value);
    if (node == NULL || node->op != &cx_ops[CX_OP_ID_DequantizeLinear] ||
        !cx_qdq_operand_of(pass, node, axis, ret_operand))
        return false;
    enum cx_dtype dtype = pass->graph->values[ret_operand->value].dtype;
    return (CX_DTYPES_BYTE >> dtype & 1) != 0 && pass->graph->values[value].dtype == CX_DTYPE_FLOAT;
}

enum cx_status cx_qdq_add_constant(struct cx_qdq *pass, enum cx_dtype dtype, struct cx_shape shape,
                                   void **ret_data, uint32_t *ret_value)
{
    struct cx_graph *graph = pass->graph;
    size_t bytes = 0;
    void *data = NULL;
    if (cx_shape_bytes(dtype, &shape, CX_LAYOUT_PLAIN, &bytes))
        data = cx_arena_alloc(&graph->arena, bytes + 1);
    if (data == NULL || cx_graph_add_value(graph, "", ret_value) != CX_OK)
        return cx_error_set(pass->error, CX_MEMORY, "out of memory");
    struct cx_value *value = &graph->values[*ret_value];
    value->dtype = dtype;
    value->shape = shape;
    value->shape_known = value->rank_known = true;
    value->data = *ret_data = data;
    value->bytes = bytes;
    return CX_OK;
}

enum cx_status cx_qdq_zero(struct cx_qdq *pass, struct cx_qdq_operand *operand)
{
    void *data;
    if (operand->zero != CX_VALUE_NONE)
        return CX_OK;
    enum cx_dtype dtype = pass->graph->values[operand->value].dtype;
    return cx_qdq_add_constant(pass, dtype, (struct cx_shape){0}, &data, &operand->zero);
}

float cx_qdq_scale_at(const struct cx_qdq *pass, uint32_t scale, int64_t i)
{
    struct cx_tensor tensor = cx_graph_tensor(pass->graph, scale);
    return (float)cx_get_f64(&tensor, cx_shape_elements(&tensor.shape) == 1 ? 0 : i);
}

int64_t cx_qdq_zero_at(const struct cx_qdq *pass, uint32_t zero, int64_t i)
{
    struct cx_tensor tensor = cx_graph_tensor(pass->graph, zero);
    if (tensor.dtype == CX_DTYPE_UNDEFINED)
        return 0;
    return cx_get_i64(&tensor, cx_shape_elements(&tensor.shape) == 1 ? 0 : i);
}

enum cx_status cx_qdq_become(struct cx_qdq *pass, struct cx_qdq_chain *chain, enum cx_op_id op,
                             const void *attrs, const uint32_t *inputs, uint32_t count)
{
    int64_t low, high;
    struct cx_node *node = chain->node;
    uint32_t *copy = cx_arena_copy(&pass->graph->arena, inputs, count * sizeof *inputs);
    if (copy == NULL)
        return cx_error_set(pass->error, CX_MEMORY, "out of memory");
    float scale = cx_qdq_scale_at(pass, chain->y.scale, 0);
    int64_t zero = cx_qdq_zero_at(pass, chain->y.zero, 0);
    cx_quant_range(pass->graph->values[chain->y.value].dtype, &low, &high);
    /* Rounding keeps order: what a bound of the real number allows is a range of integers. */
    int64_t from = isinf(chain->low) ? low : cx_quant_round(chain->low / scale, zero, low, high);
    int64_t to = isinf(chain->high) ? high : cx_quant_round(chain->high / scale, zero, low, high);
    node->name = chain->real->name;
    node->op = &cx_ops[op];
    node->attrs = attrs;
    node->attrs_hash = attrs != NULL ? chain->real->attrs_hash : 0;
    node->opset = node->op->since;
    node->inputs = copy;
    node->input_count = count;
    if (from > low || to < high) {
        node->epilogue.act = CX_ACT_CLIP;
        node->epilogue.alpha = (float)from;
        node->epilogue.beta = (float)to;
    }
    return CX_OK;
}
