/* The inside of struct worker_core, shared by its files. */
#ifndef WORKER_STATE_H
#define WORKER_STATE_H

#include "batch_choice.h"
#include "worker_core.h"

enum job_state { JOB_FREE, JOB_QUEUED, JOB_RUNNING };

#define NONE UINT32_MAX /* no job, model or device */

enum {
    BACKOFF_US_MIN = 100000,
    BACKOFF_US_MAX = 30000000,
    /* A model that could not be loaded is not refused for ever for what may pass. */
    RETRY_US_MIN = 1000000,
    RETRY_US_MAX = 60000000,
    RETRY_US_KILLER = 300000000, /* one that kills executors */
};

struct job {
    enum job_state state;
    struct worker_ref ref;
    uint32_t model;
    uint32_t rows;
    uint64_t signature;
    uint64_t deadline_us;
    uint64_t arrived_us;
    uint8_t priority;
    bool is_solo;                 /* its batch came to nothing: it runs alone from now on, and */
    enum worker_error solo_error; /* this is why */
    bool is_unwanted;             /* running; nobody waits for the result */
    bool is_cancelled;            /* running; answered as cancelled */
    uint32_t device;              /* running on it */
    uint32_t row;
    void *payload;
    uint64_t begun_us;
    uint32_t prev, next; /* in the model's queue, or in the device's batch */
    uint32_t hash_next;  /* same bucket, or the next free one */
};

struct model {
    enum worker_model_state state;
    uint8_t hash[WORKER_HASH_SIZE];
    uint64_t disk_bytes;
    uint32_t rows_max; /* of one batch; at most 1: never batched */
    uint32_t queue_head, queue_tail;
    uint32_t queued, running;
    bool is_unload_wanted; /* as soon as no batch of it runs */
    bool is_load_wanted;   /* though no job asks for it; once */
    bool is_spare;         /* of that wish: nothing is evicted for it */
    bool is_pinned;        /* not evicted to make room, and loaded wherever it is not */
    bool was_evicted_for;  /* loading was tried again with the device to itself */
    enum worker_error error;
    char text[WORKER_TEXT_MAX];
    uint64_t retry_us; /* FAILED: when it may be tried again; UINT64_MAX: it is the model's fault */
    uint32_t failures; /* in a row */
    uint64_t used_us;
    uint64_t load_us;
    uint32_t load_deaths; /* executors that died while they loaded it */
};

struct residency {
    bool is_resident;
    uint64_t bytes;
    uint64_t used_us;
    uint64_t load_begun_us, load_ended_us;
};

struct tuning {
    uint64_t operation; /* 0: none, and the rest says nothing */
    uint32_t model;
    uint32_t rows;
    uint64_t budget_us;
    enum worker_tuning state; /* never an end */
    bool is_stopping;         /* wanted to end */
    bool was_cancelled;       /* LOADING: how it will have ended */
    bool is_orphan;           /* the link that asked for it has ended */
    uint64_t claim_by_us; /* an orphan that is linked again: stopped if nobody asks until then */
};

/* How the last one ended, for a coordinator that was away. */
struct tuning_end {
    uint64_t operation; /* 0: none */
    uint8_t hash[WORKER_HASH_SIZE];
    enum worker_tuning state;
    char text[WORKER_TEXT_MAX];
};

struct device {
    enum worker_device_state state;
    uint64_t bytes_max;
    uint64_t due_us;   /* DOWN: start; STARTING, LOADING, RUNNING, TUNING: it has hung */
    uint64_t since_us; /* of the state */
    uint32_t failures; /* in a row */
    uint32_t restarts;
    uint32_t model; /* LOADING, RUNNING, TUNING */
    struct tuning tuning;
    struct tuning_end tuned;
    uint32_t batch_head, batch_jobs;
    bool is_stopping;    /* its batch, which nobody wants any more */
    uint32_t batch_size; /* its rows with padding; 0: it is no measure of any size */
    uint64_t batches, jobs, busy_us;
    char reason[WORKER_TEXT_MAX];
    struct residency models[WORKER_MODELS_MAX];
    struct batch_choice choices[WORKER_MODELS_MAX]; /* outlive the process */
};

struct worker_core {
    struct worker_settings settings;
    uint64_t epoch;
    bool is_linked;
    bool is_draining;
    bool is_drain_reported;
    bool is_credit_zero; /* told the coordinator that no device is left */
    uint64_t operation;
    uint32_t n_devices;
    struct device *devices;
    struct model models[WORKER_MODELS_MAX];
    struct job *jobs;
    uint32_t jobs_max;
    uint32_t free_head;
    uint32_t *buckets; /* a power of two of them */
    uint32_t bucket_mask;
    uint32_t queued, running;
    uint64_t deadline_next_us; /* no queued job's deadline is earlier */
    uint64_t retry_next_us;    /* no failed model's retry is earlier */
    bool schedule_wanted;      /* jobs have come since the last TICK */
    uint64_t model_hits, model_misses;
    uint64_t now_us;
    struct worker_actions *actions;
    bool out_of_memory;
    void **payloads; /* of the RUN actions of one step: WORKER_BATCH_JOBS_MAX for each device */
};

/* worker_core.c */
/* A cleared action of that kind at the end of the list; a scratch one without memory. */
struct worker_action *agent_worker_action_add(struct worker_core *core,
                                              enum worker_action_kind kind);
void agent_worker_text_set(char ret_text[WORKER_TEXT_MAX], const char *text);

/* worker_job.c */
uint32_t agent_worker_job_find(const struct worker_core *core, const struct worker_ref *ref);
uint32_t agent_worker_job_create(struct worker_core *core, const struct worker_dispatch *dispatch,
                                 uint32_t model);
