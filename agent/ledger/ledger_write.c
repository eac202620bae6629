// Records into the open transaction.
#include <stdlib.h>
#include <string.h>

#include "agent/ledger/ledger_internal.h"

// Binds parameters one after the other.
struct binder {
    sqlite3_stmt *statement;
    int at;
    int status;
};

static struct binder bind(struct ledger_sqlite *ledger, enum ledger_statement which)
{
    return (struct binder){.statement = ledger->statements[which]};
}

static void number(struct binder *b, int64_t value)
{
    b->status |= sqlite3_bind_int64(b->statement, ++b->at, value);
}

static void text(struct binder *b, const char *value)
{
    b->status |= sqlite3_bind_text(b->statement, ++b->at, value, -1, SQLITE_STATIC);
}

// "" takes no room.
static void rare_text(struct binder *b, const char *value)
{
    if (value[0] != '\0')
        text(b, value);
    else
        b->at++;
}

static void bytes(struct binder *b, const struct agent_blob *blob)
{
    if (blob != NULL)
        b->status |=
            sqlite3_bind_blob64(b->statement, ++b->at, blob->bytes, blob->size, SQLITE_STATIC);
    else
        b->at++;
}

static void payload(struct binder *b, const struct ledger_entry *entry)
{
    bytes(b, entry->in_file ? NULL : entry->blob);
    b->at++;
    if (entry->in_file)
        b->status |=
            sqlite3_bind_blob(b->statement, b->at, entry->file, sizeof entry->file, SQLITE_STATIC);
}

// A name's number; "" is NULL.
static void name(struct ledger_sqlite *ledger, struct binder *b, const char *value)
{
    int64_t interned = 0;
    b->at++;
    if (value[0] == '\0' || b->status != SQLITE_OK)
        return;
    b->status = agent_ledger_intern_name(ledger, value, &interned);
    if (b->status == SQLITE_OK)
        b->status = sqlite3_bind_int64(b->statement, b->at, interned);
}

static void model(struct ledger_sqlite *ledger, struct binder *b,
                  const struct agent_job_record *job)
{
    int64_t interned = 0;
    b->at++;
    if (b->status == SQLITE_OK)
        b->status = agent_ledger_intern_model(ledger, job, &interned);
    if (b->status == SQLITE_OK)
        b->status = sqlite3_bind_int64(b->statement, b->at, interned);
}

int agent_ledger_run(sqlite3_stmt *statement)
{
    int status = sqlite3_step(statement);
    sqlite3_reset(statement);
    return status == SQLITE_DONE ? SQLITE_OK : status;
}

static int run(struct binder *b)
{
    int status = b->status;
    if (status == SQLITE_OK)
        status = agent_ledger_run(b->statement);
    sqlite3_clear_bindings(b->statement); // what is bound is gone when the entry is
    return status;
}

static int run_on(struct ledger_sqlite *ledger, enum ledger_statement which, uint64_t id)
{
    struct binder b = bind(ledger, which);
    number(&b, (int64_t)id);
    return run(&b);
}

static int apply_job(struct ledger_sqlite *ledger, const struct ledger_entry *entry)
{
    const struct agent_job_record *job = &entry->record.job;
    struct binder b = bind(ledger, LEDGER_JOB);
    number(&b, (int64_t)job->id);
    model(ledger, &b, job);
    name(ledger, &b, job->tenant);
    number(&b, job->priority);
    number(&b, job->deadline_us);
    rare_text(&b, job->key);
    number(&b, job->submitted_us);
    number(&b, (int64_t)job->input_bytes);
    number(&b, job->rows);
    payload(&b, entry);
    return run(&b);
}

