#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "views/grid.h"

enum column { ID, KIND, TARGET, STATE, BY, STARTED, PROGRESS, COLUMNS };

static const struct tui_column columns[COLUMNS] = {
    [ID] = {"ID", 5, 0, 0, true},
    [KIND] = {"KIND", 9, 0, 0, false},
    [TARGET] = {"TARGET", 10, 1, 0, false},
    [STATE] = {"STATE", 9, 0, 0, false},
    [BY] = {"BY", 9, 1, 2, false},
    [STARTED] = {"STARTED", 8, 0, 1, false},
    [PROGRESS] = {"PROGRESS", 14, 4, 0, false},
};

enum field { F_ID, F_KIND, F_TARGET, F_STATE, F_BY, F_AGE, F_LEFT, F_REASON };

static const struct tui_field fields[] = {
    [F_ID] = {"id", TUI_FIELD_ID, false},
    [F_KIND] = {"kind", TUI_FIELD_TEXT, false},
    [F_TARGET] = {"target", TUI_FIELD_TEXT, false},
    [F_STATE] = {"state", TUI_FIELD_TEXT, false},
    [F_BY] = {"by", TUI_FIELD_TEXT, false},
    [F_AGE] = {"started", TUI_FIELD_MS, true},
    [F_LEFT] = {"left", TUI_FIELD_COUNT, false},
    [F_REASON] = {"reason", TUI_FIELD_TEXT, false},
    {NULL, TUI_FIELD_TEXT, false},
};

static size_t count(const struct tui_app *app)
{
    return app->model->fleet ? app->model->fleet->operation_count : 0;
}

static void id(const struct tui_app *app, size_t index, char ret_id[TUI_NAME_SIZE])
{
    snprintf(ret_id, TUI_NAME_SIZE, "%llu",
             (unsigned long long)app->model->fleet->operations[index].id);
}

static void value(const struct tui_app *app, size_t index, size_t field,
                  struct tui_value *ret_value)
{
    const struct tui_operation *operation = &app->model->fleet->operations[index];

    switch ((enum field)field) {
    case F_ID:
        ret_value->number = (double)operation->id;
        break;
    case F_KIND:
        ret_value->text = operation->kind;
        break;
    case F_TARGET:
        ret_value->text = operation->target;
        break;
    case F_STATE:
        ret_value->text = operation->state;
        break;
    case F_BY:
        ret_value->text = operation->by;
        break;
    case F_AGE:
        ret_value->number = (double)app->clock_ms - (double)operation->started_ms;
        break;
    case F_LEFT:
        ret_value->number = (double)operation->remaining;
        break;
    case F_REASON:
        ret_value->text = operation->reason;
        break;
    }
}

/* The lower half belongs to what holds the selected operation up. */
static int page(const struct tui_app *app, struct tui_rect body)
{
    (void)app;
    return (body.rows - 1) / 2;
}

static void draw_blockers(const struct tui_app *app, struct tui_canvas *canvas,
                          struct tui_rect rect, const struct tui_operation *operation)
{
    struct tui_pen pen = {.canvas = canvas, .rect = rect};
    char text[TUI_TEXT_SIZE];
    char running[TUI_FIGURE_SIZE];
    char expected[TUI_FIGURE_SIZE];

    tui_glyphs_rule(canvas, app->glyphs, rect.y - 1, 0, canvas->cols);
    tui_operation_summary(text, sizeof(text), operation);
    tui_pen_print(&pen, TUI_ROLE_TITLE, "%s %s", operation->kind, operation->target);
    tui_pen_field(&pen, "  result", operation->safe_to_remove ? TUI_ROLE_OK : TUI_ROLE_WARN, "%s",
                  text);
    if (operation->text[0] != 0 && strcmp(operation->text, text) != 0)
        tui_pen_field(&pen, "  now", TUI_ROLE_NORMAL, "%s", operation->text);
    tui_pen_field(&pen, "  reason", TUI_ROLE_NORMAL, "%s",
                  operation->reason[0] ? operation->reason : "none given");
    tui_figure_clock(text, sizeof(text), operation->deadline_ms);
    tui_pen_field(&pen, "  deadline", TUI_ROLE_NORMAL, "%s%s", text,
                  strcmp(operation->kind, "drain") == 0 ? "; what still runs then is requeued"
                                                        : "");
    for (size_t i = 0; i < operation->blocker_count; i++) {
        const struct tui_blocker *blocker = &operation->blockers[i];
        tui_figure_age(running, sizeof(running), blocker->running_ms);
        tui_figure_age(expected, sizeof(expected), blocker->left_ms);
        tui_pen_field(&pen, i == 0 ? "  held by" : "", TUI_ROLE_NORMAL, "job %llu (%s), %s %s%s%s",
                      (unsigned long long)blocker->job, blocker->model, "runs for", running,
                      blocker->has_left ? ", ends in about " : ", never measured",
                      blocker->has_left ? expected : "");
    }
}

static void draw_operation(struct tui_canvas *canvas, const struct tui_grid *table, int y,
                           const struct tui_operation *operation)
{
    char text[TUI_TEXT_SIZE];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)operation->id);
    tui_grid_cell(table, canvas, y, ID, TUI_ROLE_STRONG, text);
    tui_grid_cell(table, canvas, y, KIND, TUI_ROLE_NORMAL, operation->kind);
    tui_grid_cell(table, canvas, y, TARGET, TUI_ROLE_STRONG, operation->target);
    tui_grid_cell(table, canvas, y, STATE, tui_state_role(operation->state), operation->state);
    tui_grid_cell(table, canvas, y, BY, TUI_ROLE_NORMAL, operation->by);
    tui_figure_clock(text, sizeof(text), operation->started_ms);
    tui_grid_cell(table, canvas, y, STARTED, TUI_ROLE_DIM, text);
    tui_operation_summary(text, sizeof(text), operation);
    tui_grid_cell(table, canvas, y, PROGRESS,
                  operation->safe_to_remove ? TUI_ROLE_OK : TUI_ROLE_WARN, text);
}

static void draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
    const struct tui_list *list = &app->lists[TUI_VIEW_OPERATIONS];
    struct tui_rect rect = {body.y + 1, 0, page(app, body), body.cols};
    struct tui_grid table;
    size_t selected;

    tui_grid_layout(&table, columns, COLUMNS, 2, body.cols - 3);
    tui_grid_head(&table, app, canvas, body.y, fields[list->sort].name);
    for (int i = 0; i < rect.rows && list->top + (size_t)i < app->row_count; i++) {
        size_t row = list->top + (size_t)i;
        draw_operation(canvas, &table, rect.y + i, &app->model->fleet->operations[app->rows[row]]);
        tui_grid_row(app, canvas, rect, rect.y + i, row);
    }
    if (app->row_count == 0)
        tui_grid_empty(app, canvas, rect, "no operations; d in the list of agents drains an agent");
    if (tui_app_selected(app, &selected)) {
        rect.y += rect.rows + 1;
        rect.rows = body.y + body.rows - rect.y;
        rect.x = 1;
        rect.cols = body.cols - 2;
        draw_blockers(app, canvas, rect, &app->model->fleet->operations[selected]);
    }
}

const struct tui_view_ops tui_view_operations = {
    .count = count,
    .id = id,
    .fields = fields,
    .value = value,
    .page = page,
    .draw = draw,
};
