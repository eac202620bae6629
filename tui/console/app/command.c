#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/parts.h"

struct verb {
    const char *word;
    enum tui_context target;
    const char *arguments;
};

static const struct verb verbs[TUI_VERB_COUNT] = {
#define TUI_VERB(name, word, target, arguments, help) \
    [TUI_VERB_##name] = {word, TUI_CONTEXT_##target, arguments},
#include "keys/verbs.def"
#undef TUI_VERB
};

/* Cuts the next word off *at; "" at the end. */
static void next_word(const char **at, char *ret_word, size_t size)
{
    size_t len;

    *at += strspn(*at, " ");
    len = strcspn(*at, " ");
    snprintf(ret_word, size, "%.*s", (int)(len < size ? len : size - 1), *at);
    *at += len;
    *at += strspn(*at, " ");
}

/* A decimal number of 1 to max; 0 for anything else. */
static uint64_t number(const char *word, uint64_t max)
{
    char *end;

    if (!isdigit((unsigned char)word[0]))
        return 0;
    errno = 0;
    unsigned long long value = strtoull(word, &end, 10);
    return errno == 0 && *end == 0 && value <= max ? value : 0;
}

static void run_verb(struct tui_app *app, enum tui_verb verb, const char *at)
{
    char word[TUI_NAME_SIZE];
    uint64_t deadline_ms = TUI_DEADLINE_MS_DEFAULT;

    next_word(&at, word, sizeof(word));
    if (word[0] == 0) {
        /* Without a name it means what is selected; the dialog says which that is. */
        snprintf(word, sizeof(word), "%s", tui_app_target(app, verbs[verb].target));
    }
    if (word[0] == 0) {
        tui_app_message(app, TUI_ROLE_WARN, "usage: %s %s", verbs[verb].word,
                        verbs[verb].arguments);
        return;
    }
    if (verbs[verb].target != TUI_CONTEXT_AGENT) {
        uint64_t id = number(word, TUI_INTEGER_MAX);
        if (id == 0)
            tui_app_message(app, TUI_ROLE_WARN, "%s takes a number, not '%s'", verbs[verb].word,
                            word);
        else
            tui_dialog_open(app, verb, "", id, 0, "");
        return;
    }
    if (verb == TUI_VERB_DRAIN && isdigit((unsigned char)at[0])) {
        char seconds[TUI_NAME_SIZE];
        next_word(&at, seconds, sizeof(seconds));
        deadline_ms = number(seconds, TUI_DEADLINE_MS_MAX / 1000) * 1000;
        if (deadline_ms == 0) {
            tui_app_message(app, TUI_ROLE_WARN, "a deadline is 1 to %d seconds, not '%s'",
                            TUI_DEADLINE_MS_MAX / 1000, seconds);
            return;
        }
    }
    if (app->model->fleet && !tui_fleet_agent(app->model->fleet, word)) {
        tui_app_message(app, TUI_ROLE_BAD, "no agent is named '%s'; Tab completes names", word);
        return;
    }
    tui_dialog_open(app, verb, word, 0, deadline_ms, at);
}

static enum tui_verb find_verb(const char **line)
{
    char word[TUI_NAME_SIZE];

    next_word(line, word, sizeof(word));
    for (size_t i = 0; i < TUI_VERB_COUNT; i++) {
        if (strcmp(word, verbs[i].word) == 0)
            return (enum tui_verb)i;
    }
    return TUI_VERB_COUNT;
}

bool tui_command_is_verb(const char *line)
{
    return find_verb(&line) != TUI_VERB_COUNT;
}

void tui_command_run(struct tui_app *app, const char *line)
{
    enum tui_verb verb = find_verb(&line);

    run_verb(app, verb, line);
}

bool tui_command_usage(const char *line, char *ret_text, size_t size)
{
    enum tui_verb verb = find_verb(&line);

    if (verb == TUI_VERB_COUNT)
        return false;
    snprintf(ret_text, size, "%s %s", verbs[verb].word, verbs[verb].arguments);
    return true;
}
