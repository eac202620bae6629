/*
 * What is kept from one start to the next, as text: a line each, its fields separated by tabs.
 * Views and columns stand by name, so that a file of another version does no harm: what isn't known
 * is left out.
 */
#ifndef TUI_CONSOLE_APP_STATE_H
#define TUI_CONSOLE_APP_STATE_H

#include "app/app.h"

#define TUI_STATE_BYTES_MAX 65536

/* The view, filters and orders, bookmarks and typed commands. The caller frees it; NULL: no memory.
 */
char *tui_state_write(const struct tui_app *app);

/* Takes over what is in a text that was written once; any text is allowed. Before the first key. */
void tui_state_read(struct tui_app *app, const char *text);

#endif
