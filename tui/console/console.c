#include "console.h"

#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "feed/feed.h"
#include "submit/submitter.h"
#include "terminal/screen.h"
#include "terminal/signals.h"
#include "text/text.h"
#include "views/chrome.h"

#define KEY_FRAME_MS                                                              \
    15 /* between two frames: a key that is held down is on the screen before its \
           next one comes */

struct loop {
    struct tui_app *app;
    struct tui_feed *feed;
    struct tui_submitter *submitter;
    struct tui_screen *screen;
    struct tui_canvas canvas;
    int64_t refresh_ms;
    int64_t frame_ms; /* when the last frame was drawn */
    bool dirty;       /* data changed: draw by the refresh rate */
    bool urgent;      /* the operator did something: draw soon */
    bool all;         /* draw every cell */
    int ended;        /* the signal that ended it */
};

static uint64_t wall_clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Recorded with what this operator does: user@host. */
static void find_by(char *ret_by, size_t size)
{
    const struct passwd *user = getpwuid(getuid());
    char host[256] = "";
    char text[320];

    gethostname(host, sizeof(host) - 1);
    snprintf(text, sizeof(text), "%.60s@%s", user ? user->pw_name : "?", host);
    tui_text_clean(ret_by, size, text);
}

static void take_updates(struct loop *loop)
{
    struct tui_update *update;

    while ((update = tui_feed_take(loop->feed))) {
        bool first = update->kind == TUI_UPDATE_FLEET && !loop->app->model->fleet;
        if (first || update->kind == TUI_UPDATE_ANSWER || update->kind >= TUI_UPDATE_POLL)
            loop->urgent = true;
        loop->dirty = true;
        tui_app_update(loop->app, update);
    }
}

static void take_news(struct loop *loop)
{
    struct tui_news *news;

    while ((news = tui_submitter_take(loop->submitter))) {
        tui_form_news(loop->app, news);
        loop->urgent = true;
    }
}

static void take_keys(struct loop *loop)
{
    uint32_t key;

    while (!loop->app->quit && (key = tui_screen_key(loop->screen)) != TUI_KEY_NONE) {
        tui_app_key(loop->app, key);
        loop->urgent = true;
    }
    loop->all = loop->all || loop->app->redraw;
    loop->app->redraw = false;
}

static void pass_on(struct loop *loop)
{
    struct tui_request request;
    struct tui_errand errand;
    struct tui_want want = tui_app_want(loop->app);

    tui_feed_want(loop->feed, &want);
    while (tui_app_take_request(loop->app, &request))
        tui_feed_request(loop->feed, &request);
    while (tui_form_take_errand(&loop->app->form, &errand))
        tui_submitter_ask(loop->submitter, &errand);
}

static bool fit_canvas(struct loop *loop)
{
    int rows;
    int cols;

    tui_screen_size(loop->screen, &rows, &cols);
    if (rows > TUI_CANVAS_ROWS_MAX)
        rows = TUI_CANVAS_ROWS_MAX;
    if (cols > TUI_CANVAS_COLS_MAX)
        cols = TUI_CANVAS_COLS_MAX;
    if (loop->canvas.rows == rows && loop->canvas.cols == cols)
        return true;
    return tui_canvas_resize(&loop->canvas, rows, cols);
}

static void draw(struct loop *loop)
{
    if (!fit_canvas(loop))
        return;
    loop->app->clock_ms = wall_clock_ms();
    tui_chrome_draw(loop->app, &loop->canvas);
    tui_screen_show(loop->screen, &loop->canvas, loop->all);
    loop->frame_ms = loop->app->now_ms;
    loop->dirty = loop->urgent = loop->all = false;
}

/* When the next frame is due: the clock's next second if nothing else asks for one. */
static int64_t next_frame_ms(const struct loop *loop)
{
    int64_t clock = loop->frame_ms + 1000 - (int64_t)(loop->app->clock_ms % 1000);

    if (loop->urgent || loop->all)
        return loop->frame_ms + KEY_FRAME_MS;
    if (loop->dirty && loop->frame_ms + loop->refresh_ms < clock)
        return loop->frame_ms + loop->refresh_ms;
    return clock > loop->frame_ms + loop->refresh_ms ? clock : loop->frame_ms + loop->refresh_ms;
}

