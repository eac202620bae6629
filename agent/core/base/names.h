// A hash table from names to the things that bear them: chained, the links are in the things.
#ifndef AGENT_NAMES_H
#define AGENT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agent_named {
    struct agent_named *next; // of the same bucket
    uint64_t hash;
    const char *name; // the thing's own
};

// Zero-initialised is empty; `seed` keeps outsiders from choosing names that share a bucket.
struct agent_names {
    struct agent_named **buckets;
    size_t capacity; // 0 or a power of two
    size_t count;
    uint64_t seed;
};

void agent_names_finish(struct agent_names *names); // the things stay
struct agent_named *agent_names_get(const struct agent_names *names,
                                    const char *name); // NULL: none
// Room for one more. False when memory is short: nothing has changed.
bool agent_names_reserve(struct agent_names *names);
// The name is not in it yet, and there is room for it (agent_names_reserve).
void agent_names_put(struct agent_names *names, struct agent_named *thing, const char *name);
void agent_names_remove(struct agent_names *names, struct agent_named *thing);

#endif
