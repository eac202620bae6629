#include <inttypes.h>
#include <stdio.h>

#include "agent/ledger/ledger_internal.h"

static enum agent_status read_job(struct ledger_sqlite *ledger, sqlite3_stmt *row,
                                  const struct agent_ledger_reader *reader, struct agent_error *err)
{
    struct agent_job_record job;
    struct agent_blob *input = NULL;
    if (!agent_ledger_ended_row(row, &job))
        return AGENT_ERR_CORRUPT;
    if (job.state <= AGENT_JOB_RUNNING) {
        enum agent_status status =
            agent_ledger_blob(ledger, row, LEDGER_ENDED_COUNT, LEDGER_ENDED_COUNT + 2, &input, err);
        if (status == AGENT_OK && input == NULL)
            input = agent_blob_new(NULL, 0);
        if (status != AGENT_OK || input == NULL)
            return status != AGENT_OK ? status : AGENT_ERR_NOMEM;
        job.dispatches = (uint32_t)sqlite3_column_int64(row, LEDGER_ENDED_COUNT + 1);
    }
    reader->on_job(reader->user, &job, input);
    agent_blob_unref(input);
    return AGENT_OK;
}

static enum agent_status read_kept(struct ledger_sqlite *ledger, sqlite3_stmt *row,
                                   const struct agent_ledger_reader *reader,
                                   struct agent_error *err)
{
    (void)ledger;
    (void)err;
    struct agent_kept_record kept = {
        .id = (uint64_t)sqlite3_column_int64(row, 0),
        .finished_us = sqlite3_column_int64(row, 1),
        .key = agent_ledger_text(row, 2),
        .output_bytes = (uint64_t)sqlite3_column_int64(row, 3),
        .tenant = agent_ledger_text(row, 4),
    };
    reader->on_kept(reader->user, &kept);
    return AGENT_OK;
}

static enum agent_status read_operation(struct ledger_sqlite *ledger, sqlite3_stmt *row,
                                        const struct agent_ledger_reader *reader,
                                        struct agent_error *err)
{
    (void)ledger;
    (void)err;
    struct agent_operation_record operation = {
        .id = (uint64_t)sqlite3_column_int64(row, 0),
        .kind = agent_ledger_text(row, 1),
        .target = agent_ledger_text(row, 2),
        .by = agent_ledger_text(row, 3),
        .reason = agent_ledger_text(row, 4),
        .state = (uint8_t)sqlite3_column_int(row, 5),
        .was_cordoned = sqlite3_column_int(row, 6) != 0,
        .started_us = sqlite3_column_int64(row, 7),
        .deadline_us = sqlite3_column_int64(row, 8),
        .finished_us = sqlite3_column_int64(row, 9),
        .requeued = (uint32_t)sqlite3_column_int64(row, 10),
        .text = agent_ledger_text(row, 11),
        .detail = agent_ledger_text(row, 12),
    };
    reader->on_operation(reader->user, &operation);
    return AGENT_OK;
}

static enum agent_status read_agent(struct ledger_sqlite *ledger, sqlite3_stmt *row,
                                    const struct agent_ledger_reader *reader,
                                    struct agent_error *err)
{
    (void)ledger;
    (void)err;
    struct agent_agent_record agent = {
        .name = agent_ledger_text(row, 0),
        .admin = (uint8_t)sqlite3_column_int(row, 1),
        .reason = agent_ledger_text(row, 2),
        .by = agent_ledger_text(row, 3),
    };
    reader->on_agent(reader->user, &agent);
    return AGENT_OK;
}

static enum agent_status read_meta(struct ledger_sqlite *ledger, sqlite3_stmt *row,
                                   const struct agent_ledger_reader *reader,
                                   struct agent_error *err)
{
    (void)ledger;
    (void)err;
    reader->on_meta(reader->user, agent_ledger_text(row, 0), agent_ledger_text(row, 1));
    return AGENT_OK;
}

static enum agent_status read_event(struct ledger_sqlite *ledger, sqlite3_stmt *row,
                                    const struct agent_ledger_reader *reader,
                                    struct agent_error *err)
{
    (void)ledger;
    (void)err;
    struct agent_event_record event = {
        .seq = (uint64_t)sqlite3_column_int64(row, 0),
        .time_us = sqlite3_column_int64(row, 1),
        .json = agent_ledger_text(row, 2),
    };
    reader->on_event(reader->user, &event);
    return AGENT_OK;
}

typedef enum agent_status read_row_fn(struct ledger_sqlite *ledger, sqlite3_stmt *row,
                                      const struct agent_ledger_reader *reader,
                                      struct agent_error *err);

static enum agent_status each_row(struct ledger_sqlite *ledger, const char *what, const char *sql,
                                  const struct agent_ledger_reader *reader, read_row_fn *read,
                                  struct agent_error *err)
{
    sqlite3_stmt *statement = NULL;
    enum agent_status status = AGENT_OK;
    int step = sqlite3_prepare_v2(ledger->reader, sql, -1, &statement, NULL);
    if (step == SQLITE_OK) {
        while ((step = sqlite3_step(statement)) == SQLITE_ROW && status == AGENT_OK) {
            struct agent_error own = {0};
            status = read(ledger, statement, reader, &own);
            if (own.text[0] != '\0')
                agent_error_set(err, status, "%s", own.text);
            else if (status == AGENT_ERR_CORRUPT)
                agent_error_set(err, status,
                                "%s: row %" PRId64 " of '%s' is damaged; restore a backup of the "
                                "file, or move it away to start with an empty one",
                                ledger->path, (int64_t)sqlite3_column_int64(statement, 0), what);
            else if (status != AGENT_OK)
                agent_error_set(err, status, "%s: %s", ledger->path, agent_status_text(status));
        }
    }
    if (step != SQLITE_DONE && status == AGENT_OK)
        status = agent_ledger_fail(ledger, ledger->reader, "can't be read", err);
    sqlite3_finalize(statement);
    return status;
}

