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
        if (!tui_views[app->view].ops->count && app->view != TUI_VIEW_HELP) {
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

/* A filter acts while it is typed; one that isn't understood leaves the rows as they were. */
static void changed(struct tui_app *app)
{
    struct tui_prompt *prompt = &app->prompt;

    if (prompt->kind == TUI_PROMPT_FILTER && tui_app_filter(app, prompt->text, &prompt->error))
        prompt->error.text[0] = 0;
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

    if (app->prompt.error.text[0] != 0)
        return;
    memcpy(line, app->prompt.text, sizeof(line));
    app->prompt.kind = TUI_PROMPT_NONE;
    if (kind == TUI_PROMPT_COMMAND)
        tui_command_run(app, line);
}

void tui_do_prompt_abort(struct tui_app *app)
{
    struct tui_filter_error error;

    if (app->prompt.kind == TUI_PROMPT_FILTER)
        tui_app_filter(app, app->prompt.before, &error);
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
