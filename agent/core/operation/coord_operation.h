// What runs longer than a request: its place in the table, its record in the ledger, its end. Each
// kind is one file and one row of operations.def; what all kinds have in common is
// coord_operation.c.
#ifndef AGENT_COORD_OPERATION_H
#define AGENT_COORD_OPERATION_H

#include <sys/queue.h>

#include "agent/core/coord/coord.h"
#include "agent/core/operation/coord_plan.h"

#define COORD_DETAIL_MAX 65536 // bytes of what a kind keeps in the ledger about an operation

struct coord_agent;
struct coord_job;
struct coord_model;
struct coord_operation;

struct coord_operation_kind {
    const char *name;
    // It ran when the last coordinator ended: `operation` has what its record had. May end it.
    void (*recover)(struct agent_coord *core, struct coord_operation *operation);
    // Ends it, now or soon, and answers the event.
    void (*cancel)(struct agent_coord *core, struct coord_operation *operation,
                   const struct agent_event *event);
    // Every tick while it runs. May be NULL.
    void (*tick)(struct agent_coord *core, struct coord_operation *operation);
    // The end that agent_coord_operation_finish has appended is committed. May be NULL.
    void (*finished)(struct agent_coord *core, struct coord_operation *operation);
    // Adds what only this kind knows to the view. May be NULL.
    void (*view)(const struct agent_coord *core, const struct coord_operation *operation,
                 struct agent_operation_view *view);
    // Frees what hangs on it. May be NULL.
    void (*free)(struct coord_operation *operation);
};

struct coord_operation {
    TAILQ_ENTRY(coord_operation) all; // newest first
    uint64_t id;
    const struct coord_operation_kind *kind;
    struct coord_drain *drain;               // of a drain
    struct coord_rebalance *rebalance;       // of a rebalance; NULL before the last start
    struct coord_roll *roll;                 // of a drain-all or a restart
    struct coord_tune *tune;                 // of a tune
    struct agent_text *target, *by, *reason; // the target: an agent, or a text for people
    struct agent_text *text;                 // what it does now, or how it ended; NULL none
    struct agent_text *detail;               // what its kind keeps in the ledger; NULL none
    uint8_t state;
    bool was_cordoned;
    bool overdue;      // its deadline has passed and what ran was taken away
    bool finishing;    // its end is in the ledger's hands
    uint64_t need_seq; // what must be committed before it has ended
    int64_t started_us, deadline_us, finished_us;
    uint32_t requeued;
};

TAILQ_HEAD(coord_operations, coord_operation);

#define AGENT_OPERATION(symbol, name, help) \
    extern const struct coord_operation_kind agent_coord_kind_##symbol;
#include "agent/core/operation/operations.def"
#undef AGENT_OPERATION

// A place in the table under the next id: the oldest that has ended makes room. Answers the event
// and returns NULL where all run or memory is short.
struct coord_operation *agent_coord_operation_new(struct agent_coord *core,
                                                  const struct coord_operation_kind *kind,
                                                  const struct agent_event *event);
// Has its target, deadline and detail: records who wanted it and tells. `agent` for the notice, "".
void agent_coord_operation_start(struct agent_coord *core, struct coord_operation *operation,
                                 const char *agent, const struct agent_event *event);
// Ends it at once. `by` NULL: by itself.
void agent_coord_operation_end(struct agent_coord *core, struct coord_operation *operation,
                               enum agent_operation_state state, const char *text,
                               const char *agent, const char *by);
// Appends its end as done; it has ended when kind->finished is called. False: memory is short, a
// tick tries again. `also` appends what has to be committed with it; may be NULL.
bool agent_coord_operation_finish(struct agent_coord *core, struct coord_operation *operation,
                                  void (*also)(struct agent_coord *core,
                                               struct coord_operation *operation));
void agent_coord_operation_finished(struct agent_coord *core, uint64_t id); // committed
// Tells who follows it.
void agent_coord_operation_changed(struct agent_coord *core,
                                   const struct coord_operation *operation);
struct coord_operation *agent_coord_operation_find(const struct agent_coord *core, uint64_t id);
void agent_coord_operation_free(struct coord_operation *operation);
void agent_coord_operation_cancel(struct agent_coord *core, const struct agent_event *event);
void agent_coord_operations_tick(struct agent_coord *core);
// A number of a detail such as "parent=7 epoch=3": that behind `name`; 0 where there is none.
uint64_t agent_coord_detail_number(const char *detail, const char *name);
// The 16 bytes of an instance as 32 hex digits and back; what is none of those is 0.
void agent_coord_instance_hex(const uint8_t instance[16], char ret_hex[33]);
void agent_coord_instance_parse(const char *hex, uint8_t ret_instance[16]);
void agent_coord_recover_operation(struct agent_coord *core,
                                   const struct agent_operation_record *record);

// coord_plan.c
bool agent_coord_takes_work(const struct coord_agent *agent);
void agent_coord_plan_make(const struct agent_coord *core, const struct coord_agent *agent,
                           int64_t deadline_us, struct agent_drain_plan *ret_plan);
// Whether the model is in use there and nobody else could run it. `model` may be NULL.
bool agent_coord_is_orphan(const struct agent_coord *core, const struct coord_agent *agent,
                           const struct coord_model *model);
// How long a run of the model takes there as measured; 0 unknown.
int64_t agent_coord_run_us(const struct agent_coord *core, const struct coord_agent *agent,
                           const struct coord_model *model);
// How long a job should run yet as measured: 0 it has not started or is over its time, -1 unknown.
int64_t agent_coord_job_left_us(const struct agent_coord *core, const struct coord_job *job);

// coord_drain.c
// Begins one on an agent that is not draining or drained. NULL: the event was answered. The caller
// answers it otherwise.
struct coord_operation *agent_coord_drain_begin(struct agent_coord *core, struct coord_agent *agent,
                                                const struct agent_event *event, uint64_t parent);
void agent_coord_drain(struct agent_coord *core, const struct agent_event *event);
void agent_coord_drained(struct agent_coord *core, const struct agent_event *event);
void agent_coord_drain_check(struct agent_coord *core, struct coord_agent *agent);
void agent_coord_drain_resume(struct agent_coord *core,
                              struct coord_agent *agent); // a link came back

// coord_rebalance.c
void agent_coord_rebalance(struct agent_coord *core, const struct agent_event *event);
// The agent of a job that is moving has dropped it: it goes on.
void agent_coord_moved(struct agent_coord *core, struct coord_job *job);
// A job that is moving leaves its agent otherwise.
void agent_coord_move_over(struct agent_coord *core, struct coord_job *job);
void agent_coord_plans_free(struct agent_coord *core);

// coord_roll.c
void agent_coord_roll(struct agent_coord *core, const struct agent_event *event);

// coord_tune.c
void agent_coord_tune(struct agent_coord *core, const struct agent_event *event);
void agent_coord_tune_state(struct agent_coord *core, const struct agent_event *event);
// The agent is away: its tunings wait for it.
void agent_coord_tunes_lose(struct agent_coord *core, const struct coord_agent *agent,
                            const char *why);
// It came back: those that it had go on, or have failed with the process that it was.
void agent_coord_tunes_resume(struct agent_coord *core, struct coord_agent *agent);

#endif
