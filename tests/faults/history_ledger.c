/* The ledger's side: a trigger of ours counts how often each job ended, as a job's row alone could
 * not show that it did so twice. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "tests/faults/history.h"

#define STATE_DONE 3

static sqlite3 *ledger_open(const char *path, int flags)
{
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(path, &db, flags, NULL) != SQLITE_OK) {
        fprintf(stderr, "history: %s: %s\n", path, sqlite3_errmsg(db));
        sqlite3_close(db);
        return NULL;
    }
    sqlite3_busy_timeout(db, 10000);
    return db;
}

int history_arm(const char *ledger)
{
    static const char sql[] = "CREATE TABLE IF NOT EXISTS fault_ends(id INT, state INT);"
                              "CREATE INDEX IF NOT EXISTS fault_ends_id ON fault_ends(id);"
                              "CREATE TRIGGER IF NOT EXISTS fault_end AFTER INSERT ON ended"
                              " BEGIN INSERT INTO fault_ends VALUES(NEW.id,NEW.state); END;";
    sqlite3 *db = ledger_open(ledger, SQLITE_OPEN_READWRITE);
    if (db == NULL)
        return 1;
    int status = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (status != SQLITE_OK)
        fprintf(stderr, "history: %s: %s\n", ledger, sqlite3_errmsg(db));
    sqlite3_close(db);
    return status == SQLITE_OK ? 0 : 1;
}

struct counts {
    int jobs, lost, not_done, not_once, doubled;
};

static int64_t number(sqlite3_stmt *statement)
{
    int64_t value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_reset(statement);
    return value;
}

static void check_job(sqlite3_stmt *statements[3], const char *key, int64_t id,
                      struct counts *counts)
{
    sqlite3_bind_text(statements[0], 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statements[0], 2, id);
    sqlite3_bind_text(statements[1], 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statements[2], 1, id);
    int64_t state = number(statements[0]), rows = number(statements[1]),
            ends = number(statements[2]);
    counts->jobs++;
    counts->lost += state < 0;
    counts->not_done += state >= 0 && state != STATE_DONE;
    counts->doubled += rows > 1;
    counts->not_once += ends != 1;
    if (state != STATE_DONE || rows != 1 || ends != 1)
        fprintf(stderr,
                "history: job %" PRId64 " (key %s): state %" PRId64 ", %" PRId64
                " rows with its key, ended %" PRId64 " times\n",
                id, key, state, rows, ends);
}

int history_check(const char *ledger, const char *file)
{
    static const char *const texts[3] = {
        "SELECT state FROM ended WHERE key=? AND id=?",
        "SELECT (SELECT count(*) FROM ended WHERE key=?1)+(SELECT count(*) FROM live WHERE key=?1)",
        "SELECT count(*) FROM fault_ends WHERE id=?"};
    sqlite3_stmt *statements[3] = {NULL, NULL, NULL};
    struct counts counts = {0};
    char key[128], state[16];
    long long id;
    FILE *in = fopen(file, "r");
    sqlite3 *db = ledger_open(ledger, SQLITE_OPEN_READWRITE);
    /* The ledger does not look for keys; we do, a hundred thousand times. */
    bool ok = db != NULL && in != NULL &&
              sqlite3_exec(db, "CREATE INDEX IF NOT EXISTS fault_keys ON ended(key)", NULL, NULL,
                           NULL) == SQLITE_OK;
    for (int i = 0; ok && i < 3; i++)
        ok = sqlite3_prepare_v2(db, texts[i], -1, &statements[i], NULL) == SQLITE_OK;
    if (!ok)
        fprintf(stderr, "history: %s, %s: %s\n", ledger, file, sqlite3_errmsg(db));
    while (ok && fscanf(in, "%127s %lld %15s", key, &id, state) == 3)
        check_job(statements, key, id, &counts);
    for (int i = 0; i < 3; i++)
        sqlite3_finalize(statements[i]);
    sqlite3_close(db);
    if (in != NULL)
        fclose(in);
    printf("ledger_acknowledged %d jobs\n", counts.jobs);
    printf("ledger_lost %d jobs\n", counts.lost);
    printf("ledger_not_done %d jobs\n", counts.not_done);
    printf("ledger_keys_doubled %d jobs\n", counts.doubled);
    printf("ledger_not_ended_once %d jobs\n", counts.not_once);
    return ok && counts.jobs > 0 &&
                   counts.lost + counts.not_done + counts.doubled + counts.not_once == 0
               ? 0
               : 1;
}
