#include "theme/graph.h"

#include <math.h>
#include <string.h>

/* The size of the graph in dots. */
struct raster {
    int wide, high; /* dots in a cell */
    int rows;
    int levels; /* dots from the axis to the top */
};

static struct raster raster_of(int rows, enum tui_glyphs glyphs)
{
    struct raster r = {.wide = 1, .high = 8, .rows = rows};

    if (glyphs == TUI_GLYPHS_BRAILLE) {
        r.wide = 2;
        r.high = 4;
    } else if (glyphs == TUI_GLYPHS_ASCII) {
        r.high = 2;
    }
    r.levels = rows * r.high;
    return r;
}

/* The level of a value, 1 (the axis) to `levels`. */
static int level_of(const struct raster *r, const struct tui_graph *graph, double value)
{
    double share = graph->max > 0 ? value / graph->max : 0;

    if (graph->min > 0)
        share = value > 0 ? log(value / graph->min) / log(graph->max / graph->min) : 0;
    share = fmin(fmax(share, 0), 1);
    /* A value that rounding put a hair above a level still belongs to it. */
    int level = (int)ceil(share * r->levels - 1e-6);
    return level < 1 ? 1 : level;
}

/* The level of a dot column; 0 for none. */
static int level_at(const struct raster *r, const struct tui_graph *graph,
                    const struct tui_series *series, int dot)
{
    uint64_t from;
    uint64_t count = tui_timeline_slots(&graph->time, dot / r->wide, dot % r->wide, r->wide, &from);
    struct tui_bucket bucket = {.count = 0};

    if (count > 0)
        bucket = tui_series_over(series, from, count);
    return bucket.count > 0 ? level_of(r, graph, (double)bucket.max) : 0;
}

/* What a line has in the whole of the time in sight. */
static struct tui_bucket in_sight(const struct tui_graph *graph, const struct tui_series *series)
{
    int64_t from = graph->time.first_cell * (int64_t)graph->time.cell;
    uint64_t start = from > 0 ? (uint64_t)from : 0;

    return tui_series_over(series, start, graph->time.end - start);
}

double tui_graph_step_up(double value)
{
    if (!(value > 0))
        return 1;
    double scale = pow(10, floor(log10(value)));
    double lead = value / scale;
    return scale * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
}

double tui_graph_max(const struct tui_graph *graph, double least)
{
    double max = graph->mark ? fmax(least, graph->mark->value) : least;

    for (size_t i = 0; i < graph->line_count; i++) {
        struct tui_bucket bucket = in_sight(graph, graph->lines[i].series);
        if (bucket.count > 0)
            max = fmax(max, (double)bucket.max);
    }
    return tui_graph_step_up(max);
}

double tui_graph_min(const struct tui_graph *graph)
{
    const struct tui_graph_line *first = &graph->lines[0];
    struct tui_bucket bucket = in_sight(graph, first->base ? first->base : first->series);
    double min = graph->max / 10;

    if (bucket.count > 0 && bucket.min > 0)
        min = fmin(min, (double)bucket.min);
    if (graph->mark && graph->mark->value > 0)
        min = fmin(min, graph->mark->value);
    double scale = pow(10, floor(log10(min)));
    double lead = min / scale;
    return scale * (lead < 2 ? 1 : lead < 5 ? 2 : 5);
}

static void braille_dot(struct tui_canvas *canvas, struct tui_rect rect, int dot, int level,
                        enum tui_role role)
{
    static const unsigned char bits[2][4] = {{0x40, 0x04, 0x02, 0x01}, {0x80, 0x20, 0x10, 0x08}};
    int y = rect.y + rect.rows - 1 - (level - 1) / 4;
    struct tui_cell *cell = tui_canvas_at(canvas, y, rect.x + dot / 2);

