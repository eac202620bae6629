/*
 * Which time the graphs show: live, or paused somewhere in the last hour with a cursor on it. All
 * graphs of all views share it, so that what happened together is seen together.
 */
#ifndef TUI_CONSOLE_APP_GRAPHS_H
#define TUI_CONSOLE_APP_GRAPHS_H

#include <stdbool.h>

#include "model/alert.h"
#include "theme/timeline.h"

#define TUI_SPANS 5

struct tui_app;

struct tui_graphs {
    unsigned int span; /* index of tui_graphs_minutes */
    uint64_t end;      /* one past the newest slot in sight; 0: live */
    uint64_t cursor;   /* the slot under the cursor, while not live */
    struct tui_alert alert; /* the last one that was gone to */
};

extern const unsigned int tui_graphs_minutes[TUI_SPANS];

bool tui_graphs_live(const struct tui_app *app);

/* One past the newest slot there could be: while no data comes it moves on and shows the gap. */
uint64_t tui_graphs_newest(const struct tui_app *app);

/* The time on so many columns. */
struct tui_timeline tui_graphs_time(const struct tui_app *app, int cols);

/* How old a slot is, in ms. */
uint64_t tui_graphs_age_ms(const struct tui_app *app, uint64_t slot);

/* Pauses with the cursor on a slot, where that is in the last hour; from a mouse, for example. */
void tui_graphs_point(struct tui_app *app, uint64_t slot);

#endif
