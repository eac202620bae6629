/* How an operator becomes prepared launches on a device, without OpenCL types.
 *
 * A kernel (the host side of one: kernels/FILE.c) exports
 *     const struct cx_kernel cx_kernel_FILE_cpu = {.prepare = …};   for CX_KERNELS_SPLIT in ops.def
 *     const struct cx_kernel cx_kernel_FILE_gpu = {.prepare = …};
 *     const struct cx_kernel cx_kernel_FILE_any = {.prepare = …};   for CX_KERNELS_ANY
 * Its prepare function is called once a node while a plan is made, with every shape concrete. It
 * describes launches; it enqueues nothing. Buffers are named, not held: the plan places values and
 * scratch in memory after all nodes are described, sets each argument once on a kernel object of
 * that launch's own, and a run only enqueues. */
#ifndef CX_LAUNCH_H
#define CX_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cx.h"
#include "device/device.h"
#include "graph/graph.h"
#include "graph/layout.h"

/* The preparation of one node; lives only during prepare. */
struct cx_prepare;

enum cx_arg_kind {
    CX_ARG_NULL,    /* a NULL buffer, for an operand that is absent */
    CX_ARG_VALUE,   /* a value of the graph */
    CX_ARG_SCRATCH, /* memory of this node, see cx_prepare_scratch */
    CX_ARG_PACKED,  /* a constant in a kernel's own form, see cx_prepare_pack */
    CX_ARG_LOCAL,   /* local memory of that many bytes */
    CX_ARG_I32,
    CX_ARG_I64,
    CX_ARG_F32,
    CX_ARG_I32X8, /* an int8 by value: dimensions or strides of up to CX_RANK_MAX axes */
    CX_ARG_I64X8, /* a long8 by value */
    CX_ARG_FAULT, /* a global int *: where a kernel reports bad data, see cx_prepare_fault */
};

struct cx_arg {
    enum cx_arg_kind kind;
    union {
        uint32_t id; /* value id, scratch or packed handle */
        uint64_t bytes;
        int32_t i32;
        int64_t i64;
        float f32;
        int32_t i32x8[CX_RANK_MAX];
        int64_t i64x8[CX_RANK_MAX];
    };
};

static inline struct cx_arg cx_arg_value(uint32_t value)
{
    struct cx_arg arg = {value == CX_VALUE_NONE ? CX_ARG_NULL : CX_ARG_VALUE, {.id = value}};
    return arg;
}

static inline struct cx_arg cx_arg_scratch(uint32_t handle)
{
    struct cx_arg arg = {CX_ARG_SCRATCH, {.id = handle}};
    return arg;
}

static inline struct cx_arg cx_arg_packed(uint32_t handle)
{
    struct cx_arg arg = {CX_ARG_PACKED, {.id = handle}};
    return arg;
}

static inline struct cx_arg cx_arg_local(uint64_t bytes)
{
    struct cx_arg arg = {CX_ARG_LOCAL, {.bytes = bytes}};
    return arg;
}

static inline struct cx_arg cx_arg_i32(int64_t value)
{
    struct cx_arg arg = {CX_ARG_I32, {.i32 = (int32_t)value}};
    return arg;
}

static inline struct cx_arg cx_arg_i64(int64_t value)
{
    struct cx_arg arg = {CX_ARG_I64, {.i64 = value}};
    return arg;
}

static inline struct cx_arg cx_arg_f32(float value)
{
    struct cx_arg arg = {CX_ARG_F32, {.f32 = value}};
    return arg;
}

static inline struct cx_arg cx_arg_i64x8(const int64_t values[CX_RANK_MAX])
{
    struct cx_arg arg = {CX_ARG_I64X8, {.id = 0}};
    for (int i = 0; i < CX_RANK_MAX; i++)
        arg.i64x8[i] = values[i];
    return arg;
}

static inline struct cx_arg cx_arg_i32x8(const int64_t values[CX_RANK_MAX])
{
    struct cx_arg arg = {CX_ARG_I32X8, {.id = 0}};
    for (int i = 0; i < CX_RANK_MAX; i++)
        arg.i32x8[i] = (int32_t)values[i];
    return arg;
}

#define CX_LAUNCH_ARG_MAX 48
#define CX_LAUNCH_OPTIONS_MAX 512

