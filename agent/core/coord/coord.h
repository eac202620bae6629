// The coordinator's decisions: which job is taken, where it runs, what happens when something is
// lost. A state and a step function: no socket, clock, thread or randomness in here, and no
// payload; the I/O round it holds inputs and outputs by job id. The same events with the same
// clock give the same actions, which is how it is tested.
//
// Times are microseconds of one clock that never goes back (the I/O starts it at the wall clock's
// time). One thread at a time uses a core.
#ifndef AGENT_COORD_H
#define AGENT_COORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/core/agent_status.h"
#include "agent/core/queue/tenant.h"
#include "agent/core/record.h"

struct agent_coord;

struct agent_coord_limits {
    uint64_t epoch; // of this start; every dispatch carries it
    uint64_t seed;  // of the jitter
    uint64_t seed2; // with it: what nobody outside can guess, where keys come from outside
    uint32_t jobs_live_max;
    uint32_t jobs_kept_max;   // ended
    uint32_t jobs_recent_max; // of them whole in memory; of the others only what must be
    uint32_t agents_max;
    uint32_t models_max;
    uint32_t tenants_max;
    uint32_t flows_max;         // of tenants and models, that are kept though they have no jobs
    uint32_t tenant_percent;    // of live jobs and inputs that a tenant alone can take
    uint64_t tenant_rate_milli; // jobs a tenant may submit in 1,000 s, unless told; 0: any number
    uint32_t tenant_burst;      // of them at once, unless told; 0: what a second gives
    uint32_t operations_max;
    uint32_t attempts_max;
    uint32_t hedge_times; // slower than 99 of 100 so many times: run once more elsewhere; 0 never
    uint32_t hedge_runs_min;      // of a model, before its slowest are known
    uint32_t hedge_share_percent; // of the dispatches
    uint32_t poison_agents; // a job that kills executors of so many agents has failed; 0 never
    uint32_t retry_share_percent; // retries in the queue and out, of the live jobs
    uint32_t retry_floor;         // that many are always allowed
    uint64_t input_bytes_max;     // of all live jobs
    uint64_t output_bytes_max;    // of all kept results
    int64_t kept_us;
    int64_t heartbeat_us;      // how often agents say that they are there
    int64_t suspect_us;        // silence after which an agent gets no new work, and
    int64_t lost_us;           // after which it is given up; more where an agent is slow as a rule
    int64_t stall_us;          // between two ticks: then it was the coordinator that slept
    int64_t rebalance_gain_us; // a move that saves less wait is not worth it
    int64_t rebalance_rest_us; // between two rebalances
    int64_t absent_us;         // a drain waits so long for an agent that is not connected
    bool forgets;              // the ledger keeps nothing: no drain can be certified
    bool prefetch;             // models that will be wanted are loaded where there is room
    int64_t unloadable_us;     // jobs of a model that nobody can load fail after that; 0 never
    int64_t backoff_us_min;
    int64_t backoff_us_max;
    int64_t ageing_us; // a job that waits so long goes up one priority
    const char *strategy;
    uint32_t decisions_max; // that `why` can tell of
    uint32_t
        bound_percent; // of the mean load: an agent with more gets no more of the models it has
};

// The defaults; epoch and seed are 1.
void agent_coord_limits_init(struct agent_coord_limits *limits);

// AGENT_ERR_INVAL (a limit is 0 or the strategy unknown), AGENT_ERR_NOMEM.
enum agent_status agent_coord_create(const struct agent_coord_limits *limits,
                                     struct agent_coord **ret_core, struct agent_error *err);
void agent_coord_destroy(struct agent_coord *core); // takes NULL

// ---- events

enum agent_outcome {
    AGENT_OUTCOME_DONE,
    AGENT_OUTCOME_FAILED_PERMANENT,
    AGENT_OUTCOME_FAILED_RETRYABLE,
    AGENT_OUTCOME_CANCELLED,
    AGENT_OUTCOME_EXPIRED,
    AGENT_OUTCOME_RETURNED,
};

