/*
 * Where the operator was: places that can be gone back to. A place is a view with what was
 * selected, filtered and sorted there, so that going back shows what was seen.
 */
#ifndef TUI_CONSOLE_APP_NAV_H
#define TUI_CONSOLE_APP_NAV_H

#include "app/filter.h"

#define TUI_PLACES_MAX 32

struct tui_place {
    enum tui_view_id view;
    enum tui_context detail; /* of the detail pane: what it is about */
    char detail_id[TUI_NAME_SIZE];
    char selected[TUI_NAME_SIZE];
    char filter[TUI_FILTER_SIZE];
    size_t sort;
    bool reverse;
};

/* The newest is the last; the oldest is forgotten when there is no room. */
struct tui_places {
    struct tui_place places[TUI_PLACES_MAX];
    size_t count;
};

struct tui_nav {
    struct tui_places back, forward;
};

/* Where the operator is now. */
void tui_nav_here(const struct tui_app *app, struct tui_place *ret_place);

/* Goes there; what was on the screen can be gone back to. */
void tui_nav_go(struct tui_app *app, const struct tui_place *place);

/* "agents state:lost", "job 88121": for a list of places. */
void tui_place_describe(char *ret_text, size_t size, const struct tui_place *place);

#endif
