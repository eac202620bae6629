/*
 * The rows of a list that are marked, as ids: whatever the list shows, sorts or drops, they stay
 * the same.
 */
#ifndef TUI_CONSOLE_APP_MARKS_H
#define TUI_CONSOLE_APP_MARKS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/limits.h"

#define TUI_MARKS_MAX 1024

struct tui_marks {
    char (*ids)[TUI_NAME_SIZE]; /* [TUI_MARKS_MAX] sorted, of which `count` are used; NULL: none yet
                                 */
    size_t count;
    size_t shown; /* of them, among the rows that pass the filter */
    size_t gone;  /* of them, not in the list at all */
};

void tui_marks_finish(struct tui_marks *marks);

bool tui_marks_has(const struct tui_marks *marks, const char *id);

/* False, unchanged, when there are TUI_MARKS_MAX or memory ran out; true when it is marked now. */
bool tui_marks_add(struct tui_marks *marks, const char *id);
void tui_marks_remove(struct tui_marks *marks, const char *id);
void tui_marks_clear(struct tui_marks *marks);

#endif
