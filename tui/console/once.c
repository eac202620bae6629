#include "once.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "app/ex.h"
#include "app/parts.h"
#include "model/poll.h"
#include "views/chrome.h"

#define ROUND_MS 50

bool tui_once_size(const char *text, int *ret_rows, int *ret_cols)
{
    char rest;
    int rows;
    int cols;

    if (sscanf(text, "%4dx%4d%c", &cols, &rows, &rest) != 2 || rows < TUI_ROWS_MIN ||
        rows > TUI_CANVAS_ROWS_MAX || cols < TUI_COLS_MIN || cols > TUI_CANVAS_COLS_MAX)
        return false;
    *ret_rows = rows;
    *ret_cols = cols;
    return true;
}

/* One round: what came is taken in, what is wanted is passed on. */
static void listen(const struct tui_source *source, struct tui_app *app, bool *ret_events)
{
    struct pollfd fd = {.fd = source->ops->fd(source->self), .events = POLLIN};
    int wait_ms = source->ops->wait_ms(source->self);
    struct tui_want want = tui_app_want(app);
    struct tui_update *update;

    source->ops->want(source->self, &want);
    poll(&fd, 1, wait_ms >= 0 && wait_ms < ROUND_MS ? wait_ms : ROUND_MS);
    source->ops->clock(source->self, &app->now_ms, &app->clock_ms);
    while ((update = source->ops->take(source->self))) {
        *ret_events = *ret_events || update->kind == TUI_UPDATE_EVENTS;
        tui_app_update(app, update);
    }
    if (source->ops->control)
        source->ops->control(source->self, app);
    source->ops->clock(source->self, &app->now_ms, &app->clock_ms);
}

/* Whether what the view asked for is there. */
static bool has_all(const struct tui_app *app, bool events)
{
    struct tui_want want = tui_app_want(app);

    if (!app->model->fleet || app->replay.seeking || app->replay.wish != TUI_REPLAY_STAY)
        return false;
    for (int i = 0; i < TUI_POLL_COUNT; i++) {
        if (tui_poll_wanted((enum tui_poll)i, &want) && app->model->polled[i].at_ms == 0)
            return app->replay.active;
    }
    return events || app->replay.active;
}

static bool show(struct tui_app *app, const char *line)
{
    char why[TUI_TEXT_SIZE] = "";

    if (!line)
        return true;
    if (tui_command_is_verb(line))
        snprintf(why, sizeof(why), "nothing is done by --once: stoker %.100s does it", line);
    else if (tui_ex_run(app, line, why))
        return true;
    fprintf(stderr, "stoker: %s\n", why);
    return false;
}

static enum tui_once_end print(const struct tui_once *once, struct tui_app *app,
                               const struct tui_theme *theme)
{
    struct tui_canvas canvas = {.ascii = app->glyphs == TUI_GLYPHS_ASCII};
    int rows = once->rows > 0 ? once->rows : TUI_ONCE_ROWS;
    int cols = once->cols > 0 ? once->cols : TUI_ONCE_COLS;
    char *text = NULL;
    size_t len = 0;

    app->message[0] = 0;
    if (tui_canvas_resize(&canvas, rows, cols)) {
        tui_chrome_draw(app, &canvas);
        text = tui_export(once->format, app, &canvas, theme, &len);
    }
    tui_canvas_finish(&canvas);
    if (!text) {
        fprintf(stderr, "stoker: out of memory\n");
        return TUI_ONCE_SILENT;
    }
    fwrite(text, 1, len, stdout);
    free(text);
    return TUI_ONCE_OK;
}

enum tui_once_end tui_once_print(const struct tui_once *once, const struct tui_source *source,
                                 struct tui_app *app, const struct tui_theme *theme)
{
    int64_t began_ms = tui_feed_clock_ms();
    bool events = false;
    bool shown = false;

    for (;;) {
        int64_t passed_ms = tui_feed_clock_ms() - began_ms;
        listen(source, app, &events);
        /* What an agent or a job is called is known only now. */
        if (!shown && app->model->fleet && !app->replay.seeking) {
            if (!show(app, once->line))
                return TUI_ONCE_UNKNOWN;
            shown = true;
            continue;
        }
        if (shown && has_all(app, events) && passed_ms >= once->after_ms)
            return print(once, app, theme);
        if (passed_ms >= once->after_ms + once->timeout_ms) {
            /* Something is more than nothing, and the screen says what is missing. */
            if (shown)
                return print(once, app, theme);
            fprintf(stderr, "stoker: no data from %s%s%s\n", app->address,
                    app->model->silence[0] ? ": " : "", app->model->silence);
            return TUI_ONCE_SILENT;
        }
    }
}
