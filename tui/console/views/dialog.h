/* The dialog of an action, over whatever view is behind it. */
#ifndef TUI_CONSOLE_VIEWS_DIALOG_H
#define TUI_CONSOLE_VIEWS_DIALOG_H

#include "app/app.h"

/* The most lines of its text that can be scrolled away. */
size_t tui_dialog_last(const struct tui_app *app, const struct tui_canvas *canvas);

#endif
