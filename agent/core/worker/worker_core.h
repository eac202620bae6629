/* What an agent decides: which jobs wait, which model is where, which batch runs on which device,
 * and what happens when a device's process dies. Pure: time comes in, actions come out, and the
 * same events give the same actions. No socket, file, clock, thread or randomness in here.
 *
 * Times are microseconds of one monotonic clock. Devices, models and jobs are named by numbers:
 * devices 0 to n-1, models and jobs by the slots that the core gives them. A job's payload is an
 * opaque pointer that goes back to the caller exactly once, in RESULT or DROP. */
#ifndef WORKER_CORE_H
#define WORKER_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WORKER_DEVICES_MAX = 64,
    WORKER_MODELS_MAX = 256,
    WORKER_HASH_SIZE = 32,
    WORKER_BATCH_JOBS_MAX = 4096,
    WORKER_TEXT_MAX = 256,
    WORKER_NO_DEVICE = 255,
};

struct worker_core;

struct worker_ref {
    uint64_t job;
    uint64_t epoch;
    uint32_t attempt;
};

struct worker_settings {
    uint32_t batch_rows_max;
    uint64_t batch_delay_us;
    uint64_t batch_us_max; /* a batch that takes longer is made smaller; 0: whatever it takes */
    uint64_t run_us_max;   /* a batch that takes longer is a hang */
    uint64_t
        load_us_max; /* as for starting, loading and planning, since the last sign of progress */
    uint32_t failures_max; /* deaths in a row after which a device is cordoned */
};

struct worker_options {
    uint32_t devices;                              /* 1 to WORKER_DEVICES_MAX */
    uint32_t jobs_max;                             /* held at one time; more are returned */
    uint64_t device_bytes_max[WORKER_DEVICES_MAX]; /* for models */
    struct worker_settings settings;
};

enum worker_device_state {
    WORKER_DEVICE_DOWN,     /* waits for its next start */
    WORKER_DEVICE_STARTING, /* the process runs, the device is not open yet */
    WORKER_DEVICE_IDLE,
    WORKER_DEVICE_LOADING,
    WORKER_DEVICE_RUNNING,
    WORKER_DEVICE_TUNING,   /* measures kernels: gets no batch */
    WORKER_DEVICE_CORDONED, /* failed too often: no more starts */
};

enum worker_model_state {
    WORKER_MODEL_FREE, /* the slot is nobody's */
    WORKER_MODEL_FETCHING,
    WORKER_MODEL_LOCAL, /* on disk; loaded where a job wants it */
    WORKER_MODEL_FAILED,
};

/* Numbered apart from the wire's codes; the caller maps them. */
enum worker_outcome {
    WORKER_DONE,
    WORKER_FAILED_PERMANENT,
    WORKER_FAILED_RETRYABLE,
    WORKER_CANCELLED,
    WORKER_EXPIRED,
    WORKER_RETURNED,
};

enum worker_error {
    WORKER_ERROR_NONE,
    WORKER_ERROR_INPUT,
    WORKER_ERROR_MODEL,       /* damaged or not understood */
    WORKER_ERROR_UNSUPPORTED, /* an operator, type or shape */
    WORKER_ERROR_NO_MODEL,    /* could not be fetched */
    WORKER_ERROR_MEMORY,
    WORKER_ERROR_DEVICE,
    WORKER_ERROR_DIED,
    WORKER_ERROR_HUNG,
    WORKER_ERROR_DRAINING,
    WORKER_ERROR_INTERNAL,
    WORKER_ERROR_STOPPED, /* as DO_STOP asked */
};

/* How far a tuning is; as on the wire. */
enum worker_tuning {
    WORKER_TUNING_WAITING, /* for the model, or for the device to end what it does */
    WORKER_TUNING_MEASURING,
    WORKER_TUNING_LOADING, /* again, with what was chosen */
    WORKER_TUNING_DONE,    /* this one and those behind it are ends */
    WORKER_TUNING_CANCELLED,
    WORKER_TUNING_FAILED,
};

/* ---- events */

