/* What the commands of keys.def do: a function each, defined by the file of app/ whose matter it
 * is. */
#ifndef TUI_CONSOLE_APP_DO_H
#define TUI_CONSOLE_APP_DO_H

#include "app/app.h"

#define TUI_KEY(context, command, lower, keys, hint, help) void tui_do_##lower(struct tui_app *app);
#include "keys/keys.def"
#undef TUI_KEY

#endif
