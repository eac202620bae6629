// Names and models as numbers. The numbers of those in use are at hand in tables of fixed size,
// which are only caches: the database knows all.
#include <string.h>

#include "agent/ledger/ledger_internal.h"

static uint32_t slot_of(const char *name, uint32_t hash)
{
    for (; *name != '\0'; name++)
        hash = (hash ^ (uint8_t)*name) * 0x01000193u;
    return (hash ^ hash >> 15) % LEDGER_INTERNS;
}

static void keep(struct ledger_intern *intern, const char *name, int64_t number)
{
    intern->number = strlen(name) < sizeof intern->name ? number : 0;
    if (intern->number != 0)
        memcpy(intern->name, name, strlen(name) + 1);
}

// The row that `select` finds, else the one that `insert` makes; both are bound.
static int find_or_make(sqlite3 *db, sqlite3_stmt *select, sqlite3_stmt *insert,
                        int64_t *ret_number)
{
    int status = sqlite3_step(select);
    if (status == SQLITE_ROW) {
        *ret_number = sqlite3_column_int64(select, 0);
        status = SQLITE_OK;
    } else if (status == SQLITE_DONE) {
        status = sqlite3_step(insert);
        if (status == SQLITE_DONE) {
            *ret_number = sqlite3_last_insert_rowid(db);
            status = SQLITE_OK;
        }
    }
    sqlite3_reset(select);
    sqlite3_reset(insert);
    sqlite3_clear_bindings(select);
    sqlite3_clear_bindings(insert);
    return status;
}

int agent_ledger_intern_name(struct ledger_sqlite *ledger, const char *name, int64_t *ret_number)
{
    struct ledger_intern *intern = &ledger->names[slot_of(name, 0x811c9dc5u)];
    if (intern->number != 0 && strcmp(intern->name, name) == 0) {
        *ret_number = intern->number;
        return SQLITE_OK;
    }
    sqlite3_stmt *select = ledger->statements[LEDGER_NAME];
    sqlite3_stmt *insert = ledger->statements[LEDGER_NAME_NEW];
    if (sqlite3_bind_text(select, 1, name, -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_text(insert, 1, name, -1, SQLITE_STATIC) != SQLITE_OK)
        return SQLITE_NOMEM;
    int status = find_or_make(ledger->db, select, insert, ret_number);
    if (status == SQLITE_OK)
        keep(intern, name, *ret_number);
    return status;
}

static bool bind_model(sqlite3_stmt *statement, const struct agent_job_record *job)
{
    return sqlite3_bind_blob(statement, 1, job->hash, sizeof job->hash, SQLITE_STATIC) ==
               SQLITE_OK &&
           sqlite3_bind_text(statement, 2, job->model, -1, SQLITE_STATIC) == SQLITE_OK &&
           sqlite3_bind_int64(statement, 3, job->version) == SQLITE_OK;
}

int agent_ledger_intern_model(struct ledger_sqlite *ledger, const struct agent_job_record *job,
                              int64_t *ret_number)
{
    uint32_t hash;
    memcpy(&hash, job->hash, sizeof hash);
    struct ledger_intern *intern = &ledger->models[slot_of(job->model, hash ^ job->version)];
    if (intern->number != 0 && intern->version == job->version &&
        memcmp(intern->hash, job->hash, sizeof intern->hash) == 0 &&
        strcmp(intern->name, job->model) == 0) {
        *ret_number = intern->number;
        return SQLITE_OK;
    }
    sqlite3_stmt *select = ledger->statements[LEDGER_MODEL];
    sqlite3_stmt *insert = ledger->statements[LEDGER_MODEL_NEW];
    if (!bind_model(select, job) || !bind_model(insert, job))
        return SQLITE_NOMEM;
    int status = find_or_make(ledger->db, select, insert, ret_number);
    if (status == SQLITE_OK) {
        keep(intern, job->model, *ret_number);
        intern->version = job->version;
        memcpy(intern->hash, job->hash, sizeof intern->hash);
    }
    return status;
}

void agent_ledger_intern_clear(struct ledger_sqlite *ledger)
{
    memset(ledger->names, 0, sizeof ledger->names);
    memset(ledger->models, 0, sizeof ledger->models);
}
