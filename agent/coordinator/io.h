// The inside of the coordinator: the I/O round the core. One thread, the owner, has all of this: it
// runs the loop of agents' and submitters' links. Other threads only put things into its inbox.
#ifndef AGENT_IO_H
#define AGENT_IO_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include <cjson/cJSON.h>

#include "agent/coordinator/coordinator.h"
#include "agent/coordinator/declared.h"
#include "agent/coordinator/response_cache.h"
#include "agent/coordinator/seal.h"
#include "agent/coordinator/window.h"
#include "agent/core/base/idmap.h"
#include "agent/core/base/idpages.h"
#include "agent/core/base/pool.h"
#include "agent/core/coord/coord.h"
#include "agent/ledger/ledger.h"
#include "agent/repository/repository.h"
#include "net_link.h"
#include "net_server.h"

#define IO_TICK_US 10000
#define IO_COMMITS_A_TURN 4
#define IO_SPARE_JOBS 4096
#define IO_IDLE_BYTES 64 // sent at once by a link that has nothing to do
#define IO_SNAPSHOT_US 250000
#define IO_DELTA_ALL 16             // so many agents stand in each delta
#define IO_DELTA_AGENTS 256         // of more, so many at most because it is their turn
#define IO_PLACES_MAX 256           // models on devices of one agent that are told
#define IO_EVENTS_MAX 1024          // of one step
#define IO_EVENTS_KEPT 4096         // in memory, for `events`
#define IO_NOTICES_PER_SNAPSHOT 500 // job events that nobody keeps, published between two snapshots
#define IO_CONTEXTS 256             // control requests at once
#define IO_PARKED_MAX 128           // of them waiting for something
#define IO_WAIT_MS_MAX 30000
#define IO_SUBMIT_JOBS_MAX 256
#define IO_LINK_OUT_MAX (256u << 20) // bytes that wait for a link which does not read

#define IO_SUBMIT_CREDIT 65536       // jobs that one submitter may have open
#define IO_SUBMITTER_SILENT_MS 10000 // after which a submitter is taken for dead

#define IO_DEVICES_MAX 64 // of one agent, that are told for each of its models

struct io_call;
struct io_link;
struct io_past;

// ---- inbox

enum io_item_kind { IO_ITEM_CALL, IO_ITEM_LEDGER, IO_ITEM_MODELS, IO_ITEM_PAST };

struct io_item {
    struct io_item *next;
    enum io_item_kind kind;
    struct io_call *call;        // CALL
    struct agent_model_set *set; // MODELS
    struct io_past *past;        // PAST
    bool damaged;                // LEDGER: for good
    uint64_t refused;            // LEDGER: a record that it will never take; 0 it can't be written
    char text[AGENT_TEXT_MAX];   // LEDGER: why
};

struct io_inbox {
    pthread_mutex_t lock;
    struct io_item *first, **last;
    uint64_t committed; // the newest of the ledger
    bool closing;
    int64_t close_by_us;
    bool reload;
    struct agent_coordinator_settings settings;
};

// ---- what the owner knows about links, jobs and calls

// JSON of an agent: its text, which is a tenth as large as what it is parsed to, and that for as
// long as somebody looks at it.
struct io_json {
    char *text; // NULL none
    cJSON *parsed;
};

// Of the telemetry, what is needed of every agent four times a second.
struct io_told_counts {
    double model_hits, model_misses, program_hits, program_misses;
    uint32_t models; // that are resident
    uint64_t states; // a hash of its devices' states
};

struct io_told {
    struct io_json capabilities, telemetry;
    struct io_told_counts counts;
    uint32_t devices; // of the capabilities
};

struct io_link {
    struct net_link *net;
    uint64_t id;
    struct net_buf out;
    bool touched; // somebody had it since the last flush: it may have something to send
    bool closing; // CLOSE or REFUSE was decided: nothing more is taken from it
    bool welcomed;
    bool submitter;                  // it submits jobs; otherwise it is an agent's
    char tenant[AGENT_NAME_MAX + 1]; // of a submitter; "" the default one
    uint32_t open;                   // jobs that it has no last answer for
    const struct agent_model
        *model;             // that it named last, valid while `models_seen` is `models_set`
    uint32_t model_version; // as it named it
    uint64_t models_seen;
    char name[AGENT_NAME_MAX + 1];
    char version[NET_SOFTWARE_MAX + 1];
    struct io_told *told;              // what the agent says of itself
    struct agent_device_info *devices; // of the capabilities
    uint64_t heartbeat_seq;
    int64_t heartbeat_us; // when the last one was sent
    uint32_t rtt_us;
    uint32_t devices_ready; // as it told last
};