/* Into its model's queue: by priority, then by age. */
void agent_worker_job_enqueue(struct worker_core *core, uint32_t index);
void agent_worker_job_dequeue(struct worker_core *core, uint32_t index);
/* Answers a job (or drops its payload, where nobody waits) and frees its slot. It is in no queue
 * and no batch any more. */
void agent_worker_job_answer(struct worker_core *core, uint32_t index,
                             const struct worker_action *result);
void agent_worker_job_fail(struct worker_core *core, uint32_t index, enum worker_outcome outcome,
                           enum worker_error error, const char *text);
/* Answers all queued jobs of a model, or of every model (NONE). */
void agent_worker_jobs_fail_queued(struct worker_core *core, uint32_t model,
                                   enum worker_outcome outcome, enum worker_error error,
                                   const char *text);
void agent_worker_jobs_expire(struct worker_core *core);

/* worker_model.c */
uint32_t agent_worker_model_find(const struct worker_core *core, const uint8_t *hash);
/* A slot for the hash: the known one, or a free or idle one that is fetched now. NONE: all busy. */
uint32_t agent_worker_model_want(struct worker_core *core, const uint8_t *hash);
bool agent_worker_model_in_use(const struct worker_core *core, uint32_t model);
bool agent_worker_model_is_loading(const struct worker_core *core, uint32_t model);
bool agent_worker_model_is_resident(const struct worker_core *core, uint32_t model);
void agent_worker_model_evict(struct worker_core *core, uint32_t device, uint32_t model);
/* As it does where the model is resident. */
void agent_worker_model_unload(struct worker_core *core, uint32_t device, uint32_t model);
void agent_worker_model_evict_everywhere(struct worker_core *core, uint32_t model);
/* Makes room for a model by evicting what was used longest ago and is not in use. */
void agent_worker_model_make_room(struct worker_core *core, uint32_t device, uint32_t model);
void agent_worker_model_on_loaded(struct worker_core *core, const struct worker_event *event);
void agent_worker_model_on_event(struct worker_core *core, const struct worker_event *event);
void agent_worker_models_unload_wanted(struct worker_core *core);
/* No model is wanted any more for its own sake: what is pinned is said again. */
void agent_worker_models_unpin(struct worker_core *core);
/* FAILED from now on; what waits for it is answered. */
void agent_worker_model_fail(struct worker_core *core, uint32_t model, enum worker_error error,
                             const char *text);
/* Those that have been FAILED for long enough are as if they had not been tried. */
void agent_worker_models_retry(struct worker_core *core);
uint64_t agent_worker_device_bytes(const struct device *device); /* that models take */

/* worker_device.c */
void agent_worker_device_on_started(struct worker_core *core, uint32_t device);
void agent_worker_device_on_ran(struct worker_core *core, const struct worker_event *event);
void agent_worker_device_on_progress(struct worker_core *core, const struct worker_event *event);
void agent_worker_device_died(struct worker_core *core, uint32_t device, enum worker_error error,
                              const char *text);
void agent_worker_devices_tick(struct worker_core *core);
/* Batches that nobody wants any more are stopped. */
void agent_worker_batches_stop(struct worker_core *core);
void agent_worker_device_set(struct worker_core *core, uint32_t device,
                             enum worker_device_state state, uint64_t due_us);
bool agent_worker_device_is_alive(const struct device *device);

/* worker_tune.c */
void agent_worker_tune_on_event(struct worker_core *core, const struct worker_event *event);
/* After a LOADED: where that was the last of a tuning, it has ended. */
void agent_worker_tune_on_loaded(struct worker_core *core, const struct worker_event *event);
void agent_worker_tune_died(struct worker_core *core, uint32_t device, const char *text);
/* All of them: the link or the work of this agent ends. */
void agent_worker_tunes_stop(struct worker_core *core);
/* Their link has ended. */
void agent_worker_tunes_orphan(struct worker_core *core);
/* Begins those that can, and ends those that never will. */
void agent_worker_tunes_go(struct worker_core *core);
bool agent_worker_tunes_any(const struct worker_core *core);
/* Whether the device takes no batches for as long as its tuning goes on. */
bool agent_worker_tune_holds(const struct device *device);

/* worker_rows.c */
/* Most rows of a model's batch. */
uint32_t agent_worker_rows_cap(const struct worker_core *core, const struct model *model);
/* Whether a job can be one of several in a batch of at most `cap` rows. */
bool agent_worker_job_may_share(const struct job *job, uint32_t cap);
/* When the batch of a model's first job may run on a device at the latest; 0: now. */
uint64_t agent_worker_rows_due_us(const struct worker_core *core, uint32_t device, uint32_t model);
/* The rows that the batch of a model's first job, which may share, has room for. */
uint32_t agent_worker_rows_next(const struct worker_core *core, uint32_t device, uint32_t model);
/* What the device's batch has shown, before its jobs are answered. */
void agent_worker_rows_ran(struct worker_core *core, const struct worker_event *event);
void agent_worker_rows_died(struct worker_core *core, uint32_t device);

/* worker_schedule.c */
void agent_worker_model_load(struct worker_core *core, uint32_t device, uint32_t model);
/* Gives every idle device a batch, or a model to load. */
void agent_worker_schedule(struct worker_core *core);
/* Idle devices load what is wanted without a job. */
void agent_worker_loads_go(struct worker_core *core);
/* When an incomplete batch has waited long enough; UINT64_MAX: there is none. */
uint64_t agent_worker_schedule_next_us(const struct worker_core *core);

#endif
