/* Records without a screen: what `stoker record` does. */
#ifndef TUI_CONSOLE_BLACKBOX_H
#define TUI_CONSOLE_BLACKBOX_H

#include <stdbool.h>
#include <stdint.h>

#define TUI_BLACKBOX_BYTES_MIN ((uint64_t)1 << 20)

struct net_tls;

struct tui_blackbox_options {
    const char *address;
    struct net_tls *tls; /* may be NULL */
    const char *path;
    uint64_t bytes_max;        /* 0: the default */
    int64_t span_ms;           /* 0: until it is ended */
    bool quiet;                /* no line of progress on standard error */
    bool (*ended)(void *user); /* asked several times a second */
    void *user;
};

enum tui_blackbox {
    TUI_BLACKBOX_OK,
    TUI_BLACKBOX_FILE,   /* the file can't be made, or can't grow any more */
    TUI_BLACKBOX_SILENT, /* no coordinator has answered all the time */
};

/* Blocks until it has ended. A line on standard error says why where it isn't OK, and on standard
 * output what was recorded. */
enum tui_blackbox tui_blackbox_run(const struct tui_blackbox_options *options);

#endif
