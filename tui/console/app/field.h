/*
 * What the rows of a list are made of: a view's fields, and their values in one row. The filter's
 * keys and the columns that a list can be sorted by are these.
 */
#ifndef TUI_CONSOLE_APP_FIELD_H
#define TUI_CONSOLE_APP_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#define TUI_VALUE_SIZE 512

enum tui_field_kind {
    TUI_FIELD_TEXT,
    TUI_FIELD_ID,      /* a number that names something: words find its digits, too */
    TUI_FIELD_COUNT,   /* a number: of jobs, a rate */
    TUI_FIELD_SHARE,   /* 0 to 1 */
    TUI_FIELD_US,      /* a span in microseconds */
    TUI_FIELD_MS,      /* a span, or an age, in milliseconds */
    TUI_FIELD_BYTES,   /* of memory */
    TUI_FIELD_CELSIUS, /* a temperature */
    TUI_FIELD_WATT,    /* a power */
    TUI_FIELD_KIND_COUNT
};

/* Numbers sort largest first, and text by the alphabet. */
struct tui_field {
    const char *name; /* what is typed: lower case, no blanks. NULL ends a list of fields */
    enum tui_field_kind kind;
    bool least_first; /* a number that sorts the other way: ages in a list that has newest first */
};

/* What isn't known is NAN or "": no comparison is true of it, and it sorts last. */
struct tui_value {
    double number; /* of a text: its rank where words have one, as states do; NAN for none */
    const char *text;
    char room[TUI_VALUE_SIZE]; /* for a text that is put together */
};

#endif
