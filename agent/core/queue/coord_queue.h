// Which job is next. Jobs wait in flows, one for each tenant and model, so that a chunk of one flow
// is work that an agent can batch.
//
// A job's key is the time of its submission + priority x ageing; its class now is how many ageings
// that lies ahead, 0 at least. So a job's class is its priority at first and goes up by one each
// time that it has waited for another ageing. Classes are served in order; inside a class tenants
// share by deficit round robin with their weights, in device time; of a tenant the flow whose head
// has the least key is next.
//
// Nothing starves: after priority x ageing a job is of class 0, where no other goes before it but
// jobs of its tenant that are as old, and what other tenants get is bounded by their weights.
#ifndef AGENT_COORD_QUEUE_H
#define AGENT_COORD_QUEUE_H

#include <sys/queue.h>

#include "agent/core/base/heap.h"
#include "agent/core/base/names.h"
#include "agent/core/base/pace.h"
#include "agent/core/coord/coord.h"

struct agent_text;
struct coord_agent;
struct coord_job;
struct coord_model;

TAILQ_HEAD(coord_jobs, coord_job);

// A tenant's account in one class. In units of a 1/256 us of device time; below 0 it is in debt.
struct coord_share {
    int64_t deficit;
    int64_t round; // the last one that it got its quantum in
};

struct coord_tenant {
    struct agent_named named; // its name is `text`
    TAILQ_ENTRY(coord_tenant) all;
    LIST_HEAD(, coord_flow) flows;
    uint32_t number;
    struct agent_text *text;
    uint32_t live; // jobs that have not ended
    uint32_t queued, held;
    uint64_t input_bytes; // of live ones
    uint64_t done, failed, throttled, refused;
    struct agent_tenant_set set; // by operators
    uint64_t tokens;             // billionths of a job
    int64_t promised_us;         // when the last one that was told to come back is due
    uint64_t promised_step;      // in which it was told
    int64_t filled_us;
    int64_t refusal_said_us; // 0 never
    struct agent_pace ends, bytes, device_us;
    uint32_t weight;
    uint32_t n_flows;
    struct agent_heap waiting;        // flows that can be placed, by their keys
    struct agent_heap_node turn;      // in its class, by round, while `waiting` has any
    struct agent_heap_node promotion; // by the time at which its class may change
    uint8_t cls;                      // its class, while it waits for its turn
    struct coord_share shares[AGENT_PRIORITIES];
};

TAILQ_HEAD(coord_tenants, coord_tenant);

// The jobs of a flow and priority that have deadlines.
struct coord_timed {
    struct coord_jobs jobs; // by age
    struct agent_heap deadlines;
};

enum coord_flow_where {
    COORD_FLOW_EMPTY,
    COORD_FLOW_WAITING,
    COORD_FLOW_BLOCKED,
    COORD_FLOW_SKIPPED
};

struct coord_flow {
    LIST_ENTRY(coord_flow) of_tenant, of_model;
    TAILQ_ENTRY(coord_flow) parked; // blocked, skipped, or without any jobs
    struct coord_tenant *tenant;
    struct coord_model *model;
    struct agent_heap_node turn; // in its tenant's `waiting`
    uint32_t queued;
    uint32_t refs;       // jobs that may be queued in it
    uint32_t timed_refs; // of those with a deadline
    uint8_t where;       // enum coord_flow_where
    uint8_t first;       // the queue whose turn it is, as in `filled`
    uint8_t filled;      // bit p: jobs of priority p; bit 4 + p: those with deadlines
    int64_t key;         // of that queue
    struct coord_jobs queues[AGENT_PRIORITIES];
    struct coord_timed *timed; // AGENT_PRIORITIES of them; NULL: there never was a deadline
};

TAILQ_HEAD(coord_flows, coord_flow);

