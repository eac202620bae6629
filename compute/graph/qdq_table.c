/* Functions of one quantized element as tables, made with the operators' own references. */
#include <math.h>

#include "error.h"
#include "graph/qdq.h"
#include "ops/clip.h"
#include "ops/number.h"
#include "ops/quant.h"

#define BYTES 256

bool cx_qdq_has_table(const struct cx_qdq *pass, const struct cx_node *real)
{
    struct cx_qdq_operand x;
    return real->op == &cx_ops[CX_OP_ID_DequantizeLinear] ||
           (real->op->impl == &cx_op_unary && cx_qdq_dequantized(pass, real->inputs[0], -1, &x));
}

/* The function's results for the 256 integers of x; REAL NULL: the numbers themselves. */
static enum cx_status real_results(const struct cx_qdq *pass, struct cx_qdq_operand x,
                                   const struct cx_node *real, float ret_results[BYTES])
{
    float numbers[BYTES];
    struct cx_tensor in = {CX_DTYPE_FLOAT, {1, {BYTES}}, numbers};
    struct cx_tensor out = {CX_DTYPE_FLOAT, {1, {BYTES}}, ret_results};
    bool is_signed = pass->graph->values[x.value].dtype == CX_DTYPE_INT8;
    float scale = cx_qdq_scale_at(pass, x.scale, 0);
    int64_t zero = cx_qdq_zero_at(pass, x.zero, 0);
    for (int i = 0; i < BYTES; i++) {
        numbers[i] = (float)((is_signed ? (int8_t)i : i) - zero) * scale;
        ret_results[i] = numbers[i];
    }
    struct cx_call call = {real, &in, &out, pass->error};
    return real != NULL ? real->op->impl->eval(&call) : CX_OK;
}

static enum cx_status add_table(struct cx_qdq *pass, const float results[BYTES],
                                const struct cx_qdq_chain *chain, uint32_t *ret_value)
{
    int64_t low, high;
    void *data;
    enum cx_dtype dtype = pass->graph->values[chain->y.value].dtype;
    float scale = cx_qdq_scale_at(pass, chain->y.scale, 0);
    int64_t zero = cx_qdq_zero_at(pass, chain->y.zero, 0);
    cx_quant_range(dtype, &low, &high);
    enum cx_status status =
        cx_qdq_add_constant(pass, dtype, (struct cx_shape){1, {BYTES}}, &data, ret_value);
    for (int i = 0; i < BYTES && status == CX_OK; i++) {
        float real = fminf(fmaxf(results[i], chain->low), chain->high);
        ((uint8_t *)data)[i] = (uint8_t)cx_quant_round(real / scale, zero, low, high);
    }
    return status;
}

enum cx_status cx_qdq_table(struct cx_qdq *pass, struct cx_qdq_chain *chain)
{
    const struct cx_node *real = chain->real;
    bool direct = real->op == &cx_ops[CX_OP_ID_DequantizeLinear];
    struct cx_qdq_operand x;
    float results[BYTES];
    if (!cx_qdq_dequantized(pass, direct ? real->outputs[0] : real->inputs[0], -1, &x))
        return CX_OK;
    enum cx_status status = real_results(pass, x, direct ? NULL : real, results);
    uint32_t inputs[2] = {x.value};
    if (status == CX_OK)
        status = add_table(pass, results, chain, &inputs[1]);
    chain->low = -INFINITY; /* the table has the bounds in it */
    chain->high = INFINITY;
    return status == CX_OK ? cx_qdq_become(pass, chain, CX_OP_ID_ByteTable, NULL, inputs, 2)
                           : status;
}

/* Room for one more node in front of another. */
static enum cx_status grow_extras(struct cx_qdq *pass)
{
    if (pass->extra_n < pass->extra_room)
        return CX_OK;
    uint32_t room = pass->extra_room == 0 ? 16 : 2 * pass->extra_room;
    struct cx_arena *arena = &pass->graph->arena;
    struct cx_node *extras = cx_arena_array(arena, room, sizeof *extras);
    uint32_t *places = cx_arena_array(arena, room, sizeof *places);
    if (extras == NULL || places == NULL)
        return cx_error_set(pass->error, CX_MEMORY, "out of memory");
    for (uint32_t i = 0; i < pass->extra_n; i++) {
        extras[i] = pass->extras[i];
        places[i] = pass->extra_places[i];
    }
    pass->extras = extras;
    pass->extra_places = places;
    pass->extra_room = room;
    return CX_OK;
}

enum cx_status cx_qdq_convert(struct cx_qdq *pass, struct cx_qdq_operand x, struct cx_qdq_operand y,
                              uint32_t place, uint32_t *ret_value)
{
    struct cx_graph *graph = pass->graph;
    struct cx_qdq_chain chain = {.y = y, .low = -INFINITY, .high = INFINITY};
    uint32_t inputs[2] = {x.value}, output = 0;
    float results[BYTES];
    enum cx_status status = real_results(pass, x, NULL, results);
    if (status == CX_OK)
        status = add_table(pass, results, &chain, &inputs[1]);
    if (status == CX_OK)
        status = grow_extras(pass);
    if (status != CX_OK)
        return status;
    if (cx_graph_add_value(graph, graph->values[x.value].name, &output) != CX_OK)
        return cx_error_set(pass->error, CX_MEMORY, "out of memory");
    const char *name = graph->values[output].name;
    graph->values[output] = graph->values[x.value];
    graph->values[output].name = name;
    graph->values[output].dtype = graph->values[y.value].dtype;
    graph->values[output].data = NULL;
    struct cx_node node = {.op = &cx_ops[CX_OP_ID_ByteTable], .name = name, .opset = 1};
    node.epilogue.residual = CX_VALUE_NONE;
    node.inputs = cx_arena_copy(&graph->arena, inputs, sizeof inputs);
    node.outputs = cx_arena_copy(&graph->arena, &output, sizeof output);
    node.input_count = 2;
    node.output_count = 1;
    if (node.inputs == NULL || node.outputs == NULL)
        return cx_error_set(pass->error, CX_MEMORY, "out of memory");
    pass->extras[pass->extra_n] = node;
    pass->extra_places[pass->extra_n++] = place;
    *ret_value = output;
    return CX_OK;
}
