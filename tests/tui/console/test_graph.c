/* What graphs and charts draw, by what a reader would take from the cells. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "model/figure.h"
#include "theme/chart.h"
#include "theme/graph.h"

static struct tui_canvas canvas;
static struct tui_series series, other;
static uint64_t slots;

static void setup(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    canvas = (struct tui_canvas){0};
    cr_assert(tui_canvas_resize(&canvas, 24, 80));
    cr_assert(tui_series_init(&series, 1200, 10, 8));
    cr_assert(tui_series_init(&other, 1200, 10, 8));
    slots = 0;
}

static void teardown(void)
{
    tui_canvas_finish(&canvas);
    tui_series_finish(&series);
    tui_series_finish(&other);
}

TestSuite(graph, .init = setup, .fini = teardown);

/* Each value for so many slots. */
static void push(const double *values, size_t count, size_t each)
{
    for (size_t i = 0; i < count * each; i++)
        tui_series_put(&series, slots++, values[i / each]);
}

static wchar_t at(int y, int x)
{
    return tui_canvas_at(&canvas, y, x)->ch;
}

static enum tui_role role(int y, int x)
{
    return (enum tui_role)tui_canvas_at(&canvas, y, x)->role;
}

static int find(int y, const char *text)
{
    char line[512];

    for (int x = 0; x < canvas.cols; x++)
        line[x] = at(y, x) > 0 && at(y, x) < 0x7f ? (char)at(y, x) : '~';
    line[canvas.cols] = 0;
    const char *found = strstr(line, text);
    return found ? (int)(found - line) : -1;
}

static struct tui_graph_line line = {&series, NULL, TUI_GRAPH_AREA, TUI_ROLE_GRAPH_LOW, '*'};

static struct tui_graph graph_of(int cols)
{
    return (struct tui_graph){.time = tui_timeline_fit(slots, (uint64_t)cols * 2, cols),
                              .lines = &line,
                              .line_count = 1,
                              .max = 8};
}

static void draw(enum tui_glyphs glyphs, enum tui_graph_fill fill, int rows, int cols)
{
    struct tui_graph graph = graph_of(cols);

    line.fill = fill;
    tui_canvas_clear(&canvas);
    tui_graph_draw(&canvas, (struct tui_rect){0, 0, rows, cols}, glyphs, &graph);
}

Test(graph, braille_shows_levels_zeros_and_gaps)
{
    const double values[] = {8, 4, 0, NAN, NAN, NAN, 1, 8};

    push(values, 8, 1);
    draw(TUI_GLYPHS_BRAILLE, TUI_GRAPH_AREA, 2, 4);
    cr_assert_eq(at(0, 0), 0x2847, "8 fills the upper cell's left column only");
    cr_assert_eq(at(1, 0), 0x28ff, "8 and 4 fill the lower cell");
    cr_assert_eq(at(1, 1), 0x2840, "a zero stands on the axis, the gap beside it is blank");
    cr_assert_eq(at(1, 2), L' ', "no data draws nothing");
    cr_assert_eq(at(0, 2), L' ');
    cr_assert_eq(at(1, 3), 0x28f8 | 0x40, "1 of 8 is one dot of eight");
}

Test(graph, blocks_and_ascii_show_the_same)
{
    const double values[] = {8, 2, 0, NAN};

    push(values, 4, 2);
    draw(TUI_GLYPHS_BLOCK, TUI_GRAPH_AREA, 1, 4);
    cr_assert_eq(at(0, 0), 0x2588);
    cr_assert_eq(at(0, 1), 0x2582);
    cr_assert_eq(at(0, 2), 0x2581);
    cr_assert_eq(at(0, 3), L' ');
    draw(TUI_GLYPHS_ASCII, TUI_GRAPH_AREA, 1, 4);
    cr_assert_eq(at(0, 0), L'#');
    cr_assert_eq(at(0, 2), L'.');
    cr_assert_eq(at(0, 3), L' ');
    draw(TUI_GLYPHS_ASCII, TUI_GRAPH_LINE, 2, 4);
    cr_assert_eq(at(0, 0), L'*');
    cr_assert_eq(at(1, 0), L' ', "a line has nothing under it");
}

