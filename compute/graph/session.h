/* Sessions and plans inside. */
#ifndef CX_SESSION_H
#define CX_SESSION_H

#include <xxhash.h>

#include "cx.h"
#include "device/choices.h"
#include "device/launch.h"
#include "device/queue.h"
#include "graph/graph.h"
#include "graph/memory.h"
#include "graph/tensor.h"

struct cx_packed;
struct cx_halves;

struct cx_session {
    const struct cx_graph *graph; /* as loaded */
    struct cx_device *device;
    struct cx_packed *packed;
    struct cx_halves *halves; /* constants in half, in host memory */
    uint64_t constant_bytes;
    void *reading; /* where a weight's elements lie while it is packed */
    uint64_t reading_bytes;
    const struct cx_choices *trial; /* NULL, or what to choose before anything else */
    bool (*stop)(void *context);    /* not NULL: asked while a plan is made; true ends that */
    void *stop_context;
    const char *candidate; /* not NULL: in place of the device's, see cx_device_candidate */
};

/* Gives back every form of the constants. The session has no plans. */
void cx_session_clear(struct cx_session *session);

/* The device buffer of a constant in the form that PACK makes, made once for equal contents and
 * kind. Owned by the session. */
enum cx_status cx_session_pack(struct cx_session *session, const struct cx_value *value,
                               const char *kind, uint64_t bytes, cx_pack_fn *pack,
                               const void *context, struct cx_buffer **ret_buffer,
                               struct cx_error *err);

/* Gives back the memory that packing takes meanwhile: when a plan is made. */
void cx_session_end_packing(struct cx_session *session);

/* A constant as it stands in the graph. */
enum cx_status cx_session_constant(struct cx_session *session, const struct cx_value *value,
                                   struct cx_buffer **ret_buffer, struct cx_error *err);

/* The elements of a float constant as halves, in host memory of the session, made once for equal
 * contents. */
enum cx_status cx_session_halves(struct cx_session *session, const struct cx_value *value,
                                 const void **ret_data, struct cx_error *err);

/* ---- what prepare functions described, before it has a place in memory ---- */

struct cx_described_launch {
    uint32_t node;
    bool otherwise; /* in place of the node's others, should its gemm fail */
    bool is_gemm;
    union {
        struct cx_launch_spec spec;
        struct cx_gemm_spec gemm;
    };
};

struct cx_described_fault {
    uint32_t node;
    const char *text;
};

/* A choice that a node's kernel had, and what came of it. */
struct cx_choice_point {
    uint32_t node;
    uint32_t candidate_n, taken;
    XXH128_hash_t key; /* equal for choices that have the same answer */
    char names[CX_CANDIDATE_MAX][CX_CANDIDATE_NAME_BYTES];
    double costs[CX_CANDIDATE_MAX];
};

struct cx_description {
    struct cx_described_launch *launches;
    uint32_t launch_n, launch_room;
    struct cx_storage *scratch; /* offsets set by the plan */
    uint32_t scratch_n, scratch_room;
    struct cx_buffer **packed; /* owned by the session */
    uint32_t packed_n, packed_room;
    struct cx_described_fault *faults;
    uint32_t fault_n, fault_room;
    struct cx_choice_point *points; /* in the order of nodes */
    uint32_t point_n, point_room;
    bool *host; /* one a node: eval runs it */
};

/* Asks the kernel of every node of a bound graph; the outputs' owner finishes it even on failure.
 */
enum cx_status cx_describe(struct cx_session *session, const struct cx_graph *bound,
                           struct cx_description *description, struct cx_error *err);
void cx_description_finish(struct cx_description *description);

/* ---- plans ---- */

/* A node that eval runs: its operands in host memory. */
struct cx_host_step {
    const struct cx_node *node;
    struct cx_tensor *in, *out; /* absent operands are CX_DTYPE_UNDEFINED */
    struct cx_tensor residual;
    void *memory; /* of the operands that a run computes */
};

struct cx_step {
    uint32_t node;
    struct cx_launch *launch; /* one of the three */
    struct cx_gemm *gemm;
    struct cx_host_step *host;
    struct cx_stamp stamp; /* used on a device that profiles */
};

struct cx_plan_io {
    struct cx_tensor_info info;
    size_t bytes;
    struct cx_buffer *buffer; /* NULL for an input that nothing reads, or no bytes */
};

struct cx_plan {
    struct cx_session *session;
    struct cx_graph *bound;
    struct cx_buffer **blocks; /* activations and scratch */
    uint32_t block_n;
    struct cx_buffer **slices; /* one a storage, values' before scratch's */
    uint32_t slice_n;
    struct cx_buffer **value_buffers; /* one a value; a slice, a constant or NULL */
    struct cx_step *steps;
    uint32_t step_n;
    uint32_t launch_n;
    struct cx_plan_io *inputs, *outputs;
    uint32_t input_n, output_n;
    struct cx_described_fault *faults;
    int32_t *fault_flags; /* read back after a run */
    int32_t *fault_zeros;
    uint64_t fault_bytes;
    uint32_t fault_n;
    struct cx_buffer *fault_buffer, **fault_slices;
    struct cx_launch_time *times;
    struct cx_choice_point *points; /* the description's */
    uint32_t point_n;
    uint64_t activation_bytes;
    struct cx_stamp stamp_in, stamp_first, stamp_last, stamp_out;
    struct cx_overlap *overlap; /* NULL until cx_plan_overlap */
    uint64_t run_us;            /* the last cx_run; 0: none yet */
};

/* Enqueues the steps of a run; waits for none but those on the host. */
enum cx_status cx_plan_enqueue(struct cx_plan *plan, struct cx_error *err);
/* Fails with the text of the first fault that FLAGS, as read back after a run, has set. */
enum cx_status cx_plan_check_faults(const struct cx_plan *plan, const int32_t *flags,
                                    struct cx_error *err);

/* Waits for the runs in flight and frees what they used. */
void cx_overlap_destroy(struct cx_plan *plan);

/* The layout pass with the kernels of the session's device, and what follows from layouts. */
enum cx_status cx_plan_layout(struct cx_session *session, struct cx_graph *bound,
                              struct cx_error *err);

/* Places a described bound graph in memory and makes its steps; takes the description's choices
 * over. */
enum cx_status cx_plan_build(struct cx_plan *plan, struct cx_description *description,
                             const struct cx_progress *progress, struct cx_error *err);

enum cx_status cx_host_step_create(struct cx_plan *plan, uint32_t node,
                                   struct cx_host_step **ret_step, struct cx_error *err);
void cx_host_step_destroy(struct cx_host_step *step);
/* Reads the operands from the device, evaluates, writes the results. Blocks; allocates nothing. */
enum cx_status cx_host_step_run(struct cx_plan *plan, struct cx_host_step *step,
                                struct cx_error *err);

#endif
