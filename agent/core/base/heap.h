// A binary heap of things by a 64-bit key, the least first. The keys are in the heap's own array,
// so that ordering it does not touch the things; each thing knows its place, to be moved or
// removed.
#ifndef AGENT_HEAP_H
#define AGENT_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// In the thing. Zero-initialised is in no heap.
struct agent_heap_node {
    uint32_t place; // + 1
};

struct agent_heap_entry {
    int64_t key;
    struct agent_heap_node *node;
};

// The thing that a node, or another member, is in.
#define AGENT_CONTAINER(pointer, type, member) \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

// Zero-initialised is empty.
struct agent_heap {
    struct agent_heap_entry *entries;
    uint32_t count, room;
};

void agent_heap_finish(struct agent_heap *heap); // the things stay
// Room for `count` in all. False when memory is short: nothing has changed.
bool agent_heap_reserve(struct agent_heap *heap, uint32_t count);
// Puts it in, for which there is room, or moves it.
void agent_heap_set(struct agent_heap *heap, struct agent_heap_node *node, int64_t key);
void agent_heap_remove(struct agent_heap *heap, struct agent_heap_node *node); // in it or in none

static inline bool agent_heap_has(const struct agent_heap_node *node)
{
    return node->place != 0;
}

static inline int64_t agent_heap_key(const struct agent_heap *heap,
                                     const struct agent_heap_node *node)
{
    return heap->entries[node->place - 1].key;
}

#endif
