/*
 * Who listens in on a feed: told of each message as it came, unparsed, and of each action as it
 * went out. What a recording is made of.
 */
#ifndef TUI_CONSOLE_FEED_TAP_H
#define TUI_CONSOLE_FEED_TAP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed for the duration of the call. */
struct tui_message {
    const char *kind; /* tui_update_kind_name(), or "request" for an action's JSON */
    int64_t at_ms;    /* the monotonic clock */
    bool published;   /* as in struct tui_update, like the token */
    uint64_t token;
    const char *asked; /* what it answers, as it was sent; NULL: nothing */
    const char *text;
    size_t len;
};

typedef void tui_tap_fn(void *user, const struct tui_message *message);

struct tui_tap {
    pthread_mutex_t mutex;
    tui_tap_fn *on_message; /* NULL: nobody listens */
    void *user;
};

void tui_tap_init(struct tui_tap *tap);
void tui_tap_finish(struct tui_tap *tap);

/* Sets who listens (NULL: nobody). Once it returns, the listener before is not called any more. */
void tui_tap_set(struct tui_tap *tap, tui_tap_fn *on_message, void *user);

/* From any thread. The listener must not block, nor set the tap. */
void tui_tap_message(struct tui_tap *tap, const struct tui_message *message);

#endif
