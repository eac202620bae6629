/* Which agents and models changed most: the last minute against the one before. */
#ifndef TUI_CONSOLE_MODEL_MOVER_H
#define TUI_CONSOLE_MODEL_MOVER_H

#include "model/history.h"

enum tui_mover_what { TUI_MOVER_FAILED, TUI_MOVER_RATE, TUI_MOVER_P95 };

struct tui_mover {
    const char *name; /* in the history */
    bool model;       /* else an agent */
    enum tui_mover_what what;
    double before, now; /* jobs failed in the minute, jobs a second, or us */
    double score;       /* how many times as much, as a power of two; always above 0 */
};

/* Whether there has been enough of the minute before to compare with. */
bool tui_movers_ready(const struct tui_history *history);

/* Up to `max` of them into ret_movers, the greatest change first; how many. */
size_t tui_movers(const struct tui_history *history, struct tui_mover *ret_movers, size_t max);

#endif
