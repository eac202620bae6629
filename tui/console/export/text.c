#include "export/export.h"

void tui_export_text(FILE *out, const struct tui_app *app, const struct tui_canvas *canvas,
                     const struct tui_theme *theme)
{
    (void)app;
    (void)theme;
    for (int y = 0; y < canvas->rows; y++) {
        int cols = tui_export_cols(canvas, y);
        for (int x = 0; x < cols; x++) {
            wchar_t ch = canvas->cells[y * canvas->cols + x].ch;
            if (ch != 0)
                tui_export_char(out, ch);
        }
        fputc('\n', out);
    }
}