// What files these rows have is looked at again after the commit.
static int let_go(struct ledger_sqlite *ledger, enum ledger_statement which, uint64_t first,
                  uint64_t last)
{
    if (!ledger->has_files)
        return SQLITE_OK;
    struct binder b = bind(ledger, which);
    number(&b, (int64_t)first);
    number(&b, (int64_t)last);
    int status = b.status == SQLITE_OK ? SQLITE_ROW : b.status;
    while (status == SQLITE_ROW && (status = sqlite3_step(b.statement)) == SQLITE_ROW) {
        for (int i = 0; i < 2 && status == SQLITE_ROW; i++) {
            int kept = agent_ledger_file_loose(ledger, sqlite3_column_blob(b.statement, i),
                                               sqlite3_column_bytes(b.statement, i));
            status = kept == SQLITE_OK ? SQLITE_ROW : kept;
        }
    }
    sqlite3_reset(b.statement);
    return status == SQLITE_DONE ? SQLITE_OK : status;
}

static int apply_end(struct ledger_sqlite *ledger, const struct ledger_entry *entry)
{
    const struct agent_job_record *job = &entry->record.job;
    struct binder b = bind(ledger, LEDGER_END);
    number(&b, (int64_t)job->id);
    number(&b, job->state);
    number(&b, job->finished_us);
    model(ledger, &b, job);
    name(ledger, &b, job->tenant);
    name(ledger, &b, job->agent);
    number(&b, job->device);
    number(&b, job->priority);
    number(&b, job->submitted_us);
    number(&b, job->started_us);
    number(&b, job->deadline_us);
    rare_text(&b, job->key);
    number(&b, (int64_t)job->input_bytes);
    number(&b, job->rows);
    number(&b, job->attempts);
    number(&b, job->batch);
    number(&b, (int64_t)job->timing.total_us);
    number(&b, (int64_t)job->timing.queue_us);
    number(&b, job->timing.load_us);
    number(&b, job->timing.compute_us);
    number(&b, job->timing.copy_us);
    number(&b, (int64_t)job->output_bytes);
    rare_text(&b, job->error_code);
    rare_text(&b, job->error_text);
    payload(&b, entry);
    number(&b, job->cached);
    int status = run(&b);
    if (status == SQLITE_OK && strcmp(job->error_code, AGENT_CODE_POISONED) == 0)
        status = run_on(ledger, LEDGER_KEEP_INPUT, job->id);
    else if (status == SQLITE_OK)
        status = let_go(ledger, LEDGER_FILES_LIVE, job->id, job->id);
    return status == SQLITE_OK ? run_on(ledger, LEDGER_LEAVE, job->id) : status;
}

static int forget_range(struct ledger_sqlite *ledger, uint64_t first, uint64_t last)
{
    static const enum ledger_statement statements[] = {LEDGER_FORGET_ENDED, LEDGER_FORGET_LIVE,
                                                       LEDGER_FORGET_ATTEMPTS};
    size_t count = ledger->has_attempts ? 3 : 2;
    int files = let_go(ledger, LEDGER_FILES_ENDED, first, last);
    if (files == SQLITE_OK)
        files = let_go(ledger, LEDGER_FILES_LIVE, first, last);
    if (files != SQLITE_OK)
        return files;
    for (size_t i = 0; i < count; i++) {
        struct binder b = bind(ledger, statements[i]);
        number(&b, (int64_t)first);
        number(&b, (int64_t)last);
        int status = run(&b);
        if (status != SQLITE_OK)
            return status;
    }
    return SQLITE_OK;
}

// Jobs end about in the order of their ids: most of them are one range.
static int apply_forget(struct ledger_sqlite *ledger, const struct agent_forget_record *forget)
{
    uint64_t highest = 0;
    for (uint32_t i = 0; i < forget->count;) {
        uint32_t end = i + 1;
        while (end < forget->count && forget->ids[end] == forget->ids[end - 1] + 1)
            end++;
        int status = forget_range(ledger, forget->ids[i], forget->ids[end - 1]);
        if (status != SQLITE_OK)
            return status;
        if (forget->ids[end - 1] > highest)
            highest = forget->ids[end - 1];
        i = end;
    }
    if ((int64_t)highest <= ledger->forgotten)
        return SQLITE_OK;
    struct binder b = bind(ledger, LEDGER_FORGOTTEN);
    number(&b, (int64_t)highest);
    int status = run(&b);
    if (status == SQLITE_OK)
        ledger->forgotten = (int64_t)highest;
    return status;
}

