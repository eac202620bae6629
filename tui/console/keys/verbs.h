/* The tables of what can be done: verbs.def and arguments.def. */
#ifndef TUI_CONSOLE_KEYS_VERBS_H
#define TUI_CONSOLE_KEYS_VERBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/target.h"

enum tui_argument {
#define TUI_ARGUMENT(name, ...) TUI_ARGUMENT_##name,
#include "keys/arguments.def"
#undef TUI_ARGUMENT
    TUI_ARGUMENT_COUNT
};

enum tui_verb {
#define TUI_VERB(name, ...) TUI_VERB_##name,
#include "keys/verbs.def"
#undef TUI_VERB
    TUI_VERB_COUNT
};

enum tui_argument_kind {
    TUI_KIND_TEXT,
    TUI_KIND_NUMBER,
    TUI_KIND_REAL,
    TUI_KIND_SPAN,
    TUI_KIND_FLAG,
    TUI_KIND_AGENT,
    TUI_KIND_STRATEGY,
};

enum tui_argument_where { TUI_WHERE_OPTION, TUI_WHERE_WORD, TUI_WHERE_ROLL };
enum tui_how { TUI_HOW_NONE, TUI_HOW_ONE, TUI_HOW_EACH, TUI_HOW_LIST, TUI_HOW_ROLL };
enum tui_danger { TUI_DANGER_NEVER, TUI_DANGER_MANY, TUI_DANGER_USE };

struct tui_argument_row {
    const char *word, *key;
    enum tui_argument_kind kind;
    enum tui_argument_where where;
    double min, max;
    const char *fallback, *help;
};

struct tui_verb_row {
    const char *word;
    enum tui_target target;
    enum tui_how how;
    const char *op, *shows, *confirms, *flag;
    enum tui_danger danger;
    uint32_t arguments, required; /* bits by enum tui_argument */
    const char *help, *effect;
};

extern const struct tui_argument_row tui_argument_rows[TUI_ARGUMENT_COUNT];
extern const struct tui_verb_row tui_verb_rows[TUI_VERB_COUNT];

/* The verb that a line begins with; what follows its word in *ret_rest. TUI_VERB_COUNT: none. */
enum tui_verb tui_verb_find(const char *line, const char **ret_rest);

/* Whether the verb takes the argument with so many targets. */
bool tui_verb_takes(enum tui_verb verb, enum tui_argument argument, size_t targets);

/* How it is called: "drain AGENT... [--deadline SPAN] [--keep N] [--reason TEXT]". */
void tui_verb_usage(char *ret_text, size_t size, enum tui_verb verb);

#endif
