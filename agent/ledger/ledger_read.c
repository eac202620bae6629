#include <inttypes.h>
#include <string.h>

#include "agent/ledger/ledger_internal.h"

static const char *column_text(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text != NULL ? text : "";
}

static enum agent_status read_job(sqlite3_stmt *row, const struct agent_ledger_reader *reader)
{
    struct agent_job_record job = {
        .id = (uint64_t)sqlite3_column_int64(row, 0),
        .state = (uint8_t)sqlite3_column_int(row, 1),
        .model = column_text(row, 2),
        .version = (uint32_t)sqlite3_column_int64(row, 3),
        .priority = (uint8_t)sqlite3_column_int(row, 5),
        .deadline_us = sqlite3_column_int64(row, 6),
        .key = column_text(row, 7),
        .submitted_us = sqlite3_column_int64(row, 8),
        .input_bytes = (uint64_t)sqlite3_column_int64(row, 9),
        .rows = (uint32_t)sqlite3_column_int64(row, 10),
        .agent = column_text(row, 11),
        .device = (uint8_t)sqlite3_column_int(row, 12),
        .started_us = sqlite3_column_int64(row, 13),
        .finished_us = sqlite3_column_int64(row, 14),
        .attempts = (uint32_t)sqlite3_column_int64(row, 15),
        .batch = (uint32_t)sqlite3_column_int64(row, 16),
        .timing = {.total_us = (uint64_t)sqlite3_column_int64(row, 17),
                   .queue_us = (uint64_t)sqlite3_column_int64(row, 18),
                   .load_us = (uint32_t)sqlite3_column_int64(row, 19),
                   .compute_us = (uint32_t)sqlite3_column_int64(row, 20),
                   .copy_us = (uint32_t)sqlite3_column_int64(row, 21)},
        .output_bytes = (uint64_t)sqlite3_column_int64(row, 22),
        .error_code = column_text(row, 23),
        .error_text = column_text(row, 24),
    };
    if (sqlite3_column_bytes(row, 4) != AGENT_HASH_SIZE)
        return AGENT_ERR_CORRUPT;
    memcpy(job.hash, sqlite3_column_blob(row, 4), AGENT_HASH_SIZE);
    struct agent_blob *input = NULL;
    if (job.state <= AGENT_JOB_RUNNING) {
        const void *bytes = sqlite3_column_blob(row, 25);
        input = agent_blob_new(bytes, (size_t)sqlite3_column_bytes(row, 25));
        if (input == NULL)
            return AGENT_ERR_NOMEM;
    }
    reader->on_job(reader->user, &job, input);
    agent_blob_unref(input);
    return AGENT_OK;
}

static enum agent_status read_operation(sqlite3_stmt *row, const struct agent_ledger_reader *reader)
{
    struct agent_operation_record operation = {
        .id = (uint64_t)sqlite3_column_int64(row, 0),
        .kind = column_text(row, 1),
        .target = column_text(row, 2),
        .by = column_text(row, 3),
        .reason = column_text(row, 4),
        .state = (uint8_t)sqlite3_column_int(row, 5),
        .was_cordoned = sqlite3_column_int(row, 6) != 0,
        .started_us = sqlite3_column_int64(row, 7),
        .deadline_us = sqlite3_column_int64(row, 8),
        .finished_us = sqlite3_column_int64(row, 9),
        .requeued = (uint32_t)sqlite3_column_int64(row, 10),
        .text = column_text(row, 11),
        .detail = column_text(row, 12),
    };
    reader->on_operation(reader->user, &operation);
    return AGENT_OK;
}

static enum agent_status read_agent(sqlite3_stmt *row, const struct agent_ledger_reader *reader)
{
    struct agent_agent_record agent = {
        .name = column_text(row, 0),
        .admin = (uint8_t)sqlite3_column_int(row, 1),
        .reason = column_text(row, 2),
        .by = column_text(row, 3),
    };
    reader->on_agent(reader->user, &agent);
    return AGENT_OK;
}

static enum agent_status read_meta(sqlite3_stmt *row, const struct agent_ledger_reader *reader)
{
    reader->on_meta(reader->user, column_text(row, 0), column_text(row, 1));
    return AGENT_OK;
}

