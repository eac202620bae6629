#include "theme/timeline.h"

#include <stdio.h>
#include <string.h>

#include "model/figure.h"
#include "model/limits.h"

struct tui_timeline tui_timeline_fit(uint64_t end, uint64_t span, int cols)
{
    struct tui_timeline time = {.cols = cols < 1 ? 1 : cols, .end = end > 0 ? end : 1};
    uint64_t halves = (uint64_t)time.cols * 2;
    uint64_t half = (span + halves - 1) / halves;

    time.cell = half > 0 ? half * 2 : 2;
    time.first_cell = (int64_t)((time.end - 1) / time.cell) + 1 - time.cols;
    return time;
}

uint64_t tui_timeline_slots(const struct tui_timeline *time, int col, int part, int parts,
                            uint64_t *ret_from)
{
    int64_t cell = time->first_cell + col;
    uint64_t count = time->cell / (uint64_t)parts;

    if (cell < 0 || col >= time->cols)
        return 0;
    uint64_t from = (uint64_t)cell * time->cell + (uint64_t)part * count;
    if (from >= time->end)
        return 0;
    *ret_from = from;
    return from + count > time->end ? time->end - from : count;
}

int tui_timeline_column(const struct tui_timeline *time, uint64_t slot)
{
    int64_t col = (int64_t)(slot / time->cell) - time->first_cell;

    return slot < time->end && col >= 0 && col < time->cols ? (int)col : -1;
}

/* Seconds between labels that are at least `cols` columns apart. */
static uint64_t label_step(const struct tui_timeline *time, uint64_t cols)
{
    static const uint64_t steps[] = {5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200};
    uint64_t least = cols * time->cell * TUI_SAMPLE_MS / 1000;
    size_t i = 0;

    while (i + 1 < sizeof(steps) / sizeof(steps[0]) && steps[i] < least)
        i++;
    return steps[i];
}

static void label_ago(char *ret_text, size_t size, uint64_t seconds)
{
    if (seconds % 60 == 0)
        snprintf(ret_text, size, "-%um", (unsigned int)(seconds / 60));
    else if (seconds < 60 || seconds == 90)
        snprintf(ret_text, size, "-%us", (unsigned int)seconds);
    else
        snprintf(ret_text, size, "-%um%02us", (unsigned int)(seconds / 60),
                 (unsigned int)(seconds % 60));
}

void tui_timeline_draw(struct tui_canvas *canvas, int y, int x, const struct tui_timeline *time,
                       uint64_t clock_ms)
{
    const char *newest = clock_ms > 0 ? "" : "now";
    uint64_t step = label_step(time, clock_ms > 0 ? 14 : 10);
    /* Clock times stand at whole steps of the clock and move with the columns. */
    uint64_t seconds = clock_ms > 0 ? clock_ms / 1000 % step : step;
    int free_to = time->cols - (int)strlen(newest) - 1;

    tui_canvas_right(canvas, y, x, time->cols, TUI_ROLE_DIM, newest);
    for (;; seconds += step) {
        char label[TUI_FIGURE_SIZE];
        uint64_t slots = seconds * 1000 / TUI_SAMPLE_MS;
        int col = slots < time->end ? tui_timeline_column(time, time->end - 1 - slots) : -1;
        if (col < 0 && slots / time->cell <= (uint64_t)time->cols) {
            /* Before time began, where the slots have no numbers. */
            col = time->cols - 1 - (int)(slots / time->cell);
        }
        if (col < 0)
            return;
        if (clock_ms > 0)
            tui_figure_clock(label, sizeof(label), clock_ms - seconds * 1000);
        else
            label_ago(label, sizeof(label), seconds);
        int width = (int)strlen(label);
        int at = col - width / 2 < 0 ? 0 : col - width / 2;
        if (at + width <= free_to)
            tui_canvas_text(canvas, y, x + at, width, TUI_ROLE_DIM, label);
    }
}
