/* The list of a view: columns over the fields of its rows. */
#ifndef TUI_CONSOLE_VIEWS_TABLE_H
#define TUI_CONSOLE_VIEWS_TABLE_H

#include "app/app.h"
#include "views/grid.h"

struct tui_table {
    const struct tui_column *columns;
    size_t count;
    /* Changes how a cell of a row looks, which is as its field's value says before. */
    void (*adorn)(const struct tui_app *app, size_t index, size_t column, struct tui_shown *shown);
    const char *empty; /* said of a list without rows */
};

/*
 * The current view's rows: headings in the first line of the rectangle, rows in the others. Where
 * columns are left out the headings end in their number.
 */
void tui_table_draw(const struct tui_table *table, const struct tui_app *app,
                    struct tui_canvas *canvas, struct tui_rect rect);

/* What a field's value looks like. */
void tui_value_show(const struct tui_field *field, const struct tui_value *value,
                    struct tui_shown *ret_shown);

/* What a list is of: "1 agent", "12 agents", and the field whose words are counted. */
struct tui_tally {
    const char *one, *many;
    size_t field;
};

/*
 * A line above the list, where there is room for one: "12 agents: 1 lost, 11 ready" of the rows
 * that pass the filter, `also` (NULL: nothing) behind it, and on the right "1-24 of 53" where not
 * all are visible. Returns the rest of the body.
 */
struct tui_rect tui_table_title(const struct tui_app *app, struct tui_canvas *canvas,
                                struct tui_rect body, const struct tui_tally *tally,
                                const char *also);

/* The rows that are visible below that line and the headings. */
int tui_table_page(struct tui_rect body);

/* "nothing matches", "no jobs yet": in the middle of an empty list. */
void tui_table_empty(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect,
                     const char *text);

#endif
