/* A model's constants on a device. */
#include "graph/session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xxhash.h>

#include "error.h"
#include "graph/model.h"
#include "graph/weight.h"
#include "ops/number.h"

#define ROOM_ALIGN 64

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
    cx_session_end_packing(session);
}

void cx_session_destroy(struct cx_session *session)
{
    if (session == NULL)
        return;
    cx_session_clear(session);
    free(session);
}

/* Where a weight lies in its file, and what is done to it, tells it from others without a look at
 * the elements. */
static XXH128_hash_t contents_key(const struct cx_value *value)
{
    if (!value->in_file)
        return XXH3_128bits_withSeed(value->data, value->bytes, (XXH64_hash_t)value->dtype);
    XXH128_hash_t key =
        XXH3_128bits_withSeed(&value->data, sizeof value->data, (XXH64_hash_t)value->dtype);
    if (value->factors != NULL)
        key.low64 ^=
            XXH3_64bits(value->factors, (size_t)value->shape.dims[0] * sizeof value->factors[0]);
    return key;
}

/* Not from the heap: large blocks that come and go between a driver's own would leave holes there
 * as large as the weights together. NULL when memory is used up. */
static void *reading_room(struct cx_session *session, uint64_t bytes)
{
    if (session->reading_bytes >= bytes)
        return session->reading;
    cx_session_end_packing(session);
    void *room = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED)
        return NULL;
    session->reading = room;
    session->reading_bytes = bytes;
    return room;
}

void cx_session_end_packing(struct cx_session *session)
{
    if (session->reading != NULL)
        munmap(session->reading, session->reading_bytes);
    session->reading = NULL;
    session->reading_bytes = 0;
}

enum cx_status cx_session_halves(struct cx_session *session, const struct cx_value *value,
                                 const void **ret_data, struct cx_error *err)
{
    XXH128_hash_t key = contents_key(value);
    for (struct cx_halves *at = session->halves; at != NULL; at = at->next) {
        if (XXH128_isEqual(at->key, key)) {
            *ret_data = at->data;
            return CX_OK;
        }
    }
    struct cx_halves *halves = malloc(sizeof *halves + value->bytes / 2);
    const float *from = value->in_file ? reading_room(session, value->bytes) : value->data;
    if (halves == NULL || from == NULL) {
        free(halves);
        return cx_error_set(err, CX_MEMORY, "no memory for a constant in half");
    }
    if (value->in_file)
        cx_weight_read(value, session->reading);
    struct cx_tensor to = {CX_DTYPE_FLOAT16, value->shape, halves->data};
    int64_t count = cx_shape_elements(&value->shape);
    for (int64_t i = 0; i < count; i++)
        cx_set_f64(&to, i, (double)from[i]);
    cx_weight_release(value);
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
    XXH128_hash_t key = contents_key(value);
    XXH64_hash_t form = XXH3_64bits_withSeed(kind, strlen(kind), bytes);
    key.low64 ^= XXH3_64bits_withSeed(&value->shape.rank, sizeof value->shape.rank, form);
    key.high64 ^= XXH3_64bits_withSeed(value->shape.dims,
                                       value->shape.rank * sizeof value->shape.dims[0], form);
    return key;
}

static void *alloc_room(uint64_t bytes)
{
    return aligned_alloc(ROOM_ALIGN, (bytes + ROOM_ALIGN - 1) / ROOM_ALIGN * ROOM_ALIGN);
}

/* Writes a constant's form to ROOM. */
static enum cx_status fill(struct cx_session *session, const struct cx_value *value, uint64_t bytes,
                           cx_pack_fn *pack, const void *context, void *room, struct cx_error *err)
{
    if (pack == NULL) {
        cx_weight_read(value, room);
        return CX_OK;
    }
    struct cx_value plain = *value;
    if (value->in_file) {
        void *elements = reading_room(session, value->bytes);
        if (elements == NULL)
            return cx_error_set(err, CX_MEMORY, "no memory to repack a constant");
        cx_weight_read(value, elements);
        cx_weight_release(value);
        plain.data = elements;
        plain.in_file = false;
        plain.factors = NULL;
    }
    memset(room, 0, bytes);
    pack(&plain, room, context);
    return CX_OK;
}

/* Into the buffer itself where the host can; else through host memory, because packing writes in no
 * order, which memory behind a bus does not like. */
static enum cx_status upload(struct cx_session *session, const struct cx_value *value,
                             uint64_t bytes, cx_pack_fn *pack, const void *context,
                             struct cx_buffer **ret_buffer, struct cx_error *err)
{
    struct cx_buffer *buffer = NULL;
    void *room = NULL;
    bool unified = cx_device_describe(session->device)->unified_memory;
    enum cx_status status = cx_buffer_create(session->device, bytes, &buffer, err);
    if (status != CX_OK)
        return status;
    if (unified) {
        status = cx_buffer_map(buffer, bytes, &room, err);
    } else if (pack != NULL || value->in_file) {
        room = alloc_room(bytes);
        if (room == NULL)
            status = cx_error_set(err, CX_MEMORY, "no memory to repack a constant");
    }
    if (status == CX_OK && room != NULL)
        status = fill(session, value, bytes, pack, context, room, err);
    if (unified && room != NULL) {
        enum cx_status unmapped = cx_buffer_unmap(buffer, room, status == CX_OK ? err : NULL);
        status = status == CX_OK ? unmapped : status;
    } else if (status == CX_OK) {
        status = cx_buffer_write(buffer, 0, room != NULL ? room : value->data, bytes, err);
    }
    cx_weight_release(value);
    if (status == CX_OK) {
        *ret_buffer = buffer;
        buffer = NULL;
    }
    if (!unified)
        free(room);
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
