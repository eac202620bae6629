#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "export/export.h"
#include "model/figure.h"
#include "views/chrome.h"

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

static bool keep_recording(struct tui_capture_io *io, struct tui_app *app)
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

/* The screen as it is without the line that asks where to; NULL when memory ran out. */
static char *draw(struct tui_app *app, const struct tui_canvas *shown,
                  const struct tui_theme *theme, size_t *ret_len)
{
    enum tui_format format = tui_format_of_path(app->save.path);
    struct tui_canvas canvas = {.ascii = shown->ascii};
    char *text = NULL;

    if (tui_canvas_resize(&canvas, shown->rows, shown->cols)) {
        tui_chrome_draw(app, &canvas);
        text = tui_export(format == TUI_FORMAT_COUNT ? TUI_FORMAT_TEXT : format, app, &canvas,
                          theme, ret_len);
    }
    tui_canvas_finish(&canvas);
    return text;
}

static const char saved[] = "saved to ";

/* For the owner alone, like a recording. Returns 0 or errno. */
static int write_new(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    int failure = 0;

    if (fd < 0)
        return errno;
    while (len > 0 && failure == 0) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno != EINTR)
            failure = errno;
        text += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    if (close(fd) != 0 && failure == 0)
        failure = errno;
    if (failure != 0)
        unlink(path);
    return failure;
}

static void save(struct tui_app *app, const struct tui_canvas *canvas,
                 const struct tui_theme *theme)
{
    bool over = app->save.wish == TUI_SAVE_OVER;
    size_t len = 0;
    char *text;
    int failure;

    app->save.wish = TUI_SAVE_NOTHING;
    /* Where the screen before was saved to is no part of this one. */
    if (strncmp(app->message, saved, strlen(saved)) == 0)
        app->message[0] = 0;
    text = draw(app, canvas, theme, &len);
    if (over && text)
        unlink(app->save.path);
    failure = text ? write_new(app->save.path, text, len) : ENOMEM;
    free(text);
    if (failure == EEXIST)
        app->save.open = app->save.exists = true;
    else if (failure != 0)
        tui_app_message(app, TUI_ROLE_BAD, "can't save to %s: %s", app->save.path,
                        strerror(failure));
    else
        tui_app_message(app, TUI_ROLE_OK, "%s%s", saved, app->save.path);
    app->save.count += failure == 0;
}

bool tui_capture_run(struct tui_capture_io *io, struct tui_app *app,
                     const struct tui_canvas *canvas, const struct tui_theme *theme)
{
    bool saves = app->save.wish != TUI_SAVE_NOTHING;

    if (saves)
        save(app, canvas, theme);
    return keep_recording(io, app) || saves;
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
