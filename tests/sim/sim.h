// One run of a simulated cluster: the real cores of coordinator and agents, and doubles of what
// lies between and around them. One thread, one clock that only events move, and chance from one
// seed, split by subject so that a change in one doesn't shift the others.
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "agent/core/coord/coord.h"
#include "agent/core/worker/worker_core.h"

#define SIM_AGENTS_MAX 8
#define SIM_HOSTS_MAX (2 * SIM_AGENTS_MAX) // the upper half are twins
#define SIM_DEVICES_MAX 3
#define SIM_MODELS_MAX 6
#define SIM_OPS_MAX 1024
#define SIM_TENANTS 3
#define SIM_NOT_LISTED 255 // a model's state that telemetry doesn't tell
#define SIM_FLIGHTS_MAX 16
#define SIM_US INT64_C(1)
#define SIM_MS INT64_C(1000)
#define SIM_S INT64_C(1000000)

// ---- chance

struct sim_random {
    uint64_t state;
};

enum sim_subject {
    SIM_OF_CONFIG,
    SIM_OF_WORKLOAD,
    SIM_OF_FAULTS,
    SIM_OF_NETWORK,
    SIM_OF_DISK,
    SIM_OF_HOST,
    SIM_OF_EXECUTOR,
    SIM_OF_COORDINATOR,
    SIM_OF_CLIENT,
};

void sim_random_init(struct sim_random *random, uint64_t seed, enum sim_subject subject,
                     uint64_t index);
uint64_t sim_random_bits(struct sim_random *random);
uint32_t sim_chance(struct sim_random *random, uint32_t n); // 0 to n - 1
int64_t sim_between(struct sim_random *random, int64_t low, int64_t high);

// ---- the scenario: all that comes from outside, decided before the run begins

#define SIM_FAULT(upper, text, help) SIM_FAULT_##upper,
enum sim_fault {
    SIM_FAULT_NONE,
#include "tests/sim/faults.def"
    SIM_FAULTS
};
#undef SIM_FAULT

#define SIM_OP(upper, text, fault, help) SIM_OP_##upper,
enum sim_op_kind {
#include "tests/sim/ops.def"
    SIM_OP_KINDS
};
#undef SIM_OP

enum { SIM_JOB_POISON = 1, SIM_JOB_BAD_INPUT = 2 };

// What the numbers mean is said where they are made, in scenario.c.
struct sim_op {
    int64_t at_us;
    int64_t us;
    uint32_t kind;
    uint32_t a, b, c, d;
};

struct sim_model {
    int64_t fetch_us, load_us, run_us, row_us;
    uint64_t bytes;
    uint32_t rows_max;
    bool is_bad; // can be loaded nowhere
};

struct sim_scenario {
    uint64_t seed;
    uint32_t agents, devices, models;
    uint32_t credit;
    uint64_t device_bytes;
    struct worker_settings settings;
    struct agent_coord_limits limits;
    struct sim_model model[SIM_MODELS_MAX];
    int64_t delay_us_min, delay_us_max, tick_us, patience_us, commit_us_min, commit_us_max;
    uint32_t batch_max;  // records of one commit
    uint32_t buffer_max; // messages that a direction holds
    int64_t faults_end_us;
    uint32_t deadlines, poisons; // of 6 and of 30 jobs
    uint64_t crash_append;       // the coordinator dies after that append; 0 never
    bool crash_keeps;            // and all up to it survives
    size_t n_ops;
    struct sim_op ops[SIM_OPS_MAX];
};

const char *sim_fault_name(enum sim_fault fault); // NULL past the last
enum sim_fault sim_op_fault(enum sim_op_kind kind);
// Only faults whose bit is set in `faults`; `steps` bounds how much happens, 0 as usual.
void sim_scenario_make(struct sim_scenario *scenario, uint64_t seed, uint32_t faults,
                       uint32_t steps);
// A short one in which the coordinator is to die after every append in turn.
void sim_scenario_make_short(struct sim_scenario *scenario, uint64_t seed);
void sim_scenario_print(const struct sim_scenario *scenario, FILE *file);
void sim_op_print(const struct sim_op *op, FILE *file);

// ---- events in virtual time

struct sim;
struct sim_event;
typedef void sim_fire_fn(struct sim *sim, const struct sim_event *event);

