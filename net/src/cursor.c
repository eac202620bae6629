#include "cursor.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "text.h"

// Whole numbers at once: on every machine that this runs on they lie in memory as on the wire.
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the wire is little-endian, and numbers are copied"
#endif

static inline uint64_t get(const uint8_t *from, size_t size)
{
    uint64_t value = 0;
    memcpy(&value, from, size);
    return value;
}

static inline void put(uint8_t *to, uint64_t value, size_t size)
{
    memcpy(to, &value, size);
}

uint16_t net_get_u16(const uint8_t *from)
{
    return (uint16_t)get(from, 2);
}

uint32_t net_get_u32(const uint8_t *from)
{
    return (uint32_t)get(from, 4);
}

void net_put_u32(uint8_t *to, uint32_t value)
{
    put(to, value, 4);
}

// ---- reading

void net_read_check(struct net_reader *reader, bool good, enum net_status status, const char *field,
                    const char *why)
{
    if (good || reader->status)
        return;
    reader->status = net_fail(&reader->error, status, "%s: %s %s", reader->message, field, why);
    reader->at = reader->end;
}

void net_reader_init(struct net_reader *reader, const struct net_frame *frame, enum net_type type)
{
    const struct net_message_info *info = net_message_info((uint16_t)type);
    reader->at = frame->body;
    reader->message = info->name;
    reader->status = NET_OK; // and `error` is set with it
    reader->end = frame->len ? frame->body + frame->len : frame->body;
    net_read_check(reader, frame->type == type, NET_ERR_PROTOCOL, "type", "is another message's");
    net_read_check(reader, frame->flags == 0, NET_ERR_PROTOCOL, "flags", "are not defined");
    net_read_check(reader, frame->len <= info->limit, NET_ERR_PROTOCOL, "body", "is too long");
}

enum net_status net_reader_end(struct net_reader *reader, struct net_error *err)
{
    net_read_check(reader, reader->at == reader->end, NET_ERR_PROTOCOL, "body",
                   "has bytes after its last field");
    if (reader->status && err)
        *err = reader->error;
    return reader->status;
}

// The next `len` bytes, or NULL when the body ends before them.
static inline const uint8_t *take(struct net_reader *reader, const char *field, uint64_t len)
{
    bool enough = !reader->status && len <= (size_t)(reader->end - reader->at);
    if (!enough) {
        net_read_check(reader, false, NET_ERR_PROTOCOL, field, "is cut off");
        return NULL;
    }
    const uint8_t *from = reader->at;
    if (len)
        reader->at += len;
    return from;
}

static inline uint64_t read_number(struct net_reader *reader, const char *field, size_t size)
{
    const uint8_t *from = take(reader, field, size);
    return from ? get(from, size) : 0;
}

uint8_t net_read_u8(struct net_reader *reader, const char *field)
{
    return (uint8_t)read_number(reader, field, 1);
}

uint16_t net_read_u16(struct net_reader *reader, const char *field)
{
    return (uint16_t)read_number(reader, field, 2);
}

uint32_t net_read_u32(struct net_reader *reader, const char *field)
{
    return (uint32_t)read_number(reader, field, 4);
}

uint64_t net_read_u64(struct net_reader *reader, const char *field)
{
    return read_number(reader, field, 8);
}

void net_read_raw(struct net_reader *reader, const char *field, uint8_t *dst, size_t len)
{
    const uint8_t *from = take(reader, field, len);
    if (from)
        memcpy(dst, from, len);
    else
        memset(dst, 0, len);
}

static struct net_bytes read_sized(struct net_reader *reader, const char *field, size_t max,
                                   size_t prefix)
{
    uint64_t len = read_number(reader, field, prefix);
    net_read_check(reader, len <= max, NET_ERR_PROTOCOL, field, "is too long");
    const uint8_t *from = take(reader, field, len);
    return from && len ? (struct net_bytes){from, (size_t)len} : (struct net_bytes){NULL, 0};
}

struct net_bytes net_read_bytes(struct net_reader *reader, const char *field, size_t max)
{
    return read_sized(reader, field, max, 4);
}

struct net_bytes net_read_bytes64(struct net_reader *reader, const char *field, size_t max)
{
    return read_sized(reader, field, max, 8);
}

static struct net_text read_utf8(struct net_reader *reader, const char *field, size_t max,
                                 size_t prefix)
{
    struct net_bytes bytes = read_sized(reader, field, max, prefix);
    const char *data = (const char *)bytes.data;
    bool good = net_utf8_valid(data, bytes.len);
    net_read_check(reader, good, NET_ERR_PROTOCOL, field, "is not UTF-8");
    return good ? (struct net_text){data, bytes.len} : (struct net_text){NULL, 0};
}

struct net_text net_read_text(struct net_reader *reader, const char *field, size_t max)
{
    return read_utf8(reader, field, max, 2);
}

struct net_text net_read_long_text(struct net_reader *reader, const char *field, size_t max)
{
    return read_utf8(reader, field, max, 4);
}

