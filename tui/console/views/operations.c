#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "views/progress.h"
#include "views/table.h"

#define PANEL_ROWS 8
#define PANEL_BODY_MIN 16 /* a lower body is the list's alone */

enum field { ID, KIND, TARGET, STATE, PROGRESS, PARTS, ENDS, SAFE, HELD, BY, AGE, REASON };

static const struct tui_field fields[] = {
    [ID] = {"id", TUI_FIELD_ID, false},
    [KIND] = {"kind", TUI_FIELD_TEXT, false},
    [TARGET] = {"target", TUI_FIELD_TEXT, false},
    [STATE] = {"state", TUI_FIELD_TEXT, false},
    [PROGRESS] = {"progress", TUI_FIELD_SHARE, false},
    [PARTS] = {"parts", TUI_FIELD_TEXT, false},
    [ENDS] = {"ends", TUI_FIELD_MS, true},
    [SAFE] = {"safe", TUI_FIELD_TEXT, false},
    [HELD] = {"held", TUI_FIELD_TEXT, false},
    [BY] = {"by", TUI_FIELD_TEXT, false},
    [AGE] = {"started", TUI_FIELD_MS, true},
    [REASON] = {"reason", TUI_FIELD_TEXT, false},
    {NULL, TUI_FIELD_TEXT, false},
};

