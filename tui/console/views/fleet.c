#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "theme/graph.h"
#include "views/grid.h"

enum column { NAME, STATE, DEVICE, LOAD, RATE, P95, FLIGHT, MODELS, SEEN, COLUMNS };

static const struct tui_column columns[COLUMNS] = {
    [NAME] = {"AGENT", 10, 2, 0, false},     [STATE] = {"STATE", 9, 0, 0, false},
    [DEVICE] = {"DEVICE", 12, 3, 4, false},  [LOAD] = {"LOAD", 10, 2, 1, false},
    [RATE] = {"JOBS/S", 6, 0, 1, true},      [P95] = {"P95", 6, 0, 2, true},
    [FLIGHT] = {"RUN+QUEUE", 9, 0, 6, true}, [MODELS] = {"MODELS", 12, 3, 5, false},
    [SEEN] = {"SEEN", 5, 0, 1, true},
};

static const char *const sorts[] = {"agent", "state", "load", "jobs/s", "p95", NULL};
enum sort { BY_NAME, BY_STATE, BY_LOAD, BY_RATE, BY_P95 };

#define AXIS_COLS 7

/* Where the parts of the view are. */
struct layout {
    int graph_rows;
    int strip_y; /* the rule above operations and events */
    int table_y; /* the headings */
    int table_rows;
};

static size_t agent_count(const struct tui_app *app)
{
    return app->model->fleet ? app->model->fleet->agent_count : 0;
}

static const struct tui_operation *running_operation(const struct tui_fleet *fleet)
{
    for (size_t i = 0; fleet && i < fleet->operation_count; i++) {
        if (strcmp(fleet->operations[i].state, "running") == 0)
            return &fleet->operations[i];
    }
    return NULL;
}

static struct layout layout_of(const struct tui_app *app, struct tui_rect body)
{
    struct layout l;
    int strip = body.rows >= 30 ? 6 : body.rows >= 18 ? 4 : 2;

    l.graph_rows = (body.rows - 8) / 4;
    l.graph_rows = l.graph_rows < 2 ? 2 : l.graph_rows > 10 ? 10 : l.graph_rows;
    l.table_y = body.y + 1 + l.graph_rows + 2;
    if (running_operation(app->model->fleet))
        strip++;
    l.strip_y = body.y + body.rows - strip;
    l.table_rows = l.strip_y - l.table_y - 1;
    /* Rows that a small fleet leaves empty go to the graphs. */
    int agents = agent_count(app) > 100 ? 100 : (int)agent_count(app);
    int spare = l.table_rows - (agents < 5 ? 5 : agents) - 1;
    int taller = l.graph_rows + spare > 10 ? 10 - l.graph_rows : spare;
    if (taller > 0) {
        l.graph_rows += taller;
        l.table_y += taller;
        l.table_rows -= taller;
    }
    return l;
}

static int page(const struct tui_app *app, struct tui_rect body)
{
    return layout_of(app, body).table_rows;
}

static void device_text(const struct tui_agent *agent, char *ret_text, size_t size)
{
    bool trouble = false;

    if (agent->device_count == 0) {
        snprintf(ret_text, size, "none");
        return;
    }
    for (size_t i = 0; i < agent->device_count; i++)
        trouble = trouble || (strcmp(agent->devices[i].state, "ready") != 0);
    if (agent->device_count == 1)
        snprintf(ret_text, size, "%s%s", trouble ? "! " : "", agent->devices[0].name);
    else
        snprintf(ret_text, size, "%s%zux %s", trouble ? "! " : "", agent->device_count,
                 agent->devices[0].name);
}

static void models_text(const struct tui_agent *agent, char *ret_text, size_t size)
{
    if (agent->model_count == 0)
        snprintf(ret_text, size, "-");
    else if (agent->model_count == 1)
        snprintf(ret_text, size, "%s", agent->models[0]);
    else
        snprintf(ret_text, size, "%s +%zu", agent->models[0], agent->model_count - 1);
}

static void describe(const struct tui_app *app, size_t index, struct tui_row_text *ret_row)
{
    const struct tui_agent *agent = &app->model->fleet->agents[index];
    char device[TUI_NAME_SIZE + 16];
    size_t used;

    device_text(agent, device, sizeof(device));
    snprintf(ret_row->id, sizeof(ret_row->id), "%s", agent->name);
    snprintf(ret_row->text, sizeof(ret_row->text), "%s %s %s %s", agent->name, agent->state, device,
             agent->reason);
    for (size_t i = 0; i < agent->model_count; i++) {
        used = strlen(ret_row->text);
        snprintf(ret_row->text + used, sizeof(ret_row->text) - used, " %s", agent->models[i]);
    }
}

static int state_rank(const char *state)
{
    static const char *const order[] = {"lost",    "suspect",  "draining",
                                        "drained", "cordoned", "connecting"};

    for (int i = 0; i < (int)(sizeof(order) / sizeof(order[0])); i++) {
        if (strcmp(order[i], state) == 0)
            return i;
    }
    return 99;
}

/* Larger first, what isn't known last. */
static int compare_real(double a, double b)
{
    if (isnan(a) || isnan(b))
        return (int)isnan(a) - (int)isnan(b);
    return (a < b) - (a > b);
}

