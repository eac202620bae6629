/* Fetches models from the coordinator into the store, on a thread of its own: hashing gigabytes
 * must not delay heartbeats. */
#ifndef FETCH_H
#define FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "net_link.h"
#include "store.h"

struct fetch;

/* What became of a wanted model. Called on the fetch thread. */
struct fetch_result {
    uint32_t model;
    uint8_t hash[STORE_HASH_SIZE];
    const char *path;  /* of model.onnx; NULL: it could not be fetched */
    const char *error; /* then one line */
    uint64_t bytes;
    uint32_t rows_max; /* the configuration's max_batch; 1 without one */
};

struct fetch_options {
    const char *dir;
    uint64_t bytes_max;
    void (*on_result)(void *user, const struct fetch_result *result);
    void *user;
};

/* NULL with a line in ret_error (STORE_ERROR_MAX characters). */
struct fetch *agent_fetch_create(const struct fetch_options *options, char *ret_error);
void agent_fetch_destroy(struct fetch *fetch); /* BLOCKS until its thread has ended; takes NULL */

/* None of these block; any thread. */
void agent_fetch_want(struct fetch *fetch, uint32_t model, const uint8_t *hash);
/* The model is not used any more: its files may be removed. */
void agent_fetch_forget(struct fetch *fetch, const uint8_t *hash);
/* How far the fetch of a model is. False: it waits for its turn, or is over. */
bool agent_fetch_progress(struct fetch *fetch, const uint8_t *hash, uint64_t *ret_done,
                          uint64_t *ret_bytes);
/* The link that requests go out on; NULL: there is none, and the running fetch waits for one. The
 * link must stay valid until another one is set. */
void agent_fetch_set_link(struct fetch *fetch, struct net_link *link);
/* A MODEL_MANIFEST, MODEL_CHUNK or MODEL_DENIED; copies it. */
void agent_fetch_frame(struct fetch *fetch, const struct net_frame *frame);

#endif