Test(graph, a_column_shows_the_largest_of_its_time)
{
    const double values[] = {1, 8, 1, 1};

    push(values, 4, 1);
    struct tui_graph graph = graph_of(1);
    graph.time = tui_timeline_fit(slots, 4, 1);
    line.fill = TUI_GRAPH_AREA;
    tui_graph_draw(&canvas, (struct tui_rect){0, 0, 1, 1}, TUI_GLYPHS_BLOCK, &graph);
    cr_assert_eq(at(0, 0), 0x2588);
}

Test(graph, a_graph_grows_from_the_right)
{
    const double value = 8;

    push(&value, 1, 2);
    draw(TUI_GLYPHS_BLOCK, TUI_GRAPH_AREA, 1, 4);
    cr_assert_eq(at(0, 3), 0x2588);
    cr_assert_eq(at(0, 0), L' ');
}

Test(graph, a_graph_moves_by_whole_columns)
{
    double values[40];
    wchar_t before[8];

    for (size_t i = 0; i < 40; i++)
        values[i] = (double)(i * 7 % 9);
    push(values, 40, 1);
    struct tui_graph graph = graph_of(8);
    for (uint64_t end = 20; end < 36; end++) {
        graph.time = tui_timeline_fit(end, 32, 8);
        tui_canvas_clear(&canvas);
        tui_graph_draw(&canvas, (struct tui_rect){0, 0, 1, 8}, TUI_GLYPHS_BLOCK, &graph);
        /* 4 slots a column: in 3 steps of 4 only the newest column changes. */
        for (int x = 0; x < 7 && end > 20; x++)
            cr_assert_eq(at(0, x), before[(end - 1) % 4 == 0 ? x + 1 : x], "%zu %d", (size_t)end,
                         x);
        for (int x = 0; x < 8; x++)
            before[x] = at(0, x);
    }
}

Test(graph, a_band_reaches_from_percentile_to_percentile)
{
    const struct tui_graph_line lines[] = {
        {&other, &series, TUI_GRAPH_BAND, TUI_ROLE_GRAPH_BAND, ':'}};
    const double low = 2.5;

    push(&low, 1, 4);
    for (uint64_t i = 0; i < 4; i++)
        tui_series_put(&other, i, 6);
    struct tui_graph graph = graph_of(2);
    graph.lines = lines;
    static const wchar_t filled[] = {L':', 0x2592, 0x28ff};
    for (int glyphs = TUI_GLYPHS_ASCII; glyphs <= (int)TUI_GLYPHS_BRAILLE; glyphs++) {
        tui_canvas_clear(&canvas);
        tui_graph_draw(&canvas, (struct tui_rect){0, 0, 4, 2}, (enum tui_glyphs)glyphs, &graph);
        cr_assert_eq(at(0, 0), L' ', "above p95");
        cr_assert_eq(at(1, 0), filled[glyphs]);
        cr_assert_neq(at(2, 0), L' ', "2.5 to 4 is in it");
        cr_assert_eq(at(3, 0), L' ', "below p50");
    }
}

