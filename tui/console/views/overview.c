#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "theme/graph.h"
#include "views/grid.h"

#define AXIS_COLS 7
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

static void draw_axis(struct tui_canvas *canvas, struct tui_rect rect, const char *top,
                      const char *bottom)
{
    tui_canvas_right(canvas, rect.y, rect.x, AXIS_COLS - 1, TUI_ROLE_DIM, top);
    tui_canvas_right(canvas, rect.y + rect.rows - 1, rect.x, AXIS_COLS - 1, TUI_ROLE_DIM, bottom);
}

/* The end of the graphs: while no data comes they move on and show the gap. */
static uint64_t graph_end(const struct tui_app *app)
{
    int64_t age = tui_model_age_ms(app->model, app->now_ms);
    uint64_t pushed = app->model->history.done_per_s.pushed;

    return age > TUI_STALE_MS ? pushed + (uint64_t)age / TUI_SAMPLE_MS : pushed;
}

static struct tui_graph graph_of(const struct tui_app *app, const struct tui_graph_line *lines,
                                 size_t count, double least)
{
    struct tui_graph graph = {.lines = lines, .line_count = count, .end = graph_end(app)};

    graph.span = tui_app_span_minutes[app->span] * 60u * 1000u / TUI_SAMPLE_MS;
    graph.max = tui_graph_max(&graph, least);
    return graph;
}

static void draw_graph(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect,
                       const struct tui_graph *graph,
                       void (*format)(char *ret_text, size_t size, double value))
{
    char top[TUI_FIGURE_SIZE];
    char bottom[TUI_FIGURE_SIZE];

    format(top, sizeof(top), graph->max);
    format(bottom, sizeof(bottom), graph->min);
    draw_axis(canvas, rect, top, graph->min > 0 ? bottom : "0");
    rect.x += AXIS_COLS;
    rect.cols -= AXIS_COLS;
    tui_graph_draw(canvas, rect, app->glyphs, graph);
}

static void draw_throughput(const struct tui_app *app, struct tui_canvas *canvas,
                            struct tui_rect rect)
{
    const struct tui_graph_line lines[] = {
        {&app->model->history.done_per_s, TUI_ROLE_GRAPH_LOW, true, '#'}};
    struct tui_graph graph = graph_of(app, lines, 1, 1);
    char rate[TUI_FIGURE_SIZE];
    int x = rect.x;

    tui_figure_rate(rate, sizeof(rate), app->model->fleet->done_per_s);
    x += tui_canvas_text(canvas, rect.y, x, rect.cols, TUI_ROLE_TITLE, "Throughput ");
    x += tui_canvas_print(canvas, rect.y, x, rect.x + rect.cols - x, TUI_ROLE_STRONG, "%s jobs/s",
                          rate);
    tui_canvas_print(canvas, rect.y, x, rect.x + rect.cols - x, TUI_ROLE_DIM, "  %u min",
                     tui_app_span_minutes[app->span]);
    rect.y++;
    rect.rows--;
    draw_graph(app, canvas, rect, &graph, tui_figure_rate);
}

static void draw_latency(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect)
{
    const struct tui_history *h = &app->model->history;
    /* The order of the lines tells them apart without colours: a percentile never crosses one. */
    const struct tui_graph_line lines[] = {{&h->p50_us, TUI_ROLE_GRAPH_LOW, true, '#'},
                                           {&h->p95_us, TUI_ROLE_GRAPH_MID, false, '+'},
                                           {&h->p99_us, TUI_ROLE_GRAPH_HIGH, false, '*'}};
    static const char *const names[] = {"p50", "p95", "p99"};
    const struct tui_latency *total = &app->model->fleet->latency[TUI_SPAN_TOTAL];
    const uint64_t values[] = {total->p50_us, total->p95_us, total->p99_us};
    struct tui_graph graph = graph_of(app, lines, 3, 0);
    /* One slow start would flatten an hour of milliseconds on a linear axis. */
    graph.min = tui_graph_min(&graph);
    int x = rect.x;
    int end = rect.x + rect.cols;

    x += tui_canvas_text(canvas, rect.y, x, rect.cols, TUI_ROLE_TITLE, "Latency");
    for (size_t i = 0; i < 3; i++) {
        char text[TUI_FIGURE_SIZE];
        tui_figure_us(text, sizeof(text), total->count > 0 ? (double)values[i] : NAN);
        x += tui_canvas_print(canvas, rect.y, x, end - x, lines[i].role, " %s ", names[i]);
        x += tui_canvas_text(canvas, rect.y, x, end - x, TUI_ROLE_STRONG, text);
    }
    rect.y++;
    rect.rows--;
    draw_graph(app, canvas, rect, &graph, tui_figure_us);
}

static void draw_queue(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect)
{
    const struct tui_history *h = &app->model->history;
    const struct tui_graph_line lines[] = {{&h->in_flight, TUI_ROLE_GRAPH_LOW, true, '#'},
                                           {&h->queued, TUI_ROLE_GRAPH_HIGH, false, '*'}};
    struct tui_graph graph = graph_of(app, lines, 2, 1);
    int x = rect.x;

    x += tui_canvas_text(canvas, rect.y, x, rect.cols, TUI_ROLE_TITLE, "Jobs ");
    x += tui_canvas_text(canvas, rect.y, x, rect.cols, TUI_ROLE_GRAPH_LOW, "in flight (area) ");
    tui_canvas_text(canvas, rect.y, x, rect.x + rect.cols - x, TUI_ROLE_GRAPH_HIGH,
                    "queued (line)");
    rect.y++;
    rect.rows--;
    draw_graph(app, canvas, rect, &graph, tui_figure_rate);
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
    for (size_t i = 0; i < app->model->cache_count; i++) {
        const struct tui_cache_rate *cache = &app->model->caches[i];
        tui_figure_percent(text, sizeof(text), tui_series_last(cache->rate));
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

static void draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
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
    .draw = draw,
};
