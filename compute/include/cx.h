/* cx: run a model on an OpenCL device. The only header that other rooms include.
 *
 * Every function that can fail returns a cx_status and, when `err` is not NULL, fills it with one
 * line of text; `ret_` outputs come last among the data and are untouched on failure. The library
 * never prints, exits or aborts.
 *
 * Threads: a device handle, and every session and plan made on it, are used by one thread at a
 * time. Different devices may be used by different threads, but for two of PoCL 3: its cache of
 * kernels' code, one a process, counts wrongly when two devices run the same kernel and aborts (the
 * agent gives each device a process). A loaded model is read-only and may be shared by several
 * threads. Nothing here survives a fork(): open devices after forking. */
#ifndef CX_H
#define CX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cx_status {
#define CX_STATUS(number, name, text, help) CX_##name = number,
#include "cx_status.def"
#undef CX_STATUS
};

#define CX_ERROR_TEXT_MAX 512

struct cx_error {
    enum cx_status status;
    char text[CX_ERROR_TEXT_MAX];
};

/* The short stable name ("shape", "no_device"), or "unknown"; static storage. */
const char *cx_status_name(enum cx_status status);
/* One line of help for a status; static storage. */
const char *cx_status_help(enum cx_status status);

/* Numbered as ONNX TensorProto.DataType. */
enum cx_dtype {
    CX_DTYPE_UNDEFINED = 0,
    CX_DTYPE_FLOAT = 1,
    CX_DTYPE_UINT8 = 2,
    CX_DTYPE_INT8 = 3,
    CX_DTYPE_UINT16 = 4,
    CX_DTYPE_INT16 = 5,
    CX_DTYPE_INT32 = 6,
    CX_DTYPE_INT64 = 7,
    CX_DTYPE_STRING = 8,
    CX_DTYPE_BOOL = 9,
    CX_DTYPE_FLOAT16 = 10,
    CX_DTYPE_DOUBLE = 11,
    CX_DTYPE_UINT32 = 12,
    CX_DTYPE_UINT64 = 13,
    CX_DTYPE_COMPLEX64 = 14,
    CX_DTYPE_COMPLEX128 = 15,
    CX_DTYPE_BFLOAT16 = 16,
    CX_DTYPE_FLOAT8E4M3FN = 17,
    CX_DTYPE_FLOAT8E4M3FNUZ = 18,
    CX_DTYPE_FLOAT8E5M2 = 19,
    CX_DTYPE_FLOAT8E5M2FNUZ = 20,
    CX_DTYPE_UINT4 = 21,
    CX_DTYPE_INT4 = 22,
    CX_DTYPE_FLOAT4E2M1 = 23,
    CX_DTYPE_FLOAT8E8M0 = 24,
    CX_DTYPE_UINT2 = 25,
    CX_DTYPE_INT2 = 26,
};

/* Bytes of one element; 0 for strings, for types under 8 bits and for unknown ones. */
size_t cx_dtype_size(enum cx_dtype dtype);
/* "float", "int64", …; "undefined" for anything unknown; static storage. */
const char *cx_dtype_name(enum cx_dtype dtype);

#define CX_RANK_MAX 8
#define CX_DIM_SYMBOLIC (-1)

struct cx_shape {
    uint32_t rank;
    int64_t dims[CX_RANK_MAX]; /* outermost first; CX_DIM_SYMBOLIC where not known yet */
};

/* Elements of a shape; CX_SHAPE when a dimension is symbolic, CX_LIMIT when it overflows. */
enum cx_status cx_shape_count(const struct cx_shape *shape, uint64_t *ret_count);
bool cx_shape_equal(const struct cx_shape *a, const struct cx_shape *b);
/* Writes "2x3x224x224" ("?" for symbolic, "scalar" for rank 0), cut to size; returns text. */
const char *cx_shape_format(const struct cx_shape *shape, char *text, size_t text_size);