enum agent_model_state {
    AGENT_MODEL_UNKNOWN,
    AGENT_MODEL_ABSENT,
    AGENT_MODEL_LOADING,
    AGENT_MODEL_RESIDENT,
    AGENT_MODEL_FAILED,
};

struct agent_job_ref {
    uint64_t job;
    uint64_t epoch;
    uint32_t attempt;
};

// Instead of the size of inputs that could not be kept for want of memory.
#define AGENT_INPUT_NOMEM UINT64_MAX

struct agent_submit {
    const char *model;
    uint32_t version;
    const uint8_t *hash; // AGENT_HASH_SIZE bytes
    uint8_t priority;
    int64_t deadline_us; // on the core's clock; 0 none
    const char *key;     // "" for none
    const char *tenant;  // NULL or "" for AGENT_TENANT_DEFAULT
    uint64_t retry_of;   // the job in quarantine that an operator tries again; 0: none
    uint64_t input_bytes;
    uint32_t rows;         // of its batch dimension, for display
    bool cached;           // the I/O has its outputs already: it ends as done without an agent
    uint64_t output_bytes; // of them
    // A hash of model and inputs, where agent_coord_poison_of() says so; NULL else.
    const uint8_t *content;
};

#define AGENT_DEVICES_MAX 64
#define AGENT_FAMILY_MAX 15

// A device of an agent, as its HELLO describes it.
struct agent_device_info {
    char family[AGENT_FAMILY_MAX + 1]; // "cpu", "gpu", "accelerator"; "" unknown
    uint64_t memory_bytes;             // 0 unknown
    uint64_t models_bytes_max;         // of it, for models; 0: nine tenths
    uint32_t compute_units;
    bool fp16, fp64;
};

// What a model asks of a device. Zeroed: nothing.
struct agent_needs {
    char family[AGENT_FAMILY_MAX + 1]; // "" any
    bool fp16, fp64;
    uint64_t memory_bytes; // 0: what its files take
};

struct agent_result {
    struct agent_job_ref ref;
    enum agent_outcome outcome;
    uint8_t device;
    uint32_t load_us, compute_us, copy_us;
    uint32_t batch;
    uint64_t output_bytes;
    const char *error_code;
    const char *error_text;
};

// How far a tuning is; as on the wire.
enum agent_tuning {
    AGENT_TUNING_WAITING,
    AGENT_TUNING_MEASURING,
    AGENT_TUNING_LOADING,
    AGENT_TUNING_DONE, // this one and those behind it are ends
    AGENT_TUNING_CANCELLED,
    AGENT_TUNING_FAILED,
};

// What a tuning is about.
struct agent_tune {
    const char *model;
    uint32_t version;
    const uint8_t *hash; // AGENT_HASH_SIZE bytes
    uint8_t device;
    uint32_t rows;
    uint32_t budget_ms;
};

struct agent_tune_figures {
    uint32_t candidates, measured, refused, changed;
    uint64_t before_us, after_us; // of a run; 0 not measured
    uint32_t elapsed_ms;
    bool kept, complete;
};

struct agent_tune_state {
    uint64_t operation;
    enum agent_tuning state;
    struct agent_tune_figures figures;
};

