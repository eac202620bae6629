/* What the views with graphs share: a line of text that runs along, graphs with their axes. */
#ifndef TUI_CONSOLE_VIEWS_PLOT_H
#define TUI_CONSOLE_VIEWS_PLOT_H

#include "app/app.h"
#include "theme/graph.h"

#define TUI_PLOT_AXIS_COLS 8 /* left of a graph, for the labels of its axis */
#define TUI_PLOT_COLS_MAX TUI_CANVAS_COLS_MAX

/* A line of pieces of text, one after the other. */
struct tui_run {
    struct tui_canvas *canvas;
    int y, x;
    int end; /* one past the last column */
};

/* Appends a piece. One that doesn't fit whole is left out, and so is every one after it. */
void tui_run_put(struct tui_run *run, enum tui_role role, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether so many columns are left. If not, nothing more is appended. */
bool tui_run_has(struct tui_run *run, int cols);

struct tui_plot {
    const struct tui_graph_line *lines;
    size_t line_count;
    const struct tui_graph_mark *mark; /* NULL: none */
    bool logarithmic;
    double least; /* what a linear axis reaches at least */
    void (*format)(char *ret_text, size_t size, double value);
};

/*
 * Graph, labels of both axes and cursor, over the time that the app's graphs show. The row of times
 * is left out below 4 rows.
 */
void tui_plot_draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect,
                   const struct tui_plot *plot);

/* The largest sample in the column under the cursor, or the newest sample while live; or NAN. */
double tui_plot_value(const struct tui_app *app, const struct tui_series *series);

/* A number on an axis: 0.5, 50, 1,500. */
void tui_plot_number(char *ret_text, size_t size, double value);

/* The wall clock's time at a slot; 0: not known. */
uint64_t tui_plot_clock_ms(const struct tui_app *app, uint64_t slot);

/*
 * While the graphs are paused: a line that says at what time, and how far behind, in the body's
 * first row. Returns what is left of the body.
 */
struct tui_rect tui_plot_banner(const struct tui_app *app, struct tui_canvas *canvas,
                                struct tui_rect body);

/* A rule with a title in it. Returns the run after the title, to say more on. */
struct tui_run tui_plot_rule(const struct tui_app *app, struct tui_canvas *canvas, int y, int x,
                             int cols, const char *title);

#endif
