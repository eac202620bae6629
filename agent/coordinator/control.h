// Requests of the control socket. A call is made on NNG's thread, where its text is parsed, goes to
// the owner's inbox, and ends with exactly one reply.
#ifndef AGENT_CONTROL_H
#define AGENT_CONTROL_H

#include "agent/coordinator/io.h"
#include "agent/coordinator/tensors.h"

struct io_prepared {
    struct agent_tensors tensors;
    const char *key; // in the call's JSON; ""
};

// Why a call is parked.
enum io_wait {
    IO_WAIT_NONE,
    IO_WAIT_CORE,
    IO_WAIT_JOB,
    IO_WAIT_OPERATION,
    IO_WAIT_EVENTS,
    IO_WAIT_PAST
};

#define AGENT_CALL_ID_MAX 9007199254740992.0 // of jobs: what a double counts exactly

// A question to the ledger, and who gets the answer: a call or a submitter, as long as they are
// there.
struct io_past {
    struct agent_query query;
    struct agent_coordinator *c;
    struct io_call *call;
    struct io_waiter waiter;
    cJSON *json;    // the request, which has the filter's texts
    cJSON *jobs;    // of memory, where those of the ledger come to them
    uint64_t total; // of jobs in memory
};

struct io_call {
    TAILQ_ENTRY(io_call) parked; // in the coordinator's list while `wait` is not NONE
    TAILQ_ENTRY(io_call) waiter; // in its job's list while `wait` is JOB
    struct agent_coordinator *c;
    struct net_request *request;
    cJSON *json;
    enum net_control op;
    enum io_wait wait;
    int64_t until_us; // of a wait that ends by itself
    uint64_t subject; // the job, operation or cursor that is waited for
    uint32_t limit;   // of events
    const char *agent;
    const char **names; // of a request about several agents

    struct io_past *past;     // while `wait` is PAST
    struct io_prepared *jobs; // of a submit
    size_t n_jobs;
    uint64_t first_token; // one for each part
    size_t n_parts, parts_open;
    uint64_t *ids;              // by part
    struct agent_blob **inputs; // by part, until it has its id
    struct io_content **contents;
    bool existing;
    enum agent_reply failure; // the first that was not OK
    uint32_t retry_after_ms;
    char text[AGENT_TEXT_MAX];
};

// control.c
bool agent_io_serve(struct agent_coordinator *c, struct agent_error *err);
void agent_call_run(struct io_call *call); // on the owner's thread
// Each ends the call.
void agent_call_error(struct io_call *call, const char *code, const char *hint, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));
void agent_call_reply(struct io_call *call, cJSON *object); // takes over; NULL: out of memory
// An object with one member, for agent_call_reply.
cJSON *agent_call_object(const char *name, cJSON *value);

// control_field.c: a field of the request. On a wrong one the call is ended and false returned.
bool agent_call_number(struct io_call *call, const char *name, double min, double max,
                       const double *fallback, double *ret_value); // fallback NULL: required
bool agent_call_text(struct io_call *call, const char *name, size_t max, const char *fallback,
                     const char **ret_value);
bool agent_call_bool(struct io_call *call, const char *name, bool *ret_value);

// control_wait.c
// Gives the call's event a token and parks it until the core has answered. NULL: ended, busy.
struct agent_event *agent_call_ask(struct io_call *call, enum agent_event_kind kind);
bool agent_call_ask_parts(struct io_call *call, size_t parts);
void agent_call_answered(struct agent_coordinator *c, const struct io_after *after);
// False: too many wait already; nothing has changed.
bool agent_call_park(struct io_call *call, enum io_wait wait, uint64_t subject, double wait_ms);
void agent_call_unpark(struct io_call *call);
const char *agent_io_reply_code(enum agent_reply reply); // of an error; "" for OK
void agent_io_calls_tick(struct agent_coordinator *c, int64_t now_us);
void agent_io_calls_operation(struct agent_coordinator *c, uint64_t id);
void agent_io_calls_event(struct agent_coordinator *c);
void agent_io_calls_free(struct agent_coordinator *c); // answers all that is parked

