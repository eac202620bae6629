#include "views/spread.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "model/hist.h"
#include "theme/chart.h"
#include "theme/zone.h"

#define ROWS_MAX 128
#define LABEL_COLS 8
#define COUNT_COLS 7

/* The slots that a column of the map stands for. */
static bool column_hist(const struct tui_app *app, const struct tui_timeline *time, int col,
                        struct tui_hist *ret_hist)
{
    uint64_t from;
    uint64_t count = tui_timeline_slots(time, col, 0, 1, &from);

    return count > 0 && tui_history_hist(&app->model->history, from, count, ret_hist);
}

/* The whole time in sight. */
static bool sight_hist(const struct tui_app *app, const struct tui_timeline *time,
                       struct tui_hist *ret_hist)
{
    int64_t from = time->first_cell * (int64_t)time->cell;
    uint64_t start = from > 0 ? (uint64_t)from : 0;

    return tui_history_hist(&app->model->history, start, time->end - start, ret_hist);
}

/* The bounds of what isn't empty, as steps that keep an axis still; false if all is. */
static bool bounds_us(const struct tui_hist *hist, double *ret_min, double *ret_max)
{
    size_t first = 0;
    size_t last = TUI_HIST_BUCKETS;

    while (first < TUI_HIST_BUCKETS && hist->buckets[first] == 0)
        first++;
    while (last > first && hist->buckets[last - 1] == 0)
        last--;
    if (first >= last)
        return false;
    double lower = first > 0 ? (double)tui_hist_upper_us(first - 1) : 1;
    double upper = last < TUI_HIST_BUCKETS ? (double)tui_hist_upper_us(last - 1)
                                           : (double)tui_hist_upper_us(last - 2) * 2;
    *ret_max = tui_graph_step_up(upper);
    *ret_min = tui_graph_step_up(lower) > lower ? tui_graph_step_up(lower / 2.5) : lower;
    if (*ret_min > lower)
        *ret_min = lower;
    return true;
}

/* The counts of a column's rows; the greatest of them, 0 where nothing is known. */
static float column_counts(const struct tui_app *app, const struct tui_timeline *time, int col,
                           const struct tui_hist_cut *cuts, size_t rows, float *ret_counts)
{
    struct tui_hist hist;

    memset(ret_counts, 0, rows * sizeof(*ret_counts));
    if (!column_hist(app, time, col, &hist))
        return 0;
    return tui_hist_split(&hist, cuts, rows + 1, ret_counts);
}

static void draw_cells(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect,
                       const struct tui_graph *graph)
{
    struct tui_hist_cut cuts[ROWS_MAX + 1];
    float counts[ROWS_MAX];
    size_t rows = rect.rows < ROWS_MAX ? (size_t)rect.rows : ROWS_MAX;
    float most = 0;

    for (size_t i = 0; i <= rows; i++)
        cuts[i] =
            tui_hist_cut_at(graph->min * pow(graph->max / graph->min, (double)i / (double)rows));
    for (int col = 0; col < rect.cols; col++)
        most = fmaxf(most, column_counts(app, &graph->time, col, cuts, rows, counts));
    /* A step, so that the shades don't change with every sample. */
    double full = tui_graph_step_up((double)most);
    for (int col = 0; col < rect.cols; col++) {
        struct tui_rect column = {rect.y, rect.x + col, (int)rows, 1};
        column_counts(app, &graph->time, col, cuts, rows, counts);
        tui_heat_draw(canvas, column, app->glyphs, counts, full);
    }
}

void tui_heat_map_draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect)
{
    bool live = tui_graphs_live(app);
    uint64_t slo = app->model->fleet->slo_p99_us;
    int rows = rect.rows >= 6 ? rect.rows - 2 : rect.rows - 1;
    struct tui_rect map = {rect.y + 1, rect.x + TUI_PLOT_AXIS_COLS, rows,
                           rect.cols - TUI_PLOT_AXIS_COLS};
    struct tui_run run = {canvas, rect.y, rect.x, rect.x + rect.cols};
    struct tui_graph_mark mark = {(double)slo, TUI_ROLE_GRAPH_LIMIT, ""};
    struct tui_graph graph = {.mark = slo > 0 ? &mark : NULL};
    struct tui_hist hist;

    tui_run_put(&run, TUI_ROLE_TITLE, "Latency of all jobs ");
    if (map.rows < 1 || map.cols < 1)
        return;
    graph.time = tui_graphs_time(app, map.cols);
    if (!sight_hist(app, &graph.time, &hist) || !bounds_us(&hist, &graph.min, &graph.max)) {
        tui_run_put(&run, TUI_ROLE_DIM, "no job ended in this time");
        return;
    }
    tui_run_put(&run, TUI_ROLE_DIM, " few ");
    run.x += tui_heat_legend(canvas, run.y, run.x, run.end - run.x, app->glyphs);
    tui_run_put(&run, TUI_ROLE_DIM, " many, each column the 10 s before it");
    tui_graph_axis(canvas, (struct tui_rect){map.y, rect.x, map.rows, TUI_PLOT_AXIS_COLS - 1},
                   TUI_GLYPHS_BLOCK, &graph, tui_figure_us);
    tui_graph_draw(canvas, map, app->glyphs, &graph);
    draw_cells(app, canvas, map, &graph);
    tui_zone_add(canvas, map, TUI_ZONE_GRAPH, 0, NULL);
    if (rect.rows >= 6)
        tui_timeline_draw(canvas, map.y + rows, map.x, &graph.time,
                          live ? 0 : tui_plot_clock_ms(app, graph.time.end));
    int col = live ? -1 : tui_timeline_column(&graph.time, app->graphs.cursor);
    for (int y = 0; col >= 0 && y < rows; y++)
        tui_canvas_select(canvas, map.y + y, map.x + col, 1);
}

