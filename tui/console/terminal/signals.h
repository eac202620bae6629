/* Signals of the console, as something to poll. One at a time. */
#ifndef TUI_CONSOLE_TERMINAL_SIGNALS_H
#define TUI_CONSOLE_TERMINAL_SIGNALS_H

#include <stdbool.h>

/*
 * Handles SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP and SIGCONT from now on, and fatal
 * ones that nobody else handles: those put the terminal back as it is now, and write `restore` (it
 * is borrowed), before the process dies of them. Call it before the terminal's modes are changed,
 * `restore` can be set later. False if no pipe could be had.
 */
bool tui_signals_open(void);
void tui_signals_restore(const char *restore);
void tui_signals_close(void);

/* Readable when a signal came. */
int tui_signals_fd(void);

struct tui_signals {
    int ended; /* the number of the signal that wants an end, or 0 */
    bool resized, stopped, continued;
};

/* What came since the last call. */
struct tui_signals tui_signals_take(void);

#endif
