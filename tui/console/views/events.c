#include <math.h>
#include <stdio.h>

#include "model/figure.h"
#include "views/table.h"

enum field { AGE, KIND, SEVERITY, AGENT, JOB, TEXT };

static const struct tui_field fields[] = {
    [AGE] = {"age", TUI_FIELD_MS, true},
    [KIND] = {"kind", TUI_FIELD_TEXT, false},
    [SEVERITY] = {"severity", TUI_FIELD_TEXT, false},
    [AGENT] = {"agent", TUI_FIELD_TEXT, false},
    [JOB] = {"job", TUI_FIELD_ID, false},
    [TEXT] = {"text", TUI_FIELD_TEXT, false},
    {NULL, TUI_FIELD_TEXT, false},
};

static const struct tui_column columns[] = {
    {.title = "TIME", .field = AGE, .width = 8},
    {.title = "", .field = SEVERITY, .width = 2},
    {.title = "KIND", .field = KIND, .width = 18},
    {.title = "AGENT", .field = AGENT, .width = 10, .fit = 24, .priority = 2},
    {.title = "JOB", .field = JOB, .width = 8, .priority = 3, .right = true},
    {.title = "WHAT HAPPENED", .field = TEXT, .width = 20, .grow = 6},
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static size_t count(const struct tui_app *app)
{
    return tui_model_event_count(app->model);
}

static void id(const struct tui_app *app, size_t index, char ret_id[TUI_NAME_SIZE])
{
    tui_event_id(ret_id, tui_model_event(app->model, index));
}

static void value(const struct tui_app *app, size_t index, size_t field,
                  struct tui_value *ret_value)
{
    const struct tui_event *event = tui_model_event(app->model, index);

    switch ((enum field)field) {
    case AGE:
        ret_value->number = (double)app->clock_ms - (double)event->time_ms;
        break;
    case KIND:
        ret_value->text = event->kind;
        break;
    case SEVERITY:
        ret_value->text = event->severity;
        ret_value->number = tui_severity_rank(event->severity);
        break;
    case AGENT:
        ret_value->text = event->agent;
        break;
    case JOB:
        ret_value->number = event->job > 0 ? (double)event->job : NAN;
        break;
    case TEXT:
        ret_value->text = event->text;
        break;
    }
}

static void adorn(const struct tui_app *app, size_t index, size_t column, struct tui_shown *shown)
{
    const struct tui_event *event = tui_model_event(app->model, index);

    switch ((enum field)columns[column].field) {
    case AGE:
        tui_figure_clock(shown->text, sizeof(shown->text), event->time_ms);
        shown->role = TUI_ROLE_DIM;
        break;
    case SEVERITY:
        snprintf(shown->text, sizeof(shown->text), "%s", tui_severity_mark(event->severity));
        shown->role = tui_severity_role(event->severity);
        break;
    case KIND:
        shown->role = tui_severity_role(event->severity);
        break;
    case AGENT:
        shown->role = TUI_ROLE_STRONG;
        break;
    case JOB:
        if (event->job == 0)
            shown->text[0] = 0;
        break;
    default:
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
    static const struct tui_table table = {
        .columns = columns, .count = COLUMNS, .adorn = adorn, .empty = "nothing has happened yet"};

    tui_table_draw(&table, app, canvas, body);
}

const struct tui_view_ops tui_view_events = {
    .count = count,
    .id = id,
    .fields = fields,
    .value = value,
    .page = page,
    .draw = draw,
};
