#include "export/export.h"

void tui_export_html(FILE *out, const struct tui_app *app, const struct tui_canvas *canvas,
                     const struct tui_theme *theme)
{
    fprintf(out,
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>stoker: "
            "%s</title></head>\n<body style=\"background:#%06x\"><pre style=\"color:#%06x;"
            "font:14px/1.2 'DejaVu Sans Mono',monospace\">",
            tui_views[app->view].name, tui_export_paper(theme), tui_export_text_color(theme));
    for (int y = 0; y < canvas->rows; y++) {
        int cols = tui_export_cols(canvas, y);
        for (int x = 0; x < cols;) {
            const struct tui_cell *cell = &canvas->cells[y * canvas->cols + x];
            struct tui_ink ink = tui_export_ink(theme, cell);
            int end = tui_export_run(canvas, y, x, cols);
            fputs("<span style=\"", out);
            if (ink.fg != TUI_COLOR_DEFAULT)
                fprintf(out, "color:#%06x;", (unsigned int)ink.fg);
            if (ink.bg != TUI_COLOR_DEFAULT)
                fprintf(out, "background:#%06x;", (unsigned int)ink.bg);
            if (ink.attributes & TUI_ATTRIBUTE_BOLD)
                fputs("font-weight:bold;", out);
            if (ink.attributes & TUI_ATTRIBUTE_UNDERLINE)
                fputs("text-decoration:underline;", out);
            fputs("\">", out);
            for (; x < end; x++, cell++) {
                if (cell->ch != 0)
                    tui_export_xml(out, cell->ch);
            }
            fputs("</span>", out);
        }
        fputc('\n', out);
    }
    fputs("</pre></body></html>\n", out);
}
