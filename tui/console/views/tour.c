/* The tour's step, over the message line: it leaves the keys to what they are for. */
#include "views/chrome.h"
#include "views/pen.h"

int tui_tour_rows(const struct tui_app *app)
{
    return app->tour.active ? 3 : 0;
}

void tui_tour_draw(const struct tui_app *app, struct tui_canvas *canvas, int y)
{
    const struct tui_tour *tour = &app->tour;
    bool over = tour->at >= TUI_STEP_COUNT;
    struct tui_pen pen = {.canvas = canvas, .rect = {y + 1, 1, 2, canvas->cols - 2}};
    int x = 2;

    tui_canvas_fill(canvas, (struct tui_rect){y, 0, 3, canvas->cols}, TUI_ROLE_NORMAL);
    tui_glyphs_rule(canvas, app->glyphs, y, 0, canvas->cols);
    if (over)
        x += tui_canvas_text(canvas, y, x, canvas->cols - 4, TUI_ROLE_OK, " tour: done ");
    else
        x += tui_canvas_print(canvas, y, x, canvas->cols - 4, TUI_ROLE_TITLE, " tour %u of %d: %s ",
                              tour->at + 1, TUI_STEP_COUNT, tui_steps[tour->at].title);
    tui_canvas_text(canvas, y, x, canvas->cols - x - 1, TUI_ROLE_DIM,
                    over ? " T ends it " : " T: leave, return ");
    tui_pen_wrap(&pen, 0, TUI_ROLE_STRONG,
                 over ? "That was all of it. ? lists every key and command; docs/console.md has "
                        "the rest."
                      : tui_steps[tour->at].text);
}
