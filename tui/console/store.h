/* The file in which what the console keeps lies: $XDG_STATE_HOME/stoker/console. */
#ifndef TUI_CONSOLE_STORE_H
#define TUI_CONSOLE_STORE_H

#include <stdbool.h>
#include <stddef.h>

/* False where neither $XDG_STATE_HOME nor $HOME says where, or the path doesn't fit. */
bool tui_store_path(char *ret_path, size_t size);

/* The text of the file, at most TUI_STATE_BYTES_MAX of it. NULL: there is none that can be read.
 * The caller frees it. */
char *tui_store_load(const char *path);

/* Replaces the file, or leaves it whole; makes its folders. False, with errno, when it can't. */
bool tui_store_save(const char *path, const char *text);

#endif
