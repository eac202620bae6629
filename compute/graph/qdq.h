/* What the files of the pass that makes integer operators of pairs of DequantizeLinear and
 * QuantizeLinear share. */
#ifndef CX_QDQ_H
#define CX_QDQ_H

#include <stdbool.h>
#include <stdint.h>

#include "cx.h"
#include "graph/graph.h"
#include "graph/tensor.h"
#include "ops/op.h"

/* A value as DequantizeLinear reads it or QuantizeLinear writes it. */
struct cx_qdq_operand {
    uint32_t value, scale, zero; /* ids; zero CX_VALUE_NONE: 0 */
};

/* The pass. Values that it adds are constants, or made by the nodes it puts in front of others. */
struct cx_qdq {
    struct cx_graph *graph;
    uint32_t count;          /* values before the pass added some */
    uint32_t *uses, *makers; /* of these */
    struct cx_node *extras;  /* put in front of others, in the order of these */
    uint32_t *extra_places;  /* the indices of those */
    uint32_t extra_n, extra_room;
    struct cx_error *error;
};

/* What one QuantizeLinear ends: an operator, maybe an activation, and itself. */
struct cx_qdq_chain {
    struct cx_node *node; /* the QuantizeLinear, which becomes the integer operator */
    struct cx_node *real;
    struct cx_qdq_operand y;
    float low, high; /* of the activation; infinite without one */
};

/* The node that makes VALUE; NULL for inputs, constants and what the pass added. */
const struct cx_node *cx_qdq_maker(const struct cx_qdq *pass, uint32_t value);

/* The operand that a node of either kind converts, where its parameters are constants: one float
 * scale, or with AXIS 0 and up one an index of that axis. */
bool cx_qdq_operand_of(const struct cx_qdq *pass, const struct cx_node *node, int64_t axis,
                       struct cx_qdq_operand *ret_operand);

/* The operand behind a real value: what its DequantizeLinear reads, of one byte an element. */
bool cx_qdq_dequantized(const struct cx_qdq *pass, uint32_t value, int64_t axis,
                        struct cx_qdq_operand *ret_operand);

/* A constant of the pass's own, zeros that the caller may overwrite. */
enum cx_status cx_qdq_add_constant(struct cx_qdq *pass, enum cx_dtype dtype, struct cx_shape shape,
                                   void **ret_data, uint32_t *ret_value);

/* Where a model leaves the zero point out, makes it a constant 0 of the operand's type. */
enum cx_status cx_qdq_zero(struct cx_qdq *pass, struct cx_qdq_operand *operand);

/* Scale and zero point of index I of their axis; a ZERO of CX_VALUE_NONE is 0. */
float cx_qdq_scale_at(const struct cx_qdq *pass, uint32_t scale, int64_t i);
int64_t cx_qdq_zero_at(const struct cx_qdq *pass, uint32_t zero, int64_t i);

/* The chain's QuantizeLinear becomes OP with these inputs; its output stays. */
enum cx_status cx_qdq_become(struct cx_qdq *pass, struct cx_qdq_chain *chain, enum cx_op_id op,
                             const void *attrs, const uint32_t *inputs, uint32_t count);

/* ---- operators: each leaves the chain as it is where it can't be one on integers ---- */

enum cx_status cx_qdq_conv(struct cx_qdq *pass, struct cx_qdq_chain *chain);
/* Gemm and MatMul with constant weights. */
enum cx_status cx_qdq_matmul(struct cx_qdq *pass, struct cx_qdq_chain *chain);

/* A function of single elements, the chain's real operator, or none where that is the
 * DequantizeLinear itself, becomes a table of its 256 results. */
enum cx_status cx_qdq_table(struct cx_qdq *pass, struct cx_qdq_chain *chain);
bool cx_qdq_has_table(const struct cx_qdq *pass, const struct cx_node *real);

/* The integers of X as they are by the parameters of Y, by a table of their own that is
 * looked up in front of node PLACE; the new value's id. */
enum cx_status cx_qdq_convert(struct cx_qdq *pass, struct cx_qdq_operand x, struct cx_qdq_operand y,
                              uint32_t place, uint32_t *ret_value);

#endif
