/*
 * The parts that the overview is put together from. Each draws into its rectangle and leaves out
 * what has no room there.
 */
#ifndef TUI_CONSOLE_VIEWS_PANEL_H
#define TUI_CONSOLE_VIEWS_PANEL_H

#include "views/plot.h"

/* Titled graphs. Of one or two rows it is a line with a sparkline. */
void tui_panel_throughput(const struct tui_app *app, struct tui_canvas *canvas,
                          struct tui_rect rect);
void tui_panel_latency(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect);
void tui_panel_jobs(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect);
/* The share of jobs within the SLO, or, where there is none, of hits in the first cache. */
void tui_panel_within(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect);

/* Where the mean job's time goes: a bar and its legend, one row. */
void tui_panel_split(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect);
/* The hit rates of all caches, one row. */
void tui_panel_caches(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect);

/* Lists under a rule with a title, with a row at least. */
void tui_panel_alerts(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect);
void tui_panel_movers(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect);
void tui_panel_agents(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect);
void tui_panel_models(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect);
/* Running operations, then events. */
void tui_panel_news(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect);

/* The line graph of latency percentiles, with the SLO, of the cluster or a model. */
struct tui_percentiles {
    const struct tui_series *p50, *p95, *p99;
    uint64_t slo_us; /* 0: none */
};
void tui_panel_percentiles(const struct tui_app *app, struct tui_canvas *canvas,
                           struct tui_rect rect, const char *title,
                           const struct tui_percentiles *of);

#endif