static void take_signals(struct loop *loop)
{
    struct tui_signals signals = tui_signals_take();

    if (signals.ended != 0)
        loop->ended = signals.ended;
    if (signals.resized) {
        tui_screen_resize(loop->screen);
        loop->urgent = true;
    }
    if (signals.stopped) {
        tui_screen_suspend(loop->screen);
        raise(SIGSTOP);
        tui_screen_resume(loop->screen);
        loop->urgent = true;
    }
}

static void run(struct loop *loop)
{
    bool blocked = false; /* the terminal takes no more bytes now */

    while (!loop->app->quit && loop->ended == 0) {
        loop->app->now_ms = tui_feed_clock_ms();
        int64_t wait = next_frame_ms(loop) - loop->app->now_ms;
        if (wait <= 0) {
            blocked = !tui_screen_ready(loop->screen);
            if (!blocked) {
                draw(loop);
                continue;
            }
        }
        struct pollfd fds[] = {
            {.fd = STDIN_FILENO, .events = POLLIN},
            {.fd = tui_signals_fd(), .events = POLLIN},
            {.fd = tui_feed_fd(loop->feed), .events = POLLIN},
            {.fd = tui_submitter_fd(loop->submitter), .events = POLLIN},
            {.fd = blocked ? STDOUT_FILENO : -1, .events = POLLOUT},
        };
        poll(fds, sizeof(fds) / sizeof(fds[0]), blocked ? 1000 : wait > 1000 ? 1000 : (int)wait);
        blocked = false;
        loop->app->now_ms = tui_feed_clock_ms();
        if (fds[1].revents)
            take_signals(loop);
        if (fds[0].revents & (POLLERR | POLLHUP | POLLNVAL))
            loop->ended = SIGHUP;
        else if (fds[0].revents)
            take_keys(loop);
        take_updates(loop);
        take_news(loop);
        pass_on(loop);
    }
}

static unsigned int clamp_refresh(unsigned int ms)
{
    if (ms == 0)
        return TUI_CONSOLE_REFRESH_MS_DEFAULT;
    if (ms < TUI_CONSOLE_REFRESH_MS_MIN)
        return TUI_CONSOLE_REFRESH_MS_MIN;
    return ms > TUI_CONSOLE_REFRESH_MS_MAX ? TUI_CONSOLE_REFRESH_MS_MAX : ms;
}

/* Fills in what the options say. False after a line on standard error. */
static bool prepare(struct loop *loop, const struct tui_console_options *opts)
{
    loop->app = tui_app_create();
    if (!loop->app) {
        fprintf(stderr, "stoker: out of memory\n");
        return false;
    }
    setlocale(LC_CTYPE, "");
    if (!tui_glyphs_choose(opts->glyphs, nl_langinfo(CODESET), getenv("TERM"),
                           &loop->app->glyphs)) {
        fprintf(stderr, "stoker: no glyphs '%s'; there are auto, braille, block and ascii\n",
                opts->glyphs);
        return false;
    }
    loop->canvas.ascii = loop->app->glyphs == TUI_GLYPHS_ASCII;
    loop->app->read_only = opts->read_only;
    tui_text_clean(loop->app->address, sizeof(loop->app->address), opts->address);
    find_by(loop->app->by, sizeof(loop->app->by));
    loop->refresh_ms = clamp_refresh(opts->refresh_ms);
    return true;
}

int tui_console_run(const struct tui_console_options *opts)
{
    struct loop loop = {.urgent = true};
    char error[TUI_TEXT_SIZE];
    const char *why = NULL;
    int status = 2;

    if (!prepare(&loop, opts))
        goto out;
    if (!tui_feed_create(opts->address, opts->tls, &loop.feed, error) ||
        !tui_submitter_create(opts->address, opts->tls, &loop.submitter, error)) {
        fprintf(stderr, "stoker: %s\n", error);
        goto out;
    }
    status = 1;
    if (!tui_signals_open()) {
        fprintf(stderr, "stoker: out of file descriptors\n");
        goto out;
    }
    if (!tui_screen_open(opts->theme, &loop.screen, &why)) {
        tui_signals_close();
        fprintf(stderr, "stoker: can't open the console: %s\n", why);
        goto out;
    }
    tui_signals_restore(tui_screen_restore_text(loop.screen));
    run(&loop);
    status = loop.ended != 0 ? 128 + loop.ended : 0;
    tui_signals_close();
    tui_screen_close(loop.screen);
out:
    tui_submitter_destroy(loop.submitter);
    tui_feed_destroy(loop.feed);
    tui_canvas_finish(&loop.canvas);
    tui_app_destroy(loop.app);
    return status;
}