enum agent_event_kind {
    // From the ledger. FAILED: what was appended and not committed is kept and tried again.
    AGENT_EVENT_COMMITTED,
    AGENT_EVENT_LEDGER_FAILED,
    AGENT_EVENT_LEDGER_DAMAGED, // for good: no job is taken any more, the others go on
    AGENT_EVENT_LEDGER_REFUSED, // it will never take the record `seq`; before its COMMITTED
    // From agents' links.
    AGENT_EVENT_HELLO,
    AGENT_EVENT_HEARD, // anything arrived
    AGENT_EVENT_BEAT,  // a heartbeat did
    AGENT_EVENT_CREDIT,
    AGENT_EVENT_MODEL_STATE,
    AGENT_EVENT_STARTED,
    AGENT_EVENT_RESULT,
    AGENT_EVENT_DRAINED,
    AGENT_EVENT_TUNE_STATE,
    AGENT_EVENT_DEVICES, // how many of its devices work, when that has changed
    AGENT_EVENT_GOODBYE,
    AGENT_EVENT_LINK_LOST,
    // From operators. `token` comes back in one AGENT_ACTION_REPLY.
    AGENT_EVENT_SUBMIT,
    AGENT_EVENT_POISON, // from the I/O: what was in a job that has ended as AGENT_CODE_POISONED
    AGENT_EVENT_CANCEL,
    AGENT_EVENT_CORDON,
    AGENT_EVENT_UNCORDON,
    AGENT_EVENT_DRAIN,
    AGENT_EVENT_DRAIN_ALL, // `agents`, `deadline_us` of each, `keep_percent`, `force`
    AGENT_EVENT_RESTART,   // as DRAIN_ALL, and `back_us`
    AGENT_EVENT_REBALANCE, // `id` 0: makes a plan, whose number is answered; else carries it out
    AGENT_EVENT_TUNE,
    AGENT_EVENT_OPERATION_CANCEL,
    AGENT_EVENT_AUDIT, // somebody did something outside of the core: `agent` is its target
    AGENT_EVENT_STRATEGY,
    AGENT_EVENT_PIN, // `model_info`, `agent`: the model is not evicted there; "" on all that have
                     // it
    AGENT_EVENT_UNPIN,
    AGENT_EVENT_UNLOAD, // `model_info`, `agent`: drop it from that agent's devices
    AGENT_EVENT_LOAD,   // `model_info`, `agent`: load it there before a job asks for it
    AGENT_EVENT_TENANT,
    // From the coordinator itself.
    AGENT_EVENT_LIMITS, // what may change: the numbers of jobs, bytes, attempts, tenants' and
                        // kept_us
    AGENT_EVENT_MODEL,  // `model_info`: the repository offers it
    AGENT_EVENT_TICK,
    AGENT_EVENT_SHUTDOWN, // refuse new jobs, place no more
    // What the ledger held, before anything else.
    AGENT_EVENT_RECOVER_KEPT,
    AGENT_EVENT_RECOVER_JOB,
    AGENT_EVENT_RECOVER_OPERATION,
    AGENT_EVENT_RECOVER_AGENT,
    AGENT_EVENT_RECOVER_PIN, // as PIN
    AGENT_EVENT_RECOVER_META,
    AGENT_EVENT_RECOVER_NEXT_ID, // `id`: the first job id that was never used
};

struct agent_event {
    enum agent_event_kind kind;
    uint64_t token;
    uint64_t link; // of an agent's events
    union {
        uint64_t seq; // COMMITTED: everything up to here; LEDGER_REFUSED
        uint64_t id;  // CANCEL, OPERATION_CANCEL, DRAINED (its operation), RECOVER_NEXT_ID
        struct agent_submit submit;
        struct {
            const char *name;
            uint8_t instance[16];
            uint32_t credit;
            const struct agent_device_info *devices; // AGENT_DEVICES_MAX at most
            uint32_t n_devices;
            bool can_restart;
            bool can_load;     // a model without a job
            bool can_prefetch; // and leaves it where something would have to go for it
        } hello;
        struct {
            uint32_t ready, total;
        } devices;
        uint32_t credit;
        struct {
            const uint8_t *hash;
            enum agent_model_state state;
            uint64_t bytes;   // that it takes on the device; 0 not known
            int64_t load_us;  // that its last load took; 0 not known
            const char *code; // FAILED: an error code of jobs; NULL or "" not told
            const char *text;
        } model;
        struct {
            struct agent_job_ref ref;
        } started;
        struct {
            const char *name;
            uint32_t version;
            const uint8_t *hash;
            uint64_t bytes; // of its files
            struct agent_needs needs;
            uint32_t hedge_times; // as the limit, for this model; 0: that holds
        } model_info;
        struct {
            uint64_t job;
            const uint8_t *content, *model; // AGENT_HASH_SIZE bytes each
        } poison;
        struct agent_result result;
        struct agent_tune tune;
        struct agent_tune_state tune_state; // `reason` has its text
        struct agent_coord_limits limits;
        struct {
            const char *name;
            struct agent_tenant_set set;
            bool reset; // what is not set goes back to the limits
        } tenant;
        struct {
            const char *key, *value;
        } meta;
        const struct agent_kept_record *kept;
        const struct agent_job_record *job;
        const struct agent_operation_record *operation;
        const struct agent_agent_record *agent_record;
    };
    // Of operators' events, and the text of LEDGER_FAILED, GOODBYE, LINK_LOST and CREDIT.
    const char *agent; // or the strategy's name
    const char *by;
    const char *reason;
    int64_t deadline_us;       // DRAIN, from now
    const char *plan;          // DRAIN: only if the plan is still that one; NULL or "" any
    bool force;                // DRAIN: even if something would have no other home
    const char *const *agents; // of DRAIN_ALL and RESTART
    uint32_t n_agents;         // 0: all
    uint32_t keep_percent;     // of the capacity, that has to take work meanwhile
    int64_t back_us;           // RESTART: how long one may take to come back
};

