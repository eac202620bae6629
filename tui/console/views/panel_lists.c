/* The overview's lists: what needs somebody, what changed, who works, what happened. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/figure.h"
#include "model/mover.h"
#include "theme/chart.h"
#include "views/grid.h"
#include "views/panel.h"

#define MOVERS_MAX 32

static struct tui_run run_at(struct tui_canvas *canvas, struct tui_rect rect, int row)
{
    return (struct tui_run){canvas, rect.y + row, rect.x + 1, rect.x + rect.cols};
}

/* The text, cut where it must be. */
static void put_cut(struct tui_run *run, enum tui_role role, const char *text)
{
    run->x += tui_canvas_text(run->canvas, run->y, run->x, run->end - run->x, role, text);
}

/* One alert; the rows that it took. */
static int draw_alert(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect,
                      int row, const struct tui_alert *alert, bool roomy)
{
    struct tui_run run = run_at(canvas, rect, row);
    enum tui_role role = alert->bad ? TUI_ROLE_BAD : TUI_ROLE_WARN;
    int64_t age = app->now_ms - alert->since_ms;
    char text[TUI_FIGURE_SIZE];
    const char *next = tui_alert_next(alert);

    tui_figure_age(text, sizeof(text), age > 0 ? (uint64_t)age / 1000 * 1000 : 0);
    tui_run_put(&run, role, "%s", alert->bad ? "!!" : "! ");
    tui_run_put(&run, TUI_ROLE_DIM, "%5s ", text);
    put_cut(&run, alert->bad ? TUI_ROLE_STRONG : TUI_ROLE_NORMAL, alert->text);
    int width = (int)strlen(next) + 3;
    if (run.x + width <= run.end) {
        tui_run_put(&run, TUI_ROLE_DIM, " - %s", next);
        return 1;
    }
    if (!roomy)
        return 1;
    run = run_at(canvas, rect, row + 1);
    run.x += 8;
    put_cut(&run, TUI_ROLE_DIM, next);
    return 2;
}

void tui_panel_alerts(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect)
{
    const struct tui_alerts *alerts = &app->model->alerts;
    const struct tui_totals *totals = &app->model->fleet->totals;
    struct tui_run run = tui_plot_rule(app, canvas, rect.y, rect.x, rect.cols, "alerts");
    struct tui_alert stale;
    char key[64];
    int row = 1;

    if (tui_alert_stale(app->model->fleet_at_ms, app->now_ms, &stale))
        row += draw_alert(app, canvas, rect, row, &stale, rect.rows > row + 2);
    if (alerts->count == 0 && row == 1) {
        run = run_at(canvas, rect, row);
        tui_run_put(&run, TUI_ROLE_OK, "none");
        tui_run_put(&run, TUI_ROLE_DIM, ": %llu of %llu agents ready, ledger %s",
                    (unsigned long long)totals->agents_ready, (unsigned long long)totals->agents,
                    app->model->fleet->ledger[0] ? app->model->fleet->ledger : "unknown");
        return;
    }
    size_t shown = 0;
    while (shown < alerts->count && row < rect.rows) {
        int left = rect.rows - row - (int)(alerts->count - shown);
        row += draw_alert(app, canvas, rect, row, &alerts->items[shown], left > 0);
        shown++;
    }
    if (shown < alerts->total)
        tui_run_put(&run, TUI_ROLE_WARN, "%zu of %zu ", shown, alerts->total);
    else
        tui_run_put(&run, TUI_ROLE_WARN, "%zu ", alerts->total);
    tui_binding_key(key, sizeof(key), &app->keymap.bindings[TUI_COMMAND_ALERT]);
    if (key[0] != 0)
        tui_run_put(&run, TUI_ROLE_DIM, " %s goes there ", key);
}

