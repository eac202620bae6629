#include "console.h"

#include <errno.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/state.h"
#include "capture.h"
#include "config/settings.h"
#include "feed/replay.h"
#include "feed/source.h"
#include "once.h"
#include "operator.h"
#include "store.h"
#include "submit/submitter.h"
#include "terminal/screen.h"
#include "terminal/signals.h"
#include "text/text.h"
#include "theme/zone.h"
#include "views/chrome.h"

/* Between two frames: what a flood of keys, or of a mouse's moves, does is drawn together. */
#define KEY_FRAME_MS 10

struct loop {
    struct tui_app *app;
    struct tui_source source;
    struct tui_submitter *submitter; /* NULL: a recording, to which nothing is submitted */
    struct tui_capture_io capture;
    struct tui_screen *screen;
    struct tui_canvas canvas;
    struct tui_zones zones;
    struct tui_settings settings;
    struct tui_problems problems;
    char store[PATH_MAX]; /* where what is kept lies; "" nowhere */
    struct tui_theme theme;
    int64_t now_ms;   /* the clock of life: app->now_ms is that of the data */
    int64_t frame_ms; /* when the last frame was drawn */
    bool dirty;       /* data changed: draw by the refresh rate */
    bool urgent;      /* the operator did something: draw at once */
    bool all;         /* draw every cell */
    bool rest;        /* the last frame was cut by the bandwidth */
    bool mouse;       /* what the terminal was told */
    int ended;        /* the signal that ended it */
};

