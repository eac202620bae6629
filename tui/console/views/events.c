#include <stdio.h>

#include "views/grid.h"

static size_t count(const struct tui_app *app)
{
    return tui_model_event_count(app->model);
}

static void describe(const struct tui_app *app, size_t index, struct tui_row_text *ret_row)
{
    const struct tui_event *event = tui_model_event(app->model, index);

    snprintf(ret_row->id, sizeof(ret_row->id), "%llu.%llu", (unsigned long long)event->seq,
             (unsigned long long)event->time_ms);
    snprintf(ret_row->text, sizeof(ret_row->text), "%s %s %s %llu %s", event->kind, event->severity,
             event->agent, (unsigned long long)event->job, event->text);
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
    .describe = describe,
    .page = page,
    .draw = draw,
};
