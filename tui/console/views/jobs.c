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

enum field {
    F_JOB,
    F_STATE,
    F_MODEL,
    F_AGENT,
    F_TRY,
    F_AGE,
    F_TOTAL,
    F_QUEUE,
    F_LOAD,
    F_COMPUTE,
    F_COPY,
    F_PRIORITY,
    F_KEY,
    F_ERROR
};

static const struct tui_field fields[] = {
    [F_JOB] = {"job", TUI_FIELD_ID, false},
    [F_STATE] = {"state", TUI_FIELD_TEXT, false},
    [F_MODEL] = {"model", TUI_FIELD_TEXT, false},
    [F_AGENT] = {"agent", TUI_FIELD_TEXT, false},
    [F_TRY] = {"try", TUI_FIELD_COUNT, false},
    [F_AGE] = {"submitted", TUI_FIELD_MS, true},
    [F_TOTAL] = {"total", TUI_FIELD_US, false},
    [F_QUEUE] = {"queue", TUI_FIELD_US, false},
    [F_LOAD] = {"load", TUI_FIELD_US, false},
    [F_COMPUTE] = {"compute", TUI_FIELD_US, false},
    [F_COPY] = {"copy", TUI_FIELD_US, false},
    [F_PRIORITY] = {"priority", TUI_FIELD_COUNT, false},
    [F_KEY] = {"key", TUI_FIELD_TEXT, false},
    [F_ERROR] = {"error", TUI_FIELD_TEXT, false},
    {NULL, TUI_FIELD_TEXT, false},
};

static size_t count(const struct tui_app *app)
{
    const struct tui_job_page *page = tui_model_jobs(app->model);

    return page ? page->count : 0;
}

static void id(const struct tui_app *app, size_t index, char ret_id[TUI_NAME_SIZE])
{
    snprintf(ret_id, TUI_NAME_SIZE, "%llu",
             (unsigned long long)tui_model_jobs(app->model)->jobs[index].id);
}

static double span(const struct tui_job *job, enum tui_span which)
{
    return job->timing_us[which] > 0 ? (double)job->timing_us[which] : NAN;
}

static void value(const struct tui_app *app, size_t index, size_t field,
                  struct tui_value *ret_value)
{
    const struct tui_job *job = &tui_model_jobs(app->model)->jobs[index];
    static const enum tui_span spans[] = {[F_TOTAL] = TUI_SPAN_TOTAL,
                                          [F_QUEUE] = TUI_SPAN_QUEUE,
                                          [F_LOAD] = TUI_SPAN_LOAD,
                                          [F_COMPUTE] = TUI_SPAN_COMPUTE,
                                          [F_COPY] = TUI_SPAN_COPY};

    switch ((enum field)field) {
    case F_JOB:
        ret_value->number = (double)job->id;
        break;
    case F_STATE:
        ret_value->text = job->state;
        break;
    case F_MODEL:
        snprintf(ret_value->room, TUI_VALUE_SIZE, "%s:%llu", job->model,
                 (unsigned long long)job->version);
        ret_value->text = ret_value->room;
        break;
    case F_AGENT:
        ret_value->text = job->agent;
        break;
    case F_TRY:
        ret_value->number = (double)job->attempt;
        break;
    case F_AGE:
        ret_value->number = (double)app->clock_ms - (double)job->submitted_ms;
        break;
    case F_TOTAL:
    case F_QUEUE:
    case F_LOAD:
    case F_COMPUTE:
    case F_COPY:
        ret_value->number = span(job, spans[field]);
        break;
    case F_PRIORITY:
        ret_value->number = (double)job->priority;
        break;
    case F_KEY:
        ret_value->text = job->key;
        break;
    case F_ERROR:
        ret_value->text = job->error_message;
        break;
    }
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
    tui_figure_us(text, sizeof(text), span(job, TUI_SPAN_TOTAL));
    tui_grid_cell(table, canvas, y, TOTAL, TUI_ROLE_NORMAL, text);
    tui_figure_us(text, sizeof(text), span(job, TUI_SPAN_COMPUTE));
    tui_grid_cell(table, canvas, y, COMPUTE, TUI_ROLE_NORMAL, text);
    tui_grid_cell(table, canvas, y, ERROR, TUI_ROLE_BAD, job->error_message);
}

static void draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
    const struct tui_list *list = &app->lists[TUI_VIEW_JOBS];
    const char *state = tui_job_states[app->job_state];
    const struct tui_job_page *jobs = tui_model_jobs(app->model);
    int64_t age = app->now_ms - app->model->polled[TUI_POLL_JOBS].at_ms;
    struct tui_rect rect = {body.y + 2, 0, body.rows - 2, body.cols};
    struct tui_grid table;
    int x = 1;

    if (!jobs) {
        tui_canvas_text(canvas, body.y + 1, 2, body.cols - 2, TUI_ROLE_DIM,
                        "asking the coordinator for its jobs...");
        return;
    }
    x += tui_canvas_print(canvas, body.y, x, body.cols - x, TUI_ROLE_TITLE, "%s jobs",
                          state[0] ? state : "all");
    x += tui_canvas_print(canvas, body.y, x, body.cols - x, TUI_ROLE_DIM,
                          "  the newest %zu of %llu", jobs->count, (unsigned long long)jobs->total);
    if (age > 3000) {
        char text[TUI_FIGURE_SIZE];
        tui_figure_age(text, sizeof(text), (uint64_t)age);
        tui_canvas_print(canvas, body.y, x, body.cols - x, TUI_ROLE_WARN, "  list %s old", text);
    }
    tui_grid_layout(&table, columns, COLUMNS, 2, body.cols - 3);
    tui_grid_head(&table, app, canvas, body.y + 1, fields[list->sort].name);
    for (int i = 0; i < rect.rows && list->top + (size_t)i < app->row_count; i++) {
        size_t row = list->top + (size_t)i;
        draw_job(canvas, &table, rect.y + i, &jobs->jobs[app->rows[row]]);
        tui_grid_row(app, canvas, rect, rect.y + i, row);
    }
    if (app->row_count == 0)
        tui_grid_empty(app, canvas, rect,
                       state[0] ? "no job is in this state; f shows the next one"
                                : "no jobs yet; `stoker submit MODEL FILE` sends one");
}

static void want(const struct tui_app *app, struct tui_want *want)
{
    want->polls[TUI_POLL_JOBS] = true;
    tui_want_text(want->jobs.state, sizeof(want->jobs.state), tui_job_states[app->job_state]);
}

const struct tui_view_ops tui_view_jobs = {
    .want = want,
    .count = count,
    .id = id,
    .fields = fields,
    .value = value,
    .page = page,
    .draw = draw,
};
