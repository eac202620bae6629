/* Keys of what is kept on disk: a hash of everything that an entry depends on. */
#ifndef CX_KEY_H
#define CX_KEY_H

#include <stddef.h>
#include <string.h>

#include <xxhash.h>

/* Adds one more thing to a key, which begins as {0, 0}. The order of things counts. */
static inline void cx_key_add(XXH128_hash_t *key, const void *data, size_t bytes)
{
    XXH128_hash_t part = XXH3_128bits_withSeed(data, bytes, key->low64);
    key->high64 = key->high64 * UINT64_C(0x9e3779b97f4a7c15) ^ part.high64;
    key->low64 = part.low64;
}

static inline void cx_key_add_text(XXH128_hash_t *key, const char *text)
{
    cx_key_add(key, text, strlen(text));
}

#endif
