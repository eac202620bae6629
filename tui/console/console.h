/*
 * The console: what bare `stoker` opens on a terminal.
 *
 * The caller decides that standard input and output are a terminal and where the coordinator is;
 * everything else (connecting, retrying, redrawing, restoring the terminal) happens in here.
 */
#ifndef TUI_CONSOLE_CONSOLE_H
#define TUI_CONSOLE_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "console/config/setting.h"

/* Milliseconds between two frames that new data alone causes, at least; keys are shown at once. */
#define TUI_CONSOLE_REFRESH_MS_MIN 100

struct net_tls;

struct tui_console_options {
    const char *address; /* the coordinator's control address, e.g. tcp://127.0.0.1:7411 */
    struct net_tls *tls; /* for a tls+tcp:// address; may be NULL */
    const char *config;  /* the configuration file; NULL: the operator's, if there is one */
    /* A text for each setting that was given as an option, NULL for the others. */
    const char *settings[TUI_SETTING_COUNT];
    const char *record;        /* record to this file from the start; NULL: no */
    uint64_t record_bytes_max; /* of what is on disk; 0: the default */
    const char *replay;        /* show this recording instead of a coordinator; NULL: no */
    const char *replay_at;     /* where to begin, as tui_replay_parse takes it; NULL: the start */
    const char *replay_speed;  /* NULL: 1 */
    unsigned int tour_step;    /* open with the tour at this step, from 1; 0: without */
    bool tour_anywhere;        /* also where it is not the demo cluster */
    bool once;                 /* print a view to standard output instead of opening it */
    const char *line;          /* which, as after ':'; NULL: the overview */
    const char *format;        /* of export/formats.def; NULL: text */
    const char *size;          /* "100x30"; NULL: the usual */
    int64_t after_ms;          /* listen for so long first */
    int64_t timeout_ms;        /* for the first data of it */
    bool read_only;            /* refuse every action that would change the cluster */
};

/*
 * Runs the console until the operator quits. Blocks; call it from the main thread, before any other
 * thread of the program needs signals: it handles SIGINT, SIGTERM, SIGHUP, SIGWINCH and SIGTSTP
 * while it runs and puts the former handlers and the terminal's modes back. The strings are
 * borrowed for the duration of the call.
 *
 * Returns 0 after a normal quit, 128 + the number of a signal that ended it, 2 for an option it
 * doesn't know, or nothing that it names, 3 if --once had no data in time, 1 if the terminal can't
 * be used (a line on standard error says why). A coordinator that doesn't answer is no error: the
 * screen says so and retries.
 */
int tui_console_run(const struct tui_console_options *opts);

#endif