// ---- writing

static void write_fail(struct net_writer *writer, enum net_status status, const char *field,
                       const char *why)
{
    if (!writer->status)
        writer->status = net_fail(&writer->error, status, "%s: %s %s", writer->message, field, why);
}

void net_write_check(struct net_writer *writer, bool good, const char *field, const char *why)
{
    if (!good)
        write_fail(writer, NET_ERR_INVAL, field, why);
}

static void grow(struct net_writer *writer, size_t len)
{
    struct net_buf *buf = writer->buf;
    if (writer->status)
        return;
    if (len > writer->room) {
        write_fail(writer, NET_ERR_TOO_BIG, "body", "is over its size limit");
        return;
    }
    size_t cap = buf->cap ? buf->cap : 512;
    while (cap - buf->len < len)
        cap *= 2;
    uint8_t *grown = realloc(buf->data, cap);
    if (!grown) {
        write_fail(writer, NET_ERR_NOMEM, "body", "does not fit in memory");
        return;
    }
    buf->data = grown;
    buf->cap = cap;
}

static inline bool has_room(const struct net_writer *writer, size_t len)
{
    return !writer->status && len <= writer->room && len <= writer->buf->cap - writer->buf->len;
}

void net_write_reserve(struct net_writer *writer, size_t len)
{
    if (!has_room(writer, len))
        grow(writer, len);
}

// The next `len` bytes of the message, or NULL when it has failed.
static inline uint8_t *place(struct net_writer *writer, size_t len)
{
    if (!has_room(writer, len)) {
        grow(writer, len);
        if (writer->status)
            return NULL;
    }
    struct net_buf *buf = writer->buf;
    uint8_t *to = buf->data + buf->len;
    buf->len += len;
    writer->room -= len;
    return to;
}

void net_write_raw(struct net_writer *writer, const void *data, size_t len)
{
    uint8_t *to = len ? place(writer, len) : NULL;
    if (to)
        memcpy(to, data, len);
}

static inline void write_number(struct net_writer *writer, uint64_t value, size_t size)
{
    uint8_t *to = place(writer, size);
    if (to)
        put(to, value, size);
}

void net_writer_init(struct net_writer *writer, struct net_buf *buf, enum net_type type)
{
    const struct net_message_info *info = net_message_info((uint16_t)type);
    writer->buf = buf;
    writer->start = buf->len;
    writer->room = info->limit + (size_t)NET_FRAME_HEADER_SIZE;
    writer->message = info->name;
    writer->status = NET_OK; // and `error` is set with it
    write_number(writer, 0, 4);
    write_number(writer, type, 2);
    write_number(writer, 0, 2);
}

enum net_status net_writer_end(struct net_writer *writer, struct net_error *err)
{
    struct net_buf *buf = writer->buf;
    if (writer->status) {
        buf->len = writer->start;
        if (err)
            *err = writer->error;
        return writer->status;
    }
    net_put_u32(buf->data + writer->start,
                (uint32_t)(buf->len - writer->start - NET_FRAME_HEADER_SIZE));
    return NET_OK;
}

void net_write_u8(struct net_writer *writer, uint8_t value)
{
    write_number(writer, value, 1);
}

void net_write_u16(struct net_writer *writer, uint16_t value)
{
    write_number(writer, value, 2);
}

void net_write_u32(struct net_writer *writer, uint32_t value)
{
    write_number(writer, value, 4);
}

void net_write_u64(struct net_writer *writer, uint64_t value)
{
    write_number(writer, value, 8);
}

void net_write_bytes(struct net_writer *writer, struct net_bytes bytes)
{
    net_write_check(writer, bytes.len <= UINT32_MAX, "bytes", "are too many");
    write_number(writer, bytes.len, 4);
    net_write_raw(writer, bytes.data, bytes.len);
}

void net_write_bytes64(struct net_writer *writer, struct net_bytes bytes)
{
    write_number(writer, bytes.len, 8);
    net_write_raw(writer, bytes.data, bytes.len);
}

static void write_utf8(struct net_writer *writer, const char *field, struct net_text text,
                       size_t max, size_t prefix)
{
    net_write_check(writer, text.len <= max, field, "is too long");
    net_write_check(writer, net_utf8_valid(text.data, text.len), field, "is not UTF-8");
    write_number(writer, text.len, prefix);
    net_write_raw(writer, text.data, text.len);
}

void net_write_text(struct net_writer *writer, const char *field, struct net_text text, size_t max)
{
    write_utf8(writer, field, text, max, 2);
}

void net_write_long_text(struct net_writer *writer, const char *field, struct net_text text,
                         size_t max)
{
    write_utf8(writer, field, text, max, 4);
}

void net_write_reason(struct net_writer *writer, struct net_text text)
{
    char clean[NET_TEXT_MAX];
    size_t len = net_utf8_clean(text, clean, sizeof(clean));
    write_number(writer, len, 2);
    net_write_raw(writer, clean, len);
}
