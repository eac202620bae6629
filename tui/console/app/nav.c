/* From view to view, into panes and back. */
#include <stdio.h>

#include "app/do.h"

void tui_app_show(struct tui_app *app, enum tui_view_id view)
{
    bool from_pane = app->view == TUI_VIEW_HELP || app->view == TUI_VIEW_DETAIL;

    if (view == app->view)
        return;
    /* Help over a detail pane leads back to it; everything else to the list it came from. */
    if (!from_pane || (view == TUI_VIEW_HELP && app->view == TUI_VIEW_DETAIL))
        app->back = app->view;
    app->view = view;
    if (view == TUI_VIEW_HELP || view == TUI_VIEW_DETAIL)
        app->lists[view].top = 0;
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
    enum tui_view_id from = app->view;

    if (from != TUI_VIEW_HELP && from != TUI_VIEW_DETAIL)
        return false;
    app->view = app->back;
    /* A detail pane behind the help was reached from the list that its target belongs to. */
    if (app->view == TUI_VIEW_DETAIL)
        app->back = app->detail == TUI_CONTEXT_JOB ? TUI_VIEW_JOBS : TUI_VIEW_AGENTS;
    return true;
}

void tui_do_open(struct tui_app *app)
{
    enum tui_context context = tui_views[app->view].context;
    const char *target = tui_app_target(app, context);

    if (context != TUI_CONTEXT_AGENT && context != TUI_CONTEXT_JOB)
        return;
    if (target[0] == 0) {
        tui_app_message(app, TUI_ROLE_WARN, "nothing is selected");
        return;
    }
    snprintf(app->detail_id, sizeof(app->detail_id), "%s", target);
    app->detail = context;
    tui_app_show(app, TUI_VIEW_DETAIL);
}

void tui_do_back(struct tui_app *app)
{
    struct tui_filter_error error;

    struct tui_marks *marks = &app->lists[app->view].marks;

    if (close_pane(app))
        return;
    if (marks->count > 0)
        tui_marks_clear(marks);
    else if (app->lists[app->view].filter[0] != 0)
        tui_app_filter(app, "", &error);
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

void tui_do_redraw(struct tui_app *app)
{
    app->redraw = true;
}
