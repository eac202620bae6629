// Questions about the past, on a thread and a connection of their own: neither the owner nor the
// commits wait for them.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/ledger/ledger_internal.h"

// ---- the answer's memory

// Rows and their texts while they are gathered. Texts move as they grow, so that a record has a
// text's place + 1 in its pointer until all are there.
struct gather {
    struct agent_query *query;
    char *texts;
    size_t used, room, rows_room;
    bool failed;
};

static const char *keep_text(struct gather *gather, const char *text)
{
    size_t len = strlen(text) + 1;
    if (gather->used + len > gather->room) {
        size_t room = gather->room == 0 ? 4096 : gather->room;
        while (room < gather->used + len)
            room *= 2;
        char *grown = realloc(gather->texts, room);
        if (grown == NULL) {
            gather->failed = true;
            return NULL;
        }
        gather->texts = grown;
        gather->room = room;
    }
    memcpy(gather->texts + gather->used, text, len);
    gather->used += len;
    return (const char *)(uintptr_t)(gather->used - len + 1);
}

static void settle_text(const struct gather *gather, const char **text)
{
    *text = *text != NULL ? gather->texts + ((uintptr_t)*text - 1) : "";
}

// Room for one row more of `*rows`, which has `count`.
static void *next_row(struct gather *gather, void **rows, size_t count, size_t size)
{
    if (count == gather->rows_room) {
        size_t room = gather->rows_room == 0 ? 16 : gather->rows_room * 2;
        void *grown = realloc(*rows, room * size);
        if (grown == NULL) {
            gather->failed = true;
            return NULL;
        }
        *rows = grown;
        gather->rows_room = room;
    }
    return (char *)*rows + count * size;
}

static void keep_job(struct gather *gather, const struct agent_job_record *job)
{
    struct agent_query *query = gather->query;
    void *rows = query->jobs;
    struct agent_job_record *to = next_row(gather, &rows, query->n_jobs, sizeof *to);
    query->jobs = rows;
    if (to == NULL)
        return;
    *to = *job;
    to->model = keep_text(gather, job->model);
    to->key = keep_text(gather, job->key);
    to->tenant = keep_text(gather, job->tenant[0] != '\0' ? job->tenant : AGENT_TENANT_DEFAULT);
    to->agent = keep_text(gather, job->agent);
    to->error_code = keep_text(gather, job->error_code);
    to->error_text = keep_text(gather, job->error_text);
    query->n_jobs++;
}

static void keep_attempt(struct gather *gather, sqlite3_stmt *row)
{
    struct agent_query *query = gather->query;
    void *rows = query->attempts;
    struct agent_attempt_record *to = next_row(gather, &rows, query->n_attempts, sizeof *to);
    query->attempts = rows;
    if (to == NULL)
        return;
    *to = (struct agent_attempt_record){
        .job = query->id,
        .number = (uint32_t)sqlite3_column_int64(row, 0),
        .failures = (uint32_t)sqlite3_column_int64(row, 1),
        .device = (uint8_t)sqlite3_column_int(row, 2),
        .agent = keep_text(gather, agent_ledger_text(row, 3)),
        .started_us = sqlite3_column_int64(row, 4),
        .ended_us = sqlite3_column_int64(row, 5),
        .text = keep_text(gather, agent_ledger_text(row, 6)),
    };
    query->n_attempts++;
}

static void keep_audit(struct gather *gather, sqlite3_stmt *row)
{
    struct agent_query *query = gather->query;
    void *rows = query->audits;
    struct agent_audit_record *to = next_row(gather, &rows, query->n_audits, sizeof *to);
    query->audits = rows;
    if (to == NULL)
        return;
    *to = (struct agent_audit_record){
        .id = (uint64_t)sqlite3_column_int64(row, 0),
        .time_us = sqlite3_column_int64(row, 1),
        .who = keep_text(gather, agent_ledger_text(row, 2)),
        .what = keep_text(gather, agent_ledger_text(row, 3)),
        .target = keep_text(gather, agent_ledger_text(row, 4)),
        .why = keep_text(gather, agent_ledger_text(row, 5)),
    };
    query->n_audits++;
}

