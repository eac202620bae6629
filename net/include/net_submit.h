// A submitter: hands jobs to the coordinator over a link of its own, many at once, and hears of
// each what became of it. It dials again by itself; of the jobs that have no last answer then,
// those with an idempotency key are submitted again, and the others are reported as unknown, since
// nobody can tell whether the coordinator took them.
//
// Threads. Callbacks come on a thread of this room, never on yours, one at a time, with no
// lock held; they must not block. Every function may be called from any thread, callbacks included,
// unless its comment says that it BLOCKS.
#ifndef NET_SUBMIT_H
#define NET_SUBMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net_msg.h"
#include "net_status.h"

struct net_submitter;

enum net_answer_kind {
    NET_ANSWER_TAKEN,   // it is in the ledger; the last answer unless its result was asked for
    NET_ANSWER_ENDED,   // its result
    NET_ANSWER_BUSY,    // not taken: the same job may be sent again after `retry_after_ms`
    NET_ANSWER_REFUSED, // not taken, and would not be: `code` and `text`
    NET_ANSWER_UNKNOWN, // the link was lost; `job` is its id if it is known to have been taken
    NET_ANSWER_UNSENT,  // closed before it was sent
};

// Texts and tensors are valid during the callback.
struct net_answer {
    enum net_answer_kind kind;
    void *tag;     // the job's
    bool last;     // nothing more comes for this job
    bool existing; // TAKEN: its key was known, `job` is the first one
    uint64_t job;  // 0: has none
    uint32_t retry_after_ms;
    struct net_text code, text;
    const struct net_job_result *result; // of ENDED
};

struct net_submitter_options {
    const char *address;   // the coordinator's for agents
    struct net_tls *tls;   // for tls+tcp://; a reference is taken. May be NULL
    const char *name;      // 1 to 63 of a-z 0-9 . _ -; shown to operators
    const char *tenant;    // a name; NULL or "": the default one
    const char *software;  // NULL: none
    uint32_t window;       // jobs open at once; 0 = 1,024. The coordinator may allow fewer at once:
                           // the rest waits here
    size_t send_bytes_max; // waiting for the network; 0 = 160 MiB
    void (*on_answer)(void *user, const struct net_answer *answer);
    // The coordinator has welcomed us, or the link has ended: why, and jobs go on once it is back.
    // May be NULL.
    void (*on_connected)(void *user, uint64_t epoch);
    void (*on_disconnected)(void *user, const struct net_error *reason);
    void *user;
};

struct net_submitter_job {
    const char *model;
    uint32_t model_version; // 0 = the newest
    uint8_t priority;       // 0 is the most urgent, NET_PRIORITIES - 1 the least
    uint8_t want;           // NET_SUBMIT_ACK, NET_SUBMIT_RESULT or both
    uint32_t deadline_ms;   // 0 = none
    const char *key;        // NULL or "": none
    const struct net_tensor *inputs;
    uint8_t n_inputs;
    struct net_bytes packed; // instead of inputs: as net_submit_encode made them
    void *tag;
};

// Dials from now on; returns at once. Copies the options. NET_ERR_ADDRESS, NET_ERR_INVAL (a name,
// or no on_answer), NET_ERR_NOMEM.
enum net_status net_submitter_create(const struct net_submitter_options *options,
                                     struct net_submitter **ret_submitter, struct net_error *err);

// Takes jobs until the window is full: `*ret_taken` of them, always set. What the job points to is
// copied. Never blocks. NET_ERR_BUSY (not all were taken: wait for answers), NET_ERR_INVAL,
// NET_ERR_TOO_BIG (job `*ret_taken` breaks a rule), NET_ERR_CLOSED, NET_ERR_NOMEM.
enum net_status net_submitter_send(struct net_submitter *submitter,
                                   const struct net_submitter_job *jobs, size_t count,
                                   size_t *ret_taken, struct net_error *err);

// Jobs without their last answer.
size_t net_submitter_open(struct net_submitter *submitter);

// BLOCKS until the coordinator has welcomed us: NET_OK; else the newest reason why not, or
// NET_ERR_TIMEOUT. NET_ERR_REFUSED ends the wait at once.
enum net_status net_submitter_wait_connected(struct net_submitter *submitter, uint32_t timeout_ms,
                                             struct net_error *err);
// BLOCKS until at most `open_max` jobs are open. False: it took longer than `timeout_ms`.
bool net_submitter_wait_open(struct net_submitter *submitter, size_t open_max, uint32_t timeout_ms);

// close: takes no more jobs and hangs up; does not block. free: close, then BLOCKS until every open
// job has its last answer (UNKNOWN or UNSENT), and frees; takes NULL.
void net_submitter_close(struct net_submitter *submitter);
void net_submitter_free(struct net_submitter *submitter);

#endif