enum worker_event_kind {
    WORKER_LINK_UP,     /* epoch */
    WORKER_LINK_DOWN,   /* the jobs that came by the link are dropped */
    WORKER_DISPATCH,    /* starts nothing before the next TICK, so that a burst becomes one batch */
    WORKER_CANCEL,      /* ref */
    WORKER_FETCHED,     /* model, bytes, rows_max: fetched, checked and laid out */
    WORKER_NOT_FETCHED, /* model, error, text: can't be fetched */
    WORKER_UNLOAD,      /* hash */
    WORKER_LOAD,        /* hash, is_pinned, is_pin_only: fetched and loaded without a job */
    WORKER_STARTED,     /* device: its process has opened it */
    WORKER_LOADED,      /* device, model, error (NONE: it is resident), text, bytes, rows_max (0: as
                           fetched) */
    WORKER_RAN,         /* device, error (of the whole batch), text, prepare_us, … */
    WORKER_PROGRESS,    /* device, is_prepared: preparing goes on, or is over and the batch runs */
    WORKER_DIED,        /* device, text */
    WORKER_DRAIN,       /* operation */
    WORKER_RESUME,
    WORKER_TUNE, /* operation, device, hash, rows, budget_us: takes the device out of rotation as
                    soon as the model is here and its batch has ended */
    WORKER_TUNE_STOP, /* operation: soon, and what was learnt is kept */
    WORKER_TUNED,     /* device, model, error, is_cancelled, text: answers DO_TUNE */
    WORKER_TICK,      /* time has passed */
};

struct worker_dispatch {
    struct worker_ref ref;
    uint8_t hash[WORKER_HASH_SIZE];
    uint64_t deadline_us; /* 0: none */
    uint8_t priority;     /* greater first */
    uint32_t rows;        /* of every input's first dimension; 0: they differ, never batched */
    uint64_t signature;   /* equal for inputs that may be one batch */
    void *payload;
};

struct worker_event {
    enum worker_event_kind kind;
    uint32_t device;
    uint32_t model;
    uint32_t rows_max;
    uint64_t epoch;
    uint64_t operation;
    uint64_t bytes;
    enum worker_error error;
    bool is_prepared;
    bool is_cancelled;
    bool is_pinned;
    bool is_spare;    /* loaded only where nothing has to go for it */
    bool is_pin_only; /* nothing is loaded: it is only said whether the model is pinned */
    uint32_t rows;
    uint64_t budget_us;
    const char *text; /* may be NULL */
    uint8_t hash[WORKER_HASH_SIZE];
    struct worker_ref ref;
    struct worker_dispatch dispatch;
    uint64_t prepare_us, copy_us, compute_us;
};

/* ---- actions */

enum worker_action_kind {
    WORKER_DO_FETCH,  /* model, hash: answer with FETCHED or NOT_FETCHED */
    WORKER_DO_FORGET, /* model: the slot becomes another's; a fetch may stop */
    WORKER_DO_START,  /* device: answer with STARTED or DIED */
    WORKER_DO_KILL,   /* device: no answer; its process is to be gone afterwards */
    WORKER_DO_LOAD,   /* device, model: answer with LOADED or DIED */
    WORKER_DO_EVICT,  /* device, model */
    WORKER_DO_STOP, /* device: nobody waits for its batch; answer its RUN soon, STOPPED if it was */
    WORKER_DO_RUN,  /* device, model, payloads: answer with RAN or DIED */
    WORKER_DO_BEGUN,   /* ref: a job went from waiting to running */
    WORKER_DO_RESULT,  /* ref, payload and all below: the payload is the caller's again */
    WORKER_DO_DROP,    /* payload: nobody wants an answer */
    WORKER_DO_DRAINED, /* operation */
    WORKER_DO_CREDIT,  /* jobs that may be held from now on, text */
    WORKER_DO_DEVICE,  /* device: its state has changed, text says why */
    WORKER_DO_TUNE, /* device, model, rows, budget_us: answer with TUNED or DIED, and with PROGRESS
                       meanwhile */
    WORKER_DO_TUNE_STOP,  /* device: answer its DO_TUNE soon */
    WORKER_DO_TUNE_STATE, /* device (NO_DEVICE: it was refused), operation, tuning, text */
};

