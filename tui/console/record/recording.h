/*
 * Reads a recording, of which not a byte is trusted: what is damaged or missing is passed over and
 * counted, and nothing that a file says sizes anything beyond the bounds of format.h.
 */
#ifndef TUI_CONSOLE_RECORD_RECORDING_H
#define TUI_CONSOLE_RECORD_RECORDING_H

#include "record/format.h"

struct tui_recording_frame {
    unsigned int file;
    bool counted;    /* among the damaged bytes */
    uint64_t offset; /* of its packed bytes */
    struct tui_record_frame head;
};

struct tui_recording_frames {
    struct tui_recording_frame *at;
    size_t count, size;
};

struct tui_recording {
    int fds[2]; /* -1: none */
    /* In the order of time. */
    struct tui_recording_frames data, thin;
    int64_t first_ms, last_ms; /* of the DATA frames */
    bool ended;                /* it was ended, not cut off */
    bool earlier_lost;         /* files from before the first one are gone: the bound was reached */
    uint64_t damaged_bytes;    /* passed over so far */
    uint64_t cut_bytes;        /* of the frame that was being written at the end */
};

/* Opens PATH, and with it PATH.1 where it is the part before. False: ret_error says why, which
 * includes that nothing in it can be read. */
bool tui_recording_open(const char *path, struct tui_recording **ret_recording,
                        char ret_error[TUI_TEXT_SIZE]);

/* The same from open files, the earlier one first (-1: none). They are the recording's from then
 * on, after a failure too. */
bool tui_recording_open_fds(const int fds[2], struct tui_recording **ret_recording,
                            char ret_error[TUI_TEXT_SIZE]);

void tui_recording_close(struct tui_recording *recording);

/* The first DATA frame that ends at or after `at_ms`; count if there is none. */
size_t tui_recording_find(const struct tui_recording_frames *frames, int64_t at_ms);

/* What was the wall clock at a time of the recording. */
int64_t tui_recording_wall_ms(const struct tui_recording *recording, int64_t at_ms);

/* What is missing, in words; "" when nothing is. */
void tui_recording_missing(const struct tui_recording *recording, char ret_text[TUI_TEXT_SIZE]);

/* Walks over the records of the frames from `frame` on. Zeroed, then set with tui_cursor_set. */
struct tui_cursor {
    struct tui_recording *recording;
    struct tui_recording_frames *frames;
    size_t frame; /* the next to be read */
    unsigned char *bytes;
    size_t size, len, at;
};

void tui_cursor_set(struct tui_cursor *cursor, struct tui_recording *recording,
                    struct tui_recording_frames *frames, size_t frame);
/* The next record, valid until the next call; false at the end. */
bool tui_cursor_next(struct tui_cursor *cursor, struct tui_record *ret_record);
void tui_cursor_finish(struct tui_cursor *cursor);

#endif
