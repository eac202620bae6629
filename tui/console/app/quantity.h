/* Numbers as they are typed, with the unit of the field that they are compared with. */
#ifndef TUI_CONSOLE_APP_QUANTITY_H
#define TUI_CONSOLE_APP_QUANTITY_H

#include "app/field.h"

/* The values that a condition allows: low to high, both included. */
struct tui_interval {
    double low, high;
};

/*
 * Reads a condition such as ">10ms", "<=80%", "2", "5ms..10ms" for a field of that kind. A number
 * without a comparison means what would be shown as it: 80% is 79.5% to 80.5%. False, with nothing
 * set, when it can't be read.
 */
bool tui_quantity_parse(const char *text, enum tui_field_kind kind,
                        struct tui_interval *ret_interval);

/* What such a field takes, for a message: "a time such as 250us, 10ms, 5s, 2m". */
const char *tui_quantity_help(enum tui_field_kind kind);

#endif