// ---- actions

enum agent_reply {
    AGENT_REPLY_OK,
    AGENT_REPLY_BAD_REQUEST,
    AGENT_REPLY_NOT_FOUND,
    AGENT_REPLY_BUSY,
    AGENT_REPLY_CONFLICT,
    AGENT_REPLY_UNAVAILABLE,
};

enum agent_refusal { AGENT_REFUSAL_NAME_TAKEN, AGENT_REFUSAL_FULL, AGENT_REFUSAL_STOPPING };

#define AGENT_COORD_EVENT(upper, text, kept, help) AGENT_NOTICE_##upper,
enum agent_notice_kind {
#include "agent/core/coord/notices.def"
    AGENT_NOTICE_KINDS
};
#undef AGENT_COORD_EVENT

enum agent_notice_severity { AGENT_NOTICE_INFO, AGENT_NOTICE_WARNING, AGENT_NOTICE_ERROR };

// "job.done"; whether a person would read it, so that it is kept.
const char *agent_notice_name(enum agent_notice_kind kind);
bool agent_notice_kept(enum agent_notice_kind kind);

enum agent_action_kind {
    // `record` to the ledger, under `seq`. A JOB carries its submission's token, an END the attempt
    // whose outputs go with it.
    AGENT_ACTION_APPEND,
    AGENT_ACTION_REPLY,     // to the event of that token; success only after its commit
    AGENT_ACTION_WELCOME,   // the link's agent is admitted: `agent_id`
    AGENT_ACTION_REFUSE,    // it is not: send the refusal and close
    AGENT_ACTION_DISPATCH,  // job `ref` to the link
    AGENT_ACTION_REVOKE,    // CANCEL `ref` to the link
    AGENT_ACTION_DRAIN,     // to the link: operation `id`, `deadline_us` left
    AGENT_ACTION_RESUME,    // to the link
    AGENT_ACTION_RESTART,   // to the link: operation `id`
    AGENT_ACTION_UNLOAD,    // to the link: drop the model `hash` from its devices
    AGENT_ACTION_LOAD,      // to the link: load the model `hash`, `pinned`, `pin_only`, `spare`
    AGENT_ACTION_TUNE,      // to the link: operation `id`, `tune`
    AGENT_ACTION_TUNE_STOP, // to the link: operation `id`
    AGENT_ACTION_CLOSE,     // the link; nothing more is sent for it
    AGENT_ACTION_ENDED,     // job `id` has ended and that is committed: answer who waits
    AGENT_ACTION_FORGET,    // job `id` is gone: drop its blobs
    AGENT_ACTION_OPERATION, // operation `id` has changed
    AGENT_ACTION_NOTICE,    // publish
};

