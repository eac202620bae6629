#include "graph/names.h"

#include <string.h>

#include <xxhash.h>

#include "graph/graph.h"

#define CAPACITY_FIRST 256

struct cx_names_slot {
    const char *name; /* NULL: free */
    uint32_t id;
};

static struct cx_names_slot *find_slot(const struct cx_names *names, const char *name)
{
    uint32_t mask = names->capacity - 1;
    uint32_t i = (uint32_t)XXH3_64bits(name, strlen(name)) & mask;
    while (names->slots[i].name != NULL && strcmp(names->slots[i].name, name) != 0)
        i = (i + 1) & mask;
    return &names->slots[i];
}

static enum cx_status grow(struct cx_names *names)
{
    struct cx_names old = *names;
    names->capacity = old.capacity == 0 ? CAPACITY_FIRST : old.capacity * 2;
    names->slots = cx_arena_array(names->arena, names->capacity, sizeof *names->slots);
    if (names->slots == NULL) {
        *names = old;
        return CX_MEMORY;
    }
    for (uint32_t i = 0; i < old.capacity; i++)
        if (old.slots[i].name != NULL)
            *find_slot(names, old.slots[i].name) = old.slots[i];
    return CX_OK;
}

enum cx_status cx_names_add(struct cx_names *names, const char *name, uint32_t id)
{
    if (names->count * 2 >= names->capacity) {
        enum cx_status status = grow(names);
        if (status != CX_OK)
            return status;
    }
    *find_slot(names, name) = (struct cx_names_slot){name, id};
    names->count++;
    return CX_OK;
}

uint32_t cx_names_find(const struct cx_names *names, const char *name)
{
    if (names->capacity == 0)
        return CX_VALUE_NONE;
    const struct cx_names_slot *slot = find_slot(names, name);
    return slot->name != NULL ? slot->id : CX_VALUE_NONE;
}
