/* What happened, and who did what: the durable log and the audit log in one list. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "model/figure.h"
#include "views/table.h"
#include "views/work.h"

enum source { HAPPENED, DONE_BY };

enum field { AGE, SEVERITY, KIND, AGENT, JOB, WHO, TEXT };

static const struct tui_field fields[] = {
    [AGE] = {"age", TUI_FIELD_MS, true},      [SEVERITY] = {"severity", TUI_FIELD_TEXT, false},
    [KIND] = {"kind", TUI_FIELD_TEXT, false}, [AGENT] = {"agent", TUI_FIELD_TEXT, false},
    [JOB] = {"job", TUI_FIELD_ID, false},     [WHO] = {"who", TUI_FIELD_TEXT, false},
    [TEXT] = {"text", TUI_FIELD_TEXT, false}, {NULL, TUI_FIELD_TEXT, false},
};

static const struct tui_column columns[] = {
    {.title = "TIME", .field = AGE, .width = 8, .fit = 15, .since = true},
    {.title = "", .field = SEVERITY, .width = 2},
    {.title = "KIND", .field = KIND, .width = 14, .fit = 18},
    {.title = "AGENT", .field = AGENT, .width = 10, .fit = 24, .priority = 2},
    {.title = "JOB", .field = JOB, .width = 8, .priority = 4, .right = true},
    {.title = "WHO", .field = WHO, .width = 9, .fit = 20, .priority = 3},
    {.title = "WHAT HAPPENED", .field = TEXT, .width = 20, .grow = 6},
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* NULL of what a person did. */
static const struct tui_event *event_at(const struct tui_app *app, size_t index)
{
    struct tui_flat_row row = app->work->flat.rows[index];

    return row.outer == HAPPENED ? tui_model_event(app->model, row.inner) : NULL;
}

/* Of what event_at() says NULL of. */
static const struct tui_act *act_at(const struct tui_app *app, size_t index)
{
    return &tui_model_acts(app->model)->acts[app->work->flat.rows[index].inner];
}

static size_t count(const struct tui_app *app)
{
    const struct tui_act_page *acts = tui_model_acts(app->model);
    struct tui_flat *flat = &app->work->flat;

    tui_flat_clear(flat);
    for (size_t i = 0; i < tui_model_event_count(app->model); i++)
        tui_flat_add(flat, HAPPENED, i);
    for (size_t i = 0; acts && i < acts->count; i++)
        tui_flat_add(flat, DONE_BY, i);
    return flat->count;
}

static void id(const struct tui_app *app, size_t index, char ret_id[TUI_NAME_SIZE])
{
    const struct tui_event *event = event_at(app, index);

    if (event)
        tui_event_id(ret_id, event);
    else
        snprintf(ret_id, TUI_NAME_SIZE, "act.%llu", (unsigned long long)act_at(app, index)->id);
}

static uint64_t time_of(const struct tui_app *app, size_t index)
{
    const struct tui_event *event = event_at(app, index);

    return event ? event->time_ms : act_at(app, index)->time_ms;
}

/* Of what a person did: to what, and why. */
static void act_value(const struct tui_act *act, enum field field, struct tui_value *ret_value)
{
    switch (field) {
    case SEVERITY:
        ret_value->text = "person";
        ret_value->number = 0.5;
        break;
    case KIND:
        ret_value->text = act->what;
        break;
    case WHO:
        ret_value->text = act->who;
        break;
    case TEXT:
        snprintf(ret_value->room, TUI_VALUE_SIZE, "%s%s%s", act->target,
                 act->why[0] ? ", because " : "", act->why);
        ret_value->text = ret_value->room;
        break;
    default:
        break;
    }
}

static void value(const struct tui_app *app, size_t index, size_t field,
                  struct tui_value *ret_value)
{
    const struct tui_event *event = event_at(app, index);

