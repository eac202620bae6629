// The state of the coordinator's core, shared by the coord_*.c files and by nobody else.
#ifndef AGENT_COORD_INTERNAL_H
#define AGENT_COORD_INTERNAL_H

#include <sys/queue.h>

#include "agent/core/base/detector.h"
#include "agent/core/base/idmap.h"
#include "agent/core/base/idpages.h"
#include "agent/core/base/pool.h"
#include "agent/core/coord/coord.h"
#include "agent/core/operation/coord_operation.h"
#include "agent/core/operation/coord_plan.h"
#include "agent/core/placement/coord_decision.h"
#include "agent/core/placement/coord_explain.h"
#include "agent/core/placement/coord_residency.h"
#include "agent/core/queue/coord_queue.h"
#include "agent/core/strategy/strategy.h"

#define COORD_CHUNK 32       // jobs that one pick places at most
#define COORD_PLANS_KEPT 4   // for a rebalance, that were shown
#define COORD_POOL_MAX 4096  // free blocks of each pool
#define COORD_HISTORY_MAX 12 // entries a job keeps
#define COORD_HISTORY_FEW 2  // that most jobs need
#define COORD_JOB_US_MIN 4   // that a job costs at least: frames, wake-ups
#define COORD_SLOWNESS_SHIFT 10
#define COORD_ANSWERS 32      // of an agent, that its breaker looks at
#define COORD_KILLS_MAX 8     // agents that a job is known to have killed executors of
#define COORD_RUN_BUCKETS 48  // of a model's runs by how long they took
#define COORD_PAUSE_US 500000 // no new work for an agent that gave some back

// A shared, immutable string.
struct agent_text {
    uint32_t refs;
    char chars[];
};

struct coord_history {
    int64_t time_us;
    uint64_t decision;        // why there; 0 none
    struct agent_text *agent; // NULL none
    struct agent_text *text;  // NULL none
    uint32_t attempt;
    uint8_t state;
};

// Where a job is: it is in exactly one list, and counted there.
enum coord_where {
    COORD_PENDING, // admitted, not committed: known to nobody
    COORD_READY,   // in its flow's queue
    COORD_DELAYED, // waits for its backoff
    COORD_HELD,    // by an agent
    COORD_ENDING,  // ended, not committed
    COORD_ENDED,   // kept for who asks
    COORD_WHERES
};

struct coord_job {
    TAILQ_ENTRY(coord_job) all;  // by id
    TAILQ_ENTRY(coord_job) link; // its flow's queue, its agent's jobs, or the kept ones
    uint64_t id;
    struct coord_model *model;
    struct coord_tenant *tenant; // until it has ended
    struct agent_text *tenant_name;
    struct coord_flow *flow;       // until it has ended
    struct coord_agent *agent;     // while HELD
    struct agent_text *agent_name; // the last one; NULL none
    struct agent_text *key;        // NULL none
    struct agent_text *error;      // NULL none
    struct coord_job *key_next;    // of those whose keys have the same hash
    struct coord_kills *kills;     // executors that died of it; NULL none
    struct coord_history *history;
    uint64_t key_hash;
    uint64_t input_bytes, output_bytes;
    int64_t submitted_us, started_us, finished_us, deadline_us, not_before_us; // ended: when told
    struct agent_heap_node timer;
    struct agent_heap_node urgency; // among its flow's with deadlines
    uint32_t work_us;               // counted in its agent's backlog
    uint32_t charged_us;            // to its tenant, of the class charged_class
    struct agent_timing timing;
    uint32_t dispatches;       // fences: each dispatch has a number of its own
    uint32_t attempt;          // the one by which its agent holds it
    struct coord_hedge *hedge; // a second agent that has it as well; NULL none
    uint32_t failures;         // charged attempts that went wrong
    uint32_t rows, batch;
    uint8_t charged_class;
    uint8_t where, state, end_state, priority, device, history_count, history_room;
    bool timed;    // has a deadline
    bool retrying; // counts against the retry budget
    bool moving;   // its agent was asked to give it back, for another one
    bool cached;   // its outputs came from the response cache: no agent has it
    char error_code[AGENT_CODE_MAX + 1];
};