struct worker_action {
    enum worker_action_kind kind;
    uint32_t device; /* WORKER_NO_DEVICE: none */
    uint32_t model;
    uint32_t credit;
    uint64_t operation;
    uint8_t hash[WORKER_HASH_SIZE];
    struct worker_ref ref;
    void *payload;
    /* RUN: the jobs of the batch, as they are to lie in it */
    uint32_t n_payloads;
    void *const *payloads; /* valid until the next step */
    uint32_t rows;
    uint32_t size; /* rows with padding; 0: the one job as it is */
    uint64_t budget_us;
    enum worker_tuning tuning;
    /* RESULT */
    enum worker_outcome outcome;
    enum worker_error error;
    uint32_t batch; /* jobs that ran together */
    uint32_t row;   /* DONE: the first row of the batch's outputs that is this job's */
    uint64_t queue_us, load_us, copy_us, compute_us;
    char text[WORKER_TEXT_MAX];
};

/* Grows as it must; the caller keeps it between steps. */
struct worker_actions {
    struct worker_action *list;
    size_t count;
    size_t capacity;
};
void agent_worker_actions_free(struct worker_actions *actions);

/* Returns NULL without memory. The first step starts the executors. */
struct worker_core *agent_worker_core_create(const struct worker_options *options);
/* Payloads that it still holds are given to `drop` (which may be NULL). */
void agent_worker_core_destroy(struct worker_core *core, void (*drop)(void *payload));
void agent_worker_core_set(struct worker_core *core, const struct worker_settings *settings);

/* Takes one event; *actions holds what to do, in order, and nothing of earlier steps. Never fails:
 * without memory for an action list the process can't go on, and this says so by false. An event
 * that makes no sense (a device that does not run, a model that is unknown) changes nothing. */
bool agent_worker_core_step(struct worker_core *core, const struct worker_event *event,
                            uint64_t now_us, struct worker_actions *actions);

/* When a TICK is needed at the latest; 0: at once; UINT64_MAX: never. */
uint64_t agent_worker_core_next_us(const struct worker_core *core);

/* ---- what telemetry shows */

struct worker_device_view {
    enum worker_device_state state;
    uint32_t failures; /* in a row */
    uint32_t restarts;
    uint64_t batches, jobs, busy_us; /* busy_us up to the asked time */
    uint64_t model_bytes;
    char reason[WORKER_TEXT_MAX];
};
struct worker_model_view {
    enum worker_model_state state;
    bool is_resident; /* on any device */
    bool is_pinned;
    bool is_loading;         /* by a device, now */
    uint64_t bytes;          /* device memory on all devices */
    uint64_t load_us;        /* of the last load */
    enum worker_error error; /* FAILED: why */
    uint8_t hash[WORKER_HASH_SIZE];
    char text[WORKER_TEXT_MAX];
};
struct worker_batch_view {
    uint32_t size; /* rows of a batch, as the device's runs of the model have shown it to be best */
    double rows_per_s; /* in runs of that size */
};
struct worker_view {
    uint32_t queued, running;
    uint64_t model_hits, model_misses;
    bool is_draining;
    bool is_usable; /* some device is not cordoned */
};
void agent_worker_core_view(const struct worker_core *core, struct worker_view *ret_view);
void agent_worker_core_device(const struct worker_core *core, uint32_t device, uint64_t now_us,
                              struct worker_device_view *ret_view);
void agent_worker_core_model(const struct worker_core *core, uint32_t model,
                             struct worker_model_view *ret_view);
/* False where none of the model's batches was measured on the device yet. */
bool agent_worker_core_batch(const struct worker_core *core, uint32_t device, uint32_t model,
                             struct worker_batch_view *ret_view);

/* Whether the device holds the model. */
bool agent_worker_core_resident(const struct worker_core *core, uint32_t device, uint32_t model);
/* The operation that tunes the device, 0 where none does. */
uint64_t agent_worker_core_tuning(const struct worker_core *core, uint32_t device);

/* NULL, or what does not hold: for tests, which call it after every step. */
const char *agent_worker_core_check(const struct worker_core *core);

#endif
