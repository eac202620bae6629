/* The fields of a dialog: typed into, or chosen from what there is. */
#include <stdio.h>
#include <string.h>

#include "app/do.h"
#include "app/line.h"
#include "app/overlay.h"
#include "app/parts.h"

/* The text that has the focus, and its room. */
static char *text_of(struct tui_dialog *dialog, size_t *ret_size)
{
    if (dialog->focus == TUI_FOCUS_TYPED) {
        *ret_size = sizeof(dialog->typed);
        return dialog->typed;
    }
    *ret_size = sizeof(dialog->order.values[0]);
    return dialog->order.values[dialog->focus];
}

/* A plan is not that of what the fields say any more; why it is done is no part of it. */
static void edited(struct tui_dialog *dialog)
{
    if (dialog->focus < TUI_FOCUS_TYPED && dialog->focus != TUI_ARGUMENT_REASON)
        dialog->edited = true;
    dialog->change++;
}

/* The i-th value that the argument can have; NULL beyond the last, or where any will do. */
static const char *choice(const struct tui_app *app, enum tui_argument argument, size_t i)
{
    static const char *const flags[] = {"no", "yes"};
    const struct tui_fleet *fleet = app->model->fleet;
    const struct tui_answer *answer = app->dialog.answer;

    switch (tui_argument_rows[argument].kind) {
    case TUI_KIND_FLAG:
        return i < 2 ? flags[i] : NULL;
    case TUI_KIND_AGENT:
        return fleet && i < fleet->agent_count ? fleet->agents[i].name : NULL;
    case TUI_KIND_STRATEGY:
        return answer && i < answer->fact_count ? answer->facts[i].label : NULL;
    default:
        return NULL;
    }
}

static void choose(struct tui_app *app, int step)
{
    struct tui_dialog *dialog = &app->dialog;
    size_t count = 0;
    size_t at = 0;
    bool found = false;

    if (dialog->focus >= TUI_FOCUS_TYPED)
        return;
    enum tui_argument argument = (enum tui_argument)dialog->focus;
    char *value = dialog->order.values[argument];
    for (const char *each; (each = choice(app, argument, count)); count++) {
        if (strcmp(each, value) == 0) {
            at = count;
            found = true;
        }
    }
    if (count == 0)
        return;
    if (found)
        at = (at + count + (size_t)(step + (int)count)) % count;
    else
        at = step > 0 ? 0 : count - 1;
    snprintf(value, TUI_TEXT_SIZE, "%s", choice(app, argument, at));
    edited(dialog);
}

bool tui_overlay_field_open(const struct tui_app *app)
{
    return app->dialog.open && app->dialog.focus <= TUI_FOCUS_TYPED;
}

void tui_overlay_field_type(struct tui_app *app, uint32_t key)
{
    size_t size;
    char *text = text_of(&app->dialog, &size);

    tui_line_type(text, size, key);
    edited(&app->dialog);
}

void tui_do_field_next(struct tui_app *app)
{
    tui_do_dialog_next(app);
}

void tui_do_field_previous(struct tui_app *app)
{
    tui_do_dialog_previous(app);
}

void tui_do_field_erase(struct tui_app *app)
{
    size_t size;

    if (tui_line_erase(text_of(&app->dialog, &size)))
        edited(&app->dialog);
}

void tui_do_field_clear(struct tui_app *app)
{
    size_t size;

    text_of(&app->dialog, &size)[0] = 0;
    edited(&app->dialog);
}

void tui_do_field_up(struct tui_app *app)
{
    choose(app, -1);
}

void tui_do_field_down(struct tui_app *app)
{
    choose(app, 1);
}

void tui_do_field_abort(struct tui_app *app)
{
    tui_do_dialog_abort(app);
}

void tui_do_field_help(struct tui_app *app)
{
    tui_do_dialog_help(app);
}