static void settle(struct gather *gather)
{
    struct agent_query *query = gather->query;
    query->texts = gather->texts;
    for (size_t i = 0; i < query->n_jobs; i++) {
        struct agent_job_record *job = &query->jobs[i];
        const char **texts[] = {&job->model, &job->key,        &job->tenant,
                                &job->agent, &job->error_code, &job->error_text};
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
            settle_text(gather, texts[k]);
    }
    for (size_t i = 0; i < query->n_attempts; i++) {
        settle_text(gather, &query->attempts[i].agent);
        settle_text(gather, &query->attempts[i].text);
    }
    for (size_t i = 0; i < query->n_audits; i++) {
        struct agent_audit_record *audit = &query->audits[i];
        const char **texts[] = {&audit->who, &audit->what, &audit->target, &audit->why};
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
            settle_text(gather, texts[k]);
    }
}

void agent_query_finish(struct agent_query *query)
{
    free(query->jobs);
    free(query->attempts);
    free(query->audits);
    free(query->texts);
    agent_blob_unref(query->blob);
    query->jobs = NULL;
    query->attempts = NULL;
    query->audits = NULL;
    query->texts = NULL;
    query->blob = NULL;
    query->n_jobs = query->n_attempts = query->n_audits = 0;
}

// ---- statements

// The conditions of a filter: texts for the statement, values that are bound in their order.
struct where {
    char sql[1024];
    size_t used;
    struct {
        const char *text;
        int64_t number;
    } values[10];
    int n_values;
};

static void condition(struct where *where, const char *sql, const char *text, int64_t number)
{
    const char *glue = where->n_values == 0 ? " WHERE " : " AND ";
    where->used += (size_t)snprintf(where->sql + where->used, sizeof where->sql - where->used,
                                    "%s%s", glue, sql);
    where->values[where->n_values].text = text;
    where->values[where->n_values++].number = number;
}

static void jobs_where(struct where *where, const struct agent_query_filter *filter)
{
    if (filter->state >= 0)
        condition(where, "e.state=?", NULL, filter->state);
    if (filter->model != NULL)
        condition(where, "e.model IN (SELECT id FROM models WHERE name=?)", filter->model, 0);
    if (filter->agent != NULL)
        condition(where, "e.agent=(SELECT id FROM names WHERE name=?)", filter->agent, 0);
    // Those of before tenants were known have none: the default one.
    if (filter->tenant != NULL && strcmp(filter->tenant, AGENT_TENANT_DEFAULT) == 0)
        condition(where, "(e.tenant IS NULL OR e.tenant=(SELECT id FROM names WHERE name=?))",
                  filter->tenant, 0);
    else if (filter->tenant != NULL)
        condition(where, "e.tenant=(SELECT id FROM names WHERE name=?)", filter->tenant, 0);
    if (filter->since_us > 0)
        condition(where, "e.finished_us>=?", NULL, filter->since_us);
    if (filter->until_us > 0)
        condition(where, "e.finished_us<?", NULL, filter->until_us);
}

static sqlite3_stmt *prepare(struct ledger_sqlite *ledger, const char *sql,
                             const struct where *where)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(ledger->query_db, sql, -1, &statement, NULL) != SQLITE_OK)
        return NULL;
    for (int i = 0; i < where->n_values; i++) {
        if (where->values[i].text != NULL)
            sqlite3_bind_text(statement, i + 1, where->values[i].text, -1, SQLITE_STATIC);
        else
            sqlite3_bind_int64(statement, i + 1, where->values[i].number);
    }
    return statement;
}

