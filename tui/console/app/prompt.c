#include <stdio.h>
#include <string.h>

#include "app/do.h"
#include "app/overlay.h"
#include "app/parts.h"

void tui_prompt_open(struct tui_app *app, enum tui_prompt_kind kind)
{
    struct tui_prompt *prompt = &app->prompt;

    memset(prompt, 0, sizeof(*prompt));
    prompt->kind = kind;
    if (kind == TUI_PROMPT_FILTER) {
        if (!tui_views[app->view].ops->count) {
            prompt->kind = TUI_PROMPT_NONE;
            return;
        }
        memcpy(prompt->before, app->lists[app->view].filter, sizeof(prompt->before));
        snprintf(prompt->text, sizeof(prompt->text), "%s", prompt->before);
    }
}

static void type(struct tui_prompt *prompt, uint32_t key)
{
    size_t used = strlen(prompt->text);
    size_t bytes = key < 0x80 ? 1 : key < 0x800 ? 2 : key < 0x10000 ? 3 : 4;
    unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

    if (key < 0x20 || (key >= 0x7f && key < 0xa0) || key > 0x10ffff ||
        used + bytes >= sizeof(prompt->text))
        return;
    for (size_t i = bytes; i > 1; i--) {
        prompt->text[used + i - 1] = (char)(0x80 | (key & 0x3f));
        key >>= 6;
    }
    prompt->text[used] = (char)(bytes == 1 ? key : lead[bytes] | key);
    prompt->text[used + bytes] = 0;
}

/* False if there was nothing to erase. */
static bool erase(struct tui_prompt *prompt)
{
    size_t used = strlen(prompt->text);

    if (used == 0)
        return false;
    do {
        used--;
    } while (used > 0 && ((unsigned char)prompt->text[used] & 0xc0) == 0x80);
    prompt->text[used] = 0;
    return true;
}

bool tui_overlay_prompt_open(const struct tui_app *app)
{
    return app->prompt.kind != TUI_PROMPT_NONE;
}

/* A filter acts while it is typed. */
static void changed(struct tui_app *app)
{
    if (app->prompt.kind == TUI_PROMPT_FILTER)
        snprintf(app->lists[app->view].filter, TUI_NAME_SIZE, "%.*s", TUI_NAME_SIZE - 1,
                 app->prompt.text);
}

void tui_overlay_prompt_type(struct tui_app *app, uint32_t key)
{
    type(&app->prompt, key);
    changed(app);
}

void tui_do_prompt_accept(struct tui_app *app)
{
    char line[TUI_PROMPT_SIZE];
    enum tui_prompt_kind kind = app->prompt.kind;

    memcpy(line, app->prompt.text, sizeof(line));
    app->prompt.kind = TUI_PROMPT_NONE;
    if (kind == TUI_PROMPT_COMMAND)
        tui_command_run(app, line);
}

void tui_do_prompt_abort(struct tui_app *app)
{
    if (app->prompt.kind == TUI_PROMPT_FILTER)
        memcpy(app->lists[app->view].filter, app->prompt.before, TUI_NAME_SIZE);
    app->prompt.kind = TUI_PROMPT_NONE;
}

void tui_do_prompt_erase(struct tui_app *app)
{
    /* Erasing past the start leaves, as in vi and less. */
    if (erase(&app->prompt))
        changed(app);
    else
        app->prompt.kind = TUI_PROMPT_NONE;
}

void tui_do_prompt_clear(struct tui_app *app)
{
    app->prompt.text[0] = 0;
    changed(app);
}

void tui_do_prompt_complete(struct tui_app *app)
{
    if (app->prompt.kind == TUI_PROMPT_COMMAND)
        tui_command_complete(app, app->prompt.text, sizeof(app->prompt.text));
}

void tui_do_filter(struct tui_app *app)
{
    tui_prompt_open(app, TUI_PROMPT_FILTER);
}

void tui_do_command(struct tui_app *app)
{
    tui_prompt_open(app, TUI_PROMPT_COMMAND);
}