TAILQ_HEAD(io_calls, io_call);

// Who is sent a job's result.
struct io_waiter {
    struct io_waiter *next;
    uint64_t link_id; // 0: nobody
    uint64_t seq;     // the submitter's number for it
};

// What the response cache has to do with a job whose model allows it.
struct io_content {
    uint8_t key[AGENT_RESPONSE_KEY_SIZE];
    struct agent_blob *output; // of an equal job before; NULL: there was none, and its own is kept
};

struct io_job {
    uint64_t id;
    struct io_content *content; // NULL: its model's results are not kept for other jobs
    struct agent_blob *input;   // body of a DISPATCH
    struct agent_blob *output;  // body of a RESULT, while its commit is under way
    bool foreign;               // its input was not encoded by this process
    struct io_waiter submitter; // who submitted it, and behind it those who gave its key again
    struct io_calls waiters;
};

// A job that was handed to the core and has no answer yet, by its token.
struct io_submission {
    struct agent_blob *input; // NULL: the place is free
    struct io_content *content;
    uint64_t link_id, seq;
    uint8_t want;
    uint32_t next_free; // + 1
};

// Why a submission is not taken; as an error in docs/control.md.
struct io_refusal {
    const char *code;
    const char *hint;
    char text[AGENT_TEXT_MAX];
};

// Tensors, or their bytes as they stand in a message.
struct io_inputs {
    const struct net_tensor *list;
    uint8_t count;
    struct net_bytes packed;
};

// The body of a RESULT that this step may take for its job's outputs.
struct io_offer {
    uint64_t job, link;
    uint32_t attempt;
    struct agent_blob *output;
};

struct io_kept_event {
    uint64_t cursor;
    char *json;
};

// Figures of the last 10 s, and of one agent.
struct io_agent_stats {
    char name[AGENT_NAME_MAX + 1];
    struct agent_window total;
    struct agent_rate done;
};

// What went wrong last with an agent.
struct io_agent_error {
    int64_t time_us;
    char text[256];
};

enum { IO_SPAN_TOTAL, IO_SPAN_QUEUE, IO_SPAN_LOAD, IO_SPAN_COMPUTE, IO_SPAN_COPY, IO_SPANS };
extern const char *const agent_io_span_names[IO_SPANS]; // as docs/control.md

struct io_model_stats {
    uint64_t done, failed; // since the start
    struct agent_window total;
    struct agent_mean means[IO_SPANS];
    struct agent_rate done_rate;
};

struct io_stats {
    struct agent_window spans[IO_SPANS];
    struct agent_rate submitted, done;
};

// By turns each agent stands in a delta, and one that changes at once.
struct io_deltas {
    uint64_t *told; // [room] by the agents' order: a hash of what is told at once
    size_t room;
    uint32_t next; // whose turn it is
};

struct io_after { // what a step left to do when it is over
    enum {
        IO_AFTER_REPLY,
        IO_AFTER_ENDED,
        IO_AFTER_OPERATION,
        IO_AFTER_CLOSE,
        IO_AFTER_DAMAGED,
        IO_AFTER_POISONED
    } kind;
    uint64_t id; // token, job, operation, link
    uint64_t subject;
    enum agent_reply reply;
    bool existing;
    uint32_t retry_after_ms;
    char *text; // NULL ""
};

struct agent_coordinator {
    struct agent_coordinator_options options; // texts are owned
    struct agent_coordinator_settings settings;
    char *texts[6];
    char strategy[64];
    int lock_fd;
    int64_t started_us;      // on the core's clock
    int64_t clock_offset_us; // wall clock - monotonic clock, at the start

    struct agent_ledger *ledger;
    struct agent_seal *seal;
    struct agent_coord *core;
    struct net_server *server;
    struct net_pub *pub;
    struct net_link_listener *listener;
    uint64_t epoch;
    struct agent_sink sink;