struct sim_event {
    int64_t at_us;
    uint64_t order;
    sim_fire_fn *fire;
    uint64_t a, b, c;
};

struct sim_queue {
    struct sim_event *heap;
    size_t count, room;
    uint64_t order;
};

void sim_at(struct sim *sim, int64_t at_us, sim_fire_fn *fire, uint64_t a, uint64_t b, uint64_t c);
bool sim_queue_pop(struct sim_queue *queue, struct sim_event *ret_event);

// ---- what goes over the network

enum sim_message_kind {
    SIM_HELLO,
    SIM_CREDIT,
    SIM_MODEL_STATE,
    SIM_STARTED,
    SIM_RESULT,
    SIM_DRAINED,
    SIM_TUNE_STATE,
    SIM_GOODBYE,
    SIM_TELEMETRY,
    SIM_HEARTBEAT,
    SIM_WELCOME,
    SIM_REFUSE,
    SIM_DISPATCH,
    SIM_CANCEL,
    SIM_DRAIN,
    SIM_RESUME,
    SIM_TUNE,
    SIM_TUNE_STOP,
    SIM_RESTART,
    SIM_UNLOAD, // model
    SIM_LOAD,   // model; number: 1 pinned, 2 only that, 4 spare
    SIM_CLOSED, // the other side has closed
};

struct sim_message {
    enum sim_message_kind kind;
    struct agent_job_ref ref;
    uint64_t id;       // operation, epoch
    uint32_t number;   // credit, device, batch
    uint32_t instance; // HELLO
    uint32_t model;
    uint32_t state; // model, tuning, outcome
    uint32_t error;
    uint32_t load_us, compute_us, copy_us;
    int64_t us; // deadline or budget
    uint8_t states[SIM_MODELS_MAX];
    const char *text; // static
    bool is_late;     // sent when all was well again
    bool is_stray;    // a copy, of which the original went by itself
};

enum sim_direction { SIM_TO_AGENT, SIM_TO_COORDINATOR };

struct sim_pipe {
    struct sim_message *messages; // a ring, with the time of each
    int64_t *at_us;
    size_t first, count, room;
    int64_t last_us;
    bool is_scheduled, is_dead;
};

struct sim_link {
    uint64_t id;
    uint32_t host;
    bool is_open[2]; // for the receiver of that direction
    bool is_half;    // ended for one side, and nothing tells the other
    struct sim_pipe pipes[2];
};

struct sim_network {
    struct sim_random random;
    struct sim_link *links; // link `id` at id - 1
    size_t n_links, links_room;
    int64_t stalled_until_us[SIM_HOSTS_MAX][2];
    int64_t late_until_us[SIM_HOSTS_MAX], double_until_us[SIM_HOSTS_MAX],
        mixed_until_us[SIM_HOSTS_MAX];
    int64_t late_us[SIM_HOSTS_MAX];
    struct sim_message last[SIM_HOSTS_MAX][2][8]; // for replays
    uint32_t n_last[SIM_HOSTS_MAX][2];
    struct sim_message *strays; // that go beside their connection's stream
    size_t n_strays, strays_room;
};

void sim_network_init(struct sim *sim);
void sim_network_finish(struct sim *sim);
void sim_network_dial(struct sim *sim, uint32_t host);
struct sim_link *sim_link_of(struct sim *sim, uint64_t id); // NULL: never was
// False: the buffer is full.
bool sim_send(struct sim *sim, uint64_t link, enum sim_direction direction,
              const struct sim_message *message);
// By the side that would receive `direction`; what it sent before still arrives, but for the last
// `lost` messages.
void sim_close(struct sim *sim, uint64_t link, enum sim_direction direction, bool is_told,
               uint32_t lost);
void sim_network_drop(struct sim *sim, uint32_t host);
void sim_network_half(struct sim *sim, uint32_t host, bool agent_knows);
void sim_network_stall(struct sim *sim, uint32_t host, uint32_t directions, int64_t us);
void sim_network_replay(struct sim *sim, uint32_t host);
void sim_network_heal(struct sim *sim);

// ---- the disk of the coordinator

struct sim_append {
    uint64_t seq;
    struct agent_record record; // its texts are the append's
    char *texts;
};

struct sim_disk_job {
    bool is_there;
    uint32_t failures, dispatches; // as its attempts were written
    struct sim_append row;         // record.job is the job
};

