/* Polls as the coordinator's JSON. */
#ifndef TUI_CONSOLE_MODEL_POLL_H
#define TUI_CONSOLE_MODEL_POLL_H

#include "model/want.h"

/* Members of the list that it asks for; 0: it is no list. */
size_t tui_poll_limit(enum tui_poll poll);

/* Whether the poll is wanted, and about something. */
bool tui_poll_wanted(enum tui_poll poll, const struct tui_want *want);

/* Its request; NULL when memory ran out. The caller frees it. */
char *tui_poll_text(enum tui_poll poll, const struct tui_want *want);

/* What such a request asked for; all of it where that can't be read. */
void tui_poll_read(const char *text, struct tui_want *ret_want);

#endif
