#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "views/table.h"

enum field { ID, KIND, TARGET, STATE, BY, AGE, PROGRESS, LEFT, REASON };

static const struct tui_field fields[] = {
    [ID] = {"id", TUI_FIELD_ID, false},
    [KIND] = {"kind", TUI_FIELD_TEXT, false},
    [TARGET] = {"target", TUI_FIELD_TEXT, false},
    [STATE] = {"state", TUI_FIELD_TEXT, false},
    [BY] = {"by", TUI_FIELD_TEXT, false},
    [AGE] = {"started", TUI_FIELD_MS, true},
    [PROGRESS] = {"progress", TUI_FIELD_TEXT, false},
    [LEFT] = {"left", TUI_FIELD_COUNT, false},
    [REASON] = {"reason", TUI_FIELD_TEXT, false},
    {NULL, TUI_FIELD_TEXT, false},
};

static const struct tui_column columns[] = {
    {.title = "ID", .field = ID, .width = 5, .right = true},
    {.title = "KIND", .field = KIND, .width = 9},
    {.title = "TARGET", .field = TARGET, .width = 10, .fit = 36},
    {.title = "STATE", .field = STATE, .width = 9},
    {.title = "BY", .field = BY, .width = 9, .fit = 20, .priority = 2},
    {.title = "STARTED", .field = AGE, .width = 9, .priority = 1},
    {.title = "PROGRESS", .field = PROGRESS, .width = 14, .grow = 4},
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

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
    case ID:
        ret_value->number = (double)operation->id;
        break;
    case KIND:
        ret_value->text = operation->kind;
        break;
    case TARGET:
        ret_value->text = operation->target;
        break;
    case STATE:
        ret_value->text = operation->state;
        ret_value->number = tui_state_rank(operation->state);
        break;
    case BY:
        ret_value->text = operation->by;
        break;
    case AGE:
        ret_value->number = (double)app->clock_ms - (double)operation->started_ms;
        break;
    case PROGRESS:
        tui_operation_summary(ret_value->room, TUI_VALUE_SIZE, operation);
        ret_value->text = ret_value->room;
        break;
    case LEFT:
        ret_value->number = (double)operation->remaining;
        break;
    case REASON:
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

    tui_glyphs_rule(canvas, app->glyphs, rect.y - 1, 0, rect.cols + 2);
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

static void adorn(const struct tui_app *app, size_t index, size_t column, struct tui_shown *shown)
{
    const struct tui_operation *operation = &app->model->fleet->operations[index];

    switch ((enum field)columns[column].field) {
    case ID:
    case TARGET:
        shown->role = TUI_ROLE_STRONG;
        break;
    case STATE:
        shown->role = tui_state_role(operation->state);
        break;
    case AGE:
        tui_figure_clock(shown->text, sizeof(shown->text), operation->started_ms);
        shown->role = TUI_ROLE_DIM;
        break;
    case PROGRESS:
        shown->role = operation->safe_to_remove ? TUI_ROLE_OK : TUI_ROLE_WARN;
        break;
    default:
        break;
    }
}

static void draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
    static const struct tui_table table = {
        .columns = columns,
        .count = COLUMNS,
        .adorn = adorn,
        .empty = "no operations; d in the list of agents drains an agent"};
    struct tui_rect rect = {body.y, 0, page(app, body) + 1, body.cols};
    size_t selected;

    tui_table_draw(&table, app, canvas, rect);
    if (tui_app_selected(app, &selected)) {
        rect =
            (struct tui_rect){rect.y + rect.rows + 1, 1, body.rows - rect.rows - 1, body.cols - 2};
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
