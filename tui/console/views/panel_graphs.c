/* The overview's graphs, and what is told in one row each. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "theme/chart.h"
#include "views/panel.h"

/* The rest of a row as a sparkline, if that is worth a look. */
static void draw_spark(const struct tui_app *app, struct tui_run *run,
                       const struct tui_series *series, enum tui_role role, int cols)
{
    float values[TUI_PLOT_COLS_MAX];
    struct tui_timeline time;

    if (cols > run->end - run->x - 1)
        cols = run->end - run->x - 1;
    if (cols < 5)
        return;
    time = tui_graphs_time(app, cols);
    double max = tui_spark_sample(series, &time, values);
    tui_spark_draw(run->canvas, run->y, run->x + 1, cols, app->glyphs, role, values, max);
    run->x += cols + 1;
}

static bool is_line(struct tui_rect rect)
{
    return rect.rows < 4;
}

static struct tui_run title_of(struct tui_canvas *canvas, struct tui_rect rect, const char *title)
{
    struct tui_run run = {canvas, rect.y, rect.x, rect.x + rect.cols};

    tui_run_put(&run, TUI_ROLE_TITLE, "%s", title);
    return run;
}

static struct tui_rect below(struct tui_rect rect)
{
    return (struct tui_rect){rect.y + 1, rect.x, rect.rows - 1, rect.cols};
}

void tui_panel_throughput(const struct tui_app *app, struct tui_canvas *canvas,
                          struct tui_rect rect)
{
    const struct tui_series *m = app->model->history.metrics;
    const struct tui_graph_line lines[] = {
        {&m[TUI_METRIC_DONE], NULL, TUI_GRAPH_AREA, TUI_ROLE_GRAPH_LOW, '#'}};
    const struct tui_plot plot = {lines, 1, NULL, false, 1, tui_plot_number};
    struct tui_run run = title_of(canvas, rect, "Throughput ");
    char text[TUI_FIGURE_SIZE];

    tui_figure_rate(text, sizeof(text), tui_plot_value(app, &m[TUI_METRIC_DONE]));
    tui_run_put(&run, TUI_ROLE_STRONG, "%s jobs/s", text);
    tui_figure_rate(text, sizeof(text), tui_plot_value(app, &m[TUI_METRIC_SUBMITTED]));
    tui_run_put(&run, TUI_ROLE_DIM, "  in ");
    tui_run_put(&run, TUI_ROLE_NORMAL, "%s/s", text);
    if (is_line(rect))
        draw_spark(app, &run, &m[TUI_METRIC_DONE], TUI_ROLE_GRAPH_LOW, rect.cols);
    else
        tui_plot_draw(app, canvas, below(rect), &plot);
}

/* The three percentiles and how many jobs kept the SLO. */
static void percentiles_text(const struct tui_app *app, struct tui_run *run,
                             const struct tui_percentiles *of)
{
    const struct tui_series *const series[] = {of->p50, of->p95, of->p99};
    static const char *const names[] = {"p50", "p95", "p99"};
    static const enum tui_role roles[] = {TUI_ROLE_GRAPH_BAND, TUI_ROLE_GRAPH_BAND,
                                          TUI_ROLE_GRAPH_HIGH};

    for (size_t i = 0; i < 3; i++) {
        char text[TUI_FIGURE_SIZE];
        double us = tui_plot_value(app, series[i]);
        bool over = i == 2 && of->slo_us > 0 && us > (double)of->slo_us;
        tui_figure_us(text, sizeof(text), us);
        tui_run_put(run, roles[i], " %s ", names[i]);
        tui_run_put(run, over ? TUI_ROLE_BAD : TUI_ROLE_STRONG, "%s%s", text, over ? "!" : "");
    }
}