static enum agent_status failed(struct ledger_sqlite *ledger, struct agent_query *query)
{
    enum agent_status status =
        agent_ledger_fail(ledger, ledger->query_db, "can't be read", &query->err);
    if (status == AGENT_ERR_CORRUPT)
        agent_ledger_damaged(ledger, query->err.text);
    return status;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// ---- the three kinds

static enum agent_status ask_attempts(struct ledger_sqlite *ledger, struct gather *gather)
{
    struct where where = {0};
    condition(&where, "job=?", NULL, (int64_t)gather->query->id);
    sqlite3_stmt *statement =
        prepare(ledger,
                "SELECT number,failures,device,a.name,started_us,ended_us,text FROM attempts"
                " LEFT JOIN names a ON a.id=attempts.agent WHERE job=? ORDER BY number LIMIT 1000",
                &where);
    int step = SQLITE_ERROR;
    gather->rows_room = 0;
    while (statement != NULL && (step = sqlite3_step(statement)) == SQLITE_ROW)
        keep_attempt(gather, statement);
    sqlite3_finalize(statement);
    return step == SQLITE_DONE ? AGENT_OK : failed(ledger, gather->query);
}

static enum agent_status not_found(struct agent_query *query)
{
    return agent_error_set(&query->err, AGENT_ERR_NOT_FOUND, "no ended job %" PRIu64, query->id);
}

// Whether a job has been forgotten since its row was read, and the file of its payload with it.
static bool is_gone(struct ledger_sqlite *ledger, uint64_t id)
{
    struct where where = {0};
    condition(&where, "id=?", NULL, (int64_t)id);
    sqlite3_stmt *statement = prepare(ledger, "SELECT 1 FROM ended WHERE id=?", &where);
    bool gone = statement != NULL && sqlite3_step(statement) == SQLITE_DONE;
    sqlite3_finalize(statement);
    return gone;
}

static enum agent_status ask_job(struct ledger_sqlite *ledger, struct gather *gather)
{
    struct agent_query *query = gather->query;
    struct where where = {0};
    struct agent_job_record job;
    condition(&where, "e.id=?", NULL, (int64_t)query->id);
    sqlite3_stmt *statement =
        prepare(ledger,
                query->input ? "SELECT " LEDGER_ENDED_COLUMNS ",e.input,e.input_file"
                               " FROM ended e" LEDGER_ENDED_JOINS "WHERE e.id=?"
                             : "SELECT " LEDGER_ENDED_COLUMNS ",e.output,e.file"
                               " FROM ended e" LEDGER_ENDED_JOINS "WHERE e.id=?",
                &where);
    int step = statement != NULL ? sqlite3_step(statement) : SQLITE_ERROR;
    enum agent_status status = AGENT_OK;
    if (step == SQLITE_DONE) {
        status = not_found(query);
    } else if (step != SQLITE_ROW) {
        status = failed(ledger, query);
    } else if (!agent_ledger_ended_row(statement, &job)) {
        status =
            agent_error_set(&query->err, AGENT_ERR_CORRUPT,
                            "%s: the row of job %" PRIu64 " is damaged", ledger->path, query->id);
    } else {
        keep_job(gather, &job);
        if (query->output || query->input)
            status = agent_ledger_blob(ledger, statement, LEDGER_ENDED_COUNT,
                                       LEDGER_ENDED_COUNT + 1, &query->blob, &query->err);
    }
    sqlite3_finalize(statement);
    if (status == AGENT_ERR_CORRUPT && is_gone(ledger, query->id))
        status = not_found(query);
    if (status == AGENT_OK && !query->output)
        status = ask_attempts(ledger, gather);
    return status;
}

static int out_of_time(void *user)
{
    return now_ms() > *(const int64_t *)user;
}

// Counting looks at every row: it stops when that takes too long.
static void count_jobs(struct ledger_sqlite *ledger, struct agent_query *query,
                       const struct where *where)
{
    char sql[1200];
    int64_t until = now_ms() + LEDGER_COUNT_MS;
    snprintf(sql, sizeof sql, "SELECT 1 FROM ended e%s", where->sql);
    sqlite3_stmt *statement = prepare(ledger, sql, where);
    sqlite3_progress_handler(ledger->query_db, 4000, out_of_time, &until);
    int step = SQLITE_ERROR;
    while (statement != NULL && (step = sqlite3_step(statement)) == SQLITE_ROW)
        query->total++;
    sqlite3_progress_handler(ledger->query_db, 0, NULL, NULL);
    query->total_is_least = step != SQLITE_DONE;
    sqlite3_finalize(statement);
}

static enum agent_status ask_jobs(struct ledger_sqlite *ledger, struct gather *gather)
{
    struct agent_query *query = gather->query;
    const struct agent_query_filter *filter = &query->filter;
    char sql[2048];
    struct where where = {0};
    jobs_where(&where, filter);
    if (filter->count)
        count_jobs(ledger, query, &where);
    if (filter->before > 0)
        condition(&where, "e.id<?", NULL, (int64_t)filter->before);
    snprintf(sql, sizeof sql,
             "SELECT " LEDGER_ENDED_COLUMNS " FROM ended e" LEDGER_ENDED_JOINS
             "%s ORDER BY e.id DESC LIMIT %" PRIu32,
             where.sql, filter->limit);
    sqlite3_stmt *statement = prepare(ledger, sql, &where);
    int step = SQLITE_ERROR;
    struct agent_job_record job;
    bool damaged = false;
    while (statement != NULL && !damaged && (step = sqlite3_step(statement)) == SQLITE_ROW) {
        damaged = !agent_ledger_ended_row(statement, &job);
        if (!damaged)
            keep_job(gather, &job);
    }
    enum agent_status status = AGENT_OK;
    if (damaged)
        status = agent_error_set(&query->err, AGENT_ERR_CORRUPT, "%s: row %lld is damaged",
                                 ledger->path, (long long)sqlite3_column_int64(statement, 0));
    else if (step != SQLITE_DONE)
        status = failed(ledger, query);
    sqlite3_finalize(statement);
    return status;
}

static enum agent_status ask_audit(struct ledger_sqlite *ledger, struct gather *gather)
{
    const struct agent_query_filter *filter = &gather->query->filter;
    char sql[1400];
    struct where where = {0};
    if (filter->who != NULL)
        condition(&where, "who=?", filter->who, 0);
    if (filter->what != NULL)
        condition(&where, "what=?", filter->what, 0);
    if (filter->target != NULL)
        condition(&where, "target=?", filter->target, 0);
    if (filter->since_us > 0)
        condition(&where, "time_us>=?", NULL, filter->since_us);
    if (filter->until_us > 0)
        condition(&where, "time_us<?", NULL, filter->until_us);
    if (filter->before > 0)
        condition(&where, "id<?", NULL, (int64_t)filter->before);
    snprintf(sql, sizeof sql,
             "SELECT id,time_us,who,what,target,why FROM audit%s ORDER BY id DESC LIMIT %" PRIu32,
             where.sql, filter->limit);
    sqlite3_stmt *statement = prepare(ledger, sql, &where);
    int step = SQLITE_ERROR;
    while (statement != NULL && (step = sqlite3_step(statement)) == SQLITE_ROW)
        keep_audit(gather, statement);
    sqlite3_finalize(statement);
    return step == SQLITE_DONE ? AGENT_OK : failed(ledger, gather->query);
}

static void answer(struct ledger_sqlite *ledger, struct agent_query *query)
{
    struct gather gather = {.query = query};
    switch (query->kind) {
    case AGENT_QUERY_JOB:
        query->status = ask_job(ledger, &gather);
        break;
    case AGENT_QUERY_JOBS:
        query->status = ask_jobs(ledger, &gather);
        break;
    case AGENT_QUERY_AUDIT:
        query->status = ask_audit(ledger, &gather);
        break;
    }
    settle(&gather);
    if (gather.failed)
        query->status = agent_error_set(&query->err, AGENT_ERR_NOMEM, "out of memory");
    query->done(query);
}

// ---- the thread

static void *query_thread(void *user)
{
    struct ledger_sqlite *ledger = user;
    pthread_mutex_lock(&ledger->query_lock);
    for (;;) {
        while (ledger->queries == NULL && !ledger->query_closing)
            pthread_cond_wait(&ledger->query_wake, &ledger->query_lock);
        struct agent_query *query = ledger->queries;
        if (query == NULL)
            break;
        ledger->queries = query->next;
        if (ledger->queries == NULL)
            ledger->queries_last = &ledger->queries;
        ledger->n_queries--;
        pthread_mutex_unlock(&ledger->query_lock);
        answer(ledger, query);
        pthread_mutex_lock(&ledger->query_lock);
    }
    pthread_mutex_unlock(&ledger->query_lock);
    return NULL;
}

enum agent_status agent_ledger_sqlite_ask(struct agent_ledger *base, struct agent_query *query)
{
    struct ledger_sqlite *ledger = (struct ledger_sqlite *)base;
    query->next = NULL;
    pthread_mutex_lock(&ledger->query_lock);
    bool room = ledger->n_queries < LEDGER_QUERIES_MAX;
    if (room) {
        *ledger->queries_last = query;
        ledger->queries_last = &query->next;
        ledger->n_queries++;
        pthread_cond_signal(&ledger->query_wake);
    }
    pthread_mutex_unlock(&ledger->query_lock);
    return room ? AGENT_OK : AGENT_ERR_FULL;
}

bool agent_ledger_query_start(struct ledger_sqlite *ledger)
{
    ledger->query_started = pthread_create(&ledger->query_thread, NULL, query_thread, ledger) == 0;
    return ledger->query_started;
}

void agent_ledger_query_stop(struct ledger_sqlite *ledger)
{
    if (!ledger->query_started)
        return;
    pthread_mutex_lock(&ledger->query_lock);
    ledger->query_closing = true;
    pthread_cond_signal(&ledger->query_wake);
    pthread_mutex_unlock(&ledger->query_lock);
    pthread_join(ledger->query_thread, NULL);
    ledger->query_started = false;
}