/* ---- devices ---- */

enum cx_device_type { CX_DEVICE_CPU, CX_DEVICE_GPU, CX_DEVICE_ACCELERATOR };

/* The kernels of a device: their shape follows the hardware, not the vendor. */
enum cx_family { CX_FAMILY_AUTO = 0, CX_FAMILY_CPU, CX_FAMILY_GPU };

const char *cx_device_type_name(enum cx_device_type type);
const char *cx_family_name(enum cx_family family);

/* The instruction for dot products of bytes that a CPU device's kernels may use, by inline
 * assembly; as DOT in kernels/cpu/int8_dot.cl numbers them. */
enum cx_int8_dot { CX_INT8_DOT_NONE, CX_INT8_DOT_AVX512_VNNI, CX_INT8_DOT_AVX_VNNI };

#define CX_PCI_MAX 16

struct cx_device_info {
    char id[40];       /* "0:0-9f83c2a1": platform:device-hash; stable while the hardware is */
    uint32_t platform; /* the numbers in the id */
    uint32_t index;
    char name[128];
    char vendor[128];
    char platform_name[128];
    char driver[128];
    char version[128];
    char pci[CX_PCI_MAX]; /* address of the card, "0000:03:00.0", where the driver tells it */
    enum cx_device_type type;
    enum cx_family family;
    bool available;
    uint64_t global_bytes;
    uint64_t local_bytes;
    uint64_t alloc_bytes_max; /* the largest single buffer */
    uint64_t cache_bytes;     /* last-level cache, as the driver tells it */
    uint32_t compute_units;
    uint32_t clock_mhz;
    uint32_t group_size_max;
    uint32_t subgroups_max; /* 0: no sub-groups */
    uint32_t float_width;   /* native float vector width, at least 1 */
    uint32_t base_align_bytes;
    uint64_t image2d_width_max; /* 0: no images */
    uint64_t image2d_height_max;
    bool fp16;
    bool fp64;
    bool unified_memory; /* host and device share memory: buffers can be used in place */
    enum cx_int8_dot int8_dot;
};

/* Call once at start, before any other function and before other threads: gives drivers that keep
 * a cache of their own (PoCL) a folder under cache_dir, unless the environment names one already.
 * Sets an environment variable. CX_IO when the folder can't be made or written. */
enum cx_status cx_setup(const char *cache_dir, struct cx_error *err);

/* Finds every device of every platform; the caller frees *ret_devices with free(). May block for
 * seconds while drivers start. Zero devices is success with *ret_n = 0; a platform that fails to
 * list its devices is CX_NO_DEVICE with the reason, unless another platform has some. */
enum cx_status cx_devices_list(struct cx_device_info **ret_devices, size_t *ret_n,
                               struct cx_error *err);

struct cx_device;

/* Which matrix products go through CLBlast: those of float and double that are large enough to gain
 * by it, on GPUs; none; or all that it has a routine for. */
enum cx_blas { CX_BLAS_AUTO = 0, CX_BLAS_NEVER, CX_BLAS_ALWAYS };

/* How the numbers of a float model are kept between operators. HALF: in 16 bits wherever an
 * operator takes them, which halves what is read and written; products are summed in float all the
 * same. Outputs of the networks tried differ by 0.1% to 0.8% of the largest one. On devices
 * without fp16 kernels convert as they load and store.
 * HALF_SUMS: besides, where the device has fp16, tiled products add eight products up in half
 * before they go to a sum in float, which devices with packed halves do in half of the time;
 * eight that come to more than 65504 are then infinite. */
enum cx_precision { CX_PRECISION_MODEL = 0, CX_PRECISION_HALF, CX_PRECISION_HALF_SUMS };

