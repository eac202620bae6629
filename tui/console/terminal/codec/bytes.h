/* A growing run of bytes. */
#ifndef TUI_CONSOLE_TERMINAL_CODEC_BYTES_H
#define TUI_CONSOLE_TERMINAL_CODEC_BYTES_H

#include <stdbool.h>
#include <stddef.h>

/* Starts zeroed. */
struct tui_bytes {
    char *data;
    size_t len, size;
    bool failed; /* memory ran out: what is there is not all */
};

void tui_bytes_add(struct tui_bytes *bytes, const char *data, size_t len);
void tui_bytes_text(struct tui_bytes *bytes, const char *text);
/* printf's formatting, cut at 63 bytes. */
void tui_bytes_print(struct tui_bytes *bytes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Forgets what is there, and keeps the memory. */
void tui_bytes_clear(struct tui_bytes *bytes);
void tui_bytes_finish(struct tui_bytes *bytes);

#endif
