// A table from ids that are given out in rising order to pointers. Neighbours lie side by side, in
// pages that go when their last one does.
#ifndef AGENT_IDPAGES_H
#define AGENT_IDPAGES_H

#include "agent/core/base/idmap.h"

#define AGENT_IDPAGE_IDS 64

struct agent_idpage {
    uint64_t number; // id / AGENT_IDPAGE_IDS
    uint32_t used;
    void *values[AGENT_IDPAGE_IDS]; // NULL: free
};

// Zero-initialised is empty.
struct agent_idpages {
    struct agent_idmap pages;
    struct agent_idpage *last;  // that was made; NULL none
    struct agent_idpage *spare; // an empty one, for the next; NULL none
    size_t count;
};

void agent_idpages_finish(struct agent_idpages *ids);
void *agent_idpages_get(const struct agent_idpages *ids, uint64_t id); // NULL: not there
// The id is not in it. False when memory is short: nothing has changed.
bool agent_idpages_put(struct agent_idpages *ids, uint64_t id, void *value);
void agent_idpages_remove(struct agent_idpages *ids, uint64_t id); // it is in it

#endif
