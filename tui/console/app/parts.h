/* The parts of the application state that app.c hands keys on to. */
#ifndef TUI_CONSOLE_APP_PARTS_H
#define TUI_CONSOLE_APP_PARTS_H

#include "app/app.h"

/* Whether a line begins with a verb; and opens the dialog for it. */
bool tui_command_is_verb(const char *line);
void tui_command_run(struct tui_app *app, const char *line);
/* How that verb is called; false if it is none. */
bool tui_command_usage(const char *line, char *ret_text, size_t size);

void tui_list_finish(struct tui_list *list);

/* Sends JSON to the coordinator: takes the text over (NULL: memory ran out) and returns the token
 * that the answer will have, or 0 after a message. */
uint64_t tui_app_send(struct tui_app *app, char *text);

#endif
