// What must survive a crash: jobs with their inputs and results, operations, what operators decided
// about agents, and who decided it. One file, SQLite in WAL mode with synchronous=FULL. Appends are
// collected while a commit is under way and go out together in the next one, on a thread of the
// ledger's own. Or, for those who want speed and nothing kept, no file at all:
// AGENT_DURABILITY_NONE.
#ifndef AGENT_LEDGER_H
#define AGENT_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/core/agent_status.h"
#include "agent/core/record.h"
#include "agent/ledger/blob.h"

struct agent_ledger;

enum agent_durability {
    AGENT_DURABILITY_COMMIT, // what is acknowledged is on the disk
    AGENT_DURABILITY_NONE,   // memory only: a restart forgets every job
};

struct agent_ledger_options {
    const char *path; // of the file; its folder must exist. NONE counts its epoch there, too
    enum agent_durability durability;
    uint64_t inline_max; // bytes; 0 = 64 KiB. Larger inputs and results are files beside it
    // On the ledger's thread: everything up to `seq` is on the disk. NONE: during a flush.
    void (*on_commit)(void *user, uint64_t seq);
    // On the ledger's thread, at each try that failed. Nothing is lost: it is tried again until it
    // works or the ledger is closed.
    void (*on_failure)(void *user, const char *text);
    // On the ledger's thread, before on_commit of its batch: the database will never take this
    // record, and everything else goes on without it. An END whose outputs are refused is kept
    // without them and told, too. May be NULL.
    void (*on_refused)(void *user, uint64_t seq, const char *text);
    // On a thread of the ledger's, at most once: the file is damaged. What can be written still is,
    // but nothing new should be entrusted to it. May be NULL.
    void (*on_damage)(void *user, const char *text);
    void *user;
};

// Opens or makes the file and counts its epoch up. BLOCKS. AGENT_ERR_CORRUPT (damaged, or another
// program's), AGENT_ERR_VERSION (of a newer Stoker), AGENT_ERR_IO, AGENT_ERR_NOMEM; the text names
// the file and the way out.
enum agent_status agent_ledger_open(const struct agent_ledger_options *options,
                                    struct agent_ledger **ret_ledger, struct agent_error *err);

// Of this opening: higher than that of any other before.
uint64_t agent_ledger_epoch(const struct agent_ledger *ledger);
enum agent_durability agent_ledger_durability(const struct agent_ledger *ledger);

// Called once for each thing that the ledger holds. Texts are valid during the call; `input` is of
// a job that has not ended (take a reference to keep it), NULL otherwise. Any may be NULL.
struct agent_ledger_reader {
    // Jobs that have not ended, and the `recent` newest of those that have.
    void (*on_job)(void *user, const struct agent_job_record *job, struct agent_blob *input);
    // The other ended ones: only what has to be in memory. Before the first on_job.
    void (*on_kept)(void *user, const struct agent_kept_record *kept);
    uint32_t recent;
    void (*on_operation)(void *user, const struct agent_operation_record *operation);
    void (*on_agent)(void *user, const struct agent_agent_record *agent);
    void (*on_meta)(void *user, const char *key, const char *value);
    void (*on_event)(void *user, const struct agent_event_record *event);
    void *user;
};

// Before the first append. Jobs and operations come in the order of their ids, agents before
// operations, events last. `*ret_next_job` was never a job's id. BLOCKS. As agent_ledger_open.
enum agent_status agent_ledger_recover(struct agent_ledger *ledger,
                                       const struct agent_ledger_reader *reader,
                                       uint64_t *ret_next_job, struct agent_error *err);

// Copies the record, takes a reference to the blob (inputs of JOB, outputs of END; may be NULL),
// and returns; on_commit(seq) follows a flush. `seq` rises; 0 for a record that nobody waits for.
// One thread at a time. AGENT_ERR_NOMEM: nothing was appended.
enum agent_status agent_ledger_append(struct agent_ledger *ledger, uint64_t seq,
                                      const struct agent_record *record, struct agent_blob *blob);

// Lets what was appended go to the disk, together. On the thread that appends; does not block.
void agent_ledger_flush(struct agent_ledger *ledger);

// ---- questions, answered on a thread of the ledger's own

enum agent_query_kind {
    AGENT_QUERY_JOB, // one ended job, its attempts and, where `output` is set, its outputs; NONE
                     // has those of the last 10,000
    AGENT_QUERY_JOBS,  // ended jobs that match, newest first
    AGENT_QUERY_AUDIT, // who did what, newest first
};

// Texts are borrowed until the query is answered; NULL or 0: any.
struct agent_query_filter {
    int state; // enum agent_job_state; -1 any
    const char *model, *agent, *tenant;
    const char *who, *what, *target; // AUDIT
    int64_t since_us, until_us;      // of the end, or of what was done
    uint64_t before;                 // ids below
    uint32_t limit;
    bool count; // tell how many match, besides
};

struct agent_query {
    enum agent_query_kind kind;
    uint64_t id; // JOB
    bool output; // JOB
    bool input;  // JOB, instead of its outputs: kept of those in quarantine only
    struct agent_query_filter filter;
    // On the ledger's reading thread (NONE: during the call of agent_ledger_ask).
    void (*done)(struct agent_query *query);
    void *user;

    // The answer; agent_query_finish frees it. AGENT_ERR_NOT_FOUND, AGENT_ERR_IO,
    // AGENT_ERR_CORRUPT, AGENT_ERR_NOMEM.
    enum agent_status status;
    struct agent_error err;
    struct agent_job_record *jobs;
    struct agent_attempt_record *attempts;
    struct agent_audit_record *audits;
    size_t n_jobs, n_attempts, n_audits;
    uint64_t total; // that match; where counting took too long, at least so many
    bool total_is_least;
    struct agent_blob *blob; // the outputs, or the inputs; NULL: there are none
    char *texts;             // of the records
    struct agent_query *next;
};

// Answers by query->done, once; a close waits for it. Any thread; does not
// block. AGENT_ERR_FULL: too many wait; done is not called then.
enum agent_status agent_ledger_ask(struct agent_ledger *ledger, struct agent_query *query);
void agent_query_finish(struct agent_query *query);

struct agent_ledger_stats {
    uint64_t commits;
    uint64_t records;
    uint64_t bytes;   // of the file and its WAL
    uint64_t waiting; // records that are not committed
    uint64_t refused; // records that the database would not take; each was reported
    uint64_t checkpoints;
};
void agent_ledger_stats(struct agent_ledger *ledger, struct agent_ledger_stats *ret_stats);

// BLOCKS until what was appended is committed, or a try failed, or for ever on a dead disk; frees.
// AGENT_ERR_IO: something was lost. Takes NULL.
enum agent_status agent_ledger_close(struct agent_ledger *ledger);

#endif