// control_models.c: the model that the fields `field` and "version" name. NULL: the call is ended.
const struct agent_model *agent_call_find_model(struct io_call *call, const char *field);

// control_agents.c: whether the name stands for the process that the request means ("" any). False:
// it doesn't, and the call is ended.
bool agent_call_is_instance(struct io_call *call, const char *agent, const char *instance);

// The operations, by family.
void agent_call_version(struct io_call *call);
void agent_call_snapshot(struct io_call *call);
void agent_call_status(struct io_call *call);
void agent_call_agents(struct io_call *call);
void agent_call_jobs(struct io_call *call);
void agent_call_job(struct io_call *call);
void agent_call_submit(struct io_call *call);
void agent_call_result(struct io_call *call);
void agent_call_cancel(struct io_call *call);
// control_retry.c
void agent_call_retry(struct io_call *call);
void agent_call_retry_known(struct io_call *call, struct io_past *past); // its input, or none
void agent_call_models(struct io_call *call);
void agent_call_model(struct io_call *call);
void agent_call_cordon(struct io_call *call);
void agent_call_uncordon(struct io_call *call);
void agent_call_drain(struct io_call *call);
// control_rebalance.c
void agent_call_rebalance(struct io_call *call);
void agent_call_rebalance_planned(struct io_call *call, uint64_t number);

// control_settings.c
void agent_call_settings(struct io_call *call);
void agent_call_settings_shown(struct io_call *call);
// Through the process, which has to have a host for it. False: the call is ended.
bool agent_call_setting_set(struct io_call *call, const char *name, const char *value,
                            char ret_before[2048]);

// control_roll.c: on one agent after another
void agent_call_roll(struct io_call *call, enum agent_event_kind kind);
void agent_call_restart(struct io_call *call);
void agent_call_certificate(struct io_call *call);
void agent_call_tune(struct io_call *call);
void agent_call_operations(struct io_call *call);
void agent_call_operation(struct io_call *call);
void agent_call_events(struct io_call *call);
void agent_call_strategy(struct io_call *call);
void agent_call_why(struct io_call *call);
void agent_call_pin(struct io_call *call);
void agent_call_pinned(struct io_call *call);
void agent_call_why_not(struct io_call *call);
void agent_call_tenants(struct io_call *call);
void agent_call_tenant(struct io_call *call);

void agent_call_history(struct io_call *call);
void agent_call_audit(struct io_call *call);

// control_past.c: questions to the ledger. NULL: no memory.
struct io_past *agent_io_past_new(struct agent_coordinator *c, enum agent_query_kind kind);
void agent_io_past_free(struct io_past *past); // one that is not asked; takes NULL
bool agent_io_past_ask(struct io_past *past);  // false: too many wait, and it is freed
void agent_call_past_ask(struct io_call *call, struct io_past *past); // NULL ends the call, too
void agent_call_past_job(struct io_call *call, uint64_t id, bool output);
void agent_io_past_answered(struct agent_coordinator *c, struct io_past *past);
void agent_io_past_view(const struct agent_coordinator *c, const struct agent_job_record *job,
                        struct agent_job_view *ret_view);

// Fields of `jobs` and `history`. False: the call is ended.
bool agent_call_job_filter(struct io_call *call, struct agent_query_filter *filter);
void agent_call_add_history(struct io_call *call, cJSON *job, uint64_t id); // what memory has

// Their ends, once what they wait for has come.
void agent_call_job_ended(struct io_call *call, struct agent_blob *output);
void agent_call_job_known(struct io_call *call, const struct agent_job_view *job,
                          const struct agent_query *query); // NULL: without outputs
void agent_call_jobs_known(struct io_call *call, struct io_past *past);
void agent_call_history_job(struct io_call *call, struct io_past *past);
void agent_call_audit_known(struct io_call *call, struct io_past *past);
bool agent_call_prepare(struct io_call *call); // a submit's inputs, on NNG's thread
void agent_call_done(struct io_call *call);    // the core has answered all parts
void agent_call_events_now(struct io_call *call);
void agent_call_tenant_now(struct io_call *call);
void agent_call_operation_now(struct io_call *call, uint64_t id);

#endif
