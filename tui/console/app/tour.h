/* The guided tour: steps that wait until the operator has really done them. */
#ifndef TUI_CONSOLE_APP_TOUR_H
#define TUI_CONSOLE_APP_TOUR_H

#include <stdbool.h>
#include <stddef.h>

enum tui_step {
#define TUI_STEP(name, title, text) TUI_STEP_##name,
#include "app/tour.def"
#undef TUI_STEP
    TUI_STEP_COUNT
};

struct tui_tour {
    bool active;
    bool anywhere;   /* also on a cluster that is not the demo */
    bool checked;    /* the cluster was looked at */
    bool met;        /* what a step waits for was there once, where it has to go away again */
    unsigned int at; /* enum tui_step; TUI_STEP_COUNT: all are done */
};

struct tui_step_row {
    const char *title, *text;
};

struct tui_app;

/* Goes on where a step was done; call it after keys and snapshots. */
void tui_tour_look(struct tui_app *app);

extern const struct tui_step_row tui_steps[TUI_STEP_COUNT];

#endif