struct cx_device_options {
    const char *cache_dir;       /* program binaries and what tuning found; NULL: nothing on disk */
    uint64_t cache_bytes_max;    /* 0: 256 MiB; the oldest entries go first */
    uint64_t memory_bytes_max;   /* most device memory to use; 0: what the device has */
    enum cx_family family;       /* AUTO: by device type; tests override it */
    uint32_t float_width;        /* kernels for vectors of 4, 8 or 16; 0: what the device has */
    enum cx_blas blas;           /* only where the family is GPU; tests override it */
    enum cx_precision precision; /* only where the family is GPU */
    const char *candidate;       /* of kernels that can do a node in several ways, the one to take:
                                    "winograd-f4", or "winograd" for the cheapest of that beginning;
                                    where a node has none, and with NULL, it is chosen as always */
    bool profiling;              /* time stamps on every launch: slower, for cx_plan_profile */
    bool block_all; /* for tests: what can run in blocks of channels does, if its input is or not */
};

/* Opens the device whose id is given ("0:0-9f83c2a1", or just "0:0"; NULL: the first GPU, else the
 * first device). options may be NULL. *ret_device is the caller's until cx_device_close. */
enum cx_status cx_device_open(const char *id, const struct cx_device_options *options,
                              struct cx_device **ret_device, struct cx_error *err);
/* Every session on the device must be gone. NULL is fine. May block until the queue is empty. */
void cx_device_close(struct cx_device *device);

/* Does one piece of work that can wait, such as storing a built program in the cache on disk.
 * Returns whether it found some. Blocks for up to a second; call it while nobody waits for the
 * device. What is left undone at cx_device_close is left to a later process. */
bool cx_device_idle(struct cx_device *device);

const struct cx_device_info *cx_device_describe(const struct cx_device *device);

struct cx_device_stats {
    uint64_t arena_bytes_live; /* handed out */
    uint64_t arena_bytes_idle; /* kept for reuse */
    uint64_t arena_bytes_peak; /* most ever held from the driver */
    uint64_t arena_hits;       /* requests served from idle memory */
    uint64_t arena_misses;     /* requests that went to the driver */
    uint64_t programs;         /* programs in memory now */
    uint64_t program_hits;     /* found on disk, checked and used */
    uint64_t program_misses;   /* built from source */
    uint64_t program_rejected; /* entries found corrupt, foreign or refused, then rebuilt */
    uint64_t program_evicted;  /* entries removed to keep the size bound */
    uint64_t choices;          /* remembered: which of a kernel's candidates does a node best */
    uint64_t choices_rejected; /* files of them found corrupt, or of another driver or version */
    uint64_t build_us;         /* total time spent in builds and loads */
};

void cx_device_stats_get(const struct cx_device *device, struct cx_device_stats *ret_stats);

/* What the device can do at best, measured now by kernels of our own: fused multiply-adds in
 * registers, and reads of memory in order. Blocks for a second or two. */
enum cx_status cx_device_measure(struct cx_device *device, double *ret_gflops,
                                 double *ret_gbytes_per_s, struct cx_error *err);

/* ---- models ---- */

struct cx_model;

struct cx_tensor_info {
    const char *name; /* owned by the model */
    enum cx_dtype dtype;
    struct cx_shape shape; /* CX_DIM_SYMBOLIC where the model leaves it open */
};

/* Reads, checks and simplifies an ONNX file (external data beside it included). May block on disk;
 * needs no device. The caller destroys *ret_model after every session made from it. */
enum cx_status cx_model_load(const char *path, struct cx_model **ret_model, struct cx_error *err);
void cx_model_destroy(struct cx_model *model);

size_t cx_model_input_count(const struct cx_model *model);
size_t cx_model_output_count(const struct cx_model *model);
/* NULL when i is out of range. */
const struct cx_tensor_info *cx_model_input(const struct cx_model *model, size_t i);
const struct cx_tensor_info *cx_model_output(const struct cx_model *model, size_t i);
uint64_t cx_model_weight_bytes(const struct cx_model *model);

/* ---- sessions, plans, runs ---- */

