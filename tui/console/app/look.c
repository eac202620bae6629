/* How the screen looks and what it listens to: the loop that owns the terminal does it. */
#include "app/do.h"

void tui_do_mouse(struct tui_app *app)
{
    app->mouse = !app->mouse;
    tui_app_message(app, TUI_ROLE_NORMAL, "%s",
                    app->mouse ? "the mouse acts here; with Shift it selects text"
                               : "the mouse is the terminal's: it selects text");
}

void tui_do_theme(struct tui_app *app)
{
    app->next_theme = true;
}
