/* From view to view, into panes and back. */
#include "app/nav.h"

#include <stdio.h>
#include <string.h>

#include "app/do.h"
#include "views/detail.h"

static bool is_pane(enum tui_view_id view)
{
    return view == TUI_VIEW_HELP || view == TUI_VIEW_DETAIL;
}

static void push(struct tui_places *places, const struct tui_place *place)
{
    if (places->count == TUI_PLACES_MAX) {
        places->count--;
        memmove(&places->places[0], &places->places[1], places->count * sizeof(places->places[0]));
    }
    places->places[places->count++] = *place;
}

void tui_nav_here(const struct tui_app *app, struct tui_place *ret_place)
{
    const struct tui_list *list = &app->lists[app->view];

    memset(ret_place, 0, sizeof(*ret_place));
    ret_place->view = app->view;
    if (app->view == TUI_VIEW_DETAIL) {
        ret_place->detail = app->detail;
        memcpy(ret_place->detail_id, app->detail_id, sizeof(ret_place->detail_id));
    }
    memcpy(ret_place->selected, list->selected, sizeof(ret_place->selected));
    memcpy(ret_place->filter, list->filter, sizeof(ret_place->filter));
    ret_place->sort = list->sort;
    ret_place->reverse = list->reverse;
}

static void stand(struct tui_app *app, const struct tui_place *place)
{
    struct tui_list *list = &app->lists[place->view];
    struct tui_filter_error error;

    app->view = place->view;
    if (is_pane(place->view))
        list->top = 0;
    if (place->view == TUI_VIEW_DETAIL) {
        app->detail = place->detail;
        memcpy(app->detail_id, place->detail_id, sizeof(app->detail_id));
    }
    if (strcmp(list->filter, place->filter) != 0)
        tui_app_filter(app, place->filter, &error);
    memcpy(list->selected, place->selected, sizeof(list->selected));
    list->sort = place->sort;
    list->reverse = place->reverse;
    tui_app_arrange(app, app->body);
}

void tui_nav_go(struct tui_app *app, const struct tui_place *place)
{
    struct tui_place here;

    tui_nav_here(app, &here);
    push(&app->nav.back, &here);
    app->nav.forward.count = 0;
    stand(app, place);
}

/* Takes a place off one side, and leaves where it was on the other. False if there is none. */
static bool step(struct tui_app *app, struct tui_places *from, struct tui_places *to)
{
    struct tui_place here;

    if (from->count == 0)
        return false;
    tui_nav_here(app, &here);
    push(to, &here);
    stand(app, &from->places[--from->count]);
    return true;
}

void tui_place_describe(char *ret_text, size_t size, const struct tui_place *place)
{
    const struct tui_view *view = &tui_views[place->view];

    if (place->view == TUI_VIEW_DETAIL)
        snprintf(ret_text, size, "%s %s", tui_detail_name(place->detail), place->detail_id);
    else
        snprintf(ret_text, size, "%s%s%s%s%s", view->name, place->filter[0] ? " " : "",
                 place->filter, place->sort > 0 ? " by " : "",
                 place->sort > 0 ? view->ops->fields[place->sort].name : "");
}

void tui_app_show(struct tui_app *app, enum tui_view_id view)
{
    struct tui_place place;
    enum tui_view_id from = app->view;

    if (view == from)
        return;
    app->view = view;
    tui_nav_here(app, &place);
    app->view = from;
    tui_nav_go(app, &place);
}

void tui_app_open(struct tui_app *app, enum tui_context context, const char *id)
{
    struct tui_place place = {.view = TUI_VIEW_DETAIL, .detail = context};

    snprintf(place.detail_id, sizeof(place.detail_id), "%s", id);
    tui_nav_go(app, &place);
}

void tui_app_select(struct tui_app *app, enum tui_view_id view, const char *id)
{
    struct tui_list *list = &app->lists[view];
    struct tui_filter_error error;

    tui_app_show(app, view);
    snprintf(list->selected, sizeof(list->selected), "%s", id);
    tui_app_arrange(app, app->body);
    if (list->gone && list->filter[0] != 0) {
        tui_app_filter(app, "", &error);
        tui_app_arrange(app, app->body);
    }
}

static void next_view(struct tui_app *app, int step)
{
    int view = (int)app->view;

    do {
        view = (view + step + TUI_VIEW_COUNT) % TUI_VIEW_COUNT;
    } while (tui_views[view].key == 0);
    tui_app_show(app, (enum tui_view_id)view);
}

/* True if there was something to close. */
static bool close_pane(struct tui_app *app)
{
    if (!is_pane(app->view))
        return false;
    if (!step(app, &app->nav.back, &app->nav.forward))
        app->view = app->view == TUI_VIEW_DETAIL ? TUI_VIEW_AGENTS : TUI_VIEW_OVERVIEW;
    return true;
}

void tui_do_open(struct tui_app *app)
{
    const struct tui_view_ops *ops = tui_views[app->view].ops;
    enum tui_context context = tui_views[app->view].context;
    char id[TUI_NAME_SIZE];
    size_t index;

    if (!tui_app_selected(app, &index)) {
        /* What came of an action is worth more than this. */
        if ((app->message_role == TUI_ROLE_OK || app->message_role == TUI_ROLE_BAD) &&
            app->message[0] != 0 && app->now_ms - app->message_at_ms < TUI_MESSAGE_MS)
            return;
        tui_app_message(app, TUI_ROLE_DIM,
                        app->row_count > 0 ? "no row is selected; Up and Down do"
                                           : "there is nothing to open here");
        return;
    }
    if (ops->open)
        ops->open(app, index, &context, id);
    else
        ops->id(app, index, id);
    if (tui_detail_of(context))
        tui_app_open(app, context, id);
}

void tui_do_back(struct tui_app *app)
{
    struct tui_filter_error error;
    struct tui_list *list = &app->lists[app->view];

    if (list->marks.count > 0)
        tui_marks_clear(&list->marks);
    else if (list->filter[0] != 0)
        tui_app_filter(app, "", &error);
    else
        close_pane(app);
}

void tui_do_quit(struct tui_app *app)
{
    app->quit = !close_pane(app);
}

void tui_do_help(struct tui_app *app)
{
    tui_app_show(app, TUI_VIEW_HELP);
}

void tui_do_next_view(struct tui_app *app)
{
    next_view(app, 1);
}

void tui_do_previous_view(struct tui_app *app)
{
    next_view(app, -1);
}

void tui_do_history_back(struct tui_app *app)
{
    if (!step(app, &app->nav.back, &app->nav.forward))
        tui_app_message(app, TUI_ROLE_DIM, "this is where you began");
}

void tui_do_history_forward(struct tui_app *app)
{
    if (!step(app, &app->nav.forward, &app->nav.back))
        tui_app_message(app, TUI_ROLE_DIM, "this is the last place you were at");
}

void tui_do_last_view(struct tui_app *app)
{
    struct tui_place place;

    if (app->nav.back.count == 0)
        return;
    place = app->nav.back.places[app->nav.back.count - 1];
    tui_nav_go(app, &place);
}

void tui_do_redraw(struct tui_app *app)
{
    app->redraw = true;
}
