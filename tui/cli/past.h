/* What commands about the past share: windows of time, and moments with their day. */
#ifndef TUI_CLI_PAST_H
#define TUI_CLI_PAST_H

#include "cli/cli.h"

/* Rows for a command's options; put before its own. */
#define TUI_PAST_OPTIONS                                                                     \
    {"since", "TIME", "from then on: a span ago (90s, 10m, 2h) or YYYY-MM-DD [HH:MM[:SS]]"}, \
        {"until", "TIME", "before then, written likewise"},                                  \
        {"limit", "N", "at most so many (1 to 1000, default 100)"},                          \
    {                                                                                        \
        "before", "ID", "only those older than this one, for paging"                         \
    }

/* Adds them to a request. Prints what is wrong with one and returns false. */
bool tui_past_options(struct tui_cli *cli, cJSON *request);

/* "2026-11-21 17:21:44", local time, "-" for 0; in `out` (TUI_CELL_BYTES), which is returned. */
char *tui_format_moment(char *out, double ms);

#endif