// Ended jobs below this id are only kept, those from it on are recent.
static enum agent_status find_cut(struct ledger_sqlite *ledger, uint32_t recent, int64_t *ret_cut,
                                  struct agent_error *err)
{
    char sql[96];
    int64_t count = 0, cut = recent > 0 ? 0 : INT64_MAX;
    snprintf(sql, sizeof sql, "SELECT count(*) FROM (SELECT id FROM ended LIMIT %" PRIu32 ")",
             recent);
    if (!agent_ledger_number(ledger->reader, sql, &count))
        return agent_ledger_fail(ledger, ledger->reader, "can't be read", err);
    snprintf(sql, sizeof sql, "SELECT id FROM ended ORDER BY id DESC LIMIT 1 OFFSET %" PRIu32,
             recent - 1);
    if (recent > 0 && count == recent && !agent_ledger_number(ledger->reader, sql, &cut))
        return agent_ledger_fail(ledger, ledger->reader, "can't be read", err);
    *ret_cut = cut;
    return AGENT_OK;
}

static enum agent_status recover_jobs(struct ledger_sqlite *ledger,
                                      const struct agent_ledger_reader *reader,
                                      struct agent_error *err)
{
    char sql[2048];
    int64_t cut = 0;
    enum agent_status status = find_cut(ledger, reader->recent, &cut, err);
    if (status == AGENT_OK && reader->on_kept != NULL) {
        snprintf(sql, sizeof sql,
                 "SELECT e.id,finished_us,key,output_bytes,t.name FROM ended e"
                 " LEFT JOIN names t ON t.id=e.tenant WHERE e.id<%" PRId64 " ORDER BY e.id",
                 cut);
        status = each_row(ledger, "ended", sql, reader, read_kept, err);
    }
    // Both in the order of ids. Outputs are read when somebody asks.
    snprintf(
        sql, sizeof sql,
        "SELECT " LEDGER_ENDED_COLUMNS ",NULL,0,NULL FROM ended e" LEDGER_ENDED_JOINS
        "WHERE e.id>=%" PRId64
        " UNION ALL SELECT l.id,0,m.name,m.version,m.hash,l.priority,l.deadline_us,l.key,"
        "l.submitted_us,l.input_bytes,l.rows,t.name,NULL,%d,0,0,"
        "(SELECT max(failures) FROM attempts WHERE job=l.id),0,0,0,0,0,0,0,NULL,NULL,0,l.input,"
        "(SELECT max(number) FROM attempts WHERE job=l.id),l.file"
        " FROM live l LEFT JOIN models m ON m.id=l.model LEFT JOIN names t ON t.id=l.tenant"
        " ORDER BY 1",
        cut, AGENT_NO_DEVICE);
    if (status == AGENT_OK)
        status = each_row(ledger, "jobs", sql, reader, read_job, err);
    return status;
}

static enum agent_status find_next(struct ledger_sqlite *ledger, uint64_t *ret_next,
                                   struct agent_error *err)
{
    int64_t highest = 0;
    if (!agent_ledger_number(ledger->reader,
                             "SELECT max(ifnull((SELECT max(id) FROM live),0),"
                             "ifnull((SELECT max(id) FROM ended),0),"
                             "ifnull((SELECT CAST(value AS INT) FROM meta WHERE key='forgotten'),"
                             "0))",
                             &highest))
        return agent_ledger_fail(ledger, ledger->reader, "can't be read", err);
    *ret_next = (uint64_t)highest + 1;
    return AGENT_OK;
}

enum agent_status agent_ledger_sqlite_recover(struct agent_ledger *base,
                                              const struct agent_ledger_reader *reader,
                                              uint64_t *ret_next_job, struct agent_error *err)
{
    struct ledger_sqlite *ledger = (struct ledger_sqlite *)base;
    enum agent_status status = AGENT_OK;
    pthread_mutex_lock(&ledger->reader_lock);
    if (reader->on_meta != NULL)
        status = each_row(ledger, "meta", "SELECT key,value FROM meta", reader, read_meta, err);
    if (status == AGENT_OK && reader->on_agent != NULL)
        status = each_row(ledger, "agents", "SELECT name,admin,reason,decided_by FROM agents",
                          reader, read_agent, err);
    if (status == AGENT_OK && reader->on_operation != NULL)
        status = each_row(ledger, "operations",
                          "SELECT id,kind,target,requested_by,reason,state,was_cordoned,started_us,"
                          "deadline_us,finished_us,requeued,text,detail FROM operations"
                          // Those that run, and as many as anybody will ask for.
                          " WHERE state=0 OR id>(SELECT max(id)-1024 FROM operations)"
                          " ORDER BY id",
                          reader, read_operation, err);
    if (status == AGENT_OK && reader->on_job != NULL)
        status = recover_jobs(ledger, reader, err);
    if (status == AGENT_OK && reader->on_event != NULL)
        status = each_row(ledger, "events", "SELECT seq,time_us,json FROM events ORDER BY seq",
                          reader, read_event, err);
    if (status == AGENT_OK)
        status = find_next(ledger, ret_next_job, err);
    pthread_mutex_unlock(&ledger->reader_lock);
    return status;
}