static void take_updates(struct loop *loop)
{
    struct tui_update *update;

    while ((update = loop->source.ops->take(loop->source.self))) {
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

    while (loop->submitter && (news = tui_submitter_take(loop->submitter))) {
        tui_form_news(loop->app, news);
        loop->urgent = true;
    }
}

/* The terminal said what is behind its text: of the two usual themes the other may suit it. */
static void take_background(struct loop *loop, uint32_t rgb)
{
    bool light = tui_color_contrast(rgb, 0x000000) > tui_color_contrast(rgb, 0xffffff);

    if (strcmp(loop->settings.theme, "auto") != 0 ||
        strcmp(loop->theme.name, light ? "light" : "dark") == 0)
        return;
    tui_theme_find(light ? "light" : "dark", &loop->theme);
    tui_screen_style(loop->screen, &loop->theme);
}

/* The next of the themes that come with the console, in order of their names. */
static void next_theme(struct loop *loop)
{
    size_t next = 0;

    loop->app->next_theme = false;
    for (size_t i = 0; tui_theme_names[i]; i++) {
        if (strcmp(tui_theme_names[i], loop->theme.name) == 0)
            next = tui_theme_names[i + 1] ? i + 1 : 0;
    }
    if (!tui_theme_find(tui_theme_names[next], &loop->theme))
        return;
    tui_screen_style(loop->screen, &loop->theme);
    tui_app_message(loop->app, TUI_ROLE_NORMAL, "theme %s: %s", loop->theme.name, loop->theme.help);
}

static void use_mouse(struct loop *loop, bool on)
{
    loop->mouse = loop->app->mouse = on;
    loop->canvas.zones = on ? &loop->zones : NULL;
    if (loop->screen)
        tui_screen_mouse(loop->screen, on);
}

/* Alt-x and Esc with an x right after it are the same bytes: Alt-x where that means something. */
static void take_key(struct loop *loop, uint32_t key)
{
    if (key & TUI_KEY_ALT && !tui_keymap_uses(&loop->app->keymap, key)) {
        tui_app_key(loop->app, TUI_KEY_ESC);
        key &= ~(uint32_t)TUI_KEY_ALT;
    }
    if (!loop->app->quit)
        tui_app_key(loop->app, key);
}

static void take_input(struct loop *loop)
{
    struct tui_event_input event;

    while (!loop->app->quit && tui_screen_next(loop->screen, loop->now_ms, &event)) {
        if (event.kind == TUI_EVENT_KEY)
            take_key(loop, event.key);
        else if (event.kind == TUI_EVENT_PASTE)
            tui_app_paste(loop->app, event.text);
        else if (event.kind == TUI_EVENT_POINTER)
            tui_app_pointer(loop->app, &event.pointer, &loop->canvas);
        else
            take_background(loop, event.rgb);
        loop->urgent = true;
    }
    loop->all = loop->all || loop->app->redraw;
    loop->app->redraw = false;
    if (loop->app->next_theme)
        next_theme(loop);
    if (loop->mouse != loop->app->mouse)
        use_mouse(loop, loop->app->mouse);
}

static void pass_on(struct loop *loop)
{
    struct tui_request request;
    struct tui_errand errand;
    struct tui_want want = tui_app_want(loop->app);

    /* Whoever looks at the recording may want to see other views. */
    for (int i = 0; i < TUI_POLL_COUNT && loop->app->capture.recording; i++)
        want.polls[i] = true;
    loop->source.ops->want(loop->source.self, &want);
    if (loop->capture.feed)
        tui_feed_agents_address(loop->capture.feed, loop->app->agents_address);
    while (tui_app_take_request(loop->app, &request))
        loop->source.ops->request(loop->source.self, &request);
    while (loop->submitter && tui_form_take_errand(&loop->app->form, &errand))
        tui_submitter_ask(loop->submitter, &errand);
    if (loop->source.ops->control && loop->source.ops->control(loop->source.self, loop->app))
        loop->urgent = true;
    tui_tour_look(loop->app);
    if (tui_capture_run(&loop->capture, loop->app, &loop->canvas, &loop->theme))
        loop->urgent = true;
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
    if (loop->all)
        tui_screen_forget(loop->screen);
    tui_chrome_draw(loop->app, &loop->canvas);
    loop->rest = !tui_screen_show(loop->screen, &loop->canvas, loop->urgent, loop->now_ms);
    loop->frame_ms = loop->now_ms;
    loop->dirty = loop->urgent = loop->all = false;
}

/* When the next frame is due: the clock's next second if nothing else asks for one. */
static int64_t next_frame_ms(const struct loop *loop)
{
    int64_t clock = loop->frame_ms + 1000 - (int64_t)(loop->app->clock_ms % 1000);
    int64_t soonest = loop->frame_ms + loop->settings.refresh;

    if (loop->urgent || loop->all || loop->rest)
        return loop->frame_ms + KEY_FRAME_MS;
    if (loop->dirty && soonest < clock)
        return soonest;
    return clock > soonest ? clock : soonest;
}

static void take_signals(struct loop *loop)
{
    struct tui_signals signals = tui_signals_take();

    if (signals.ended != 0)
        loop->ended = signals.ended;
    if (signals.resized)
        loop->urgent = true;
    if (signals.stopped) {
        tui_screen_suspend(loop->screen);
        raise(SIGSTOP);
    }
    /* Also after a SIGSTOP from outside: whoever had the terminal meanwhile has left his modes. */
    if (signals.continued) {
        tui_screen_resume(loop->screen);
        loop->urgent = true;
    }
}

static void read_clocks(struct loop *loop)
{
    loop->now_ms = tui_feed_clock_ms();
    loop->source.ops->clock(loop->source.self, &loop->app->now_ms, &loop->app->clock_ms);
}

/* Draws if a frame is due and the line has room. How long to wait for something else, in
 * milliseconds; *ret_blocked: the line is what it waits for. */
static int64_t draw_when_due(struct loop *loop, bool *ret_blocked)
{
    bool key = loop->urgent || loop->all;
    int64_t wait = next_frame_ms(loop) - loop->now_ms;

    *ret_blocked = false;
    if (wait <= 0 && tui_screen_ready(loop->screen, key, loop->now_ms, &wait, ret_blocked)) {
        draw(loop);
        wait = 0;
    }
    int64_t input = tui_screen_input_wait_ms(loop->screen, loop->now_ms);
    int64_t source = loop->source.ops->wait_ms(loop->source.self);
    if (input >= 0 && input < wait)
        wait = input;
    if (source >= 0 && source < wait)
        wait = source;
    return wait > 1000 ? 1000 : wait < 0 ? 0 : wait;
}

static void run(struct loop *loop)
{
    while (!loop->app->quit && loop->ended == 0) {
        bool blocked;
        read_clocks(loop);
        int64_t wait = draw_when_due(loop, &blocked);
        struct pollfd fds[] = {
            {.fd = tui_screen_input_fd(loop->screen), .events = POLLIN},
            {.fd = tui_signals_fd(), .events = POLLIN},
            {.fd = loop->source.ops->fd(loop->source.self), .events = POLLIN},
            {.fd = loop->submitter ? tui_submitter_fd(loop->submitter) : -1, .events = POLLIN},
            {.fd = blocked ? tui_screen_output_fd(loop->screen) : -1, .events = POLLOUT},
        };
        poll(fds, sizeof(fds) / sizeof(fds[0]), (int)wait);
        read_clocks(loop);
        if (fds[1].revents)
            take_signals(loop);
        if (fds[0].revents & (POLLERR | POLLHUP | POLLNVAL) ||
            (fds[0].revents && !tui_screen_read(loop->screen, loop->now_ms)))
            loop->ended = SIGHUP;
        take_input(loop);
        take_updates(loop);
        take_news(loop);
        pass_on(loop);
    }
}

/* A file that is wrong in places doesn't stop the console, but it is told. */
static void show_problems(struct loop *loop)
{
    size_t count = loop->problems.count;
    char more[64] = "";

    if (count > 1)
        snprintf(more, sizeof(more), " (and %zu more, told at the end)", count - 1);
    if (count > 0)
        tui_app_message(loop->app, TUI_ROLE_WARN, "%s%s", loop->problems.texts[0], more);
}

static bool find_view(const char *name, enum tui_view_id *ret_view)
{
    for (size_t i = 0; i < TUI_VIEW_COUNT; i++) {
        if (strcmp(tui_views[i].name, name) == 0 && tui_views[i].key != 0) {
            *ret_view = (enum tui_view_id)i;
            return true;
        }
    }
    return false;
}

/* What the settings name must be there: from an option false, from the file a problem. */
static bool apply(struct loop *loop, const struct tui_console_options *opts)
{
    static const struct tui_color_hints no_hints;
    struct tui_settings *settings = &loop->settings;
    struct tui_app *app = loop->app;
    enum tui_depth depth;
    size_t before = loop->problems.count;

    tui_settings_theme(settings->folder, settings->theme, &loop->theme, &loop->problems);
    if (!tui_glyphs_choose(settings->glyphs, nl_langinfo(CODESET), getenv("TERM"), &app->glyphs)) {
        tui_problems_add(&loop->problems,
                         "glyphs: there are no '%s'; there are auto, braille, block "
                         "and ascii",
                         settings->glyphs);
        tui_glyphs_choose(NULL, nl_langinfo(CODESET), getenv("TERM"), &app->glyphs);
    }
    if (!tui_depth_choose(settings->colors, &no_hints, &depth)) {
        tui_problems_add(&loop->problems,
                         "colors: there is no '%s'; there are auto, true, 256, 16, 8 "
                         "and none",
                         settings->colors);
        snprintf(settings->colors, sizeof(settings->colors), "auto");
    }
    if (!find_view(settings->view, &app->view))
        tui_problems_add(&loop->problems, "view: there is no '%s'; ? lists them", settings->view);
    if (settings->refresh < TUI_CONSOLE_REFRESH_MS_MIN)
        settings->refresh = TUI_CONSOLE_REFRESH_MS_MIN;
    return loop->problems.count == before ||
           !(opts->settings[TUI_SETTING_theme] || opts->settings[TUI_SETTING_glyphs] ||
             opts->settings[TUI_SETTING_colors] || opts->settings[TUI_SETTING_view]);
}

/* Begins where the operator left, unless told otherwise; what happened once is looked at afresh. */
static void remember(struct loop *loop, const struct tui_console_options *opts)
{
    enum tui_view_id view = loop->app->view;
    bool view_set = opts->settings[TUI_SETTING_view] || view != TUI_VIEW_OVERVIEW;

    if (loop->settings.fresh || opts->replay || !tui_store_path(loop->store, sizeof(loop->store))) {
        loop->store[0] = 0;
        return;
    }
    char *text = tui_store_load(loop->store);
    if (text)
        tui_state_read(loop->app, text);
    if (view_set)
        loop->app->view = view;
    free(text);
}

static void keep(const struct loop *loop)
{
    if (loop->store[0] == 0)
        return;
    char *text = tui_state_write(loop->app);
    if (!text || !tui_store_save(loop->store, text))
        fprintf(stderr, "stoker: can't keep bookmarks and filters in %s: %s\n", loop->store,
                strerror(errno));
    free(text);
}

/* Fills in what options and the configuration file say. False after a line on standard error. */
static bool prepare(struct loop *loop, const struct tui_console_options *opts)
{
    loop->app = tui_app_create();
    if (!loop->app) {
        fprintf(stderr, "stoker: out of memory\n");
        return false;
    }
    setlocale(LC_CTYPE, "");
    if (!tui_settings_load(opts->config, opts->settings, &loop->settings, &loop->app->keymap,
                           &loop->problems) ||
        !apply(loop, opts)) {
        tui_problems_print(&loop->problems);
        return false;
    }
    loop->canvas.ascii = loop->app->glyphs == TUI_GLYPHS_ASCII;
    loop->app->read_only = opts->read_only;
    loop->app->tour.active = opts->tour_step > 0;
    loop->app->tour.anywhere = opts->tour_anywhere;
    loop->app->tour.at =
        opts->tour_step > 0 && opts->tour_step <= TUI_STEP_COUNT ? opts->tour_step - 1 : 0;
    loop->app->slo_us = (uint64_t)loop->settings.slo * 1000;
    loop->now_ms = loop->app->now_ms = tui_feed_clock_ms();
    use_mouse(loop, loop->settings.mouse);
    show_problems(loop);
    /* What is printed, or replayed, has nothing to do with where the operator last was. */
    if (!opts->once && !opts->replay)
        remember(loop, opts);
    tui_text_clean(loop->app->address, sizeof(loop->app->address), opts->address);
    tui_operator_name(loop->app->by, sizeof(loop->app->by));
    return true;
}

static bool open_screen(struct loop *loop, const char **ret_why)
{
    const struct tui_settings *settings = &loop->settings;
    struct tui_screen_options screen = {
        .theme = &loop->theme,
        .colors = settings->colors,
        .mouse = settings->mouse,
        .ask_background = strcmp(settings->theme, "auto") == 0 && !getenv("COLORFGBG"),
        .rate = settings->bandwidth,
        .escape_ms = settings->escape_delay,
        .now_ms = loop->now_ms,
    };

    if (!tui_screen_open(&screen, &loop->screen, ret_why))
        return false;
    loop->app->pixels = tui_screen_depth(loop->screen) >= TUI_DEPTH_256;
    return true;
}

/* Where the updates come from. False after a line on standard error. */
static bool open_source(struct loop *loop, const struct tui_console_options *opts)
{
    char error[TUI_TEXT_SIZE];
    struct tui_feed *feed;

    if (opts->replay) {
        if (!tui_replay_open(opts->replay, &loop->source, error))
            goto failed;
        tui_replay_begin(&loop->source, loop->app);
        return tui_replay_start(loop->app, opts->replay_at, opts->replay_speed);
    }
    if (!tui_feed_create(opts->address, opts->tls, &feed, error))
        goto failed;
    loop->source = tui_source_feed(feed);
    if (!tui_submitter_create(opts->address, opts->tls, &loop->submitter, error))
        goto failed;
    loop->capture.feed = feed;
    loop->capture.record_bytes_max = opts->record_bytes_max;
    if (!opts->record || tui_capture_begin(&loop->capture, loop->app, opts->record, error))
        return true;
failed:
    fprintf(stderr, "stoker: %s\n", error);
    return false;
}

static int print_once(struct loop *loop, const struct tui_console_options *opts)
{
    struct tui_once once = {.line = opts->line,
                            .format =
                                opts->format ? tui_format_find(opts->format) : TUI_FORMAT_TEXT,
                            .after_ms = opts->after_ms,
                            .timeout_ms = opts->timeout_ms};

    if (once.format == TUI_FORMAT_COUNT) {
        fprintf(stderr, "stoker: no format '%s'; there are text, ansi, html, svg and json\n",
                opts->format);
        return 2;
    }
    if (opts->size && !tui_once_size(opts->size, &once.rows, &once.cols)) {
        fprintf(stderr, "stoker: no size '%s'; give columns and rows, such as 100x30, from %dx%d\n",
                opts->size, TUI_COLS_MIN, TUI_ROWS_MIN);
        return 2;
    }
    loop->app->read_only = true;
    switch (tui_once_print(&once, &loop->source, loop->app, &loop->theme)) {
    case TUI_ONCE_OK:
        return 0;
    case TUI_ONCE_SILENT:
        return 3;
    case TUI_ONCE_UNKNOWN:
        break;
    }
    return 2;
}

int tui_console_run(const struct tui_console_options *opts)
{
    struct loop loop = {.urgent = true};
    const char *why = NULL;
    int status = 2;

    /* What the feed's threads take the screen's thread frees: with a heap each, those of a large
     * fleet would keep what the other needs. */
    mallopt(M_ARENA_MAX, 1);
    if (!prepare(&loop, opts))
        goto out;
    if (!open_source(&loop, opts))
        goto out;
    if (opts->once) {
        status = print_once(&loop, opts);
        goto out;
    }
    status = 1;
    if (!tui_signals_open()) {
        fprintf(stderr, "stoker: out of file descriptors\n");
        goto out;
    }
    if (!open_screen(&loop, &why)) {
        tui_signals_close();
        fprintf(stderr, "stoker: can't open the console: %s\n", why);
        goto out;
    }
    tui_signals_restore(tui_screen_restore_text(loop.screen));
    run(&loop);
    status = loop.ended != 0 ? 128 + loop.ended : 0;
    tui_signals_close();
    tui_screen_close(loop.screen);
    keep(&loop);
    tui_problems_print(&loop.problems);
out:
    tui_capture_finish(&loop.capture, loop.app);
    tui_submitter_destroy(loop.submitter);
    if (loop.source.ops)
        loop.source.ops->destroy(loop.source.self);
    tui_canvas_finish(&loop.canvas);
    tui_app_destroy(loop.app);
    return status;
}
