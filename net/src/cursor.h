// Reading and writing a message's body: little-endian, bounded, with an error that sticks, so that
// a codec reads as the list of its fields. `field` is a name for the error text.
#ifndef NET_SRC_CURSOR_H
#define NET_SRC_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net_msg.h"
#include "net_status.h"

// After the first failure every read returns 0 or an empty text and moves nothing.
struct net_reader {
    const uint8_t *at;
    const uint8_t *end;
    const char *message;
    enum net_status status;
    struct net_error error;
};

// Begins to read a frame, which must be of `type` and within its limit.
void net_reader_init(struct net_reader *reader, const struct net_frame *frame, enum net_type type);
// NET_OK when nothing failed and no byte is left; otherwise the first failure goes to `err`.
enum net_status net_reader_end(struct net_reader *reader, struct net_error *err);

uint8_t net_read_u8(struct net_reader *reader, const char *field);
uint16_t net_read_u16(struct net_reader *reader, const char *field);
uint32_t net_read_u32(struct net_reader *reader, const char *field);
uint64_t net_read_u64(struct net_reader *reader, const char *field);
// `len` bytes without a prefix, copied to `dst`, which is zeroed on failure.
void net_read_raw(struct net_reader *reader, const char *field, uint8_t *dst, size_t len);
// Bytes after a u32 or u64 length; points into the frame.
struct net_bytes net_read_bytes(struct net_reader *reader, const char *field, size_t max);
struct net_bytes net_read_bytes64(struct net_reader *reader, const char *field, size_t max);
// UTF-8 after a u16 length (short) or a u32 length (long); points into the frame.
struct net_text net_read_text(struct net_reader *reader, const char *field, size_t max);
struct net_text net_read_long_text(struct net_reader *reader, const char *field, size_t max);
// Fails the read with `why` unless `good`.
void net_read_check(struct net_reader *reader, bool good, enum net_status status, const char *field,
                    const char *why);

// Appends one frame to a buffer, which is as before if anything fails.
struct net_writer {
    struct net_buf *buf;
    size_t start;
    size_t room; // what the message may still take
    const char *message;
    enum net_status status;
    struct net_error error;
};

void net_writer_init(struct net_writer *writer, struct net_buf *buf, enum net_type type);
enum net_status net_writer_end(struct net_writer *writer, struct net_error *err);

// Makes room for `len` bytes that will follow, or fails as writing them would.
void net_write_reserve(struct net_writer *writer, size_t len);
void net_write_u8(struct net_writer *writer, uint8_t value);
void net_write_u16(struct net_writer *writer, uint16_t value);
void net_write_u32(struct net_writer *writer, uint32_t value);
void net_write_u64(struct net_writer *writer, uint64_t value);
void net_write_raw(struct net_writer *writer, const void *data, size_t len);
void net_write_bytes(struct net_writer *writer, struct net_bytes bytes);
void net_write_bytes64(struct net_writer *writer, struct net_bytes bytes);
void net_write_text(struct net_writer *writer, const char *field, struct net_text text, size_t max);
void net_write_long_text(struct net_writer *writer, const char *field, struct net_text text,
                         size_t max);
// A reason or error text: cut and cleaned, never refused.
void net_write_reason(struct net_writer *writer, struct net_text text);
void net_write_check(struct net_writer *writer, bool good, const char *field, const char *why);

// Little-endian, for the frame header.
uint16_t net_get_u16(const uint8_t *from);
uint32_t net_get_u32(const uint8_t *from);
void net_put_u32(uint8_t *to, uint32_t value);

#endif
