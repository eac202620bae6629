#include "app/marks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the id is, or where it belongs. */
static size_t place(const struct tui_marks *marks, const char *id, bool *ret_found)
{
    size_t low = 0;
    size_t high = marks->count;

    *ret_found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int by = strcmp(marks->ids[middle], id);
        if (by == 0) {
            *ret_found = true;
            return middle;
        }
        if (by < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void tui_marks_finish(struct tui_marks *marks)
{
    free(marks->ids);
    *marks = (struct tui_marks){0};
}

bool tui_marks_has(const struct tui_marks *marks, const char *id)
{
    bool found;

    place(marks, id, &found);
    return found;
}

bool tui_marks_add(struct tui_marks *marks, const char *id)
{
    bool found;
    size_t at = place(marks, id, &found);

    if (found)
        return true;
    if (!marks->ids)
        marks->ids = calloc(TUI_MARKS_MAX, sizeof(marks->ids[0]));
    if (!marks->ids || marks->count == TUI_MARKS_MAX)
        return false;
    memmove(&marks->ids[at + 1], &marks->ids[at], (marks->count - at) * sizeof(marks->ids[0]));
    snprintf(marks->ids[at], TUI_NAME_SIZE, "%s", id);
    marks->count++;
    return true;
}

void tui_marks_remove(struct tui_marks *marks, const char *id)
{
    bool found;
    size_t at = place(marks, id, &found);

    if (!found)
        return;
    marks->count--;
    memmove(&marks->ids[at], &marks->ids[at + 1], (marks->count - at) * sizeof(marks->ids[0]));
}

void tui_marks_clear(struct tui_marks *marks)
{
    marks->count = marks->shown = marks->gone = 0;
}