struct agent_action {
    enum agent_action_kind kind;
    uint64_t token;
    uint64_t link;
    uint64_t seq;
    uint64_t id; // the job or operation of the action
    const struct agent_record *record;
    enum agent_reply reply;
    enum agent_refusal refusal;
    enum agent_notice_kind notice;
    enum agent_notice_severity severity;
    bool existing;           // the key was known: the first job's id
    bool pinned;             // LOAD: the agent doesn't evict it by itself
    bool spare;              // LOAD: only where nothing has to go for it
    bool pin_only;           // LOAD: nothing is loaded, only `pinned` is told
    uint32_t retry_after_ms; // BUSY
    uint32_t agent_id;
    uint32_t attempt;
    int64_t deadline_us; // left of it
    const uint8_t *hash; // AGENT_HASH_SIZE bytes
    const struct agent_tune *tune;
    const char *agent; // name
    const char *text;  // one line for a person
};

// Called from inside a step; must not call the core. Everything in `action` is valid only during
// the call.
struct agent_sink {
    void (*act)(void *user, const struct agent_action *action);
    void *user;
    // Whether per-job happenings (submitted, assigned, running, done) are told in notices. May be
    // changed from inside a step.
    bool job_notices;
};

// Takes `count` events in order, then lets timers fire and places what can be placed. Never fails:
// where memory is short a submission is refused, never a result dropped.
void agent_coord_step(struct agent_coord *core, const struct agent_event *events, size_t count,
                      int64_t now_us, const struct agent_sink *sink);

// Why an agent can't take a job. NONE: nothing does.
enum agent_rule {
    AGENT_RULE_NONE,
#define AGENT_RULE(symbol, text, passing, help) AGENT_RULE_##symbol,
#include "agent/core/placement/rules.def"
#undef AGENT_RULE
    AGENT_RULES
};

// The words that follow an agent's name: "is full". "" for NONE.
const char *agent_rule_text(enum agent_rule rule);
// Its symbol, "FULL"; "" for NONE.
const char *agent_rule_name(enum agent_rule rule);

// ---- looking at it: pointers are valid until the next step

struct agent_job_view {
    uint64_t id;
    enum agent_job_state state;
    const char *model;
    uint32_t version;
    const uint8_t *hash;
    const char *agent;
    uint8_t device;
    uint8_t priority;
    uint32_t attempts, attempts_max;
    int64_t submitted_us, started_us, finished_us, deadline_us;
    const char *key;
    const char *tenant;
    uint32_t rows, batch;
    struct agent_timing timing;
    const char *error_code;
    const char *error_text;
    bool cached; // its outputs came from the response cache
};

struct agent_history_view {
    int64_t time_us;
    enum agent_job_state state;
    const char *agent;
    uint32_t attempt;
    uint64_t decision; // why there, for agent_coord_decision_at; 0 none
    const char *text;  // may be `decided`: the view must not be moved
    char decided[320];
};

struct agent_agent_view {
    uint32_t id;
    const char *name;
    const char *state; // as docs/control.md
    const char *reason;
    const uint8_t *instance; // 16 bytes, of its process
    bool connected;
    uint64_t link;
    int64_t heard_us, connected_us;
    uint32_t credit, assigned, running, revoked;
    uint64_t done, failed, requeued;
};

// What the jobs of a model do now, and did since the start.
struct agent_model_load {
    uint32_t queued, held; // held: agents have them
    uint64_t hits, misses; // jobs sent where the model was, and elsewhere
    int64_t load_us;       // that loading it takes, smoothed over all agents; 0 unknown
};

struct agent_tune_view {
    const char *agent;
    struct agent_tune what;
    enum agent_tuning state;
    struct agent_tune_figures figures;
};

struct agent_operation_view {
    uint64_t id;
    const char *kind, *target, *state, *by, *reason;
    int64_t started_us, deadline_us, finished_us;
    uint32_t remaining, requeued;
    bool safe_to_remove;
    bool finished;
    const char *text;                   // what it does now, or how it ended; ""
    int64_t expected_us;                // when it should be through as measured; 0 unknown
    uint64_t parent;                    // the operation that it is a part of; 0 none
    const uint8_t *instance;            // of the agent it is about; NULL none
    uint64_t end_epoch;                 // under which it ended
    bool was_connected;                 // the agent, when it ended
    uint32_t agents, agents_done;       // of a drain-all or a restart
    uint32_t moves, moved, stayed;      // of a rebalance
    const struct agent_tune_view *tune; // NULL: it tunes nothing, or before the last start
};