/* One enqueue. A spec is copied by cx_prepare_launch; build it on the stack. */
struct cx_launch_spec {
    const char *file;                    /* under kernels/, "cpu/conv.cl" */
    const char *kernel;                  /* the function in it */
    char options[CX_LAUNCH_OPTIONS_MAX]; /* "-DNAME=VALUE …": one program for each text */
    uint32_t dim_n;                      /* 1 to 3 */
    size_t global[3];                    /* work-items; rounded up to local by cx_prepare_launch */
    size_t local[3];                     /* all 0: the driver chooses */
    uint32_t arg_n;
    struct cx_arg args[CX_LAUNCH_ARG_MAX];
    double flops; /* for profiles; 0 where not counted */
};

/* Appends a space and the text ("-DNAME=VALUE") to a spec's options; CX_INTERNAL through
 * cx_prepare_launch on overflow. */
__attribute__((format(printf, 2, 3))) void cx_launch_option(struct cx_launch_spec *spec,
                                                            const char *format, ...);
/* The -D options for an element type: TYPE (OpenCL storage name), COMPUTE_TYPE (what to calculate
 * in), and HALF_STORAGE=1 when a type is reached through vload_half / vstore_half because the
 * device has no fp16. kernels/common.cl's LOAD and STORE follow them. */
void cx_launch_option_dtype(struct cx_launch_spec *spec, const struct cx_prepare *p,
                            enum cx_dtype dtype);
/* Appends an argument; over CX_LAUNCH_ARG_MAX is CX_INTERNAL through cx_prepare_launch. */
void cx_launch_arg(struct cx_launch_spec *spec, struct cx_arg arg);

/* ---- a product by CLBlast ---- */

/* y = alpha * op(a) * op(b) for each of a batch of products of (m, k) and (k, n), all row-major;
 * offsets, leading dimensions and steps are in elements. */
struct cx_gemm_spec {
    enum cx_dtype dtype;
    int64_t m, n, k;
    bool a_trans, b_trans; /* a lies as (k, m), b as (n, k) */
    int64_t a_ld, b_ld;
    double alpha;
    int64_t batch_dims[CX_RANK_MAX]; /* outermost first, padded with 1 in front */
    int64_t a_batch[CX_RANK_MAX];    /* steps of a and b along them, 0 where repeated */
    int64_t b_batch[CX_RANK_MAX];
    struct cx_arg a, b, y; /* y: products one after the other, without gaps */
    struct cx_arg temp;    /* set by cx_prepare_gemm */
};

/* ---- several ways to do one node ---- */

#define CX_CANDIDATE_MAX 32

/* One of the ways in which a kernel can do a node. */
struct cx_candidate {
    /* "winograd-f4": of a-z, 0-9, '-' and '.', under CX_CANDIDATE_NAME_BYTES with its end, unlike
     * the others'. It is stored on disk, so a name's meaning never changes. */
    const char *name;
    double cost; /* an estimate in any unit; the lowest is taken where nothing was measured */
};

/* ---- what prepare functions may ask and do ---- */

const struct cx_device_info *cx_prepare_device(const struct cx_prepare *p);
/* As cx_device_half_sums. */
bool cx_prepare_half_sums(const struct cx_prepare *p);
const struct cx_node *cx_prepare_node(const struct cx_prepare *p);
const struct cx_graph *cx_prepare_graph(const struct cx_prepare *p);
/* Input or output I of the node; NULL when absent or out of range. */
const struct cx_value *cx_prepare_input(const struct cx_prepare *p, uint32_t i);
const struct cx_value *cx_prepare_output(const struct cx_prepare *p, uint32_t i);
/* The same as an argument; CX_ARG_NULL when absent. */
struct cx_arg cx_prepare_input_arg(const struct cx_prepare *p, uint32_t i);
struct cx_arg cx_prepare_output_arg(const struct cx_prepare *p, uint32_t i);
/* The epilogue's residual operand; CX_ARG_NULL without one. */
struct cx_arg cx_prepare_residual_arg(const struct cx_prepare *p);