Test(graph, a_threshold_has_its_label_and_hides_no_data)
{
    const double values[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 7.5, 8};
    const struct tui_graph_mark mark = {4, TUI_ROLE_GRAPH_LIMIT, "SLO 4 ms"};

    push(values, 14, 2);
    struct tui_graph graph = graph_of(14);
    graph.mark = &mark;
    line.fill = TUI_GRAPH_LINE;
    for (int glyphs = TUI_GLYPHS_ASCII; glyphs <= (int)TUI_GLYPHS_BRAILLE; glyphs++) {
        tui_canvas_clear(&canvas);
        tui_graph_draw(&canvas, (struct tui_rect){0, 0, 8, 14}, (enum tui_glyphs)glyphs, &graph);
        int y = tui_graph_row(&graph, (enum tui_glyphs)glyphs, 8, 4);
        cr_assert_eq(y, 4);
        cr_assert_geq(find(y, " SLO 4 ms "), 0);
        cr_assert_eq(role(y, 10), TUI_ROLE_GRAPH_LIMIT);
        cr_assert_eq(role(0, 13), TUI_ROLE_GRAPH_LOW);
    }
    /* Above the axis it isn't drawn at the edge as if it were there. */
    graph.max = 2;
    tui_canvas_clear(&canvas);
    tui_graph_draw(&canvas, (struct tui_rect){0, 0, 8, 14}, TUI_GLYPHS_ASCII, &graph);
    for (int y = 0; y < 8; y++)
        cr_assert_lt(find(y, "SLO"), 0);
    cr_assert_float_eq(tui_graph_max(&graph, 0), 10, 1e-9, "an axis that is chosen holds it");
}

Test(graph, the_axis_steps_by_1_2_5)
{
    const double value = 208;

    push(&value, 1, 1);
    struct tui_graph graph = graph_of(4);
    cr_assert_float_eq(tui_graph_max(&graph, 1), 500, 1e-9);
    cr_assert_float_eq(tui_graph_max(&graph, 900), 1000, 1e-9);
    graph.time = tui_timeline_fit(100, 8, 4);
    cr_assert_float_eq(tui_graph_max(&graph, 0), 1, 1e-9, "nothing in sight");
}

Test(graph, a_logarithmic_axis_shows_milliseconds_beside_seconds)
{
    const double values[] = {3000, 30000, 1500000};

    push(values, 3, 2);
    struct tui_graph graph = graph_of(3);
    graph.max = tui_graph_max(&graph, 0);
    graph.min = tui_graph_min(&graph);
    cr_assert_float_eq(graph.max, 2e6, 1);
    cr_assert_float_eq(graph.min, 2000, 1e-6);
    line.fill = TUI_GRAPH_AREA;
    tui_graph_draw(&canvas, (struct tui_rect){0, 0, 3, 3}, TUI_GLYPHS_BLOCK, &graph);
    cr_assert_eq(at(2, 0), 0x2582, "3 ms stands off the axis");
    cr_assert_eq(at(1, 1), 0x2582, "ten times that is a third higher");
    cr_assert_eq(at(0, 2), 0x2588);
    tui_canvas_clear(&canvas);
    tui_graph_axis(&canvas, (struct tui_rect){0, 0, 13, 7}, TUI_GLYPHS_BLOCK, &graph,
                   tui_figure_us);
    cr_assert_eq(find(0, "2.0 s"), 2);
    cr_assert_eq(find(12, "2.0 ms"), 1);
    cr_assert_eq(find(tui_graph_row(&graph, TUI_GLYPHS_BLOCK, 13, 1e5), "100 ms"), 1,
                 "decades between");
}

Test(graph, times_stand_under_their_columns)
{
    struct tui_timeline time = tui_timeline_fit(1000, 480, 60);

    cr_assert_eq(time.cell, 8, "2 s a column");
    tui_timeline_draw(&canvas, 0, 10, &time, 0);
    cr_assert_eq(find(0, "now"), 67, "at the right edge");
    int x = find(0, "-1m");
    cr_assert_eq(x + 1, 10 + tui_timeline_column(&time, 1000 - 1 - 240));
    /* Paused, whole times of the clock. */
    tui_canvas_clear(&canvas);
    tui_timeline_draw(&canvas, 0, 10, &time, 1780000050000);
    char clock[TUI_FIGURE_SIZE];
    tui_figure_clock(clock, sizeof(clock), 1780000020000);
    x = find(0, clock);
    cr_assert_eq(x + 4, 10 + tui_timeline_column(&time, 1000 - 1 - 120));
    cr_assert_lt(find(0, "now"), 0);
}

