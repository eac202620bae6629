/* What follows a verb on the command line, in the words of the CLI. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/order.h"

struct reader {
    struct tui_order *order;
    const char *at;
    bool named; /* the line names targets: they replace those that were selected */
    char *why;
};

enum word { WORD, END, BROKEN };

static bool complain(struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Always false: what the reader of the line gives up with. */
static bool complain(struct reader *reader, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(reader->why, TUI_TEXT_SIZE, format, args);
    va_end(args);
    return false;
}

/* The next word, without its quotes: 'new fan', "new fan", --reason='new fan'. */
static enum word next_word(struct reader *reader, char *ret_word, size_t size)
{
    const char *at = reader->at + strspn(reader->at, " ");
    size_t used = 0;
    char quote = 0;

    if (*at == 0)
        return END;
    for (; *at != 0 && (quote != 0 || *at != ' '); at++) {
        if (quote != 0 ? *at == quote : *at == '\'' || *at == '"')
            quote = quote != 0 ? 0 : *at;
        else if (used + 1 < size)
            ret_word[used++] = *at;
        else
            return complain(reader, "a word is too long: %.60s", reader->at), BROKEN;
    }
    if (quote != 0)
        return complain(reader, "a quote is not closed: %.60s", reader->at), BROKEN;
    ret_word[used] = 0;
    reader->at = at;
    return WORD;
}

/* A version of 0 would be the newest, so what is no version must not be read as one. */
static bool is_version(const char *text)
{
    return text[0] != 0 && text[strspn(text, "0123456789")] == 0 && strtoull(text, NULL, 10) != 0;
}

static bool name_target(struct reader *reader, const char *word)
{
    struct tui_targets *targets = &reader->order->targets;
    const char *kind = tui_target_word(targets->kind, 1);

    if (!reader->named)
        targets->count = 0;
    reader->named = true;
    if (targets->kind == TUI_TARGET_JOB || targets->kind == TUI_TARGET_OPERATION) {
        char *end;
        unsigned long long id = isdigit((unsigned char)word[0]) ? strtoull(word, &end, 10) : 0;
        if (id == 0 || *end != 0 || id > TUI_INTEGER_MAX) {
            return complain(reader, "%s takes the number of %s %s, not '%.40s'",
                            tui_verb_rows[reader->order->verb].word, kind[0] == 'o' ? "an" : "a",
                            kind, word);
        }
    }
    const char *colon = targets->kind == TUI_TARGET_MODEL ? strrchr(word, ':') : NULL;
    if (colon && !is_version(colon + 1))
        return complain(reader, "'%.80s': behind the colon stands a version, a number from 1",
                        word);
    if (strlen(word) >= TUI_NAME_SIZE)
        return complain(reader, "'%.40s...' is too long for a name", word);
    return tui_targets_add(targets, word) ||
           complain(reader, "too many at once: %s", tui_target_word(targets->kind, 2));
}

/* A word without an option before it: a target, or else the value that the verb takes so. */
static bool take_word(struct reader *reader, const char *word)
{
    struct tui_order *order = reader->order;
    const struct tui_verb_row *row = &tui_verb_rows[order->verb];

    if (row->target != TUI_TARGET_NOTHING && !(reader->named && row->how == TUI_HOW_ONE))
        return name_target(reader, word);
    for (int i = 0; i < TUI_ARGUMENT_COUNT; i++) {
        if (!(row->arguments & (1u << i)) || tui_argument_rows[i].where != TUI_WHERE_WORD ||
            order->values[i][0] != 0)
            continue;
        if (strlen(word) >= TUI_TEXT_SIZE)
            return complain(reader, "'%.40s...' is too long", word);
        snprintf(order->values[i], TUI_TEXT_SIZE, "%s", word);
        return true;
    }
    return complain(reader, "'%.80s' is one word too many", word);
}

/* --version is a part of what a model is called here. */
static bool take_version(struct reader *reader, const char *value)
{
    struct tui_targets *targets = &reader->order->targets;

    if (targets->count != 1 || strchr(targets->ids[0], ':') || !is_version(value) ||
        strlen(targets->ids[0]) + strlen(value) + 1 >= TUI_NAME_SIZE)
        return complain(reader, "--version %.20s needs one model before it, without its version",
                        value);
    size_t used = strlen(targets->ids[0]);
    snprintf(targets->ids[0] + used, TUI_NAME_SIZE - used, ":%s", value);
    return true;
}

/* The argument that an option names; TUI_ARGUMENT_COUNT for none of this verb's. */
static enum tui_argument find_argument(const struct tui_order *order, const char *name, size_t len)
{
    for (int i = 0; i < TUI_ARGUMENT_COUNT; i++) {
        const struct tui_argument_row *row = &tui_argument_rows[i];
        if ((tui_verb_rows[order->verb].arguments & (1u << i)) && row->where != TUI_WHERE_WORD &&
            strlen(row->word) == len && memcmp(row->word, name, len) == 0)
            return (enum tui_argument)i;
    }
    return TUI_ARGUMENT_COUNT;
}

static bool can_mean_all(const struct tui_order *order)
{
    enum tui_how how = tui_verb_rows[order->verb].how;

    return how == TUI_HOW_LIST || how == TUI_HOW_ROLL;
}

/* `option` is what follows "--". */
static bool take_option(struct reader *reader, char *option)
{
    char word[TUI_TEXT_SIZE];
    size_t len = strcspn(option, "=");
    const char *value = option[len] == '=' ? option + len + 1 : NULL;
    enum tui_argument argument = find_argument(reader->order, option, len);
    bool version = len == 7 && memcmp(option, "version", len) == 0 &&
                   reader->order->targets.kind == TUI_TARGET_MODEL;

    if (strcmp(option, "all") == 0 && can_mean_all(reader->order)) {
        reader->order->all = true;
        return true;
    }
    if (argument == TUI_ARGUMENT_COUNT && !version) {
        return complain(reader, "%s has no option --%.40s", tui_verb_rows[reader->order->verb].word,
                        option);
    }
    if (!version && tui_argument_rows[argument].kind == TUI_KIND_FLAG) {
        snprintf(reader->order->values[argument], TUI_TEXT_SIZE, "%s", value ? value : "yes");
        return true;
    }
    if (!value) {
        enum word got = next_word(reader, word, sizeof(word));
        if (got != WORD)
            return got == BROKEN ? false : complain(reader, "--%s needs a value", option);
        value = word;
    }
    if (version)
        return take_version(reader, value);
    snprintf(reader->order->values[argument], TUI_TEXT_SIZE, "%s", value);
    return true;
}

bool tui_order_read(struct tui_order *order, const char *line, char ret_why[TUI_TEXT_SIZE])
{
    struct reader reader = {.order = order, .at = line, .why = ret_why};
    char word[TUI_TEXT_SIZE];
    enum word got;

    while ((got = next_word(&reader, word, sizeof(word))) == WORD) {
        bool taken =
            strncmp(word, "--", 2) == 0 ? take_option(&reader, word + 2) : take_word(&reader, word);
        if (!taken)
            return false;
    }
    if (got == END && order->all && reader.named)
        return complain(&reader, "%s", "either names, or --all");
    return got == END;
}
