/* The filter while it is typed. */
#include <stdio.h>
#include <string.h>

#include "app/do.h"
#include "app/line.h"
#include "app/overlay.h"

void tui_do_filter(struct tui_app *app)
{
    struct tui_prompt *prompt = &app->prompt;

    if (!tui_views[app->view].ops->count && app->view != TUI_VIEW_HELP)
        return;
    memset(prompt, 0, sizeof(*prompt));
    prompt->open = true;
    memcpy(prompt->before, app->lists[app->view].filter, sizeof(prompt->before));
    memcpy(prompt->text, prompt->before, sizeof(prompt->text));
    memcpy(prompt->selected, app->lists[app->view].selected, sizeof(prompt->selected));
}

bool tui_overlay_prompt_open(const struct tui_app *app)
{
    return app->prompt.open;
}

/* It acts while it is typed; one that isn't understood leaves the rows as they were. */
static void changed(struct tui_app *app)
{
    struct tui_prompt *prompt = &app->prompt;

    prompt->completion.count = 0;
    prompt->completion.stepping = false;
    memcpy(app->lists[app->view].selected, prompt->selected, sizeof(prompt->selected));
    if (tui_app_filter(app, prompt->text, &prompt->error))
        prompt->error.text[0] = 0;
}

void tui_overlay_prompt_type(struct tui_app *app, uint32_t key)
{
    tui_line_type(app->prompt.text, sizeof(app->prompt.text), key);
    changed(app);
}

void tui_do_prompt_accept(struct tui_app *app)
{
    app->prompt.open = app->prompt.error.text[0] != 0;
}

void tui_do_prompt_abort(struct tui_app *app)
{
    struct tui_filter_error error;

    memcpy(app->lists[app->view].selected, app->prompt.selected, sizeof(app->prompt.selected));
    tui_app_filter(app, app->prompt.before, &error);
    app->prompt.open = false;
}

void tui_do_prompt_erase(struct tui_app *app)
{
    /* Erasing past the start leaves, as in vi and less. */
    if (tui_line_erase(app->prompt.text))
        changed(app);
    else
        app->prompt.open = false;
}

void tui_do_prompt_erase_word(struct tui_app *app)
{
    tui_line_erase_word(app->prompt.text);
    changed(app);
}

void tui_do_prompt_clear(struct tui_app *app)
{
    app->prompt.text[0] = 0;
    changed(app);
}

static void complete(struct tui_app *app, int step)
{
    struct tui_prompt *prompt = &app->prompt;
    struct tui_completion completion;

    if (!tui_views[app->view].ops->fields)
        return;
    if (!prompt->completion.stepping)
        tui_complete_filter(app, app->view, prompt->text, 0, &prompt->completion);
    if (!tui_completion_take(&prompt->completion, prompt->text, sizeof(prompt->text), step))
        return;
    completion = prompt->completion;
    changed(app);
    if (completion.stepping)
        prompt->completion = completion;
}

void tui_do_prompt_complete(struct tui_app *app)
{
    complete(app, 1);
}

void tui_do_prompt_complete_back(struct tui_app *app)
{
    complete(app, -1);
}
