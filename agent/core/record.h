// What the core asks the ledger to keep, and what the ledger gives back when a coordinator starts.
// Texts belong to whoever made the record and are valid during the call it is passed to.
#ifndef AGENT_RECORD_H
#define AGENT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGENT_HASH_SIZE 32
#define AGENT_NAME_MAX 63
#define AGENT_MODEL_NAME_MAX 127
#define AGENT_KEY_MAX 128
#define AGENT_TENANT_DEFAULT "default" // of jobs that name none
#define AGENT_CODE_MAX 23              // error codes
#define AGENT_TEXT_MAX 512             // reasons and error texts
#define AGENT_PRIORITIES 4
#define AGENT_CODE_POISONED "poisoned" // of a job in quarantine: its input is kept
#define AGENT_NO_DEVICE 255

// Numbers are kept in the ledger: they never change their meaning.
enum agent_job_state {
    AGENT_JOB_QUEUED = 0,
    AGENT_JOB_ASSIGNED = 1,
    AGENT_JOB_RUNNING = 2,
    AGENT_JOB_DONE = 3,
    AGENT_JOB_FAILED = 4,
    AGENT_JOB_CANCELLED = 5,
    AGENT_JOB_EXPIRED = 6,
    AGENT_JOB_STATES
};

enum agent_operation_state {
    AGENT_OPERATION_RUNNING = 0,
    AGENT_OPERATION_DONE = 1,
    AGENT_OPERATION_CANCELLED = 2,
    AGENT_OPERATION_FAILED = 3,
    AGENT_OPERATION_STATES
};

// What an operator has decided about an agent; it outlives links and coordinators.
enum agent_admin {
    AGENT_ADMIN_NONE = 0,
    AGENT_ADMIN_CORDONED = 1,
    AGENT_ADMIN_DRAINING = 2,
    AGENT_ADMIN_DRAINED = 3,
    AGENT_ADMIN_STATES
};

struct agent_timing {
    uint64_t total_us; // from the submission to the result
    uint64_t queue_us; // what the others leave of the total: waiting, and the network
    uint32_t load_us;
    uint32_t compute_us;
    uint32_t copy_us;
};

struct agent_job_record {
    uint64_t id;
    const char *model;
    uint32_t version;
    uint8_t hash[AGENT_HASH_SIZE];
    uint8_t priority;
    uint8_t state; // enum agent_job_state
    uint8_t device;
    const char *key;    // "" for none
    const char *tenant; // "" for AGENT_TENANT_DEFAULT; at most AGENT_NAME_MAX bytes
    const char *agent;
    int64_t submitted_us, started_us, finished_us, deadline_us;
    uint64_t input_bytes, output_bytes;
    uint32_t rows, attempts, batch;
    uint32_t dispatches; // of a live one that is recovered: the highest that an attempt had
    struct agent_timing timing;
    const char *error_code;
    const char *error_text;
    bool cached; // its outputs came from the response cache
};

// An attempt that did not end its job: its agent was lost, gave it back or reported a failure. The
// last attempt of a job is in the record of its end.
struct agent_attempt_record {
    uint64_t job;
    uint32_t number;   // its dispatch
    uint32_t failures; // charged to the job so far, with this one
    uint8_t device;
    const char *agent;
    int64_t started_us; // 0: it was never started
    int64_t ended_us;
    const char *text;
};

// What is known in memory of an ended job that nobody has asked for lately.
struct agent_kept_record {
    uint64_t id;
    const char *tenant, *key; // the key is "" for none
    int64_t finished_us;
    uint64_t output_bytes;
};

// Jobs that are gone for good.
struct agent_forget_record {
    const uint64_t *ids;
    uint32_t count;
};

struct agent_operation_record {
    uint64_t id;
    const char *kind; // a name of operations.def
    const char *target;
    const char *by;
    const char *reason;
    uint8_t state; // enum agent_operation_state
    bool was_cordoned;
    int64_t started_us, deadline_us, finished_us;
    uint32_t requeued;
    const char *text;   // what it did last, or how it ended; "" or NULL none
    const char *detail; // what its kind keeps about it; "" or NULL none
};

struct agent_agent_record {
    const char *name;
    uint8_t admin; // enum agent_admin
    const char *reason;
    const char *by;
};

struct agent_audit_record {
    uint64_t id; // where it is read
    int64_t time_us;
    const char *who;
    const char *what;
    const char *target;
    const char *why;
};

struct agent_event_record {
    uint64_t seq;
    int64_t time_us;
    const char *json;
};

enum agent_record_kind {
    AGENT_RECORD_JOB,    // an admitted job; its inputs go with it
    AGENT_RECORD_END,    // a job's end; its outputs go with it, its inputs leave
    AGENT_RECORD_FORGET, // drop these jobs
    AGENT_RECORD_OPERATION,
    AGENT_RECORD_AGENT,
    AGENT_RECORD_AUDIT,
    AGENT_RECORD_META,
    AGENT_RECORD_EVENT,   // one that is kept for who asks later
    AGENT_RECORD_ATTEMPT, // for a job's history and its count of failures; nobody waits for it
};

struct agent_record {
    enum agent_record_kind kind;
    union {
        struct agent_job_record job;
        struct agent_operation_record operation;
        struct agent_agent_record agent;
        struct agent_audit_record audit;
        struct agent_event_record event;
        struct agent_forget_record forget;
        struct agent_attempt_record attempt;
        struct {
            const char *key;
            const char *value;
        } meta;
    };
};

#define AGENT_RECORD_TEXTS_MAX 6

// Where a record's texts are, for whoever keeps a copy of it: their order is the same for each
// record of a kind. Returns how many.
size_t agent_record_texts(struct agent_record *record,
                          const char **ret_texts[AGENT_RECORD_TEXTS_MAX]);

#endif
