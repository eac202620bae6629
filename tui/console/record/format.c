#include "record/format.h"

#include <string.h>

#include <zlib.h>

#define FRAME_MAGIC 0x4d524653u /* "SFRM" */

static const char file_magic[7] = "STKRREC";

/* Writes and reads one number after the other. */
struct pen {
    unsigned char *at;
};

struct eye {
    const unsigned char *at;
};

static void put(struct pen *pen, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        *pen->at++ = (unsigned char)(value >> (8 * i));
}

static uint64_t get(struct eye *eye, size_t bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)*eye->at++ << (8 * i);
    return value;
}

static uint32_t crc_of(const unsigned char *bytes, size_t len)
{
    return (uint32_t)crc32(0, bytes, (uInt)len);
}

/* So that no difference of two can overflow. */
static bool is_time(int64_t ms)
{
    return ms >= 0 && ms <= (int64_t)TUI_INTEGER_MAX;
}

void tui_record_put_file(unsigned char ret_bytes[TUI_RECORD_FILE_BYTES],
                         const struct tui_record_file *file)
{
    struct pen pen = {ret_bytes + sizeof(file_magic)};

    memcpy(ret_bytes, file_magic, sizeof(file_magic));
    put(&pen, TUI_RECORD_VERSION, 1);
    put(&pen, file->session, 8);
    put(&pen, file->segment, 4);
    put(&pen, crc_of(ret_bytes, TUI_RECORD_FILE_BYTES - 4), 4);
}

bool tui_record_get_file(const unsigned char bytes[TUI_RECORD_FILE_BYTES],
                         struct tui_record_file *ret_file, uint8_t *ret_version)
{
    struct eye eye = {bytes + sizeof(file_magic)};
    struct tui_record_file file;
    uint8_t version;

    *ret_version = 0;
    if (memcmp(bytes, file_magic, sizeof(file_magic)) != 0)
        return false;
    version = (uint8_t)get(&eye, 1);
    file.session = get(&eye, 8);
    file.segment = (uint32_t)get(&eye, 4);
    if (version != TUI_RECORD_VERSION) {
        *ret_version = version;
        return false;
    }
    if (get(&eye, 4) != crc_of(bytes, TUI_RECORD_FILE_BYTES - 4))
        return false;
    *ret_file = file;
    *ret_version = version;
    return true;
}

void tui_record_put_frame(unsigned char ret_bytes[TUI_RECORD_FRAME_BYTES],
                          const struct tui_record_frame *frame)
{
    struct pen pen = {ret_bytes};

    put(&pen, FRAME_MAGIC, 4);
    put(&pen, frame->type, 1);
    put(&pen, frame->flags, 1);
    put(&pen, frame->marks, 2);
    put(&pen, frame->packed, 4);
    put(&pen, frame->raw, 4);
    put(&pen, (uint64_t)frame->first_ms, 8);
    put(&pen, (uint64_t)frame->last_ms, 8);
    put(&pen, (uint64_t)frame->first_wall_ms, 8);
    put(&pen, frame->crc, 4);
    put(&pen, crc_of(ret_bytes, TUI_RECORD_FRAME_BYTES - 4), 4);
}

bool tui_record_get_frame(const unsigned char bytes[TUI_RECORD_FRAME_BYTES],
                          struct tui_record_frame *ret_frame)
{
    struct eye eye = {bytes};
    struct tui_record_frame frame;

    if (get(&eye, 4) != FRAME_MAGIC)
        return false;
    frame.type = (uint8_t)get(&eye, 1);
    frame.flags = (uint8_t)get(&eye, 1);
    frame.marks = (uint16_t)get(&eye, 2);
    frame.packed = (uint32_t)get(&eye, 4);
    frame.raw = (uint32_t)get(&eye, 4);
    frame.first_ms = (int64_t)get(&eye, 8);
    frame.last_ms = (int64_t)get(&eye, 8);
    frame.first_wall_ms = (int64_t)get(&eye, 8);
    frame.crc = (uint32_t)get(&eye, 4);
    if (get(&eye, 4) != crc_of(bytes, TUI_RECORD_FRAME_BYTES - 4))
        return false;
    /* compressBound() of the largest frame is its size and a thousandth. */
    if (frame.raw > TUI_RECORD_RAW_MAX || frame.packed > compressBound(TUI_RECORD_RAW_MAX) ||
        !is_time(frame.first_ms) || !is_time(frame.last_ms) || !is_time(frame.first_wall_ms) ||
        frame.last_ms < frame.first_ms)
        return false;
    *ret_frame = frame;
    return true;
}

size_t tui_record_size(const struct tui_record *record)
{
    return TUI_RECORD_HEAD_BYTES + strlen(record->kind) + strlen(record->asked) + record->len;
}

void tui_record_put(unsigned char *ret_bytes, const struct tui_record *record)
{
    struct pen pen = {ret_bytes};
    size_t kind_len = strlen(record->kind);
    size_t asked_len = strlen(record->asked);

    put(&pen, record->len, 4);
    put(&pen, (uint64_t)record->at_ms, 8);
    put(&pen, (uint64_t)record->wall_ms, 8);
    put(&pen, record->token, 8);
    put(&pen, record->flags, 1);
    put(&pen, kind_len, 1);
    put(&pen, asked_len, 2);
    memcpy(pen.at, record->kind, kind_len);
    memcpy(pen.at + kind_len, record->asked, asked_len);
    if (record->len > 0)
        memcpy(pen.at + kind_len + asked_len, record->text, record->len);
}

bool tui_record_get(const unsigned char *bytes, size_t len, size_t *at,
                    struct tui_record *ret_record)
{
    size_t left = len - *at;
    struct eye eye;
    size_t kind_len;
    size_t asked_len;

    if (left < TUI_RECORD_HEAD_BYTES)
        return false;
    eye.at = bytes + *at;
    ret_record->len = (uint32_t)get(&eye, 4);
    ret_record->at_ms = (int64_t)get(&eye, 8);
    ret_record->wall_ms = (int64_t)get(&eye, 8);
    ret_record->token = get(&eye, 8);
    ret_record->flags = (uint8_t)get(&eye, 1);
    kind_len = (size_t)get(&eye, 1);
    asked_len = (size_t)get(&eye, 2);
    left -= TUI_RECORD_HEAD_BYTES;
    if (kind_len >= TUI_RECORD_KIND_SIZE || asked_len >= TUI_RECORD_ASKED_SIZE ||
        kind_len + asked_len > left || ret_record->len > left - kind_len - asked_len ||
        !is_time(ret_record->at_ms) || !is_time(ret_record->wall_ms))
        return false;
    memcpy(ret_record->kind, eye.at, kind_len);
    ret_record->kind[kind_len] = 0;
    memcpy(ret_record->asked, eye.at + kind_len, asked_len);
    ret_record->asked[asked_len] = 0;
    ret_record->text = (const char *)eye.at + kind_len + asked_len;
    *at += TUI_RECORD_HEAD_BYTES + kind_len + asked_len + ret_record->len;
    return true;
}