// What stands for an idempotency key; 0: there is none.
struct coord_key {
    uint64_t low, high;
};

// An ended job that is only in the ledger.
struct coord_kept {
    uint64_t id;
    struct coord_key key;
    int64_t finished_us;
    uint64_t output_bytes;
};

struct coord_runs {
    uint32_t counts[COORD_RUN_BUCKETS];
    uint32_t total;
};

struct coord_hedge {
    TAILQ_ENTRY(coord_hedge) link; // its agent's
    struct coord_job *job;
    struct coord_agent *agent;
    uint32_t attempt;
    bool running;
    int64_t started_us;
};

TAILQ_HEAD(coord_hedges, coord_hedge);

struct coord_model {
    struct coord_runs runs; // how long they took, from the start to the answer
    LIST_HEAD(, coord_flow) flows;
    uint32_t number;
    struct agent_text *name;
    uint32_t version;
    uint8_t hash[AGENT_HASH_SIZE];
    uint32_t queued;       // over its flows
    uint32_t refs;         // jobs of any kind
    uint64_t total;        // jobs ever taken
    uint64_t hits, misses; // jobs sent where it was, and elsewhere
    int64_t run_us;        // smoothed, from the start to the result; 0 unknown
    int64_t least_us;      // the least that a run took lately; 0 unknown
    uint32_t job_us;       // a job's share of it, over all agents; 0 unknown
    uint32_t load_us;      // over all agents; 0 unknown
    uint64_t file_bytes;   // 0 unknown
    uint64_t bytes;        // as the files, or on an agent once that is known; 0 unknown
    struct agent_needs needs;
    uint32_t hedge_times; // 0: as the limit
    uint64_t blocked;     // the world in which no agent could take it
    uint64_t skipped;     // the round in which none had room
    struct coord_on *on;  // by slot, as far as it was needed
    uint32_t on_room;
    uint32_t *holders; // slots of agents that have it or load it
    uint32_t n_holders, holders_room;
    uint32_t n_usable;             // of them, those that have it and are ready
    uint32_t held;                 // jobs that agents have
    int64_t demand_us;             // device time that was asked of it, faded over minutes
    uint64_t looked_at;            // the last look for something to prefetch that did
    int64_t refused_us;            // since when nobody who is there can load it; 0 somebody may
    int64_t wants_us;              // since when no agent has room for it; 0 one has
    struct coord_model *room_from; // that makes room for it on room_slot; NULL none
    uint32_t room_slot;
    uint32_t pins;
    uint64_t scan_world; // in which `scanned` slots up to `scan_at` had nothing for it
    uint32_t scan_at, scanned;
};

enum coord_breaker_state { COORD_BREAKER_CLOSED, COORD_BREAKER_OPEN, COORD_BREAKER_HALF_OPEN };

struct coord_breaker {
    uint64_t answers[COORD_ANSWERS]; // ring: 0 for a job that was done, else the one that failed
    uint8_t next, count;
    uint8_t state;
    uint8_t opened;   // times in a row
    int64_t until_us; // OPEN
    uint64_t probe;   // HALF_OPEN: the job that is tried; 0 none yet
};

struct coord_revoked {
    uint64_t job;
    uint32_t attempt;
};

