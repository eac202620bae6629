#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/ledger/ledger_internal.h"

static const char *const statement_texts[LEDGER_STATEMENTS] = {
#define LEDGER_STATEMENT(name, sql, help) [LEDGER_##name] = sql,
#include "ledger_sql.def"
#undef LEDGER_STATEMENT
};

// AUTOINCREMENT: a job's id is never used again, even when the job was forgotten long ago.
static const char schema[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE jobs(id INTEGER PRIMARY KEY AUTOINCREMENT, state INT, model TEXT, version INT,"
    " hash BLOB, priority INT, deadline_us INT, key TEXT, submitted_us INT, input_bytes INT,"
    " rows INT, agent TEXT, device INT, started_us INT, finished_us INT, attempts INT, batch INT,"
    " total_us INT, queue_us INT, load_us INT, compute_us INT, copy_us INT, output_bytes INT,"
    " error_code TEXT, error_text TEXT, input BLOB, output BLOB);"
    "CREATE TABLE operations(id INTEGER PRIMARY KEY, kind TEXT, target TEXT, requested_by TEXT,"
    " reason TEXT, state INT, was_cordoned INT, started_us INT, deadline_us INT, finished_us INT,"
    " requeued INT, text TEXT, detail TEXT);"
    "CREATE TABLE agents(name TEXT PRIMARY KEY, admin INT, reason TEXT, decided_by TEXT)"
    " WITHOUT ROWID;"
    "CREATE TABLE events(seq INTEGER PRIMARY KEY, time_us INT, json TEXT);"
    "CREATE TABLE audit(id INTEGER PRIMARY KEY, time_us INT, who TEXT, what TEXT, target TEXT,"
    " why TEXT);";

enum agent_status agent_ledger_fail(const struct ledger_sqlite *ledger, sqlite3 *db,
                                    const char *what, struct agent_error *err)
{
    int code = db != NULL ? sqlite3_errcode(db) : SQLITE_NOMEM;
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
        return agent_error_set(err, AGENT_ERR_CORRUPT,
                               "%s: %s: %s; restore it from a backup, or move it and its -wal file "
                               "away to start with an empty ledger",
                               ledger->path, what, sqlite3_errmsg(db));
    if (code == SQLITE_NOMEM)
        return agent_error_set(err, AGENT_ERR_NOMEM, "%s: out of memory", ledger->path);
    return agent_error_set(err, AGENT_ERR_IO, "%s: %s: %s", ledger->path, what, sqlite3_errmsg(db));
}

static bool query_number(sqlite3 *db, const char *sql, int64_t *ret_value)
{
    sqlite3_stmt *statement = NULL;
    bool ok = sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
              sqlite3_step(statement) == SQLITE_ROW;
    if (ok)
        *ret_value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return ok;
}

static bool exec(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static enum agent_status make_schema(struct ledger_sqlite *ledger, struct agent_error *err)
{
    sqlite3 *db = ledger->db;
    char pragmas[96];
    snprintf(pragmas, sizeof pragmas, "PRAGMA application_id=%d; PRAGMA user_version=%d;",
             LEDGER_APPLICATION_ID, LEDGER_VERSION);
    if (!exec(db, "BEGIN IMMEDIATE") || !exec(db, schema) || !exec(db, pragmas) ||
        !exec(db, "COMMIT"))
        return agent_ledger_fail(ledger, db, "can't make the tables", err);
    return AGENT_OK;
}

// What brings a file from the version that is the index to the next one.
static const char *const migrations[LEDGER_VERSION] = {
    [1] = "ALTER TABLE operations ADD COLUMN text TEXT;"
          "ALTER TABLE operations ADD COLUMN detail TEXT;",
};

static enum agent_status migrate(struct ledger_sqlite *ledger, int64_t version,
                                 struct agent_error *err)
{
    sqlite3 *db = ledger->db;
    char pragma[64];
    snprintf(pragma, sizeof pragma, "PRAGMA user_version=%d;", LEDGER_VERSION);
    bool ok = exec(db, "BEGIN IMMEDIATE");
    for (; ok && version < LEDGER_VERSION; version++)
        ok = migrations[version] == NULL || exec(db, migrations[version]);
    if (!ok || !exec(db, pragma) || !exec(db, "COMMIT"))
        return agent_ledger_fail(ledger, db, "can't be brought to this version's tables", err);
    return AGENT_OK;
}

static enum agent_status check_schema(struct ledger_sqlite *ledger, struct agent_error *err)
{
    sqlite3 *db = ledger->db;
    int64_t application = 0, version = 0, tables = 0;
    if (!query_number(db, "PRAGMA application_id", &application) ||
        !query_number(db, "PRAGMA user_version", &version) ||
        !query_number(db, "SELECT count(*) FROM sqlite_master", &tables))
        return agent_ledger_fail(ledger, db, "can't be read as a ledger", err);
    if (application == 0 && version == 0 && tables == 0)
        return make_schema(ledger, err);
    if (application != LEDGER_APPLICATION_ID)
        return agent_error_set(err, AGENT_ERR_CORRUPT,
                               "%s: a database of another program; choose another state folder",
                               ledger->path);
    if (version > LEDGER_VERSION)
        return agent_error_set(err, AGENT_ERR_VERSION,
                               "%s: written by a newer Stoker (format %lld, this one knows %d); "
                               "start that version, or choose another state folder",
                               ledger->path, (long long)version, LEDGER_VERSION);
    return version < LEDGER_VERSION ? migrate(ledger, version, err) : AGENT_OK;
}

static enum agent_status count_epoch(struct ledger_sqlite *ledger, struct agent_error *err)
{
    int64_t epoch = 0;
    if (!exec(ledger->db,
              "INSERT INTO meta(key,value) VALUES('epoch','1')"
              " ON CONFLICT(key) DO UPDATE SET value=CAST(CAST(value AS INT)+1 AS TEXT)") ||
        !query_number(ledger->db, "SELECT CAST(value AS INT) FROM meta WHERE key='epoch'", &epoch))
        return agent_ledger_fail(ledger, ledger->db, "can't count the epoch up", err);
    ledger->base.epoch = (uint64_t)epoch;
    return AGENT_OK;
}

static enum agent_status open_db(struct ledger_sqlite *ledger, struct agent_error *err)
{
    if (sqlite3_open_v2(ledger->path, &ledger->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        return agent_ledger_fail(ledger, ledger->db, "can't be opened", err);
    sqlite3_busy_timeout(ledger->db, 5000);
    if (!exec(ledger->db, "PRAGMA journal_mode=WAL") ||
        !exec(ledger->db, "PRAGMA synchronous=FULL"))
        return agent_ledger_fail(ledger, ledger->db, "can't be read as a ledger", err);
    enum agent_status status = check_schema(ledger, err);
    if (status == AGENT_OK)
        status = count_epoch(ledger, err);
    if (status != AGENT_OK)
        return status;
    for (int i = 0; i < LEDGER_STATEMENTS; i++) {
        if (sqlite3_prepare_v3(ledger->db, statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &ledger->statements[i], NULL) != SQLITE_OK)
            return agent_ledger_fail(ledger, ledger->db, "does not have the expected tables", err);
    }
    if (sqlite3_open_v2(ledger->path, &ledger->reader, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK ||
        sqlite3_prepare_v3(ledger->reader, "SELECT output FROM jobs WHERE id=?", -1,
                           SQLITE_PREPARE_PERSISTENT, &ledger->read_output, NULL) != SQLITE_OK)
        return agent_ledger_fail(ledger, ledger->reader, "can't be opened for reading", err);
    sqlite3_busy_timeout(ledger->reader, 5000);
    return AGENT_OK;
}

static void ledger_free(struct ledger_sqlite *ledger)
{
    for (int i = 0; i < LEDGER_STATEMENTS; i++)
        sqlite3_finalize(ledger->statements[i]);
    sqlite3_finalize(ledger->read_output);
    sqlite3_close(ledger->reader);
    sqlite3_close(ledger->db);
    pthread_mutex_destroy(&ledger->lock);
    pthread_mutex_destroy(&ledger->reader_lock);
    pthread_cond_destroy(&ledger->wake);
    free(ledger->path);
    free(ledger);
}

static enum agent_status sqlite_append(struct agent_ledger *base, uint64_t seq,
                                       const struct agent_record *record, struct agent_blob *blob)
{
    struct ledger_sqlite *ledger = (struct ledger_sqlite *)base;
    struct ledger_entry *entry = agent_ledger_entry_new(seq, record, blob);
    if (entry == NULL)
        return AGENT_ERR_NOMEM;
    atomic_fetch_add(&ledger->waiting, 1);
    *ledger->fresh_last = entry;
    ledger->fresh_last = &entry->next;
    return AGENT_OK;
}

static void sqlite_flush(struct agent_ledger *base)
{
    struct ledger_sqlite *ledger = (struct ledger_sqlite *)base;
    if (ledger->fresh == NULL)
        return;
    pthread_mutex_lock(&ledger->lock);
    bool idle = ledger->first == NULL;
    *ledger->last = ledger->fresh;
    ledger->last = ledger->fresh_last;
    if (idle)
        pthread_cond_signal(&ledger->wake);
    pthread_mutex_unlock(&ledger->lock);
    ledger->fresh = NULL;
    ledger->fresh_last = &ledger->fresh;
}

static void sqlite_stats(struct agent_ledger *base, struct agent_ledger_stats *ret_stats)
{
    struct ledger_sqlite *ledger = (struct ledger_sqlite *)base;
    char wal[4096];
    struct stat file = {0}, wal_file = {0};
    snprintf(wal, sizeof wal, "%s-wal", ledger->path);
    uint64_t bytes = stat(ledger->path, &file) == 0 ? (uint64_t)file.st_size : 0;
    if (stat(wal, &wal_file) == 0)
        bytes += (uint64_t)wal_file.st_size;
    *ret_stats = (struct agent_ledger_stats){
        .commits = atomic_load(&ledger->commits),
        .records = atomic_load(&ledger->records),
        .bytes = bytes,
        .waiting = atomic_load(&ledger->waiting),
    };
}

static enum agent_status sqlite_close(struct agent_ledger *base)
{
    struct ledger_sqlite *ledger = (struct ledger_sqlite *)base;
    sqlite_flush(base);
    pthread_mutex_lock(&ledger->lock);
    ledger->closing = true;
    pthread_cond_signal(&ledger->wake);
    pthread_mutex_unlock(&ledger->lock);
    pthread_join(ledger->thread, NULL);
    bool lost = ledger->lost;
    ledger_free(ledger);
    return lost ? AGENT_ERR_IO : AGENT_OK;
}

static const struct ledger_ops ops = {
    .durability = AGENT_DURABILITY_COMMIT,
    .recover = agent_ledger_sqlite_recover,
    .append = sqlite_append,
    .flush = sqlite_flush,
    .output = agent_ledger_sqlite_output,
    .stats = sqlite_stats,
    .close = sqlite_close,
};

static struct ledger_sqlite *ledger_new(const struct agent_ledger_options *options)
{
    struct ledger_sqlite *ledger = calloc(1, sizeof *ledger);
    if (ledger == NULL)
        return NULL;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&ledger->lock, NULL);
    pthread_mutex_init(&ledger->reader_lock, NULL);
    pthread_cond_init(&ledger->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    ledger->last = &ledger->first;
    ledger->fresh_last = &ledger->fresh;
    ledger->base = (struct agent_ledger){.ops = &ops,
                                         .on_commit = options->on_commit,
                                         .on_failure = options->on_failure,
                                         .user = options->user};
    ledger->path = strdup(options->path);
    if (ledger->path == NULL) {
        ledger_free(ledger);
        return NULL;
    }
    return ledger;
}

enum agent_status agent_ledger_sqlite_open(const struct agent_ledger_options *options,
                                           struct agent_ledger **ret_ledger,
                                           struct agent_error *err)
{
    struct ledger_sqlite *ledger = ledger_new(options);
    if (ledger == NULL)
        return agent_error_set(err, AGENT_ERR_NOMEM, "out of memory");
    enum agent_status status = open_db(ledger, err);
    if (status == AGENT_OK &&
        pthread_create(&ledger->thread, NULL, agent_ledger_thread, ledger) != 0)
        status = agent_error_set(err, AGENT_ERR_NOMEM, "can't start the ledger's thread");
    if (status != AGENT_OK) {
        ledger_free(ledger);
        return status;
    }
    *ret_ledger = &ledger->base;
    return AGENT_OK;
}

enum agent_status agent_ledger_sqlite_epoch(const struct agent_ledger_options *options,
                                            uint64_t *ret_epoch, uint64_t *ret_live,
                                            struct agent_error *err)
{
    int64_t live = 0;
    struct ledger_sqlite *ledger = ledger_new(options);
    if (ledger == NULL)
        return agent_error_set(err, AGENT_ERR_NOMEM, "out of memory");
    enum agent_status status = open_db(ledger, err);
    if (status == AGENT_OK &&
        !query_number(ledger->db, "SELECT count(*) FROM jobs WHERE state<=2", &live))
        status = agent_ledger_fail(ledger, ledger->db, "can't be read", err);
    if (status == AGENT_OK) {
        *ret_epoch = ledger->base.epoch;
        *ret_live = (uint64_t)live;
    }
    ledger_free(ledger);
    return status;
}
