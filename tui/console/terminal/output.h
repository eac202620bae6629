/*
 * Bytes on their way to the terminal. Nothing here waits: what a slow line doesn't take stays, and
 * the next frame is painted when it is gone, so that frames are left out instead of piling up.
 */
#ifndef TUI_CONSOLE_TERMINAL_OUTPUT_H
#define TUI_CONSOLE_TERMINAL_OUTPUT_H

#include <stdint.h>

#include "terminal/codec/bytes.h"

struct tui_output {
    int fd; /* its own: that it doesn't block is nobody else's affair */
    struct tui_bytes pending;
    size_t sent;          /* of pending */
    unsigned int rate;    /* bytes/s; 0: as much as the line takes */
    double tokens;        /* bytes that may be sent now; negative after a large frame */
    int64_t tokens_at_ms; /* when they were counted */
    uint64_t total;       /* bytes so far */
};

/*
 * Opens the terminal behind the descriptor `tty` a second time, without blocking. False if the
 * terminal can't be opened (errno says why).
 */
bool tui_output_open(struct tui_output *output, int tty, unsigned int rate, int64_t now_ms);
void tui_output_close(struct tui_output *output);

/* Writes what is pending; true if nothing is left. The descriptor is writable when it goes on. */
bool tui_output_flush(struct tui_output *output);

/*
 * How many bytes a frame may have now: 0 while the line or the rate is behind. A frame that the
 * operator's key asks for may use all that the rate allows, one for data leaves a part for keys.
 */
size_t tui_output_room(struct tui_output *output, bool key, int64_t now_ms);

/* When the rate gives room for a frame again, in milliseconds from then; 0: it does already. */
int64_t tui_output_wait_ms(const struct tui_output *output, bool key);

/* Takes the bytes over (they are cleared) and sends what the line takes at once. */
void tui_output_send(struct tui_output *output, struct tui_bytes *bytes);

/* Sends what is pending and `text`, waiting for a slow line, for half a second at most. */
void tui_output_last(struct tui_output *output, const char *text);

#endif