static int apply_attempt(struct ledger_sqlite *ledger, const struct agent_attempt_record *attempt)
{
    struct binder b = bind(ledger, LEDGER_ATTEMPT);
    number(&b, (int64_t)attempt->job);
    number(&b, attempt->number);
    number(&b, attempt->failures);
    number(&b, attempt->device);
    name(ledger, &b, attempt->agent);
    number(&b, attempt->started_us);
    number(&b, attempt->ended_us);
    rare_text(&b, attempt->text);
    ledger->has_attempts = true;
    return run(&b);
}

static int apply_operation(struct ledger_sqlite *ledger,
                           const struct agent_operation_record *operation)
{
    struct binder b = bind(ledger, LEDGER_OPERATION);
    number(&b, (int64_t)operation->id);
    text(&b, operation->kind);
    text(&b, operation->target);
    text(&b, operation->by);
    text(&b, operation->reason);
    number(&b, operation->state);
    number(&b, operation->was_cordoned);
    number(&b, operation->started_us);
    number(&b, operation->deadline_us);
    number(&b, operation->finished_us);
    number(&b, operation->requeued);
    text(&b, operation->text);
    text(&b, operation->detail);
    return run(&b);
}

static int prune(struct ledger_sqlite *ledger, enum ledger_statement which, int64_t newest,
                 int64_t kept)
{
    if (newest % 256 != 0 || newest <= kept)
        return SQLITE_OK;
    struct binder b = bind(ledger, which);
    number(&b, newest - kept);
    return run(&b);
}

static int apply_audit(struct ledger_sqlite *ledger, const struct agent_audit_record *audit)
{
    struct binder b = bind(ledger, LEDGER_AUDIT);
    number(&b, audit->time_us);
    text(&b, audit->who);
    text(&b, audit->what);
    text(&b, audit->target);
    text(&b, audit->why);
    int status = run(&b);
    if (status != SQLITE_OK)
        return status;
    return prune(ledger, LEDGER_PRUNE_AUDIT, sqlite3_last_insert_rowid(ledger->db),
                 LEDGER_AUDIT_KEPT);
}

static int apply_event(struct ledger_sqlite *ledger, const struct agent_event_record *event)
{
    struct binder b = bind(ledger, LEDGER_EVENT);
    number(&b, (int64_t)event->seq);
    number(&b, event->time_us);
    text(&b, event->json);
    int status = run(&b);
    if (status != SQLITE_OK)
        return status;
    return prune(ledger, LEDGER_PRUNE, (int64_t)event->seq, LEDGER_EVENTS_KEPT);
}

int agent_ledger_apply(struct ledger_sqlite *ledger, const struct ledger_entry *entry)
{
    const struct agent_record *record = &entry->record;
    struct binder b;
    switch (record->kind) {
    case AGENT_RECORD_JOB:
        return apply_job(ledger, entry);
    case AGENT_RECORD_END:
        return apply_end(ledger, entry);
    case AGENT_RECORD_FORGET:
        return apply_forget(ledger, &record->forget);
    case AGENT_RECORD_ATTEMPT:
        return apply_attempt(ledger, &record->attempt);
    case AGENT_RECORD_OPERATION:
        return apply_operation(ledger, &record->operation);
    case AGENT_RECORD_AUDIT:
        return apply_audit(ledger, &record->audit);
    case AGENT_RECORD_EVENT:
        return apply_event(ledger, &record->event);
    case AGENT_RECORD_AGENT:
        b = bind(ledger, LEDGER_AGENT);
        text(&b, record->agent.name);
        number(&b, record->agent.admin);
        text(&b, record->agent.reason);
        text(&b, record->agent.by);
        return run(&b);
    case AGENT_RECORD_META:
        b = bind(ledger, LEDGER_META);
        text(&b, record->meta.key);
        text(&b, record->meta.value);
        return run(&b);
    }
    return SQLITE_MISUSE;
}
