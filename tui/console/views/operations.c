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

static size_t count(const struct tui_app *app)
{
    return app->model->fleet ? app->model->fleet->operation_count : 0;
}

static void describe(const struct tui_app *app, size_t index, struct tui_row_text *ret_row)
{
    const struct tui_operation *operation = &app->model->fleet->operations[index];

    snprintf(ret_row->id, sizeof(ret_row->id), "%llu", (unsigned long long)operation->id);
    snprintf(ret_row->text, sizeof(ret_row->text), "%s %s %s %s %s %s", ret_row->id,
             operation->kind, operation->target, operation->state, operation->by,
             operation->reason);
}

static int compare(const struct tui_app *app, size_t a, size_t b)
{
    const struct tui_operation *operations = app->model->fleet->operations;

    if (operations[a].id != operations[b].id)
        return operations[a].id > operations[b].id ? -1 : 1;
    return a < b ? -1 : 1;
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
    tui_grid_head(&table, app, canvas, body.y, "id");
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
    .describe = describe,
    .compare = compare,
    .page = page,
    .draw = draw,
};
