/* The models that a coordinator offers: NAME/VERSION/model.onnx (and external data) with
 * NAME/config.ini, as in Triton's layout. A scan makes an immutable set; the next scan takes over
 * what has not changed, so that only new files are read and hashed.
 *
 * A set is read by any number of threads and freed by its owner. */
#ifndef AGENT_REPOSITORY_H
#define AGENT_REPOSITORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/core/agent_status.h"
#include "agent/core/coord/coord.h"
#include "net_msg.h"

enum {
    AGENT_MODELS_MAX = 4096, /* versions of all models together */
    AGENT_LABELS_MAX = 65536,
    AGENT_LABEL_BYTES_MAX = 256,
    AGENT_SIDE_MAX = 16384, /* of a picture */
    AGENT_TOP_MAX = 10,
    AGENT_HEDGE_TIMES_MAX = 100,
    AGENT_BATCH_MAX = 4096,
};

/* How a picture becomes the input tensor: value = (pixel * scale - mean) / std. */
struct agent_preprocess {
    bool given;
    uint32_t channels; /* 1 grey, 3 RGB */
    uint32_t width, height;
    bool nhwc; /* else nchw */
    double scale;
    uint32_t n_mean, n_std; /* 1, or one a channel */
    double mean[3], std[3];
};

struct agent_model_file {
    char path[NET_PATH_MAX + 1]; /* within the version's folder */
    uint64_t size;
    int64_t mtime_ns;
    uint64_t inode;
    uint8_t sha256[NET_HASH_SIZE];
};

struct agent_model {
    char name[NET_MODEL_NAME_MAX + 1];
    uint32_t version;
    char error[NET_TEXT_MAX];    /* why it can't be offered; "" for a valid model */
    uint8_t hash[NET_HASH_SIZE]; /* of name, version, files and what agents need of the config */
    uint64_t bytes;
    char description[256];
    uint32_t max_batch;
    struct agent_needs needs; /* what it asks of a device */
    uint32_t hedge_times;     /* as the setting schedule.hedge, for this model; 0 not given */
    bool cache_responses;     /* equal inputs have equal outputs, which may be given again */
    char input_name[NET_TENSOR_NAME_MAX + 1]; /* "" = the only one */
    char output_name[NET_TENSOR_NAME_MAX + 1];
    uint32_t top_k;
    struct agent_preprocess preprocess;
    uint32_t n_labels;
    char **labels;
    uint32_t n_files;
    struct agent_model_file *files; /* sorted by path */
    char config_json[64];           /* what agents need of the config */
};

struct agent_model_set;

/* Reads the folder `dir`. A folder that is missing makes an empty set; a model with a mistake in it
 * is listed with its error. `previous` (may be NULL) stays the caller's. BLOCKS on the disk: new
 * files are read whole. AGENT_ERR_IO (the folder can't be read), AGENT_ERR_FULL, AGENT_ERR_NOMEM.
 */
enum agent_status agent_repository_scan(const char *dir, const struct agent_model_set *previous,
                                        struct agent_model_set **ret_set, struct agent_error *err);
/* Takes NULL. */
void agent_model_set_destroy(struct agent_model_set *set);

/* Sorted by name, then newest version first. NULL out of range. */
const struct agent_model *agent_model_set_at(const struct agent_model_set *set, size_t i);
size_t agent_model_set_count(const struct agent_model_set *set);
/* Version 0 is the newest valid one, or the newest where none is valid. NULL: there is none. */
const struct agent_model *agent_model_set_find(const struct agent_model_set *set, const char *name,
                                               uint32_t version);
/* Valid models only. */
const struct agent_model *agent_model_set_find_hash(const struct agent_model_set *set,
                                                    const uint8_t hash[NET_HASH_SIZE]);
/* Whether both offer the same models with the same errors and configuration. */
bool agent_model_set_same(const struct agent_model_set *a, const struct agent_model_set *b);

/* Reads up to `len` bytes at `offset` of the file with this hash, from whichever valid model has
 * it. AGENT_ERR_NOT_FOUND (no such file), AGENT_ERR_INVAL (behind its end), AGENT_ERR_IO,
 * AGENT_ERR_CORRUPT (its size is no longer what was hashed). */
enum agent_status agent_model_set_read(const struct agent_model_set *set,
                                       const uint8_t sha256[NET_HASH_SIZE], uint64_t offset,
                                       uint32_t len, uint8_t *buffer, uint32_t *ret_got,
                                       uint64_t *ret_total, struct agent_error *err);

/* Fills the message; its texts point into the model. */
void agent_model_manifest(const struct agent_model *model, struct net_model_manifest *ret_manifest);

#endif