static enum agent_status read_event(sqlite3_stmt *row, const struct agent_ledger_reader *reader)
{
    struct agent_event_record event = {
        .seq = (uint64_t)sqlite3_column_int64(row, 0),
        .time_us = sqlite3_column_int64(row, 1),
        .json = column_text(row, 2),
    };
    reader->on_event(reader->user, &event);
    return AGENT_OK;
}

typedef enum agent_status read_row_fn(sqlite3_stmt *row, const struct agent_ledger_reader *reader);

static enum agent_status each_row(struct ledger_sqlite *ledger, const char *what, const char *sql,
                                  const struct agent_ledger_reader *reader, read_row_fn *read,
                                  struct agent_error *err)
{
    sqlite3_stmt *statement = NULL;
    enum agent_status status = AGENT_OK;
    int step = sqlite3_prepare_v2(ledger->reader, sql, -1, &statement, NULL);
    if (step == SQLITE_OK) {
        while ((step = sqlite3_step(statement)) == SQLITE_ROW && status == AGENT_OK) {
            status = read(statement, reader);
            if (status == AGENT_ERR_CORRUPT)
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

static enum agent_status read_next(sqlite3_stmt *row, const struct agent_ledger_reader *reader)
{
    *(uint64_t *)reader->user = (uint64_t)sqlite3_column_int64(row, 0) + 1;
    return AGENT_OK;
}

enum agent_status agent_ledger_sqlite_recover(struct agent_ledger *base,
                                              const struct agent_ledger_reader *reader,
                                              uint64_t *ret_next_job, struct agent_error *err)
{
    struct ledger_sqlite *ledger = (struct ledger_sqlite *)base;
    uint64_t next = 1;
    struct agent_ledger_reader next_reader = {.user = &next};
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
                          " ORDER BY id",
                          reader, read_operation, err);
    // Ended jobs without their outputs, which are read when somebody asks.
    if (status == AGENT_OK && reader->on_job != NULL)
        status = each_row(
            ledger, "jobs",
            "SELECT id,state,model,version,hash,priority,deadline_us,key,submitted_us,input_bytes,"
            "rows,agent,device,started_us,finished_us,attempts,batch,total_us,queue_us,load_us,"
            "compute_us,copy_us,output_bytes,error_code,error_text,input FROM jobs ORDER BY id",
            reader, read_job, err);
    if (status == AGENT_OK && reader->on_event != NULL)
        status = each_row(ledger, "events", "SELECT seq,time_us,json FROM events ORDER BY seq",
                          reader, read_event, err);
    if (status == AGENT_OK)
        status =
            each_row(ledger, "sqlite_sequence", "SELECT seq FROM sqlite_sequence WHERE name='jobs'",
                     &next_reader, read_next, err);
    pthread_mutex_unlock(&ledger->reader_lock);
    if (status == AGENT_OK)
        *ret_next_job = next;
    return status;
}

enum agent_status agent_ledger_sqlite_output(struct agent_ledger *base, uint64_t id,
                                             struct agent_blob **ret_blob, struct agent_error *err)
{
    struct ledger_sqlite *ledger = (struct ledger_sqlite *)base;
    pthread_mutex_lock(&ledger->reader_lock);
    enum agent_status status;
    struct agent_blob *blob = NULL;
    sqlite3_bind_int64(ledger->read_output, 1, (int64_t)id);
    int step = sqlite3_step(ledger->read_output);
    if (step == SQLITE_ROW && sqlite3_column_type(ledger->read_output, 0) == SQLITE_BLOB) {
        const void *bytes = sqlite3_column_blob(ledger->read_output, 0);
        blob = agent_blob_new(bytes, (size_t)sqlite3_column_bytes(ledger->read_output, 0));
        status = blob != NULL ? AGENT_OK : agent_error_set(err, AGENT_ERR_NOMEM, "out of memory");
    } else if (step == SQLITE_ROW || step == SQLITE_DONE) {
        status = agent_error_set(err, AGENT_ERR_NOT_FOUND, "job %" PRIu64 " has no outputs", id);
    } else {
        status = agent_ledger_fail(ledger, ledger->reader, "can't be read", err);
    }
    sqlite3_reset(ledger->read_output);
    pthread_mutex_unlock(&ledger->reader_lock);
    if (status == AGENT_OK)
        *ret_blob = blob;
    return status;
}
