// Shared by the files of the SQLite ledger.
#ifndef AGENT_LEDGER_INTERNAL_H
#define AGENT_LEDGER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include <sqlite3.h>

#include "agent/ledger/ledger.h"

#define LEDGER_APPLICATION_ID 0x53544b52 // "STKR"
#define LEDGER_VERSION 2
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

// What a kind of ledger can do; as the functions of ledger.h.
struct ledger_ops {
    enum agent_durability durability;
    enum agent_status (*recover)(struct agent_ledger *ledger,
                                 const struct agent_ledger_reader *reader, uint64_t *ret_next_job,
                                 struct agent_error *err);
    enum agent_status (*append)(struct agent_ledger *ledger, uint64_t seq,
                                const struct agent_record *record, struct agent_blob *blob);
    void (*flush)(struct agent_ledger *ledger);
    enum agent_status (*output)(struct agent_ledger *ledger, uint64_t id,
                                struct agent_blob **ret_blob, struct agent_error *err);
    void (*stats)(struct agent_ledger *ledger, struct agent_ledger_stats *ret_stats);
    enum agent_status (*close)(struct agent_ledger *ledger);
};

// Each kind begins with this.
struct agent_ledger {
    const struct ledger_ops *ops;
    uint64_t epoch;
    void (*on_commit)(void *user, uint64_t seq);
    void (*on_failure)(void *user, const char *text);
    void *user;
};

struct ledger_sqlite {
    struct agent_ledger base;
    sqlite3 *db;     // the thread's
    sqlite3 *reader; // under reader_lock
    sqlite3_stmt *statements[LEDGER_STATEMENTS];
    sqlite3_stmt *read_output;
    pthread_mutex_t reader_lock;
    char *path;

    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct ledger_entry *fresh, **fresh_last; // of the thread that appends, until it flushes
    struct ledger_entry *first, **last;       // under lock
    bool closing;                             // under lock
    bool lost;                                // closed with records that could not be written

    atomic_ullong commits, records, waiting;
};

// ledger_null.c, ledger_open.c: as agent_ledger_open.
enum agent_status agent_ledger_null_open(const struct agent_ledger_options *options,
                                         struct agent_ledger **ret_ledger, struct agent_error *err);
enum agent_status agent_ledger_sqlite_open(const struct agent_ledger_options *options,
                                           struct agent_ledger **ret_ledger,
                                           struct agent_error *err);
// Counts the file's epoch up and closes it again.
enum agent_status agent_ledger_sqlite_epoch(const struct agent_ledger_options *options,
                                            uint64_t *ret_epoch, uint64_t *ret_live,
                                            struct agent_error *err);
// ledger_read.c
enum agent_status agent_ledger_sqlite_recover(struct agent_ledger *base,
                                              const struct agent_ledger_reader *reader,
                                              uint64_t *ret_next_job, struct agent_error *err);
enum agent_status agent_ledger_sqlite_output(struct agent_ledger *base, uint64_t id,
                                             struct agent_blob **ret_blob, struct agent_error *err);

// ledger_open.c: AGENT_ERR_CORRUPT for what says that the file is damaged, else AGENT_ERR_IO.
enum agent_status agent_ledger_fail(const struct ledger_sqlite *ledger, sqlite3 *db,
                                    const char *what, struct agent_error *err);

// ledger_write.c: puts one record into the open transaction. SQLITE_OK or an error.
int agent_ledger_apply(struct ledger_sqlite *ledger, const struct ledger_entry *entry);
// NULL: no memory.
struct ledger_entry *agent_ledger_entry_new(uint64_t seq, const struct agent_record *record,
                                            struct agent_blob *blob);
void agent_ledger_entry_free(struct ledger_entry *entry);

// ledger_thread.c
void *agent_ledger_thread(void *user);

#endif
