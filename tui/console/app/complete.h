/*
 * What a word of a line could become: views, verbs, commands, and whatever has a name in the
 * cluster, the best first.
 */
#ifndef TUI_CONSOLE_APP_COMPLETE_H
#define TUI_CONSOLE_APP_COMPLETE_H

#include "app/filter.h"

#define TUI_CHOICES_MAX 64

/* Among equals, the earlier kind is the better one. */
enum tui_choice_kind {
    TUI_CHOICE_VIEW,
    TUI_CHOICE_VERB,
    TUI_CHOICE_COMMAND,
    TUI_CHOICE_COLUMN,
    TUI_CHOICE_VALUE,
    TUI_CHOICE_AGENT,
    TUI_CHOICE_MODEL,
    TUI_CHOICE_JOB,
    TUI_CHOICE_OPERATION,
    TUI_CHOICE_TENANT,
    TUI_CHOICE_SHELL, /* a command of the CLI that the console hasn't got */
    TUI_CHOICE_KIND_COUNT
};

struct tui_choice {
    enum tui_choice_kind kind;
    int score;
    char text[TUI_NAME_SIZE * 2];  /* what the word becomes */
    char arguments[TUI_TEXT_SIZE]; /* what follows it; "" nothing */
    char help[TUI_TEXT_SIZE];
};

struct tui_completion {
    struct tui_choice all[TUI_CHOICES_MAX];
    size_t count;
    size_t total;  /* that fit, of which the best are kept */
    size_t chosen; /* the one that Tab gives */
    size_t start;  /* where the word begins in the line */
    bool stepping; /* the line shows one already: Tab gives the next one */
};

extern const char *const tui_choice_kinds[TUI_CHOICE_KIND_COUNT];

/* What could be completed, by its kind. */
enum tui_complete {
    TUI_COMPLETE_NOTHING,
    TUI_COMPLETE_AGENT,
    TUI_COMPLETE_MODEL,
    TUI_COMPLETE_JOB,
    TUI_COMPLETE_OPERATION,
    TUI_COMPLETE_TENANT,
    TUI_COMPLETE_COLUMN, /* of the current view */
};

/* The last word of a line after ':'. */
void tui_complete_line(const struct tui_app *app, const char *line,
                       struct tui_completion *ret_completion);

/* The last word of a filter of that view; the filter begins at `from` in the line. */
void tui_complete_filter(const struct tui_app *app, enum tui_view_id view, const char *line,
                         size_t from, struct tui_completion *ret_completion);

/* Puts the chosen one, or the one `step` after that, into the line. False if there is none. */
bool tui_completion_take(struct tui_completion *completion, char *line, size_t size, int step);

#endif