void tui_panel_percentiles(const struct tui_app *app, struct tui_canvas *canvas,
                           struct tui_rect rect, const char *title,
                           const struct tui_percentiles *of)
{
    const struct tui_graph_line lines[] = {
        {of->p95, of->p50, TUI_GRAPH_BAND, TUI_ROLE_GRAPH_BAND, ':'},
        {of->p99, NULL, TUI_GRAPH_LINE, TUI_ROLE_GRAPH_HIGH, '*'}};
    char slo[TUI_FIGURE_SIZE];
    char label[TUI_FIGURE_SIZE + 8];
    const struct tui_graph_mark mark = {(double)of->slo_us, TUI_ROLE_GRAPH_LIMIT, label};
    const struct tui_plot plot = {lines, 2, of->slo_us > 0 ? &mark : NULL, true, 0, tui_figure_us};
    struct tui_run run = title_of(canvas, rect, title);

    tui_figure_us(slo, sizeof(slo), (double)of->slo_us);
    snprintf(label, sizeof(label), "SLO %s", slo);
    percentiles_text(app, &run, of);
    if (of->slo_us > 0 && of->p99 == &app->model->history.metrics[TUI_METRIC_P99]) {
        double within = tui_plot_value(app, &app->model->history.metrics[TUI_METRIC_WITHIN]);
        if (!isnan(within))
            /* Cut, not rounded: 99.96% is not all of them. */
            tui_run_put(&run, within < 0.99 ? TUI_ROLE_WARN : TUI_ROLE_OK, " SLO %.1f%%",
                        floor(within * 1000) / 10);
    }
    if (is_line(rect))
        draw_spark(app, &run, of->p99, TUI_ROLE_GRAPH_HIGH, rect.cols);
    else
        tui_plot_draw(app, canvas, below(rect), &plot);
}

void tui_panel_latency(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect)
{
    const struct tui_series *m = app->model->history.metrics;
    const struct tui_percentiles of = {&m[TUI_METRIC_P50], &m[TUI_METRIC_P95], &m[TUI_METRIC_P99],
                                       app->model->fleet->slo_p99_us};

    tui_panel_percentiles(app, canvas, rect, "Latency", &of);
}

static void draw_count(struct tui_run *run, enum tui_role role, const char *label, double value)
{
    char text[TUI_FIGURE_SIZE] = "-";

    if (!isnan(value))
        tui_figure_count(text, sizeof(text), (uint64_t)fmax(value, 0));
    if (!tui_run_has(run, (int)(strlen(label) + strlen(text)) + 3))
        return;
    tui_run_put(run, role, "  %s ", label);
    tui_run_put(run, TUI_ROLE_STRONG, "%s", text);
}

void tui_panel_jobs(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect)
{
    const struct tui_series *m = app->model->history.metrics;
    const struct tui_totals *totals = &app->model->fleet->totals;
    const struct tui_graph_line lines[] = {
        {&m[TUI_METRIC_IN_FLIGHT], NULL, TUI_GRAPH_AREA, TUI_ROLE_GRAPH_LOW, '#'},
        {&m[TUI_METRIC_QUEUED], NULL, TUI_GRAPH_LINE, TUI_ROLE_GRAPH_HIGH, '*'}};
    const struct tui_plot plot = {lines, 2, NULL, false, 1, tui_plot_number};
    struct tui_run run = title_of(canvas, rect, "Jobs");
    bool line = is_line(rect);
    int spark = (rect.cols - 70) / 2;

    draw_count(&run, line ? TUI_ROLE_DIM : TUI_ROLE_GRAPH_HIGH, "queued",
               tui_plot_value(app, &m[TUI_METRIC_QUEUED]));
    if (!line)
        tui_run_put(&run, TUI_ROLE_DIM, " (line)");
    if (line)
        draw_spark(app, &run, &m[TUI_METRIC_QUEUED], TUI_ROLE_GRAPH_HIGH, spark);
    draw_count(&run, line ? TUI_ROLE_DIM : TUI_ROLE_GRAPH_LOW, "in flight",
               tui_plot_value(app, &m[TUI_METRIC_IN_FLIGHT]));
    if (line)
        draw_spark(app, &run, &m[TUI_METRIC_IN_FLIGHT], TUI_ROLE_GRAPH_LOW, spark);
    draw_count(&run, totals->failed > 0 ? TUI_ROLE_WARN : TUI_ROLE_DIM, "failed",
               (double)totals->failed);
    draw_count(&run, TUI_ROLE_DIM, "done", (double)totals->done);
    draw_count(&run, TUI_ROLE_DIM, "requeued", (double)totals->requeued);
    if (!line)
        tui_plot_draw(app, canvas, below(rect), &plot);
}

