#include "views/chrome.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "app/overlay.h"
#include "model/figure.h"
#include "theme/zone.h"
#include "views/dialog.h"
#include "views/guide.h"

static const char *plural(size_t n, const char *one, const char *many)
{
    return n == 1 ? one : many;
}

static enum tui_role age_text(const struct tui_app *app, char *ret_text, size_t size)
{
    int64_t age = tui_model_age_ms(app->model, app->now_ms);
    char text[TUI_FIGURE_SIZE];

    if (app->replay.active) {
        snprintf(ret_text, size, "recording");
        return TUI_ROLE_WARN;
    }
    if (age < 0) {
        snprintf(ret_text, size, "no data yet");
        return TUI_ROLE_WARN;
    }
    if (age < TUI_STALE_MS) {
        snprintf(ret_text, size, "live");
        return TUI_ROLE_BAR;
    }
    tui_figure_age(text, sizeof(text), (uint64_t)age);
    snprintf(ret_text, size, "data %s old", text);
    return age < 5000 ? TUI_ROLE_WARN : TUI_ROLE_BAD;
}

/* A text that is there whole or not at all. Returns where the next one begins. */
__attribute__((format(printf, 5, 6))) static int
draw_whole(struct tui_canvas *canvas, int x, int right, enum tui_role role, const char *format, ...)
{
    char text[TUI_TEXT_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    int width = tui_canvas_width(canvas, text);
    if (x + width >= right)
        return x;
    return x + tui_canvas_text(canvas, 0, x, width, role, text) + 2;
}

/* The right end of the top line. Returns where it begins. */
static int draw_age(const struct tui_app *app, struct tui_canvas *canvas)
{
    char age[64];
    char clock[TUI_FIGURE_SIZE];
    enum tui_role role = age_text(app, age, sizeof(age));
    int right = canvas->cols - 1 - (int)strlen(age);

    tui_canvas_text(canvas, 0, right, canvas->cols - right, role, age);
    /* Where there is little room, how old the data is counts for more than the time. */
    if (role == TUI_ROLE_BAR || canvas->cols >= TUI_COLS_WIDE) {
        tui_figure_clock(clock, sizeof(clock), app->clock_ms);
        right -= (int)strlen(clock) + 2;
        tui_canvas_text(canvas, 0, right, 12, TUI_ROLE_BAR, clock);
    }
    if (app->read_only && !app->replay.active) {
        right -= 11;
        tui_canvas_text(canvas, 0, right, 9, TUI_ROLE_BAR, "read-only");
    }
    if (app->capture.recording) {
        char bytes[TUI_FIGURE_SIZE];
        tui_figure_bytes(bytes, sizeof(bytes), app->capture.bytes);
        right -= (int)strlen(bytes) + 6;
        tui_canvas_print(canvas, 0, right, canvas->cols - right, TUI_ROLE_BAD, "REC %s", bytes);
    }
    return right;
}

static void draw_top(const struct tui_app *app, struct tui_canvas *canvas)
{
    const struct tui_fleet *fleet = app->model->fleet;
    size_t alerts = app->model->alerts.total;
    bool wide = canvas->cols >= TUI_COLS_WIDE;
    size_t running = 0;
    int x = 1;

    tui_canvas_fill(canvas, (struct tui_rect){0, 0, 1, canvas->cols}, TUI_ROLE_BAR);
    int right = draw_age(app, canvas);
    if (wide || !fleet)
        x += tui_canvas_text(canvas, 0, x, right - x - 1, TUI_ROLE_BAR, "stoker") + 2;
    if (!fleet)
        return;
    for (size_t i = 0; i < fleet->operation_count; i++)
        running += strcmp(fleet->operations[i].state, "running") == 0;
    x += tui_canvas_text(canvas, 0, x, wide ? 24 : 12, TUI_ROLE_BAR, fleet->cluster) + 2;
    x = draw_whole(canvas, x, right, TUI_ROLE_BAR, "%llu/%llu %sready",
                   (unsigned long long)fleet->totals.agents_ready,
                   (unsigned long long)fleet->totals.agents, wide ? "agents " : "");
    if (alerts > 0)
        x = draw_whole(canvas, x, right, TUI_ROLE_BAD, "%zu %s!", alerts,
                       plural(alerts, "ALERT", "ALERTS"));
    if (running > 0)
        x = draw_whole(canvas, x, right, TUI_ROLE_BAR, "%zu %s", running,
                       plural(running, "operation", "operations"));
    draw_whole(canvas, x, right, TUI_ROLE_BAR, "%llu %s", (unsigned long long)fleet->totals.devices,
               plural((size_t)fleet->totals.devices, "device", "devices"));
}

/* "3 marked (1 hidden, 1 gone)" */
static void marks_text(char *ret_text, size_t size, const struct tui_marks *marks)
{
    size_t hidden = marks->count - marks->shown - marks->gone;
    int used = snprintf(ret_text, size, "%zu marked", marks->count);

    if (hidden > 0)
        used += snprintf(ret_text + used, size - (size_t)used, " (%zu hidden%s", hidden,
                         marks->gone > 0 ? "" : ")");
    if (marks->gone > 0)
        snprintf(ret_text + used, size - (size_t)used, "%s%zu gone)", hidden > 0 ? ", " : " (",
                 marks->gone);
}

/* What is marked and filtered in the list: "3 marked  filter: state:ready (2 of 4)", or in short
 * "3 marked  2/4 /state:ready". */
static void list_text(const struct tui_app *app, bool in_short, char *ret_text, size_t size)
{
    const struct tui_list *list = &app->lists[app->view];
    char marks[64] = "";

    ret_text[0] = 0;
    if (!tui_views[app->view].ops->count)
        return;
    if (list->marks.count > 0)
        marks_text(marks, sizeof(marks), &list->marks);
    const char *gap = marks[0] != 0 ? "  " : "";
    if (list->filter[0] != 0 && in_short)
        snprintf(ret_text, size, "%s%s%zu/%zu /%s", marks, gap, app->row_count, list->total,
                 list->filter);
    else if (list->filter[0] != 0)
        snprintf(ret_text, size, "%s%sfilter: %s (%zu of %zu)", marks, gap, list->filter,
                 app->row_count, list->total);
    else
        snprintf(ret_text, size, "%s", marks);
}

/* How much of the views' names there is room for. */
enum tabs { TABS_KEYS, TABS_TIGHT, TABS_WIDE };

static int tab_width(size_t view, enum tabs tabs, bool here)
{
    int title = (int)strlen(tui_views[view].title);

    if (here)
        return title + (tabs == TABS_WIDE && tui_views[view].key != 0 ? 3 : 2);
    return tui_views[view].key == 0 ? 0
           : tabs == TABS_WIDE      ? title + 3
           : tabs == TABS_TIGHT     ? title + 1
                                    : 1;
}

static int draw_tab(struct tui_canvas *canvas, int x, size_t view, enum tabs tabs, bool here)
{
    int width = tab_width(view, tabs, here);
    int left = canvas->cols - x;

    if (width == 0)
        return x;
    tui_zone_add(canvas, (struct tui_rect){1, x, 1, width}, TUI_ZONE_VIEW, (int)view, NULL);
    if (tui_views[view].key != 0 && (!here || tabs == TABS_WIDE))
        tui_canvas_put(canvas, 1, x, (wchar_t)tui_views[view].key, TUI_ROLE_KEY);
    if (here)
        tui_canvas_print(canvas, 1, x + (tabs == TABS_WIDE && tui_views[view].key != 0), left,
                         TUI_ROLE_STRONG, "[%s]", tui_views[view].title);
    else if (tabs != TABS_KEYS)
        tui_canvas_text(canvas, 1, x + (tabs == TABS_WIDE ? 2 : 1), left, TUI_ROLE_DIM,
                        tui_views[view].title);
    return x + width + 1;
}

/* The views, with what is filtered and marked in this one; their names give way to that. */
static void draw_tabs(const struct tui_app *app, struct tui_canvas *canvas)
{
    char text[TUI_TEXT_SIZE];
    enum tabs tabs = TABS_WIDE;
    int x = 1;

    list_text(app, false, text, sizeof(text));
    int need = tui_canvas_width(canvas, text);
    for (; tabs > TABS_KEYS; tabs--) {
        int width = need > 0 ? need + 3 : 0;
        for (size_t i = 0; i < TUI_VIEW_COUNT; i++) {
            int tab = tab_width(i, tabs, app->view == i);
            width += tab > 0 ? tab + 1 : 0;
        }
        if (width <= canvas->cols)
            break;
    }
    for (size_t i = 0; i < TUI_VIEW_COUNT; i++)
        x = draw_tab(canvas, x, i, tabs, app->view == i);
    if (need > canvas->cols - x - 2)
        list_text(app, true, text, sizeof(text));
    tui_canvas_text(canvas, 1, x + 1, canvas->cols - x - 2, TUI_ROLE_WARN, text);
}

/* What the operator must know before reading anything else; false if there is nothing. */
static bool warning(const struct tui_app *app, char *ret_text, size_t size, enum tui_role *ret_role)
{
    const struct tui_model *model = app->model;
    int64_t silent = tui_model_silent_ms(model, app->now_ms);
    char span[TUI_FIGURE_SIZE];

    *ret_role = TUI_ROLE_BAD;
    if (silent > 0) {
        tui_figure_age(span, sizeof(span), (uint64_t)silent);
        snprintf(ret_text, size, "no answer from %s for %s%s. %s", app->address, span,
                 app->replay.active ? "" : "; retrying", model->silence);
        return true;
    }
    *ret_role = TUI_ROLE_WARN;
    if (model->malformed > 0 && app->now_ms - model->malformed_at_ms < TUI_MESSAGE_MS) {
        snprintf(ret_text, size, "%s; %llu so far", model->malformed_text,
                 (unsigned long long)model->malformed);
        return true;
    }
    /* One that is missed is made good a quarter of a second later; a second's worth can be seen. */
    if (model->lost_last >= 1000 / TUI_SAMPLE_MS && app->now_ms - model->lost_at_ms < 10000) {
        snprintf(ret_text, size, "missed %llu snapshots in a row, %llu so far: a gap in the graphs",
                 (unsigned long long)model->lost_last, (unsigned long long)model->snapshots_lost);
        return true;
    }
    return false;
}

/* Who did the newest thing that is known of. */
static bool last_act(const struct tui_app *app, char *ret_text, size_t size)
{
    const struct tui_fleet *fleet = app->model->fleet;
    const struct tui_operation *last = NULL;
    char age[TUI_FIGURE_SIZE];

    for (size_t i = 0; fleet && i < fleet->operation_count; i++) {
        if (!last || fleet->operations[i].started_ms > last->started_ms)
            last = &fleet->operations[i];
    }
    if (!last || last->by[0] == 0 || last->started_ms > app->clock_ms)
        return false;
    tui_figure_age(age, sizeof(age), app->clock_ms - last->started_ms);
    snprintf(ret_text, size, "%s %s by %s, %s ago, %s%s%s", last->kind, last->target, last->by, age,
             last->state, last->reason[0] ? ": " : "", last->reason);
    return true;
}

static bool has_message(const struct tui_app *app)
{
    return app->message[0] != 0 && app->now_ms - app->message_at_ms < TUI_MESSAGE_MS;
}

static void draw_message(const struct tui_app *app, struct tui_canvas *canvas, int y)
{
    char text[TUI_MESSAGE_SIZE];
    enum tui_role role;
    int cols = canvas->cols - 2;

    if (has_message(app))
        tui_canvas_text(canvas, y, 1, cols, app->message_role, app->message);
    else if (warning(app, text, sizeof(text), &role))
        tui_canvas_text(canvas, y, 1, cols, role, text);
    else if (last_act(app, text, sizeof(text)))
        tui_canvas_text(canvas, y, 1, cols, TUI_ROLE_DIM, text);
}

/* Whether the key does what it says: where nothing may be changed those that act are refused, and
 * a recording's own keys come before the others. */
static bool is_offered(const struct tui_app *app, int command)
{
    const struct tui_binding *binding = &app->keymap.bindings[command];
    const char *name = tui_command_name((enum tui_command)command);
    const char *rest;
    uint32_t key = binding->first[0] != TUI_KEY_NONE ? binding->first[0] : binding->keys[0];

    if (tui_overlay_top(app) || binding->context == TUI_CONTEXT_REPLAY)
        return true;
    if (app->read_only &&
        (command == TUI_COMMAND_FORM_OPEN || tui_verb_find(name, &rest) != TUI_VERB_COUNT))
        return false;
    return !app->replay.active || !tui_keymap_has(&app->keymap, TUI_CONTEXT_REPLAY, key);
}

static int draw_hint(const struct tui_app *app, struct tui_canvas *canvas, int y, int x,
                     enum tui_context context)
{
    for (int i = 0; i < TUI_COMMAND_COUNT; i++) {
        const struct tui_binding *binding = &app->keymap.bindings[i];
        char key[64];
        tui_binding_key(key, sizeof(key), binding);
        if (binding->context != context || binding->hint[0] == 0 || key[0] == 0 ||
            !is_offered(app, i))
            continue;
        const char *hint = binding->hint;
        if (i == TUI_COMMAND_QUIT && (app->view == TUI_VIEW_HELP || app->view == TUI_VIEW_DETAIL))
            hint = "back";
        int need = (int)(strlen(key) + strlen(hint)) + 1;
        if (x + need > canvas->cols - 1)
            return x;
        tui_zone_add(canvas, (struct tui_rect){y, x, 1, need}, TUI_ZONE_COMMAND, i, NULL);
        x += tui_canvas_text(canvas, y, x, canvas->cols - x, TUI_ROLE_KEY, key) + 1;
        x += tui_canvas_text(canvas, y, x, canvas->cols - x, TUI_ROLE_DIM, hint) + 2;
    }
    return x;
}

static void draw_hints(const struct tui_app *app, struct tui_canvas *canvas, int y)
{
    enum tui_context context = tui_app_context(app);
    int x = 1;

    if (tui_overlay_top(app)) {
        draw_hint(app, canvas, y, x, context);
        return;
    }
    if (app->replay.active)
        x = draw_hint(app, canvas, y, x, TUI_CONTEXT_REPLAY);
    /* Help and leaving first: they are what a lost operator needs when the line is short. */
    x = draw_hint(app, canvas, y, x, TUI_CONTEXT_ANY);
    if (context != TUI_CONTEXT_ANY)
        x = draw_hint(app, canvas, y, x, context);
    if (tui_views[app->view].ops->count)
        draw_hint(app, canvas, y, x, TUI_CONTEXT_LIST);
}

void tui_chrome_draw(struct tui_app *app, struct tui_canvas *canvas)
{
    bool tall = canvas->rows >= TUI_ROWS_MIN && canvas->cols >= TUI_COLS_MIN;
    struct tui_rect body = {2, 0, canvas->rows - 4, canvas->cols};
    char text[TUI_MESSAGE_SIZE];
    enum tui_role role;

    tui_canvas_clear(canvas);
    if (!tall) {
        tui_canvas_print(canvas, 0, 0, canvas->cols, TUI_ROLE_STRONG, "%dx%d is too small",
                         canvas->cols, canvas->rows);
        tui_canvas_print(canvas, 1, 0, canvas->cols, TUI_ROLE_NORMAL, "stoker needs %dx%d",
                         TUI_COLS_MIN, TUI_ROWS_MIN);
        tui_canvas_text(canvas, 2, 0, canvas->cols, TUI_ROLE_NORMAL, "q leaves");
        return;
    }
    if (app->replay.active)
        tui_replay_draw(app, canvas, body.y + --body.rows);
    body.rows -= tui_tour_rows(app);
    if (app->tour.active)
        tui_tour_draw(app, canvas, body.y + body.rows);
    /* An answer to an action, an error before it and a silent coordinator all have to be seen. */
    if ((has_message(app) || tui_overlay_top(app)) && warning(app, text, sizeof(text), &role))
        tui_canvas_text(canvas, body.y + --body.rows, 1, canvas->cols - 2, role, text);
    if (app->error[0] != 0 && app->now_ms - app->error_at_ms < TUI_MESSAGE_MS)
        tui_canvas_text(canvas, body.y + --body.rows, 1, canvas->cols - 2, TUI_ROLE_BAD,
                        app->error);
    if (tui_action_progress(app, text, sizeof(text)))
        tui_canvas_text(canvas, body.y + --body.rows, 1, canvas->cols - 2, TUI_ROLE_STRONG, text);
    tui_app_arrange(app, body);
    bool guided = !app->model->fleet || tui_guide_wanted(app);
    if (!guided || app->view == TUI_VIEW_HELP)
        tui_views[app->view].ops->draw(app, canvas, body);
    else
        tui_guide_draw(app, canvas, body);
    draw_top(app, canvas);
    draw_tabs(app, canvas);
    draw_message(app, canvas, canvas->rows - 2);
    draw_hints(app, canvas, canvas->rows - 1);
    for (size_t i = 0; i < TUI_OVERLAY_COUNT; i++) {
        if (tui_overlays[i].open(app))
            tui_overlays[i].draw(app, canvas);
    }
    if (app->dialog.open)
        tui_dialog_drawn(app, tui_dialog_last(app, canvas));
}