static void draw_mover(const struct tui_app *app, struct tui_run *run,
                       const struct tui_mover *mover)
{
    bool ascii = app->glyphs == TUI_GLYPHS_ASCII;
    bool up = mover->now > mover->before;
    bool worse = mover->what == TUI_MOVER_RATE ? !up : up;
    char before[TUI_FIGURE_SIZE];
    char now[TUI_FIGURE_SIZE];

    tui_run_put(run, worse ? TUI_ROLE_WARN : TUI_ROLE_OK, "%s ",
                up      ? ascii ? "^" : "\u25b2"
                : ascii ? "v"
                        : "\u25bc");
    int room = run->end - run->x - 26;
    run->x += tui_canvas_text(run->canvas, run->y, run->x,
                              room < 8    ? 8
                              : room > 20 ? 20
                                          : room,
                              TUI_ROLE_STRONG, mover->name) +
              1;
    if (mover->what == TUI_MOVER_FAILED) {
        tui_run_put(run, TUI_ROLE_WARN, "%.0f failed", mover->now);
        tui_run_put(run, TUI_ROLE_DIM, ", %.0f before", mover->before);
        return;
    }
    if (mover->what == TUI_MOVER_P95) {
        tui_figure_us(before, sizeof(before), mover->before);
        tui_figure_us(now, sizeof(now), mover->now);
    } else {
        tui_figure_rate(before, sizeof(before), mover->before);
        tui_figure_rate(now, sizeof(now), mover->now);
    }
    tui_run_put(run, TUI_ROLE_DIM, "%s ", mover->what == TUI_MOVER_P95 ? "p95" : "jobs/s");
    tui_run_put(run, TUI_ROLE_NORMAL, "%s", before);
    tui_run_put(run, TUI_ROLE_STRONG, "%s%s", ascii ? " > " : " \u2192 ", now);
}

void tui_panel_movers(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect)
{
    struct tui_mover movers[MOVERS_MAX];
    size_t count = tui_movers(&app->model->history, movers, MOVERS_MAX);
    struct tui_run run = tui_plot_rule(app, canvas, rect.y, rect.x, rect.cols, "movers");

    tui_run_put(&run, TUI_ROLE_DIM, "this minute against the last ");
    if (count == 0) {
        run = run_at(canvas, rect, 1);
        put_cut(&run, TUI_ROLE_DIM,
                tui_movers_ready(&app->model->history) ? "nobody changed much"
                                                       : "after a minute and a half of data");
    }
    for (size_t i = 0; i < count && (int)i + 1 < rect.rows; i++) {
        run = run_at(canvas, rect, (int)i + 1);
        draw_mover(app, &run, &movers[i]);
    }
}

static void draw_head(const struct tui_grid *grid, struct tui_canvas *canvas, int y)
{
    for (size_t i = 0; i < grid->count; i++)
        tui_grid_cell(grid, canvas, y, i, TUI_ROLE_TITLE, grid->columns[i].title);
}

enum { A_NAME, A_STATE, A_LOAD, A_RATE, A_SPARK, A_P95, A_SEEN, A_COLUMNS };

static const struct tui_column agent_columns[A_COLUMNS] = {
    [A_NAME] = {.title = "AGENT", .width = 10, .grow = 2},
    [A_STATE] = {.title = "STATE", .width = 8},
    [A_LOAD] = {.title = "LOAD", .width = 7, .grow = 2, .priority = 2},
    [A_RATE] = {.title = "JOBS/S", .width = 6, .priority = 1, .right = true},
    [A_SPARK] = {.title = "2 MIN", .width = 16, .priority = 3},
    [A_P95] = {.title = "P95", .width = 6, .priority = 2, .right = true},
    [A_SEEN] = {.title = "SEEN", .width = 5, .priority = 1, .right = true},
};

/* Not ready, or a device of it isn't. */
static bool is_troubled(const struct tui_agent *agent)
{
    for (size_t i = 0; i < agent->device_count; i++) {
        if (strcmp(agent->devices[i].state, "ready") != 0)
            return true;
    }
    return strcmp(agent->state, "ready") != 0;
}

/* Who needs a look first: those with trouble, then the busiest. */
static int compare_agents(const void *a, const void *b)
{
    const struct tui_agent *x = *(const struct tui_agent *const *)a;
    const struct tui_agent *y = *(const struct tui_agent *const *)b;
    int trouble = (int)is_troubled(y) - (int)is_troubled(x);
    double p = isnan(x->done_per_s) ? 0 : x->done_per_s;
    double q = isnan(y->done_per_s) ? 0 : y->done_per_s;

    if (trouble != 0)
        return trouble;
    /* By steps, so that rows don't change places with every sample. */
    double step = floor(q / 25) - floor(p / 25);
    return step != 0 ? (step > 0 ? 1 : -1) : strverscmp(x->name, y->name);
}