// What the core knows of turns.
struct coord_turns {
    struct agent_heap classes[AGENT_PRIORITIES]; // tenants by round
    int64_t rounds[AGENT_PRIORITIES];            // that each class is in
    struct agent_heap promotions;
    struct coord_flows blocked, skipped;
    struct coord_flows idle;               // without any jobs; those that were used last come last
    uint64_t blocked_world, skipped_round; // in which they were
    uint32_t n_skipped;
    int64_t skipped_us; // when they were looked at last
    int64_t mean;       // of a job's device time, over all; in the same units; 0 unknown
    uint32_t mean_of;   // so many jobs, up to a bound
    int64_t mean_then;  // when it was last far from this
    uint8_t cls;        // the class that is served
};

// coord_admission.c
// Whether the job is taken now, of which tenant. False: its submitter is answered.
bool agent_coord_admits(struct agent_coord *core, const struct agent_event *event,
                        struct coord_tenant **ret_tenant);
void agent_coord_admitted(struct agent_coord *core, struct coord_job *job); // count it
void agent_coord_left(struct agent_coord *core, struct coord_job *job);     // it has ended

// coord_tenant.c
struct coord_tenant *agent_coord_tenant_find(const struct agent_coord *core, const char *name);
uint64_t agent_coord_tenant_rate_milli(const struct agent_coord *core,
                                       const struct coord_tenant *tenant); // 0: no limit
uint32_t agent_coord_tenant_burst(const struct agent_coord *core,
                                  const struct coord_tenant *tenant);
void agent_coord_tenant_set(struct agent_coord *core, const struct agent_event *event);
void agent_coord_recover_tenant(struct agent_coord *core, const char *key, const char *value);
// A tenant's name: AGENT_TENANT_DEFAULT for NULL or "".
const char *agent_coord_tenant_name(const char *name);
// Finds or makes it; "" is AGENT_TENANT_DEFAULT. NULL: all places are in use, or no memory.
struct coord_tenant *agent_coord_tenant_get(struct agent_coord *core, const char *name);
void agent_coord_tenants_free(struct agent_coord *core);

// coord_flow.c: the order inside a flow
// Finds or makes it, with room for one more job with a deadline if `timed`. NULL: no memory.
struct coord_flow *agent_coord_flow_get(struct agent_coord *core, struct coord_tenant *tenant,
                                        struct coord_model *model, bool timed);
// A job more, or less, that may be queued in it.
void agent_coord_flow_take(struct agent_coord *core, struct coord_flow *flow, bool timed);
void agent_coord_flow_leave(struct agent_coord *core, struct coord_flow *flow, bool timed);
// They have no jobs: their owner goes.
void agent_coord_flows_free_tenant(struct agent_coord *core, struct coord_tenant *tenant);
void agent_coord_flows_free_model(struct agent_coord *core, struct coord_model *model);
// The job of a flow that goes next; NULL: it is empty.
struct coord_job *agent_coord_queue_head(const struct agent_coord *core,
                                         const struct coord_flow *flow);
void agent_coord_queue_push(struct agent_coord *core, struct coord_job *job, bool front);
void agent_coord_queue_remove(struct agent_coord *core, struct coord_job *job);

// coord_queue.c: the order of flows and tenants
void agent_coord_turns_init(struct agent_coord *core);
void agent_coord_turns_finish(struct agent_coord *core);
// Room for one more tenant.
bool agent_coord_turns_reserve(struct agent_coord *core);
// A flow's key has changed, or it got its first job or lost its last one.
void agent_coord_flow_changed(struct agent_coord *core, struct coord_flow *flow);
// The flow whose head is next over all, without those of models that are `blocked` in this world or
// `skipped` in this round. NULL: none.
struct coord_flow *agent_coord_queue_next(struct agent_coord *core);
// Whether a chunk that began with this flow's head may go on with the one that is head now.
bool agent_coord_queue_more(const struct agent_coord *core, const struct coord_flow *flow);
// The job, the head of the flow that is next, goes to an agent: its tenant pays what it is expected
// to take.
void agent_coord_queue_charge(struct agent_coord *core, struct coord_job *job,
                              const struct coord_agent *agent);
// What it really took is paid.
void agent_coord_queue_settle(struct agent_coord *core, struct coord_job *job,
                              const struct agent_result *result);
// It was not run after all.
void agent_coord_queue_refund(struct coord_job *job);

#endif
