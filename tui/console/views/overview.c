#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "views/grid.h"
#include "views/plot.h"

#define GRAPH_ROWS_MAX 12

static const struct tui_operation *running_operation(const struct tui_fleet *fleet)
{
    for (size_t i = 0; fleet && i < fleet->operation_count; i++) {
        if (strcmp(fleet->operations[i].state, "running") == 0)
            return &fleet->operations[i];
    }
    return NULL;
}

/* The graphs grow with the screen, and leave the rest to the news. */
static int graph_rows(struct tui_rect body)
{
    int rows = (body.rows - 4) / 2;

    return rows > GRAPH_ROWS_MAX ? GRAPH_ROWS_MAX : rows;
}

static void draw_throughput(const struct tui_app *app, struct tui_canvas *canvas,
                            struct tui_rect rect)
{
    const struct tui_history *h = &app->model->history;
    const struct tui_graph_line lines[] = {
        {&h->metrics[TUI_METRIC_DONE], NULL, TUI_GRAPH_AREA, TUI_ROLE_GRAPH_LOW, '#'}};
    const struct tui_plot plot = {lines, 1, NULL, false, 1, tui_figure_rate};
    struct tui_run run = {canvas, rect.y, rect.x, rect.x + rect.cols};
    char rate[TUI_FIGURE_SIZE];

    tui_figure_rate(rate, sizeof(rate), tui_plot_value(app, lines[0].series));
    tui_run_put(&run, TUI_ROLE_TITLE, "Throughput ");
    tui_run_put(&run, TUI_ROLE_STRONG, "%s jobs/s", rate);
    rect.y++;
    rect.rows--;
    tui_plot_draw(app, canvas, rect, &plot);
}

static void draw_latency(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect)
{
    const struct tui_series *m = app->model->history.metrics;
    const struct tui_graph_line lines[] = {{&m[TUI_METRIC_P95], &m[TUI_METRIC_P50], TUI_GRAPH_BAND,
                                            TUI_ROLE_GRAPH_BAND, ':'},
                                           {&m[TUI_METRIC_P99], NULL, TUI_GRAPH_LINE,
                                            TUI_ROLE_GRAPH_HIGH, '*'}};
    static const char *const names[] = {"p50", "p95", "p99"};
    static const enum tui_role roles[] = {TUI_ROLE_GRAPH_BAND, TUI_ROLE_GRAPH_BAND,
                                          TUI_ROLE_GRAPH_HIGH};
    const struct tui_plot plot = {lines, 2, NULL, true, 0, tui_figure_us};
    struct tui_run run = {canvas, rect.y, rect.x, rect.x + rect.cols};

    tui_run_put(&run, TUI_ROLE_TITLE, "Latency");
    for (size_t i = 0; i < 3; i++) {
        char text[TUI_FIGURE_SIZE];
        tui_figure_us(text, sizeof(text), tui_plot_value(app, &m[TUI_METRIC_P50 + i]));
        tui_run_put(&run, roles[i], " %s ", names[i]);
        tui_run_put(&run, TUI_ROLE_STRONG, "%s", text);
    }
    rect.y++;
    rect.rows--;
    tui_plot_draw(app, canvas, rect, &plot);
}

static void draw_queue(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect)
{
    const struct tui_series *m = app->model->history.metrics;
    const struct tui_graph_line lines[] = {
        {&m[TUI_METRIC_IN_FLIGHT], NULL, TUI_GRAPH_AREA, TUI_ROLE_GRAPH_LOW, '#'},
        {&m[TUI_METRIC_QUEUED], NULL, TUI_GRAPH_LINE, TUI_ROLE_GRAPH_HIGH, '*'}};
    const struct tui_plot plot = {lines, 2, NULL, false, 1, tui_figure_rate};
    struct tui_run run = {canvas, rect.y, rect.x, rect.x + rect.cols};

    tui_run_put(&run, TUI_ROLE_TITLE, "Jobs");
    tui_run_put(&run, TUI_ROLE_GRAPH_LOW, " in flight (area)");
    tui_run_put(&run, TUI_ROLE_GRAPH_HIGH, " queued (line)");
    rect.y++;
    rect.rows--;
    tui_plot_draw(app, canvas, rect, &plot);
}

static int draw_pair(struct tui_canvas *canvas, int y, int x, const char *label, const char *value,
                     enum tui_role role)
{
    int start = x;

    x += tui_canvas_print(canvas, y, x, canvas->cols - x, TUI_ROLE_DIM, "%s ", label);
    x += tui_canvas_text(canvas, y, x, canvas->cols - x, role, value);
    return x - start + 2;
}

