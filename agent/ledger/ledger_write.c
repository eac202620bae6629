#include <stdlib.h>
#include <string.h>

#include "agent/ledger/ledger_internal.h"

#define LEDGER_TEXTS_MAX 6

// The texts of a record, in an order that is the same for measuring and for copying.
static size_t texts_of(struct agent_record *record, const char **texts[LEDGER_TEXTS_MAX])
{
    size_t n = 0;
    switch (record->kind) {
    case AGENT_RECORD_JOB:
    case AGENT_RECORD_END:
        texts[n++] = &record->job.model;
        texts[n++] = &record->job.key;
        texts[n++] = &record->job.tenant;
        texts[n++] = &record->job.agent;
        texts[n++] = &record->job.error_code;
        texts[n++] = &record->job.error_text;
        break;
    case AGENT_RECORD_OPERATION:
        texts[n++] = &record->operation.kind;
        texts[n++] = &record->operation.target;
        texts[n++] = &record->operation.by;
        texts[n++] = &record->operation.reason;
        texts[n++] = &record->operation.text;
        texts[n++] = &record->operation.detail;
        break;
    case AGENT_RECORD_AGENT:
        texts[n++] = &record->agent.name;
        texts[n++] = &record->agent.reason;
        texts[n++] = &record->agent.by;
        break;
    case AGENT_RECORD_AUDIT:
        texts[n++] = &record->audit.who;
        texts[n++] = &record->audit.what;
        texts[n++] = &record->audit.target;
        texts[n++] = &record->audit.why;
        break;
    case AGENT_RECORD_META:
        texts[n++] = &record->meta.key;
        texts[n++] = &record->meta.value;
        break;
    case AGENT_RECORD_EVENT:
        texts[n++] = &record->event.json;
        break;
    case AGENT_RECORD_FORGET:
        break;
    }
    return n;
}

struct ledger_entry *agent_ledger_entry_new(uint64_t seq, const struct agent_record *record,
                                            struct agent_blob *blob)
{
    struct agent_record copy = *record;
    const char **texts[LEDGER_TEXTS_MAX];
    size_t lengths[LEDGER_TEXTS_MAX];
    size_t size = 0;
    size_t n = texts_of(&copy, texts);
    for (size_t i = 0; i < n; i++) {
        if (*texts[i] == NULL)
            *texts[i] = "";
        lengths[i] = strlen(*texts[i]) + 1;
        size += lengths[i];
    }
    struct ledger_entry *entry = malloc(sizeof *entry + size);
    if (entry == NULL)
        return NULL;
    *entry = (struct ledger_entry){.seq = seq, .record = copy, .blob = agent_blob_ref(blob)};
    char *at = entry->texts;
    texts_of(&entry->record, texts);
    for (size_t i = 0; i < n; i++) {
        memcpy(at, *texts[i], lengths[i]);
        *texts[i] = at;
        at += lengths[i];
    }
    return entry;
}

void agent_ledger_entry_free(struct ledger_entry *entry)
{
    if (entry == NULL)
        return;
    agent_blob_unref(entry->blob);
    free(entry);
}

// Binds parameters one after the other.
struct binder {
    sqlite3_stmt *statement;
    int at;
    int status;
};

static void number(struct binder *b, int64_t value)
{
    b->status |= sqlite3_bind_int64(b->statement, ++b->at, value);
}

static void text(struct binder *b, const char *value)
{
    b->status |= sqlite3_bind_text(b->statement, ++b->at, value, -1, SQLITE_STATIC);
}

static void bytes(struct binder *b, const void *value, size_t size)
{
    b->status |= sqlite3_bind_blob64(b->statement, ++b->at, value, size, SQLITE_STATIC);
}

static void bind_job(struct binder *b, const struct ledger_entry *entry)
{
    const struct agent_job_record *job = &entry->record.job;
    number(b, (int64_t)job->id);
    text(b, job->model);
    number(b, job->version);
    bytes(b, job->hash, sizeof job->hash);
    number(b, job->priority);
    number(b, job->deadline_us);
    text(b, job->key);
    number(b, job->submitted_us);
    number(b, (int64_t)job->input_bytes);
    number(b, job->rows);
    if (entry->blob != NULL)
        bytes(b, entry->blob->bytes, entry->blob->size);
}