Test(graph, the_cursor_marks_its_column_only)
{
    struct tui_graph graph = graph_of(4);

    slots = 8;
    graph.time = tui_timeline_fit(8, 8, 4);
    graph.has_cursor = true;
    graph.cursor = 3;
    tui_graph_draw(&canvas, (struct tui_rect){0, 0, 2, 4}, TUI_GLYPHS_BLOCK, &graph);
    for (int y = 0; y < 3; y++) {
        for (int x = 0; x < 5; x++)
            cr_assert_eq(tui_canvas_at(&canvas, y, x)->selected, x == 1 && y < 2);
    }
    graph.cursor = 8;
    tui_canvas_clear(&canvas);
    tui_graph_draw(&canvas, (struct tui_rect){0, 0, 2, 4}, TUI_GLYPHS_BLOCK, &graph);
    cr_assert_eq(tui_canvas_at(&canvas, 0, 3)->selected, 0, "out of sight");
}

Test(graph, sparks_tell_nothing_from_zero)
{
    const float values[] = {NAN, 0, 4, 8};

    tui_spark_draw(&canvas, 0, 0, 4, TUI_GLYPHS_BRAILLE, TUI_ROLE_GRAPH_LOW, values, 8);
    cr_assert_eq(at(0, 0), L' ');
    cr_assert_eq(at(0, 1), 0x2581);
    cr_assert_eq(at(0, 2), 0x2584);
    cr_assert_eq(at(0, 3), 0x2588);
    tui_spark_draw(&canvas, 1, 0, 4, TUI_GLYPHS_ASCII, TUI_ROLE_GRAPH_LOW, values, 8);
    cr_assert_eq(at(1, 0), L' ');
    cr_assert_eq(at(1, 1), L'_');
    cr_assert_eq(at(1, 3), L'#');
}

Test(graph, a_heat_map_shows_the_rare_beside_the_frequent)
{
    const float values[] = {0, 100000, 25000, 1};

    for (int glyphs = TUI_GLYPHS_ASCII; glyphs <= (int)TUI_GLYPHS_BRAILLE; glyphs++) {
        tui_canvas_clear(&canvas);
        tui_heat_draw(&canvas, (struct tui_rect){0, 0, 4, 1}, (enum tui_glyphs)glyphs, values,
                      100000);
        cr_assert_eq(at(3, 0), L' ', "nothing was that fast");
        cr_assert_eq(role(2, 0), TUI_ROLE_HEAT_6);
        cr_assert_neq(at(1, 0), at(2, 0), "shades differ without colours");
        cr_assert_neq(at(0, 0), L' ', "one of 125,001 is seen");
        cr_assert_eq(role(0, 0), TUI_ROLE_HEAT_1);
    }
}

Test(graph, a_stack_fills_its_columns_and_leaves_no_part_out)
{
    const struct tui_part parts[] = {{"queue", TUI_ROLE_PART_QUEUE, 990},
                                     {"load", TUI_ROLE_PART_LOAD, 0},
                                     {"compute", TUI_ROLE_PART_COMPUTE, 9},
                                     {"copy", TUI_ROLE_PART_COPY, 1}};

    for (int cols = 3; cols < 60; cols++) {
        tui_canvas_clear(&canvas);
        tui_stack_draw(&canvas, 0, 5, cols, TUI_GLYPHS_BLOCK, parts, 4);
        cr_assert_eq(at(0, 4), L' ');
        cr_assert_eq(at(0, 5 + cols), L' ');
        cr_assert_eq(role(0, 5), TUI_ROLE_PART_QUEUE);
        cr_assert_eq(role(0, 5 + cols - 2), TUI_ROLE_PART_COMPUTE);
        cr_assert_eq(role(0, 5 + cols - 1), TUI_ROLE_PART_COPY);
    }
    const struct tui_part none[] = {{"queue", TUI_ROLE_PART_QUEUE, NAN}};
    tui_canvas_clear(&canvas);
    tui_stack_draw(&canvas, 0, 0, 20, TUI_GLYPHS_BLOCK, none, 1);
    cr_assert_eq(at(0, 0), L' ');
}
