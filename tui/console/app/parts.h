/* The parts of the application state that app.c hands keys on to. */
#ifndef TUI_CONSOLE_APP_PARTS_H
#define TUI_CONSOLE_APP_PARTS_H

#include "app/app.h"

/* Opens the confirmation of an action; asks for the plan first where the action has one. */
void tui_dialog_open(struct tui_app *app, enum tui_verb verb, const char *agent, uint64_t id,
                     uint64_t deadline_ms, const char *reason);
/* True if the answer was the dialog's plan; it is copied. */
bool tui_dialog_answer(struct tui_app *app, const struct tui_update *update);

/* Whether a line begins with a verb; and opens the dialog for it. */
bool tui_command_is_verb(const char *line);
void tui_command_run(struct tui_app *app, const char *line);
/* How that verb is called; false if it is none. */
bool tui_command_usage(const char *line, char *ret_text, size_t size);

void tui_list_finish(struct tui_list *list);

/* Appends to the outbox with a new token; 0 if the outbox is full. */
uint64_t tui_app_send(struct tui_app *app, const struct tui_request *request);

#endif