struct sim_disk {
    struct sim_random random;
    struct sim_append *waiting; // the first `busy` are on their way
    size_t n_waiting, waiting_room, busy;
    uint64_t generation; // of the process that writes
    int64_t slow_until_us, slow_us, full_until_us;
    uint64_t appends; // ever
    uint32_t refuses; // so many of the next jobs are not taken
    uint64_t epoch, next_job;
    struct sim_disk_job *jobs; // by id
    size_t jobs_room;
    struct sim_append *operations, *agents, *metas;
    size_t n_metas, metas_room;
    size_t n_operations, operations_room, n_agents, agents_room;
    char strategy[32];
};

void sim_disk_init(struct sim *sim);
void sim_disk_finish(struct sim *sim);
void sim_disk_append(struct sim *sim, const struct agent_action *action);
// The writer dies: the first `survivors` of what waits are written, the rest is lost.
void sim_disk_crash(struct sim *sim, size_t survivors);
const struct agent_job_record *sim_disk_job(const struct sim *sim, uint64_t id); // NULL: none
const struct agent_operation_record *sim_disk_operation(const struct sim *sim, uint64_t id);
uint8_t sim_disk_admin(const struct sim *sim, const char *agent);
void sim_disk_recover(struct sim *sim);

// ---- the coordinator's process: its core, and the I/O round it

enum sim_item_kind { SIM_ITEM_MESSAGE, SIM_ITEM_CLOSED, SIM_ITEM_CALL, SIM_ITEM_LEDGER };

struct sim_item {
    enum sim_item_kind kind;
    uint64_t link;
    struct sim_message message;
    struct agent_event event; // CALL: its texts are static
};

struct sim_io_link {
    uint64_t id;
    uint32_t devices_ready;
    bool is_welcome, is_closing;
};

enum sim_out_kind { SIM_OUT_MESSAGE, SIM_OUT_CLOSE, SIM_OUT_REPLY };

struct sim_out {
    enum sim_out_kind kind;
    uint64_t link;
    struct sim_message message;
    uint64_t token, id;
    enum agent_reply reply;
    bool existing;
    uint32_t retry_after_ms;
};

struct sim_coordinator {
    struct sim_random random;
    bool is_up, is_stopping, is_recovering, must_die;
    int64_t paused_until_us, stop_by_us;
    int64_t offset_us; // from virtual time to its clock
    uint64_t generation, epoch;
    struct agent_coord *core;
    struct agent_coord_limits limits;
    uint64_t committed;   // told by the disk, not yet to the core
    uint64_t refused[64]; // as well
    size_t n_refused;
    struct sim_item *items;
    size_t n_items, items_room;
    struct sim_out *outs;
    size_t n_outs, outs_room;
    bool is_woken;       // its next wake is under way
    int64_t tick_due_us; // of the core
    int64_t heartbeat_us;
    struct sim_io_link *links; // those that it has
    size_t n_links, links_room;
};

void sim_coordinator_start(struct sim *sim);
void sim_coordinator_crash(struct sim *sim, uint32_t permille, int64_t down_us);
void sim_coordinator_stop(struct sim *sim, int64_t down_us);
void sim_coordinator_finish(struct sim *sim);
void sim_coordinator_call(struct sim *sim, const struct agent_event *event);
void sim_coordinator_opened(struct sim *sim, uint64_t link);
void sim_coordinator_message(struct sim *sim, uint64_t link, const struct sim_message *message);
void sim_coordinator_refused(struct sim *sim, uint64_t seq);
void sim_coordinator_committed(struct sim *sim, uint64_t seq);
void sim_coordinator_ledger_failed(struct sim *sim);
void sim_coordinator_resume(struct sim *sim); // at the end of a pause
int64_t sim_coordinator_now(const struct sim *sim);
// Steps the core and carries out what it decides, but for what would leave the process.
void sim_coordinator_step(struct sim *sim, const struct agent_event *events, size_t count);
struct sim_io_link *sim_coordinator_link(struct sim_coordinator *c, uint64_t id); // NULL: gone
void sim_coordinator_flush(struct sim *sim); // what was decided leaves the process
// The core's sink.
void sim_coordinator_act(void *user, const struct agent_action *action);

// ---- an agent's host: its core, the I/O round it, and its executors

