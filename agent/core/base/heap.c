#include "heap.h"

#include <stdlib.h>

void agent_heap_finish(struct agent_heap *heap)
{
    free(heap->entries);
    *heap = (struct agent_heap){0};
}

bool agent_heap_reserve(struct agent_heap *heap, uint32_t count)
{
    if (count <= heap->room)
        return true;
    uint32_t room = heap->room == 0 ? 4 : heap->room;
    while (room < count)
        room *= 2;
    struct agent_heap_entry *entries = realloc(heap->entries, room * sizeof *entries);
    if (entries == NULL)
        return false;
    heap->entries = entries;
    heap->room = room;
    return true;
}

static void put(struct agent_heap *heap, uint32_t i, struct agent_heap_entry entry)
{
    heap->entries[i] = entry;
    entry.node->place = i + 1;
}

static void settle(struct agent_heap *heap, uint32_t i, struct agent_heap_entry entry)
{
    struct agent_heap_entry *entries = heap->entries;
    while (i > 0 && entry.key < entries[(i - 1) / 2].key) {
        put(heap, i, entries[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && entries[child + 1].key < entries[child].key)
            child++;
        if (entries[child].key >= entry.key)
            break;
        put(heap, i, entries[child]);
        i = child;
    }
    put(heap, i, entry);
}

void agent_heap_set(struct agent_heap *heap, struct agent_heap_node *node, int64_t key)
{
    uint32_t i = node->place != 0 ? node->place - 1 : heap->count++;
    settle(heap, i, (struct agent_heap_entry){.key = key, .node = node});
}

void agent_heap_remove(struct agent_heap *heap, struct agent_heap_node *node)
{
    if (node->place == 0)
        return;
    uint32_t i = node->place - 1;
    node->place = 0;
    struct agent_heap_entry last = heap->entries[--heap->count];
    if (last.node != node)
        settle(heap, i, last);
}
