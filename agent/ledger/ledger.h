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
    // On the ledger's thread: everything up to `seq` is on the disk. NONE: during a flush.
    void (*on_commit)(void *user, uint64_t seq);
    // On the ledger's thread, at each try that failed. Nothing is lost: it is tried again until it
    // works or the ledger is closed.
    void (*on_failure)(void *user, const char *text);
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
    void (*on_job)(void *user, const struct agent_job_record *job, struct agent_blob *input);
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

// The outputs of an ended job. BLOCKS for the read of one row; any thread. The caller owns the
// reference. AGENT_ERR_NOT_FOUND, AGENT_ERR_IO, AGENT_ERR_NOMEM. NONE has the last 10,000.
enum agent_status agent_ledger_output(struct agent_ledger *ledger, uint64_t id,
                                      struct agent_blob **ret_blob, struct agent_error *err);

struct agent_ledger_stats {
    uint64_t commits;
    uint64_t records;
    uint64_t bytes;   // of the file and its WAL
    uint64_t waiting; // records that are not committed
};
void agent_ledger_stats(struct agent_ledger *ledger, struct agent_ledger_stats *ret_stats);

// BLOCKS until what was appended is committed, or a try failed, or for ever on a dead disk; frees.
// AGENT_ERR_IO: something was lost. Takes NULL.
enum agent_status agent_ledger_close(struct agent_ledger *ledger);

#endif
