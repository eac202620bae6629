#include "views/line.h"

#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "views/state.h"

void tui_event_id(char ret_id[TUI_NAME_SIZE], const struct tui_event *event)
{
    snprintf(ret_id, TUI_NAME_SIZE, "%llu.%llu", (unsigned long long)event->seq,
             (unsigned long long)event->time_ms);
}

void tui_event_draw(struct tui_canvas *canvas, int y, int x, int cols,
                    const struct tui_event *event)
{
    enum tui_role role = tui_severity_role(event->severity);
    char clock[TUI_FIGURE_SIZE];
    int used;

    tui_figure_clock(clock, sizeof(clock), event->time_ms);
    used = tui_canvas_text(canvas, y, x, cols, TUI_ROLE_DIM, clock) + 1;
    used +=
        tui_canvas_text(canvas, y, x + used, cols - used, role, tui_severity_mark(event->severity));
    used += 1 + tui_canvas_text(canvas, y, x + used, cols - used, role, event->kind);
    if (event->agent[0] != 0)
        used +=
            1 + tui_canvas_text(canvas, y, x + used, cols - used, TUI_ROLE_STRONG, event->agent);
    if (event->job != 0)
        used += 1 + tui_canvas_print(canvas, y, x + used, cols - used, TUI_ROLE_NORMAL, "job %llu",
                                     (unsigned long long)event->job);
    tui_canvas_text(canvas, y, x + used, cols - used, TUI_ROLE_NORMAL, event->text);
}

void tui_operation_summary(char *ret_text, size_t size, const struct tui_operation *operation)
{
    const struct tui_blocker *last = NULL;
    char running[TUI_FIGURE_SIZE];
    int used;

    if (strcmp(operation->kind, "drain") != 0) {
        used = operation->parts == 0 ? 0
                                     : snprintf(ret_text, size, "%llu of %llu%s",
                                                (unsigned long long)operation->parts_done,
                                                (unsigned long long)operation->parts,
                                                operation->text[0] != 0 ? "; " : "");
        snprintf(ret_text + used, size - (size_t)used, "%s", operation->text);
        return;
    }
    if (operation->safe_to_remove) {
        snprintf(ret_text, size, "SAFE TO REMOVE");
        return;
    }
    if (strcmp(operation->state, "done") == 0) {
        snprintf(ret_text, size, "not safe to remove: %s", operation->text);
        return;
    }
    used =
        snprintf(ret_text, size, "%llu left, %llu requeued; not safe to remove",
                 (unsigned long long)operation->remaining, (unsigned long long)operation->requeued);
    /* The one that will take longest decides when the operation ends. */
    for (size_t i = 0; i < operation->blocker_count; i++) {
        const struct tui_blocker *b = &operation->blockers[i];
        if (!last || b->expected_ms > last->expected_ms)
            last = b;
    }
    if (!last || used < 0 || (size_t)used >= size)
        return;
    tui_figure_age(running, sizeof(running), last->running_ms);
    snprintf(ret_text + used, size - (size_t)used, "; held by job %llu (%s, runs for %s)",
             (unsigned long long)last->job, last->model, running);
}
