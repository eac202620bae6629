/* Where the time goes: all jobs over time and as a histogram, and each model by itself. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "theme/chart.h"
#include "views/panel.h"
#include "views/spread.h"
#include "views/table.h"

enum field { MODEL, RATE, P50, P95, P99, MAX, QUEUE, LOAD, COMPUTE, COPY, SPLIT };

#define SPLIT_COLS 24

static const struct tui_field fields[] = {
    [MODEL] = {"model", TUI_FIELD_TEXT, false},   [RATE] = {"jobs/s", TUI_FIELD_COUNT, false},
    [P50] = {"p50", TUI_FIELD_US, false},         [P95] = {"p95", TUI_FIELD_US, false},
    [P99] = {"p99", TUI_FIELD_US, false},         [MAX] = {"max", TUI_FIELD_US, false},
    [QUEUE] = {"queue", TUI_FIELD_US, false},     [LOAD] = {"load", TUI_FIELD_US, false},
    [COMPUTE] = {"compute", TUI_FIELD_US, false}, [COPY] = {"copy", TUI_FIELD_US, false},
    [SPLIT] = {"split", TUI_FIELD_TEXT, false},   {NULL, TUI_FIELD_TEXT, false},
};

static const struct tui_column columns[] = {
    {.title = "MODEL", .field = MODEL, .width = 12, .fit = 30},
    {.title = "JOBS/S", .field = RATE, .width = 7, .priority = 3, .right = true},
    {.title = "P50", .field = P50, .width = 6, .right = true},
    {.title = "P95", .field = P95, .width = 6, .right = true},
    {.title = "P99", .field = P99, .width = 6, .right = true},
    {.title = "MAX", .field = MAX, .width = 6, .priority = 4, .right = true},
    {.title = "QUEUE", .field = QUEUE, .width = 7, .priority = 2, .right = true},
    {.title = "LOAD", .field = LOAD, .width = 6, .priority = 2, .right = true},
    {.title = "COMPUTE", .field = COMPUTE, .width = 8, .priority = 2, .right = true},
    {.title = "COPY", .field = COPY, .width = 6, .priority = 2, .right = true},
    {.title = "TIME SPLIT", .field = SPLIT, .width = SPLIT_COLS, .priority = 1},
};

static const enum tui_role part_roles[] = {TUI_ROLE_PART_QUEUE, TUI_ROLE_PART_LOAD,
                                           TUI_ROLE_PART_COMPUTE, TUI_ROLE_PART_COPY};

static size_t count(const struct tui_app *app)
{
    return app->model->fleet ? app->model->fleet->model_count : 0;
}

static void id(const struct tui_app *app, size_t index, char ret_id[TUI_NAME_SIZE])
{
    snprintf(ret_id, TUI_NAME_SIZE, "%s", app->model->fleet->models[index].id);
}

/* Enter leads to the model. */
static void open(const struct tui_app *app, size_t index, enum tui_context *ret_context,
                 char ret_id[TUI_NAME_SIZE])
{
    *ret_context = TUI_CONTEXT_MODEL;
    id(app, index, ret_id);
}

static void split_of(const struct tui_served *model, struct tui_part ret_parts[4])
{
    for (size_t i = 0; i < 4; i++)
        ret_parts[i] = (struct tui_part){tui_span_names[TUI_SPAN_QUEUE + i], part_roles[i],
                                         model->mean_us[TUI_SPAN_QUEUE + i]};
}

static void value(const struct tui_app *app, size_t index, size_t field,
                  struct tui_value *ret_value)
{
    const struct tui_served *model = &app->model->fleet->models[index];
    const uint64_t percentiles[] = {model->total.p50_us, model->total.p95_us, model->total.p99_us,
                                    model->total.max_us};
    struct tui_part parts[4];

    switch ((enum field)field) {
    case MODEL:
        ret_value->text = model->id;
        break;
    case RATE:
        ret_value->number = model->done_per_s;
        break;
    case P50:
    case P95:
    case P99:
    case MAX:
        if (model->total.count > 0)
            ret_value->number = (double)percentiles[field - P50];
        break;
    case QUEUE:
    case LOAD:
    case COMPUTE:
    case COPY:
        ret_value->number = model->mean_us[TUI_SPAN_QUEUE + (field - QUEUE)];
        break;
    case SPLIT:
        split_of(model, parts);
        tui_stack_text(ret_value->room, sizeof(ret_value->room), SPLIT_COLS, app->glyphs, parts, 4);
        ret_value->text = ret_value->room;
        break;
    }
}

