#include "model/update.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/parse.h"
#include "text/text.h"

static const char *const kind_names[] = {
    [TUI_UPDATE_FLEET] = "snapshot",  [TUI_UPDATE_DELTA] = "delta",
    [TUI_UPDATE_EVENTS] = "events",   [TUI_UPDATE_ANSWER] = "answer",
    [TUI_UPDATE_SILENCE] = "silence", [TUI_UPDATE_MALFORMED] = "malformed",
#define TUI_POLL(name, lower, op, type, members, limit, help) [TUI_UPDATE_##name] = op,
#include "feed/polls.def"
#undef TUI_POLL
};
#define KINDS (sizeof(kind_names) / sizeof(kind_names[0]))

const char *tui_update_kind_name(enum tui_update_kind kind)
{
    return (size_t)kind < KINDS ? kind_names[kind] : "?";
}

bool tui_update_kind_find(const char *name, enum tui_update_kind *ret_kind)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(kind_names[i], name) == 0) {
            *ret_kind = (enum tui_update_kind)i;
            return true;
        }
    }
    return false;
}

static enum tui_parse parse_body(const char *text, size_t len, struct tui_update *update)
{
    switch (update->kind) {
    case TUI_UPDATE_FLEET:
    case TUI_UPDATE_DELTA:
        return tui_parse_fleet(text, len, &update->fleet);
    case TUI_UPDATE_EVENTS:
        return tui_parse_events(text, len, &update->events);
    case TUI_UPDATE_ANSWER:
        return tui_parse_answer(text, len, &update->answer);
    case TUI_UPDATE_SILENCE:
    case TUI_UPDATE_MALFORMED:
        return TUI_PARSE_MALFORMED;
    default:
        return tui_parse_record((enum tui_poll)(update->kind - TUI_UPDATE_POLL), text, len,
                                &update->record, &update->refusal);
    }
}

struct tui_update *tui_update_parse(enum tui_update_kind kind, const char *text, size_t len,
                                    int64_t at_ms)
{
    struct tui_update *update = calloc(1, sizeof(*update));
    if (!update)
        return NULL;
    update->kind = kind;
    update->at_ms = at_ms;

    enum tui_parse status = parse_body(text, len, update);
    if (status == TUI_PARSE_NO_MEMORY) {
        tui_update_destroy(update);
        return NULL;
    }
    /* That a job is not there, or that an older coordinator doesn't know the question, is an answer
     * to a poll; the rest is never refused by a sound coordinator. */
    if (status == TUI_PARSE_OK || (status == TUI_PARSE_REFUSED && kind >= TUI_UPDATE_POLL))
        return update;
    update->kind = TUI_UPDATE_MALFORMED;
    snprintf(update->refusal.message, sizeof(update->refusal.message),
             "the coordinator's %s can't be read (%zu bytes)", tui_update_kind_name(kind), len);
    return update;
}

struct tui_update *tui_update_silence(const char *message, int64_t at_ms)
{
    struct tui_update *update = calloc(1, sizeof(*update));
    if (!update)
        return NULL;
    update->kind = TUI_UPDATE_SILENCE;
    update->at_ms = at_ms;
    tui_text_clean(update->refusal.message, sizeof(update->refusal.message), message);
    return update;
}

void tui_update_destroy(struct tui_update *update)
{
    if (!update)
        return;
    tui_fleet_destroy(update->fleet);
    free(update->events);
    free(update->answer);
    free(update->record);
    free(update);
}
