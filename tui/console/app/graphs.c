#include "app/graphs.h"

#include "app/do.h"

const unsigned int tui_graphs_minutes[TUI_SPANS] = {1, 2, 5, 15, 60};

static uint64_t span_slots(const struct tui_app *app)
{
    return (uint64_t)tui_graphs_minutes[app->graphs.span] * TUI_SLOTS_PER_MINUTE;
}

/* The oldest slot that the history keeps. */
static uint64_t oldest(const struct tui_app *app)
{
    uint64_t newest = tui_graphs_newest(app);
    uint64_t first = app->model->history.first;

    return newest > first + TUI_HISTORY_SLOTS ? newest - TUI_HISTORY_SLOTS : first;
}

uint64_t tui_graphs_newest(const struct tui_app *app)
{
    int64_t age = tui_model_age_ms(app->model, app->now_ms);
    uint64_t next = app->model->history.next;
    uint64_t now = tui_slot_of(app->now_ms) + 1;

    return age > TUI_STALE_MS && now > next ? now : next;
}

bool tui_graphs_live(const struct tui_app *app)
{
    /* A history that began anew has nothing where the graphs were paused. */
    return app->graphs.end == 0 || app->graphs.end > tui_graphs_newest(app);
}

struct tui_timeline tui_graphs_time(const struct tui_app *app, int cols)
{
    uint64_t end = tui_graphs_live(app) ? tui_graphs_newest(app) : app->graphs.end;

    return tui_timeline_fit(end, span_slots(app), cols);
}

uint64_t tui_graphs_age_ms(const struct tui_app *app, uint64_t slot)
{
    uint64_t now = app->now_ms > 0 ? (uint64_t)app->now_ms : 0;
    uint64_t at = slot * TUI_SAMPLE_MS;

    return now > at ? now - at : 0;
}

void tui_graphs_point(struct tui_app *app, uint64_t slot)
{
    struct tui_graphs *graphs = &app->graphs;
    uint64_t newest = tui_graphs_newest(app);

    if (app->model->history.next == 0)
        return;
    if (tui_graphs_live(app))
        graphs->end = newest;
    slot = slot < oldest(app) ? oldest(app) : slot >= newest ? newest - 1 : slot;
    graphs->cursor = slot;
    /* What is in sight follows the cursor over its edges. */
    if (slot >= graphs->end)
        graphs->end = slot + 1;
    if (slot + span_slots(app) < graphs->end)
        graphs->end = slot + span_slots(app);
}

/* The cursor by so many slots; from live, it starts at the newest. */
static void move_cursor(struct tui_app *app, int64_t slots)
{
    uint64_t newest = tui_graphs_newest(app);
    uint64_t at = tui_graphs_live(app) ? newest - 1 : app->graphs.cursor;

    if (slots < 0 && at < (uint64_t)-slots)
        at = 0;
    else
        at += (uint64_t)slots;
    if (at >= newest && slots > 0)
        tui_do_graph_live(app);
    else
        tui_graphs_point(app, at);
}

/* The slots of a column of the view's graphs. */
static int64_t column(const struct tui_app *app)
{
    const struct tui_view_ops *ops = tui_views[app->view].ops;
    int cols = ops->graph_cols ? ops->graph_cols(app, app->body) : 100;

    return (int64_t)tui_graphs_time(app, cols).cell;
}

static void zoom(struct tui_app *app, unsigned int span)
{
    struct tui_graphs *graphs = &app->graphs;
    bool live = tui_graphs_live(app);
    uint64_t newest = tui_graphs_newest(app);

    graphs->span = span;
    tui_app_message(app, TUI_ROLE_NORMAL, "graphs show %u min", tui_graphs_minutes[span]);
    if (live)
        return;
    graphs->end = graphs->cursor + span_slots(app) / 2;
    graphs->end = graphs->end > newest ? newest : graphs->end;
}

void tui_do_zoom_in(struct tui_app *app)
{
    zoom(app, app->graphs.span > 0 ? app->graphs.span - 1 : 0);
}

void tui_do_zoom_out(struct tui_app *app)
{
    zoom(app, app->graphs.span + 1 < TUI_SPANS ? app->graphs.span + 1 : TUI_SPANS - 1);
}

void tui_do_graph_left(struct tui_app *app)
{
    move_cursor(app, -column(app));
}

void tui_do_graph_right(struct tui_app *app)
{
    move_cursor(app, column(app));
}

void tui_do_graph_page_left(struct tui_app *app)
{
    move_cursor(app, -(int64_t)span_slots(app));
}

void tui_do_graph_page_right(struct tui_app *app)
{
    move_cursor(app, (int64_t)span_slots(app));
}

void tui_do_graph_live(struct tui_app *app)
{
    app->graphs.end = 0;
}
