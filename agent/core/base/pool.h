// Blocks of one size that come and go all the time: those that were freed last are used next. The
// heap has the rest.
#ifndef AGENT_POOL_H
#define AGENT_POOL_H

#include <stddef.h>

// Zero-initialised with its size is empty.
struct agent_pool {
    size_t size;     // of a block, at least that of a pointer
    size_t kept_max; // free blocks
    size_t kept;
    void *first;
};

void *agent_pool_get(struct agent_pool *pool);             // not cleared; NULL: no memory
void agent_pool_put(struct agent_pool *pool, void *block); // takes NULL
void agent_pool_finish(struct agent_pool *pool);           // blocks in use stay

#endif
