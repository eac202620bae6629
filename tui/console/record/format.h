/*
 * A recording on disk: a header, then frames, each whole in itself. All numbers are little-endian.
 *
 *   file    magic "STKRREC" and the version (1 byte), session (8), segment (4), CRC-32 of it (4)
 *   frame   magic (4), type (1), flags (1), marks (2), packed bytes (4), raw bytes (4), first and
 * last monotonic time (8 each, ms), wall clock of the first (8, ms), CRC-32 of the packed bytes
 * (4), CRC-32 of the 44 bytes so far (4); then the packed bytes (zlib) record  body bytes (4),
 * monotonic time (8), wall clock (8), token (8), flags (1), bytes of the kind's name (1), bytes of
 * what it answers (2), the name, what it answers as it was sent, the body: the message as it came
 *
 * DATA frames hold every message. A THIN frame holds the messages of the DATA frames before it
 * without their bulk: enough for graphs and events, so that a reader that jumps into the middle
 * need not read all that came before. END is the last frame of a recording that was ended. A kind
 * that a reader doesn't know is passed over, and so is a type of frame. Numbers never change their
 * meaning; what is new gets a new kind, type or version.
 */
#ifndef TUI_CONSOLE_RECORD_FORMAT_H
#define TUI_CONSOLE_RECORD_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/limits.h"

#define TUI_RECORD_VERSION 1
#define TUI_RECORD_FILE_BYTES 24
#define TUI_RECORD_FRAME_BYTES 48
#define TUI_RECORD_HEAD_BYTES 32 /* of a record, before its kind */
#define TUI_RECORD_KIND_SIZE 24  /* with its final zero, like the next */
#define TUI_RECORD_ASKED_SIZE 1024

/* A writer closes a frame at this many bytes; the last message of it may be of any size. */
#define TUI_RECORD_GATHER_BYTES (1u << 20)
#define TUI_RECORD_RAW_MAX (2 * TUI_RECORD_GATHER_BYTES + TUI_MESSAGE_BYTES_MAX)
#define TUI_RECORD_FRAMES_MAX (1u << 22)

enum tui_record_type { TUI_RECORD_DATA = 1, TUI_RECORD_THIN = 2, TUI_RECORD_END = 3 };

/* The kind of a file's first record: {"address":…,"by":…,"version":…} of the recorder. */
#define TUI_RECORD_ABOUT "about"
/* Messages that the disk was too slow for: their number as text. */
#define TUI_RECORD_LOST "lost"

#define TUI_RECORD_PUBLISHED 1 /* flag of a record: struct tui_update's `published` */
#define TUI_RECORD_HAS_FLEET 1 /* flag of a frame: a whole snapshot is in it */

struct tui_record_file {
    uint64_t session; /* the same in each file of one recording */
    uint32_t segment; /* counts those files from 0 */
};

struct tui_record_frame {
    uint8_t type; /* enum tui_record_type, or one of a later version */
    uint8_t flags;
    uint16_t marks; /* DATA: alerts and acts in it, to jump from one to the next; THIN: events */
    uint32_t packed, raw;
    int64_t first_ms, last_ms, first_wall_ms;
    uint32_t crc; /* of the packed bytes */
};

/* One message. The text is borrowed from the frame it was read from. */
struct tui_record {
    char kind[TUI_RECORD_KIND_SIZE];
    int64_t at_ms, wall_ms;
    uint64_t token;
    uint8_t flags;
    char asked[TUI_RECORD_ASKED_SIZE]; /* "": nothing */
    const char *text;
    uint32_t len;
};

void tui_record_put_file(unsigned char ret_bytes[TUI_RECORD_FILE_BYTES],
                         const struct tui_record_file *file);
/* False: no recording. *ret_version is set for anything that begins like one, and is then a version
 * that this program can't read. */
bool tui_record_get_file(const unsigned char bytes[TUI_RECORD_FILE_BYTES],
                         struct tui_record_file *ret_file, uint8_t *ret_version);

void tui_record_put_frame(unsigned char ret_bytes[TUI_RECORD_FRAME_BYTES],
                          const struct tui_record_frame *frame);
/* False: not the head of a frame, or a damaged one, or sizes out of bounds. */
bool tui_record_get_frame(const unsigned char bytes[TUI_RECORD_FRAME_BYTES],
                          struct tui_record_frame *ret_frame);

/* The bytes that a record takes. */
size_t tui_record_size(const struct tui_record *record);
/* Writes it to tui_record_size() bytes. */
void tui_record_put(unsigned char *ret_bytes, const struct tui_record *record);
/* Reads the record at *at of `len` bytes and advances; false at the end, and where the rest is not
 * one. */
bool tui_record_get(const unsigned char *bytes, size_t len, size_t *at,
                    struct tui_record *ret_record);

#endif
