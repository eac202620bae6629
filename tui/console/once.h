/* A view printed for a script, from a cluster or a recording. */
#ifndef TUI_CONSOLE_ONCE_H
#define TUI_CONSOLE_ONCE_H

#include "export/export.h"
#include "feed/source.h"

#define TUI_ONCE_COLS 100
#define TUI_ONCE_ROWS 30

struct tui_once {
    const char
        *line; /* what to show, as after ':': "agents load>80%", "job 17"; NULL: the overview */
    enum tui_format format;
    int rows, cols;     /* 0: the usual */
    int64_t after_ms;   /* listen for so long first: graphs need a past */
    int64_t timeout_ms; /* for the first data */
};

enum tui_once_end {
    TUI_ONCE_OK,
    TUI_ONCE_SILENT, /* no data in time */
    TUI_ONCE_UNKNOWN /* nothing is called that */
};

/* Prints to standard output. Where it isn't OK a line on standard error says why. */
enum tui_once_end tui_once_print(const struct tui_once *once, const struct tui_source *source,
                                 struct tui_app *app, const struct tui_theme *theme);

/* Reads "100x30", columns and rows; false for what is none, or out of bounds. */
bool tui_once_size(const char *text, int *ret_rows, int *ret_cols);

#endif