/* A model's constants on a device, shared by all plans made from it. */
struct cx_session;
/* A session prepared for fixed input shapes: memory planned, kernels built, arguments set. */
struct cx_plan;

/* The model and the device must outlive the session. May block; constants are uploaded when the
 * first plan shows which form of them the device's kernels want. */
enum cx_status cx_session_create(const struct cx_model *model, struct cx_device *device,
                                 struct cx_session **ret_session, struct cx_error *err);
/* Every plan of the session must be gone. NULL is fine. */
void cx_session_destroy(struct cx_session *session);
/* Device bytes of the constants uploaded so far. */
uint64_t cx_session_constant_bytes(const struct cx_session *session);

/* Called from inside cx_plan_create on its thread after each step of a long preparation. */
struct cx_progress {
    void (*report)(void *context, const char *step, uint32_t done, uint32_t total);
    void *context;
};

/* Prepares runs with these concrete input shapes, one for each model input in order. Blocks while
 * kernels are built: seconds on a cold cache. progress may be NULL. An operator, type or shape
 * without a kernel is CX_UNSUPPORTED naming it. */
enum cx_status cx_plan_create(struct cx_session *session, const struct cx_shape *input_shapes,
                              size_t input_n, const struct cx_progress *progress,
                              struct cx_plan **ret_plan, struct cx_error *err);
void cx_plan_destroy(struct cx_plan *plan);

/* Concrete inputs and outputs, and the bytes of their host buffers; NULL / 0 out of range. */
const struct cx_tensor_info *cx_plan_input(const struct cx_plan *plan, size_t i);
const struct cx_tensor_info *cx_plan_output(const struct cx_plan *plan, size_t i);
size_t cx_plan_input_bytes(const struct cx_plan *plan, size_t i);
size_t cx_plan_output_bytes(const struct cx_plan *plan, size_t i);
size_t cx_plan_launch_count(const struct cx_plan *plan);
/* Floating-point operations of a run, as far as kernels count them (products and convolutions). */
double cx_plan_flops(const struct cx_plan *plan);
/* Device bytes of activations and scratch. */
uint64_t cx_plan_activation_bytes(const struct cx_plan *plan);

struct cx_timing {
    uint64_t copy_in_us;
    uint64_t compute_us;
    uint64_t copy_out_us;
};

/* Runs the plan: inputs[i] holds cx_plan_input_bytes(i) bytes, outputs[i] takes
 * cx_plan_output_bytes(i). Blocks until the outputs are written. Allocates and builds nothing;
 * drivers, and CLBlast where a plan uses it, may use the host's heap inside their calls.
 * After CX_DEVICE the device handle is suspect: close it. ret_timing may be NULL. */
enum cx_status cx_run(struct cx_plan *plan, const void *const *inputs, void *const *outputs,
                      struct cx_timing *ret_timing, struct cx_error *err);

/* A long cx_run asks `wanted` about twenty times a second, on its thread, between launches, and
 * ends with CX_CANCELLED when it says so; the plan can run again. The first run of a plan asks as
 * well, later ones that take less than a twentieth of a second don't. NULL: nobody is asked.
 * Changes nothing that runs. */
void cx_device_stop_by(struct cx_device *device, bool (*wanted)(void *context), void *context);

/* Runs that overlap: while one computes, the next one's inputs are on their way to the device and
 * the last one's outputs on their way back, over queues of their own and through pinned memory.
 * They compute one after the other, in the order of their starts; cx_run may come between. */
#define CX_RUNS_AHEAD 2

/* Makes a plan ready for it: host and device memory for the inputs and outputs of CX_RUNS_AHEAD
 * runs. CX_UNSUPPORTED where a node runs on the host. */
enum cx_status cx_plan_overlap(struct cx_plan *plan, struct cx_error *err);
/* Starts a run; the inputs are the caller's again when it returns. Doesn't wait for the device.
 * CX_LIMIT while CX_RUNS_AHEAD runs are in flight. A run that fails to start isn't in flight. */
