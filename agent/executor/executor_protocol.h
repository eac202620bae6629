/* What the agent and the process that owns one device say to each other: one struct a packet on a
 * socket pair, tensors in a shared memory file. Both ends are the same build, on one machine; the
 * version only catches a program that was replaced while it ran. Each end still bounds every number
 * of the other: a driver may have written into the executor's memory. */
#ifndef EXECUTOR_PROTOCOL_H
#define EXECUTOR_PROTOCOL_H

#include <stdint.h>

enum {
    EXECUTOR_VERSION = 3,
    EXECUTOR_SOCKET_FD = 3,
    EXECUTOR_MEMORY_FD = 4,
    EXECUTOR_TENSORS_MAX = 16,
    EXECUTOR_RANK_MAX = 8,
    EXECUTOR_NAME_MAX = 256, /* with its NUL */
    EXECUTOR_TEXT_MAX = 512,
    EXECUTOR_PATH_MAX = 1280,
    EXECUTOR_MODELS_MAX = 256, /* model numbers are below it */
    EXECUTOR_ALIGN = 4096,     /* of every tensor in the shared memory */
    EXECUTOR_EXIT_NO_DEVICE = 4,
    EXECUTOR_EXIT_DEVICE = 5, /* after a RAN or LOADED with a device error */
};

#define EXECUTOR_MEMORY_MAX (8ULL << 30) /* bytes of the shared memory file */

enum executor_kind {
    EXECUTOR_READY = 1, /* executor: the device is open, or why it is not */
    EXECUTOR_LOAD,      /* agent */
    EXECUTOR_LOADED,    /* executor: answers LOAD */
    EXECUTOR_UNLOAD,    /* agent; not answered */
    EXECUTOR_RUN,       /* agent */
    EXECUTOR_RAN,       /* executor: answers RUN */
    EXECUTOR_PROGRESS,  /* executor: a long preparation goes on */
    EXECUTOR_TUNE,      /* agent: loads the model where it is not, and measures */
    EXECUTOR_TUNE_STOP, /* agent: ends it soon; nothing where none runs */
    EXECUTOR_TUNING,    /* executor: how far it is */
    EXECUTOR_TUNED,     /* executor: answers TUNE; LOAD brings the choices into force */
    EXECUTOR_STOP,      /* agent: nobody waits for this batch; nothing where it has ended */
};

struct executor_header {
    uint32_t version;
    uint32_t kind;
    uint32_t bytes; /* of the whole packet */
    uint32_t unused;
};

struct executor_counters {
    uint64_t device_bytes; /* device memory held now */
    uint64_t program_hits;
    uint64_t program_misses;
    /* Since the process began. */
    uint64_t copy_us;  /* between host and device */
    uint64_t launches; /* of kernels */
};

struct executor_ready {
    struct executor_header header;
    uint32_t status; /* enum cx_status */
    uint32_t unused;
    uint64_t memory_bytes;
    char text[EXECUTOR_TEXT_MAX];
};

struct executor_load {
    struct executor_header header;
    uint32_t model;
    uint32_t unused;
    char path[EXECUTOR_PATH_MAX]; /* of model.onnx */
};

struct executor_io {
    char name[EXECUTOR_NAME_MAX];
    uint32_t dtype; /* enum cx_dtype */
    uint32_t rank;
    int64_t dims[EXECUTOR_RANK_MAX]; /* -1 where it varies */
};

struct executor_loaded {
    struct executor_header header;
    uint32_t model;
    uint32_t status; /* enum cx_status */
    char text[EXECUTOR_TEXT_MAX];
    uint64_t model_bytes; /* device memory of the constants */
    uint64_t load_us;
    uint32_t n_inputs;
    uint32_t n_outputs;
    struct executor_io inputs[EXECUTOR_TENSORS_MAX];
    struct executor_io outputs[EXECUTOR_TENSORS_MAX];
    struct executor_counters counters;
};

struct executor_unload {
    struct executor_header header;
    uint32_t model;
    uint32_t unused;
};

struct executor_tensor {
    uint32_t dtype;
    uint32_t rank;
    int64_t dims[EXECUTOR_RANK_MAX];
    uint64_t offset; /* in the shared memory */
    uint64_t bytes;
};

/* The inputs in the model's order. Everything from `outputs_offset` on is the executor's until its
 * answer; it makes the file larger where the outputs need that. */
struct executor_run {
    struct executor_header header;
    uint64_t batch;
    uint32_t model;
    uint32_t n_inputs;
    uint64_t outputs_offset;
    struct executor_tensor inputs[EXECUTOR_TENSORS_MAX];
};

struct executor_stop {
    struct executor_header header;
    uint64_t batch;
};

struct executor_ran {
    struct executor_header header;
    uint64_t batch;
    uint32_t status; /* enum cx_status */
    uint32_t n_outputs;
    char text[EXECUTOR_TEXT_MAX];
    uint64_t prepare_us; /* planning for a new shape; 0 when it was known */
    uint64_t copy_us;
    uint64_t compute_us;
    uint64_t model_bytes;
    struct executor_tensor outputs[EXECUTOR_TENSORS_MAX];
    struct executor_counters counters;
};

struct executor_progress {
    struct executor_header header;
    uint32_t done;
    uint32_t total; /* 0: the preparation is over, the batch runs */
};

struct executor_tune {
    struct executor_header header;
    uint32_t model;
    uint32_t rows; /* of inputs whose first dimension is open */
    uint64_t budget_us;
    char path[EXECUTOR_PATH_MAX]; /* of model.onnx */
};

struct executor_tune_stop {
    struct executor_header header;
};

/* TUNING has what is known so far, TUNED the result. */
struct executor_tuned {
    struct executor_header header;
    uint32_t model;
    uint32_t status; /* enum cx_status */
    uint32_t candidates, measured, refused, changed;
    uint32_t complete, kept, cancelled; /* 0 or 1 */
    uint32_t unused;
    uint64_t elapsed_us;
    uint64_t before_us, after_us; /* 0: not measured */
    char text[EXECUTOR_TEXT_MAX]; /* TUNING: the step; TUNED: what went wrong */
};

union executor_packet {
    struct executor_header header;
    struct executor_ready ready;
    struct executor_load load;
    struct executor_loaded loaded;
    struct executor_unload unload;
    struct executor_run run;
    struct executor_ran ran;
    struct executor_stop stop;
    struct executor_progress progress;
    struct executor_tune tune;
    struct executor_tune_stop tune_stop;
    struct executor_tuned tuned;
};

/* Bytes of a packet of that kind; 0 when there is no such kind. */
uint32_t agent_executor_packet_bytes(uint32_t kind);

/* Send and receive one packet. The header is filled in here. Return 0; 1 when nothing can be done
 * without waiting (a socket that does not block); -1 when the peer has gone or sent nonsense. */
int agent_executor_packet_send(int fd, union executor_packet *packet, enum executor_kind kind);
int agent_executor_packet_receive(int fd, union executor_packet *ret_packet);

#endif
