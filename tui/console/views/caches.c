/* The caches: how often each saved work, over time, and what it is. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "theme/chart.h"
#include "views/plot.h"
#include "views/table.h"

enum field { ORDER, CACHE, RATE, LOOKUPS, HITS, MISSES, EVICTIONS, ENTRIES, BYTES, TREND, WHAT };

#define TREND_COLS 20

static const struct tui_field fields[] = {
    [ORDER] = {"order", TUI_FIELD_COUNT, true}, /* the coordinator's: what matters most first */
    [CACHE] = {"cache", TUI_FIELD_TEXT, false},
    [RATE] = {"hit-rate", TUI_FIELD_SHARE, false},
    [LOOKUPS] = {"lookups/s", TUI_FIELD_COUNT, false},
    [HITS] = {"hits", TUI_FIELD_COUNT, false},
    [MISSES] = {"misses", TUI_FIELD_COUNT, false},
    [EVICTIONS] = {"evictions", TUI_FIELD_COUNT, false},
    [ENTRIES] = {"entries", TUI_FIELD_COUNT, false},
    [BYTES] = {"bytes", TUI_FIELD_BYTES, false},
    [TREND] = {"trend", TUI_FIELD_TEXT, false},
    [WHAT] = {"what", TUI_FIELD_TEXT, false},
    {NULL, TUI_FIELD_TEXT, false},
};

static const struct tui_column columns[] = {
    {.title = "CACHE", .field = CACHE, .width = 10, .fit = 23},
    {.title = "HIT RATE", .field = RATE, .width = 12, .bar = 5},
    {.title = "LOOKUPS/S", .field = LOOKUPS, .width = 10, .priority = 2, .right = true},
    {.title = "HITS", .field = HITS, .width = 7, .priority = 1, .right = true},
    {.title = "MISSES", .field = MISSES, .width = 7, .priority = 1, .right = true},
    {.title = "EVICTIONS", .field = EVICTIONS, .width = 10, .priority = 3, .right = true},
    {.title = "ENTRIES", .field = ENTRIES, .width = 8, .priority = 4, .right = true},
    {.title = "BYTES", .field = BYTES, .width = 8, .priority = 3, .right = true},
    {.title = "HITS OVER TIME", .field = TREND, .width = TREND_COLS, .priority = 5},
    {.title = "WHAT IT SAVES", .field = WHAT, .width = 20, .grow = 1, .priority = 6},
};

static const struct {
    const char *name, *help;
} helps[] = {
#define TUI_CACHE(name, help) {name, help},
#include "views/caches.def"
#undef TUI_CACHE
};

static size_t count(const struct tui_app *app)
{
    return app->model->fleet ? app->model->fleet->cache_count : 0;
}

static const struct tui_cache_track *track_of(const struct tui_app *app, const char *name)
{
    const struct tui_history *history = &app->model->history;

    for (size_t i = 0; i < history->cache_count; i++) {
        if (strcmp(history->caches[i].name, name) == 0)
            return &history->caches[i];
    }
    return NULL;
}

static const char *help_of(const char *name)
{
    for (size_t i = 0; i < sizeof(helps) / sizeof(helps[0]); i++) {
        if (strcmp(helps[i].name, name) == 0)
            return helps[i].help;
    }
    return "";
}

static void id(const struct tui_app *app, size_t index, char ret_id[TUI_NAME_SIZE])
{
    snprintf(ret_id, TUI_NAME_SIZE, "%s", app->model->fleet->caches[index].name);
}

static void value(const struct tui_app *app, size_t index, size_t field,
                  struct tui_value *ret_value)
{
    const struct tui_cache *cache = &app->model->fleet->caches[index];
    const struct tui_cache_track *track = track_of(app, cache->name);
    float values[TREND_COLS];

    switch ((enum field)field) {
    case ORDER:
        ret_value->number = (double)index;
        break;
    case CACHE:
        ret_value->text = cache->name;
        break;
    case RATE:
        if (track)
            ret_value->number = tui_plot_value(app, &track->hit_rate);
        break;
    case LOOKUPS:
        if (track)
            ret_value->number = tui_plot_value(app, &track->lookups_per_s);
        break;
    case HITS:
        ret_value->number = (double)cache->hits;
        break;
    case MISSES:
        ret_value->number = (double)cache->misses;
        break;
    case EVICTIONS:
        ret_value->number = cache->evictions;
        break;
    case ENTRIES:
        ret_value->number = cache->entries;
        break;
    case BYTES:
        ret_value->number = cache->bytes;
        break;
    case TREND:
        if (track) {
            struct tui_timeline time = tui_graphs_time(app, TREND_COLS);
            tui_spark_sample(&track->hit_rate, &time, values);
            tui_spark_text(ret_value->room, sizeof(ret_value->room), app->glyphs, values,
                           TREND_COLS, 1);
            ret_value->text = ret_value->room;
        }
        break;
    case WHAT:
        ret_value->text = help_of(cache->name);
        break;
    }
}

static void adorn(const struct tui_app *app, size_t index, size_t column, struct tui_shown *shown)
{
    (void)app;
    (void)index;
    switch ((enum field)columns[column].field) {
    case CACHE:
        shown->role = TUI_ROLE_STRONG;
        break;
    case TREND:
        shown->role = TUI_ROLE_GRAPH_LOW;
        break;
    case WHAT:
        shown->role = TUI_ROLE_DIM;
        break;
    default:
        break;
    }
}

