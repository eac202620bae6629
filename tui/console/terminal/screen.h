/* The terminal: the only user of curses. One at a time, one thread. */
#ifndef TUI_CONSOLE_TERMINAL_SCREEN_H
#define TUI_CONSOLE_TERMINAL_SCREEN_H

#include "theme/canvas.h"

struct tui_screen;

/*
 * Takes standard input and output over. `theme` is one of tui_theme_names, or NULL or "auto". On
 * failure returns false, and ret_error says why; the terminal is as it was.
 */
bool tui_screen_open(const char *theme, struct tui_screen **ret_screen, const char **ret_error);

/* Puts the terminal back. NULL is allowed. */
void tui_screen_close(struct tui_screen *screen);

void tui_screen_size(const struct tui_screen *screen, int *ret_rows, int *ret_cols);

/* After SIGWINCH: takes the terminal's new size over. */
void tui_screen_resize(struct tui_screen *screen);

/* True if writing would not block: false while the line is slower than the screen. */
bool tui_screen_ready(const struct tui_screen *screen);

/*
 * Shows the canvas; only cells that differ from the last one go out. `all` sends every cell. May
 * block while the terminal doesn't take the bytes: see tui_screen_ready.
 */
void tui_screen_show(struct tui_screen *screen, const struct tui_canvas *canvas, bool all);

/* The next key that has arrived (enum tui_key or a code point), TUI_KEY_NONE if none has. */
uint32_t tui_screen_key(struct tui_screen *screen);

/* Gives the terminal back for a while (SIGTSTP), and takes it again. */
void tui_screen_suspend(struct tui_screen *screen);
void tui_screen_resume(struct tui_screen *screen);

/* Bytes that put the terminal back when no function of curses may be called any more. */
const char *tui_screen_restore_text(const struct tui_screen *screen);

#endif
