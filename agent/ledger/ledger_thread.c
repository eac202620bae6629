// Group commit: what is appended while a transaction is on its way to the disk waits for the next.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/ledger/ledger_internal.h"

static int step(struct ledger_sqlite *ledger, enum ledger_statement which)
{
    sqlite3_stmt *statement = ledger->statements[which];
    int status = sqlite3_step(statement);
    sqlite3_reset(statement);
    return status == SQLITE_DONE ? SQLITE_OK : status;
}

// What is wrong with the record and not with the disk, the memory or the file.
static bool is_records_fault(int status)
{
    switch (status & 0xff) {
    case SQLITE_ERROR:
    case SQLITE_TOOBIG:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_MISUSE:
        return true;
    default:
        return false;
    }
}

// The transaction was taken back: so are numbers of names that it made.
static void take_back(struct ledger_sqlite *ledger)
{
    if (!sqlite3_get_autocommit(ledger->db))
        step(ledger, LEDGER_ROLLBACK);
    agent_ledger_intern_clear(ledger);
    ledger->n_loose = 0;
    ledger->forgotten = 0;
}

static void refuse(struct ledger_sqlite *ledger, struct ledger_entry *entry, const char *why)
{
    char text[AGENT_ERROR_TEXT_MAX];
    bool outputs = entry->record.kind == AGENT_RECORD_END && entry->blob != NULL;
    snprintf(text, sizeof text, "%.200s: %s: %.200s", ledger->path,
             outputs ? "the outputs of a job are refused and dropped" : "a record is refused", why);
    if (outputs) {
        agent_blob_unref(entry->blob);
        entry->blob = NULL;
        entry->record.job.output_bytes = 0;
        entry->in_file = false;
    } else {
        entry->refused = true;
    }
    atomic_fetch_add(&ledger->refused, 1);
    if (ledger->base.on_refused != NULL)
        ledger->base.on_refused(ledger->base.user, entry->seq, text);
}

// Large blobs, before the rows that name them.
static bool put_files(struct ledger_sqlite *ledger, struct ledger_entry *entry)
{
    for (uint32_t i = 0; i < LEDGER_BATCH_MAX && entry != NULL; i++, entry = entry->next) {
        if (agent_ledger_file_put(ledger, entry))
            continue;
        char text[AGENT_ERROR_TEXT_MAX], why[128];
        int code = errno;
        const char *said = strerror_r(code, why, sizeof why);
        snprintf(text, sizeof text, "%.200s: a file can't be written: %.80s; %s",
                 ledger->files_path, said,
                 agent_ledger_advice(code == ENOSPC ? SQLITE_FULL : SQLITE_IOERR));
        ledger->base.on_failure(ledger->base.user, text);
        return false;
    }
    return true;
}

enum outcome { COMMITTED, FAILED, AGAIN };

// Writes up to LEDGER_BATCH_MAX entries. Returns the first that was not written through
// `*ret_rest`, and the last sequence number that somebody waits for.
static enum outcome commit(struct ledger_sqlite *ledger, struct ledger_entry *first,
                           struct ledger_entry **ret_rest, uint64_t *ret_seq)
{
    uint64_t seq = 0, count = 0;
    struct ledger_entry *entry = first, *last = first;
    if (!put_files(ledger, first))
        return FAILED;
    int status = step(ledger, LEDGER_BEGIN);
    for (; status == SQLITE_OK && entry != NULL && count < LEDGER_BATCH_MAX; count++) {
        last = entry;
        status = entry->refused ? SQLITE_OK : agent_ledger_apply(ledger, entry);
        if (entry->seq != 0)
            seq = entry->seq;
        entry = entry->next;
    }
    bool records_fault = count > 0 && is_records_fault(status);
    if (status == SQLITE_OK)
        status = step(ledger, LEDGER_COMMIT);
    if (status != SQLITE_OK) {
        char text[AGENT_ERROR_TEXT_MAX];
        snprintf(text, sizeof text, "%s", sqlite3_errmsg(ledger->db));
        take_back(ledger);
        if (records_fault) {
            refuse(ledger, last, text);
            return AGAIN;
        }
        char where[AGENT_ERROR_TEXT_MAX];
        snprintf(where, sizeof where, "%.150s: %.150s; %s", ledger->path, text,
                 agent_ledger_advice(status));
        if ((status & 0xff) == SQLITE_CORRUPT || (status & 0xff) == SQLITE_NOTADB)
            agent_ledger_damaged(ledger, where);
        ledger->base.on_failure(ledger->base.user, where);
        return FAILED;
    }
    atomic_fetch_add(&ledger->commits, 1);
    atomic_fetch_add(&ledger->records, count);
    atomic_fetch_sub(&ledger->waiting, count);
    *ret_rest = entry;
    *ret_seq = seq;
    return COMMITTED;
}

static void free_until(struct ledger_entry *entry, const struct ledger_entry *end)
{
    while (entry != end) {
        struct ledger_entry *next = entry->next;
        agent_ledger_entry_free(entry);
        entry = next;
    }
}

// Waits for something to do. Returns all of it, behind `waiting`, what an earlier try left.
static struct ledger_entry *next_work(struct ledger_sqlite *ledger, struct ledger_entry *waiting,
                                      struct ledger_entry ***waiting_last, bool failed,
                                      bool *ret_closing)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LEDGER_RETRY_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&ledger->lock);
    int status = 0;
    while (failed && !ledger->closing && status != ETIMEDOUT)
        status = pthread_cond_timedwait(&ledger->wake, &ledger->lock, &until);
    while (waiting == NULL && ledger->first == NULL && !ledger->closing)
        pthread_cond_wait(&ledger->wake, &ledger->lock);
    if (ledger->first != NULL) {
        if (waiting == NULL)
            waiting = ledger->first;
        else
            **waiting_last = ledger->first;
        *waiting_last = ledger->last;
        ledger->first = NULL;
        ledger->last = &ledger->first;
    }
    *ret_closing = ledger->closing;
    pthread_mutex_unlock(&ledger->lock);
    return waiting;
}

void *agent_ledger_thread(void *user)
{
    struct ledger_sqlite *ledger = user;
    struct ledger_entry *work = NULL;
    struct ledger_entry **last = NULL;
    bool failed = false, closing = false;
    for (;;) {
        work = next_work(ledger, work, &last, failed, &closing);
        if (work == NULL)
            break;
        struct ledger_entry *rest = NULL;
        uint64_t seq = 0;
        enum outcome outcome = commit(ledger, work, &rest, &seq);
        failed = outcome == FAILED;
        if (failed && closing)
            break;
        if (outcome != COMMITTED)
            continue;
        if (seq != 0)
            ledger->base.on_commit(ledger->base.user, seq);
        free_until(work, rest);
        work = rest;
        agent_ledger_files_drop(ledger);
        agent_ledger_checkpoint_after(ledger);
    }
    ledger->lost = work != NULL;
    free_until(work, NULL);
    return NULL;
}
