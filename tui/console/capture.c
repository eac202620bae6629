#include "capture.h"

#include <stdio.h>
#include <time.h>

#include "model/figure.h"

#define LOOK_MS 500

bool tui_capture_begin(struct tui_capture_io *io, struct tui_app *app, const char *path,
                       char ret_error[TUI_TEXT_SIZE])
{
    const struct tui_recorder_options options = {
        .path = path, .bytes_max = io->record_bytes_max, .address = app->address, .by = app->by};

    if (!io->feed) {
        snprintf(ret_error, TUI_TEXT_SIZE, "there is nothing here to record");
        return false;
    }
    if (!tui_recorder_open(&options, &io->recorder, ret_error))
        return false;
    tui_tap_set(tui_feed_tap(io->feed), tui_recorder_message, io->recorder);
    tui_feed_whole(io->feed);
    app->capture.recording = true;
    app->capture.bytes = 0;
    snprintf(app->capture.path, sizeof(app->capture.path), "%s", path);
    return true;
}

/* "stoker-20261121-172130.rec" */
static void name_by_time(char *ret_path, size_t size, uint64_t clock_ms)
{
    time_t seconds = (time_t)(clock_ms / 1000);
    struct tm tm;

    if (!localtime_r(&seconds, &tm) ||
        strftime(ret_path, size, "stoker-%Y%m%d-%H%M%S.rec", &tm) == 0)
        snprintf(ret_path, size, "stoker.rec");
}

static void begin(struct tui_capture_io *io, struct tui_app *app)
{
    char path[TUI_TEXT_SIZE];
    char error[TUI_TEXT_SIZE];

    snprintf(path, sizeof(path), "%s", app->capture.path);
    if (path[0] == 0)
        name_by_time(path, sizeof(path), app->clock_ms);
    if (tui_capture_begin(io, app, path, error))
        tui_app_message(app, TUI_ROLE_OK, "recording to %s; Ctrl-R or :record ends it", path);
    else
        tui_app_message(app, TUI_ROLE_BAD, "%s", error);
}

static void end(struct tui_capture_io *io, struct tui_app *app)
{
    struct tui_recorder_state state;
    char bytes[TUI_FIGURE_SIZE];

    tui_tap_set(tui_feed_tap(io->feed), NULL, NULL);
    tui_recorder_close(io->recorder, &state);
    io->recorder = NULL;
    app->capture.recording = false;
    tui_figure_bytes(bytes, sizeof(bytes), state.file_bytes);
    if (state.stopped)
        tui_app_message(app, TUI_ROLE_BAD, "recording stopped: %s; %s are in %s", state.error,
                        bytes, app->capture.path);
    else
        tui_app_message(app, TUI_ROLE_OK, "recorded %s: stoker replay %s", bytes,
                        app->capture.path);
}

bool tui_capture_run(struct tui_capture_io *io, struct tui_app *app)
{
    enum tui_capture_wish wish = app->capture.wish;
    struct tui_recorder_state state;

    app->capture.wish = TUI_CAPTURE_NOTHING;
    if (wish == TUI_CAPTURE_BEGIN && !io->recorder)
        begin(io, app);
    if (wish == TUI_CAPTURE_END && io->recorder)
        end(io, app);
    if (!io->recorder || (wish == TUI_CAPTURE_NOTHING && app->now_ms - io->looked_ms < LOOK_MS))
        return wish != TUI_CAPTURE_NOTHING;
    io->looked_ms = app->now_ms;
    tui_recorder_state(io->recorder, &state);
    app->capture.bytes = state.file_bytes;
    if (state.stopped)
        end(io, app);
    return wish != TUI_CAPTURE_NOTHING || state.stopped;
}

void tui_capture_finish(struct tui_capture_io *io, const struct tui_app *app)
{
    struct tui_recorder_state state;

    if (!io->recorder)
        return;
    tui_tap_set(tui_feed_tap(io->feed), NULL, NULL);
    tui_recorder_close(io->recorder, &state);
    io->recorder = NULL;
    if (state.stopped)
        fprintf(stderr, "stoker: recording to %s stopped: %s\n", app->capture.path, state.error);
    else
        printf("recorded to %s; look at it with: stoker replay %s\n", app->capture.path,
               app->capture.path);
}