struct coord_agent {
    struct agent_named named; // its name is `name`
    uint32_t id, slot;
    struct agent_text *name;
    struct agent_text *reason; // of its state; NULL none
    struct agent_text *doubt;  // why it gets no new work though it is here; NULL none
    uint64_t link;             // 0 lost
    uint8_t instance[16];
    uint8_t admin; // enum agent_admin
    bool suspect, paused, drained_said;
    bool open; // counted in open_agents
    uint32_t credit;
    struct coord_jobs jobs;
    uint32_t assigned, running;
    struct coord_revoked *revoked; // told to drop, no answer yet
    uint32_t revoked_count, revoked_room;
    struct coord_hedges hedges; // jobs of others that it has as well
    uint32_t n_hedges;
    int64_t heard_us, connected_us, paused_us, lost_us;
    struct agent_detector detector; // outlives the links
    bool lost_silent;               // given up for its silence, not because the link broke
    uint32_t flaps;                 // links lost soon after they came, in a row
    int64_t rests_until_us;         // no new work before, as its links break too often; 0 none
    struct coord_breaker breaker;
    struct agent_device_info *devices;
    uint32_t n_devices;
    struct agent_heap_node rank; // among those that take work
    int64_t backlog_us;          // device time of the jobs it holds, as expected
    int64_t wait_us;             // of that, as it is counted in the core's
    int64_t recent_us;           // device time of what it was given lately, for each device
    uint32_t slowness;           // of its jobs' time to that of others', in 1/1024
    bool ready;                  // counted in ready_agents
    uint8_t closed_rule; // enum agent_rule: why it took no work the last time that it didn't
    int64_t closed_us, opened_us;
    uint64_t memory_bytes;       // that models can take on its devices; 0 unknown
    uint64_t model_bytes;        // that those take which it has
    struct coord_model **models; // that it has or loads
    uint32_t n_models, models_room;
    struct coord_model *prefetching; // that it loads though no job asked for it; NULL none
    uint64_t looked_at;              // the last pick that did
    uint64_t done, failed, requeued;
    uint64_t picked_turn;
    struct coord_operation *drain;         // that runs
    bool can_load;                         // a model without a job
    bool can_prefetch;                     // and leaves it, where something would have to go
    bool can_restart;                      // it starts itself again when it is told
    uint32_t devices_ready, devices_total; // as it tells; 0 of 0 until then
    uint64_t drained_by; // the last drain that was done; 0 it was given back since
};

struct coord_tune {
    struct coord_agent *agent; // whose device it is; NULL while it is away, and at the end
    uint8_t instance[16];      // of its process
    int64_t away_us;           // since when
    struct agent_text *model, *name;
    uint8_t hash[AGENT_HASH_SIZE];
    struct agent_tune_view view; // its texts are those above
};

enum coord_wait_kind {
    COORD_WAIT_NONE,
    COORD_WAIT_ADMIT,
    COORD_WAIT_END,
    COORD_WAIT_REPLY,
    COORD_WAIT_OPERATION
};

// Something to do once the ledger has committed `seq`.
struct coord_wait {
    uint64_t seq;
    uint64_t token;
    union {
        uint64_t id;           // REPLY, OPERATION
        struct coord_job *job; // ADMIT, END
    };
    uint8_t kind; // enum coord_wait_kind
    bool existing;
};

struct agent_coord {
    struct agent_coord_limits limits;
    const struct agent_sink *sink; // during a step
    int64_t now_us;
    uint64_t steps;
    uint32_t attempts_most;      // the highest limit of attempts that there was
    uint64_t dispatched, hedged; // jobs, and those of them that had a second agent
    int64_t hedges_looked_us;
    bool hedges_wanted; // by some model, whatever the limit
    int64_t ticked_us;  // the last tick; 0 none yet
    int64_t asleep_us;  // how long the coordinator itself slept lately, halved every second
    int64_t woken_us;   // when that was last counted
    uint64_t token;     // of the submission that is being taken
    uint64_t random;

    struct agent_idpages by_id;
    struct agent_pool job_pool, history_pool;
    struct agent_idmap by_key, by_link, by_hash, by_flow;
    struct agent_names by_tenant, by_agent;
    struct coord_jobs jobs;       // all, by id
    struct coord_jobs kept;       // ended and whole, oldest first
    struct coord_kept *kept_ring; // those before them: places kept_begin to kept_end, from 1 on
    uint64_t kept_begin, kept_end;
    size_t kept_room;             // 0 or a power of two
    struct agent_idmap kept_keys; // places, by the low half of their keys
    uint32_t n_where[COORD_WHERES];
    uint32_t n_state[AGENT_JOB_STATES]; // what is seen from outside: without the pending ones
    uint32_t n_retrying;
    uint64_t input_bytes, output_bytes;
    struct agent_pace ends, bytes; // jobs that end, and their inputs'
    uint64_t next_job, next_operation, next_turn;
    uint32_t next_agent;

