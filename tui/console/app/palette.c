#include "app/palette.h"

#include <stdio.h>
#include <string.h>

#include "app/do.h"
#include "app/ex.h"
#include "app/line.h"
#include "app/overlay.h"

void tui_palette_remember(struct tui_palette *palette, const char *line)
{
    char kept[TUI_PALETTE_SIZE];

    snprintf(kept, sizeof(kept), "%s", line);
    size_t len = strlen(kept);
    while (len > 0 && kept[len - 1] == ' ')
        kept[--len] = 0;
    if (len == 0)
        return;
    for (size_t i = 0; i < palette->history_count; i++) {
        if (strcmp(palette->history[i], kept) == 0 || palette->history_count == TUI_TYPED_MAX) {
            palette->history_count--;
            memmove(palette->history[i], palette->history[i + 1],
                    (palette->history_count - i) * sizeof(palette->history[0]));
            break;
        }
    }
    memcpy(palette->history[palette->history_count++], kept, sizeof(kept));
}

void tui_palette_want(const struct tui_palette *palette, struct tui_want *want)
{
    want->polls[TUI_POLL_JOBS] |= palette->open;
    want->polls[TUI_POLL_TENANTS] |= palette->open;
}

bool tui_overlay_palette_open(const struct tui_app *app)
{
    return app->palette.open;
}

static void changed(struct tui_app *app)
{
    app->palette.error[0] = 0;
    app->palette.back = 0;
    tui_complete_line(app, app->palette.text, &app->palette.completion);
}

void tui_overlay_palette_type(struct tui_app *app, uint32_t key)
{
    tui_line_type(app->palette.text, sizeof(app->palette.text), key);
    changed(app);
}

void tui_do_command(struct tui_app *app)
{
    app->palette.open = true;
    app->palette.text[0] = 0;
    changed(app);
}

void tui_do_palette_abort(struct tui_app *app)
{
    app->palette.open = false;
}

void tui_do_palette_erase(struct tui_app *app)
{
    /* Erasing past the start leaves, as in vi and less. */
    if (tui_line_erase(app->palette.text))
        changed(app);
    else
        app->palette.open = false;
}

void tui_do_palette_erase_word(struct tui_app *app)
{
    tui_line_erase_word(app->palette.text);
    changed(app);
}

void tui_do_palette_clear(struct tui_app *app)
{
    app->palette.text[0] = 0;
    changed(app);
}

static void complete(struct tui_app *app, int step)
{
    struct tui_palette *palette = &app->palette;

    if (!palette->completion.stepping)
        tui_complete_line(app, palette->text, &palette->completion);
    if (!tui_completion_take(&palette->completion, palette->text, sizeof(palette->text), step))
        return;
    palette->error[0] = 0;
    /* One that had no rival is done with: what follows it is next. */
    if (!palette->completion.stepping)
        changed(app);
}

void tui_do_palette_complete(struct tui_app *app)
{
    complete(app, 1);
}

void tui_do_palette_complete_back(struct tui_app *app)
{
    complete(app, -1);
}

static void fetch(struct tui_app *app, size_t back)
{
    struct tui_palette *palette = &app->palette;

    if (palette->back == 0)
        memcpy(palette->typed, palette->text, sizeof(palette->typed));
    memcpy(palette->text,
           back == 0 ? palette->typed : palette->history[palette->history_count - back],
           sizeof(palette->text));
    changed(app);
    palette->back = back;
}

void tui_do_palette_older(struct tui_app *app)
{
    if (app->palette.back < app->palette.history_count)
        fetch(app, app->palette.back + 1);
}

void tui_do_palette_newer(struct tui_app *app)
{
    if (app->palette.back > 0)
        fetch(app, app->palette.back - 1);
}

/* A word that names nothing stands for the best choice, which is marked on the screen. */
static void expand(struct tui_app *app, char line[TUI_PALETTE_SIZE])
{
    struct tui_completion *completion = &app->palette.completion;

    if (tui_ex_known(app, line) || completion->count == 0 || completion->stepping ||
        strchr(line + completion->start, ' '))
        return;
    snprintf(line, TUI_PALETTE_SIZE, "%s", completion->all[completion->chosen].text);
}

void tui_do_palette_accept(struct tui_app *app)
{
    struct tui_palette *palette = &app->palette;
    char line[TUI_PALETTE_SIZE];

    memcpy(line, palette->text, sizeof(line));
    palette->open = false;
    if (line[strspn(line, " ")] == 0)
        return;
    expand(app, line);
    if (tui_ex_run(app, line, palette->error)) {
        tui_palette_remember(palette, line);
        return;
    }
    palette->open = true;
}
