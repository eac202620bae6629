/*
 * The question before an action: what would happen to whom, what can be told beside it, and the
 * buttons, of which Cancel has the focus at first. What is confirmed is what was on the screen.
 */
#ifndef TUI_CONSOLE_APP_DIALOG_H
#define TUI_CONSOLE_APP_DIALOG_H

#include "app/order.h"
#include "model/answer.h"

/* A dialog that has just come up, or changed, can't be confirmed by a key that was pressed for
 * something else. */
#define TUI_DIALOG_SETTLE_MS 300

#define TUI_TYPED_SIZE (TUI_NAME_SIZE + 16)

enum tui_told { TUI_TOLD_NOTHING, TUI_TOLD_WAITING, TUI_TOLD_ANSWER, TUI_TOLD_REFUSAL };

/* Below TUI_FOCUS_TYPED it is the field of an argument. */
enum tui_focus {
    TUI_FOCUS_TYPED = TUI_ARGUMENT_COUNT,
    TUI_FOCUS_CANCEL,
    TUI_FOCUS_CONFIRM,
    TUI_FOCUS_COUNT
};

struct tui_dialog {
    bool open;
    bool help;   /* what the verb does, instead of what it would do */
    bool report; /* it was confirmed, and what came of each target is shown */
    struct tui_order order;
    uint64_t epoch, uptime_ms; /* of the coordinator that was asked */
    enum tui_told told;        /* what is known of the plan, or of the target */
    uint64_t token;            /* of the question */
    struct tui_answer *answer; /* to it; owned, NULL while there is none */
    bool edited;               /* the plan is not that of what the fields say */
    int focus;                 /* enum tui_focus, or enum tui_argument */
    char typed[TUI_TYPED_SIZE];
    size_t top;                 /* the first line of the text that is visible */
    bool seen;                  /* a frame had it since it opened */
    unsigned int change, drawn; /* counts what matters; as of the last frame */
    int64_t drawn_ms;           /* since when that is on the screen */
};

struct tui_app;
struct tui_update;

/* Opens it for the verb: on what is selected or marked, or on what the line behind the verb's word
 * says (NULL: a key was pressed). */
void tui_act(struct tui_app *app, enum tui_verb verb, const char *line);

/* True if the answer was to the dialog's question; it is taken over then. */
bool tui_dialog_answer(struct tui_app *app, struct tui_update *update);

/* A frame with the dialog, as it is now, goes to the terminal; `last` lines of its text can be
 * scrolled away at most. */
void tui_dialog_drawn(struct tui_app *app, size_t last);

/* Whether the focus can be there now. */
bool tui_dialog_has(const struct tui_app *app, int focus);

/* What has to be typed before it can be confirmed; "" nothing. */
void tui_dialog_word(const struct tui_app *app, char ret_word[TUI_TYPED_SIZE]);

void tui_dialog_finish(struct tui_dialog *dialog);

#endif