    struct coord_turns turns;
    struct coord_tenants tenants;
    uint32_t next_tenant, next_model;
    struct coord_model **models;
    uint32_t n_models;
    struct coord_agent **agents; // by slot; NULL free
    uint32_t n_agents, open_agents;
    uint64_t world, round;
    const struct agent_strategy *strategy;
    struct agent_heap ranks; // of open agents
    uint64_t *open_bits;     // by slot
    uint32_t ready_agents;   // connected, wanted and sound
    uint32_t last_slot;      // picked last
    uint64_t pick_number;
    int64_t wait_us, recent_us;       // of all agents, for each device
    int64_t demand_us;                // of all models
    int64_t recent_then_us;           // when that was last made less
    uint32_t job_us;                  // a job's share of device time, over all models and agents
    uint32_t rank_job_us;             // as the agents are ranked with
    struct agent_pick pick;           // the one under way
    struct coord_decision *decisions; // ring
    uint64_t next_decision;
    struct agent_caches caches;

    struct coord_operations operations;
    uint32_t n_operations;
    struct coord_rebalance *plans[COORD_PLANS_KEPT]; // the last ones that were made
    uint64_t next_plan;
    int64_t rebalanced_us;

    struct agent_heap timers; // of jobs

    struct coord_wait *waits; // ring
    size_t waits_first, waits_count, waits_room;
    uint64_t seq, committed;
    bool ledger_ok, stopping;
    struct agent_text *ledger_damage; // NULL: it is not damaged
    struct agent_text *ledger_error;

    struct coord_poison *poisons; // oldest first
    uint32_t n_poisons;

    uint64_t submitted, done, failed, cancelled, expired, requeued, stale;
};

// coord_text.c
struct agent_text *agent_coord_text_new(const char *chars); // NULL for "", NULL, or no memory
struct agent_text *agent_coord_text_ref(struct agent_text *text);
void agent_coord_text_unref(struct agent_text *text);
void agent_coord_text_set(struct agent_text **slot, const char *chars);
const char *agent_coord_chars(const struct agent_text *text); // "" for NULL

// coord_timer.c: one timer a job, at the earlier of its deadline and its backoff's end
int64_t agent_coord_latest_start_us(const struct coord_job *job);
void agent_coord_timer_set(struct agent_coord *core, struct coord_job *job); // from the job's times
void agent_coord_timer_clear(struct agent_coord *core, struct coord_job *job);
struct coord_job *agent_coord_timer_due(const struct agent_coord *core); // NULL none
uint64_t agent_coord_random(struct agent_coord *core);
int64_t agent_coord_backoff_us(struct agent_coord *core, uint32_t failures);

// coord_emit.c
uint64_t agent_coord_append(struct agent_coord *core, const struct agent_record *record);
void agent_coord_append_job(struct agent_coord *core, const struct coord_job *job,
                            enum agent_record_kind kind);
void agent_coord_append_attempt(struct agent_coord *core, const struct coord_job *job,
                                const char *text);
void agent_coord_append_operation(struct agent_coord *core,
                                  const struct coord_operation *operation);
void agent_coord_append_agent(struct agent_coord *core, const struct coord_agent *agent,
                              const char *by);
void agent_coord_append_audit(struct agent_coord *core, const char *who, const char *what,
                              const char *target, const char *why);
void agent_coord_reply(struct agent_coord *core, uint64_t token, enum agent_reply reply,
                       uint64_t id, const char *format, ...) __attribute__((format(printf, 5, 6)));
// Not while the ledger can't be written: with its error.
void agent_coord_reply_unwritten(struct agent_coord *core, uint64_t token);
// Come back after so long.
void agent_coord_reply_busy(struct agent_coord *core, uint64_t token, int64_t wait_us,
                            const char *format, ...) __attribute__((format(printf, 4, 5)));
void agent_coord_notice(struct agent_coord *core, enum agent_notice_kind kind,
                        enum agent_notice_severity severity, const char *agent, uint64_t job,
                        const char *format, ...) __attribute__((format(printf, 6, 7)));
void agent_coord_act(struct agent_coord *core, const struct agent_action *action);