static void draw_agent(const struct tui_app *app, struct tui_canvas *canvas,
                       const struct tui_grid *grid, int y, const struct tui_agent *agent)
{
    const struct tui_history *history = &app->model->history;
    const struct tui_pulse *pulse = tui_pulses_find(&history->agents, agent->name);
    bool lost = strcmp(agent->state, "lost") == 0;
    double busy = lost ? NAN : tui_agent_busy(agent);
    char text[TUI_FIGURE_SIZE];

    tui_grid_cell(grid, canvas, y, A_NAME, TUI_ROLE_STRONG, agent->name);
    tui_grid_cell(grid, canvas, y, A_STATE, tui_state_role(agent->state), agent->state);
    if (grid->width[A_LOAD] > 0) {
        int bar = grid->width[A_LOAD] - 5;
        tui_glyphs_bar(canvas, app->glyphs, y, grid->x[A_LOAD], bar, TUI_ROLE_GRAPH_LOW, busy);
        tui_figure_percent(text, sizeof(text), busy);
        tui_canvas_right(canvas, y, grid->x[A_LOAD] + bar, 5, TUI_ROLE_NORMAL, text);
    }
    tui_figure_rate(text, sizeof(text), agent->done_per_s);
    tui_grid_cell(grid, canvas, y, A_RATE, TUI_ROLE_NORMAL, text);
    if (grid->width[A_SPARK] > 0 && pulse) {
        float values[TUI_BEATS];
        double max = 0;
        for (size_t i = 0; i < TUI_BEATS; i++) {
            struct tui_pulse_part part =
                tui_pulse_part(pulse, history->next - 1, TUI_BEATS - 1 - i, 1);
            values[i] = (float)part.per_s;
            max = fmax(max, part.per_s);
        }
        tui_spark_draw(canvas, y, grid->x[A_SPARK], TUI_BEATS, app->glyphs, TUI_ROLE_GRAPH_LOW,
                       values, max);
    }
    tui_figure_us(text, sizeof(text), agent->p95_us > 0 ? (double)agent->p95_us : NAN);
    tui_grid_cell(grid, canvas, y, A_P95, TUI_ROLE_NORMAL, text);
    tui_figure_age(text, sizeof(text), agent->seen_ms_ago);
    tui_grid_cell(grid, canvas, y, A_SEEN, agent->seen_ms_ago > 2000 ? TUI_ROLE_WARN : TUI_ROLE_DIM,
                  text);
}

void tui_panel_agents(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect)
{
    const struct tui_fleet *fleet = app->model->fleet;
    const struct tui_agent *sorted[TUI_AGENTS_MAX];
    struct tui_run run = tui_plot_rule(app, canvas, rect.y, rect.x, rect.cols, "agents");
    struct tui_grid grid;
    size_t rows = rect.rows > 2 ? (size_t)rect.rows - 2 : 0;
    size_t count = fleet->agent_count;

    if (count > rows)
        tui_run_put(&run, TUI_ROLE_DIM, "%zu of %zu: troubled and busiest ", rows, count);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &fleet->agents[i];
    qsort(sorted, count, sizeof(sorted[0]), compare_agents);
    tui_grid_layout(&grid, agent_columns, A_COLUMNS, A_COLUMNS, NULL, rect.x + 1, rect.cols - 2);
    draw_head(&grid, canvas, rect.y + 1);
    for (size_t i = 0; i < count && i < rows; i++)
        draw_agent(app, canvas, &grid, rect.y + 2 + (int)i, sorted[i]);
}

enum { M_NAME, M_QUEUED, M_RUNNING, M_RATE, M_P50, M_P95, M_P99, M_FAILED, M_COLUMNS };