    struct net_loop *loop; // the owner runs it
    bool deaf;             // nobody is there to hear of links
    pthread_t owner, scanner;
    bool owner_started, scanner_started;
    struct io_inbox inbox;
    atomic_bool ended_well;

    // model repository; the scanner's thread makes sets, the owner has the newest
    struct agent_model_set *models;
    struct agent_model_set *scanned; // the scanner's: the same as `models`, or newer
    pthread_mutex_t scan_lock;
    pthread_cond_t scan_wake;
    bool scan_now, scan_stop;
    uint32_t scan_ms;
    uint64_t models_set; // counts the sets there were
    cJSON *shapes;       // by hash: {"inputs":[…],"outputs":[…]}, as agents reported them
    struct agent_idmap declared; // the inputs of `shapes`, as jobs are checked against them

    // of the owner
    struct agent_response_cache *responses;
    struct agent_pool job_pool;
    struct agent_idpages jobs;
    struct agent_idmap links, tokens, stats_by_agent, errors_by_agent, stats_by_model;
    struct io_link **link_list;
    size_t n_links, link_room;
    uint64_t *touched; // ids of links, of which some may be gone
    size_t n_touched, touched_room;
    struct agent_event *events; // of the next step
    size_t n_events;
    int64_t step_us; // when the newest was taken
    char **scratch;  // texts that live until the step is over
    size_t n_scratch, scratch_room;
    struct io_offer *offers; // of the step's results, in the order of its events
    size_t n_offers, offers_taken;
    struct io_after *after;
    size_t n_after, after_room;
    uint64_t next_token;
    struct io_submission *submissions;                        // of submitters' links, by token
    uint32_t n_submissions, submission_room, free_submission; // + 1
    struct net_buf encoded;                                   // scratch
    struct io_calls parked;
    size_t n_parked;
    struct io_kept_event *kept; // ring
    size_t kept_first, kept_count;
    uint64_t next_cursor;
    uint64_t event_seq, snapshot_seq; // published last
    uint32_t quiet_notices;  // published since the last snapshot, of those that are not kept
    struct io_deltas deltas; // what they have told
    struct io_stats stats;
    int64_t next_tick_us, next_snapshot_us, next_heartbeat_us;
    bool failed; // can't go on
    bool stopping;
};

int64_t agent_io_now_us(const struct agent_coordinator *c);
void agent_io_log(const struct agent_coordinator *c, enum agent_severity severity,
                  const char *format, ...) __attribute__((format(printf, 3, 4)));

// inbox.c. Any thread.
bool agent_io_inbox_init(struct io_inbox *inbox);
void agent_io_inbox_finish(struct io_inbox *inbox);
// Takes over the item; false (and freed) when memory is short.
bool agent_io_post(struct agent_coordinator *c, const struct io_item *item);
void agent_io_committed(void *user, uint64_t seq);
void agent_io_ledger_failed(void *user, const char *text);
void agent_io_ledger_damaged(void *user, const char *text);
void agent_io_ledger_refused(void *user, uint64_t seq, const char *text);
// What has come; doesn't wait.
struct io_item *agent_io_take(struct agent_coordinator *c, uint64_t *ret_committed);
void agent_io_item_free(struct io_item *item);

// owner.c
void *agent_io_owner(void *user);
// Adds an event to the next step, taking the step first when it is full.
struct agent_event *agent_io_event(struct agent_coordinator *c, enum agent_event_kind kind);
// A copy that lives until the step is over; "" when memory is short.
const char *agent_io_scratch(struct agent_coordinator *c, const char *text, size_t len);
void agent_io_step(struct agent_coordinator *c);
void agent_io_fail(struct agent_coordinator *c, const char *text); // can't go on
// The core's limits with those that are settings.
struct agent_coord_limits agent_io_limits(const struct agent_coordinator *c,
                                          const struct agent_coordinator_settings *settings);

// act.c: carries the core's decisions out
void agent_io_note(struct agent_coordinator *c, const struct io_after *after, const char *text);
void agent_io_act(void *user, const struct agent_action *action);
void agent_io_after(struct agent_coordinator *c);