struct agent_totals {
    uint32_t agents, agents_ready, queued, assigned, running, kept;
    uint32_t recent; // of the kept ones, those in memory
    uint64_t submitted, done, failed, cancelled, expired, requeued, stale;
    uint64_t input_bytes, output_bytes;
    bool ledger_ok, stopping;
    bool ledger_damaged; // ledger_ok is false, too, and stays so
    const char *ledger_error;
    const char *strategy;
};

struct agent_jobs_filter {
    int state;          // enum agent_job_state, -1 any
    const char *model;  // NULL any
    const char *agent;  // NULL any
    const char *tenant; // NULL any
    uint64_t before;    // ids below; 0 any
    uint32_t limit;     // calls of `each` at most
    bool live;          // only those that have not ended
};

struct agent_blocker_view {
    uint64_t job;
    const char *model;
    enum agent_job_state state;
    int64_t running_us;  // so far; 0 when it has not started
    int64_t expected_us; // how long its model takes as measured; 0 unknown
    int64_t left_us;     // of that; 0 it has not started or is over its time, -1 unknown
};

// False for one that is not known, or has left memory: an ended job is in the ledger then.
bool agent_coord_job(const struct agent_coord *core, uint64_t id, struct agent_job_view *ret_view);
// Why a job waits, in one line; "" when it doesn't.
void agent_coord_waiting(const struct agent_coord *core, uint64_t id, char *ret_text, size_t size);
// Oldest first; returns how many were written, at most `max`.
size_t agent_coord_history(const struct agent_coord *core, uint64_t id,
                           struct agent_history_view *ret_views, size_t max);
// Newest first. Returns how many match, whatever the limit.
uint32_t agent_coord_jobs(const struct agent_coord *core, const struct agent_jobs_filter *filter,
                          void (*each)(void *user, const struct agent_job_view *job), void *user);
// Agent `index` of those known; false past the last.
bool agent_coord_agent_at(const struct agent_coord *core, uint32_t index,
                          struct agent_agent_view *ret_view);
bool agent_coord_agent(const struct agent_coord *core, const char *name,
                       struct agent_agent_view *ret_view);
enum agent_model_state agent_coord_model_on(const struct agent_coord *core, const uint8_t *hash,
                                            const char *agent);
// Whether submissions of this model have to say what is inside: some input of it is poison.
bool agent_coord_poison_of(const struct agent_coord *core, const uint8_t *model);
// Jobs of this model that were ever taken since the start.
uint64_t agent_coord_model_jobs(const struct agent_coord *core, const uint8_t *hash);
// False: no job of it was ever taken, and no agent has it.
bool agent_coord_model_load(const struct agent_coord *core, const uint8_t *hash,
                            struct agent_model_load *ret_load);
// Operation `index`, newest first; false past the last.
bool agent_coord_operation_at(const struct agent_coord *core, uint32_t index,
                              struct agent_operation_view *ret_view);
bool agent_coord_operation(const struct agent_coord *core, uint64_t id,
                           struct agent_operation_view *ret_view);
// What an agent holds, for a drain's blockers and plan. Returns how many there are.
uint32_t agent_coord_blockers(const struct agent_coord *core, const char *agent,
                              struct agent_blocker_view *ret_views, uint32_t max);
void agent_coord_totals(const struct agent_coord *core, struct agent_totals *ret_totals);

// "queued"; "unknown" for a number that is none.
const char *agent_job_state_name(enum agent_job_state state);
bool agent_job_state_find(const char *name, enum agent_job_state *ret_state);

// Counts everything again from the lists and compares. Returns false with what differs; for tests.
bool agent_coord_check(const struct agent_coord *core, struct agent_error *err);

#endif
