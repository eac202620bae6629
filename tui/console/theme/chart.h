/* Small charts: sparklines, heat maps, histograms, stacked bars. */
#ifndef TUI_CONSOLE_THEME_CHART_H
#define TUI_CONSOLE_THEME_CHART_H

#include "model/series.h"
#include "theme/timeline.h"

/*
 * One row of columns, as high as their share of `max`. NAN leaves a column blank; a zero has a mark
 * that isn't blank.
 */
void tui_spark_draw(struct tui_canvas *canvas, int y, int x, int cols, enum tui_glyphs glyphs,
                    enum tui_role role, const float *values, double max);

/* The largest sample of each of the timeline's columns into ret_values[cols]; the largest of all,
 * or NAN. */
double tui_spark_sample(const struct tui_series *series, const struct tui_timeline *time,
                        float *ret_values);

/* The same as text of `count` characters. */
void tui_spark_text(char *ret_text, size_t size, enum tui_glyphs glyphs, const float *values,
                    size_t count, double max);

/*
 * One column of a heat map: values[rows], the lowest row first, by shade and colour from `max` on
 * the darkest to just above 0 on the lightest, as square roots: rare things show, too. 0 is blank.
 */
void tui_heat_draw(struct tui_canvas *canvas, struct tui_rect rect, enum tui_glyphs glyphs,
                   const float *values, double max);

/* The shades that tui_heat_draw uses, the lightest first: for a legend. Returns the columns. */
int tui_heat_legend(struct tui_canvas *canvas, int y, int x, int cols, enum tui_glyphs glyphs);

#define TUI_PARTS_MAX 8

/* A part of a whole; `name` stands in the legend. */
struct tui_part {
    const char *name;
    enum tui_role role;
    double value; /* NAN or 0: no part */
};

/*
 * A bar of `cols` columns divided as the parts are; every part that isn't 0 has a column at least.
 * Shades tell the parts apart without colours. Blank if all are 0.
 */
void tui_stack_draw(struct tui_canvas *canvas, int y, int x, int cols, enum tui_glyphs glyphs,
                    const struct tui_part *parts, size_t count);

/* The same as text of `cols` characters, without colours. */
void tui_stack_text(char *ret_text, size_t size, int cols, enum tui_glyphs glyphs,
                    const struct tui_part *parts, size_t count);

/* The shade of a part in tui_stack_draw. */
wchar_t tui_stack_shade(enum tui_glyphs glyphs, size_t part);

#endif
