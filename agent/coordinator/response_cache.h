// Results of jobs, kept to answer equal ones: by what was asked (the model's hash and the inputs as
// they travel), in bounded memory, the least recently used of them first to go. One thread.
#ifndef AGENT_RESPONSE_CACHE_H
#define AGENT_RESPONSE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/core/record.h"
#include "agent/ledger/blob.h"

#define AGENT_RESPONSE_KEY_SIZE 32

struct agent_response_cache;

struct agent_response_stats {
    uint64_t hits, misses, evictions;
    uint64_t bytes, entries; // that it has now
};

// SHA-256 of both. False: it can't be worked out (no memory).
bool agent_response_key(const uint8_t model_hash[AGENT_HASH_SIZE], const void *inputs, size_t size,
                        uint8_t ret_key[AGENT_RESPONSE_KEY_SIZE]);

// `bytes_max` is of results and what is kept beside them; 0: nothing is kept. NULL: no memory.
struct agent_response_cache *agent_response_cache_new(uint64_t bytes_max);
void agent_response_cache_free(struct agent_response_cache *cache); // takes NULL
void agent_response_cache_limit(struct agent_response_cache *cache, uint64_t bytes_max);
// With a reference, which is the caller's. NULL: it has none.
struct agent_blob *agent_response_cache_get(struct agent_response_cache *cache,
                                            const uint8_t key[AGENT_RESPONSE_KEY_SIZE]);
// Takes a reference, unless the blob is larger than all that may be kept, or memory is short.
void agent_response_cache_put(struct agent_response_cache *cache,
                              const uint8_t key[AGENT_RESPONSE_KEY_SIZE], struct agent_blob *blob);
struct agent_response_stats agent_response_cache_stats(const struct agent_response_cache *cache);

#endif
