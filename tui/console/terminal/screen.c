#include "terminal/screen.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "terminal/caps.h"
#include "terminal/codec/paint.h"
#include "terminal/output.h"

/* A serial line says how much it has left, but not when it is done: looked at so often. */
#define QUEUE_MS 20
#define BLOCKED_MS 1000
/* An answer that comes after the end would be typed into the shell: waited for so long. */
#define ANSWER_MS 200
#define ANSWER_READS 3

static const char mouse_on[] = "\033[?1002h\033[?1006h";
static const char mouse_off[] = "\033[?1002l\033[?1006l";
static const char background_query[] = "\033]11;?\033\\";

struct tui_screen {
    struct tui_caps caps;
    struct tui_input input;
    struct tui_output output;
    struct tui_paint paint;
    struct tui_bytes frame;
    struct termios before, own;
    bool mouse;
    bool asked; /* for the background, and not answered yet */
};

/* Keys one by one and as they are, but Ctrl-C and Ctrl-Z stay signals. */
static void make_modes(struct tui_screen *screen)
{
    screen->own = screen->before;
    screen->own.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
    screen->own.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON | ISTRIP);
    screen->own.c_cc[VMIN] = 1;
    screen->own.c_cc[VTIME] = 0;
}

static void enter(struct tui_screen *screen)
{
    tcsetattr(STDIN_FILENO, TCSANOW, &screen->own);
    tui_bytes_text(&screen->frame, screen->caps.enter);
    if (screen->mouse)
        tui_bytes_text(&screen->frame, mouse_on);
    tui_paint_forget(&screen->paint);
}

static bool prepare(struct tui_screen *screen, const struct tui_screen_options *opts,
                    const char **ret_error)
{
    enum tui_depth depth = TUI_DEPTH_NONE;

    tui_input_init(&screen->input, opts->escape_ms);
    if (!tui_caps_read(&screen->caps, &screen->input, ret_error))
        return false;
    tui_depth_choose(opts->colors, &screen->caps.colors, &depth);
    tui_paint_style(&screen->paint, opts->theme, depth);
    if (tcgetattr(STDIN_FILENO, &screen->before) != 0 ||
        !tui_output_open(&screen->output, STDOUT_FILENO, opts->rate, opts->now_ms)) {
        *ret_error = strerror(errno);
        return false;
    }
    make_modes(screen);
    screen->mouse = opts->mouse;
    screen->asked = opts->ask_background && screen->caps.asks_background && depth != TUI_DEPTH_NONE;
    return true;
}

bool tui_screen_open(const struct tui_screen_options *opts, struct tui_screen **ret_screen,
                     const char **ret_error)
{
    struct tui_screen *screen = calloc(1, sizeof(*screen));

    if (!screen) {
        *ret_error = "out of memory";
        return false;
    }
    screen->output.fd = -1;
    if (!prepare(screen, opts, ret_error)) {
        tui_output_close(&screen->output);
        free(screen);
        return false;
    }
    enter(screen);
    if (screen->asked)
        tui_bytes_text(&screen->frame, background_query);
    *ret_screen = screen;
    return true;
}

/* Reads until the background's answer is there, and throws it away. A few reads at most: keys that
 * go on being pressed must not keep it from closing. */
static void await_answer(struct tui_screen *screen)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
    struct tui_event_input event;

    for (int i = 0; i < ANSWER_READS && screen->asked && poll(&fd, 1, ANSWER_MS) == 1 &&
                    tui_screen_read(screen, 0);
         i++) {
        while (tui_screen_next(screen, 0, &event))
            continue;
    }
}

void tui_screen_close(struct tui_screen *screen)
{
    if (!screen)
        return;
    await_answer(screen);
    tui_output_last(&screen->output, screen->caps.leave);
    tcsetattr(STDIN_FILENO, TCSANOW, &screen->before);
    tui_output_close(&screen->output);
    tui_paint_finish(&screen->paint);
    tui_bytes_finish(&screen->frame);
    free(screen);
}

enum tui_depth tui_screen_depth(const struct tui_screen *screen)
{
    return screen->paint.depth;
}

void tui_screen_size(const struct tui_screen *screen, int *ret_rows, int *ret_cols)
{
    struct winsize size;

    *ret_rows = 24;
    *ret_cols = 80;
    if (ioctl(screen->output.fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
        *ret_rows = size.ws_row;
        *ret_cols = size.ws_col;
    }
}

int tui_screen_input_fd(const struct tui_screen *screen)
{
    (void)screen;
    return STDIN_FILENO;
}

int tui_screen_output_fd(const struct tui_screen *screen)
{
    return screen->output.fd;
}

bool tui_screen_ready(struct tui_screen *screen, bool key, int64_t now_ms, int64_t *ret_wait_ms,
                      bool *ret_blocked)
{
    *ret_blocked = false;
    *ret_wait_ms = 0;
    if (tui_output_room(&screen->output, key, now_ms) > 0)
        return true;
    *ret_blocked = screen->output.pending.len > 0;
    *ret_wait_ms = *ret_blocked ? BLOCKED_MS : tui_output_wait_ms(&screen->output, key);
    if (*ret_wait_ms == 0)
        *ret_wait_ms = QUEUE_MS;
    return false;
}

bool tui_screen_show(struct tui_screen *screen, const struct tui_canvas *canvas, bool key,
                     int64_t now_ms)
{
    size_t room = tui_output_room(&screen->output, key, now_ms);

    if (room == 0)
        return false;
    bool whole = tui_paint_frame(&screen->paint, canvas, room, &screen->frame);
    if (screen->frame.failed) {
        /* Half a sequence must not go out, and what is shown is not what was painted. */
        tui_bytes_clear(&screen->frame);
        tui_paint_forget(&screen->paint);
        return false;
    }
    tui_output_send(&screen->output, &screen->frame);
    return whole;
}

void tui_screen_forget(struct tui_screen *screen)
{
    tui_paint_forget(&screen->paint);
}

void tui_screen_style(struct tui_screen *screen, const struct tui_theme *theme)
{
    tui_paint_style(&screen->paint, theme, screen->paint.depth);
}

void tui_screen_mouse(struct tui_screen *screen, bool on)
{
    screen->mouse = on;
    tui_bytes_text(&screen->frame, on ? mouse_on : mouse_off);
}

bool tui_screen_read(struct tui_screen *screen, int64_t now_ms)
{
    char bytes[256];
    size_t room = tui_input_room(&screen->input);
    ssize_t got = read(STDIN_FILENO, bytes, room < sizeof(bytes) ? room : sizeof(bytes));

    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (got <= 0)
        return false;
    tui_input_add(&screen->input, bytes, (size_t)got, now_ms);
    return true;
}

bool tui_screen_next(struct tui_screen *screen, int64_t now_ms, struct tui_event_input *ret_event)
{
    if (!tui_input_next(&screen->input, now_ms, ret_event))
        return false;
    if (ret_event->kind == TUI_EVENT_BACKGROUND)
        screen->asked = false;
    return true;
}

int64_t tui_screen_input_wait_ms(const struct tui_screen *screen, int64_t now_ms)
{
    return tui_input_wait_ms(&screen->input, now_ms);
}

void tui_screen_suspend(struct tui_screen *screen)
{
    tui_output_last(&screen->output, screen->caps.leave);
    tcsetattr(STDIN_FILENO, TCSANOW, &screen->before);
}

void tui_screen_resume(struct tui_screen *screen)
{
    enter(screen);
}

const char *tui_screen_restore_text(const struct tui_screen *screen)
{
    return screen->caps.leave;
}