static const struct tui_column model_columns[M_COLUMNS] = {
    [M_NAME] = {.title = "MODEL", .width = 12, .grow = 1},
    [M_QUEUED] = {.title = "QUEUED", .width = 6, .priority = 2, .right = true},
    [M_RUNNING] = {.title = "RUN", .width = 5, .priority = 3, .right = true},
    [M_RATE] = {.title = "JOBS/S", .width = 6, .right = true},
    [M_P50] = {.title = "P50", .width = 6, .priority = 2, .right = true},
    [M_P95] = {.title = "P95", .width = 6, .right = true},
    [M_P99] = {.title = "P99", .width = 6, .priority = 1, .right = true},
    [M_FAILED] = {.title = "FAILED", .width = 6, .priority = 3, .right = true},
};

static void draw_model(struct tui_canvas *canvas, const struct tui_grid *grid, int y,
                       const struct tui_served *model)
{
    bool measured = model->total.count > 0;
    const uint64_t percentiles[] = {model->total.p50_us, model->total.p95_us, model->total.p99_us};
    char text[TUI_FIGURE_SIZE];

    tui_grid_cell(grid, canvas, y, M_NAME, TUI_ROLE_STRONG, model->id);
    tui_figure_count(text, sizeof(text), model->queued);
    tui_grid_cell(grid, canvas, y, M_QUEUED, TUI_ROLE_NORMAL, text);
    tui_figure_count(text, sizeof(text), model->running);
    tui_grid_cell(grid, canvas, y, M_RUNNING, TUI_ROLE_NORMAL, text);
    tui_figure_rate(text, sizeof(text), model->done_per_s);
    tui_grid_cell(grid, canvas, y, M_RATE, TUI_ROLE_NORMAL, text);
    for (size_t i = 0; i < 3; i++) {
        tui_figure_us(text, sizeof(text), measured ? (double)percentiles[i] : NAN);
        tui_grid_cell(grid, canvas, y, M_P50 + i, TUI_ROLE_NORMAL, text);
    }
    tui_figure_count(text, sizeof(text), model->failed);
    tui_grid_cell(grid, canvas, y, M_FAILED, model->failed > 0 ? TUI_ROLE_WARN : TUI_ROLE_DIM,
                  text);
}

void tui_panel_models(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect)
{
    const struct tui_fleet *fleet = app->model->fleet;
    struct tui_run run = tui_plot_rule(app, canvas, rect.y, rect.x, rect.cols, "models");
    struct tui_grid grid;
    size_t rows = rect.rows > 2 ? (size_t)rect.rows - 2 : 0;

    if (fleet->model_count > rows)
        tui_run_put(&run, TUI_ROLE_DIM, "%zu of %zu ", rows, fleet->model_count);
    tui_grid_layout(&grid, model_columns, M_COLUMNS, M_COLUMNS, NULL, rect.x + 1, rect.cols - 2);
    draw_head(&grid, canvas, rect.y + 1);
    for (size_t i = 0; i < fleet->model_count && i < rows; i++)
        draw_model(canvas, &grid, rect.y + 2 + (int)i, &fleet->models[i]);
}

void tui_panel_news(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect)
{
    const struct tui_fleet *fleet = app->model->fleet;
    size_t count = tui_model_event_count(app->model);
    int y = rect.y + 1;
    int end = rect.y + rect.rows;

    tui_plot_rule(app, canvas, rect.y, rect.x, rect.cols, "news");
    for (size_t i = 0; i < fleet->operation_count && y < end; i++) {
        const struct tui_operation *operation = &fleet->operations[i];
        char text[TUI_TEXT_SIZE];
        if (strcmp(operation->state, "running") != 0)
            continue;
        tui_operation_summary(text, sizeof(text), operation);
        tui_canvas_print(canvas, y++, rect.x + 1, rect.cols - 2, TUI_ROLE_WARN, "%s %s: %s",
                         operation->kind, operation->target, text);
    }
    if (count == 0 && y < end)
        tui_canvas_text(canvas, y, rect.x + 1, rect.cols - 2, TUI_ROLE_DIM,
                        "nothing has happened yet");
    for (size_t i = 0; i < count && y < end; i++)
        tui_event_draw(canvas, y++, rect.x + 1, rect.cols - 2, tui_model_event(app->model, i));
}