static const struct tui_column columns[] = {
    {.title = "ID", .field = ID, .width = 5, .right = true},
    {.title = "KIND", .field = KIND, .width = 9, .fit = 10},
    {.title = "TARGET", .field = TARGET, .width = 10, .fit = 36},
    {.title = "STATE", .field = STATE, .width = 9},
    {.title = "PROGRESS", .field = PROGRESS, .width = 12, .grow = 1, .priority = 3, .bar = 4},
    {.title = "PARTS", .field = PARTS, .width = 18, .fit = 32, .priority = 2},
    {.title = "ENDS IN", .field = ENDS, .width = 8, .priority = 1, .right = true},
    {.title = "SAFE", .field = SAFE, .width = 5},
    {.title = "HELD BY", .field = HELD, .width = 14, .grow = 4, .priority = 4},
    {.title = "BY", .field = BY, .width = 9, .fit = 20, .priority = 6},
    {.title = "STARTED", .field = AGE, .width = 9, .priority = 5, .since = true},
    {.title = "WHY", .field = REASON, .width = 10, .grow = 2, .priority = 7},
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static const struct tui_operation *operation_at(const struct tui_app *app, size_t index)
{
    return &app->model->fleet->operations[index];
}

static size_t count(const struct tui_app *app)
{
    return app->model->fleet ? app->model->fleet->operation_count : 0;
}

static void id(const struct tui_app *app, size_t index, char ret_id[TUI_NAME_SIZE])
{
    snprintf(ret_id, TUI_NAME_SIZE, "%llu", (unsigned long long)operation_at(app, index)->id);
}

static bool has_ended(const struct tui_operation *operation)
{
    return strcmp(operation->state, "running") != 0;
}

/* Only a drain makes an agent safe to remove. */
static const char *safe(const struct tui_operation *operation)
{
    if (strcmp(operation->kind, "drain") != 0)
        return "";
    return operation->safe_to_remove ? "SAFE" : "no";
}

static void text_value(const struct tui_operation *operation, enum field field,
                       struct tui_value *ret_value)
{
    ret_value->room[0] = 0;
    switch (field) {
    case KIND:
        ret_value->text = operation->kind;
        break;
    case TARGET:
        ret_value->text = operation->target;
        break;
    case STATE:
        ret_value->text = operation->state;
        ret_value->number = has_ended(operation) ? tui_state_rank(operation->state) : -1;
        break;
    case PARTS:
        tui_progress_parts(ret_value->room, TUI_VALUE_SIZE, operation);
        ret_value->text = ret_value->room;
        break;
    case SAFE:
        ret_value->text = safe(operation);
        break;
    case HELD:
        /* What it does now, or how it ended, where no job is named. */
        tui_progress_blockers(ret_value->room, TUI_VALUE_SIZE, operation);
        ret_value->text = ret_value->room[0] ? ret_value->room : operation->text;
        break;
    case BY:
        ret_value->text = operation->by;
        break;
    case REASON:
        ret_value->text = operation->reason;
        break;
    default:
        break;
    }
}

static double number_value(const struct tui_app *app, const struct tui_operation *operation,
                           enum field field)
{
    uint64_t now = tui_model_clock_ms(app->model, app->now_ms);
    uint64_t end = operation->expected_end_ms;

    switch (field) {
    case ID:
        return (double)operation->id;
    case PROGRESS:
        return tui_progress_share(operation);
    case ENDS:
        if (has_ended(operation) || end == 0 || now == 0)
            return NAN;
        return end > now ? (double)(end - now) : 0;
    case AGE:
        return (double)now - (double)operation->started_ms;
    default:
        return NAN;
    }
}

static void value(const struct tui_app *app, size_t index, size_t field,
                  struct tui_value *ret_value)
{
    if (fields[field].kind == TUI_FIELD_TEXT)
        text_value(operation_at(app, index), (enum field)field, ret_value);
    else
        ret_value->number = number_value(app, operation_at(app, index), (enum field)field);
}

static void adorn(const struct tui_app *app, size_t index, size_t column, struct tui_shown *shown)
{
    const struct tui_operation *operation = operation_at(app, index);
    enum field field = (enum field)columns[column].field;

    if (field == AGE)
        tui_figure_clock(shown->text, sizeof(shown->text), operation->started_ms);
    if (field == ENDS && !has_ended(operation) && operation->expected_end_ms != 0 &&
        number_value(app, operation, ENDS) == 0) {
        snprintf(shown->text, sizeof(shown->text), "overdue");
        shown->role = TUI_ROLE_WARN;
        return;
    }
    /* What has ended stays, for whoever comes later, but doesn't call. */
    if (field == SAFE && operation->safe_to_remove)
        shown->role = TUI_ROLE_OK;
    else if (field == STATE && strcmp(operation->state, "done") != 0)
        shown->role = tui_state_role(operation->state);
    else if (has_ended(operation))
        shown->role = TUI_ROLE_DIM;
    else if (field == ID || field == TARGET)
        shown->role = TUI_ROLE_STRONG;
    else if (field == HELD || field == SAFE)
        shown->role = TUI_ROLE_WARN;
    else if (field == AGE || field == BY)
        shown->role = TUI_ROLE_DIM;
}

static int panel_rows(struct tui_rect body)
{
    return body.rows >= PANEL_BODY_MIN ? PANEL_ROWS : 0;
}

static int page(const struct tui_app *app, struct tui_rect body)
{
    (void)app;
    body.rows -= panel_rows(body);
    return tui_table_page(body);
}

static void draw_result(struct tui_pen *pen, const struct tui_operation *operation)
{
    char text[TUI_TEXT_SIZE];

    if (operation->text[0] != 0)
        tui_pen_field(pen, has_ended(operation) ? "  ended" : "  now", TUI_ROLE_NORMAL, "%s",
                      operation->text);
    if (operation->safe_to_remove)
        tui_pen_field(pen, "  removable", TUI_ROLE_OK, "SAFE TO REMOVE: none of its work is left");
    else if (strcmp(operation->kind, "drain") == 0)
        tui_pen_field(pen, "  removable", TUI_ROLE_WARN, "not safe to remove");
    tui_progress_blockers(text, sizeof(text), operation);
    if (text[0] != 0)
        tui_pen_field(pen, "  held by", TUI_ROLE_WARN, "%s", text);
}

/* All of the selected one that its row has no room for. */
static void draw_panel(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect,
                       const struct tui_operation *operation)
{
    struct tui_pen pen = {.canvas = canvas,
                          .rect = {rect.y + 1, rect.x + 1, rect.rows - 1, rect.cols - 2}};
    char text[TUI_TEXT_SIZE];

    tui_glyphs_rule(canvas, app->glyphs, rect.y, rect.x, rect.cols);
    tui_progress_parts(text, sizeof(text), operation);
    tui_pen_print(&pen, TUI_ROLE_TITLE, "%s %s   %s", operation->kind, operation->target, text);
    draw_result(&pen, operation);
    tui_progress_eta(app, text, sizeof(text), operation);
    if (text[0] != 0)
        tui_pen_field(&pen, "  ends", TUI_ROLE_NORMAL, "%s", text);
    tui_figure_clock(text, sizeof(text), operation->deadline_ms);
    if (operation->deadline_ms != 0 && !has_ended(operation))
        tui_pen_field(&pen, "  deadline", TUI_ROLE_NORMAL, "%s%s", text,
                      strcmp(operation->kind, "drain") == 0 ? "; what still runs then is requeued"
                                                            : "");
    tui_figure_clock(text, sizeof(text), operation->started_ms);
    tui_pen_field(&pen, "  started", TUI_ROLE_NORMAL, "%s by %s: %s", text, operation->by,
                  operation->reason[0] ? operation->reason : "no reason given");
}

static void draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
    static const struct tui_tally tally = {"operation", "operations", STATE};
    static const struct tui_table table = {
        .columns = columns,
        .count = COLUMNS,
        .adorn = adorn,
        .empty = "no operations; d in the list of agents drains an agent"};
    int panel = panel_rows(body);
    struct tui_rect list = {body.y, body.x, body.rows - panel, body.cols};
    size_t selected;

    tui_table_draw(&table, app, canvas, tui_table_title(app, canvas, list, &tally, NULL));
    if (panel > 0 && tui_app_selected(app, &selected))
        draw_panel(app, canvas,
                   (struct tui_rect){body.y + body.rows - panel, body.x, panel, body.cols},
                   operation_at(app, selected));
}

const struct tui_view_ops tui_view_operations = {
    .count = count,
    .id = id,
    .fields = fields,
    .value = value,
    .page = page,
    .draw = draw,
};
