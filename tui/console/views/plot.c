#include "views/plot.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "theme/zone.h"

bool tui_run_has(struct tui_run *run, int cols)
{
    if (run->x + cols <= run->end)
        return true;
    run->end = run->x;
    return false;
}

void tui_run_put(struct tui_run *run, enum tui_role role, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    int width = tui_canvas_width(run->canvas, text);
    if (tui_run_has(run, width))
        run->x += tui_canvas_text(run->canvas, run->y, run->x, width, role, text);
}

void tui_plot_number(char *ret_text, size_t size, double value)
{
    if (value < 10)
        tui_figure_rate(ret_text, size, value);
    else
        tui_figure_count(ret_text, size, (uint64_t)(value + 0.5));
}

uint64_t tui_plot_clock_ms(const struct tui_app *app, uint64_t slot)
{
    uint64_t age = tui_graphs_age_ms(app, slot);

    return app->clock_ms > age ? app->clock_ms - age : 0;
}

double tui_plot_value(const struct tui_app *app, const struct tui_series *series)
{
    int cols = tui_views[app->view].ops->graph_cols(app, app->body);
    struct tui_timeline time = tui_graphs_time(app, cols);
    uint64_t from;

    if (tui_graphs_live(app))
        return tui_series_newest(series, app->model->history.next, 1);
    int col = tui_timeline_column(&time, app->graphs.cursor);
    uint64_t count = col >= 0 ? tui_timeline_slots(&time, col, 0, 1, &from) : 0;
    if (count == 0)
        return NAN;
    struct tui_bucket bucket = tui_series_over(series, from, count);
    return bucket.count > 0 ? (double)bucket.max : NAN;
}

void tui_plot_draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect,
                   const struct tui_plot *plot)
{
    struct tui_graph graph = {.lines = plot->lines, .line_count = plot->line_count};
    bool live = tui_graphs_live(app);
    int rows = rect.rows >= 4 ? rect.rows - 1 : rect.rows;
    int x = rect.x + TUI_PLOT_AXIS_COLS;
    int cols = rect.cols - TUI_PLOT_AXIS_COLS;

    if (cols < 1 || rows < 1)
        return;
    graph.time = tui_graphs_time(app, cols);
    graph.mark = plot->mark;
    graph.max = tui_graph_max(&graph, plot->least);
    /* One slow start would flatten an hour of milliseconds on a linear axis. */
    graph.min = plot->logarithmic ? tui_graph_min(&graph) : 0;
    graph.has_cursor = !live;
    graph.cursor = app->graphs.cursor;
    tui_graph_axis(canvas, (struct tui_rect){rect.y, rect.x, rows, TUI_PLOT_AXIS_COLS - 1},
                   app->glyphs, &graph, plot->format);
    tui_graph_draw(canvas, (struct tui_rect){rect.y, x, rows, cols}, app->glyphs, &graph);
    tui_zone_add(canvas, (struct tui_rect){rect.y, x, rows, cols}, TUI_ZONE_GRAPH, 0, NULL);
    if (rows < rect.rows)
        tui_timeline_draw(canvas, rect.y + rows, x, &graph.time,
                          live ? 0 : tui_plot_clock_ms(app, graph.time.end));
}

struct tui_rect tui_plot_banner(const struct tui_app *app, struct tui_canvas *canvas,
                                struct tui_rect body)
{
    struct tui_run run = {canvas, body.y, body.x + 1, body.x + body.cols - 1};
    char clock[TUI_FIGURE_SIZE];
    char behind[TUI_FIGURE_SIZE];

    if (tui_graphs_live(app))
        return body;
    tui_figure_clock(clock, sizeof(clock), tui_plot_clock_ms(app, app->graphs.cursor));
    tui_figure_age(behind, sizeof(behind), tui_graphs_age_ms(app, app->graphs.cursor));
    tui_run_put(&run, TUI_ROLE_WARN, "graphs paused at %s, %s ago", clock, behind);
    tui_run_put(&run, TUI_ROLE_DIM, "; the rest is live.");
    for (int i = 0; i < 2; i++) {
        const int commands[] = {TUI_COMMAND_GRAPH_LIVE, TUI_COMMAND_GRAPH_LEFT};
        static const char *const what[] = {"live", "back"};
        char key[64];
        tui_binding_key(key, sizeof(key), &app->keymap.bindings[commands[i]]);
        tui_run_put(&run, TUI_ROLE_KEY, "  %s", key);
        tui_run_put(&run, TUI_ROLE_DIM, " %s", what[i]);
    }
    body.y++;
    body.rows--;
    return body;
}

struct tui_run tui_plot_rule(const struct tui_app *app, struct tui_canvas *canvas, int y, int x,
                             int cols, const char *title)
{
    struct tui_run run = {canvas, y, x + 2, x + cols - 1};

    tui_glyphs_rule(canvas, app->glyphs, y, x, cols);
    tui_run_put(&run, TUI_ROLE_TITLE, " %s ", title);
    return run;
}