/* What is written behind the bar that holds it. */
struct flag {
    const char *name;
    double us;
    enum tui_role role;
};

#define FLAGS 4

static void draw_bar(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect row,
                     double from_us, double to_us, double count, double most,
                     const struct flag *flags)
{
    int bar = row.cols - LABEL_COLS - COUNT_COLS - 12;
    struct tui_run run = {canvas, row.y, row.x + LABEL_COLS + bar + COUNT_COLS + 1,
                          row.x + row.cols};
    char text[TUI_FIGURE_SIZE];

    tui_figure_us(text, sizeof(text), to_us);
    tui_canvas_right(canvas, row.y, row.x, LABEL_COLS - 1, TUI_ROLE_DIM, text);
    double share = count / most;
    /* One of a hundred thousand is there, too. */
    if (count > 0 && share < 1.0 / (8 * bar))
        share = 1.0 / (8 * bar);
    if (bar > 0)
        tui_glyphs_bar(canvas, app->glyphs, row.y, row.x + LABEL_COLS, bar, TUI_ROLE_GRAPH_LOW,
                       share);
    tui_figure_count(text, sizeof(text), (uint64_t)llround(count));
    tui_canvas_right(canvas, row.y, row.x + LABEL_COLS + bar, COUNT_COLS,
                     count > 0 ? TUI_ROLE_NORMAL : TUI_ROLE_DIM, text);
    for (size_t i = 0; i < FLAGS; i++) {
        if (flags[i].us > from_us && flags[i].us <= to_us)
            tui_run_put(&run, flags[i].role, " %s", flags[i].name);
    }
}

static void draw_bars(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect,
                      const struct tui_hist *hist)
{
    struct flag flags[FLAGS] = {
        {"p50", tui_hist_percentile_us(hist, 0.5), TUI_ROLE_STRONG},
        {"p95", tui_hist_percentile_us(hist, 0.95), TUI_ROLE_STRONG},
        {"p99", tui_hist_percentile_us(hist, 0.99), TUI_ROLE_GRAPH_HIGH},
        {"SLO", (double)app->model->fleet->slo_p99_us, TUI_ROLE_GRAPH_LIMIT}};
    struct tui_hist_cut cuts[ROWS_MAX + 1];
    float counts[ROWS_MAX];
    double min;
    double max;
    int rows = rect.rows < ROWS_MAX ? rect.rows : ROWS_MAX;

    if (rows < 1 || !bounds_us(hist, &min, &max))
        return;
    for (int i = 0; i <= rows; i++)
        cuts[i] = tui_hist_cut_at(min * pow(max / min, (double)i / rows));
    float most = tui_hist_split(hist, cuts, (size_t)rows + 1, counts);
    for (int i = 0; i < rows; i++) {
        struct tui_rect row = {rect.y + i, rect.x, 1, rect.cols};
        draw_bar(app, canvas, row, min * pow(max / min, (double)i / rows),
                 min * pow(max / min, (double)(i + 1) / rows), (double)counts[i], (double)most,
                 flags);
    }
}

void tui_histogram_draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect)
{
    bool live = tui_graphs_live(app);
    int cols = tui_views[app->view].ops->graph_cols(app, app->body);
    struct tui_timeline time = tui_graphs_time(app, cols);
    struct tui_run run = {canvas, rect.y, rect.x, rect.x + rect.cols};
    struct tui_hist hist;
    char text[TUI_FIGURE_SIZE];
    int col = live ? -1 : tui_timeline_column(&time, app->graphs.cursor);
    bool found = col >= 0 ? column_hist(app, &time, col, &hist) : sight_hist(app, &time, &hist);

    tui_run_put(&run, TUI_ROLE_TITLE, "%s", live ? "Histogram" : "At the cursor");
    if (!found) {
        tui_run_put(&run, TUI_ROLE_DIM, "  no job ended");
        return;
    }
    tui_figure_count(text, sizeof(text), hist.count);
    tui_run_put(&run, TUI_ROLE_STRONG, "  %s jobs", text);
    tui_run_put(&run, TUI_ROLE_DIM, ", by their longest");
    draw_bars(app, canvas, (struct tui_rect){rect.y + 1, rect.x, rect.rows - 1, rect.cols}, &hist);
}
