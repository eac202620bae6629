/* The kinds of things that actions are done to: the table of targets.def. */
#ifndef TUI_CONSOLE_KEYS_TARGET_H
#define TUI_CONSOLE_KEYS_TARGET_H

#include <stddef.h>

enum tui_target {
#define TUI_TARGET(name, ...) TUI_TARGET_##name,
#include "keys/targets.def"
#undef TUI_TARGET
    TUI_TARGET_COUNT
};

struct tui_target_row {
    const char *one, *many; /* "agent", "agents" */
    const char *key, *asked, *help;
};

extern const struct tui_target_row tui_target_rows[TUI_TARGET_COUNT];

/* What so many of them are called. */
const char *tui_target_word(enum tui_target target, size_t count);

#endif
