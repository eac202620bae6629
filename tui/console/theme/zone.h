/* What stands where on a canvas, for clicks. Views say it while they draw; who wants to know gives
 * the canvas a place for it. */
#ifndef TUI_CONSOLE_THEME_ZONE_H
#define TUI_CONSOLE_THEME_ZONE_H

#include "model/limits.h"
#include "theme/canvas.h"

#define TUI_ZONES_MAX (TUI_CANVAS_ROWS_MAX + 64)

enum tui_zone_kind {
    TUI_ZONE_VIEW,    /* value: enum tui_view_id */
    TUI_ZONE_ROW,     /* id: of the row */
    TUI_ZONE_SORT,    /* value: index of the view's fields */
    TUI_ZONE_COMMAND, /* value: enum tui_command */
    TUI_ZONE_GRAPH,   /* its columns are those of the time that graphs show */
};

struct tui_zone {
    struct tui_rect rect;
    enum tui_zone_kind kind;
    int value;
    char id[TUI_NAME_SIZE];
};

struct tui_zones {
    struct tui_zone zones[TUI_ZONES_MAX];
    size_t count;
};

/* Adds one; id may be NULL. Nothing happens when nobody wants to know, or there are too many. */
void tui_zone_add(struct tui_canvas *canvas, struct tui_rect rect, enum tui_zone_kind kind,
                  int value, const char *id);

/* The last one that was added there: what is drawn over something else is what is hit. */
const struct tui_zone *tui_zone_at(const struct tui_canvas *canvas, int y, int x);

#endif
