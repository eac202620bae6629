#include "app/overlay.h"
#include "views/grid.h"

void tui_overlay_bookmarks_draw(const struct tui_app *app, struct tui_canvas *canvas)
{
    const struct tui_bookmarks *bookmarks = &app->bookmarks;
    static const char *const titles[] = {
        [TUI_BOOKMARK_WAIT_SET] = "Which letter does this place get?",
        [TUI_BOOKMARK_WAIT_GO] = "Go to which bookmark?",
        [TUI_BOOKMARK_WAIT_DROP] = "Drop which bookmark?",
    };
    char text[TUI_TEXT_SIZE];
    int rows = 1;

    for (size_t i = 0; i < TUI_BOOKMARKS_MAX; i++)
        rows += bookmarks->all[i].used;
    rows = rows > canvas->rows - 5 ? canvas->rows - 5 : rows;
    struct tui_rect rect = {canvas->rows - 1 - rows, 0, rows, canvas->cols};
    tui_canvas_fill(canvas, rect, TUI_ROLE_NORMAL);
    tui_glyphs_rule(canvas, app->glyphs, rect.y - 1, 0, canvas->cols);
    rect.x = 1;
    rect.cols -= 2;
    struct tui_pen pen = {.canvas = canvas, .rect = rect};
    tui_pen_print(&pen, TUI_ROLE_TITLE, "%s", titles[bookmarks->wait]);
    for (size_t i = 0; i < TUI_BOOKMARKS_MAX; i++) {
        if (!bookmarks->all[i].used)
            continue;
        tui_place_describe(text, sizeof(text), &bookmarks->all[i].place);
        tui_pen_print(&pen, TUI_ROLE_NORMAL, "  %c  %s", tui_bookmark_letter(i), text);
    }
}
