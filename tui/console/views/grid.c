#include "views/grid.h"

#include <math.h>

#define HIDDEN_COLS 4 /* for the number of columns that are left out */

/* The column that goes first; `count` if all that are left stay. */
static size_t least_wanted(const struct tui_grid *grid, size_t keep)
{
    size_t worst = grid->count;

    for (size_t i = 0; i < grid->count; i++) {
        int priority = grid->columns[i].priority;
        if (grid->width[i] > 0 && i != keep && priority > 0 &&
            (worst == grid->count || priority >= grid->columns[worst].priority))
            worst = i;
    }
    return worst;
}

/* Columns that are cut take from what is left over before any grows beyond its need. */
static int widen(struct tui_grid *grid, const int *need, int spare)
{
    for (size_t i = 0; need && i < grid->count; i++) {
        int fit = need[i] < grid->columns[i].fit ? need[i] : grid->columns[i].fit;
        int more = fit - grid->width[i];
        if (grid->width[i] == 0 || more <= 0)
            continue;
        more = more < spare ? more : spare;
        grid->width[i] += more;
        spare -= more;
    }
    return spare;
}

/* Leaves columns out until the others fit. Returns the columns of the canvas that they take. */
static int choose(struct tui_grid *grid, size_t keep, int cols)
{
    int used = -1;

    grid->hidden = 0;
    for (size_t i = 0; i < grid->count; i++) {
        grid->width[i] = grid->columns[i].width;
        used += grid->width[i] + 1;
    }
    while (used > cols) {
        size_t worst = least_wanted(grid, keep);
        if (worst == grid->count)
            break;
        used -= grid->width[worst] + 1;
        grid->width[worst] = 0;
        grid->hidden++;
    }
    return used;
}

void tui_grid_layout(struct tui_grid *ret_grid, const struct tui_column *columns, size_t count,
                     size_t keep, const int *need, int x, int cols)
{
    int grow = 0;

    ret_grid->columns = columns;
    ret_grid->count = count < TUI_COLUMNS_MAX ? count : TUI_COLUMNS_MAX;
    int used = choose(ret_grid, keep, cols);
    if (ret_grid->hidden > 0) {
        cols -= HIDDEN_COLS;
        used = choose(ret_grid, keep, cols);
    }
    for (size_t i = 0; i < ret_grid->count; i++)
        grow += ret_grid->width[i] > 0 ? columns[i].grow : 0;
    int spare = cols > used ? widen(ret_grid, need, cols - used) : 0;
    for (size_t i = 0; i < ret_grid->count; i++) {
        if (ret_grid->width[i] == 0)
            continue;
        if (spare > 0 && grow > 0)
            ret_grid->width[i] += spare * columns[i].grow / grow;
        ret_grid->x[i] = x;
        x += ret_grid->width[i] + 1;
    }
}

void tui_grid_cell(const struct tui_grid *grid, struct tui_canvas *canvas, int y, size_t column,
                   enum tui_role role, const char *text)
{
    if (grid->columns[column].right)
        tui_canvas_right(canvas, y, grid->x[column], grid->width[column], role, text);
    else
        tui_canvas_text(canvas, y, grid->x[column], grid->width[column], role, text);
}

void tui_grid_show(const struct tui_grid *grid, struct tui_canvas *canvas, enum tui_glyphs glyphs,
                   int y, size_t column, const struct tui_shown *shown)
{
    int text = grid->columns[column].bar;
    int bar = grid->width[column] - text - 1;

    if (text == 0 || bar < 2) {
        tui_grid_cell(grid, canvas, y, column, shown->role, shown->text);
        return;
    }
    if (!isnan(shown->share))
        tui_glyphs_bar(canvas, glyphs, y, grid->x[column], bar, TUI_ROLE_GRAPH_LOW, shown->share);
    tui_canvas_right(canvas, y, grid->x[column] + bar + 1, text, shown->role, shown->text);
}
