/* Where the console's updates come from: a coordinator's feed, or a recording. */
#ifndef TUI_CONSOLE_FEED_SOURCE_H
#define TUI_CONSOLE_FEED_SOURCE_H

#include "app/app.h"
#include "feed/feed.h"

/* None of them blocks. */
struct tui_source_ops {
    /* Readable while updates wait; -1: there is none, wait_ms alone counts. */
    int (*fd)(void *self);
    /* In how many milliseconds there may be something to take; -1: only when fd is readable. */
    int (*wait_ms)(void *self);
    /* The clocks of the updates: what is old, and what time it is there. */
    void (*clock)(void *self, int64_t *ret_now_ms, uint64_t *ret_wall_ms);
    /* What the operator wants of the source itself, and where it stands; may be NULL. Returns true
     * if the screen should follow soon. */
    bool (*control)(void *self, struct tui_app *app);
    /* The oldest update, which the caller owns, or NULL. */
    struct tui_update *(*take)(void *self);
    void (*request)(void *self, const struct tui_request *request);
    void (*want)(void *self, const struct tui_want *want);
    void (*destroy)(void *self); /* NULL is allowed */
};

struct tui_source {
    const struct tui_source_ops *ops;
    void *self;
};

/* The feed, which belongs to the source from then on. */
struct tui_source tui_source_feed(struct tui_feed *feed);

#endif
