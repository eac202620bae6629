/* The terminal: takes it over, paints canvases on it, says what the operator did. One thread. */
#ifndef TUI_CONSOLE_TERMINAL_SCREEN_H
#define TUI_CONSOLE_TERMINAL_SCREEN_H

#include "terminal/codec/input.h"
#include "theme/theme.h"

struct tui_screen;

struct tui_screen_options {
    const struct tui_theme *theme; /* copied */
    const char *colors;            /* as tui_depth_choose takes it */
    bool mouse;
    bool ask_background; /* ask the terminal; the answer comes as TUI_EVENT_BACKGROUND */
    unsigned int rate;   /* bytes/s to the terminal; 0: as much as the line takes */
    int64_t escape_ms;   /* how long a lone Esc waits for the rest of a sequence */
    int64_t now_ms;
};

/* Takes standard input and output over. On failure returns false, and ret_error says why; the
 * terminal is as it was. */
bool tui_screen_open(const struct tui_screen_options *opts, struct tui_screen **ret_screen,
                     const char **ret_error);

/* Puts the terminal back. NULL is allowed. */
void tui_screen_close(struct tui_screen *screen);

/* How many colours it shows. */
enum tui_depth tui_screen_depth(const struct tui_screen *screen);

/* The terminal's size now. */
void tui_screen_size(const struct tui_screen *screen, int *ret_rows, int *ret_cols);

/* Readable when the operator did something; writable when a slow line goes on. */
int tui_screen_input_fd(const struct tui_screen *screen);
int tui_screen_output_fd(const struct tui_screen *screen);

/*
 * Whether a frame can be shown now: the last one has left, and the rate allows it. A frame for a
 * key may use what one for data leaves over. Otherwise *ret_wait_ms says when to look again, and
 * *ret_blocked whether the line is what it waits for: then the output's being writable is sooner.
 */
bool tui_screen_ready(struct tui_screen *screen, bool key, int64_t now_ms, int64_t *ret_wait_ms,
                      bool *ret_blocked);

/*
 * Sends what differs from the last canvas; never waits. False if that was not all of it: the rest
 * is for the next frame, which may be another canvas.
 */
bool tui_screen_show(struct tui_screen *screen, const struct tui_canvas *canvas, bool key,
                     int64_t now_ms);

/* What the terminal shows is not what was painted: the next frame is whole. */
void tui_screen_forget(struct tui_screen *screen);

/* Another theme, with the next frame. */
void tui_screen_style(struct tui_screen *screen, const struct tui_theme *theme);

void tui_screen_mouse(struct tui_screen *screen, bool on);

/* Reads what has arrived; false if the terminal is gone. */
bool tui_screen_read(struct tui_screen *screen, int64_t now_ms);

/* The next thing the operator did; false if there is none by now. */
bool tui_screen_next(struct tui_screen *screen, int64_t now_ms, struct tui_event_input *ret_event);

/* Milliseconds until tui_screen_next may have something without a byte; -1: it won't. */
int64_t tui_screen_input_wait_ms(const struct tui_screen *screen, int64_t now_ms);

/* Gives the terminal back for a while (SIGTSTP), and takes it again. */
void tui_screen_suspend(struct tui_screen *screen);
void tui_screen_resume(struct tui_screen *screen);

/* Bytes that put the terminal back when nothing else may be called any more. */
const char *tui_screen_restore_text(const struct tui_screen *screen);

#endif
