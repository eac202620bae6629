/* Models with quantized operators in their portable form: each operator works on real numbers
 * between a DequantizeLinear and a QuantizeLinear. Where both have constant parameters, the
 * operator between them becomes one on integers. A quantized value is read as it lies by each of
 * its readers, so those that stay real keep their own DequantizeLinear. */
#include <math.h>
#include <string.h>

#include "error.h"
#include "graph/simplify.h"
#include "ops/clip.h"
#include "ops/conv.h"
#include "ops/gemm.h"
#include "ops/number.h"
#include "ops/qlinear.h"
#include "ops/quant.h"
#include "ops/unary.h"

/* A value as DequantizeLinear reads it or QuantizeLinear writes it. */
struct operand {
    uint32_t value, scale, zero; /* ids; zero CX_VALUE_NONE: 0 */
};

struct pass {
    struct cx_graph *graph;
    uint32_t count;          /* values before the pass added constants */
    uint32_t *uses, *makers; /* of these */
    struct cx_error *error;
};

/* What one QuantizeLinear ends: an operator, maybe an activation, and itself. */
struct chain {
    struct cx_node *node; /* the QuantizeLinear, which becomes the integer operator */
    struct cx_node *real;
    struct operand y;
    float low, high; /* of the activation; infinite without one */
};

static const struct cx_node *maker_of(const struct pass *pass, uint32_t value)
{
    if (value >= pass->count || pass->makers[value] == UINT32_MAX)
        return NULL;
    return &pass->graph->nodes[pass->makers[value]];
}

static struct cx_tensor tensor_of(const struct pass *pass, uint32_t value)
{
    return cx_graph_tensor(pass->graph, value);
}

/* The operand that a node of either kind converts, where its parameters are constants: one float
 * scale, or with AXIS 0 and up one an index of that axis. */
static bool operand_of(const struct pass *pass, const struct cx_node *node, int64_t axis,
                       struct operand *ret_operand)
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
    *ret_operand = (struct operand){value, node->inputs[1], zero};
    return true;
}

/* The operand behind a real value: what its DequantizeLinear reads, of one byte an element. */
static bool dequantized(const struct pass *pass, uint32_t value, int64_t axis,
                        struct operand *ret_operand)
{
    const struct cx_node *node = maker_of(pass, value);
    if (node == NULL || node->op != &cx_ops[CX_OP_ID_DequantizeLinear] ||
        !operand_of(pass, node, axis, ret_operand))
        return false;
    enum cx_dtype dtype = pass->graph->values[ret_operand->value].dtype;
    return (CX_DTYPES_BYTE >> dtype & 1) != 0 && pass->graph->values[value].dtype == CX_DTYPE_FLOAT;
}

