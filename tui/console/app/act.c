/* The keys that act on what is selected: one for each row of verbs.def that has a key. */
#include "app/do.h"
#include "app/parts.h"

#define TUI_VERB(name, lower, ...)           \
    void tui_do_##lower(struct tui_app *app) \
    {                                        \
        tui_act(app, TUI_VERB_##name, NULL); \
    }
#include "keys/verbs.def"
#undef TUI_VERB
