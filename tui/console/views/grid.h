/* Columns that fit a width. */
#ifndef TUI_CONSOLE_VIEWS_GRID_H
#define TUI_CONSOLE_VIEWS_GRID_H

#include "model/limits.h"
#include "theme/glyphs.h"
#include "views/line.h"
#include "views/pen.h"
#include "views/state.h"

#define TUI_COLUMNS_MAX 24

struct tui_column {
    const char *title;
    size_t field; /* of a list's rows: what stands here, and what they are sorted by with it */
    int width;    /* at least */
    int fit;      /* as wide as its widest row needs, up to this; 0: it does not matter */
    int grow;     /* its part of the columns that are left over */
    int priority; /* 0 always stays; the highest goes first when there is no room */
    bool right;
    bool since; /* says when, of a field that is how long ago: the other way round when sorted */
    int bar;    /* a bar, and so many columns of text right of it; 0: no bar */
};

/* Columns placed into a width. */
struct tui_grid {
    const struct tui_column *columns;
    size_t count;
    size_t hidden; /* columns that found no room */
    int x[TUI_COLUMNS_MAX];
    int width[TUI_COLUMNS_MAX]; /* 0: left out */
};

/* A cell as it is shown. */
struct tui_shown {
    char text[TUI_TEXT_SIZE];
    enum tui_role role;
    double share; /* of the bar, 0 to 1; NAN: not known */
};

/*
 * Column `keep` stays whatever its priority (count: none does). need[count] is how wide each would
 * have to be for its widest row; NULL: not known.
 */
void tui_grid_layout(struct tui_grid *ret_grid, const struct tui_column *columns, size_t count,
                     size_t keep, const int *need, int x, int cols);

/* A text in a column, cut to its width, or nothing where the column is left out. */
void tui_grid_cell(const struct tui_grid *grid, struct tui_canvas *canvas, int y, size_t column,
                   enum tui_role role, const char *text);

/* The same with the column's bar. */
void tui_grid_show(const struct tui_grid *grid, struct tui_canvas *canvas, enum tui_glyphs glyphs,
                   int y, size_t column, const struct tui_shown *shown);

#endif
