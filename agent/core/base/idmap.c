#include "idmap.h"

#include <stdlib.h>

static size_t slot_of(const struct agent_idmap *map, uint64_t key)
{
    uint64_t h = key * 0x9e3779b97f4a7c15u;
    return (size_t)(h ^ (h >> 32)) & (map->capacity - 1);
}

void agent_idmap_finish(struct agent_idmap *map)
{
    free(map->entries);
    *map = (struct agent_idmap){0};
}

static struct agent_idmap_entry *find(const struct agent_idmap *map, uint64_t key)
{
    size_t i = slot_of(map, key);
    while (map->entries[i].value != NULL && map->entries[i].key != key)
        i = (i + 1) & (map->capacity - 1);
    return &map->entries[i];
}

void *agent_idmap_get(const struct agent_idmap *map, uint64_t key)
{
    return map->capacity == 0 ? NULL : find(map, key)->value;
}

static bool grow(struct agent_idmap *map)
{
    struct agent_idmap bigger = {.capacity = map->capacity == 0 ? 64 : map->capacity * 2};
    bigger.entries = calloc(bigger.capacity, sizeof *bigger.entries);
    if (bigger.entries == NULL)
        return false;
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->entries[i].value != NULL)
            *find(&bigger, map->entries[i].key) = map->entries[i];
    }
    bigger.count = map->count;
    free(map->entries);
    *map = bigger;
    return true;
}

bool agent_idmap_put(struct agent_idmap *map, uint64_t key, void *value)
{
    if ((map->count + 1) * 10 > map->capacity * 7 && !grow(map))
        return false;
    struct agent_idmap_entry *entry = find(map, key);
    map->count += entry->value == NULL;
    *entry = (struct agent_idmap_entry){.key = key, .value = value};
    return true;
}

void *agent_idmap_remove(struct agent_idmap *map, uint64_t key)
{
    if (map->capacity == 0)
        return NULL;
    struct agent_idmap_entry *entry = find(map, key);
    void *value = entry->value;
    if (value == NULL)
        return NULL;
    // Moves later entries of the run into the gap, so that no search ends at it too early.
    size_t mask = map->capacity - 1;
    size_t gap = (size_t)(entry - map->entries);
    for (size_t i = (gap + 1) & mask; map->entries[i].value != NULL; i = (i + 1) & mask) {
        size_t home = slot_of(map, map->entries[i].key);
        if (((i - home) & mask) >= ((i - gap) & mask)) {
            map->entries[gap] = map->entries[i];
            gap = i;
        }
    }
    map->entries[gap] = (struct agent_idmap_entry){0};
    map->count--;
    return value;
}
