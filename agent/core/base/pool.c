#include "pool.h"

#include <stdlib.h>

void *agent_pool_get(struct agent_pool *pool)
{
    void **block = pool->first;
    if (block == NULL)
        return malloc(pool->size);
    pool->first = *block;
    pool->kept--;
    return block;
}

void agent_pool_put(struct agent_pool *pool, void *block)
{
    if (block == NULL)
        return;
    if (pool->kept == pool->kept_max) {
        free(block);
        return;
    }
    *(void **)block = pool->first;
    pool->first = block;
    pool->kept++;
}

void agent_pool_finish(struct agent_pool *pool)
{
    while (pool->first != NULL) {
        void **block = pool->first;
        pool->first = *block;
        free(block);
    }
    pool->kept = 0;
}