// links.c
bool agent_io_listen(struct agent_coordinator *c, struct agent_error *err);
void agent_io_link_opened(struct agent_coordinator *c, struct net_link *link);
void agent_io_link_closed(struct agent_coordinator *c, uint64_t id, const char *why);
void agent_io_frames(struct agent_coordinator *c, struct net_batch *batch);
// NULL: it is gone. What is put into its `out` is sent at the end of the turn.
struct io_link *agent_io_link(struct agent_coordinator *c, uint64_t id);
void agent_io_link_touch(struct agent_coordinator *c, struct io_link *link);
struct io_link *agent_io_link_of(struct agent_coordinator *c, const char *agent);
void agent_io_links_flush(struct agent_coordinator *c);
void agent_io_links_beat(struct agent_coordinator *c, int64_t now_us);
void agent_io_link_close(struct agent_coordinator *c, struct io_link *link, const char *why);
void agent_io_links_free(struct agent_coordinator *c);
// links_send.c
void agent_io_send_dispatch(struct agent_coordinator *c, const struct agent_action *action);
void agent_io_send_simple(struct agent_coordinator *c, const struct agent_action *action);
// What the ledger gives back as a job's inputs was encoded here once, but a file can rot.
bool agent_io_input_sound(const struct agent_blob *input, struct net_error *err);
// links_submit.c
enum net_status agent_io_submit_frame(struct agent_coordinator *c, struct io_link *link,
                                      const struct net_frame *frame, struct net_error *err);
bool agent_io_is_submission(uint64_t token);
// The inputs of a submission that the core has admitted, kept from now on under the job's id.
struct agent_blob *agent_io_submission_adopt(struct agent_coordinator *c, uint64_t token,
                                             uint64_t id);
void agent_io_submission_answered(struct agent_coordinator *c, const struct io_after *after);
// Sends the result of an ended job to the submitters that wait for it.
void agent_io_submission_past(struct agent_coordinator *c, struct io_past *past);
void agent_io_submission_ended(struct agent_coordinator *c, struct io_job *job,
                               const struct agent_job_view *view);
void agent_io_submissions_credit(struct agent_coordinator *c); // tells submitters a new limit
void agent_io_submissions_free(struct agent_coordinator *c);
// links_model.c
enum net_status agent_io_model_want(struct agent_coordinator *c, struct io_link *link,
                                    const struct net_frame *frame, struct net_error *err);
enum net_status agent_io_model_read(struct agent_coordinator *c, struct io_link *link,
                                    const struct net_frame *frame, struct net_error *err);
// links_told.c. What an agent says of itself, parsed; NULL: nothing yet. Lives until the next
// snapshot, or until it says something else.
const cJSON *agent_io_capabilities_of(const struct io_link *link);
const cJSON *agent_io_telemetry_of(const struct io_link *link);
// False: memory is short; nothing has changed then.
bool agent_io_told_capabilities(struct io_link *link, const char *text, size_t len);
bool agent_io_told_telemetry(struct io_link *link, const char *text, size_t len);
void agent_io_told_free(struct io_link *link);
void agent_io_told_shed(struct agent_coordinator *c); // forgets what was parsed
// links_telemetry.c
enum net_status agent_io_telemetry(struct agent_coordinator *c, struct io_link *link,
                                   const struct net_frame *frame, struct net_error *err);
uint32_t agent_io_credit_of(const cJSON *capabilities);
// Makes `ret_devices`, which the caller frees; returns how many there are. Without memory there are
// none.
uint32_t agent_io_devices_of(const cJSON *capabilities, struct agent_device_info **ret_devices);

// jobs.c
bool agent_io_job_wait(struct io_job *job, uint64_t link_id, uint64_t seq); // false: no memory
struct io_job *agent_io_job(const struct agent_coordinator *c, uint64_t id);
struct io_job *agent_io_job_new(struct agent_coordinator *c, uint64_t id,
                                struct agent_blob *input); // takes a reference
void agent_io_job_free(struct agent_coordinator *c, struct io_job *job);
void agent_io_jobs_free(struct agent_coordinator *c);

// submit.c
// A model by name and version (0: the newest), valid or not. NULL: there is none.
const struct agent_model *agent_io_find_model(const struct agent_coordinator *c, const char *name,
                                              uint32_t version, struct io_refusal *ret_refusal);
bool agent_io_model_valid(const struct agent_model *model, struct io_refusal *ret_refusal);
// Whether the inputs are what the model declares, as far as that is known.
bool agent_io_submit_fits(const struct agent_coordinator *c, const struct agent_model *model,
                          const struct net_tensor *list, size_t count,
                          struct io_refusal *ret_refusal);
