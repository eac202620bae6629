/*
 * What the coordinator says, as C values: plain data that is never changed once it is built.
 * Every string went through tui_text_clean, every number is bounded (limits.h).
 */
#ifndef TUI_CONSOLE_MODEL_FLEET_H
#define TUI_CONSOLE_MODEL_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/limits.h"

enum tui_span { TUI_SPAN_TOTAL, TUI_SPAN_QUEUE, TUI_SPAN_LOAD, TUI_SPAN_COMPUTE, TUI_SPAN_COPY };
#define TUI_SPAN_COUNT 5

/* The JSON names of the spans, by enum tui_span. */
extern const char *const tui_span_names[TUI_SPAN_COUNT];

struct tui_latency {
    uint64_t count, p50_us, p95_us, p99_us, max_us;
};

/*
 * How often each duration was measured, in buckets whose bounds grow by half and by a third in turn
 * (8, 12, 16, 24, 32 us ...). The last one has no bound.
 */
struct tui_hist {
    uint64_t count; /* of all buckets */
    uint32_t buckets[TUI_HIST_BUCKETS];
};

struct tui_cache {
    char name[TUI_WORD_SIZE];
    uint64_t hits, misses;            /* since the coordinator's start */
    double evictions, bytes, entries; /* NAN where it isn't known */
};

struct tui_device {
    uint32_t index;
    char id[TUI_NAME_SIZE];
    char name[TUI_NAME_SIZE];
    char driver[TUI_NAME_SIZE];
    char family[TUI_WORD_SIZE];
    char state[TUI_WORD_SIZE];
    char reason[TUI_TEXT_SIZE];
    uint64_t memory_bytes, memory_used_bytes;
    uint32_t compute_units;
    bool fp16, fp64;
    uint64_t restarts, batches, jobs;
    /* NAN where it isn't known, like the rest of this list. */
    double busy; /* 0 to 1 */
    double copy; /* the part of all time in which it copied from or to the host, 0 to 1 */
    double kernels_per_s;
    double temperature_c, power_w;
};

#define TUI_NO_DEVICE UINT32_MAX

/* A model that an agent has, or gets, on one of its devices. */
struct tui_resident {
    const char *agent; /* the name in the fleet's struct tui_agent */
    char model[TUI_NAME_SIZE];
    char state[TUI_WORD_SIZE];
    uint32_t device; /* TUI_NO_DEVICE while that isn't decided */
    uint64_t bytes;
    double load_ms; /* that the load took, NAN where it isn't known */
    bool pinned;
};

/* How many rows a device runs at once of a model, by what it has measured. */
struct tui_batch {
    char model[TUI_NAME_SIZE];
    uint32_t device;
    uint64_t rows;
    double rows_per_s; /* NAN where it isn't known */
};

struct tui_agent {
    char name[TUI_NAME_SIZE];
    char state[TUI_WORD_SIZE];
    char reason[TUI_TEXT_SIZE];
    char address[TUI_ADDRESS_SIZE];
    char version[TUI_WORD_SIZE];
    char instance[TUI_INSTANCE_SIZE]; /* of its process; "" where it isn't known */
    uint64_t seen_ms_ago, connected_ms, rtt_us;
    uint64_t credit, queued, assigned, running, done, failed, requeued;
    double done_per_s; /* NAN where it isn't known */
    uint64_t p50_us, p95_us;
    uint64_t rss_bytes;
    double cpu;
    uint64_t error_ms; /* when it last failed a job or said what is wrong; 0: never */
    char error[TUI_TEXT_SIZE];
    const struct tui_device *devices; /* [device_count] */
    size_t device_count;
    const char (*models)[TUI_NAME_SIZE]; /* [model_count], as NAME:VERSION */
    size_t model_count;
    const struct tui_batch *batches; /* [batch_count] */
    size_t batch_count;
    struct tui_resident *residents; /* [resident_count] */
    size_t resident_count;
    size_t pinned; /* of these, how many are */
    void *lists;   /* the memory behind the four */
};

/* A model that the cluster serves. */
struct tui_served {
    char id[TUI_NAME_SIZE]; /* NAME:VERSION, as agents list it */
    char name[TUI_NAME_SIZE];
    uint64_t version;
    uint64_t queued, running, done, failed;
    uint64_t hits, misses;          /* whether the agent that got a job had it */
    uint64_t bytes;                 /* of its file */
    double done_per_s;              /* NAN where it isn't known, like the rest of this list */
    double load_ms;                 /* that the newest load took */
    double mean_us[TUI_SPAN_COUNT]; /* of the jobs in `total` */
    struct tui_latency total;       /* of the last 10 s; nothing is known while its count is 0 */
    const struct tui_resident *const *residents; /* [resident_count], by the agents' order */
    size_t resident_count;
};

struct tui_blocker {
    uint64_t job;
    char model[TUI_NAME_SIZE];
    uint64_t running_ms, expected_ms;
    uint64_t left_ms;
    bool has_left; /* left_ms is known */
};

