// A hash table from 64-bit keys to pointers: open addressing, linear probing, no tombstones.
#ifndef AGENT_IDMAP_H
#define AGENT_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agent_idmap_entry {
    uint64_t key;
    void *value; // NULL: free
};

// Zero-initialised is empty.
struct agent_idmap {
    struct agent_idmap_entry *entries;
    size_t capacity; // 0 or a power of two
    size_t count;
};

void agent_idmap_finish(struct agent_idmap *map);                   // takes a zeroed one too
void *agent_idmap_get(const struct agent_idmap *map, uint64_t key); // NULL: not there
// Replaces what was there. False when memory is short: nothing has changed.
bool agent_idmap_put(struct agent_idmap *map, uint64_t key, void *value);
// Returns what was there, or NULL.
void *agent_idmap_remove(struct agent_idmap *map, uint64_t key);

#endif
