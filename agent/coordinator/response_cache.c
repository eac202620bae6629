#include "response_cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <openssl/evp.h>

#include "agent/core/base/idmap.h"

struct response {
    TAILQ_ENTRY(response) used;
    uint8_t key[AGENT_RESPONSE_KEY_SIZE];
    struct agent_blob *blob;
};

struct agent_response_cache {
    uint64_t bytes_max;
    struct agent_idmap by_key;   // by a key's first bytes, of which no two entries have the same
    TAILQ_HEAD(, response) used; // the least recently first
    struct agent_response_stats stats;
};

bool agent_response_key(const uint8_t model_hash[AGENT_HASH_SIZE], const void *inputs, size_t size,
                        uint8_t ret_key[AGENT_RESPONSE_KEY_SIZE])
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool ok = digest != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1 &&
              EVP_DigestUpdate(digest, model_hash, AGENT_HASH_SIZE) == 1 &&
              EVP_DigestUpdate(digest, inputs, size) == 1 &&
              EVP_DigestFinal_ex(digest, ret_key, NULL) == 1;
    EVP_MD_CTX_free(digest);
    return ok;
}

static uint64_t place_of(const uint8_t *key)
{
    uint64_t place;
    memcpy(&place, key, sizeof place);
    return place;
}

static uint64_t size_of(const struct agent_blob *blob)
{
    return sizeof(struct response) + sizeof *blob + blob->size;
}

static void drop(struct agent_response_cache *cache, struct response *response)
{
    agent_idmap_remove(&cache->by_key, place_of(response->key));
    TAILQ_REMOVE(&cache->used, response, used);
    cache->stats.bytes -= size_of(response->blob);
    cache->stats.entries--;
    agent_blob_unref(response->blob);
    free(response);
}

static void make_room(struct agent_response_cache *cache, uint64_t bytes)
{
    while (cache->stats.entries > 0 && cache->stats.bytes + bytes > cache->bytes_max) {
        drop(cache, TAILQ_FIRST(&cache->used));
        cache->stats.evictions++;
    }
}

struct agent_response_cache *agent_response_cache_new(uint64_t bytes_max)
{
    struct agent_response_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL)
        return NULL;
    cache->bytes_max = bytes_max;
    TAILQ_INIT(&cache->used);
    return cache;
}

void agent_response_cache_free(struct agent_response_cache *cache)
{
    if (cache == NULL)
        return;
    while (!TAILQ_EMPTY(&cache->used))
        drop(cache, TAILQ_FIRST(&cache->used));
    agent_idmap_finish(&cache->by_key);
    free(cache);
}

void agent_response_cache_limit(struct agent_response_cache *cache, uint64_t bytes_max)
{
    cache->bytes_max = bytes_max;
    make_room(cache, 0);
}

struct agent_blob *agent_response_cache_get(struct agent_response_cache *cache,
                                            const uint8_t key[AGENT_RESPONSE_KEY_SIZE])
{
    struct response *response = agent_idmap_get(&cache->by_key, place_of(key));
    if (response == NULL || memcmp(response->key, key, sizeof response->key) != 0) {
        cache->stats.misses++;
        return NULL;
    }
    cache->stats.hits++;
    TAILQ_REMOVE(&cache->used, response, used);
    TAILQ_INSERT_TAIL(&cache->used, response, used);
    return agent_blob_ref(response->blob);
}

void agent_response_cache_put(struct agent_response_cache *cache,
                              const uint8_t key[AGENT_RESPONSE_KEY_SIZE], struct agent_blob *blob)
{
    uint64_t bytes = size_of(blob);
    if (bytes > cache->bytes_max)
        return;
    struct response *response = calloc(1, sizeof *response);
    if (response == NULL)
        return;
    struct response *old = agent_idmap_get(&cache->by_key, place_of(key));
    if (old != NULL)
        drop(cache, old);
    make_room(cache, bytes);
    memcpy(response->key, key, sizeof response->key);
    if (!agent_idmap_put(&cache->by_key, place_of(key), response)) {
        free(response);
        return;
    }
    response->blob = agent_blob_ref(blob);
    TAILQ_INSERT_TAIL(&cache->used, response, used);
    cache->stats.bytes += bytes;
    cache->stats.entries++;
}

struct agent_response_stats agent_response_cache_stats(const struct agent_response_cache *cache)
{
    return cache->stats;
}