struct sim_payload {
    struct agent_job_ref ref;
    uint64_t link;
    uint64_t deadline_us; // on the host's clock
    uint32_t model, rows, flags;
    uint32_t device; // WORKER_NO_DEVICE: it waits
    bool is_done;    // its batch has just come back well
    bool is_late;    // sent when all was well again
    bool is_stray;   // a message of before, or one that came twice: nobody waits for it
    size_t place;    // in the host's list
};

struct sim_executor {
    bool is_running, is_open, is_busy, hangs_next;
    uint64_t generation; // answers of earlier ones are nobody's
    bool is_resident[WORKER_MODELS_MAX];
    uint16_t planned[WORKER_MODELS_MAX]; // a bit a size
    enum worker_action_kind order;       // while it is busy
    uint32_t serial;                     // of its orders
    uint32_t model, size;
    bool is_prepared, is_cancelled, is_stopped;
    struct sim_payload *batch[64];
    uint32_t n_batch;
    uint32_t run_error, load_error; // of the next; 0 none
    int64_t full_until_us;
};

struct sim_note {
    bool is_executor;
    uint64_t link;
    struct sim_message message;
    struct worker_event event;
    uint64_t generation; // of the executor
};

struct sim_host {
    struct sim_random random;
    uint32_t index;
    char name[16];
    bool is_up, is_stopping, is_drained, is_dialling, was_paused;
    uint32_t instance; // counts its lives
    int64_t paused_until_us, slow_until_us, stop_by_us, down_us;
    int64_t offset_us;
    struct worker_core *core;
    struct worker_actions actions;
    struct worker_settings settings;
    uint64_t link; // 0 none
    bool is_welcome, fetch_fails;
    int64_t backoff_us, heard_us, heartbeat_us, telemetry_us;
    int64_t wake_us;
    uint32_t model_of[WORKER_MODELS_MAX];
    bool is_spare[SIM_MODELS_MAX];  // wanted only where nothing has to go for it
    bool is_listed[SIM_MODELS_MAX]; // in its last telemetry by this link
    bool is_refusing;               // a dispatch is being stepped
    uint32_t refused;               // jobs of quiet times that it did not take, by this link
    struct sim_note *notes;
    size_t n_notes, notes_room;
    struct sim_payload **payloads;
    size_t n_payloads, payloads_room;
    struct sim_executor executors[SIM_DEVICES_MAX];
};

void sim_host_init(struct sim *sim, uint32_t index);
void sim_host_finish(struct sim *sim, uint32_t index);
void sim_host_start(struct sim *sim, uint32_t index);
void sim_host_crash(struct sim *sim, uint32_t index, bool is_told, int64_t down_us);
void sim_host_stop(struct sim *sim, uint32_t index, int64_t down_us);
void sim_host_opened(struct sim *sim, uint32_t index, uint64_t link);
void sim_host_undialled(struct sim *sim, uint32_t index);
void sim_host_message(struct sim *sim, uint32_t index, uint64_t link,
                      const struct sim_message *message);
void sim_host_wake_at(struct sim *sim, uint32_t index, int64_t at_us);
void sim_host_step(struct sim *sim, struct sim_host *host, const struct worker_event *event);
void sim_host_set(struct sim *sim, uint32_t index, const struct worker_settings *settings);
uint64_t sim_host_now(const struct sim *sim, const struct sim_host *host);
void sim_host_note(struct sim *sim, struct sim_host *host, const struct sim_note *note);
void sim_host_residency(struct sim *sim, struct sim_host *host, uint32_t model,
                        enum agent_model_state state);

void sim_executor_order(struct sim *sim, struct sim_host *host, const struct worker_action *action);
void sim_executor_die(struct sim *sim, uint32_t host, uint32_t device);

// ---- who submits, and who operates

struct sim_call {
    uint64_t token; // 0: no call is out
    uint32_t op;    // of the scenario
    uint32_t tries;
    bool is_over;       // answered for good, or given up
    uint64_t plan;      // of a rebalance
    uint64_t job;       // the acknowledged one; 0 none
    char key[16];       // "" none
    const char *tenant; // whose the key is
};

void sim_client_do(struct sim *sim, uint32_t op);
void sim_client_reply(struct sim *sim, const struct sim_out *reply);
void sim_client_cut(struct sim *sim); // the coordinator died
// The call of a token; the number of ops: none.
uint32_t sim_client_call(const struct sim *sim, uint64_t token);