static void adorn(const struct tui_app *app, size_t index, size_t column, struct tui_shown *shown)
{
    const struct tui_fleet *fleet = app->model->fleet;
    const struct tui_served *model = &fleet->models[index];

    switch ((enum field)columns[column].field) {
    case MODEL:
        shown->role = TUI_ROLE_STRONG;
        break;
    case P99:
        if (fleet->slo_p99_us > 0 && model->total.count > 0 &&
            model->total.p99_us > fleet->slo_p99_us)
            shown->role = TUI_ROLE_WARN;
        break;
    case SPLIT:
        shown->role = TUI_ROLE_GRAPH_LOW;
        break;
    default:
        break;
    }
}

/* Rows of the map, and where the table and the selected model's graph are. */
struct layout {
    struct tui_rect map, histogram, table, graph; /* of no rows or columns: left out */
};

static struct layout layout_of(const struct tui_app *app, struct tui_rect body)
{
    struct layout l = {0};
    bool wide = body.cols >= 100;
    int models = (int)count(app) + 2;
    int lower = body.rows / 2 < 6 ? 5 : body.rows / 2;

    /* Few models need little; what they leave goes to the map. */
    if (lower > models + 8)
        lower = models + 8;
    l.map = (struct tui_rect){body.y, body.x, body.rows - lower, body.cols};
    if (wide) {
        l.histogram = l.map;
        l.histogram.cols = body.cols * 2 / 5;
        l.map.cols = body.cols - l.histogram.cols - 1;
        l.histogram.x = body.x + l.map.cols + 1;
    }
    l.table = (struct tui_rect){body.y + l.map.rows, body.x, lower, body.cols};
    if (lower >= 11) {
        int rows = models > lower - 6 ? lower - 6 : models;
        l.graph = l.table;
        l.graph.y += rows;
        l.graph.rows -= rows;
        l.table.rows = rows;
    }
    return l;
}

static int page(const struct tui_app *app, struct tui_rect body)
{
    if (!tui_graphs_live(app))
        body.rows--;
    return layout_of(app, body).table.rows - 2;
}

static int graph_cols(const struct tui_app *app, struct tui_rect body)
{
    return layout_of(app, body).map.cols - TUI_PLOT_AXIS_COLS;
}

static void draw_legend(const struct tui_app *app, struct tui_run *run)
{
    for (size_t i = 0; i < 4; i++) {
        const char *name = tui_span_names[TUI_SPAN_QUEUE + i];
        if (!tui_run_has(run, (int)strlen(name) + 3))
            return;
        tui_run_put(run, part_roles[i], " %lc", (wint_t)tui_stack_shade(app->glyphs, i));
        tui_run_put(run, TUI_ROLE_DIM, "%s", name);
    }
    tui_run_put(run, TUI_ROLE_DIM, " ");
}

/* The history of the selected model, and its time split. */
static void draw_selected(const struct tui_app *app, struct tui_canvas *canvas,
                          struct tui_rect rect, const struct tui_served *model)
{
    const struct tui_model_track *track = tui_history_model(&app->model->history, model->id);
    char title[TUI_NAME_SIZE + 8];

    snprintf(title, sizeof(title), "%s ", model->id);
    if (!track) {
        tui_canvas_print(canvas, rect.y, rect.x, rect.cols, TUI_ROLE_DIM,
                         "%s: no job of it has ended while this console was open", model->id);
        return;
    }
    struct tui_percentiles of = {&track->p50_us, &track->p95_us, &track->p99_us,
                                 app->model->fleet->slo_p99_us};
    tui_panel_percentiles(app, canvas, rect, title, &of);
}

static void draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
    static const struct tui_table table = {.columns = columns,
                                           .count = sizeof(columns) / sizeof(columns[0]),
                                           .adorn = adorn,
                                           .empty = "no model has been asked for yet"};
    body = tui_plot_banner(app, canvas, body);
    struct layout l = layout_of(app, body);
    size_t selected;

    tui_heat_map_draw(app, canvas, l.map);
    if (l.histogram.cols > 0)
        tui_histogram_draw(app, canvas, l.histogram);
    struct tui_run run =
        tui_plot_rule(app, canvas, l.table.y, l.table.x, l.table.cols, "models, the last 10 s");
    draw_legend(app, &run);
    l.table.y++;
    l.table.rows--;
    tui_table_draw(&table, app, canvas, l.table);
    if (l.graph.rows > 0 && tui_app_selected(app, &selected))
        draw_selected(app, canvas, l.graph, &app->model->fleet->models[selected]);
}

const struct tui_view_ops tui_view_latency = {
    .count = count,
    .id = id,
    .fields = fields,
    .value = value,
    .open = open,
    .page = page,
    .graph_cols = graph_cols,
    .draw = draw,
};
