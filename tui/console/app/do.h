/* What the commands of keys.def do: a function each, defined by the file of app/ whose matter it
 * is. */
#ifndef TUI_CONSOLE_APP_DO_H
#define TUI_CONSOLE_APP_DO_H

#include "app/app.h"

#define TUI_KEY(context, command, lower, keys, hint, help) void tui_do_##lower(struct tui_app *app);
#include "keys/keys.def"
#undef TUI_KEY

/* Those of verbs.def, whether a key is bound to them or not. */
#define TUI_VERB(name, lower, ...) void tui_do_##lower(struct tui_app *app);
#include "keys/verbs.def"
#undef TUI_VERB

#endif
