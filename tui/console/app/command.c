/* Verbs that are typed: the line behind ':' opens the dialog of one. */
#include <stdio.h>

#include "app/parts.h"

bool tui_command_is_verb(const char *line)
{
    const char *rest;

    return tui_verb_find(line, &rest) != TUI_VERB_COUNT;
}

void tui_command_run(struct tui_app *app, const char *line)
{
    const char *rest;
    enum tui_verb verb = tui_verb_find(line, &rest);

    if (verb != TUI_VERB_COUNT)
        tui_act(app, verb, rest);
}

bool tui_command_usage(const char *line, char *ret_text, size_t size)
{
    const char *rest;
    enum tui_verb verb = tui_verb_find(line, &rest);

    if (verb == TUI_VERB_COUNT)
        return false;
    tui_verb_usage(ret_text, size, verb);
    return true;
}
