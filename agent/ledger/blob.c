#include "blob.h"

#include <stdlib.h>
#include <string.h>

struct agent_blob *agent_blob_new(const void *bytes, size_t size)
{
    struct agent_blob *blob = malloc(sizeof *blob + size);
    if (blob == NULL)
        return NULL;
    atomic_init(&blob->refs, 1);
    blob->size = size;
    if (bytes != NULL && size > 0)
        memcpy(blob->bytes, bytes, size);
    return blob;
}

struct agent_blob *agent_blob_ref(struct agent_blob *blob)
{
    if (blob != NULL)
        atomic_fetch_add_explicit(&blob->refs, 1, memory_order_relaxed);
    return blob;
}

void agent_blob_unref(struct agent_blob *blob)
{
    if (blob != NULL && atomic_fetch_sub_explicit(&blob->refs, 1, memory_order_acq_rel) == 1)
        free(blob);
}