    if (!cell)
        return;
    wchar_t had = cell->ch >= 0x2800 && cell->ch <= 0x28ff ? cell->ch : 0x2800;
    tui_canvas_put(canvas, y, rect.x + dot / 2, had | bits[dot % 2][(level - 1) % 4], role);
}

/* A line's dots reach halfway up to its neighbour, so that a steep line stays one line. */
static void draw_braille(struct tui_canvas *canvas, struct tui_rect rect, const struct raster *r,
                         const struct tui_graph *graph, const struct tui_graph_line *line)
{
    int before = 0;

    for (int dot = 0; dot < rect.cols * 2; dot++) {
        int level = level_at(r, graph, line->series, dot);
        int base = line->base ? level_at(r, graph, line->base, dot) : 0;
        int low = line->fill == TUI_GRAPH_AREA ? 1 : base > 0 && base < level ? base : level;
        int high = level;
        if (line->fill == TUI_GRAPH_LINE && level > 0 && before > 0) {
            if (before < level)
                low = before + 1;
            else if (before > level)
                high = before - 1 > level ? before - 1 : level;
        }
        for (int i = low; i <= high && level > 0; i++)
            braille_dot(canvas, rect, dot, i, line->role);
        before = level;
    }
}

static wchar_t block_of(enum tui_glyphs glyphs, const struct tui_graph_line *line, int part)
{
    if (glyphs == TUI_GLYPHS_BLOCK) {
        if (line->fill == TUI_GRAPH_BAND)
            return L'\u2592';
        return line->fill == TUI_GRAPH_AREA ? (wchar_t)(0x2580 + part)
               : part > 4                   ? L'\u2580'
                                            : L'\u2584';
    }
    if (line->fill == TUI_GRAPH_AREA)
        return part == 1 ? L'.' : L'#';
    return (wchar_t)line->ascii;
}

static void draw_blocks(struct tui_canvas *canvas, struct tui_rect rect, enum tui_glyphs glyphs,
                        const struct raster *r, const struct tui_graph *graph,
                        const struct tui_graph_line *line)
{
    for (int col = 0; col < rect.cols; col++) {
        int level = level_at(r, graph, line->series, col);
        int base = line->base ? level_at(r, graph, line->base, col) : 0;
        if (level == 0)
            continue;
        int top = (level - 1) / r->high;
        int part = (level - 1) % r->high + 1;
        int low = line->fill == TUI_GRAPH_AREA ? 0 : top;
        if (base > 0 && base < level)
            low = (base - 1) / r->high;
        for (int i = low; i < top; i++)
            tui_canvas_put(canvas, rect.y + rect.rows - 1 - i, rect.x + col,
                           block_of(glyphs, line, r->high), line->role);
        tui_canvas_put(canvas, rect.y + rect.rows - 1 - top, rect.x + col,
                       block_of(glyphs, line, part), line->role);
    }
}

/* Cells that say nothing but "filled" may be drawn over. */
static bool is_free(const struct tui_cell *cell)
{
    return cell && (cell->ch == L' ' || cell->ch == 0x28ff || cell->ch == 0x2588 ||
                    cell->ch == 0x2592 || cell->ch == L'#' || cell->ch == L':');
}

/* Dashes where there is room, and the label on the first stretch that holds it. */
static void draw_mark(struct tui_canvas *canvas, struct tui_rect rect, enum tui_glyphs glyphs,
                      const struct tui_graph *graph)
{
    const struct tui_graph_mark *mark = graph->mark;
    int y = rect.y + tui_graph_row(graph, glyphs, rect.rows, mark->value);
    int width = tui_canvas_width(canvas, mark->label);
    int stretch = 0;
    int label_x = -1;

    for (int x = rect.x; x < rect.x + rect.cols; x++) {
        const struct tui_cell *cell = tui_canvas_at(canvas, y, x);
        stretch = cell && cell->ch == L' ' ? stretch + 1 : 0;
        if (label_x < 0 && stretch == width + 2)
            label_x = x - width;
        if (is_free(cell) && x % 2 == 0)
            tui_canvas_put(canvas, y, x, glyphs == TUI_GLYPHS_ASCII ? L'-' : L'\u2500', mark->role);
    }
    if (label_x >= 0) {
        tui_canvas_put(canvas, y, label_x - 1, L' ', mark->role);
        tui_canvas_text(canvas, y, label_x, width, mark->role, mark->label);
        tui_canvas_put(canvas, y, label_x + width, L' ', mark->role);
    }
}

