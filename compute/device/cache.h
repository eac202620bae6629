/* Program binaries on disk, one file an entry. Knows bytes and keys, nothing of OpenCL.
 *
 * Several processes may share a folder: an entry appears whole by rename, and whoever reads it
 * checks all of it. Nothing here is an error to a caller that can build the program instead. */
#ifndef CX_CACHE_H
#define CX_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xxhash.h>

struct cx_cache {
    char *folder; /* NULL: no cache */
    uint64_t bytes_max;
};

enum cx_cache_result { CX_CACHE_HIT, CX_CACHE_MISS, CX_CACHE_REJECTED };

/* Makes the folder (and its parents). False when it can't be made or written; the cache is then
 * disabled. folder may be NULL. */
bool cx_cache_init(struct cx_cache *cache, const char *folder, uint64_t bytes_max);
void cx_cache_finish(struct cx_cache *cache);

/* On a hit *ret_data is malloc'ed and the caller's. REJECTED: an entry was there whose header, key,
 * length or checksum is wrong; it was removed. */
enum cx_cache_result cx_cache_load(const struct cx_cache *cache, XXH128_hash_t key,
                                   unsigned char **ret_data, size_t *ret_bytes);

/* Writes an entry and then removes the oldest until the folder is within bytes_max. Returns how
 * many were removed. A failure leaves no entry behind. */
uint64_t cx_cache_store(const struct cx_cache *cache, XXH128_hash_t key, const unsigned char *data,
                        size_t bytes);
/* Removes an entry that passed the checks but was refused by the driver. */
void cx_cache_remove(const struct cx_cache *cache, XXH128_hash_t key);

#endif
