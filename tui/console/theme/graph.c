#include "theme/graph.h"

#include <math.h>

/* The size of the graph in dots, and how dots and samples relate. */
struct raster {
    int wide, high;      /* dots in a cell */
    uint64_t step;       /* samples a dot column */
    uint64_t first_cell; /* the absolute number of the leftmost cell column */
    int levels;          /* dots from the axis to the top */
};

static struct raster raster_of(struct tui_rect rect, enum tui_glyphs glyphs,
                               const struct tui_graph *graph)
{
    struct raster r = {.wide = 1, .high = 8};

    if (glyphs == TUI_GLYPHS_BRAILLE) {
        r.wide = 2;
        r.high = 4;
    } else if (glyphs == TUI_GLYPHS_ASCII) {
        r.high = 2;
    }
    uint64_t dots = (uint64_t)(rect.cols * r.wide);
    r.step = (graph->span + dots - 1) / dots;
    if (r.step == 0)
        r.step = 1;
    uint64_t per_cell = r.step * (uint64_t)r.wide;
    uint64_t last = graph->end > 0 ? (graph->end - 1) / per_cell : 0;
    /* Before a whole width of samples has come the graph grows from the right, too: the numbers
     * of the cells left of the first sample wrap round and hold nothing. */
    r.first_cell = last + 1 - (uint64_t)rect.cols;
    r.levels = rect.rows * r.high;
    return r;
}

/* The level of a dot column, 1 (the axis) to `levels`; 0 for none. */
static int level_at(const struct raster *r, const struct tui_graph *graph,
                    const struct tui_series *series, int dot)
{
    uint64_t cell = r->first_cell + (uint64_t)(dot / r->wide);
    uint64_t from = (cell * (uint64_t)r->wide + (uint64_t)(dot % r->wide)) * r->step;

    if (cell > graph->end)
        return 0;
    float v = tui_series_max(series, from, r->step);
    if (isnan(v))
        return 0;
    double share = graph->max > 0 ? (double)v / graph->max : 0;
    if (graph->min > 0)
        share = v > 0 ? log((double)v / graph->min) / log(graph->max / graph->min) : 0;
    share = fmin(fmax(share, 0), 1);
    int level = (int)ceil(share * r->levels);
    return level < 1 ? 1 : level;
}

double tui_graph_max(const struct tui_graph *graph, double least)
{
    double max = least;
    uint64_t from = graph->end > graph->span ? graph->end - graph->span : 0;

    for (size_t i = 0; i < graph->line_count; i++) {
        float v = tui_series_max(graph->lines[i].series, from, graph->end - from);
        if (!isnan(v) && (double)v > max)
            max = v;
    }
    if (!(max > 0))
        return 1;
    double scale = pow(10, floor(log10(max)));
    double lead = max / scale;
    return scale * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
}

double tui_graph_min(const struct tui_graph *graph)
{
    const struct tui_series *series = graph->lines[0].series;
    uint64_t from = graph->end > graph->span ? graph->end - graph->span : 0;
    double min = graph->max / 10;

    for (uint64_t i = from; i < graph->end; i++) {
        float v = tui_series_at(series, i);
        if (v > 0 && (double)v < min)
            min = v;
    }
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
        int low = line->fill || level == 0 ? 1 : level;
        int high = level;
        if (!line->fill && level > 0 && before > 0) {
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
    if (glyphs == TUI_GLYPHS_BLOCK)
        return line->fill ? (wchar_t)(0x2580 + part) : part > 4 ? L'\u2580' : L'\u2584';
    if (line->fill)
        return part == 1 ? L'.' : L'#';
    return (wchar_t)line->ascii;
}

static void draw_blocks(struct tui_canvas *canvas, struct tui_rect rect, enum tui_glyphs glyphs,
                        const struct raster *r, const struct tui_graph *graph,
                        const struct tui_graph_line *line)
{
    for (int col = 0; col < rect.cols; col++) {
        int level = level_at(r, graph, line->series, col);
        if (level == 0)
            continue;
        int top = (level - 1) / r->high;
        int part = (level - 1) % r->high + 1;
        for (int i = line->fill ? 0 : top; i < top; i++)
            tui_canvas_put(canvas, rect.y + rect.rows - 1 - i, rect.x + col,
                           block_of(glyphs, line, r->high), line->role);
        tui_canvas_put(canvas, rect.y + rect.rows - 1 - top, rect.x + col,
                       block_of(glyphs, line, part), line->role);
    }
}

void tui_graph_draw(struct tui_canvas *canvas, struct tui_rect rect, enum tui_glyphs glyphs,
                    const struct tui_graph *graph)
{
    if (rect.cols < 1 || rect.rows < 1)
        return;
    struct raster r = raster_of(rect, glyphs, graph);
    for (size_t i = 0; i < graph->line_count; i++) {
        if (glyphs == TUI_GLYPHS_BRAILLE)
            draw_braille(canvas, rect, &r, graph, &graph->lines[i]);
        else
            draw_blocks(canvas, rect, glyphs, &r, graph, &graph->lines[i]);
    }
}
