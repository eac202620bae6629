#include "kernels/source.h"

#include <stddef.h>
#include <string.h>

#include <xxhash.h>

const struct cx_source *cx_source_find(const char *name)
{
    for (const struct cx_source *source = cx_sources; source->name != NULL; source++)
        if (strcmp(source->name, name) == 0)
            return source;
    return NULL;
}

uint64_t cx_sources_hash(void)
{
    uint64_t hash = 0;
    for (const struct cx_source *source = cx_sources; source->name != NULL; source++) {
        const char *text = (const char *)source->text;
        hash = XXH3_64bits_withSeed(source->name, strlen(source->name), hash);
        hash = XXH3_64bits_withSeed(text, strlen(text), hash);
    }
    return hash;
}
