/* How long jobs took, all of them: over time, and in all. */
#ifndef TUI_CONSOLE_VIEWS_SPREAD_H
#define TUI_CONSOLE_VIEWS_SPREAD_H

#include "views/plot.h"

/* A heat map of the time that the graphs show, with a title, labelled axes and the SLO. */
void tui_heat_map_draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect);

/* The histogram of the time that the graphs show, or of what the cursor is on: bars, counts, and
 * where the percentiles and the SLO are. */
void tui_histogram_draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect);

#endif
