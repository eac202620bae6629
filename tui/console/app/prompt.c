#include <stdio.h>
#include <string.h>

#include "app/do.h"
#include "app/line.h"
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
    tui_line_type(app->prompt.text, sizeof(app->prompt.text), key);
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
    if (tui_line_erase(app->prompt.text))
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
