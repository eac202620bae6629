#include "app/ex.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/do.h"
#include "app/parts.h"

const struct tui_ex tui_ex_commands[] = {
#define TUI_EX(name, arguments, completes, help) \
    {#name, arguments, help, TUI_COMPLETE_##completes, tui_ex_##name},
#include "app/ex.def"
#undef TUI_EX
    {NULL, NULL, NULL, TUI_COMPLETE_NOTHING, NULL},
};

const struct tui_shell_command tui_shell_commands[] = {
#define COMMAND(name, arguments, help) {#name, arguments, help},
#define COMMAND_AS(name, spelled, arguments, help) {spelled, arguments, help},
#include "cli/commands.def"
#undef COMMAND_AS
#undef COMMAND
    {NULL, NULL, NULL},
};

void tui_ex_word(const char **at, char *ret_word, size_t size)
{
    size_t len;

    *at += strspn(*at, " ");
    len = strcspn(*at, " ");
    snprintf(ret_word, size, "%.*s", (int)(len < size ? len : size - 1), *at);
    *at += len;
    *at += strspn(*at, " ");
}

/* A whole number of 1 or more; 0 for anything else. */
static uint64_t number(const char *word)
{
    char *end;

    if (!isdigit((unsigned char)word[0]))
        return 0;
    errno = 0;
    unsigned long long value = strtoull(word, &end, 10);
    return errno == 0 && *end == 0 && value <= TUI_INTEGER_MAX ? value : 0;
}

bool tui_ex_quit(struct tui_app *app, const char *arguments, char ret_why[TUI_TEXT_SIZE])
{
    (void)arguments, (void)ret_why;
    app->quit = true;
    return true;
}

bool tui_ex_sort(struct tui_app *app, const char *arguments, char ret_why[TUI_TEXT_SIZE])
{
    struct tui_filter_error error;
    bool reverse = arguments[0] == '-';
    char column[TUI_NAME_SIZE];

    arguments += reverse;
    tui_ex_word(&arguments, column, sizeof(column));
    if (!tui_views[app->view].ops->fields) {
        snprintf(ret_why, TUI_TEXT_SIZE, "this view has no list to sort");
        return false;
    }
    if (!tui_app_sort(app, column, &error)) {
        snprintf(ret_why, TUI_TEXT_SIZE, "%s", error.text);
        return false;
    }
    app->lists[app->view].reverse = reverse;
    return true;
}

bool tui_ex_filter(struct tui_app *app, const char *arguments, char ret_why[TUI_TEXT_SIZE])
{
    struct tui_filter_error error;

    if (!tui_views[app->view].ops->fields) {
        snprintf(ret_why, TUI_TEXT_SIZE, "this view has no list to filter");
        return false;
    }
    if (tui_app_filter(app, arguments, &error))
        return true;
    snprintf(ret_why, TUI_TEXT_SIZE, "%s", error.text);
    return false;
}

bool tui_ex_agent(struct tui_app *app, const char *arguments, char ret_why[TUI_TEXT_SIZE])
{
    char name[TUI_NAME_SIZE];

    tui_ex_word(&arguments, name, sizeof(name));
    if (!tui_fleet_agent(app->model->fleet, name)) {
        snprintf(ret_why, TUI_TEXT_SIZE, "no agent is named '%s'; Tab completes names", name);
        return false;
    }
    tui_app_open(app, TUI_CONTEXT_AGENT, name);
    return true;
}

bool tui_ex_job(struct tui_app *app, const char *arguments, char ret_why[TUI_TEXT_SIZE])
{
    char word[TUI_NAME_SIZE];

    tui_ex_word(&arguments, word, sizeof(word));
    if (number(word) == 0) {
        snprintf(ret_why, TUI_TEXT_SIZE, "a job is a number, not '%s'", word);
        return false;
    }
    tui_app_open(app, TUI_CONTEXT_JOB, word);
    return true;
}

bool tui_ex_why(struct tui_app *app, const char *arguments, char ret_why[TUI_TEXT_SIZE])
{
    return tui_ex_job(app, arguments, ret_why);
}

/* NAME:VERSION of what is served; with a NAME alone the newest of it. NULL: there is none. */
static const struct tui_served *find_model(const struct tui_fleet *fleet, const char *word)
{
    const struct tui_served *found = NULL;

    for (size_t i = 0; fleet && i < fleet->model_count; i++) {
        const struct tui_served *model = &fleet->models[i];
        if (strcmp(model->id, word) == 0)
            return model;
        if (strcmp(model->name, word) == 0 && (!found || model->version > found->version))
            found = model;
    }
    return found;
}

bool tui_ex_model(struct tui_app *app, const char *arguments, char ret_why[TUI_TEXT_SIZE])
{
    char word[TUI_NAME_SIZE];

    tui_ex_word(&arguments, word, sizeof(word));
    const struct tui_served *model = find_model(app->model->fleet, word);
    if (!model) {
        snprintf(ret_why, TUI_TEXT_SIZE, "no model is named '%s'; Tab completes names", word);
        return false;
    }
    tui_app_open(app, TUI_CONTEXT_MODEL, model->id);
    return true;
}

bool tui_ex_operation(struct tui_app *app, const char *arguments, char ret_why[TUI_TEXT_SIZE])
{
    char word[TUI_NAME_SIZE];

    tui_ex_word(&arguments, word, sizeof(word));
    if (!tui_fleet_operation(app->model->fleet, number(word))) {
        snprintf(ret_why, TUI_TEXT_SIZE, "no operation has the number '%s'", word);
        return false;
    }
    tui_app_select(app, TUI_VIEW_OPERATIONS, word);
    return true;
}

bool tui_ex_status(struct tui_app *app, const char *arguments, char ret_why[TUI_TEXT_SIZE])
{
    (void)arguments, (void)ret_why;
    tui_app_show(app, TUI_VIEW_OVERVIEW);
    return true;
}

bool tui_ex_submit(struct tui_app *app, const char *arguments, char ret_why[TUI_TEXT_SIZE])
{
    (void)arguments, (void)ret_why;
    tui_do_form_open(app);
    return true;
}

bool tui_ex_bookmarks(struct tui_app *app, const char *arguments, char ret_why[TUI_TEXT_SIZE])
{
    (void)arguments, (void)ret_why;
    tui_do_bookmark_go(app);
    return true;
}

static const struct tui_ex *find_ex(const char *word)
{
    for (const struct tui_ex *line = tui_ex_commands; line->name; line++) {
        if (strcmp(line->name, word) == 0)
            return line;
    }
    return NULL;
}

static const struct tui_shell_command *find_shell(const char *word)
{
    for (const struct tui_shell_command *command = tui_shell_commands; command->name; command++) {
        if (strcmp(command->name, word) == 0)
            return command;
    }
    return NULL;
}

/* The view of that name; TUI_VIEW_COUNT if there is none that can be gone to by its name. */
static enum tui_view_id find_view(const char *word)
{
    for (size_t i = 0; i < TUI_VIEW_COUNT; i++) {
        if (strcmp(tui_views[i].name, word) == 0 && i != TUI_VIEW_DETAIL)
            return (enum tui_view_id)i;
    }
    return TUI_VIEW_COUNT;
}

bool tui_ex_known(const struct tui_app *app, const char *line)
{
    char word[TUI_NAME_SIZE];

    if (tui_command_is_verb(line))
        return true;
    tui_ex_word(&line, word, sizeof(word));
    return find_ex(word) || find_view(word) != TUI_VIEW_COUNT || find_shell(word) ||
           tui_fleet_agent(app->model->fleet, word) || find_model(app->model->fleet, word) ||
           number(word) != 0;
}

bool tui_ex_usage(const char *line, char *ret_text, size_t size)
{
    char word[TUI_NAME_SIZE];
    const char *rest = line;

    if (tui_command_usage(line, ret_text, size))
        return true;
    tui_ex_word(&rest, word, sizeof(word));
    const struct tui_ex *row = find_ex(word);
    enum tui_view_id view = find_view(word);
    if (row)
        snprintf(ret_text, size, "%s %s: %s", row->name, row->arguments, row->help);
    else if (view != TUI_VIEW_COUNT)
        snprintf(ret_text, size, "%s%s: %s", word, tui_views[view].ops->fields ? " [FILTER]" : "",
                 tui_views[view].help);
    else
        return false;
    return true;
}

/* Goes to a view, to the rows that pass the filter behind its name. */
static bool show(struct tui_app *app, enum tui_view_id view, const char *filter,
                 char ret_why[TUI_TEXT_SIZE])
{
    struct tui_filter_error error;
    struct tui_filter *compiled = NULL;
    struct tui_place place = {.view = view, .sort = app->lists[view].sort};

    if (filter[0] == 0) {
        tui_app_show(app, view);
        return true;
    }
    if (tui_views[view].ops->fields &&
        !tui_filter_compile(filter, tui_views[view].ops->fields, &compiled, &error)) {
        snprintf(ret_why, TUI_TEXT_SIZE, "%s", error.text);
        return false;
    }
    tui_filter_destroy(compiled);
    place.reverse = app->lists[view].reverse;
    snprintf(place.filter, sizeof(place.filter), "%s", filter);
    memcpy(place.selected, app->lists[view].selected, sizeof(place.selected));
    tui_nav_go(app, &place);
    return true;
}

bool tui_ex_run(struct tui_app *app, const char *line, char ret_why[TUI_TEXT_SIZE])
{
    char word[TUI_NAME_SIZE];
    const char *rest = line;

    if (tui_command_is_verb(line)) {
        tui_command_run(app, line);
        return true;
    }
    tui_ex_word(&rest, word, sizeof(word));
    const struct tui_ex *row = find_ex(word);
    if (row && row->completes != TUI_COMPLETE_NOTHING && rest[0] == 0) {
        snprintf(ret_why, TUI_TEXT_SIZE, "usage: %s %s", row->name, row->arguments);
        return false;
    }
    if (row)
        return row->run(app, rest, ret_why);
    enum tui_view_id view = find_view(word);
    if (view != TUI_VIEW_COUNT)
        return show(app, view, rest, ret_why);
    if (tui_fleet_agent(app->model->fleet, word))
        return tui_ex_agent(app, word, ret_why);
    if (number(word) != 0)
        return tui_ex_job(app, word, ret_why);
    if (find_model(app->model->fleet, word))
        return tui_ex_model(app, word, ret_why);
    const struct tui_shell_command *shell = find_shell(word);
    if (shell)
        snprintf(ret_why, TUI_TEXT_SIZE, "that is done in a shell: stoker %s%s%s", shell->name,
                 shell->arguments[0] ? " " : "", shell->arguments);
    else
        snprintf(ret_why, TUI_TEXT_SIZE,
                 "no command, view, agent, model or job is named '%s'; ? lists commands", word);
    return false;
}
