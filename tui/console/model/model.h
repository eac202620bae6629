/*
 * What the console knows, folded from updates. Pure state: no curses, socket, clock or thread. One
 * thread owns it; views get it as const.
 */
#ifndef TUI_CONSOLE_MODEL_MODEL_H
#define TUI_CONSOLE_MODEL_MODEL_H

#include "model/alert.h"
#include "model/history.h"
#include "model/record.h"
#include "model/update.h"

/* Data older than this is called old on the screen, and its graphs begin to show a gap. */
#define TUI_STALE_MS 1000

/* The newest reply to a poll; all zero until there is one. */
struct tui_polled {
    void *record;          /* the struct of its row in feed/polls.def; NULL: it was refused */
    struct tui_want asked; /* what it answers: about another job or model it says nothing */
    struct tui_refusal refusal;
    int64_t at_ms;
};

/* What becomes of the jobs that are known when newer ones come. */
enum tui_keep {
    TUI_KEEP_NEWEST_PAGE, /* only the newest page is kept */
    TUI_KEEP_NEWEST,      /* all, as far as there is room; the oldest make room */
    TUI_KEEP_OLDEST,      /* all; without room the newer ones wait, because the old ones are read */
};

struct tui_model {
    struct tui_fleet *fleet; /* NULL until the first snapshot */
    int64_t fleet_at_ms;
    bool fleet_published;
    struct tui_history history;
    struct tui_alerts alerts;

    struct tui_event events[TUI_EVENTS_MAX]; /* a ring; see tui_model_event */
    uint64_t events_pushed;

    struct tui_polled polled[TUI_POLL_COUNT];
    enum tui_keep jobs_keep; /* set by the application before it applies an update */

    uint64_t snapshots, snapshots_lost, malformed, restarts;
    uint64_t lost_last; /* of them, just before the newest snapshot that had a gap */
    int64_t lost_at_ms, malformed_at_ms; /* 0: never */
    char malformed_text[TUI_TEXT_SIZE];

    int64_t heard_ms;  /* the last message of any kind; 0: none yet */
    int64_t silent_ms; /* the first failure since then; 0: none */
    char silence[TUI_TEXT_SIZE];
};

/* NULL when memory ran out. */
struct tui_model *tui_model_create(void);
void tui_model_destroy(struct tui_model *model);

/*
 * Folds one update in, and destroys it. TUI_UPDATE_ANSWER only tells the model that the
 * coordinator is there: take the answer out before.
 */
void tui_model_apply(struct tui_model *model, struct tui_update *update);

/* tui_model_jobs() and its like, one a row of feed/polls.def: the newest record, or NULL. */
#define TUI_POLL(name, lower, op, type, members, limit, help)                         \
    static inline const struct type *tui_model_##lower(const struct tui_model *model) \
    {                                                                                 \
        return (const struct type *)model->polled[TUI_POLL_##name].record;            \
    }
#include "feed/polls.def"
#undef TUI_POLL

/* Events kept, and the i-th of them, 0 the newest. */
size_t tui_model_event_count(const struct tui_model *model);
const struct tui_event *tui_model_event(const struct tui_model *model, size_t i);

/* How old the snapshot is, or -1 while there is none. */
int64_t tui_model_age_ms(const struct tui_model *model, int64_t now_ms);

/* The coordinator's clock now, by the snapshot and its age; 0 while there is none. Times of jobs
 * and operations are of that clock, not of this machine's. */
uint64_t tui_model_clock_ms(const struct tui_model *model, int64_t now_ms);

/* For how long nothing has answered, or 0 while the coordinator answers. */
int64_t tui_model_silent_ms(const struct tui_model *model, int64_t now_ms);

#endif
