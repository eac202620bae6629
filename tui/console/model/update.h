/* What the feed hands to the screen's thread: one parsed message, or news about the connection. */
#ifndef TUI_CONSOLE_MODEL_UPDATE_H
#define TUI_CONSOLE_MODEL_UPDATE_H

#include "model/answer.h"
#include "model/fleet.h"
#include "model/want.h"

enum tui_update_kind {
    TUI_UPDATE_FLEET,     /* a snapshot */
    TUI_UPDATE_DELTA,     /* a snapshot of which only some agents came */
    TUI_UPDATE_EVENTS,    /* a reply to `events` */
    TUI_UPDATE_ANSWER,    /* a reply to an action, with the action's token */
    TUI_UPDATE_SILENCE,   /* a request got no answer: `refusal` says why */
    TUI_UPDATE_MALFORMED, /* a message that could not be read; `refusal.message` says which */
    TUI_UPDATE_POLL,      /* from here on: a reply to a poll, or its refusal */
#define TUI_POLL(name, lower, op, type, members, limit, help) \
    TUI_UPDATE_##name = TUI_UPDATE_POLL + TUI_POLL_##name,
#include "feed/polls.def"
#undef TUI_POLL
};

struct tui_update {
    struct tui_update *next; /* of whoever queues it */
    enum tui_update_kind kind;
    int64_t at_ms;  /* the monotonic clock when the message arrived */
    bool published; /* a snapshot from the event socket: its seq counts without gaps */
    uint64_t token;
    struct tui_want asked; /* of a poll: what was asked for */
    struct tui_refusal refusal;
    /* By kind; at most one is set, and the update owns it. */
    struct tui_fleet *fleet;
    struct tui_event_page *events;
    struct tui_answer *answer;
    void *record; /* of a poll: the struct of its row in feed/polls.def; NULL: it was refused */
};

/*
 * Parses a message that should be of `kind` (not SILENCE, not MALFORMED). What can't be read
 * becomes TUI_UPDATE_MALFORMED, and a refused snapshot or event page does. Returns NULL only when
 * memory ran out. Destroy it with tui_update_destroy.
 */
struct tui_update *tui_update_parse(enum tui_update_kind kind, const char *text, size_t len,
                                    int64_t at_ms);

/* News that no answer came. `message` is copied. NULL only when memory ran out. */
struct tui_update *tui_update_silence(const char *message, int64_t at_ms);

/* "snapshot", "events": what recordings call a kind, so a name never changes its meaning. */
const char *tui_update_kind_name(enum tui_update_kind kind);

/* False for a name that is none of them. */
bool tui_update_kind_find(const char *name, enum tui_update_kind *ret_kind);

void tui_update_destroy(struct tui_update *update);

#endif
