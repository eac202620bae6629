/* A model's constants on a device. */
#include "graph/session.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "error.h"
#include "graph/model.h"
#include "ops/number.h"

/* Keyed by contents: bound graphs come and go and make constants of their own, and equal weights
 * need one copy. */
struct cx_packed {
    struct cx_packed *next;
    XXH128_hash_t key;
    struct cx_buffer *buffer;
};

struct cx_halves {
    struct cx_halves *next;
    XXH128_hash_t key;
    uint16_t data[];
};

enum cx_status cx_session_create(const struct cx_model *model, struct cx_device *device,
                                 struct cx_session **ret_session, struct cx_error *err)
{
    struct cx_session *session = calloc(1, sizeof *session);
    if (session == NULL)
        return cx_error_set(err, CX_MEMORY, "no memory for a session");
    session->graph = cx_model_graph(model);
    session->device = device;
    *ret_session = session;
    return CX_OK;
}

void cx_session_clear(struct cx_session *session)
{
    while (session->packed != NULL) {
        struct cx_packed *packed = session->packed;
        session->packed = packed->next;
        cx_buffer_destroy(packed->buffer);
        free(packed);
    }
    while (session->halves != NULL) {
        struct cx_halves *halves = session->halves;
        session->halves = halves->next;
        free(halves);
    }
    session->constant_bytes = 0;
}

void cx_session_destroy(struct cx_session *session)
{
    if (session == NULL)
        return;
    cx_session_clear(session);
    free(session);
}

enum cx_status cx_session_halves(struct cx_session *session, const struct cx_value *value,
                                 const void **ret_data, struct cx_error *err)
{
    XXH128_hash_t key = XXH3_128bits(value->data, value->bytes);
    for (struct cx_halves *at = session->halves; at != NULL; at = at->next) {
        if (XXH128_isEqual(at->key, key)) {
            *ret_data = at->data;
            return CX_OK;
        }
    }
    struct cx_halves *halves = malloc(sizeof *halves + value->bytes / 2);
    if (halves == NULL)
        return cx_error_set(err, CX_MEMORY, "no memory for a constant in half");
    struct cx_tensor to = {CX_DTYPE_FLOAT16, value->shape, halves->data};
    int64_t count = cx_shape_elements(&value->shape);
    const float *from = value->data;
    for (int64_t i = 0; i < count; i++)
        cx_set_f64(&to, i, (double)from[i]);
    halves->key = key;
    halves->next = session->halves;
    session->halves = halves;
    *ret_data = halves->data;
    return CX_OK;
}

uint64_t cx_session_constant_bytes(const struct cx_session *session)
{
    return session->constant_bytes;
}

static XXH128_hash_t packed_key(const struct cx_value *value, const char *kind, uint64_t bytes)
{
    XXH128_hash_t key =
        XXH3_128bits_withSeed(value->data, value->bytes, (XXH64_hash_t)value->dtype);
    XXH64_hash_t form = XXH3_64bits_withSeed(kind, strlen(kind), bytes);
    key.low64 ^= XXH3_64bits_withSeed(&value->shape.rank, sizeof value->shape.rank, form);
    key.high64 ^= XXH3_64bits_withSeed(value->shape.dims,
                                       value->shape.rank * sizeof value->shape.dims[0], form);
    return key;
}

/* Through host memory: packing writes in no order, which device memory may not like. */
static enum cx_status upload(struct cx_session *session, const struct cx_value *value,
                             uint64_t bytes, cx_pack_fn *pack, const void *context,
                             struct cx_buffer **ret_buffer, struct cx_error *err)
{
    struct cx_buffer *buffer = NULL;
    void *data = NULL;
    enum cx_status status = cx_buffer_create(session->device, bytes, &buffer, err);
    if (status != CX_OK)
        return status;
    if (pack != NULL) {
        size_t room = (bytes + 63) / 64 * 64;
        data = aligned_alloc(64, room);
        if (data == NULL) {
            status = cx_error_set(err, CX_MEMORY, "no memory to repack a constant");
            goto out;
        }
        memset(data, 0, room);
        pack(value, data, context);
    }
    status = cx_buffer_write(buffer, 0, data != NULL ? data : value->data, bytes, err);
    if (status == CX_OK) {
        *ret_buffer = buffer;
        buffer = NULL;
    }
out:
    free(data);
    cx_buffer_destroy(buffer);
    return status;
}

enum cx_status cx_session_pack(struct cx_session *session, const struct cx_value *value,
                               const char *kind, uint64_t bytes, cx_pack_fn *pack,
                               const void *context, struct cx_buffer **ret_buffer,
                               struct cx_error *err)
{
    XXH128_hash_t key = packed_key(value, kind, bytes);
    for (struct cx_packed *at = session->packed; at != NULL; at = at->next) {
        if (XXH128_isEqual(at->key, key)) {
            *ret_buffer = at->buffer;
            return CX_OK;
        }
    }
    struct cx_packed *packed = calloc(1, sizeof *packed);
    if (packed == NULL)
        return cx_error_set(err, CX_MEMORY, "no memory for a constant");
    enum cx_status status = upload(session, value, bytes, pack, context, &packed->buffer, err);
    if (status != CX_OK) {
        free(packed);
        return status;
    }
    packed->key = key;
    packed->next = session->packed;
    session->packed = packed;
    session->constant_bytes += bytes;
    *ret_buffer = packed->buffer;
    return CX_OK;
}

enum cx_status cx_session_constant(struct cx_session *session, const struct cx_value *value,
                                   struct cx_buffer **ret_buffer, struct cx_error *err)
{
    return cx_session_pack(session, value, "plain", value->bytes, NULL, NULL, ret_buffer, err);
}
