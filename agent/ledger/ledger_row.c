#include <string.h>

#include "agent/ledger/ledger_internal.h"

const char *agent_ledger_text(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text != NULL ? text : "";
}

enum agent_status agent_ledger_blob(const struct ledger_sqlite *ledger, sqlite3_stmt *row,
                                    int column, int file_column, struct agent_blob **ret_blob,
                                    struct agent_error *err)
{
    if (sqlite3_column_bytes(row, file_column) == AGENT_HASH_SIZE)
        return agent_ledger_file_get(ledger, sqlite3_column_blob(row, file_column), ret_blob, err);
    struct agent_blob *blob = NULL;
    if (sqlite3_column_type(row, column) == SQLITE_BLOB) {
        const void *bytes = sqlite3_column_blob(row, column);
        blob = agent_blob_new(bytes, (size_t)sqlite3_column_bytes(row, column));
        if (blob == NULL)
            return agent_error_set(err, AGENT_ERR_NOMEM, "out of memory");
    }
    *ret_blob = blob;
    return AGENT_OK;
}

bool agent_ledger_ended_row(sqlite3_stmt *row, struct agent_job_record *ret_job)
{
    if (sqlite3_column_bytes(row, 4) != AGENT_HASH_SIZE)
        return false;
    *ret_job = (struct agent_job_record){
        .id = (uint64_t)sqlite3_column_int64(row, 0),
        .state = (uint8_t)sqlite3_column_int(row, 1),
        .model = agent_ledger_text(row, 2),
        .version = (uint32_t)sqlite3_column_int64(row, 3),
        .priority = (uint8_t)sqlite3_column_int(row, 5),
        .deadline_us = sqlite3_column_int64(row, 6),
        .key = agent_ledger_text(row, 7),
        .submitted_us = sqlite3_column_int64(row, 8),
        .input_bytes = (uint64_t)sqlite3_column_int64(row, 9),
        .rows = (uint32_t)sqlite3_column_int64(row, 10),
        .tenant = agent_ledger_text(row, 11),
        .agent = agent_ledger_text(row, 12),
        .device = (uint8_t)sqlite3_column_int(row, 13),
        .started_us = sqlite3_column_int64(row, 14),
        .finished_us = sqlite3_column_int64(row, 15),
        .attempts = (uint32_t)sqlite3_column_int64(row, 16),
        .batch = (uint32_t)sqlite3_column_int64(row, 17),
        .timing = {.total_us = (uint64_t)sqlite3_column_int64(row, 18),
                   .queue_us = (uint64_t)sqlite3_column_int64(row, 19),
                   .load_us = (uint32_t)sqlite3_column_int64(row, 20),
                   .compute_us = (uint32_t)sqlite3_column_int64(row, 21),
                   .copy_us = (uint32_t)sqlite3_column_int64(row, 22)},
        .output_bytes = (uint64_t)sqlite3_column_int64(row, 23),
        .error_code = agent_ledger_text(row, 24),
        .error_text = agent_ledger_text(row, 25),
        .cached = sqlite3_column_int(row, 26) != 0,
    };
    memcpy(ret_job->hash, sqlite3_column_blob(row, 4), AGENT_HASH_SIZE);
    return true;
}
