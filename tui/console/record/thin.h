/* What a message comes down to for those who only pass by on the way to a later one. */
#ifndef TUI_CONSOLE_RECORD_THIN_H
#define TUI_CONSOLE_RECORD_THIN_H

#include <stdbool.h>
#include <stddef.h>

/* A list of a snapshot that is longer is left out of the thin one. */
#define TUI_THIN_LIST_BYTES 1024

/* Whether it is one with long lists of agents: a whole snapshot or a part of one. */
bool tui_thin_is_fleet(const char *kind);

/* Whether a message of the kind belongs into a THIN frame at all. */
bool tui_thin_wants(const char *kind);

/*
 * Copies a JSON object without the contents of its long arrays: "agents":[] stays of them. Text
 * that is no JSON object comes out cut or whole; nothing is read or written out of bounds. ret_text
 * holds `len` bytes. Returns the bytes written.
 */
size_t tui_thin(const char *text, size_t len, char *ret_text);

#endif
