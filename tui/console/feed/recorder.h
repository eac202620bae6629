/*
 * Writes a recording while it happens: what it is given goes to a thread of its own, which packs
 * and writes, so that neither the feed nor the screen waits for the disk. At most about two
 * seconds are lost with the process.
 */
#ifndef TUI_CONSOLE_FEED_RECORDER_H
#define TUI_CONSOLE_FEED_RECORDER_H

#include "feed/tap.h"
#include "model/limits.h"

#define TUI_RECORDER_BYTES_DEFAULT ((uint64_t)1 << 30)
#define TUI_RECORDER_BYTES_MIN ((uint64_t)1 << 20)

struct tui_recorder;

struct tui_recorder_state {
    uint64_t messages, raw_bytes; /* received */
    uint64_t file_bytes;          /* written, in both files where it went on in a second one */
    uint64_t lost;                /* messages dropped because the disk was slower than they came */
    bool rotated;                 /* the beginning is gone: the bound was reached */
    bool stopped;                 /* it can't go on; `error` says why */
    char error[TUI_TEXT_SIZE];
};

struct tui_recorder_options {
    const char *path;
    uint64_t bytes_max;  /* 0: the default */
    const char *address; /* of the coordinator, for whoever replays it */
    const char *by;      /* who records */
};

/*
 * Creates `path`, which must not exist, for the owner alone. `bytes_max` bounds what is on disk: at
 * half of it the file becomes PATH.1, in place of the one before, and a new one is begun. False:
 * ret_error says why.
 */
bool tui_recorder_open(const struct tui_recorder_options *options,
                       struct tui_recorder **ret_recorder, char ret_error[TUI_TEXT_SIZE]);

/* A tui_tap_fn: `user` is the recorder. Never blocks on the disk. */
void tui_recorder_message(void *user, const struct tui_message *message);

void tui_recorder_state(struct tui_recorder *recorder, struct tui_recorder_state *ret_state);

/* Writes what is left and the end, waits for the disk, and frees it. ret_state may be NULL. */
void tui_recorder_close(struct tui_recorder *recorder, struct tui_recorder_state *ret_state);

#endif