// coord_wait.c: the queue behind the ledger
// Room for so many, besides the one that each live job may need for its end.
bool agent_coord_wait_reserve(struct agent_coord *core, size_t count);
void agent_coord_wait_push(struct agent_coord *core, struct coord_wait wait); // needs a reserve
// Answers an operator's command once the last append is committed.
void agent_coord_wait_reply(struct agent_coord *core, uint64_t token, uint64_t id);
void agent_coord_committed(struct agent_coord *core, uint64_t seq);
void agent_coord_ledger_damaged(struct agent_coord *core, const char *text);
void agent_coord_ledger_refused(struct agent_coord *core, uint64_t seq, const char *text);
void agent_coord_ledger_failed(struct agent_coord *core, const char *text);

// coord_job.c: lists and counts
struct coord_job *agent_coord_job_find(const struct agent_coord *core, uint64_t id);
// In no list yet, but findable. NULL: no memory.
struct coord_job *agent_coord_job_new(struct agent_coord *core, uint64_t id,
                                      struct coord_flow *flow, const char *key, bool timed);
void agent_coord_job_free(struct agent_coord *core, struct coord_job *job); // after coord_job_leave
// Keys are a tenant's own: another's job is never found by guessing its key.
struct coord_job *agent_coord_job_by_key(const struct agent_coord *core, const char *tenant,
                                         const char *key);
void agent_coord_job_drop_flow(struct agent_coord *core,
                               struct coord_job *job); // it will not be queued again
void agent_coord_job_leave(struct agent_coord *core, struct coord_job *job); // its list
void agent_coord_job_enter(struct agent_coord *core, struct coord_job *job, enum coord_where where,
                           bool front);
void agent_coord_job_set_state(struct agent_coord *core, struct coord_job *job,
                               enum agent_job_state state);
void agent_coord_job_log(struct agent_coord *core, struct coord_job *job,
                         enum agent_job_state state, struct agent_text *text);
// It was assigned.
void agent_coord_job_log_decision(struct agent_coord *core, struct coord_job *job,
                                  uint64_t decision);
uint32_t agent_coord_jobs_live(const struct agent_coord *core);

// coord_submit.c
void agent_coord_submit(struct agent_coord *core, const struct agent_event *event);
void agent_coord_admit(struct agent_coord *core, struct coord_job *job);
void agent_coord_recover_job(struct agent_coord *core, const struct agent_job_record *record);

// coord_end.c
void agent_coord_end(struct agent_coord *core, struct coord_job *job, enum agent_job_state state,
                     const char *code, const char *text);
void agent_coord_ended(struct agent_coord *core, struct coord_job *job); // its end is committed
void agent_coord_cancel(struct agent_coord *core, const struct agent_event *event);
void agent_coord_timers(struct agent_coord *core);

// coord_kept.c
void agent_coord_retain(struct agent_coord *core);
uint64_t agent_coord_kept_by_key(const struct agent_coord *core, const char *tenant,
                                 const char *key);               // 0 none
uint32_t agent_coord_kept_count(const struct agent_coord *core); // all ended ones
uint64_t agent_coord_kept_bytes(const struct agent_coord *core); // outputs of the compact ones
void agent_coord_recover_kept(struct agent_coord *core, const struct agent_kept_record *record);
void agent_coord_kept_finish(struct agent_coord *core);

// coord_run.c: what agents say about jobs
void agent_coord_started(struct agent_coord *core, const struct agent_event *event);
void agent_coord_result(struct agent_coord *core, const struct agent_event *event);
void agent_coord_hold(struct agent_coord *core, struct coord_job *job, struct coord_agent *agent);
// As attempt `attempt`, which was dispatched there already.
void agent_coord_hold_as(struct agent_coord *core, struct coord_job *job, struct coord_agent *agent,
                         uint32_t attempt);
void agent_coord_run(struct agent_coord *core, struct coord_job *job, int64_t started_us);
void agent_coord_revoke_at(struct agent_coord *core, struct coord_agent *agent, uint64_t job,
                           uint32_t attempt);
