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

static enum agent_status count_epoch(struct ledger_sqlite *ledger, struct agent_error *err)
{
    int64_t epoch = 0;
    if (!agent_ledger_exec(
            ledger->db,
            "INSERT INTO meta(key,value) VALUES('epoch','1')"
            " ON CONFLICT(key) DO UPDATE SET value=CAST(CAST(value AS INT)+1 AS TEXT)") ||
        !agent_ledger_number(ledger->db, "SELECT CAST(value AS INT) FROM meta WHERE key='epoch'",
                             &epoch))
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
    if (!agent_ledger_exec(ledger->db, "PRAGMA journal_mode=WAL") ||
        !agent_ledger_exec(ledger->db, "PRAGMA synchronous=FULL") ||
        !agent_ledger_exec(ledger->db, "PRAGMA cache_size=-16000"))
        return agent_ledger_fail(ledger, ledger->db, "can't be read as a ledger", err);
    enum agent_status status = agent_ledger_schema(ledger, err);
    if (status == AGENT_OK)
        status = count_epoch(ledger, err);
    if (status != AGENT_OK)
        return status;
    for (int i = 0; i < LEDGER_STATEMENTS; i++) {
        if (sqlite3_prepare_v3(ledger->db, statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &ledger->statements[i], NULL) != SQLITE_OK)
            return agent_ledger_fail(ledger, ledger->db, "does not have the expected tables", err);
    }
    int64_t attempts = 0;
    agent_ledger_number(ledger->db, "SELECT EXISTS(SELECT 1 FROM attempts)", &attempts);
    agent_ledger_number(ledger->db, "SELECT CAST(value AS INT) FROM meta WHERE key='forgotten'",
                        &ledger->forgotten);
    ledger->has_attempts = attempts != 0;
    return AGENT_OK;
}

static enum agent_status open_side(struct ledger_sqlite *ledger, sqlite3 **ret_db, int flags,
                                   struct agent_error *err)
{
    if (sqlite3_open_v2(ledger->path, ret_db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return agent_ledger_fail(ledger, *ret_db, "can't be opened again", err);
    sqlite3_busy_timeout(*ret_db, 5000);
    return AGENT_OK;
}

// The other connections and their threads.
static enum agent_status open_sides(struct ledger_sqlite *ledger, struct agent_error *err)
{
    enum agent_status status = agent_ledger_files_open(ledger, err);
    if (status == AGENT_OK)
        status = open_side(ledger, &ledger->reader, SQLITE_OPEN_READONLY, err);
    if (status == AGENT_OK)
        status = open_side(ledger, &ledger->query_db, SQLITE_OPEN_READONLY, err);
    if (status == AGENT_OK)
        status = open_side(ledger, &ledger->checkpoint_db, SQLITE_OPEN_READWRITE, err);
    if (status == AGENT_OK)
        status = open_side(ledger, &ledger->check_db, SQLITE_OPEN_READONLY, err);
    if (status != AGENT_OK)
        return status;
    if (!agent_ledger_exec(ledger->checkpoint_db, "PRAGMA synchronous=FULL"))
        return agent_ledger_fail(ledger, ledger->checkpoint_db, "can't be read", err);
    if (!agent_ledger_query_start(ledger) || !agent_ledger_checkpoint_start(ledger) ||
        !agent_ledger_check_start(ledger) ||
        pthread_create(&ledger->thread, NULL, agent_ledger_thread, ledger) != 0)
        return agent_error_set(err, AGENT_ERR_NOMEM, "can't start the ledger's threads");
    ledger->started = true;
    return AGENT_OK;
}

static void ledger_free(struct ledger_sqlite *ledger)
{
    agent_ledger_query_stop(ledger);
    agent_ledger_checkpoint_stop(ledger);
    agent_ledger_check_stop(ledger);
    for (int i = 0; i < LEDGER_STATEMENTS; i++)
        sqlite3_finalize(ledger->statements[i]);
    sqlite3_close(ledger->reader);
    sqlite3_close(ledger->query_db);
    sqlite3_close(ledger->checkpoint_db);
    sqlite3_close(ledger->check_db);
    sqlite3_close(ledger->db); // the last one: it brings the whole WAL into the file
    agent_ledger_files_close(ledger);
    agent_ledger_chunk_unref(ledger->chunk);
    pthread_mutex_destroy(&ledger->lock);
    pthread_mutex_destroy(&ledger->reader_lock);
    pthread_mutex_destroy(&ledger->query_lock);
    pthread_mutex_destroy(&ledger->checkpoint_lock);
    pthread_cond_destroy(&ledger->wake);
    pthread_cond_destroy(&ledger->query_wake);
    pthread_cond_destroy(&ledger->checkpoint_wake);
    free(ledger->path);
    free(ledger);
}

static enum agent_status sqlite_append(struct agent_ledger *base, uint64_t seq,
                                       const struct agent_record *record, struct agent_blob *blob)
{
    struct ledger_sqlite *ledger = (struct ledger_sqlite *)base;
    struct ledger_entry *entry = agent_ledger_entry_new(ledger, seq, record, blob);
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
        .refused = atomic_load(&ledger->refused),
        .checkpoints = atomic_load(&ledger->checkpoints),
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
    .ask = agent_ledger_sqlite_ask,
    .stats = sqlite_stats,
    .close = sqlite_close,
};

static char *blobs_beside(const char *path)
{
    const char *slash = strrchr(path, '/');
    int folder = slash != NULL ? (int)(slash - path) + 1 : 0;
    size_t size = (size_t)folder + sizeof "blobs";
    char *blobs = malloc(size);
    if (blobs != NULL)
        snprintf(blobs, size, "%.*sblobs", folder, path);
    return blobs;
}

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
    pthread_mutex_init(&ledger->query_lock, NULL);
    pthread_mutex_init(&ledger->checkpoint_lock, NULL);
    pthread_cond_init(&ledger->query_wake, NULL);
    pthread_cond_init(&ledger->checkpoint_wake, NULL);
    pthread_cond_init(&ledger->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    ledger->last = &ledger->first;
    ledger->fresh_last = &ledger->fresh;
    ledger->queries_last = &ledger->queries;
    ledger->base = (struct agent_ledger){.ops = &ops,
                                         .on_commit = options->on_commit,
                                         .on_failure = options->on_failure,
                                         .on_refused = options->on_refused,
                                         .on_damage = options->on_damage,
                                         .user = options->user};
    ledger->inline_max = options->inline_max != 0 ? options->inline_max : LEDGER_INLINE_MAX;
    ledger->files_fd = -1;
    ledger->path = strdup(options->path);
    ledger->files_path = blobs_beside(options->path);
    if (ledger->path == NULL || ledger->files_path == NULL) {
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
    if (status == AGENT_OK)
        status = open_sides(ledger, err);
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
    if (status == AGENT_OK && !agent_ledger_number(ledger->db, "SELECT count(*) FROM live", &live))
        status = agent_ledger_fail(ledger, ledger->db, "can't be read", err);
    if (status == AGENT_OK) {
        *ret_epoch = ledger->base.epoch;
        *ret_live = (uint64_t)live;
    }
    ledger_free(ledger);
    return status;
}
