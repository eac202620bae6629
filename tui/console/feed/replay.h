/* A recording as the console's source: what was recorded comes as it came. Nothing can be done. */
#ifndef TUI_CONSOLE_FEED_REPLAY_H
#define TUI_CONSOLE_FEED_REPLAY_H

#include "feed/source.h"

/* Opens it; the source stands at its start and waits. False: ret_error says why. */
bool tui_replay_open(const char *path, struct tui_source *ret_source,
                     char ret_error[TUI_TEXT_SIZE]);

/* Fills in what the application knows of it, and makes it refuse every action. */
void tui_replay_begin(const struct tui_source *source, struct tui_app *app);

/* Wishes what the command line says; NULL: nothing. False after a line on standard error. */
bool tui_replay_start(struct tui_app *app, const char *at, const char *speed);

#endif
