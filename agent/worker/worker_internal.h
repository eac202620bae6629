/* The inside of the agent, shared by its files. Everything but the inbox belongs to the owner's
 * thread. */
#ifndef WORKER_INTERNAL_H
#define WORKER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "agent/core/worker/worker_core.h"
#include "executor_process.h"
#include "executor_protocol.h"
#include "fetch.h"
#include "net_link.h"
#include "worker.h"
#include "worker_job.h"

enum {
    TELEMETRY_US = 250000,
    RETRY_US = 5000, /* a full output buffer is tried again */
    FAREWELL_MS = 2000,
    LATER_MAX = 4 * AGENT_DEVICES_MAX,
};

/* What other threads have for the owner. */
enum note_kind { NOTE_OPEN, NOTE_BATCH, NOTE_CLOSE, NOTE_FETCHED, NOTE_RELOAD };

struct note {
    struct note *next;
    enum note_kind kind;
    struct net_link *link;
    struct net_batch *batch;
    uint32_t model;
    uint32_t rows_max;
    uint64_t bytes;
    bool is_fetched;
    uint8_t hash[WORKER_HASH_SIZE];
    struct agent_config *config;
    char text[STORE_PATH_MAX]; /* reason, error, or the path of model.onnx */
};

struct worker_device {
    struct agent_device info;
    struct executor_process process;
    bool is_running; /* the process was started and not ended */
    /* The batch that runs: the first input has so many rows, padding included; 0: not batched. */
    uint32_t rows_padded;
    uint32_t batch_model;
    uint64_t batch;
    struct executor_tuned tuned; /* the figures of a tuning, as far as they are known */
    uint64_t tuning_budget_us;
    struct executor_ran ran; /* its answer, until the next RUN */
    struct executor_counters counters;
    uint64_t busy_sampled_us;
    struct executor_counters sampled; /* the counters at the last telemetry */
    uint64_t cpu_ticks;
};

/* What is known of the core's model slot. */
struct worker_model {
    char path[STORE_PATH_MAX];
    bool is_described; /* the next four are known */
    uint32_t n_inputs, n_outputs;
    struct executor_io inputs[EXECUTOR_TENSORS_MAX];
    struct executor_io outputs[EXECUTOR_TENSORS_MAX];
};

struct agent_worker {
    struct agent_config config;
    /* Of HELLO, and never changed: NNG's threads read them. */
    char coordinator[256];
    char name[64];
    char *capabilities; /* JSON */
    uint8_t instance[NET_INSTANCE_SIZE];

    pthread_mutex_t lock; /* of the inbox */
    struct note *head, **tail;
    bool close_wanted;
    uint32_t close_grace_ms;
    int wake_fd;
    atomic_bool is_over; /* what the dialer says no longer matters */

    pthread_t thread;
    struct worker_core *core;
    struct worker_actions actions;
    struct fetch *fetch;
    struct net_link_dialer *dialer;
    struct net_link *link; /* NULL: none, or not welcomed yet */
    struct net_buf out;    /* frames on their way to the link */
    bool is_welcome;
    uint64_t heartbeat_us, heartbeat_due_us, heartbeat_seq;
    uint64_t awake_us, patient_until_us; /* when the loop last came by; no silence counts before */
    uint64_t telemetry_due_us, telemetry_last_us;
    bool is_closing, is_drained;
    uint64_t close_due_us;
    uint64_t cpu_ticks;
    uint32_t n_devices;
    struct worker_device devices[AGENT_DEVICES_MAX];
    struct agent_sensors *sensors; /* NULL: none */
    struct worker_model models[WORKER_MODELS_MAX];
    /* Answers that were found while actions were carried out; taken after them. */
    struct worker_event later[LATER_MAX];
    char later_text[LATER_MAX][WORKER_TEXT_MAX];
    uint32_t n_later;
    bool (*on_restart)(void *user);
    void (*on_end)(void *user);
    void *on_end_user;
};

uint64_t agent_worker_clock_us(void);

/* worker.c: one event through the core, and what it says done. */
void agent_worker_apply(struct agent_worker *worker, const struct worker_event *event);
/* As an event, but after the actions that are being carried out. `text` is copied. */
void agent_worker_later(struct agent_worker *worker, struct worker_event event, const char *text);

/* worker_link.c */
enum agent_status agent_worker_dial(struct agent_worker *worker, struct net_tls *tls,
                                    struct agent_error *err);
void agent_worker_on_note(struct agent_worker *worker, struct note *note);
void agent_worker_post(struct agent_worker *worker, struct note *note);
void agent_worker_flush(struct agent_worker *worker);
void agent_worker_heartbeat(struct agent_worker *worker);
void agent_worker_farewell(struct agent_worker *worker);
void agent_worker_send_result(struct agent_worker *worker, const struct worker_action *action);
void agent_worker_send_begun(struct agent_worker *worker, const struct worker_action *actions,
                             size_t n);
/* As results tell it. */
enum net_job_error agent_worker_job_error_of(enum worker_error error);
void agent_worker_send_residency(struct agent_worker *worker, uint32_t model, uint32_t device,
                                 enum net_residency state, uint64_t bytes, const char *text);

/* worker_executors.c */
/* An enum cx_status of another process, as the core knows it. */
enum worker_error agent_worker_error_of(uint32_t status);
void agent_worker_device_start(struct agent_worker *worker, uint32_t device);
void agent_worker_device_kill(struct agent_worker *worker, uint32_t device);
void agent_worker_device_load(struct agent_worker *worker, uint32_t device, uint32_t model);
void agent_worker_device_evict(struct agent_worker *worker, uint32_t device, uint32_t model);
void agent_worker_device_read(struct agent_worker *worker, uint32_t device);

/* worker_tuning.c */
void agent_worker_device_tune(struct agent_worker *worker, const struct worker_action *action);
void agent_worker_device_tune_stop(struct agent_worker *worker, uint32_t device);
/* How far a tuning is, or its end, to the coordinator. */
void agent_worker_send_tuning(struct agent_worker *worker, const struct worker_action *action);
/* A TUNING or TUNED of an executor. */
void agent_worker_on_tuning(struct agent_worker *worker, uint32_t device,
                            struct executor_tuned *tuned, bool is_over);
/* A TUNE or TUNE_STOP of the coordinator. False: it is not understood. */
bool agent_worker_tune_frame(struct agent_worker *worker, const struct net_frame *frame,
                             struct net_error *err);

/* worker_batch.c */
/* Whether jobs of the model, once it is described, can share a batch at all. */
bool agent_worker_can_batch(const struct worker_model *model);
void agent_worker_device_run(struct agent_worker *worker, const struct worker_action *action);
void agent_worker_device_stop(struct agent_worker *worker, uint32_t device); /* its batch */
/* One output of a job of the batch that its device answered last. NULL, or why there is none. */
const char *agent_worker_output(struct agent_worker *worker, const struct worker_action *action,
                                const struct worker_job *job, uint32_t output,
                                struct net_tensor *ret_tensor);

/* worker_telemetry.c */
/* What models may take of a device's memory. */
uint64_t agent_worker_models_bytes_max(const struct agent_worker *worker, uint32_t device);
char *agent_worker_capabilities(const struct agent_worker *worker); /* free() it */
void agent_worker_telemetry(struct agent_worker *worker);

#endif
