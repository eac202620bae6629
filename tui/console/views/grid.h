/* What several views draw with: columns that fit the width, and lines of text that scroll. */
#ifndef TUI_CONSOLE_VIEWS_GRID_H
#define TUI_CONSOLE_VIEWS_GRID_H

#include "app/app.h"

#define TUI_COLUMNS_MAX 12

struct tui_column {
    const char *title;
    int width;    /* at least */
    int grow;     /* share of the columns that are left over */
    int priority; /* 0 always stays; the highest goes first when there is no room */
    bool right;
};

/* Columns placed into a width. */
struct tui_grid {
    const struct tui_column *columns;
    size_t count;
    int x[TUI_COLUMNS_MAX];
    int width[TUI_COLUMNS_MAX]; /* 0: left out */
};

void tui_grid_layout(struct tui_grid *ret_table, const struct tui_column *columns, size_t count,
                     int x, int cols);

/* The headings; the column whose title begins with `sorted` is marked (NULL: none). */
void tui_grid_head(const struct tui_grid *table, const struct tui_app *app,
                   struct tui_canvas *canvas, int y, const char *sorted);

void tui_grid_cell(const struct tui_grid *table, struct tui_canvas *canvas, int y, size_t column,
                   enum tui_role role, const char *text);

/* The pointer and the mark of the selected row. `row` is a place in app->rows. */
void tui_grid_row(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect, int y,
                  size_t row);

/* "nothing matches", "no jobs yet": in the middle of an empty list. */
void tui_grid_empty(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect,
                    const char *text);

/* Lines of a text that scrolls. With canvas NULL it only counts. */
struct tui_pen {
    struct tui_canvas *canvas;
    struct tui_rect rect;
    int skip; /* lines above the rectangle */
    int line; /* the next one; the count at the end */
};

void tui_pen_print(struct tui_pen *pen, enum tui_role role, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A label in its own column, and a text that is wrapped beside it. */
void tui_pen_field(struct tui_pen *pen, const char *label, enum tui_role role, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));

/* The role that the state of an agent, device, job or operation is shown in. */
enum tui_role tui_state_role(const char *state);
enum tui_role tui_severity_role(const char *severity);

/* One line of an event: clock, severity, kind, agent, text. */
void tui_event_draw(struct tui_canvas *canvas, int y, int x, int cols,
                    const struct tui_event *event);

/* What holds an operation up, or that it is done: "3 left, held by job 88121 (yolo, 9 s, ...)". */
void tui_operation_summary(char *ret_text, size_t size, const struct tui_operation *operation);

#endif
