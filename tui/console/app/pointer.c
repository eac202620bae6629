#include "app/pointer.h"

#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/do.h"
#include "app/overlay.h"
#include "text/text.h"
#include "theme/zone.h"

#define WHEEL_ROWS 3

static void select_row(struct tui_app *app, const char *id)
{
    struct tui_list *list = &app->lists[app->view];

    if (strcmp(list->selected, id) == 0 && !list->gone) {
        tui_do_open(app);
        return;
    }
    snprintf(list->selected, sizeof(list->selected), "%s", id);
    list->gone = false;
}

/* The cursor goes where the mouse is, and with it while it is dragged. */
static void point(struct tui_app *app, const struct tui_zone *zone, int x)
{
    struct tui_timeline time = tui_graphs_time(app, zone->rect.cols);
    uint64_t from;
    uint64_t count = tui_timeline_slots(&time, x - zone->rect.x, 0, 1, &from);

    if (count > 0)
        tui_graphs_point(app, from + count - 1);
}

/* Zones are the last frame's: what they belong to may have been closed since, and a button of a
 * dialog that is not there must do nothing. */
static bool is_meant(const struct tui_app *app, enum tui_command command)
{
    enum tui_context context = app->keymap.bindings[command].context;

    for (size_t i = 0; i < TUI_OVERLAY_COUNT; i++) {
        if (tui_overlays[i].context == context)
            return tui_overlays[i].open(app);
    }
    return !tui_overlay_top(app);
}

static bool has_field(const struct tui_app *app, int field)
{
    const struct tui_field *fields = tui_views[app->view].ops->fields;
    int count = 0;

    while (fields && fields[count].name)
        count++;
    return field < count;
}

static void press(struct tui_app *app, const struct tui_zone *zone)
{
    if (zone->kind == TUI_ZONE_COMMAND) {
        if (is_meant(app, (enum tui_command)zone->value))
            tui_app_command(app, (enum tui_command)zone->value);
        return;
    }
    /* What is open over the view has to be answered first. */
    if (tui_overlay_top(app))
        return;
    if (zone->kind == TUI_ZONE_VIEW)
        tui_app_show(app, (enum tui_view_id)zone->value);
    else if (zone->kind == TUI_ZONE_ROW)
        select_row(app, zone->id);
    else if (!has_field(app, zone->value))
        return; /* another view's */
    else if (app->lists[app->view].sort == (size_t)zone->value)
        tui_do_reverse(app);
    else
        app->lists[app->view].sort = (size_t)zone->value;
}

void tui_app_pointer(struct tui_app *app, const struct tui_pointer *pointer,
                     const struct tui_canvas *canvas)
{
    const struct tui_zone *zone = tui_zone_at(canvas, pointer->y, pointer->x);
    bool wheel = pointer->kind == TUI_POINTER_WHEEL_UP || pointer->kind == TUI_POINTER_WHEEL_DOWN;
    bool graph = zone && zone->kind == TUI_ZONE_GRAPH && !tui_overlay_top(app);

    app->pointer = *pointer;
    if (graph && wheel) {
        (pointer->kind == TUI_POINTER_WHEEL_UP ? tui_do_zoom_in : tui_do_zoom_out)(app);
    } else if (graph) {
        if (pointer->kind == TUI_POINTER_PRESS || pointer->kind == TUI_POINTER_DRAG)
            point(app, zone, pointer->x);
    } else if (wheel) {
        tui_app_arrange(app, app->body);
        for (int i = 0; i < WHEEL_ROWS && !tui_overlay_top(app); i++)
            (pointer->kind == TUI_POINTER_WHEEL_UP ? tui_do_up : tui_do_down)(app);
    } else if (pointer->kind == TUI_POINTER_PRESS && zone) {
        tui_app_arrange(app, app->body);
        press(app, zone);
    }
}

void tui_app_paste(struct tui_app *app, const char *text)
{
    const struct tui_overlay *overlay = tui_overlay_top(app);

    if (!overlay) {
        tui_app_message(app, TUI_ROLE_WARN,
                        "pasted text is not taken for keys; : or / opens a line "
                        "to paste it into");
        return;
    }
    for (uint32_t cp = tui_text_next(&text); cp != 0; cp = tui_text_next(&text))
        overlay->type(app, cp);
}