// ---- what must hold

struct sim_flight {
    uint64_t link;
    uint32_t attempt;
    bool is_revoked, is_lost, is_answered, is_done;
    bool is_asked; // for by a rebalance: the agent may give it back
};

struct sim_job {
    bool is_acked, is_forgotten, is_cancelled;
    bool is_told, is_appended, is_ended; // by this coordinator
    uint8_t told_state;                  // by any; 0 never
    uint32_t call;                       // + 1: whose submission it is
    uint32_t n_flights;
    uint32_t runs, runs_done; // on whatever agent
    struct sim_flight flights[SIM_FLIGHTS_MAX];
};

struct sim_agent_known {
    bool is_suspect, is_heard;
    uint8_t admin; // as last appended
};

struct sim_oracle {
    struct sim_job *jobs; // by id
    size_t jobs_room, n_jobs;
    struct sim_agent_known agents[SIM_AGENTS_MAX];
    uint32_t *credits; // by link
    size_t credits_room;
    uint64_t told;          // ends, by this coordinator
    int64_t told_us;        // when the last of them was told
    uint64_t told_now[256]; // of this step
    size_t n_told_now;
    bool has_ticked, is_rebalancing;
    bool is_poison[SIM_MODELS_MAX];   // jobs that kill are known, as last appended
    uint64_t unloads_of, unload_step; // the last link that was told to drop a model, and when
};

struct sim_job *sim_job(struct sim *sim, uint64_t id);
void sim_oracle_finish(struct sim *sim);
void sim_oracle_before(struct sim *sim, const struct agent_event *events, size_t count);
void sim_oracle_act(struct sim *sim, const struct agent_action *action);
void sim_oracle_after(struct sim *sim);
void sim_oracle_died(struct sim *sim); // the coordinator's process
void sim_oracle_started(struct sim *sim);
void sim_oracle_reply(struct sim *sim, uint32_t call, const struct sim_out *reply);
void sim_oracle_worker(struct sim *sim, const struct sim_host *host);
void sim_oracle_worker_act(struct sim *sim, struct sim_host *host,
                           const struct worker_action *action);
// The whole history, once everything is quiet.
void sim_history_check(struct sim *sim);
bool sim_is_quiet(struct sim *sim);
uint64_t sim_operation_running(struct sim *sim); // 0 none
uint32_t sim_agent_of_name(const char *name);    // SIM_AGENTS_MAX: none

// ---- the run

struct sim_result {
    bool has_failed;
    const char *what; // static: says which check failed, the same for the same mistake
    char text[512];
    uint64_t hash, steps, worker_steps, events, appends, jobs_acked, jobs_done, runs, prefetches;
    int64_t end_us;
};

struct sim {
    const struct sim_scenario *scenario;
    int64_t now_us;
    struct sim_queue queue;
    struct sim_network network;
    struct sim_disk disk;
    struct sim_coordinator coordinator;
    struct sim_host hosts[SIM_HOSTS_MAX];
    struct sim_oracle oracle;
    struct agent_device_info devices[SIM_DEVICES_MAX]; // of every agent
    struct sim_random clients;
    struct sim_call *calls; // one for each op
    uint64_t next_token;
    int64_t wall_jump_us;
    bool is_healed, is_over, is_trace;
    uint32_t check_every;
    struct sim_result result;
};

// Every `check_every`-th step is followed by the cores' full recounts.
void sim_run(const struct sim_scenario *scenario, bool is_trace, uint32_t check_every,
             struct sim_result *ret_result);

// The first one counts. `what` is static text; `format` adds to it.
void sim_fail(struct sim *sim, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void sim_trace(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_mark(struct sim *sim, uint64_t a, uint64_t b); // into the trace's hash
void sim_model_hash(uint32_t model, uint8_t ret_hash[AGENT_HASH_SIZE]);
const uint8_t *sim_poison_content(uint32_t model); // static: what is in its jobs that kill
uint32_t sim_model_of_hash(const uint8_t *hash);
const char *sim_error_name(uint32_t error); // of an enum worker_error, as on the wire
void *sim_grow(void *list, size_t *room, size_t count, size_t size); // exits without memory

#endif