// The body of a DISPATCH: what is kept of a job's inputs, in memory and in the ledger. `priority`
// as operators give it. NULL: no memory, or too big.
struct agent_blob *agent_io_submit_input(struct agent_coordinator *c,
                                         const struct agent_model *model,
                                         const struct io_inputs *inputs, uint8_t priority);
uint32_t agent_io_rows_of(const struct net_tensor *first);
// Looks for the outputs of an equal job before and tells the core in `submit`, and what is inside
// where something like it is in quarantine. NULL: the model does not allow it, or memory is short;
// the job runs then as any other.
struct io_content *agent_io_content_ask(struct agent_coordinator *c,
                                        const struct agent_model *model,
                                        const struct agent_blob *input,
                                        struct agent_submit *submit);
// It has ended as poisoned: the core is told what is in it.
void agent_io_poisoned(struct agent_coordinator *c, uint64_t id);
// The outputs of a job that is done and committed, for later ones.
void agent_io_content_keep(struct agent_coordinator *c, const struct io_job *job);
void agent_io_content_free(struct io_content *content); // takes NULL
// Remembers what a model takes and gives; takes over `shapes`.
void agent_io_shapes_set(struct agent_coordinator *c, const char *hex, cJSON *shapes);
void agent_io_shapes_free(struct agent_coordinator *c);

// models.c
bool agent_io_models_start(struct agent_coordinator *c, struct agent_error *err);
void agent_io_models_stop(struct agent_coordinator *c);
void agent_io_models_replace(struct agent_coordinator *c, struct agent_model_set *set);
// Tells the core what the repository offers.
void agent_io_models_tell(struct agent_coordinator *c);
void agent_io_models_rescan(struct agent_coordinator *c);
void agent_io_hash_hex(const uint8_t *hash, char ret_hex[2 * AGENT_HASH_SIZE + 1]);
bool agent_io_hash_parse(const char *hex, uint8_t ret_hash[AGENT_HASH_SIZE]);

// notices.c
void agent_io_notice(struct agent_coordinator *c, const struct agent_action *action);
void agent_io_kept(struct agent_coordinator *c, uint64_t cursor, int64_t time_us, const char *json,
                   bool record);
void agent_io_snapshot(struct agent_coordinator *c); // publishes it, and what has changed

// recover.c
enum agent_status agent_io_recover(struct agent_coordinator *c, struct agent_error *err);

// stats.c
uint64_t agent_io_hash(uint64_t hash, const void *data, size_t len); // goes on from `hash`
void agent_io_count_end(struct agent_coordinator *c, const struct agent_job_view *job);
// NULL, as the next ones: it has done nothing yet.
struct io_agent_stats *agent_io_agent_stats(struct agent_coordinator *c, const char *agent);
struct io_model_stats *agent_io_model_stats(struct agent_coordinator *c, const uint8_t *hash);
const struct io_agent_error *agent_io_agent_error(struct agent_coordinator *c, const char *agent);
void agent_io_agent_failed(struct agent_coordinator *c, const char *agent, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void agent_io_stats_free(struct agent_coordinator *c);

// json.c: the objects of docs/control.md. NULL when memory is short.
cJSON *agent_io_json_job(struct agent_coordinator *c, const struct agent_job_view *job);
cJSON *agent_io_json_agent(struct agent_coordinator *c, const struct agent_agent_view *agent);
// Adds what an agent has told of a model's batches to a list, each with one member more that says
// whose they are.
void agent_io_json_batch(cJSON *list, const cJSON *model, const char *key, const char *value);
cJSON *agent_io_json_tune(const struct agent_tune_view *tune);
void agent_io_instance_hex(const uint8_t *instance, char ret_hex[2 * NET_INSTANCE_SIZE + 1]);
cJSON *agent_io_json_operation(struct agent_coordinator *c,
                               const struct agent_operation_view *operation);
// json_snapshot.c
cJSON *agent_io_json_snapshot(struct agent_coordinator *c, bool everything);
cJSON *agent_io_json_delta(struct agent_coordinator *c);
void agent_io_deltas_free(struct agent_coordinator *c);
cJSON *agent_io_json_model(struct agent_coordinator *c, const struct agent_model *model,
                           bool labels);
double agent_io_ms(int64_t us); // 0 stays 0

#endif
