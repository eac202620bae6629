// Shared by the files of the ledgers.
#ifndef AGENT_LEDGER_INTERNAL_H
#define AGENT_LEDGER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include <sqlite3.h>

#include "agent/ledger/ledger.h"

#define LEDGER_APPLICATION_ID 0x53544b52 // "STKR"
#define LEDGER_VERSION 5
#define LEDGER_BATCH_MAX 4096 // records of one transaction
#define LEDGER_RETRY_MS 250
#define LEDGER_EVENTS_KEPT 10000
#define LEDGER_AUDIT_KEPT 100000
#define LEDGER_QUERIES_MAX 256       // that wait
#define LEDGER_COUNT_MS 100          // of counting what matches
#define LEDGER_INTERNS 1024          // names and models whose numbers are at hand
#define LEDGER_WAL_PAGES 8192        // after which a checkpoint begins: 32 MiB
#define LEDGER_INLINE_MAX (64 << 10) // bytes of a blob in its row, unless options say otherwise
#define LEDGER_CHUNK_SIZE (64 << 10)

enum ledger_statement {
#define LEDGER_STATEMENT(name, sql, help) LEDGER_##name,
#include "ledger_sql.def"
#undef LEDGER_STATEMENT
    LEDGER_STATEMENTS
};

// Memory of many entries; gone with the last of them.
struct ledger_chunk {
    atomic_uint refs;
    size_t used, size;
    _Alignas(16) char bytes[];
};

// A record with its texts behind it.
struct ledger_entry {
    struct ledger_entry *next;
    struct ledger_chunk *chunk;
    uint64_t seq;
    bool refused; // by the database, for ever: it is left out
    bool in_file; // the blob is in the file `file`, which has been synced
    uint8_t file[AGENT_HASH_SIZE];
    struct agent_record record;
    struct agent_blob *blob;
    _Alignas(8) char texts[]; // behind the ids of a FORGET
};

// A name, or a model with its version and hash, and its number in the database.
struct ledger_intern {
    int64_t number; // 0: free
    uint32_t version;
    uint8_t hash[AGENT_HASH_SIZE];
    char name[AGENT_MODEL_NAME_MAX + 1];
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
    enum agent_status (*ask)(struct agent_ledger *ledger, struct agent_query *query);
    void (*stats)(struct agent_ledger *ledger, struct agent_ledger_stats *ret_stats);
    enum agent_status (*close)(struct agent_ledger *ledger);
};

// Each kind begins with this.
struct agent_ledger {
    const struct ledger_ops *ops;
    uint64_t epoch;
    void (*on_commit)(void *user, uint64_t seq);
    void (*on_failure)(void *user, const char *text);
    void (*on_refused)(void *user, uint64_t seq, const char *text);
    void (*on_damage)(void *user, const char *text);
    void *user;
};

struct ledger_sqlite {
    struct agent_ledger base;
    char *path;
    sqlite3 *db; // the writing thread's
    sqlite3_stmt *statements[LEDGER_STATEMENTS];
    struct ledger_intern names[LEDGER_INTERNS], models[LEDGER_INTERNS]; // the writing thread's
    bool has_attempts; // the writing thread's: some may have to be forgotten
    int64_t forgotten;
    // Large blobs; all of the writing thread, but for reading them.
    uint64_t inline_max;
    char *files_path;
    int files_fd;
    bool has_files;
    uint8_t (*loose)[AGENT_HASH_SIZE]; // files that rows of this transaction have let go
    size_t n_loose, loose_room;
    struct ledger_chunk *chunk;               // of the thread that appends
    struct ledger_entry *fresh, **fresh_last; // of the thread that appends, until it flushes

    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct ledger_entry *first, **last; // under lock
    bool closing;                       // under lock
    bool lost;                          // closed with records that could not be written

    // Reading: a connection for whoever asks and waits, one for the thread that answers.
    sqlite3 *reader; // under reader_lock
    pthread_mutex_t reader_lock;
    sqlite3 *query_db;
    pthread_t query_thread;
    bool query_started;
    pthread_mutex_t query_lock;
    pthread_cond_t query_wake;
    struct agent_query *queries, **queries_last; // under query_lock
    uint32_t n_queries;                          // under query_lock
    bool query_closing;                          // under query_lock

    // Checkpoints.
    sqlite3 *checkpoint_db;
    pthread_t checkpoint_thread;
    bool checkpoint_started;
    pthread_mutex_t checkpoint_lock;
    pthread_cond_t checkpoint_wake;
    bool checkpoint_wanted, checkpoint_closing; // under checkpoint_lock
    atomic_int checkpoint_pages; // of the WAL that the last one brought to the file; 0 none
    int wal_pages;               // the writing thread's, after its last commit

    // The check of the whole file.
    sqlite3 *check_db;
    pthread_t check_thread;
    bool check_started;
    atomic_bool check_closing, damaged;