static void bind_end(struct binder *b, const struct ledger_entry *entry)
{
    const struct agent_job_record *job = &entry->record.job;
    number(b, (int64_t)job->id);
    number(b, job->state);
    text(b, job->agent);
    number(b, job->device);
    number(b, job->started_us);
    number(b, job->finished_us);
    number(b, job->attempts);
    number(b, job->batch);
    number(b, (int64_t)job->timing.total_us);
    number(b, (int64_t)job->timing.queue_us);
    number(b, job->timing.load_us);
    number(b, job->timing.compute_us);
    number(b, job->timing.copy_us);
    number(b, (int64_t)job->output_bytes);
    text(b, job->error_code);
    text(b, job->error_text);
    if (entry->blob != NULL)
        bytes(b, entry->blob->bytes, entry->blob->size);
}

static void bind_operation(struct binder *b, const struct agent_operation_record *operation)
{
    number(b, (int64_t)operation->id);
    text(b, operation->kind);
    text(b, operation->target);
    text(b, operation->by);
    text(b, operation->reason);
    number(b, operation->state);
    number(b, operation->was_cordoned);
    number(b, operation->started_us);
    number(b, operation->deadline_us);
    number(b, operation->finished_us);
    number(b, operation->requeued);
    text(b, operation->text);
    text(b, operation->detail);
}

static enum ledger_statement bind_record(struct ledger_sqlite *ledger, struct binder *b,
                                         const struct ledger_entry *entry)
{
    static const enum ledger_statement statements[] = {
        [AGENT_RECORD_JOB] = LEDGER_JOB,       [AGENT_RECORD_END] = LEDGER_END,
        [AGENT_RECORD_FORGET] = LEDGER_FORGET, [AGENT_RECORD_OPERATION] = LEDGER_OPERATION,
        [AGENT_RECORD_AGENT] = LEDGER_AGENT,   [AGENT_RECORD_AUDIT] = LEDGER_AUDIT,
        [AGENT_RECORD_META] = LEDGER_META,     [AGENT_RECORD_EVENT] = LEDGER_EVENT,
    };
    const struct agent_record *record = &entry->record;
    enum ledger_statement which = statements[record->kind];
    b->statement = ledger->statements[which];
    switch (record->kind) {
    case AGENT_RECORD_JOB:
        bind_job(b, entry);
        break;
    case AGENT_RECORD_END:
        bind_end(b, entry);
        break;
    case AGENT_RECORD_FORGET:
        number(b, (int64_t)record->id);
        break;
    case AGENT_RECORD_OPERATION:
        bind_operation(b, &record->operation);
        break;
    case AGENT_RECORD_AGENT:
        text(b, record->agent.name);
        number(b, record->agent.admin);
        text(b, record->agent.reason);
        text(b, record->agent.by);
        break;
    case AGENT_RECORD_AUDIT:
        number(b, record->audit.time_us);
        text(b, record->audit.who);
        text(b, record->audit.what);
        text(b, record->audit.target);
        text(b, record->audit.why);
        break;
    case AGENT_RECORD_META:
        text(b, record->meta.key);
        text(b, record->meta.value);
        break;
    case AGENT_RECORD_EVENT:
        number(b, (int64_t)record->event.seq);
        number(b, record->event.time_us);
        text(b, record->event.json);
        break;
    }
    return which;
}

static int run(sqlite3_stmt *statement)
{
    int status = sqlite3_step(statement);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return status == SQLITE_DONE ? SQLITE_OK : status;
}

int agent_ledger_apply(struct ledger_sqlite *ledger, const struct ledger_entry *entry)
{
    struct binder b = {0};
    enum ledger_statement which = bind_record(ledger, &b, entry);
    if (b.status != SQLITE_OK) {
        sqlite3_clear_bindings(b.statement);
        return SQLITE_NOMEM;
    }
    int status = run(ledger->statements[which]);
    uint64_t seq = entry->record.event.seq;
    if (status == SQLITE_OK && which == LEDGER_EVENT && seq % 256 == 0 &&
        seq > LEDGER_EVENTS_KEPT) {
        sqlite3_bind_int64(ledger->statements[LEDGER_PRUNE], 1,
                           (int64_t)(seq - LEDGER_EVENTS_KEPT));
        status = run(ledger->statements[LEDGER_PRUNE]);
    }
    return status;
}
