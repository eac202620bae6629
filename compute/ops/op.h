/* What an operator is. Adding one: a row in ops.def and a file named after the row's second
 * column, which defines `const struct cx_op_impl cx_op_FILE`. Kernels are the device's side:
 * the row's `kernels` column says who runs it (see ops.def). */
#ifndef CX_OP_H
#define CX_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cx.h"
#include "graph/graph.h"
#include "graph/tensor.h"

struct cx_attr_set;

/* What the memory plan and the passes may do with a node of this operator. */
enum cx_op_flags {
    CX_OP_ALIAS = 1 << 0,      /* output 0 is input 0's bytes under another shape: no kernel */
    CX_OP_INPLACE = 1 << 1,    /* may write output 0 over a dying input of equal bytes */
    CX_OP_SHAPE_ONLY = 1 << 2, /* eval reads the shapes of its inputs, never their data */
    CX_OP_EPILOGUE = 1 << 3,   /* its kernels apply node->epilogue */
    CX_OP_IDENTITY = 1 << 4,   /* output 0 is input 0 unchanged */
    CX_OP_HEAVY = 1 << 5,      /* eval costs far more than reading its operands */
};

/* One node with its tensors, for infer and eval. Absent optional tensors have dtype
 * CX_DTYPE_UNDEFINED. */
struct cx_call {
    const struct cx_node *node; /* node->attrs and node->opset are the operator's own business */
    const struct cx_tensor *in; /* node->input_count; data is NULL unless constant (infer) */
    struct cx_tensor *out;      /* node->output_count */
    struct cx_error *error;
};

struct cx_op_impl {
    uint32_t flags;

    /* Checks the attributes and makes the struct that node->attrs will point at, in the
     * set's arena. NULL for an operator without attributes. */
    enum cx_status (*parse)(struct cx_attr_set *set, const struct cx_op *op, int32_t opset,
                            const void **ret_attrs);

    /* Sets dtype and shape of every present output from concrete inputs. Inputs whose values
     * decide a shape must have data, else CX_UNSUPPORTED. Checks all that eval and the kernels
     * rely on: types, ranks, axes, indices it can see. */
    enum cx_status (*infer)(struct cx_call *call);

    /* The reference: plain C, any thread, allocates nothing. Every input present has data, each
     * present output has its inferred type and shape and data to fill; not aliased with inputs.
     * CX_FORMAT for values that only a run can see, such as an index out of range. */
    enum cx_status (*eval)(struct cx_call *call);

    /* For an operator without inputs: the tensor output 0 always is, living as long as the loaded
     * graph; NULL when eval makes it. Optional. */
    const struct cx_tensor *(*constant)(const struct cx_node *node);
};

enum cx_kernel_kind {
    CX_KERNELS_NONE,  /* no launch: aliases, and nodes that binding always folds away */
    CX_KERNELS_HOST,  /* eval runs on the host inside cx_run: small integer and exotic nodes */
    CX_KERNELS_ANY,   /* one kernel for every device family: cx_kernel_FILE_any */
    CX_KERNELS_SPLIT, /* a kernel a family: cx_kernel_FILE_cpu, cx_kernel_FILE_gpu */
};

struct cx_op {
    const char *name;
    const char *domain; /* "" is ai.onnx; "cx" are ours, made by passes, never read from files */
    const struct cx_op_impl *impl;
    int32_t since, until; /* opsets it is accepted in; until 0 = the newest */
    uint32_t in_min, in_max, out_min, out_max;
    enum cx_kernel_kind kernels;
    const char *help;
};

#define CX_ARITY_MAX 1024 /* inputs or outputs of a node, in ops.def `MANY` */
#define CX_OPSET_MIN 7
#define CX_OPSET_MAX 28

/* One number an operator name, in the order of ops.def, for tables that stand beside it. */
enum cx_op_id {
#define CX_OP(id, ...) CX_OP_ID_##id,
#include "ops/ops.def"
#undef CX_OP
    CX_OP_COUNT
};

extern const struct cx_op cx_ops[CX_OP_COUNT];

static inline enum cx_op_id cx_op_id(const struct cx_op *op)
{
    return (enum cx_op_id)(op - cx_ops);
}

