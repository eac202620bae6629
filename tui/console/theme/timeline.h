/* Time on columns of cells: shared by everything that is drawn over time, so that it lines up. */
#ifndef TUI_CONSOLE_THEME_TIMELINE_H
#define TUI_CONSOLE_THEME_TIMELINE_H

#include "theme/glyphs.h"

/*
 * Columns are bound to absolute slots (model/series.h), so that what moves over the screen moves
 * by whole cells and doesn't shimmer.
 */
struct tui_timeline {
    int cols;
    uint64_t end;       /* one past the newest slot in sight */
    uint64_t cell;      /* slots of a column; even, so that a column of braille has two halves */
    int64_t first_cell; /* the leftmost column's number; negative before time began */
};

/* The last `span` slots before `end`, or a little more, on `cols` columns. */
struct tui_timeline tui_timeline_fit(uint64_t end, uint64_t span, int cols);

/* The slots [ret_from, ret_from + count) of part `part` of `parts` of a column; the count, 0 for
 * what lies before time began or after the end. `parts` is 1 or 2. */
uint64_t tui_timeline_slots(const struct tui_timeline *time, int col, int part, int parts,
                            uint64_t *ret_from);

/* The column that shows a slot, or -1. */
int tui_timeline_column(const struct tui_timeline *time, uint64_t slot);

/*
 * A row of labels under the columns: "-2m", "-1m" and "now", or clock times if `clock_ms`, the
 * wall clock's time at the end, isn't 0.
 */
void tui_timeline_draw(struct tui_canvas *canvas, int y, int x, const struct tui_timeline *time,
                       uint64_t clock_ms);

#endif