int tui_graph_row(const struct tui_graph *graph, enum tui_glyphs glyphs, int rows, double value)
{
    struct raster r = raster_of(rows, glyphs);

    return rows - 1 - (level_of(&r, graph, value) - 1) / r.high;
}

void tui_graph_draw(struct tui_canvas *canvas, struct tui_rect rect, enum tui_glyphs glyphs,
                    const struct tui_graph *graph)
{
    if (rect.cols < 1 || rect.rows < 1)
        return;
    struct raster r = raster_of(rect.rows, glyphs);
    for (size_t i = 0; i < graph->line_count; i++) {
        if (glyphs == TUI_GLYPHS_BRAILLE)
            draw_braille(canvas, rect, &r, graph, &graph->lines[i]);
        else
            draw_blocks(canvas, rect, glyphs, &r, graph, &graph->lines[i]);
    }
    if (graph->mark && graph->mark->value >= graph->min && graph->mark->value <= graph->max)
        draw_mark(canvas, rect, glyphs, graph);
    int col = graph->has_cursor ? tui_timeline_column(&graph->time, graph->cursor) : -1;
    for (int y = 0; col >= 0 && y < rect.rows; y++)
        tui_canvas_select(canvas, rect.y + y, rect.x + col, 1);
}

static void draw_label(struct tui_canvas *canvas, struct tui_rect rect, int row, enum tui_role role,
                       double value, void (*format)(char *ret_text, size_t size, double value))
{
    char text[64];

    if (value > 0)
        format(text, sizeof(text), value);
    else
        memcpy(text, "0", 2);
    tui_canvas_fill(canvas, (struct tui_rect){rect.y + row, rect.x, 1, rect.cols}, role);
    tui_canvas_right(canvas, rect.y + row, rect.x, rect.cols, role, text);
}

void tui_graph_axis(struct tui_canvas *canvas, struct tui_rect rect, enum tui_glyphs glyphs,
                    const struct tui_graph *graph,
                    void (*format)(char *ret_text, size_t size, double value))
{
    const struct tui_graph_mark *mark = graph->mark;
    int last = rect.rows - 1; /* the lowest row above which a label may stand */

    if (rect.rows < 1)
        return;
    draw_label(canvas, rect, 0, TUI_ROLE_DIM, graph->max, format);
    if (rect.rows > 1)
        draw_label(canvas, rect, rect.rows - 1, TUI_ROLE_DIM, graph->min, format);
    /* The steps of a linear axis divide it evenly: fifths, or quarters of 2. */
    double lead = graph->max / pow(10, floor(log10(graph->max)));
    double step = graph->max / (lead > 1.5 && lead < 2.5 ? 4 : 5);
    double value = graph->min > 0 ? pow(10, floor(log10(graph->min) + 1e-9) + 1) : step;
    while (value < graph->max * 0.999) {
        int row = tui_graph_row(graph, glyphs, rect.rows, value);
        if (row > 1 && row < last - 1) {
            draw_label(canvas, rect, row, TUI_ROLE_DIM, value, format);
            last = row;
        }
        value = graph->min > 0 ? value * 10 : value + step;
    }
    if (mark && mark->value > graph->min && mark->value < graph->max) {
        int row = tui_graph_row(graph, glyphs, rect.rows, mark->value);
        if (row > 0 && row < rect.rows - 1)
            draw_label(canvas, rect, row, mark->role, mark->value, format);
    }
}