/* The row for NAME of DOMAIN in OPSET; NULL when there is none. */
const struct cx_op *cx_op_find(const char *domain, const char *name, int32_t opset);

/* A node of a bound graph as a call, for the resolve functions of operators' headers. */
#define CX_BOUND_IN_MAX 8
struct cx_bound_call {
    struct cx_call call;
    struct cx_tensor in[CX_BOUND_IN_MAX], out[CX_BOUND_IN_MAX];
};

/* BOUND must not be copied afterwards. Operands from CX_BOUND_IN_MAX on are left out. */
void cx_bound_call_init(struct cx_bound_call *bound, const struct cx_graph *graph,
                        const struct cx_node *node, struct cx_error *error);

/* Formats a failure of this call's node: "MatMul 'fc1': " + text. Returns STATUS. */
enum cx_status cx_call_fail(const struct cx_call *call, enum cx_status status, const char *format,
                            ...) __attribute__((format(printf, 3, 4)));

/* Whether optional input or output I is there. */
bool cx_call_has_in(const struct cx_call *call, uint32_t i);
bool cx_call_has_out(const struct cx_call *call, uint32_t i);

/* Fails naming the type unless input I's type is in the set, a mask of 1 << cx_dtype. */
enum cx_status cx_call_check_dtype(const struct cx_call *call, uint32_t i, uint32_t dtypes);

/* CX_TYPE unless inputs I and J are of one type. */
enum cx_status cx_call_check_same_dtype(const struct cx_call *call, uint32_t i, uint32_t j);

/* For infer: CX_UNSUPPORTED unless the values of input I (WHAT: "the shape") are known now. */
enum cx_status cx_call_need_data(const struct cx_call *call, uint32_t i, const char *what);

/* "operator 'Conv' (node 'c1', domain 'ai.onnx', opset 13)", the start of every message. */
void cx_node_describe(const char *op, const char *node, const char *domain, int32_t opset,
                      char *text, size_t size);

/* Runs infer, then checks that every output it set has a known type and bounded size. */
enum cx_status cx_call_infer(struct cx_call *call);

/* Runs eval and the node's epilogue (RESIDUAL is NULL when it has none). */
enum cx_status cx_call_eval(struct cx_call *call, const struct cx_tensor *residual);

/* Sets of element types, for cx_call_check_dtype and for rows of kernels. */
#define CX_DTYPE_BIT(name) (1u << CX_DTYPE_##name)
#define CX_DTYPES_FLOAT \
    (CX_DTYPE_BIT(FLOAT) | CX_DTYPE_BIT(FLOAT16) | CX_DTYPE_BIT(DOUBLE) | CX_DTYPE_BIT(BFLOAT16))
#define CX_DTYPES_SIGNED \
    (CX_DTYPE_BIT(INT8) | CX_DTYPE_BIT(INT16) | CX_DTYPE_BIT(INT32) | CX_DTYPE_BIT(INT64))
#define CX_DTYPES_UNSIGNED \
    (CX_DTYPE_BIT(UINT8) | CX_DTYPE_BIT(UINT16) | CX_DTYPE_BIT(UINT32) | CX_DTYPE_BIT(UINT64))
#define CX_DTYPES_INT (CX_DTYPES_SIGNED | CX_DTYPES_UNSIGNED)
#define CX_DTYPES_NUMBER (CX_DTYPES_FLOAT | CX_DTYPES_INT)
#define CX_DTYPES_PLAIN (CX_DTYPES_NUMBER | CX_DTYPE_BIT(BOOL))
#define CX_DTYPES_FLOAT8                                                                    \
    (CX_DTYPE_BIT(FLOAT8E4M3FN) | CX_DTYPE_BIT(FLOAT8E4M3FNUZ) | CX_DTYPE_BIT(FLOAT8E5M2) | \
     CX_DTYPE_BIT(FLOAT8E5M2FNUZ) | CX_DTYPE_BIT(FLOAT8E8M0))
#define CX_DTYPES_SUB_BYTE                                                                       \
    (CX_DTYPE_BIT(UINT4) | CX_DTYPE_BIT(INT4) | CX_DTYPE_BIT(FLOAT4E2M1) | CX_DTYPE_BIT(UINT2) | \
     CX_DTYPE_BIT(INT2))

#endif
