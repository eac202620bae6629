// Models on their way to agents: the manifest of a hash, and ranges of its files. Nothing an agent
// sends names a path: it names hashes of what the repository holds.
#include <stdlib.h>
#include <string.h>

#include "agent/coordinator/io.h"

static enum net_status deny(struct io_link *link, const uint8_t *hash, const char *text,
                            struct net_error *err)
{
    struct net_model_denied denied = {.text = net_text_of(text)};
    memcpy(denied.hash, hash, sizeof denied.hash);
    return net_model_denied_encode(&link->out, &denied, err);
}

enum net_status agent_io_model_want(struct agent_coordinator *c, struct io_link *link,
                                    const struct net_frame *frame, struct net_error *err)
{
    struct net_model_want want;
    enum net_status status = net_model_want_decode(frame, &want, err);
    if (status != NET_OK)
        return status;
    const struct agent_model *model = agent_model_set_find_hash(c->models, want.hash);
    if (model == NULL || model->error[0] != '\0')
        return deny(link, want.hash, "the model is not in the repository any more", err);
    struct net_model_manifest manifest;
    agent_model_manifest(model, &manifest);
    return net_model_manifest_encode(&link->out, &manifest, err);
}

enum net_status agent_io_model_read(struct agent_coordinator *c, struct io_link *link,
                                    const struct net_frame *frame, struct net_error *err)
{
    struct net_model_read read;
    enum net_status status = net_model_read_decode(frame, &read, err);
    if (status != NET_OK)
        return status;
    uint8_t *bytes = malloc(read.len);
    if (bytes == NULL)
        return deny(link, read.sha256, "out of memory", err);
    struct agent_error error = {0};
    uint32_t got = 0;
    uint64_t total = 0;
    if (agent_model_set_read(c->models, read.sha256, read.offset, read.len, bytes, &got, &total,
                             &error) == AGENT_OK) {
        struct net_model_chunk chunk = {
            .offset = read.offset, .total = total, .bytes = {.data = bytes, .len = got}};
        memcpy(chunk.sha256, read.sha256, sizeof chunk.sha256);
        status = net_model_chunk_encode(&link->out, &chunk, err);
    } else {
        status = deny(link, read.sha256, error.text, err);
    }
    free(bytes);
    return status;
}
