/* A picture of the cells. Blocks and braille are drawn, not written: a font that has them with
 * another width, or with gaps between the lines, would pull graphs apart. */
#include "export/export.h"

#define CELL_W 8.4
#define CELL_H 17.0
#define BASELINE 13.0
#define MARGIN 10.0

struct pen {
    FILE *out;
    unsigned int color;
};

static void put_rect(const struct pen *pen, double x, double y, double w, double h)
{
    fprintf(pen->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#%06x\"/>",
            x, y, w, h, pen->color);
}

/* U+2581 to U+2588 fill from below, U+2589 to U+258F from the left; halves and shades. */
static bool put_block(const struct pen *pen, wchar_t ch, double x, double y)
{
    if (ch >= 0x2581 && ch <= 0x2588)
        put_rect(pen, x, y + CELL_H * (0x2588 - ch) / 8, CELL_W, CELL_H * (ch - 0x2580) / 8);
    else if (ch >= 0x2589 && ch <= 0x258f)
        put_rect(pen, x, y, CELL_W * (0x2590 - ch) / 8, CELL_H);
    else if (ch == 0x2580)
        put_rect(pen, x, y, CELL_W, CELL_H / 2);
    else if (ch == 0x2590)
        put_rect(pen, x + CELL_W / 2, y, CELL_W / 2, CELL_H);
    else if (ch >= 0x2591 && ch <= 0x2593)
        fprintf(pen->out,
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#%06x\" "
                "fill-opacity=\"0.%d\"/>",
                x, y, CELL_W, CELL_H, pen->color,
                ch == 0x2591   ? 25
                : ch == 0x2592 ? 50
                               : 75);
    else
        return false;
    return true;
}

static bool put_braille(const struct pen *pen, wchar_t ch, double x, double y)
{
    /* Bits 0 to 2 and 6 are the left column from above, 3 to 5 and 7 the right one. */
    static const struct {
        double x, y;
    } dots[8] = {{0.27, 0.125}, {0.27, 0.375}, {0.27, 0.625}, {0.73, 0.125},
                 {0.73, 0.375}, {0.73, 0.625}, {0.27, 0.875}, {0.73, 0.875}};

    if (ch < 0x2800 || ch > 0x28ff)
        return false;
    fputs("<path d=\"", pen->out);
    for (int i = 0; i < 8; i++) {
        if (((unsigned int)ch >> i & 1) != 0)
            fprintf(pen->out, "M%.1f %.1fh2.6v2.6h-2.6z", x + dots[i].x * CELL_W - 1.3,
                    y + dots[i].y * CELL_H - 1.3);
    }
    fprintf(pen->out, "\" fill=\"#%06x\"/>", pen->color);
    return true;
}

static void put_words(const struct pen *pen, const struct tui_ink *ink,
                      const struct tui_cell *cells, int from, int to, double y)
{
    double x = MARGIN + from * CELL_W;

    fprintf(pen->out,
            "<text x=\"%.1f\" y=\"%.1f\" textLength=\"%.1f\" fill=\"#%06x\"%s%s%s "
            "xml:space=\"preserve\">",
            x, y + BASELINE, (to - from) * CELL_W, pen->color,
            ink->attributes & TUI_ATTRIBUTE_BOLD ? " font-weight=\"bold\"" : "",
            ink->attributes & TUI_ATTRIBUTE_DIM ? " fill-opacity=\"0.7\"" : "",
            ink->attributes & TUI_ATTRIBUTE_UNDERLINE ? " text-decoration=\"underline\"" : "");
    for (int i = from; i < to; i++) {
        if (cells[i].ch != 0)
            tui_export_xml(pen->out, cells[i].ch);
    }
    fputs("</text>", pen->out);
}

static bool is_drawn(wchar_t ch)
{
    return (ch >= 0x2580 && ch <= 0x2593) || (ch >= 0x2800 && ch <= 0x28ff);
}

/* Cells of one look: words between two blanks, and what is drawn. */
static void put_run(const struct pen *pen, const struct tui_ink *ink, const struct tui_cell *cells,
                    int from, int to, double y)
{
    for (int x = from; x < to;) {
        if (cells[x].ch == L' ') {
            x++;
        } else if (is_drawn(cells[x].ch)) {
            double at = MARGIN + x * CELL_W;
            if (!put_block(pen, cells[x].ch, at, y))
                put_braille(pen, cells[x].ch, at, y);
            x++;
        } else {
            int end = x;
            while (end < to && cells[end].ch != L' ' && !is_drawn(cells[end].ch))
                end++;
            put_words(pen, ink, cells, x, end, y);
            x = end;
        }
    }
}

static void put_row(FILE *out, const struct tui_canvas *canvas, const struct tui_theme *theme,
                    int row)
{
    const struct tui_cell *cells = &canvas->cells[row * canvas->cols];
    int cols = tui_export_cols(canvas, row);
    double y = MARGIN + row * CELL_H;

    for (int x = 0; x < cols;) {
        struct tui_ink ink = tui_export_ink(theme, &cells[x]);
        int end = tui_export_run(canvas, row, x, cols);
        struct pen pen = {out, (unsigned int)ink.bg};
        if (ink.bg != TUI_COLOR_DEFAULT)
            put_rect(&pen, MARGIN + x * CELL_W, y, (end - x) * CELL_W, CELL_H);
        pen.color =
            ink.fg == TUI_COLOR_DEFAULT ? tui_export_text_color(theme) : (unsigned int)ink.fg;
        put_run(&pen, &ink, cells, x, end, y);
        x = end;
    }
    fputc('\n', out);
}

void tui_export_svg(FILE *out, const struct tui_app *app, const struct tui_canvas *canvas,
                    const struct tui_theme *theme)
{
    double w = canvas->cols * CELL_W + 2 * MARGIN;
    double h = canvas->rows * CELL_H + 2 * MARGIN;

    (void)app;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.1f %.1f\" "
            "width=\"%.0f\" height=\"%.0f\" font-family=\"'DejaVu Sans Mono','Liberation Mono',"
            "Menlo,Consolas,monospace\" font-size=\"14\">\n"
            "<rect width=\"100%%\" height=\"100%%\" rx=\"6\" fill=\"#%06x\"/>\n",
            w, h, w, h, tui_export_paper(theme));
    for (int y = 0; y < canvas->rows; y++)
        put_row(out, canvas, theme, y);
    fputs("</svg>\n", out);
}