void agent_coord_release(struct agent_coord *core, struct coord_job *job); // from its agent
void agent_coord_revoke(struct agent_coord *core, struct coord_job *job);  // and release
void agent_coord_requeue(struct agent_coord *core, struct coord_job *job, const char *why);

// coord_model.c
struct coord_model *agent_coord_model_find(const struct agent_coord *core, const uint8_t *hash);
struct coord_model *agent_coord_model_get(struct agent_coord *core, const char *name,
                                          uint32_t version,
                                          const uint8_t *hash); // NULL: full or no memory
void agent_coord_model_free(struct coord_model *model);
void agent_coord_model_state(struct agent_coord *core, const struct agent_event *event);

// coord_pin.c
void agent_coord_model_offered(struct agent_coord *core, const struct agent_event *event);
void agent_coord_pin(struct agent_coord *core, const struct agent_event *event);
void agent_coord_unload(struct agent_coord *core, const struct agent_event *event);
void agent_coord_load(struct agent_coord *core, const struct agent_event *event);
// The agent is told to load it; what is spare and in its way goes first.
void agent_coord_load_there(struct agent_coord *core, struct coord_agent *agent,
                            struct coord_model *model);
// The model is there now: an agent that did not know it yet has ignored the pin.
void agent_coord_pin_arrived(struct agent_coord *core, struct coord_agent *agent,
                             struct coord_model *model);
// The agent is admitted: it is told what is pinned there, and loads that.
void agent_coord_pins_resume(struct agent_coord *core, struct coord_agent *agent);
void agent_coord_recover_pin(struct agent_coord *core, const struct agent_event *event);

// coord_place.c
void agent_coord_place(struct agent_coord *core);
void agent_coord_place_tick(struct agent_coord *core);

// coord_pick.c
void agent_coord_pick_init(struct agent_coord *core, struct coord_model *model,
                           struct agent_pick *pick);

// coord_why.c
// Of the rules, those that look at the agent alone.
enum agent_rule agent_coord_closed(const struct coord_agent *agent);
// The first rule that keeps a job of this model from the agent now.
enum agent_rule agent_coord_rejects(const struct agent_coord *core, const struct coord_agent *agent,
                                    const struct coord_model *model);
bool agent_coord_rule_passes(enum agent_rule rule); // by itself, as jobs finish
// Why no agent takes a job of this model now, in one line.
void agent_coord_why(const struct agent_coord *core, const struct coord_model *model, char *text,
                     size_t size);

// coord_agent.c
struct coord_agent *agent_coord_agent_by_link(const struct agent_coord *core, uint64_t link);
struct coord_agent *agent_coord_agent_by_name(const struct agent_coord *core, const char *name);
// That of the event's name. NULL: there is none, and the operator has been told.
struct coord_agent *agent_coord_agent_asked(struct agent_coord *core,
                                            const struct agent_event *event);
static inline uint32_t agent_coord_agent_holds(const struct coord_agent *agent) // of its credit
{
    return agent->assigned + agent->running + agent->revoked_count + agent->n_hedges;
}
uint32_t agent_coord_agent_room(const struct coord_agent *agent); // jobs it may get now
// Makes its table of revoked jobs larger while it is half full, up to its credit: an agent that
// holds nothing has none to speak of.
void agent_coord_agent_grow(struct coord_agent *agent);
const char *agent_coord_agent_state(const struct coord_agent *agent);
void agent_coord_agent_refresh(struct agent_coord *core, struct coord_agent *agent);
void agent_coord_agent_free(struct coord_agent *agent);
void agent_coord_hello(struct agent_coord *core, const struct agent_event *event);
void agent_coord_devices(struct agent_coord *core, const struct agent_event *event);
void agent_coord_credit(struct agent_coord *core, const struct agent_event *event);
void agent_coord_link_lost(struct agent_coord *core, const struct agent_event *event);
void agent_coord_recover_agent(struct agent_coord *core, const struct agent_agent_record *record);
// Finds or makes the record of a name. NULL: full or no memory.
struct coord_agent *agent_coord_agent_get(struct agent_coord *core, const char *name);

// Its link is over. `close`: and is to be closed by us.
void agent_coord_agent_lose(struct agent_coord *core, struct coord_agent *agent, const char *why,
                            bool close, enum agent_notice_severity severity);
