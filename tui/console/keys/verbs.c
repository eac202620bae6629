#include "keys/verbs.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define A(name) (1u << TUI_ARGUMENT_##name)

const struct tui_argument_row tui_argument_rows[TUI_ARGUMENT_COUNT] = {
#define TUI_ARGUMENT(name, word, key, kind, where, min, max, fallback, help) \
    [TUI_ARGUMENT_##                                                         \
        name] = {word, key, TUI_KIND_##kind, TUI_WHERE_##where, min, max, fallback, help},
#include "keys/arguments.def"
#undef TUI_ARGUMENT
};

const struct tui_verb_row tui_verb_rows[TUI_VERB_COUNT] = {
#define TUI_VERB(name, lower, word, target, how, op, shows, confirms, flag, danger, arguments, \
                 required, help, effect)                                                       \
    [TUI_VERB_##name] = {word, TUI_TARGET_##target, TUI_HOW_##how, op,       shows, confirms,  \
                         flag, TUI_DANGER_##danger, arguments,     required, help,  effect},
#include "keys/verbs.def"
#undef TUI_VERB
};

enum tui_verb tui_verb_find(const char *line, const char **ret_rest)
{
    for (size_t i = 0; i < TUI_VERB_COUNT; i++) {
        size_t len = strlen(tui_verb_rows[i].word);
        if (strncmp(line, tui_verb_rows[i].word, len) != 0 || (line[len] != 0 && line[len] != ' '))
            continue;
        *ret_rest = line + len + strspn(line + len, " ");
        return (enum tui_verb)i;
    }
    return TUI_VERB_COUNT;
}

bool tui_verb_takes(enum tui_verb verb, enum tui_argument argument, size_t targets)
{
    const struct tui_verb_row *row = &tui_verb_rows[verb];

    if (!(row->arguments & (1u << argument)))
        return false;
    return tui_argument_rows[argument].where != TUI_WHERE_ROLL || row->how == TUI_HOW_ROLL ||
           targets > 1;
}

/* Appends a word, in capitals where it stands for what is typed. */
static void add(char *text, size_t size, const char *word, bool capitals)
{
    size_t used = strlen(text);

    for (; *word && used + 1 < size; word++)
        text[used++] = capitals ? (char)toupper((unsigned char)*word) : *word;
    text[used] = 0;
}

void tui_verb_usage(char *ret_text, size_t size, enum tui_verb verb)
{
    static const char *const kinds[] = {
        [TUI_KIND_TEXT] = " TEXT",     [TUI_KIND_NUMBER] = " N", [TUI_KIND_REAL] = " N",
        [TUI_KIND_SPAN] = " SPAN",     [TUI_KIND_FLAG] = "",     [TUI_KIND_AGENT] = " AGENT",
        [TUI_KIND_STRATEGY] = " NAME",
    };
    const struct tui_verb_row *row = &tui_verb_rows[verb];

    snprintf(ret_text, size, "%s", row->word);
    if (row->target != TUI_TARGET_NOTHING) {
        add(ret_text, size, " ", false);
        add(ret_text, size, tui_target_rows[row->target].one, true);
        add(ret_text, size, row->how == TUI_HOW_ONE ? "" : "...", false);
    }
    for (int i = 0; i < TUI_ARGUMENT_COUNT; i++) {
        const struct tui_argument_row *argument = &tui_argument_rows[i];
        bool required = row->required & (1u << i);
        bool word = argument->where == TUI_WHERE_WORD;
        if (!(row->arguments & (1u << i)))
            continue;
        add(ret_text, size, required ? " " : " [", false);
        add(ret_text, size, word ? "" : "--", false);
        add(ret_text, size, argument->word, word);
        add(ret_text, size, word ? "" : kinds[argument->kind], false);
        add(ret_text, size, required ? "" : "]", false);
    }
}
