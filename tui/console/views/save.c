/* The line with the name of the file that the screen is saved to. */
#include "app/overlay.h"
#include "export/export.h"

void tui_overlay_save_draw(const struct tui_app *app, struct tui_canvas *canvas)
{
    const struct tui_save *save = &app->save;
    enum tui_format format = tui_format_of_path(save->path);
    const char *text = save->path;
    int y = canvas->rows - 2;
    int x = 1;

    tui_canvas_fill(canvas, (struct tui_rect){y - 1, 0, 2, canvas->cols}, TUI_ROLE_NORMAL);
    if (save->exists)
        tui_canvas_text(canvas, y - 1, 1, canvas->cols - 2, TUI_ROLE_BAD,
                        "It exists already. Write over it? y: yes; anything else: another name");
    else
        tui_canvas_print(canvas, y - 1, 1, canvas->cols - 2, TUI_ROLE_DIM,
                         "%s; Tab: another format",
                         format == TUI_FORMAT_COUNT ? "the characters" : tui_formats[format].help);
    x += tui_canvas_text(canvas, y, x, canvas->cols - 2, TUI_ROLE_KEY, "save to ");
    text = tui_canvas_tail(canvas, text, canvas->cols - 2 - x);
    x += tui_canvas_text(canvas, y, x, canvas->cols - 1 - x, TUI_ROLE_STRONG, text);
    tui_canvas_put(canvas, y, x, L'_', TUI_ROLE_STRONG);
}
