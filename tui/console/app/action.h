/* What was confirmed: sent target by target, answered target by target, and followed to its end. */
#ifndef TUI_CONSOLE_APP_ACTION_H
#define TUI_CONSOLE_APP_ACTION_H

#include "app/order.h"
#include "model/answer.h"
#include "theme/canvas.h"

enum tui_outcome { TUI_OUTCOME_WAITING, TUI_OUTCOME_DONE, TUI_OUTCOME_REFUSED, TUI_OUTCOME_UNSENT };

struct tui_action {
    struct tui_order order;
    size_t total, next; /* requests, and how many of them were sent */
    size_t done, refused;
    uint64_t token; /* of the answer that is awaited; 0: it is over */
    struct {
        enum tui_outcome outcome;
        char text[TUI_TEXT_SIZE]; /* why it was refused */
    } results[TUI_TARGETS_MAX];
    uint64_t operation; /* that it started, and that has not ended; 0 none */
    char operation_text[TUI_TEXT_SIZE];
};

struct tui_app;

/* Sends the order. False, with a message, if the one before is not answered yet. */
bool tui_action_start(struct tui_app *app, const struct tui_order *order);

/* True if the answer was to the action. */
bool tui_action_answer(struct tui_app *app, uint64_t token, const struct tui_answer *answer);

/* Looks at the operation that is followed: call it after each snapshot. */
void tui_action_watch(struct tui_app *app);

/* How far the operation is that was started here; false if there is none. */
bool tui_action_progress(const struct tui_app *app, char *ret_text, size_t size);

#endif
