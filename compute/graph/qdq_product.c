/* Convolutions and products between DequantizeLinear and QuantizeLinear. */
#include <math.h>

#include "graph/qdq.h"
#include "ops/gemm.h"
#include "ops/number.h"
#include "ops/qlinear.h"

/* A bias of real numbers, a constant or one dequantized, as int32 in steps of the products'. False
 * in *ret_fits where it can't be. */
static enum cx_status integer_bias(struct cx_qdq *pass, uint32_t bias, struct cx_qdq_operand x,
                                   struct cx_qdq_operand w, int64_t rows, uint32_t *ret_value,
                                   bool *ret_fits)
{
    const struct cx_node *node = cx_qdq_maker(pass, bias);
    struct cx_qdq_operand from = {bias, CX_VALUE_NONE, CX_VALUE_NONE};
    void *data;
    *ret_fits = false;
    if (node != NULL && (node->op != &cx_ops[CX_OP_ID_DequantizeLinear] ||
                         !cx_qdq_operand_of(pass, node, 0, &from)))
        return CX_OK;
    struct cx_tensor tensor = cx_graph_tensor(pass->graph, from.value);
    if (tensor.data == NULL || pass->graph->values[from.value].in_file || tensor.shape.rank == 0 ||
        cx_shape_elements(&tensor.shape) != rows ||
        tensor.shape.dims[tensor.shape.rank - 1] != rows)
        return CX_OK;
    enum cx_status status =
        cx_qdq_add_constant(pass, CX_DTYPE_INT32, (struct cx_shape){1, {rows}}, &data, ret_value);
    if (status != CX_OK)
        return status;
    for (int64_t m = 0; m < rows; m++) {
        double real = cx_get_f64(&tensor, m);
        if (from.scale != CX_VALUE_NONE)
            real = (real - (double)cx_qdq_zero_at(pass, from.zero, m)) *
                   (double)cx_qdq_scale_at(pass, from.scale, m);
        double step =
            (double)cx_qdq_scale_at(pass, x.scale, 0) * (double)cx_qdq_scale_at(pass, w.scale, m);
        double number = nearbyint(real / step);
        if (!(fabs(number) < 0x1p30))
            return CX_OK;
        ((int32_t *)data)[m] = (int32_t)number;
    }
    *ret_fits = true;
    return CX_OK;
}

/* The integer form of a product of x and w, w's scales along AXIS, ROWS outputs. */
static enum cx_status fuse_product(struct cx_qdq *pass, struct cx_qdq_chain *chain,
                                   enum cx_op_id op, struct cx_qdq_operand x,
                                   struct cx_qdq_operand w, int64_t rows, uint32_t bias)
{
    uint32_t inputs[CX_QL_BIAS + 1], count = CX_QL_BIAS;
    bool fits = true;
    enum cx_status status = cx_qdq_zero(pass, &chain->y);
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
    return cx_qdq_become(pass, chain, op, op == CX_OP_ID_QLinearConv ? chain->real->attrs : NULL,
                         inputs, count);
}

static uint32_t input_of(const struct cx_node *node, uint32_t i)
{
    return i < node->input_count ? node->inputs[i] : CX_VALUE_NONE;
}

enum cx_status cx_qdq_conv(struct cx_qdq *pass, struct cx_qdq_chain *chain)
{
    const struct cx_node *real = chain->real;
    struct cx_qdq_operand x, w;
    if (!cx_qdq_dequantized(pass, real->inputs[0], -1, &x) ||
        !cx_qdq_dequantized(pass, real->inputs[1], 0, &w) ||
        pass->graph->values[w.value].data == NULL)
        return CX_OK;
    return fuse_product(pass, chain, CX_OP_ID_QLinearConv, x, w,
                        pass->graph->values[w.value].shape.dims[0], input_of(real, 2));
}

/* A constant matrix of bytes with its axes exchanged. */
static enum cx_status turn(struct cx_qdq *pass, struct cx_qdq_operand *w)
{
    struct cx_shape shape = pass->graph->values[w->value].shape;
    const uint8_t *from = pass->graph->values[w->value].data;
    int64_t rows = shape.dims[0], columns = shape.dims[1];
    void *data;
    uint32_t turned;
    shape.dims[0] = columns;
    shape.dims[1] = rows;
    enum cx_status status =
        cx_qdq_add_constant(pass, pass->graph->values[w->value].dtype, shape, &data, &turned);
    if (status != CX_OK)
        return status;
    uint8_t *to = data;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            to[j * rows + i] = from[i * columns + j];
    w->value = turned;
    return CX_OK;
}

enum cx_status cx_qdq_matmul(struct cx_qdq *pass, struct cx_qdq_chain *chain)
{
    const struct cx_node *real = chain->real;
    bool is_gemm = real->op == &cx_ops[CX_OP_ID_Gemm];
    const struct cx_gemm *gemm = is_gemm ? real->attrs : NULL;
    bool turned = is_gemm && gemm->trans_b;
    uint32_t bias = input_of(real, 2);
    struct cx_qdq_operand x, w;
    if (is_gemm &&
        (gemm->alpha != 1 || gemm->trans_a || (bias != CX_VALUE_NONE && gemm->beta != 1)))
        return CX_OK;
    if (!cx_qdq_dequantized(pass, real->inputs[0], -1, &x) ||
        !cx_qdq_dequantized(pass, real->inputs[1], turned ? 0 : 1, &w) ||
        pass->graph->values[w.value].data == NULL || pass->graph->values[w.value].shape.rank != 2)
        return CX_OK;
    int64_t columns = pass->graph->values[w.value].shape.dims[turned ? 0 : 1];
    enum cx_status status = turned ? turn(pass, &w) : CX_OK;
    if (status != CX_OK)
        return status;
    return fuse_product(pass, chain, CX_OP_ID_QLinearMatMul, x, w, columns, bias);
}
