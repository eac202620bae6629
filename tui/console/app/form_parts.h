/* Between the files of the submit form. */
#ifndef TUI_CONSOLE_APP_FORM_PARTS_H
#define TUI_CONSOLE_APP_FORM_PARTS_H

#include "app/app.h"

/* Takes over what the errand owns, and returns its token; 0 if it could not be kept. */
uint64_t tui_form_send(struct tui_form *form, struct tui_errand *errand);

/* Whether what was typed is a path to go to rather than a part of a name. */
bool tui_form_is_path(const char *typed);

/* Asks for a folder; takes `path` over (NULL: nothing happens). */
void tui_form_read_folder(struct tui_app *app, char *path);
void tui_form_take_folder(struct tui_app *app, struct tui_news *news);

/* Finds the entries that match what was typed; the first is in focus then. */
void tui_form_match(struct tui_form *form);

/* Keys of the picker. */
void tui_form_look(struct tui_app *app);
void tui_form_move(struct tui_app *app, long step);
void tui_form_enter(struct tui_app *app);
void tui_form_leave_folder(struct tui_app *app);
void tui_form_mark(struct tui_app *app);

/* Copies the paths that the button would send. False when memory ran out. */
bool tui_form_take_files(const struct tui_form *form, struct tui_submission *submission);

#endif
