// No ledger: everything is acknowledged at once and nothing outlives the process but the epoch,
// which fences agents and therefore must rise whatever the setting was before. The last outputs are
// in memory, so that who submits can fetch them.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/core/base/idpages.h"
#include "agent/ledger/ledger_internal.h"

#define OUTPUTS_MAX 10000
#define OUTPUT_BYTES_MAX ((uint64_t)64 << 20)

struct ledger_null {
    struct agent_ledger base;
    pthread_mutex_t lock;         // the outputs: those who ask are on other threads
    struct agent_idpages outputs; // blobs by job
    uint64_t *order; // ring of OUTPUTS_MAX jobs, some of which may be forgotten already
    size_t order_first, order_count;
    uint64_t output_bytes;
    uint64_t seq, told; // of the thread that appends
    atomic_ullong commits, records;
};

static void drop_output(struct ledger_null *ledger, uint64_t id)
{
    struct agent_blob *blob = agent_idpages_get(&ledger->outputs, id);
    if (blob == NULL)
        return;
    agent_idpages_remove(&ledger->outputs, id);
    ledger->output_bytes -= blob->size;
    agent_blob_unref(blob);
}

static void keep_output(struct ledger_null *ledger, uint64_t id, struct agent_blob *blob)
{
    pthread_mutex_lock(&ledger->lock);
    if (agent_idpages_get(&ledger->outputs, id) == NULL && blob->size <= OUTPUT_BYTES_MAX) {
        while (ledger->order_count == OUTPUTS_MAX ||
               (ledger->order_count > 0 && ledger->output_bytes + blob->size > OUTPUT_BYTES_MAX)) {
            drop_output(ledger, ledger->order[ledger->order_first]);
            ledger->order_first = (ledger->order_first + 1) % OUTPUTS_MAX;
            ledger->order_count--;
        }
        if (agent_idpages_put(&ledger->outputs, id, blob)) {
            agent_blob_ref(blob);
            ledger->output_bytes += blob->size;
            ledger->order[(ledger->order_first + ledger->order_count++) % OUTPUTS_MAX] = id;
        }
    }
    pthread_mutex_unlock(&ledger->lock);
}

static enum agent_status null_append(struct agent_ledger *base, uint64_t seq,
                                     const struct agent_record *record, struct agent_blob *blob)
{
    struct ledger_null *ledger = (struct ledger_null *)base;
    atomic_fetch_add_explicit(&ledger->records, 1, memory_order_relaxed);
    if (seq != 0)
        ledger->seq = seq;
    if (record->kind == AGENT_RECORD_END && blob != NULL) {
        keep_output(ledger, record->job.id, blob);
    } else if (record->kind == AGENT_RECORD_FORGET) {
        pthread_mutex_lock(&ledger->lock);
        for (uint32_t i = 0; i < record->forget.count; i++)
            drop_output(ledger, record->forget.ids[i]);
        pthread_mutex_unlock(&ledger->lock);
    }
    return AGENT_OK;
}

static void null_flush(struct agent_ledger *base)
{
    struct ledger_null *ledger = (struct ledger_null *)base;
    if (ledger->seq == ledger->told)
        return;
    ledger->told = ledger->seq;
    atomic_fetch_add_explicit(&ledger->commits, 1, memory_order_relaxed);
    base->on_commit(base->user, ledger->seq);
}

static struct agent_blob *output_of(struct agent_ledger *base, uint64_t id)
{
    struct ledger_null *ledger = (struct ledger_null *)base;
    pthread_mutex_lock(&ledger->lock);
    struct agent_blob *blob = agent_blob_ref(agent_idpages_get(&ledger->outputs, id));
    pthread_mutex_unlock(&ledger->lock);
    return blob;
}

// Nothing of the past is here but outputs; what is known besides is in the core.
static enum agent_status null_ask(struct agent_ledger *base, struct agent_query *query)
{
    query->status = AGENT_OK;
    if (query->kind == AGENT_QUERY_JOB) {
        query->status =
            agent_error_set(&query->err, AGENT_ERR_NOT_FOUND, "no ended job %" PRIu64, query->id);
        if (!query->input)
            query->blob = output_of(base, query->id);
    }
    query->done(query);
    return AGENT_OK;
}

static enum agent_status null_recover(struct agent_ledger *base,
                                      const struct agent_ledger_reader *reader,
                                      uint64_t *ret_next_job, struct agent_error *err)
{
    (void)base;
    (void)reader;
    (void)err;
    *ret_next_job = 1;
    return AGENT_OK;
}

static void null_stats(struct agent_ledger *base, struct agent_ledger_stats *ret_stats)
{
    struct ledger_null *ledger = (struct ledger_null *)base;
    *ret_stats = (struct agent_ledger_stats){.commits = atomic_load(&ledger->commits),
                                             .records = atomic_load(&ledger->records)};
}

static enum agent_status null_close(struct agent_ledger *base)
{
    struct ledger_null *ledger = (struct ledger_null *)base;
    for (size_t i = 0; i < ledger->order_count; i++)
        drop_output(ledger, ledger->order[(ledger->order_first + i) % OUTPUTS_MAX]);
    agent_idpages_finish(&ledger->outputs);
    pthread_mutex_destroy(&ledger->lock);
    free(ledger->order);
    free(ledger);
    return AGENT_OK;
}

static const struct ledger_ops ops = {
    .durability = AGENT_DURABILITY_NONE,
    .recover = null_recover,
    .append = null_append,
    .flush = null_flush,
    .ask = null_ask,
    .stats = null_stats,
    .close = null_close,
};

enum agent_status agent_ledger_null_open(const struct agent_ledger_options *options,
                                         struct agent_ledger **ret_ledger, struct agent_error *err)
{
    uint64_t epoch = 0, live = 0;
    enum agent_status status = agent_ledger_sqlite_epoch(options, &epoch, &live, err);
    if (status != AGENT_OK)
        return status;
    if (live > 0)
        return agent_error_set(err, AGENT_ERR_LOCKED,
                               "%s has %" PRIu64 " jobs that were acknowledged and have not ended; "
                               "run them with ledger.durability commit first, or choose another "
                               "state folder",
                               options->path, live);
    struct ledger_null *ledger = calloc(1, sizeof *ledger);
    uint64_t *order = calloc(OUTPUTS_MAX, sizeof *order);
    if (ledger == NULL || order == NULL) {
        free(ledger);
        free(order);
        return agent_error_set(err, AGENT_ERR_NOMEM, "out of memory");
    }
    pthread_mutex_init(&ledger->lock, NULL);
    ledger->order = order;
    ledger->base = (struct agent_ledger){.ops = &ops,
                                         .epoch = epoch,
                                         .on_commit = options->on_commit,
                                         .on_failure = options->on_failure,
                                         .user = options->user};
    *ret_ledger = &ledger->base;
    return AGENT_OK;
}
