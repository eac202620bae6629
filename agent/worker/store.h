/* The models on an agent's disk: files named by what they hold, and a folder for each manifest that
 * links to them. A file is used only after its hash was checked; one that came half is gone on
 * with.
 *
 *   FOLDER/files/<sha256>           a whole file
 *   FOLDER/files/<sha256>.part      one that is being fetched
 *   FOLDER/models/<manifest hash>/  model.onnx and what lies beside it
 *
 * One thread and one process at a time use a folder; calls block on the disk. */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STORE_HASH_SIZE = 32,
    STORE_PATH_MAX = 1280,
    STORE_ERROR_MAX = 256,
    STORE_FILES_MAX = 256,
    STORE_NAME_MAX = 256,
};

struct store;

struct store_file {
    char path[STORE_NAME_MAX]; /* relative, checked by whoever fills it: no "..", not absolute */
    uint64_t size;
    uint8_t sha256[STORE_HASH_SIZE];
};

/* Makes the folders. NULL with a line in ret_error (STORE_ERROR_MAX characters). */
struct store *agent_store_open(const char *dir, uint64_t bytes_max, char *ret_error);
void agent_store_close(struct store *store);

/* Whether the file is here and whole: reads all of it. A damaged one is removed. */
bool agent_store_has(struct store *store, const struct store_file *file);

/* Begins to fetch a file, or goes on with it: *ret_offset is where the next chunk begins. One file
 * at a time. -1: an error of the disk. */
int agent_store_begin(struct store *store, const struct store_file *file, uint64_t *ret_offset,
                      char *ret_error);
/* Appends the bytes that begin at `offset`. 1, and nothing done, when that is not where the last
 * ones ended: they were asked for before the fetch was begun again. */
int agent_store_append(struct store *store, uint64_t offset, const void *bytes, size_t length,
                       char *ret_error);
/* Checks the hash of what has come. 0: the file is here; -1: it was not what was promised, and is
 * removed. */
int agent_store_finish(struct store *store, char *ret_error);
/* Stops fetching; what has come is kept for the next begin. */
void agent_store_abandon(struct store *store);

/* Lays a manifest's files out; all of them must be here. ret_path (STORE_PATH_MAX characters) is
 * the path of its model.onnx. */
int agent_store_assemble(struct store *store, const uint8_t *hash, const struct store_file *files,
                         size_t n, char *ret_path, char *ret_error);

/* Removes the models that were used longest ago until the rest fits with `wanted` further bytes.
 * `is_used` says which manifests must stay. */
void agent_store_trim(struct store *store, uint64_t wanted,
                      bool (*is_used)(void *user, const uint8_t *hash), void *user);

void agent_store_hex(const uint8_t *hash, char ret_text[2 * STORE_HASH_SIZE + 1]);

#endif
