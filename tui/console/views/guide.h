/* The next step of a cluster that has nothing to show yet. */
#ifndef TUI_CONSOLE_VIEWS_GUIDE_H
#define TUI_CONSOLE_VIEWS_GUIDE_H

#include "app/app.h"

/* True while the cluster has no agents, no models or has never had a job. */
bool tui_guide_wanted(const struct tui_app *app);

/* What it lacks, with commands to copy; before the first snapshot, what to start. */
void tui_guide_draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body);

#endif