static int compare(const struct tui_app *app, size_t a, size_t b)
{
    const struct tui_agent *x = &app->model->fleet->agents[a];
    const struct tui_agent *y = &app->model->fleet->agents[b];
    int order = 0;

    switch ((enum sort)app->lists[TUI_VIEW_FLEET].sort) {
    case BY_NAME:
        break;
    case BY_STATE:
        order = state_rank(x->state) - state_rank(y->state);
        break;
    case BY_LOAD:
        order = compare_real(tui_agent_busy(x), tui_agent_busy(y));
        break;
    case BY_RATE:
        order = compare_real(x->done_per_s, y->done_per_s);
        break;
    case BY_P95:
        order = compare_real((double)x->p95_us, (double)y->p95_us);
        break;
    }
    if (order == 0)
        order = strverscmp(x->name, y->name);
    return order != 0 ? order : a < b ? -1 : 1;
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

static void draw_agent(const struct tui_app *app, struct tui_canvas *canvas,
                       const struct tui_grid *table, int y, const struct tui_agent *agent)
{
    enum tui_role state = tui_state_role(agent->state);
    bool away = strcmp(agent->state, "lost") == 0;
    double busy = away ? NAN : tui_agent_busy(agent);
    int64_t age = tui_model_age_ms(app->model, app->now_ms);
    uint64_t seen = agent->seen_ms_ago + (age > TUI_STALE_MS ? (uint64_t)age : 0);
    char text[TUI_NAME_SIZE + 32];

    tui_grid_cell(table, canvas, y, NAME, TUI_ROLE_STRONG, agent->name);
    tui_grid_cell(table, canvas, y, STATE, state, agent->state);
    device_text(agent, text, sizeof(text));
    tui_grid_cell(table, canvas, y, DEVICE, text[0] == '!' ? TUI_ROLE_WARN : TUI_ROLE_NORMAL, text);
    if (table->width[LOAD] > 0) {
        int bar = table->width[LOAD] - 5;
        tui_glyphs_bar(canvas, app->glyphs, y, table->x[LOAD], bar, TUI_ROLE_GRAPH_LOW, busy);
        tui_figure_percent(text, sizeof(text), busy);
        tui_canvas_right(canvas, y, table->x[LOAD] + bar, 5, TUI_ROLE_NORMAL, text);
    }
    tui_figure_rate(text, sizeof(text), agent->done_per_s);
    tui_grid_cell(table, canvas, y, RATE, TUI_ROLE_NORMAL, text);
    tui_figure_us(text, sizeof(text), agent->p95_us > 0 ? (double)agent->p95_us : NAN);
    tui_grid_cell(table, canvas, y, P95, TUI_ROLE_NORMAL, text);
    snprintf(text, sizeof(text), "%llu+%llu", (unsigned long long)agent->running,
             (unsigned long long)agent->assigned);
    tui_grid_cell(table, canvas, y, FLIGHT, TUI_ROLE_NORMAL, text);
    /* Why an agent is not ready is worth more than what it has loaded. */
    if (agent->reason[0] != 0 && strcmp(agent->state, "ready") != 0) {
        tui_grid_cell(table, canvas, y, MODELS, state, agent->reason);
    } else {
        models_text(agent, text, sizeof(text));
        tui_grid_cell(table, canvas, y, MODELS, TUI_ROLE_NORMAL, text);
    }
    tui_figure_age(text, sizeof(text), seen);
    tui_grid_cell(table, canvas, y, SEEN, seen > 2000 ? TUI_ROLE_WARN : TUI_ROLE_DIM, text);
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
    const struct tui_list *list = &app->lists[TUI_VIEW_FLEET];
    struct layout l = layout_of(app, body);
    int graphs = body.cols >= 150 ? 3 : 2;
    int cols = body.cols / graphs;
    struct tui_rect rect = {body.y, 0, l.graph_rows + 1, cols - 1};
    struct tui_grid table;

    draw_throughput(app, canvas, rect);
    rect.x += cols;
    rect.cols = graphs == 2 ? body.cols - rect.x : cols - 1;
    draw_latency(app, canvas, rect);
    if (graphs == 3) {
        rect.x += cols;
        draw_queue(app, canvas, rect);
    }
    draw_counters(app, canvas, body.y + 1 + l.graph_rows);
    draw_caches(app, canvas, body.y + 2 + l.graph_rows);

    tui_grid_layout(&table, columns, COLUMNS, 2, body.cols - 3);
    tui_grid_head(&table, app, canvas, l.table_y, sorts[list->sort]);
    rect = (struct tui_rect){l.table_y + 1, 0, l.table_rows, body.cols};
    for (int i = 0; i < l.table_rows && list->top + (size_t)i < app->row_count; i++) {
        size_t row = list->top + (size_t)i;
        draw_agent(app, canvas, &table, rect.y + i, &app->model->fleet->agents[app->rows[row]]);
        tui_grid_row(app, canvas, rect, rect.y + i, row);
    }
    if (app->row_count == 0)
        tui_grid_empty(app, canvas, rect, "no agent has joined; start one with `stokerd agent`");
    draw_strip(app, canvas, body, l.strip_y);
    if (app->row_count > (size_t)l.table_rows)
        tui_canvas_print(canvas, l.strip_y, body.cols - 24, 23, TUI_ROLE_DIM, " %zu-%zu of %zu ",
                         list->top + 1, list->top + (size_t)l.table_rows, app->row_count);
}

const struct tui_view_ops tui_view_fleet = {
    .count = agent_count,
    .describe = describe,
    .compare = compare,
    .sorts = sorts,
    .page = page,
    .draw = draw,
};
