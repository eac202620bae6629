/* Graphs of series: areas and lines of braille dots, eighth blocks or ASCII. */
#ifndef TUI_CONSOLE_THEME_GRAPH_H
#define TUI_CONSOLE_THEME_GRAPH_H

#include "model/series.h"
#include "theme/glyphs.h"

struct tui_graph_line {
    const struct tui_series *series;
    enum tui_role role;
    bool fill; /* down to the axis */
    char ascii;
};

struct tui_graph {
    const struct tui_graph_line *lines; /* drawn in order, the last on top */
    size_t line_count;
    uint64_t end;  /* one past the newest sample to show; later than `pushed` shows a gap */
    uint64_t span; /* samples over the whole width, at least 1 */
    double max;    /* the value at the top; tui_graph_max gives one */
    double min;    /* at the bottom of a logarithmic axis; 0: a linear one, from 0 */
};

/* The least of 1, 2 or 5 times a power of ten that holds what the graph shows; `least` if that is
 * less. Steps keep the axis still while values move. */
double tui_graph_max(const struct tui_graph *graph, double least);

/* The greatest such step below the first line's least sample in sight and below `max` by a factor
 * of 10 or more, for a logarithmic axis. */
double tui_graph_min(const struct tui_graph *graph);

/*
 * Draws into the rectangle. A column shows the largest sample of its time; no sample leaves it
 * blank, a zero shows on the axis. Columns are bound to absolute sample numbers, so that a graph
 * moves by whole cells and doesn't shimmer.
 */
void tui_graph_draw(struct tui_canvas *canvas, struct tui_rect rect, enum tui_glyphs glyphs,
                    const struct tui_graph *graph);

#endif
