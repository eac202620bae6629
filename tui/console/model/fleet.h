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

struct tui_latency {
    uint64_t count, p50_us, p95_us, p99_us, max_us;
};

struct tui_cache {
    char name[TUI_WORD_SIZE];
    uint64_t hits, misses; /* since the coordinator's start */
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
    double busy; /* 0 to 1, NAN where it isn't known */
    uint64_t restarts, batches, jobs;
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
    uint64_t seen_ms_ago, connected_ms, rtt_us;
    uint64_t credit, queued, assigned, running, done, failed, requeued;
    double done_per_s; /* NAN where it isn't known */
    uint64_t p50_us, p95_us;
    uint64_t rss_bytes;
    double cpu;
    const struct tui_device *devices; /* [device_count] in the fleet's pool */
    size_t device_count;
    const char (*models)[TUI_NAME_SIZE]; /* [model_count] in the fleet's pool */
    size_t model_count;
    const struct tui_batch *batches; /* [batch_count] in the fleet's pool */
    size_t batch_count;
};

struct tui_blocker {
    uint64_t job;
    char model[TUI_NAME_SIZE];
    uint64_t running_ms, expected_ms;
    uint64_t left_ms;
    bool has_left; /* left_ms is known */
};

struct tui_operation {
    uint64_t id;
    char kind[TUI_WORD_SIZE];
    char target[TUI_NAME_SIZE];
    char state[TUI_WORD_SIZE];
    char by[TUI_NAME_SIZE];
    char reason[TUI_TEXT_SIZE];
    char text[TUI_TEXT_SIZE]; /* what it does now, or how it ended */
    uint64_t started_ms, deadline_ms, expected_end_ms, remaining, requeued;
    uint64_t parts, parts_done; /* agents of a drain-all or a restart, moves of a rebalance */
    bool safe_to_remove;
    struct tui_blocker blockers[TUI_BLOCKERS_MAX];
    size_t blocker_count;
};

struct tui_totals {
    uint64_t agents, agents_ready, devices;
    uint64_t queued, assigned, running;
    uint64_t submitted, done, failed, cancelled, expired, requeued;
};

enum tui_span { TUI_SPAN_TOTAL, TUI_SPAN_QUEUE, TUI_SPAN_LOAD, TUI_SPAN_COMPUTE, TUI_SPAN_COPY };
#define TUI_SPAN_COUNT 5

/* The JSON names of the spans, by enum tui_span. */
extern const char *const tui_span_names[TUI_SPAN_COUNT];

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
    struct tui_cache caches[TUI_CACHES_MAX];
    size_t cache_count;
    struct tui_agent *agents; /* [agent_count], in the coordinator's order */
    size_t agent_count;
    struct tui_operation *operations;
    size_t operation_count;
    struct tui_device *devices;    /* the pool behind the agents' devices */
    char (*models)[TUI_NAME_SIZE]; /* the pool behind the agents' models */
    struct tui_batch *batches;     /* the pool behind the agents' batches */
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

struct tui_job {
    uint64_t id;
    char state[TUI_WORD_SIZE];
    char model[TUI_NAME_SIZE];
    uint64_t version;
    char agent[TUI_NAME_SIZE];
    uint64_t device, priority, attempt, attempts_max, batch;
    uint64_t submitted_ms, started_ms, finished_ms, deadline_ms;
    char key[TUI_NAME_SIZE];
    uint64_t timing_us[TUI_SPAN_COUNT];
    char error_code[TUI_WORD_SIZE];
    char error_message[TUI_TEXT_SIZE];
};

/* A reply to `jobs`, newest first. */
struct tui_job_page {
    uint64_t total; /* that match, of which the page holds the newest */
    size_t count;
    struct tui_job jobs[];
};

struct tui_job_step {
    uint64_t time_ms, attempt;
    char state[TUI_WORD_SIZE];
    char agent[TUI_NAME_SIZE];
    char text[TUI_TEXT_SIZE];
};

/* A reply to `job`. */
struct tui_job_detail {
    struct tui_job job;
    size_t count;
    struct tui_job_step history[];
};

struct tui_move {
    uint64_t job;
    char model[TUI_NAME_SIZE];
    char state[TUI_WORD_SIZE];
};

/* A refusal, as the coordinator or the network gives it. All "" when there is none. */
struct tui_refusal {
    char code[TUI_WORD_SIZE];
    char message[TUI_TEXT_SIZE];
    char hint[TUI_TEXT_SIZE];
};

/* What an action, or the plan of one, was answered. */
struct tui_answer {
    bool ok;
    struct tui_refusal refusal;
    bool has_operation;
    struct tui_operation operation;
    uint64_t expected_ms;
    char plan_id[TUI_WORD_SIZE]; /* of a plan; "" none */
    bool needs_force;            /* something would have no other home */
    char warnings[TUI_WARNINGS_MAX][TUI_TEXT_SIZE];
    size_t warning_count;
    size_t move_count;  /* in `moves` */
    size_t moves_total; /* that the plan names */
    struct tui_move moves[TUI_MOVES_MAX];
};

/* Frees a fleet and its pools; NULL is allowed. The other structs are freed by free(). */
void tui_fleet_destroy(struct tui_fleet *fleet);

/* The agent of that name, or NULL. */
const struct tui_agent *tui_fleet_agent(const struct tui_fleet *fleet, const char *name);

/* The operation with the id, or NULL. */
const struct tui_operation *tui_fleet_operation(const struct tui_fleet *fleet, uint64_t id);

/* The mean of the agent's devices that say how busy they are, or NAN. */
double tui_agent_busy(const struct tui_agent *agent);

#endif