void tui_panel_within(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect)
{
    const struct tui_history *history = &app->model->history;
    bool slo = app->model->fleet->slo_p99_us > 0;
    const struct tui_cache_track *cache = history->cache_count > 0 ? &history->caches[0] : NULL;
    const struct tui_series *series = slo     ? &history->metrics[TUI_METRIC_WITHIN]
                                      : cache ? &cache->hit_rate
                                              : NULL;
    if (!series)
        return;
    const struct tui_graph_line lines[] = {{series, NULL, TUI_GRAPH_AREA, TUI_ROLE_GRAPH_LOW, '#'}};
    const struct tui_graph_mark mark = {0.99, TUI_ROLE_GRAPH_LIMIT, "99%"};
    const struct tui_plot plot = {lines, 1, slo ? &mark : NULL, false, 1,
                                  tui_figure_percent};
    struct tui_run run = title_of(canvas, rect, slo ? "Within the SLO " : "Hits in cache ");
    char text[TUI_FIGURE_SIZE];

    if (!slo)
        tui_run_put(&run, TUI_ROLE_TITLE, "%s ", cache->name);
    tui_figure_percent(text, sizeof(text), tui_plot_value(app, series));
    tui_run_put(&run, TUI_ROLE_STRONG, "%s", text);
    if (is_line(rect))
        draw_spark(app, &run, series, TUI_ROLE_GRAPH_LOW, rect.cols);
    else
        tui_plot_draw(app, canvas, below(rect), &plot);
}

void tui_panel_split(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect)
{
    const struct tui_series *m = app->model->history.metrics;
    static const enum tui_role roles[] = {TUI_ROLE_PART_QUEUE, TUI_ROLE_PART_LOAD,
                                          TUI_ROLE_PART_COMPUTE, TUI_ROLE_PART_COPY};
    struct tui_part parts[4];
    struct tui_run run = title_of(canvas, rect, "Time ");
    double total = 0;
    int bar = rect.cols / 4 > 60 ? 60 : rect.cols / 4;

    for (size_t i = 0; i < 4; i++) {
        double us = tui_plot_value(app, &m[TUI_METRIC_QUEUE + i]);
        parts[i] = (struct tui_part){tui_span_names[TUI_SPAN_QUEUE + i], roles[i], us};
        total += us > 0 ? us : 0;
    }
    if (!(total > 0)) {
        tui_run_put(&run, TUI_ROLE_DIM, "no job ended");
        return;
    }
    tui_stack_draw(canvas, run.y, run.x, bar, app->glyphs, parts, 4);
    run.x += bar;
    for (size_t i = 0; i < 4; i++) {
        char us[TUI_FIGURE_SIZE];
        char share[TUI_FIGURE_SIZE];
        tui_figure_us(us, sizeof(us), parts[i].value);
        tui_figure_percent(share, sizeof(share), parts[i].value / total);
        if (!tui_run_has(&run, (int)(strlen(parts[i].name) + strlen(share)) + 3))
            return;
        tui_run_put(&run, parts[i].role, " %lc", (wint_t)tui_stack_shade(app->glyphs, i));
        tui_run_put(&run, TUI_ROLE_DIM, "%s ", parts[i].name);
        tui_run_put(&run, TUI_ROLE_STRONG, "%s", share);
        if (rect.cols >= 100)
            tui_run_put(&run, TUI_ROLE_NORMAL, " %s", us);
    }
}

void tui_panel_caches(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect)
{
    const struct tui_history *history = &app->model->history;
    struct tui_run run = title_of(canvas, rect, "Hits");
    int spark = 0;
    int need = 6;

    for (size_t i = 0; i < history->cache_count; i++)
        need += tui_canvas_width(canvas, history->caches[i].name) + 7;
    if (history->cache_count > 0)
        spark = (rect.cols - need) / (int)history->cache_count - 1;
    for (size_t i = 0; i < history->cache_count; i++) {
        const struct tui_cache_track *cache = &history->caches[i];
        double rate = tui_plot_value(app, &cache->hit_rate);
        char text[TUI_FIGURE_SIZE];
        tui_figure_percent(text, sizeof(text), rate);
        int width = tui_canvas_width(canvas, cache->name) + (int)strlen(text) + 3;
        if (!tui_run_has(&run, width))
            return;
        tui_run_put(&run, TUI_ROLE_DIM, "  %s ", cache->name);
        tui_run_put(&run, isnan(rate) ? TUI_ROLE_DIM : TUI_ROLE_STRONG, "%s", text);
        draw_spark(app, &run, &cache->hit_rate, TUI_ROLE_GRAPH_LOW, spark > 24 ? 24 : spark);
    }
}
