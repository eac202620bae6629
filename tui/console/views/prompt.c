/* The lines that are typed into: the filter, and the palette with what a word could become. */
#include <stdio.h>
#include <string.h>

#include "app/ex.h"
#include "app/overlay.h"
#include "views/pen.h"

#define CHOICES_MAX 10
#define TEXT_COLS 24
#define KIND_COLS 10

/* The line with its cursor; the end of it where it is longer than the screen. Returns where it
 * ends. */
static int draw_typed(struct tui_canvas *canvas, int y, const char *label, const char *text)
{
    int x = 1;

    tui_canvas_fill(canvas, (struct tui_rect){y, 0, 1, canvas->cols}, TUI_ROLE_NORMAL);
    x += tui_canvas_text(canvas, y, x, canvas->cols - 2, TUI_ROLE_KEY, label);
    text = tui_canvas_tail(canvas, text, canvas->cols - 2 - x);
    x += tui_canvas_text(canvas, y, x, canvas->cols - 1 - x, TUI_ROLE_STRONG, text);
    tui_canvas_put(canvas, y, x, L'_', TUI_ROLE_STRONG);
    return x + 1;
}

/* One line of choices, the marked one first. */
static void draw_row_of_choices(struct tui_canvas *canvas, int y,
                                const struct tui_completion *completion)
{
    int x = 1;

    tui_canvas_fill(canvas, (struct tui_rect){y, 0, 1, canvas->cols}, TUI_ROLE_NORMAL);
    for (size_t i = 0; i < completion->count && x < canvas->cols - 2; i++) {
        size_t at = (completion->chosen + i) % completion->count;
        x += 2 + tui_canvas_text(canvas, y, x, canvas->cols - 1 - x,
                                 i == 0 ? TUI_ROLE_STRONG : TUI_ROLE_DIM, completion->all[at].text);
    }
}

void tui_overlay_prompt_draw(const struct tui_app *app, struct tui_canvas *canvas)
{
    const struct tui_prompt *prompt = &app->prompt;
    int y = canvas->rows - 2;
    int x = draw_typed(canvas, y, "filter /", prompt->text);

    if (prompt->error.text[0] != 0) {
        tui_canvas_fill(canvas, (struct tui_rect){y - 1, 0, 1, canvas->cols}, TUI_ROLE_NORMAL);
        tui_canvas_print(canvas, y - 1, 1, canvas->cols - 2, TUI_ROLE_BAD, "at %zu: %s",
                         prompt->error.at + 1, prompt->error.text);
        return;
    }
    if (prompt->completion.stepping)
        draw_row_of_choices(canvas, y - 1, &prompt->completion);
    if (tui_views[app->view].ops->count)
        tui_canvas_print(canvas, y, x + 1, canvas->cols - x - 2, TUI_ROLE_DIM, "%zu of %zu",
                         app->row_count, app->lists[app->view].total);
}

static void draw_choice(const struct tui_app *app, struct tui_canvas *canvas, int y,
                        const struct tui_choice *choice, bool chosen)
{
    int x = 2;
    int cols = canvas->cols - 1;

    if (chosen)
        tui_canvas_put(canvas, y, 0, tui_glyphs_pointer(app->glyphs), TUI_ROLE_STRONG);
    tui_canvas_text(canvas, y, x, TEXT_COLS, chosen ? TUI_ROLE_STRONG : TUI_ROLE_NORMAL,
                    choice->text);
    x += TEXT_COLS + 1;
    tui_canvas_text(canvas, y, x, KIND_COLS, TUI_ROLE_DIM, tui_choice_kinds[choice->kind]);
    x += KIND_COLS + 1;
    if (choice->arguments[0] != 0)
        x += 2 + tui_canvas_text(canvas, y, x, cols - x, TUI_ROLE_KEY, choice->arguments);
    tui_canvas_text(canvas, y, x, cols - x, TUI_ROLE_DIM, choice->help);
    if (chosen)
        tui_canvas_select(canvas, y, 0, canvas->cols);
}

void tui_overlay_palette_draw(const struct tui_app *app, struct tui_canvas *canvas)
{
    const struct tui_palette *palette = &app->palette;
    const struct tui_completion *completion = &palette->completion;
    size_t shown = completion->count < CHOICES_MAX ? completion->count : CHOICES_MAX;
    size_t first = completion->chosen < shown ? 0 : completion->chosen - shown + 1;
    int rows = (int)shown + 1;
    int y = canvas->rows - 2 - rows;
    char about[TUI_TEXT_SIZE];

    tui_canvas_fill(canvas, (struct tui_rect){y, 0, rows, canvas->cols}, TUI_ROLE_NORMAL);
    tui_glyphs_rule(canvas, app->glyphs, y - 1, 0, canvas->cols);
    if (completion->total > shown)
        tui_canvas_print(canvas, y - 1, canvas->cols - 18, 17, TUI_ROLE_DIM, " %zu-%zu of %zu ",
                         first + 1, first + shown, completion->total);
    for (size_t i = 0; i < shown; i++)
        draw_choice(app, canvas, y + (int)i, &completion->all[first + i],
                    first + i == completion->chosen);
    if (palette->error[0] != 0)
        tui_canvas_text(canvas, canvas->rows - 3, 1, canvas->cols - 2, TUI_ROLE_BAD,
                        palette->error);
    else if (tui_ex_usage(palette->text, about, sizeof(about)))
        tui_canvas_text(canvas, canvas->rows - 3, 1, canvas->cols - 2, TUI_ROLE_NORMAL, about);
    else if (completion->count == 0)
        tui_canvas_text(canvas, canvas->rows - 3, 1, canvas->cols - 2, TUI_ROLE_DIM,
                        "nothing has that name");
    draw_typed(canvas, canvas->rows - 2, "command :", palette->text);
}
