// Group commit: what is appended while a transaction is on its way to the disk waits for the next.
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "agent/ledger/ledger_internal.h"

static int step(struct ledger_sqlite *ledger, enum ledger_statement which)
{
    sqlite3_stmt *statement = ledger->statements[which];
    int status = sqlite3_step(statement);
    sqlite3_reset(statement);
    return status == SQLITE_DONE ? SQLITE_OK : status;
}

// Writes up to LEDGER_BATCH_MAX entries. Returns the first that was not written through
// `*ret_rest`, and the last sequence number that somebody waits for.
static bool commit(struct ledger_sqlite *ledger, struct ledger_entry *first,
                   struct ledger_entry **ret_rest, uint64_t *ret_seq)
{
    uint64_t seq = 0, count = 0;
    struct ledger_entry *entry = first;
    int status = step(ledger, LEDGER_BEGIN);
    for (; status == SQLITE_OK && entry != NULL && count < LEDGER_BATCH_MAX; count++) {
        status = agent_ledger_apply(ledger, entry);
        if (entry->seq != 0)
            seq = entry->seq;
        entry = entry->next;
    }
    if (status == SQLITE_OK)
        status = step(ledger, LEDGER_COMMIT);
    if (status != SQLITE_OK) {
        char text[AGENT_ERROR_TEXT_MAX];
        snprintf(text, sizeof text, "%s: %s", ledger->path, sqlite3_errmsg(ledger->db));
        if (!sqlite3_get_autocommit(ledger->db))
            step(ledger, LEDGER_ROLLBACK);
        ledger->base.on_failure(ledger->base.user, text);
        return false;
    }
    atomic_fetch_add(&ledger->commits, 1);
    atomic_fetch_add(&ledger->records, count);
    atomic_fetch_sub(&ledger->waiting, count);
    *ret_rest = entry;
    *ret_seq = seq;
    return true;
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
        failed = !commit(ledger, work, &rest, &seq);
        if (failed && closing)
            break;
        if (failed)
            continue;
        free_until(work, rest);
        work = rest;
        if (seq != 0)
            ledger->base.on_commit(ledger->base.user, seq);
    }
    ledger->lost = work != NULL;
    free_until(work, NULL);
    return NULL;
}
