// Entries lie one behind the other in chunks that the thread which appends fills and the writing
// thread empties: no allocation a record.
#include <stdlib.h>
#include <string.h>

#include "agent/ledger/ledger_internal.h"

void agent_ledger_chunk_unref(struct ledger_chunk *chunk)
{
    if (chunk != NULL && atomic_fetch_sub_explicit(&chunk->refs, 1, memory_order_acq_rel) == 1)
        free(chunk);
}

// Room in ledger->chunk, and a reference to it.
static struct ledger_entry *take(struct ledger_sqlite *ledger, size_t size)
{
    struct ledger_chunk *chunk = ledger->chunk;
    size = (size + 15) & ~(size_t)15;
    if (chunk == NULL || chunk->size - chunk->used < size) {
        size_t room = size > LEDGER_CHUNK_SIZE ? size : LEDGER_CHUNK_SIZE;
        struct ledger_chunk *fresh = malloc(sizeof *fresh + room);
        if (fresh == NULL)
            return NULL;
        atomic_init(&fresh->refs, 1);
        fresh->used = 0;
        fresh->size = room;
        agent_ledger_chunk_unref(chunk);
        ledger->chunk = chunk = fresh;
    }
    struct ledger_entry *entry = (struct ledger_entry *)(void *)(chunk->bytes + chunk->used);
    chunk->used += size;
    atomic_fetch_add_explicit(&chunk->refs, 1, memory_order_relaxed);
    return entry;
}

struct ledger_entry *agent_ledger_entry_new(struct ledger_sqlite *ledger, uint64_t seq,
                                            const struct agent_record *record,
                                            struct agent_blob *blob)
{
    struct agent_record copy = *record;
    const char **texts[AGENT_RECORD_TEXTS_MAX];
    size_t lengths[AGENT_RECORD_TEXTS_MAX];
    size_t size = 0;
    size_t n = agent_record_texts(&copy, texts);
    for (size_t i = 0; i < n; i++) {
        if (*texts[i] == NULL)
            *texts[i] = "";
        lengths[i] = strlen(*texts[i]) + 1;
        size += lengths[i];
    }
    size_t ids = 0; // before the texts, where they are aligned
    if (record->kind == AGENT_RECORD_FORGET)
        ids = record->forget.count * sizeof *record->forget.ids;
    struct ledger_entry *entry = take(ledger, sizeof *entry + ids + size);
    if (entry == NULL)
        return NULL;
    *entry = (struct ledger_entry){
        .chunk = ledger->chunk, .seq = seq, .record = copy, .blob = agent_blob_ref(blob)};
    char *at = entry->texts;
    if (ids > 0) {
        memcpy(at, record->forget.ids, ids);
        entry->record.forget.ids = (const uint64_t *)(void *)at;
        at += ids;
    }
    agent_record_texts(&entry->record, texts);
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
    agent_ledger_chunk_unref(entry->chunk);
}