    if (field == AGE) {
        ret_value->number =
            (double)tui_model_clock_ms(app->model, app->now_ms) - (double)time_of(app, index);
        return;
    }
    if (!event) {
        act_value(act_at(app, index), (enum field)field, ret_value);
        return;
    }
    switch ((enum field)field) {
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
    default:
        break;
    }
}

/* The clock, and the day where it isn't today: a night has two. */
static void time_text(const struct tui_app *app, uint64_t time_ms, char *ret_text, size_t size)
{
    time_t then = (time_t)(time_ms / 1000);
    time_t now = (time_t)(tui_model_clock_ms(app->model, app->now_ms) / 1000);
    struct tm a;
    struct tm b;

    if (!localtime_r(&then, &a) || !localtime_r(&now, &b) ||
        (a.tm_yday == b.tm_yday && a.tm_year == b.tm_year) ||
        strftime(ret_text, size, "%b %d %T", &a) == 0)
        tui_figure_clock(ret_text, size, time_ms);
}

static void adorn(const struct tui_app *app, size_t index, size_t column, struct tui_shown *shown)
{
    const struct tui_event *event = event_at(app, index);

    switch ((enum field)columns[column].field) {
    case AGE:
        time_text(app, time_of(app, index), shown->text, sizeof(shown->text));
        shown->role = TUI_ROLE_DIM;
        break;
    case SEVERITY:
        /* A person's act is told from an event by its mark, too. */
        snprintf(shown->text, sizeof(shown->text), "%s",
                 event ? tui_severity_mark(event->severity) : "@");
        shown->role = event ? tui_severity_role(event->severity) : TUI_ROLE_KEY;
        break;
    case KIND:
        shown->role = event ? tui_severity_role(event->severity) : TUI_ROLE_KEY;
        break;
    case AGENT:
    case WHO:
        shown->role = TUI_ROLE_STRONG;
        break;
    case JOB:
        if (!event || event->job == 0)
            shown->text[0] = 0;
        break;
    default:
        break;
    }
}

static int page(const struct tui_app *app, struct tui_rect body)
{
    (void)app;
    return tui_table_page(body);
}

/* "back to Nov 20 14:02:11": of what happened; what people did is asked for apart. */
static void tell_extent(const struct tui_app *app, char *ret_text, size_t size)
{
    size_t count = tui_model_event_count(app->model);
    char text[32];

    if (count == 0)
        return;
    time_text(app, tui_model_event(app->model, count - 1)->time_ms, text, sizeof(text));
    snprintf(ret_text, size, "back to %s", text);
}

static void draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
    static const struct tui_tally tally = {"line", "lines", SEVERITY};
    static const struct tui_table table = {
        .columns = columns, .count = COLUMNS, .adorn = adorn, .empty = "nothing has happened yet"};
    const struct tui_list *list = &app->lists[TUI_VIEW_EVENTS];
    char back[48] = "";
    char also[96];

    tell_extent(app, back, sizeof(back));
    if (list->sort != AGE)
        snprintf(also, sizeof(also), "%s", back);
    else if (list->top > 0 && !list->reverse)
        snprintf(also, sizeof(also), "%zu newer above, g follows   %s", list->top, back);
    else
        snprintf(also, sizeof(also), "%s   %s",
                 list->at > 0 && !list->reverse ? "g follows" : "following", back);
    tui_table_draw(&table, app, canvas, tui_table_title(app, canvas, body, &tally, also));
}

static void open(const struct tui_app *app, size_t index, enum tui_context *ret_context,
                 char ret_id[TUI_NAME_SIZE])
{
    id(app, index, ret_id);
    *ret_context = event_at(app, index) ? TUI_CONTEXT_EVENT : TUI_CONTEXT_ANY;
}

static void want(const struct tui_app *app, struct tui_want *ret_want)
{
    (void)app;
    ret_want->polls[TUI_POLL_AUDIT] = true;
}

const struct tui_view_ops tui_view_events = {
    .follows = true,
    .count = count,
    .id = id,
    .fields = fields,
    .value = value,
    .open = open,
    .page = page,
    .draw = draw,
    .want = want,
};
