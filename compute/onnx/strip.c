/* The message without its large elements, which the unpacking would copy. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "graph/weight.h"
#include "onnx/internal.h"
#include "onnx/onnx.h"

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2 }; /* and 4 bytes */
enum { MODEL_GRAPH = 7, GRAPH_INITIALIZER = 5, TENSOR_RAW_DATA = 9 };

struct strip {
    const uint8_t *data;
    struct onnx_stripped *out;
    size_t raw_room;
};

/* The scan has checked that it ends in time. */
static uint64_t read_varint(const uint8_t *data, size_t *at)
{
    uint64_t value = 0;
    uint32_t shift = 0;
    uint8_t byte;
    do {
        byte = data[(*at)++];
        value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while ((byte & 0x80) != 0);
    return value;
}

static void emit(struct strip *strip, size_t from, size_t to)
{
    memcpy(strip->out->message + strip->out->size, strip->data + from, to - from);
    strip->out->size += to - from;
}

/* A shorter length in as many bytes: a varint may end in groups of zeros. */
static void patch_length(uint8_t *bytes, size_t n, uint64_t length)
{
    for (size_t i = 0; i < n; i++, length >>= 7)
        bytes[i] = (uint8_t)((length & 0x7f) | (i + 1 < n ? 0x80 : 0));
}

static bool add_raw(struct strip *strip)
{
    struct onnx_stripped *out = strip->out;
    if (out->raw_n == strip->raw_room) {
        size_t room = strip->raw_room == 0 ? 256 : strip->raw_room * 2;
        struct onnx_raw *raws = realloc(out->raws, room * sizeof *raws);
        if (raws == NULL)
            return false;
        out->raws = raws;
        strip->raw_room = room;
    }
    out->raws[out->raw_n++] = (struct onnx_raw){0, 0};
    return true;
}

struct field {
    uint64_t key;
    size_t start, length_at, body, size; /* the size of what has a length, or a fixed one */
};

static struct field read_field(const uint8_t *data, size_t at)
{
    struct field field = {.start = at};
    field.key = read_varint(data, &at);
    field.length_at = at;
    if ((field.key & 7) == WIRE_VARINT)
        read_varint(data, &at);
    else if ((field.key & 7) == WIRE_BYTES)
        field.size = read_varint(data, &at);
    else
        field.size = (field.key & 7) == WIRE_64 ? 8 : 4;
    field.body = at;
    return field;
}

static bool is_message(const struct field *field, uint64_t number)
{
    return (field->key & 7) == WIRE_BYTES && field->key >> 3 == number;
}

/* The length of the field whose body begins at BODY of what was emitted. */
static void close_field(struct strip *strip, const struct field *field, size_t body)
{
    size_t n = field->body - field->length_at;
    patch_length(strip->out->message + body - n, n, strip->out->size - body);
}

/* One tensor: raw_data of some size is left out and its place noted. */
static void strip_tensor(struct strip *strip, size_t at, size_t end)
{
    struct onnx_raw *raw = &strip->out->raws[strip->out->raw_n - 1];
    while (at < end) {
        struct field field = read_field(strip->data, at);
        bool is_raw = is_message(&field, TENSOR_RAW_DATA);
        bool leave = is_raw && field.size >= CX_WEIGHT_BYTES_MIN;
        at = field.body + field.size;
        emit(strip, field.start, leave ? field.body : at);
        if (leave)
            close_field(strip, &field, strip->out->size);
        /* Of a field that comes twice the last one counts. */
        if (is_raw)
            *raw = leave ? (struct onnx_raw){field.body, field.size} : (struct onnx_raw){0, 0};
    }
}

static bool strip_graph(struct strip *strip, size_t at, size_t end)
{
    while (at < end) {
        struct field field = read_field(strip->data, at);
        bool enter = is_message(&field, GRAPH_INITIALIZER);
        at = field.body + field.size;
        emit(strip, field.start, enter ? field.body : at);
        if (!enter)
            continue;
        size_t body = strip->out->size;
        if (!add_raw(strip))
            return false;
        strip_tensor(strip, field.body, at);
        close_field(strip, &field, body);
    }
    return true;
}

enum cx_status cx_onnx_strip(const uint8_t *data, size_t size, struct onnx_stripped *ret_stripped,
                             struct cx_error *error)
{
    struct onnx_stripped out = {.message = malloc(size)};
    struct strip strip = {.data = data, .out = &out};
    bool good = out.message != NULL;
    for (size_t at = 0; good && at < size;) {
        struct field field = read_field(data, at);
        bool enter = is_message(&field, MODEL_GRAPH);
        at = field.body + field.size;
        emit(&strip, field.start, enter ? field.body : at);
        size_t body = out.size;
        if (enter)
            good = strip_graph(&strip, field.body, at);
        if (enter)
            close_field(&strip, &field, body);
    }
    if (!good) {
        cx_onnx_stripped_finish(&out);
        return cx_error_set(error, CX_MEMORY, "out of memory");
    }
    *ret_stripped = out;
    return CX_OK;
}

void cx_onnx_stripped_finish(struct onnx_stripped *stripped)
{
    free(stripped->message);
    free(stripped->raws);
    *stripped = (struct onnx_stripped){0};
}
