#include "names.h"

#include <stdlib.h>
#include <string.h>

// FNV-1a, from a start that nobody outside knows.
static uint64_t hash_of(const struct agent_names *names, const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u ^ names->seed;
    for (; *name != '\0'; name++)
        hash = (hash ^ (uint8_t)*name) * 0x100000001b3u;
    return hash ^ (hash >> 32);
}

void agent_names_finish(struct agent_names *names)
{
    free(names->buckets);
    *names = (struct agent_names){.seed = names->seed};
}

struct agent_named *agent_names_get(const struct agent_names *names, const char *name)
{
    if (names->count == 0)
        return NULL;
    uint64_t hash = hash_of(names, name);
    struct agent_named *thing = names->buckets[hash & (names->capacity - 1)];
    while (thing != NULL && (thing->hash != hash || strcmp(thing->name, name) != 0))
        thing = thing->next;
    return thing;
}

static void link_in(struct agent_named **buckets, size_t capacity, struct agent_named *thing)
{
    struct agent_named **bucket = &buckets[thing->hash & (capacity - 1)];
    thing->next = *bucket;
    *bucket = thing;
}

bool agent_names_reserve(struct agent_names *names)
{
    if (names->count < names->capacity)
        return true;
    size_t capacity = names->capacity == 0 ? 16 : names->capacity * 2;
    struct agent_named **buckets = calloc(capacity, sizeof(struct agent_named *));
    if (buckets == NULL)
        return false;
    for (size_t i = 0; i < names->capacity; i++) {
        while (names->buckets[i] != NULL) {
            struct agent_named *thing = names->buckets[i];
            names->buckets[i] = thing->next;
            link_in(buckets, capacity, thing);
        }
    }
    free(names->buckets);
    names->buckets = buckets;
    names->capacity = capacity;
    return true;
}

void agent_names_put(struct agent_names *names, struct agent_named *thing, const char *name)
{
    thing->name = name;
    thing->hash = hash_of(names, name);
    link_in(names->buckets, names->capacity, thing);
    names->count++;
}

void agent_names_remove(struct agent_names *names, struct agent_named *thing)
{
    struct agent_named **at = &names->buckets[thing->hash & (names->capacity - 1)];
    while (*at != thing)
        at = &(*at)->next;
    *at = thing->next;
    names->count--;
}
