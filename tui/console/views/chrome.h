/* The whole screen: top line, tabs, the current view, message line, hints, dialog. */
#ifndef TUI_CONSOLE_VIEWS_CHROME_H
#define TUI_CONSOLE_VIEWS_CHROME_H

#include "app/app.h"

/*
 * Draws everything. `app` is changed only in what arranging its rows changes. The canvas has the
 * size of the terminal; below TUI_ROWS_MIN x TUI_COLS_MIN it gets one line that says so.
 */
void tui_chrome_draw(struct tui_app *app, struct tui_canvas *canvas);

/* The tour's step: the rows that it takes, and drawing it from row y on. */
int tui_tour_rows(const struct tui_app *app);
void tui_tour_draw(const struct tui_app *app, struct tui_canvas *canvas, int y);

/* The bar of a recording, over the whole row. */
void tui_replay_draw(const struct tui_app *app, struct tui_canvas *canvas, int y);

#endif
