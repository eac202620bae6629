#include <math.h>
#include <stdio.h>

#include "views/grid.h"

enum field { F_AGE, F_KIND, F_SEVERITY, F_AGENT, F_JOB, F_TEXT };

static const struct tui_field fields[] = {
    [F_AGE] = {"age", TUI_FIELD_MS, true},
    [F_KIND] = {"kind", TUI_FIELD_TEXT, false},
    [F_SEVERITY] = {"severity", TUI_FIELD_TEXT, false},
    [F_AGENT] = {"agent", TUI_FIELD_TEXT, false},
    [F_JOB] = {"job", TUI_FIELD_ID, false},
    [F_TEXT] = {"text", TUI_FIELD_TEXT, false},
    {NULL, TUI_FIELD_TEXT, false},
};

static size_t count(const struct tui_app *app)
{
    return tui_model_event_count(app->model);
}

static void id(const struct tui_app *app, size_t index, char ret_id[TUI_NAME_SIZE])
{
    const struct tui_event *event = tui_model_event(app->model, index);

    snprintf(ret_id, TUI_NAME_SIZE, "%llu.%llu", (unsigned long long)event->seq,
             (unsigned long long)event->time_ms);
}

static void value(const struct tui_app *app, size_t index, size_t field,
                  struct tui_value *ret_value)
{
    const struct tui_event *event = tui_model_event(app->model, index);

    switch ((enum field)field) {
    case F_AGE:
        ret_value->number = (double)app->clock_ms - (double)event->time_ms;
        break;
    case F_KIND:
        ret_value->text = event->kind;
        break;
    case F_SEVERITY:
        ret_value->text = event->severity;
        break;
    case F_AGENT:
        ret_value->text = event->agent;
        break;
    case F_JOB:
        ret_value->number = event->job > 0 ? (double)event->job : NAN;
        break;
    case F_TEXT:
        ret_value->text = event->text;
        break;
    }
}

static int page(const struct tui_app *app, struct tui_rect body)
{
    (void)app;
    return body.rows - 1;
}

static void draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
    const struct tui_list *list = &app->lists[TUI_VIEW_EVENTS];
    struct tui_rect rect = {body.y + 1, 0, body.rows - 1, body.cols};

    tui_canvas_print(canvas, body.y, 2, body.cols - 3, TUI_ROLE_TITLE,
                     "TIME     KIND, AGENT, JOB AND WHAT HAPPENED   (newest %s)",
                     list->reverse ? "last" : "first");
    for (int i = 0; i < rect.rows && list->top + (size_t)i < app->row_count; i++) {
        size_t row = list->top + (size_t)i;
        tui_event_draw(canvas, rect.y + i, 2, body.cols - 3,
                       tui_model_event(app->model, app->rows[row]));
        tui_grid_row(app, canvas, rect, rect.y + i, row);
    }
    if (app->row_count == 0)
        tui_grid_empty(app, canvas, rect, "nothing has happened yet");
}

const struct tui_view_ops tui_view_events = {
    .count = count,
    .id = id,
    .fields = fields,
    .value = value,
    .page = page,
    .draw = draw,
};