/* Which of the N candidates to describe: the one that the device was opened to prefer
 * (cx_device_options.candidate), else what tuning found best for this operator with these shapes,
 * types, layouts and attributes on this device, else the one of lowest cost, the first of equals.
 * Offer only what gives right results for this node, each time the same names in the same order.
 * May be called again for a second choice of the same node that has other names. */
enum cx_status cx_prepare_choose(struct cx_prepare *p, const struct cx_candidate *candidates,
                                 uint32_t n, uint32_t *ret_choice);

/* Memory that lives while this node's launches run, shared in time with other nodes. */
enum cx_status cx_prepare_scratch(struct cx_prepare *p, uint64_t bytes, uint32_t *ret_handle);

/* Writes BYTES of a constant's new form to DATA (64-byte aligned, zeroed). CONTEXT is what the
 * caller of cx_prepare_pack gave. Runs at most once a session for each (value, kind). */
typedef void cx_pack_fn(const struct cx_value *value, void *data, const void *context);

/* A constant of the graph in a form of the kernel's own, kept by the session and shared by its
 * plans. KIND names the form and all that it depends on ("conv-a6-k256-g1"). VALUE must have data.
 */
enum cx_status cx_prepare_pack(struct cx_prepare *p, uint32_t value, const char *kind,
                               uint64_t bytes, cx_pack_fn *pack, const void *context,
                               uint32_t *ret_handle);

/* For kernels that meet bad data only in a run, such as an index out of range: the argument through
 * which they say so. The plan zeroes the int before each run and the kernel stores 1 there and goes
 * on within bounds; cx_run then fails with CX_FORMAT: "Gather 'g1': " + TEXT (kept by pointer). */
enum cx_status cx_prepare_fault(struct cx_prepare *p, const char *text, struct cx_arg *ret_arg);

/* This node's eval runs on the host inside cx_run, as for an operator of kind CX_KERNELS_HOST: for
 * types that the device's kernels don't cover. Excludes launches of the same node. */
enum cx_status cx_prepare_host(struct cx_prepare *p);

/* Adds one launch, after those added before. A spec with an empty range is dropped. */
enum cx_status cx_prepare_launch(struct cx_prepare *p, const struct cx_launch_spec *spec);

/* What CLBlast has for a product: no routine that is worth it here, one that may be chosen, or one
 * that the device was opened to take (CX_BLAS_ALWAYS). */
enum cx_gemm_offer { CX_GEMM_NONE, CX_GEMM_OFFERED, CX_GEMM_WANTED };

enum cx_gemm_offer cx_prepare_gemm_offer(const struct cx_prepare *p,
                                         const struct cx_gemm_spec *gemm);

/* Adds a product that CLBlast does, after the launches added before, with *ret_taken = true; or
 * adds nothing, with false, when CLBlast has no routine for it or isn't worth its overhead here.
 * Its programs are built and its device memory is planned with the plan. In a run it enqueues; it
 * takes no device memory, but CLBlast itself uses the host's heap in each call: version 1.5.3 on
 * PoCL some 50 times. */
enum cx_status cx_prepare_gemm(struct cx_prepare *p, const struct cx_gemm_spec *gemm,
                               bool *ret_taken);

/* The launches that this node adds from now on replace those before, should CLBlast fail when the
 * plan is built. */
void cx_prepare_otherwise(struct cx_prepare *p);

/* "Conv 'c1': " + text; returns status. */
__attribute__((format(printf, 3, 4))) enum cx_status
cx_prepare_fail(struct cx_prepare *p, enum cx_status status, const char *format, ...);

/* ---- rows ---- */

struct cx_kernel {
    /* Describes the launches of a node. CX_UNSUPPORTED names the type or attribute it lacks. */
    enum cx_status (*prepare)(struct cx_prepare *p);
    /* The layouts a node's operands would best have; NULL: PLAIN for all. The layout pass asks it
     * and inserts Reorder nodes where neighbours disagree; prepare then finds in each value's
     * `layout` what it got, which for a constant is PLAIN always. */
    cx_layout_fn *layout;
};

/* The row of an operator on a family; NULL when there is none. */
const struct cx_kernel *cx_kernel_find(const struct cx_op *op, enum cx_family family);

/* What the row of the query's node answers on the device's family; PLAIN where there is none. */
struct cx_layouts cx_kernel_layouts(const struct cx_layout_query *query);

#endif