/* A constant of the pass's own with COUNT elements of memory that the caller fills. */
static enum cx_status add_constant(struct pass *pass, enum cx_dtype dtype, struct cx_shape shape,
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

/* The zero point's value id; where a model leaves it out, a constant 0 of the operand's type. */
static enum cx_status zero_of(struct pass *pass, struct operand *operand)
{
    void *data;
    if (operand->zero != CX_VALUE_NONE)
        return CX_OK;
    enum cx_dtype dtype = pass->graph->values[operand->value].dtype;
    return add_constant(pass, dtype, (struct cx_shape){0}, &data, &operand->zero);
}

static float scale_at(const struct pass *pass, uint32_t scale, int64_t i)
{
    struct cx_tensor tensor = tensor_of(pass, scale);
    return (float)cx_get_f64(&tensor, cx_shape_elements(&tensor.shape) == 1 ? 0 : i);
}

static int64_t zero_at(const struct pass *pass, uint32_t zero, int64_t i)
{
    struct cx_tensor tensor = tensor_of(pass, zero);
    if (tensor.dtype == CX_DTYPE_UNDEFINED)
        return 0;
    return cx_get_i64(&tensor, cx_shape_elements(&tensor.shape) == 1 ? 0 : i);
}

static bool same_parameters(const struct pass *pass, struct operand a, struct operand b)
{
    return pass->graph->values[a.value].dtype == pass->graph->values[b.value].dtype &&
           scale_at(pass, a.scale, 0) == scale_at(pass, b.scale, 0) &&
           zero_at(pass, a.zero, 0) == zero_at(pass, b.zero, 0);
}

/* The node becomes OP with these inputs; its output stays. */
static enum cx_status become(struct pass *pass, struct chain *chain, enum cx_op_id op,
                             const void *attrs, const uint32_t *inputs, uint32_t count)
{
    int64_t low, high;
    struct cx_node *node = chain->node;
    uint32_t *copy = cx_arena_copy(&pass->graph->arena, inputs, count * sizeof *inputs);
    if (copy == NULL)
        return cx_error_set(pass->error, CX_MEMORY, "out of memory");
    float scale = scale_at(pass, chain->y.scale, 0);
    int64_t zero = zero_at(pass, chain->y.zero, 0);
    cx_quant_range(pass->graph->values[chain->y.value].dtype, &low, &high);
    /* Rounding keeps order: what a bound of the real number allows is a range of integers. */
    int64_t from = isinf(chain->low) ? low : cx_quant_round(chain->low / scale, zero, low, high);
    int64_t to = isinf(chain->high) ? high : cx_quant_round(chain->high / scale, zero, low, high);
    node->name = chain->real->name;
    node->op = &cx_ops[op];
    node->attrs = attrs;
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

/* ---- convolutions and products ---- */

/* A bias of real numbers, a constant or one dequantized, as int32 in steps of the products'. False
 * in *ret_fits where it can't be. */
static enum cx_status integer_bias(struct pass *pass, uint32_t bias, struct operand x,
                                   struct operand w, int64_t rows, uint32_t *ret_value,
                                   bool *ret_fits)
{
    const struct cx_node *node = maker_of(pass, bias);
    struct operand from = {bias, CX_VALUE_NONE, CX_VALUE_NONE};
    void *data;
    *ret_fits = false;
    if (node != NULL &&
        (node->op != &cx_ops[CX_OP_ID_DequantizeLinear] || !operand_of(pass, node, 0, &from)))
        return CX_OK;
    struct cx_tensor tensor = tensor_of(pass, from.value);
    if (tensor.data == NULL || cx_shape_elements(&tensor.shape) != rows ||
        tensor.shape.dims[tensor.shape.rank - 1] != rows)
        return CX_OK;
    enum cx_status status =
        add_constant(pass, CX_DTYPE_INT32, (struct cx_shape){1, {rows}}, &data, ret_value);
    if (status != CX_OK)
        return status;
    for (int64_t m = 0; m < rows; m++) {
        double real = cx_get_f64(&tensor, m);
        if (from.scale != CX_VALUE_NONE)
            real = (real - (double)zero_at(pass, from.zero, m)) *
                   (double)scale_at(pass, from.scale, m);
        double step = (double)scale_at(pass, x.scale, 0) * (double)scale_at(pass, w.scale, m);
        double number = nearbyint(real / step);
        if (!(fabs(number) < 0x1p30))
            return CX_OK;
        ((int32_t *)data)[m] = (int32_t)number;
    }
    *ret_fits = true;
    return CX_OK;
}

/* The integer form of a product of x and w, w's scales along AXIS, ROWS outputs. */
static enum cx_status fuse_product(struct pass *pass, struct chain *chain, enum cx_op_id op,
                                   struct operand x, struct operand w, int64_t rows, uint32_t bias)
{
    uint32_t inputs[CX_QL_BIAS + 1], count = CX_QL_BIAS;
    bool fits = true;
    enum cx_status status = zero_of(pass, &chain->y);
    if (status == CX_OK && bias != CX_VALUE_NONE) {
        status = integer_bias(pass, bias, x, w, rows, &inputs[CX_QL_BIAS], &fits);
        count = CX_QL_BIAS + 1;
    }
    if (status != CX_OK || !fits)
        return status;
    inputs[CX_QL_X] = x.value;
    inputs[CX_QL_X_SCALE] = x.scale;
    inputs[CX_QL_X_ZERO] = x.zero;
    inputs[CX_QL_W] = w.value;
    inputs[CX_QL_W_SCALE] = w.scale;
    inputs[CX_QL_W_ZERO] = w.zero;
    inputs[CX_QL_Y_SCALE] = chain->y.scale;
    inputs[CX_QL_Y_ZERO] = chain->y.zero;
    return become(pass, chain, op, op == CX_OP_ID_QLinearConv ? chain->real->attrs : NULL, inputs,
                  count);
}

static uint32_t input_of(const struct cx_node *node, uint32_t i)
{
    return i < node->input_count ? node->inputs[i] : CX_VALUE_NONE;
}

static enum cx_status fuse_conv(struct pass *pass, struct chain *chain)
{
    const struct cx_node *real = chain->real;
    struct operand x, w;
    if (!dequantized(pass, real->inputs[0], -1, &x) || !dequantized(pass, real->inputs[1], 0, &w) ||
        pass->graph->values[w.value].data == NULL)
        return CX_OK;
    return fuse_product(pass, chain, CX_OP_ID_QLinearConv, x, w,
                        pass->graph->values[w.value].shape.dims[0], input_of(real, 2));
}

/* A constant matrix of bytes with its axes exchanged. */
static enum cx_status turn(struct pass *pass, struct operand *w)
{
    struct cx_shape shape = pass->graph->values[w->value].shape;
    const uint8_t *from = pass->graph->values[w->value].data;
    int64_t rows = shape.dims[0], columns = shape.dims[1];
    void *data;
    uint32_t turned;
    shape.dims[0] = columns;
    shape.dims[1] = rows;
    enum cx_status status =
        add_constant(pass, pass->graph->values[w->value].dtype, shape, &data, &turned);
    if (status != CX_OK)
        return status;
    uint8_t *to = data;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            to[j * rows + i] = from[i * columns + j];
    w->value = turned;
    return CX_OK;
}

/* Gemm and MatMul with constant weights. */
static enum cx_status fuse_matmul(struct pass *pass, struct chain *chain)
{
    const struct cx_node *real = chain->real;
    bool is_gemm = real->op == &cx_ops[CX_OP_ID_Gemm];
    const struct cx_gemm *gemm = is_gemm ? real->attrs : NULL;
    bool turned = is_gemm && gemm->trans_b;
    uint32_t bias = input_of(real, 2);
    struct operand x, w;
    if (is_gemm &&
        (gemm->alpha != 1 || gemm->trans_a || (bias != CX_VALUE_NONE && gemm->beta != 1)))
        return CX_OK;
    if (!dequantized(pass, real->inputs[0], -1, &x) ||
        !dequantized(pass, real->inputs[1], turned ? 0 : 1, &w) ||
        pass->graph->values[w.value].data == NULL || pass->graph->values[w.value].shape.rank != 2)
        return CX_OK;
    int64_t columns = pass->graph->values[w.value].shape.dims[turned ? 0 : 1];
    enum cx_status status = turned ? turn(pass, &w) : CX_OK;
    if (status != CX_OK)
        return status;
    return fuse_product(pass, chain, CX_OP_ID_QLinearMatMul, x, w, columns, bias);
}

/* ---- sums ---- */

static enum cx_status fuse_add(struct pass *pass, struct chain *chain)
{
    struct operand a, b;
    const struct cx_value *values = pass->graph->values;
    if (!dequantized(pass, chain->real->inputs[0], -1, &a) ||
        !dequantized(pass, chain->real->inputs[1], -1, &b) ||
        values[a.value].dtype != values[b.value].dtype ||
        values[a.value].dtype != values[chain->y.value].dtype)
        return CX_OK;
    enum cx_status status = zero_of(pass, &chain->y);
    const uint32_t inputs[] = {a.value, a.scale, a.zero,         b.value,
                               b.scale, b.zero,  chain->y.scale, chain->y.zero};
    return status == CX_OK ? become(pass, chain, CX_OP_ID_QLinearAdd, NULL, inputs, 8) : status;
}

/* A sum becomes a part of the convolution or product that makes one of its operands, and nobody
 * else reads. Of two that could, the later: the other's result exists by then. */
static enum cx_status fuse_residual(struct pass *pass, struct cx_node *sum, bool *gone)
{
    struct cx_graph *graph = pass->graph;
    struct cx_node *host = NULL;
    uint32_t side = 0;
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t value = sum->inputs[3 * i];
        const struct cx_node *maker = maker_of(pass, value);
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
 * parameters: rounding gives back what was dequantized. */
static enum cx_status fuse_move(struct pass *pass, struct chain *chain)
{
    const struct cx_node *real = chain->real;
    uint32_t data_n = real->op == &cx_ops[CX_OP_ID_Concat] ? real->input_count : 1;
    struct operand x;
    if (real->input_count == 0 || !isinf(chain->low) || !isinf(chain->high))
        return CX_OK;
    uint32_t *inputs =
        cx_arena_copy(&pass->graph->arena, real->inputs, real->input_count * sizeof *inputs);
    if (inputs == NULL)
        return cx_error_set(pass->error, CX_MEMORY, "out of memory");
    for (uint32_t i = 0; i < data_n; i++) {
        if (!dequantized(pass, inputs[i], -1, &x) || !same_parameters(pass, x, chain->y))
            return CX_OK;
        inputs[i] = x.value;
    }
    struct cx_node *node = chain->node;
    uint32_t *outputs = node->outputs;
    *node = *real;
    node->inputs = inputs;
    node->outputs = outputs;
    node->output_count = 1;
    return CX_OK;
}

static enum cx_status fuse_mean(struct pass *pass, struct chain *chain)
{
    struct operand x;
    if (!dequantized(pass, chain->real->inputs[0], -1, &x) ||
        pass->graph->values[x.value].dtype != pass->graph->values[chain->y.value].dtype)
        return CX_OK;
    enum cx_status status = zero_of(pass, &chain->y);
    if (status == CX_OK)
        status = zero_of(pass, &x);
    const uint32_t inputs[] = {x.value, x.scale, x.zero, chain->y.scale, chain->y.zero};
    return status == CX_OK ? become(pass, chain, CX_OP_ID_QLinearGlobalAveragePool, NULL, inputs, 5)
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
static struct cx_node *only_maker(const struct pass *pass, uint32_t value)
{
    const struct cx_node *node = maker_of(pass, value);
    bool alone = node != NULL && pass->uses[value] == 1 && node->outputs[0] == value &&
                 node->epilogue.act == CX_ACT_NONE;
    for (uint32_t i = 1; alone && i < node->output_count; i++)
        alone = node->outputs[i] == CX_VALUE_NONE;
    return alone ? &pass->graph->nodes[pass->makers[value]] : NULL;
}

static enum cx_status fuse_chain(struct pass *pass, struct cx_node *node)
{
    static const struct {
        enum cx_op_id id;
        enum cx_status (*fuse)(struct pass *pass, struct chain *chain);
    } ways[] = {
        {CX_OP_ID_Conv, fuse_conv},     {CX_OP_ID_Gemm, fuse_matmul},
        {CX_OP_ID_MatMul, fuse_matmul}, {CX_OP_ID_Add, fuse_add},
        {CX_OP_ID_Sum, fuse_add},       {CX_OP_ID_GlobalAveragePool, fuse_mean},
    };
    struct chain chain = {.node = node, .low = -INFINITY, .high = INFINITY};
    enum cx_dtype dtype = pass->graph->values[node->outputs[0]].dtype;
    if (node->op != &cx_ops[CX_OP_ID_QuantizeLinear] || (CX_DTYPES_BYTE >> dtype & 1) == 0 ||
        pass->graph->values[node->inputs[0]].dtype != CX_DTYPE_FLOAT ||
        !operand_of(pass, node, -1, &chain.y))
        return CX_OK;
    chain.real = only_maker(pass, node->inputs[0]);
    if (chain.real != NULL && clips(pass->graph, chain.real, &chain.low, &chain.high))
        chain.real = only_maker(pass, chain.real->inputs[0]);
    else
        chain.low = -INFINITY, chain.high = INFINITY;
    if (chain.real == NULL)
        return CX_OK;
    if (moves(chain.real))
        return fuse_move(pass, &chain);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (chain.real->op == &cx_ops[ways[i].id] &&
            (ways[i].id != CX_OP_ID_Sum || chain.real->input_count == 2))
            return ways[i].fuse(pass, &chain);
    return CX_OK;
}

static enum cx_status count_uses(struct pass *pass)
{
    pass->count = pass->graph->value_count;
    pass->uses = cx_graph_count_uses(pass->graph);
    pass->makers = cx_graph_find_makers(pass->graph);
    return pass->uses != NULL && pass->makers != NULL
               ? CX_OK
               : cx_error_set(pass->error, CX_MEMORY, "out of memory");
}

static enum cx_status fuse_residuals(struct pass *pass)
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
    struct pass pass = {.graph = graph, .error = error};
    bool any = false;
    for (uint32_t n = 0; n < graph->node_count && !any; n++)
        any = graph->nodes[n].op == &cx_ops[CX_OP_ID_QuantizeLinear];
    if (!any)
        return CX_OK;
    enum cx_status status = count_uses(&pass);
    for (uint32_t n = 0; n < graph->node_count && status == CX_OK; n++)
        status = fuse_chain(&pass, &graph->nodes[n]);
    /* Readers of real values are gone: now it shows who reads an integer. */
    if (status == CX_OK)
        status = cx_graph_drop_dead(graph, error);
    if (status == CX_OK)
        status = count_uses(&pass);
    return status == CX_OK ? fuse_residuals(&pass) : status;
}