static void draw_counters(const struct tui_app *app, struct tui_canvas *canvas, int y)
{
    const struct tui_totals *totals = &app->model->fleet->totals;
    const struct {
        const char *label;
        uint64_t value;
        bool bad;
    } counters[] = {{"queued", totals->queued, false},
                    {"in flight", totals->assigned + totals->running, false},
                    {"done", totals->done, false},
                    {"failed", totals->failed, true},
                    {"requeued", totals->requeued, false}};
    char text[TUI_FIGURE_SIZE];
    int x = 1;

    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
        tui_figure_count(text, sizeof(text), counters[i].value);
        enum tui_role role =
            counters[i].bad && counters[i].value > 0 ? TUI_ROLE_WARN : TUI_ROLE_STRONG;
        x += draw_pair(canvas, y, x, counters[i].label, text, role);
    }
}

static void draw_caches(const struct tui_app *app, struct tui_canvas *canvas, int y)
{
    const struct tui_fleet *fleet = app->model->fleet;
    char text[TUI_FIGURE_SIZE];
    int x = 1;

    x += tui_canvas_text(canvas, y, x, canvas->cols - x, TUI_ROLE_TITLE, "cache hits") + 1;
    for (size_t i = 0; i < app->model->history.cache_count; i++) {
        const struct tui_cache_track *cache = &app->model->history.caches[i];
        tui_figure_percent(text, sizeof(text), tui_plot_value(app, &cache->hit_rate));
        x += draw_pair(canvas, y, x, cache->name, text, TUI_ROLE_STRONG);
    }
    if (fleet->latency[TUI_SPAN_TOTAL].count > 0)
        x += tui_canvas_text(canvas, y, x, canvas->cols - x, TUI_ROLE_TITLE, "median") + 1;
    for (size_t i = TUI_SPAN_QUEUE; i < TUI_SPAN_COUNT; i++) {
        const struct tui_latency *span = &fleet->latency[i];
        if (span->count == 0)
            continue;
        tui_figure_us(text, sizeof(text), (double)span->p50_us);
        x += draw_pair(canvas, y, x, tui_span_names[i], text, TUI_ROLE_NORMAL);
    }
    /* What is set, not measured: only where there is room. A bad ledger is an alert anyway. */
    if (canvas->cols - x < 40)
        return;
    x += draw_pair(canvas, y, x, "strategy", fleet->strategy, TUI_ROLE_NORMAL);
    /* "none" is what somebody chose: worth a look, no alert. */
    enum tui_role role = strcmp(fleet->ledger, "ok") == 0     ? TUI_ROLE_OK
                         : strcmp(fleet->ledger, "none") == 0 ? TUI_ROLE_WARN
                                                              : TUI_ROLE_BAD;
    draw_pair(canvas, y, x, "ledger", fleet->ledger, role);
}

static void draw_strip(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body,
                       int y)
{
    const struct tui_operation *operation = running_operation(app->model->fleet);
    size_t count = tui_model_event_count(app->model);
    char text[TUI_TEXT_SIZE];
    int end = body.y + body.rows;

    tui_glyphs_rule(canvas, app->glyphs, y, 0, canvas->cols);
    tui_canvas_text(canvas, y, 2, 8, TUI_ROLE_DIM, " news ");
    y++;
    if (operation) {
        tui_operation_summary(text, sizeof(text), operation);
        tui_canvas_print(canvas, y++, 1, canvas->cols - 2, TUI_ROLE_WARN, "%s %s: %s",
                         operation->kind, operation->target, text);
    }
    if (count == 0)
        tui_canvas_text(canvas, y, 1, canvas->cols - 2, TUI_ROLE_DIM, "nothing has happened yet");
    for (size_t i = 0; i < count && y < end; i++)
        tui_event_draw(canvas, y++, 1, canvas->cols - 2, tui_model_event(app->model, i));
}

static int graph_cols(const struct tui_app *app, struct tui_rect body)
{
    (void)app;
    return body.cols / (body.cols >= 150 ? 3 : 2) - 1 - TUI_PLOT_AXIS_COLS;
}

static void draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
    body = tui_plot_banner(app, canvas, body);
    int graphs = body.cols >= 150 ? 3 : 2;
    int cols = body.cols / graphs;
    int rows = graph_rows(body);
    struct tui_rect rect = {body.y, 0, rows + 1, cols - 1};

    draw_throughput(app, canvas, rect);
    rect.x += cols;
    rect.cols = graphs == 2 ? body.cols - rect.x : cols - 1;
    draw_latency(app, canvas, rect);
    if (graphs == 3) {
        rect.x += cols;
        draw_queue(app, canvas, rect);
    }
    draw_counters(app, canvas, body.y + 1 + rows);
    draw_caches(app, canvas, body.y + 2 + rows);
    draw_strip(app, canvas, body, body.y + 3 + rows);
}

const struct tui_view_ops tui_view_overview = {
    .graph_cols = graph_cols,
    .draw = draw,
};