/* An agent of a drain-all or a restart. */
struct tui_operation_agent {
    char name[TUI_NAME_SIZE];
    char step[TUI_WORD_SIZE];
    uint64_t drain; /* its own operation; 0: none yet */
};

struct tui_operation {
    uint64_t id;
    char kind[TUI_WORD_SIZE];
    char target[TUI_NAME_SIZE];
    char state[TUI_WORD_SIZE];
    char by[TUI_NAME_SIZE];
    char reason[TUI_TEXT_SIZE];
    char text[TUI_TEXT_SIZE]; /* what it does now, or how it ended */
    uint64_t started_ms, deadline_ms, finished_ms, expected_end_ms, remaining, requeued;
    uint64_t parent; /* the operation that it is a part of; 0: none */
    /* Agents of a drain-all or a restart, moves of a rebalance, candidates of a tuning. */
    uint64_t parts, parts_done;
    uint64_t stayed;              /* of the moves */
    uint64_t before_us, after_us; /* a run of what is tuned; 0: not measured */
    bool safe_to_remove;
    struct tui_blocker blockers[TUI_BLOCKERS_MAX];
    size_t blocker_count;
    struct tui_operation_agent agents[TUI_OPERATION_AGENTS_MAX];
    size_t agent_count;
};

struct tui_totals {
    uint64_t agents, agents_ready, devices;
    uint64_t queued, assigned, running;
    uint64_t submitted, done, failed, cancelled, expired, requeued;
};

/* One snapshot of the whole cluster. */
struct tui_fleet {
    uint64_t seq, time_ms, epoch, uptime_ms;
    char cluster[TUI_NAME_SIZE];
    char version[TUI_WORD_SIZE];
    char strategy[TUI_WORD_SIZE];
    char ledger[TUI_WORD_SIZE];
    struct tui_totals totals;
    double submitted_per_s, done_per_s; /* NAN where it isn't known */
    struct tui_latency latency[TUI_SPAN_COUNT];
    struct tui_hist hist; /* of all jobs' total latency in the last 10 s */
    uint64_t slo_p99_us;  /* what p99 of it should not exceed; 0: nobody said */
    struct tui_cache caches[TUI_CACHES_MAX];
    size_t cache_count;
    struct tui_agent *agents; /* [agent_count], in the coordinator's order */
    size_t agent_count;
    struct tui_operation *operations;
    size_t operation_count;
    struct tui_served *models; /* [model_count], in the coordinator's order */
    size_t model_count;
    const struct tui_resident **residents; /* the pool behind the models' residents */
};

struct tui_event {
    uint64_t seq, time_ms, job;
    char kind[TUI_WORD_SIZE];
    char severity[TUI_WORD_SIZE];
    char agent[TUI_NAME_SIZE];
    char text[TUI_TEXT_SIZE];
};

/* A reply to `events`, oldest first. */
struct tui_event_page {
    uint64_t next; /* the `after` of the request that continues this page */
    size_t count;
    struct tui_event events[];
};

/* A refusal, as the coordinator or the network gives it. All "" when there is none. */
struct tui_refusal {
    char code[TUI_WORD_SIZE];
    char message[TUI_TEXT_SIZE];
    char hint[TUI_TEXT_SIZE];
};

/* Frees a fleet and its lists; NULL is allowed. The other structs are freed by free(). */
void tui_fleet_destroy(struct tui_fleet *fleet);

/* To be called when an agent has come to the place in memory where it stays. */
void tui_agent_settle(struct tui_agent *agent);

/*
 * Makes `part`, of which only some agents are known, whole: with the others, and the order, of
 * `before`, which has the older state of those then. Agents that `before` hasn't are left out.
 */
void tui_fleet_complete(struct tui_fleet *part, struct tui_fleet *before);

/* Fills in each model's residents from the agents'. False, and none, when memory ran out. */
bool tui_fleet_link_models(struct tui_fleet *fleet);

/* The model of that id (NAME:VERSION), or NULL. */
const struct tui_served *tui_fleet_model(const struct tui_fleet *fleet, const char *id);

/* The longest duration that counts in bucket i; UINT64_MAX for the last one. */
uint64_t tui_hist_upper_us(size_t i);

/* The bucket that a duration counts in. */
size_t tui_hist_bucket(uint64_t us);

/* The agent of that name, or NULL. */
const struct tui_agent *tui_fleet_agent(const struct tui_fleet *fleet, const char *name);

/* An agent says what it is, "stokerd 0.1.0", the coordinator only its version: without the name. */
const char *tui_agent_version(const struct tui_agent *agent);

/* Whether the agent is known to be of another version than the coordinator. */
bool tui_agent_is_skewed(const struct tui_agent *agent, const struct tui_fleet *fleet);

/* The operation with the id, or NULL. */
const struct tui_operation *tui_fleet_operation(const struct tui_fleet *fleet, uint64_t id);

/* The mean of the agent's devices that say how busy they are, or NAN. */
double tui_agent_busy(const struct tui_agent *agent);

#endif
