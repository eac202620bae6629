// Immutable bytes that several owners share: a job's inputs or outputs, on their way between the
// sockets and the ledger without being copied.
#ifndef AGENT_BLOB_H
#define AGENT_BLOB_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct agent_blob {
    atomic_uint refs;
    size_t size;
    uint8_t bytes[];
};

// With one reference, which is the caller's. `bytes` may be NULL: the caller fills them before
// anybody else sees the blob. NULL: no memory.
struct agent_blob *agent_blob_new(const void *bytes, size_t size);
struct agent_blob *agent_blob_ref(struct agent_blob *blob); // any thread; NULL gives NULL
void agent_blob_unref(struct agent_blob *blob);             // any thread; takes NULL

#endif
