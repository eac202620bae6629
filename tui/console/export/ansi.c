#include "export/export.h"

static void put_color(FILE *out, int what, int rgb)
{
    if (rgb != TUI_COLOR_DEFAULT)
        fprintf(out, ";%d;2;%d;%d;%d", what, rgb >> 16 & 0xff, rgb >> 8 & 0xff, rgb & 0xff);
}

void tui_export_ansi(FILE *out, const struct tui_app *app, const struct tui_canvas *canvas,
                     const struct tui_theme *theme)
{
    (void)app;
    for (int y = 0; y < canvas->rows; y++) {
        int cols = tui_export_cols(canvas, y);
        for (int x = 0; x < cols;) {
            const struct tui_cell *cell = &canvas->cells[y * canvas->cols + x];
            struct tui_ink ink = tui_export_ink(theme, cell);
            int end = tui_export_run(canvas, y, x, cols);
            fputs("\033[0", out);
            if (ink.attributes & TUI_ATTRIBUTE_BOLD)
                fputs(";1", out);
            if (ink.attributes & TUI_ATTRIBUTE_UNDERLINE)
                fputs(";4", out);
            put_color(out, 38, ink.fg);
            put_color(out, 48, ink.bg);
            fputc('m', out);
            for (; x < end; x++, cell++) {
                if (cell->ch != 0)
                    tui_export_char(out, cell->ch);
            }
        }
        fputs(cols > 0 ? "\033[0m\n" : "\n", out);
    }
}
