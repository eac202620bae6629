/* Graphs of series: lines, areas, bands and thresholds of braille dots, blocks or ASCII. */
#ifndef TUI_CONSOLE_THEME_GRAPH_H
#define TUI_CONSOLE_THEME_GRAPH_H

#include "model/series.h"
#include "theme/timeline.h"

enum tui_graph_fill {
    TUI_GRAPH_LINE,
    TUI_GRAPH_AREA, /* down to the axis */
    TUI_GRAPH_BAND, /* down to `base` */
};

struct tui_graph_line {
    const struct tui_series *series;
    const struct tui_series *base; /* of a band; NULL else */
    enum tui_graph_fill fill;
    enum tui_role role;
    char ascii;
};

/* A value to compare with, such as an SLO. */
struct tui_graph_mark {
    double value;
    enum tui_role role;
    const char *label;
};

struct tui_graph {
    struct tui_timeline time;           /* as wide as the rectangle that is drawn in */
    const struct tui_graph_line *lines; /* drawn in order, the last on top */
    size_t line_count;
    const struct tui_graph_mark *mark; /* NULL: none */
    double max;                        /* the value at the top; tui_graph_max gives one */
    double min;      /* at the bottom of a logarithmic axis; 0: a linear one, from 0 */
    bool has_cursor; /* the column of slot `cursor` is marked */
    uint64_t cursor;
};

/* The least of 1, 2 or 5 times a power of ten that is at least `value`; 1 if that isn't above 0. */
double tui_graph_step_up(double value);

/* The step that holds what the graph shows, its mark and `least`. Steps keep the axis still while
 * values move. */
double tui_graph_max(const struct tui_graph *graph, double least);

/* The greatest such step that isn't above the first line's least sample in sight, nor the mark, and
 * below `max` by a factor of 10 or more: for a logarithmic axis. */
double tui_graph_min(const struct tui_graph *graph);

/*
 * Draws into the rectangle. A column shows the largest sample of its time, and the base of a band
 * its largest, too; no sample leaves it blank, a zero shows on the axis.
 */
void tui_graph_draw(struct tui_canvas *canvas, struct tui_rect rect, enum tui_glyphs glyphs,
                    const struct tui_graph *graph);

/* The row, 0 the top one, in which a graph of `rows` rows shows a value. */
int tui_graph_row(const struct tui_graph *graph, enum tui_glyphs glyphs, int rows, double value);

/*
 * The labels of the axis into `rect`, right-aligned: top, bottom, and between them the decades, or
 * the steps, that have room, and the mark's value.
 */
void tui_graph_axis(struct tui_canvas *canvas, struct tui_rect rect, enum tui_glyphs glyphs,
                    const struct tui_graph *graph,
                    void (*format)(char *ret_text, size_t size, double value));

#endif
