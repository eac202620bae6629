#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "views/grid.h"

enum column { ID, STATE, MODEL, AGENT, ATTEMPT, SUBMITTED, TOTAL, COMPUTE, ERROR, COLUMNS };

static const struct tui_column columns[COLUMNS] = {
    [ID] = {"JOB", 9, 0, 0, true},        [STATE] = {"STATE", 9, 0, 0, false},
    [MODEL] = {"MODEL", 12, 2, 0, false}, [AGENT] = {"AGENT", 10, 2, 1, false},
    [ATTEMPT] = {"TRY", 3, 0, 4, true},   [SUBMITTED] = {"SUBMITTED", 9, 0, 2, true},
    [TOTAL] = {"TOTAL", 7, 0, 1, true},   [COMPUTE] = {"COMPUTE", 7, 0, 3, true},
    [ERROR] = {"ERROR", 10, 5, 5, false},
};

static size_t count(const struct tui_app *app)
{
    return app->model->jobs ? app->model->jobs->count : 0;
}

static void describe(const struct tui_app *app, size_t index, struct tui_row_text *ret_row)
{
    const struct tui_job *job = &app->model->jobs->jobs[index];

    snprintf(ret_row->id, sizeof(ret_row->id), "%llu", (unsigned long long)job->id);
    snprintf(ret_row->text, sizeof(ret_row->text), "%s %s %s %s %s %s", ret_row->id, job->state,
             job->model, job->agent, job->key, job->error_message);
}

static int compare(const struct tui_app *app, size_t a, size_t b)
{
    const struct tui_job *jobs = app->model->jobs->jobs;

    if (jobs[a].id != jobs[b].id)
        return jobs[a].id > jobs[b].id ? -1 : 1;
    return a < b ? -1 : 1;
}

static int page(const struct tui_app *app, struct tui_rect body)
{
    (void)app;
    return body.rows - 2;
}

static void draw_job(struct tui_canvas *canvas, const struct tui_grid *table, int y,
                     const struct tui_job *job)
{
    char text[TUI_NAME_SIZE + 24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)job->id);
    tui_grid_cell(table, canvas, y, ID, TUI_ROLE_STRONG, text);
    tui_grid_cell(table, canvas, y, STATE, tui_state_role(job->state), job->state);
    snprintf(text, sizeof(text), "%s:%llu", job->model, (unsigned long long)job->version);
    tui_grid_cell(table, canvas, y, MODEL, TUI_ROLE_NORMAL, text);
    tui_grid_cell(table, canvas, y, AGENT, TUI_ROLE_NORMAL, job->agent[0] ? job->agent : "-");
    snprintf(text, sizeof(text), "%llu", (unsigned long long)job->attempt);
    tui_grid_cell(table, canvas, y, ATTEMPT, job->attempt > 1 ? TUI_ROLE_WARN : TUI_ROLE_DIM, text);
    tui_figure_clock(text, sizeof(text), job->submitted_ms);
    tui_grid_cell(table, canvas, y, SUBMITTED, TUI_ROLE_DIM, text);
    const enum column spans[] = {TOTAL, COMPUTE};
    const uint64_t values[] = {job->timing_us[TUI_SPAN_TOTAL], job->timing_us[TUI_SPAN_COMPUTE]};
    for (size_t i = 0; i < 2; i++) {
        tui_figure_us(text, sizeof(text), values[i] > 0 ? (double)values[i] : NAN);
        tui_grid_cell(table, canvas, y, spans[i], TUI_ROLE_NORMAL, text);
    }
    tui_grid_cell(table, canvas, y, ERROR, TUI_ROLE_BAD, job->error_message);
}

static void draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
    const struct tui_list *list = &app->lists[TUI_VIEW_JOBS];
    const char *state = tui_job_states[app->job_state];
    int64_t age = app->now_ms - app->model->jobs_at_ms;
    struct tui_rect rect = {body.y + 2, 0, body.rows - 2, body.cols};
    struct tui_grid table;
    int x = 1;

    if (!app->model->jobs) {
        tui_canvas_text(canvas, body.y + 1, 2, body.cols - 2, TUI_ROLE_DIM,
                        "asking the coordinator for its jobs...");
        return;
    }
    x += tui_canvas_print(canvas, body.y, x, body.cols - x, TUI_ROLE_TITLE, "%s jobs",
                          state[0] ? state : "all");
    x +=
        tui_canvas_print(canvas, body.y, x, body.cols - x, TUI_ROLE_DIM, "  the newest %zu of %llu",
                         app->model->jobs->count, (unsigned long long)app->model->jobs->total);
    if (age > 3000) {
        char text[TUI_FIGURE_SIZE];
        tui_figure_age(text, sizeof(text), (uint64_t)age);
        tui_canvas_print(canvas, body.y, x, body.cols - x, TUI_ROLE_WARN, "  list %s old", text);
    }
    tui_grid_layout(&table, columns, COLUMNS, 2, body.cols - 3);
    tui_grid_head(&table, app, canvas, body.y + 1, "job");
    for (int i = 0; i < rect.rows && list->top + (size_t)i < app->row_count; i++) {
        size_t row = list->top + (size_t)i;
        draw_job(canvas, &table, rect.y + i, &app->model->jobs->jobs[app->rows[row]]);
        tui_grid_row(app, canvas, rect, rect.y + i, row);
    }
    if (app->row_count == 0)
        tui_grid_empty(app, canvas, rect,
                       state[0] ? "no job is in this state; f shows the next one"
                                : "no jobs yet; `stoker submit MODEL FILE` sends one");
}

const struct tui_view_ops tui_view_jobs = {
    .count = count,
    .describe = describe,
    .compare = compare,
    .page = page,
    .draw = draw,
};
