// The tables, and how those of older versions become these.
#include <stdio.h>

#include "agent/ledger/ledger_internal.h"

// A job is a row of `live` until it ends, and one of `ended` from then on: both are appended to,
// and `live` stays as small as the work at hand. Names and models stand once and are numbers in
// rows.
#define TABLES_OF_3                                                                            \
    "CREATE TABLE names(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"                   \
    "CREATE TABLE models(id INTEGER PRIMARY KEY, hash BLOB NOT NULL, name TEXT NOT NULL,"      \
    " version INT NOT NULL, UNIQUE(hash,name,version));"                                       \
    "CREATE TABLE live(id INTEGER PRIMARY KEY, model INT, tenant INT, priority INT,"           \
    " deadline_us INT, key TEXT, submitted_us INT, input_bytes INT, rows INT, input BLOB);"    \
    "CREATE TABLE ended(id INTEGER PRIMARY KEY, state INT, finished_us INT, model INT,"        \
    " tenant INT, agent INT, device INT, priority INT, submitted_us INT, started_us INT,"      \
    " deadline_us INT, key TEXT, input_bytes INT, rows INT, attempts INT, batch INT,"          \
    " total_us INT, queue_us INT, load_us INT, compute_us INT, copy_us INT, output_bytes INT," \
    " error_code TEXT, error_text TEXT, output BLOB, input BLOB);"                             \
    "CREATE TABLE attempts(job INT, number INT, failures INT, device INT, agent INT,"          \
    " started_us INT, ended_us INT, text TEXT, PRIMARY KEY(job,number)) WITHOUT ROWID;"

// Large inputs and results are files, of which the rows have the hashes.
#define FILES_OF_4                                                                   \
    "ALTER TABLE live ADD COLUMN file BLOB; ALTER TABLE ended ADD COLUMN file BLOB;" \
    "ALTER TABLE ended ADD COLUMN input_file BLOB;"                                  \
    "CREATE INDEX live_files ON live(file) WHERE file IS NOT NULL;"                  \
    "CREATE INDEX ended_files ON ended(file) WHERE file IS NOT NULL;"                \
    "CREATE INDEX ended_input_files ON ended(input_file) WHERE input_file IS NOT NULL;"

// Whether a job's outputs came from the response cache.
#define CACHED_OF_5 "ALTER TABLE ended ADD COLUMN cached INT;"

static const char schema[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;" TABLES_OF_3
        FILES_OF_4 CACHED_OF_5
    "CREATE TABLE operations(id INTEGER PRIMARY KEY, kind TEXT, target TEXT, requested_by TEXT,"
    " reason TEXT, state INT, was_cordoned INT, started_us INT, deadline_us INT, finished_us INT,"
    " requeued INT, text TEXT, detail TEXT);"
    "CREATE TABLE agents(name TEXT PRIMARY KEY, admin INT, reason TEXT, decided_by TEXT)"
    " WITHOUT ROWID;"
    "CREATE TABLE events(seq INTEGER PRIMARY KEY, time_us INT, json TEXT);"
    "CREATE TABLE audit(id INTEGER PRIMARY KEY, time_us INT, who TEXT, what TEXT, target TEXT,"
    " why TEXT);";

static const char from_1[] = "ALTER TABLE operations ADD COLUMN text TEXT;"
                             "ALTER TABLE operations ADD COLUMN detail TEXT;";

// Version 2 kept a job in one row of `jobs`, with texts and inputs, before and after its end.
static const char from_2[] = TABLES_OF_3
    "INSERT INTO names(name) SELECT DISTINCT agent FROM jobs WHERE agent<>'';"
    "INSERT INTO models(hash,name,version) SELECT DISTINCT hash,model,version FROM jobs;"
    "INSERT INTO live SELECT j.id,m.id,NULL,priority,deadline_us,key,submitted_us,input_bytes,rows,"
    " input FROM jobs j JOIN models m ON m.hash=j.hash AND m.name=j.model AND m.version=j.version"
    " WHERE state<=2 ORDER BY j.id;"
    "INSERT INTO ended SELECT j.id,state,finished_us,m.id,NULL,a.id,device,priority,submitted_us,"
    " started_us,deadline_us,key,input_bytes,rows,attempts,batch,total_us,queue_us,load_us,"
    " compute_us,copy_us,output_bytes,error_code,error_text,output,input FROM jobs j JOIN models m"
    " ON m.hash=j.hash AND m.name=j.model AND m.version=j.version LEFT JOIN names a"
    " ON a.name=j.agent WHERE state>2 ORDER BY j.id;"
    "INSERT OR REPLACE INTO meta SELECT 'forgotten',seq FROM sqlite_sequence WHERE name='jobs';"
    "DROP TABLE jobs;";

// What turns version i + 1 into i + 2.
static const char *const migrations[LEDGER_VERSION - 1] = {from_1, from_2, FILES_OF_4, CACHED_OF_5};

bool agent_ledger_number(sqlite3 *db, const char *sql, int64_t *ret_value)
{
    sqlite3_stmt *statement = NULL;
    bool ok = sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
              sqlite3_step(statement) == SQLITE_ROW;
    if (ok)
        *ret_value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return ok;
}

bool agent_ledger_exec(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

// All of it or nothing: a kill in the middle leaves the file as it was.
static enum agent_status change(struct ledger_sqlite *ledger, const char *what,
                                const char *const *steps, int count, struct agent_error *err)
{
    sqlite3 *db = ledger->db;
    char pragmas[96];
    snprintf(pragmas, sizeof pragmas, "PRAGMA application_id=%d; PRAGMA user_version=%d;",
             LEDGER_APPLICATION_ID, LEDGER_VERSION);
    bool ok = agent_ledger_exec(db, "BEGIN IMMEDIATE");
    for (int i = 0; ok && i < count; i++)
        ok = agent_ledger_exec(db, steps[i]);
    if (ok && agent_ledger_exec(db, pragmas) && agent_ledger_exec(db, "COMMIT"))
        return AGENT_OK;
    enum agent_status status = agent_ledger_fail(ledger, db, what, err);
    agent_ledger_exec(db, "ROLLBACK");
    return status;
}

enum agent_status agent_ledger_schema(struct ledger_sqlite *ledger, struct agent_error *err)
{
    sqlite3 *db = ledger->db;
    int64_t application = 0, version = 0, tables = 0;
    if (!agent_ledger_number(db, "PRAGMA application_id", &application) ||
        !agent_ledger_number(db, "PRAGMA user_version", &version) ||
        !agent_ledger_number(db, "SELECT count(*) FROM sqlite_master", &tables))
        return agent_ledger_fail(ledger, db, "can't be read as a ledger", err);
    if (application == 0 && version == 0 && tables == 0)
        return change(ledger, "can't make the tables", (const char *const[]){schema}, 1, err);
    if (application != LEDGER_APPLICATION_ID || version < 1)
        return agent_error_set(err, AGENT_ERR_CORRUPT,
                               "%s: a database of another program; choose another state folder",
                               ledger->path);
    if (version > LEDGER_VERSION)
        return agent_error_set(err, AGENT_ERR_VERSION,
                               "%s: format %lld is of a newer Stoker, this one knows %d; run the "
                               "newer one, or choose another state folder",
                               ledger->path, (long long)version, LEDGER_VERSION);
    if (version == LEDGER_VERSION)
        return AGENT_OK;
    return change(ledger, "can't be brought up to date", &migrations[version - 1],
                  (int)(LEDGER_VERSION - version), err);
}