enum cx_status cx_run_start(struct cx_plan *plan, const void *const *inputs, struct cx_error *err);
/* Blocks until the oldest run in flight is done, and writes its outputs; also when it failed, it is
 * in flight no longer. CX_ARGUMENT when none is. */
enum cx_status cx_run_wait(struct cx_plan *plan, void *const *outputs, struct cx_error *err);

/* One line a launch: which node, which kernel, how long. */
struct cx_launch_time {
    const char *node; /* owned by the plan */
    const char *kernel;
    const char *candidate; /* of the node's ways, the one taken; NULL: it has one; the plan's */
    uint64_t duration_ns;
    double flops; /* floating-point operations, 0 where not counted */
};

/* Times of the last cx_run on a device opened with profiling; *ret_times is an array of
 * cx_plan_launch_count entries owned by the plan. CX_ARGUMENT without profiling. */
enum cx_status cx_plan_profile(struct cx_plan *plan, const struct cx_launch_time **ret_times,
                               struct cx_error *err);

/* ---- tuning ---- */

#define CX_TUNE_NODE_BYTES 64
#define CX_CANDIDATE_NAME_BYTES 32

struct cx_tune_progress {
    const char *step; /* "building", "measuring", "repeating", "checking", "confirming"; static */
    uint32_t done, total; /* candidates: measured so far, of those worth it */
    uint64_t elapsed_us, budget_us;
    uint64_t before_us, best_us; /* kernels' time of a run: as it was, and with the best known; 0
                                    while not measured */
};

struct cx_tune_options {
    uint64_t budget_us; /* of all of it, programs that are built included; 0: 60 seconds */
    /* Called on this thread before each run and after each launch that is prepared; false stops.
     * NULL is fine. */
    bool (*report)(void *context, const struct cx_tune_progress *progress);
    uint64_t (*clock_us)(void *context); /* NULL: the monotonic clock; tests count */
    void *context;
};

/* A choice that kernels had; nodes that are alike share one. */
struct cx_tune_choice {
    char node[CX_TUNE_NODE_BYTES]; /* the first of them */
    const char *op;                /* static */
    uint32_t nodes;
    uint32_t candidates, refused;
    char before[CX_CANDIDATE_NAME_BYTES], after[CX_CANDIDATE_NAME_BYTES];
    uint64_t before_ns, after_ns; /* of all the nodes in one run; 0: not measured */
};

struct cx_tune_report {
    struct cx_tune_choice *choices; /* those that took most time first */
    uint32_t choice_n;
    uint32_t changed;                       /* choices whose `after` isn't `before` */
    uint32_t candidates, measured, refused; /* refused: failed, or gave other results */
    uint32_t runs;
    uint64_t elapsed_us;
    uint64_t before_us, after_us; /* medians of whole runs, alternating; 0: nothing to compare */
    bool complete;                /* nothing was left out for want of time */
    bool cancelled;
    bool kept; /* the changes were confirmed to be faster and are remembered */
};

/* Measures which of their candidates the model's nodes do best with these input shapes, on runs of
 * the whole network with made-up inputs, and keeps what makes it faster: for plans made from now
 * on, on disk too where the device has a cache. A candidate that fails, or whose network's outputs
 * differ by more than rounding, is refused. When `report` says stop, or the budget is used up, what
 * was learnt until then is confirmed and kept as well. Blocks for the budget, or for as long as a
 * driver takes for one kernel. Plans that exist stay as they are. The caller finishes *ret_report
 * after success. CX_IO: tuned, but in this process's memory only; then too. */
enum cx_status cx_tune(struct cx_session *session, const struct cx_shape *input_shapes,
                       size_t input_n, const struct cx_tune_options *options,
                       struct cx_tune_report *ret_report, struct cx_error *err);
void cx_tune_report_finish(struct cx_tune_report *report);

#endif