// Whether it gets no new work for what it did, not for what an operator wants.
bool agent_coord_agent_doubted(const struct coord_agent *agent);

// coord_alive.c
void agent_coord_heard(struct agent_coord *core, const struct agent_event *event);
void agent_coord_beat(struct agent_coord *core, const struct agent_event *event);
void agent_coord_agents_tick(struct agent_coord *core);
// Whether another of its name may take its place.
bool agent_coord_agent_silent(const struct agent_coord *core, const struct coord_agent *agent);
// A new link of the process `instance`, before its times are set.
void agent_coord_alive_again(struct agent_coord *core, struct coord_agent *agent,
                             const uint8_t *instance);
// Its link broke; it is here again.
void agent_coord_flap_count(struct agent_coord *core, struct coord_agent *agent);
void agent_coord_flap_rest(struct agent_coord *core, struct coord_agent *agent);

// coord_breaker.c
bool agent_coord_is_agent_s(const char *code);
void agent_coord_breaker_done(struct agent_coord *core, struct coord_agent *agent, uint64_t job);
void agent_coord_breaker_failed(struct agent_coord *core, struct coord_agent *agent, uint64_t job,
                                const char *code);
void agent_coord_breaker_held(struct coord_agent *agent, uint64_t job);  // it got the job, and
void agent_coord_breaker_leave(struct coord_agent *agent, uint64_t job); // has not said a thing
// What failed because of the job was not the agent's fault.
void agent_coord_breaker_forgive(struct agent_coord *core, struct coord_agent *agent, uint64_t job);
void agent_coord_breaker_tick(struct agent_coord *core, struct coord_agent *agent);
void agent_coord_breaker_reset(struct coord_agent *agent); // it is another process now

// coord_hedge.c
void agent_coord_hedge_learn(struct agent_coord *core, const struct coord_job *job); // it is done
void agent_coord_hedges_tick(struct agent_coord *core);
// Nobody waits for the second one any more; it is told so.
void agent_coord_hedge_drop(struct agent_coord *core, struct coord_job *job);
void agent_coord_hedges_drop(struct agent_coord *core, struct coord_agent *agent);
void agent_coord_hedges_lose(struct coord_agent *agent); // its link is gone
void agent_coord_hedge_forget(struct coord_job *job);
// The second agent is the job's own from now on. False: there is none.
bool agent_coord_hedge_promote(struct agent_coord *core, struct coord_job *job, const char *why);
bool agent_coord_hedge_started(struct agent_coord *core, const struct coord_job *job,
                               const struct coord_agent *agent, uint32_t attempt);
// An answer of the second agent. False: it is to be taken as the job's own.
bool agent_coord_hedge_answered(struct agent_coord *core, struct coord_job *job,
                                struct coord_agent *agent, const struct agent_result *result);

// coord_quarantine.c
// An attempt has failed: whether the job has killed so often that it has ended now.
bool agent_coord_quarantined(struct agent_coord *core, struct coord_job *job,
                             const struct agent_result *result);
bool agent_coord_killed_on(const struct coord_job *job, const struct coord_agent *agent);
// For a job that kills: a candidate where it has not yet, else `chosen`.
struct agent_candidate *agent_coord_spare(const struct agent_coord *core,
                                          const struct coord_job *job, struct agent_pick *pick,
                                          struct agent_candidate *chosen);

// coord_admin.c
void agent_coord_cordon(struct agent_coord *core, const struct agent_event *event);
void agent_coord_uncordon(struct agent_coord *core, const struct agent_event *event);
// Back to work, from whatever an operator wanted of it; from a drain that runs it is cancelled
// first.
void agent_coord_agent_give_back(struct agent_coord *core, struct coord_agent *agent,
                                 const char *by, const char *why);
void agent_coord_agent_cordon(struct agent_coord *core, struct coord_agent *agent, const char *by,
                              const char *why);
void agent_coord_audit(struct agent_coord *core, const struct agent_event *event);
void agent_coord_set_strategy(struct agent_coord *core, const struct agent_event *event);

#endif
