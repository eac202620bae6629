// Shared by the files of the SQLite ledger.
#ifndef AGENT_LEDGER_INTERNAL_H
#define AGENT_LEDGER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include <sqlite3.h>

#include "agent/ledger/ledger.h"

#define LEDGER_APPLICATION_ID 0x53544b52 // "STKR"
#define LEDGER_VERSION 1
#define LEDGER_BATCH_MAX 4096 // records of one transaction
#define LEDGER_RETRY_MS 250
#define LEDGER_EVENTS_KEPT 10000

enum ledger_statement {
#define LEDGER_STATEMENT(name, sql, help) LEDGER_##name,
#include "ledger_sql.def"
#undef LEDGER_STATEMENT
    LEDGER_STATEMENTS
};

// A record with its texts behind it.
struct ledger_entry {
    struct ledger_entry *next;
    uint64_t seq;
    struct agent_record record;
    struct agent_blob *blob;
    char texts[];
};

struct agent_ledger {
    sqlite3 *db;     // the thread's
    sqlite3 *reader; // under reader_lock
    sqlite3_stmt *statements[LEDGER_STATEMENTS];
    sqlite3_stmt *read_output;
    pthread_mutex_t reader_lock;
    char *path;
    uint64_t epoch;

    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct ledger_entry *first, **last; // under lock
    bool closing;                       // under lock
    bool lost;                          // closed with records that could not be written

    void (*on_commit)(void *user, uint64_t seq);
    void (*on_failure)(void *user, const char *text);
    void *user;
    atomic_ullong commits, records, waiting;
};

// ledger_open.c: AGENT_ERR_CORRUPT for what says that the file is damaged, else AGENT_ERR_IO.
enum agent_status agent_ledger_fail(const struct agent_ledger *ledger, sqlite3 *db,
                                    const char *what, struct agent_error *err);

// ledger_write.c: puts one record into the open transaction. SQLITE_OK or an error.
int agent_ledger_apply(struct agent_ledger *ledger, const struct ledger_entry *entry);
// NULL: no memory.
struct ledger_entry *agent_ledger_entry_new(uint64_t seq, const struct agent_record *record,
                                            struct agent_blob *blob);
void agent_ledger_entry_free(struct ledger_entry *entry);

// ledger_thread.c
void *agent_ledger_thread(void *user);

#endif