/* The table has a row for each cache where there is room; the graphs have the rest. */
static int table_rows(const struct tui_app *app, struct tui_rect body)
{
    int rows = (int)count(app) + 1;
    int most = body.rows - 6 < body.rows / 2 ? body.rows / 2 : body.rows - 6;

    rows = rows > most ? most : rows;
    return rows < 3 ? 3 : rows;
}

static int page(const struct tui_app *app, struct tui_rect body)
{
    if (!tui_graphs_live(app))
        body.rows--;
    return table_rows(app, body) - 1;
}

/* Graphs beside each other. */
static int graph_count(int cols)
{
    return cols >= 160 ? 3 : cols >= 90 ? 2 : 1;
}

static int graph_cols(const struct tui_app *app, struct tui_rect body)
{
    (void)app;
    return body.cols / graph_count(body.cols) - 1 - TUI_PLOT_AXIS_COLS;
}

/* An axis has decimal steps, so its labels have decimal units. */
static void format_bytes(char *ret_text, size_t size, double value)
{
    static const char units[] = {'B', 'K', 'M', 'G', 'T', 'P'};
    size_t unit = 0;

    while (value >= 999.5 && unit + 1 < sizeof(units)) {
        value /= 1000;
        unit++;
    }
    snprintf(ret_text, size, value < 9.95 && unit > 0 ? "%.1f %c%s" : "%.0f %c%s", value,
             units[unit], unit > 0 ? "B" : "");
}

/* One of the graphs of a cache. */
static void draw_graph(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect,
                       const struct tui_cache_track *track, int which)
{
    static const char *const titles[] = {"Hit rate ", "Lookups ", "Bytes "};
    const struct tui_series *const series[] = {&track->hit_rate, &track->lookups_per_s,
                                               &track->bytes};
    void (*const formats[])(char *, size_t, double) = {tui_figure_percent, tui_plot_number,
                                                       format_bytes};
    /* Evictions are drawn with the lookups that cause them. */
    const struct tui_graph_line lines[] = {
        {series[which], NULL, TUI_GRAPH_AREA, TUI_ROLE_GRAPH_LOW, '#'},
        {&track->evictions_per_s, NULL, TUI_GRAPH_LINE, TUI_ROLE_GRAPH_HIGH, '*'}};
    const struct tui_plot plot = {lines, which == 1 ? 2 : 1, NULL, false, 1, formats[which]};
    struct tui_run run = {canvas, rect.y, rect.x, rect.x + rect.cols};
    char text[TUI_FIGURE_SIZE];
    double now = tui_plot_value(app, series[which]);

    tui_run_put(&run, TUI_ROLE_TITLE, "%s", titles[which]);
    if (isnan(now))
        snprintf(text, sizeof(text), "-");
    else if (which == 2)
        tui_figure_bytes(text, sizeof(text), (uint64_t)now);
    else
        formats[which](text, sizeof(text), now);
    tui_run_put(&run, TUI_ROLE_STRONG, "%s%s", text, which == 1 ? "/s" : "");
    if (which == 1) {
        tui_figure_rate(text, sizeof(text), tui_plot_value(app, &track->evictions_per_s));
        tui_run_put(&run, TUI_ROLE_GRAPH_HIGH, "  evictions (line) ");
        tui_run_put(&run, TUI_ROLE_STRONG, "%s/s", text);
    }
    rect.y++;
    rect.rows--;
    tui_plot_draw(app, canvas, rect, &plot);
}

static void draw_cache(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect,
                       const char *name)
{
    const struct tui_cache_track *track = track_of(app, name);
    int graphs = graph_count(rect.cols);
    int cols = rect.cols / graphs;
    struct tui_run run = {canvas, rect.y, rect.x + 1, rect.x + rect.cols};

    tui_run_put(&run, TUI_ROLE_TITLE, "%s", name);
    if (help_of(name)[0] != 0)
        tui_canvas_print(canvas, run.y, run.x, run.end - run.x, TUI_ROLE_DIM, ": %s",
                         help_of(name));
    if (!track || rect.rows < 4)
        return;
    for (int i = 0; i < graphs; i++) {
        struct tui_rect part = {rect.y + 1, rect.x + i * cols, rect.rows - 1, cols - 1};
        draw_graph(app, canvas, part, track, i);
    }
}

static void draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
    static const struct tui_table table = {.columns = columns,
                                           .count = sizeof(columns) / sizeof(columns[0]),
                                           .adorn = adorn,
                                           .empty = "the coordinator tells of no caches"};
    body = tui_plot_banner(app, canvas, body);
    int rows = table_rows(app, body);
    struct tui_rect graphs = {body.y, body.x, body.rows - rows, body.cols};
    struct tui_rect list = {body.y + graphs.rows, body.x, rows, body.cols};
    size_t selected;

    if (tui_app_selected(app, &selected))
        draw_cache(app, canvas, graphs, app->model->fleet->caches[selected].name);
    tui_table_draw(&table, app, canvas, list);
}

const struct tui_view_ops tui_view_caches = {
    .count = count,
    .id = id,
    .fields = fields,
    .value = value,
    .page = page,
    .graph_cols = graph_cols,
    .draw = draw,
};
