/* What should be polled: filled in by the view that is shown, kept by the feed. */
#ifndef TUI_CONSOLE_MODEL_WANT_H
#define TUI_CONSOLE_MODEL_WANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/limits.h"

enum tui_poll {
#define TUI_POLL(name, lower, op, type, members, limit, help) TUI_POLL_##name,
#include "feed/polls.def"
#undef TUI_POLL
    TUI_POLL_COUNT
};

/* Plain values, compared as bytes: start from a zeroed one, and fill texts with tui_want_text. */
struct tui_want {
    bool polls[TUI_POLL_COUNT];
    uint64_t job;              /* of JOB, WHY and HISTORY, which are not asked for while it is 0 */
    char model[TUI_NAME_SIZE]; /* of MODEL, which is not asked for while it is "" */
    uint64_t version;          /* of MODEL; 0: the newest */
    struct {
        char state[TUI_WORD_SIZE], model[TUI_NAME_SIZE], agent[TUI_NAME_SIZE],
            tenant[TUI_NAME_SIZE];
    } jobs;          /* of JOBS and JOBS_OLDER; "" is all */
    uint64_t before; /* of JOBS_OLDER, which is not asked for while it is 0: the oldest known */
    struct {
        char who[TUI_NAME_SIZE], what[TUI_WORD_SIZE], target[TUI_NAME_SIZE];
    } audit; /* of AUDIT; "" is all */
};

/* Copies a text, cut to its size, with zeroes behind it. */
void tui_want_text(char *ret_text, size_t size, const char *text);

#endif