    atomic_ullong commits, records, waiting, refused, checkpoints;
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
// AGENT_ERR_CORRUPT for what says that the file is damaged, else AGENT_ERR_IO.
enum agent_status agent_ledger_fail(const struct ledger_sqlite *ledger, sqlite3 *db,
                                    const char *what, struct agent_error *err);

// ledger_schema.c: makes the tables, or brings those of an older version up to date.
enum agent_status agent_ledger_schema(struct ledger_sqlite *ledger, struct agent_error *err);
bool agent_ledger_number(sqlite3 *db, const char *sql, int64_t *ret_value);
bool agent_ledger_exec(sqlite3 *db, const char *sql);

// ledger_read.c
enum agent_status agent_ledger_sqlite_recover(struct agent_ledger *base,
                                              const struct agent_ledger_reader *reader,
                                              uint64_t *ret_next_job, struct agent_error *err);

// ledger_row.c: an ended job as both recovery and queries read it, in this order of columns; the
// joins give names their texts.
#define LEDGER_ENDED_COLUMNS                                                                     \
    "e.id,e.state,m.name,m.version,m.hash,e.priority,e.deadline_us,e.key,e.submitted_us,"        \
    "e.input_bytes,e.rows,t.name,a.name,e.device,e.started_us,e.finished_us,e.attempts,e.batch," \
    "e.total_us,e.queue_us,e.load_us,e.compute_us,e.copy_us,e.output_bytes,e.error_code,"        \
    "e.error_text,e.cached"
#define LEDGER_ENDED_COUNT 27 // of them: what a query asks for besides comes behind
#define LEDGER_ENDED_JOINS                                                   \
    " LEFT JOIN models m ON m.id=e.model LEFT JOIN names t ON t.id=e.tenant" \
    " LEFT JOIN names a ON a.id=e.agent "
// False: the row is damaged. Texts are the statement's, until its next step.
bool agent_ledger_ended_row(sqlite3_stmt *row, struct agent_job_record *ret_job);
const char *agent_ledger_text(sqlite3_stmt *row, int column); // "" for NULL

// ledger_files.c
// Makes the folder and removes files without a row. BLOCKS.
enum agent_status agent_ledger_files_open(struct ledger_sqlite *ledger, struct agent_error *err);
void agent_ledger_files_close(struct ledger_sqlite *ledger);
// Puts a large blob on the disk before its row. False: errno says why. BLOCKS.
bool agent_ledger_file_put(struct ledger_sqlite *ledger, struct ledger_entry *entry);
// Any thread. AGENT_ERR_CORRUPT (gone or not what it was), AGENT_ERR_IO, AGENT_ERR_NOMEM.
enum agent_status agent_ledger_file_get(const struct ledger_sqlite *ledger, const uint8_t *hash,
                                        struct agent_blob **ret_blob, struct agent_error *err);
// A row lets go of a file: `hash` of `size` bytes, of a column that may be NULL.
int agent_ledger_file_loose(struct ledger_sqlite *ledger, const void *hash, int size);
void agent_ledger_files_drop(struct ledger_sqlite *ledger); // after the commit
// A blob in one of two columns: itself, or its file's hash. NULL through `*ret_blob`: in neither.
enum agent_status agent_ledger_blob(const struct ledger_sqlite *ledger, sqlite3_stmt *row,
                                    int column, int file_column, struct agent_blob **ret_blob,
                                    struct agent_error *err);

// ledger_check.c
bool agent_ledger_check_start(struct ledger_sqlite *ledger);
void agent_ledger_check_stop(struct ledger_sqlite *ledger);
void agent_ledger_damaged(struct ledger_sqlite *ledger, const char *text); // tells it once
const char *agent_ledger_advice(int status); // the way out of an error of the database

// ledger_query.c
bool agent_ledger_query_start(struct ledger_sqlite *ledger);
void agent_ledger_query_stop(struct ledger_sqlite *ledger);
enum agent_status agent_ledger_sqlite_ask(struct agent_ledger *base, struct agent_query *query);

// ledger_checkpoint.c
bool agent_ledger_checkpoint_start(struct ledger_sqlite *ledger);
void agent_ledger_checkpoint_stop(struct ledger_sqlite *ledger);
// On the writing thread, after a commit.
void agent_ledger_checkpoint_after(struct ledger_sqlite *ledger);

// ledger_intern.c: the number of a name or a model, made where it is new. On the writing thread,
// inside a transaction. Returns SQLITE_OK or an error.
int agent_ledger_intern_name(struct ledger_sqlite *ledger, const char *name, int64_t *ret_number);
int agent_ledger_intern_model(struct ledger_sqlite *ledger, const struct agent_job_record *job,
                              int64_t *ret_number);
void agent_ledger_intern_clear(struct ledger_sqlite *ledger); // after a rollback

// ledger_write.c: puts one record into the open transaction. SQLITE_OK or an error.
int agent_ledger_apply(struct ledger_sqlite *ledger, const struct ledger_entry *entry);
// Runs a bound statement and clears it.
int agent_ledger_run(sqlite3_stmt *statement);

// ledger_entry.c. NULL: no memory.
struct ledger_entry *agent_ledger_entry_new(struct ledger_sqlite *ledger, uint64_t seq,
                                            const struct agent_record *record,
                                            struct agent_blob *blob);
void agent_ledger_entry_free(struct ledger_entry *entry);
void agent_ledger_chunk_unref(struct ledger_chunk *chunk); // takes NULL

// ledger_thread.c
void *agent_ledger_thread(void *user);

#endif
