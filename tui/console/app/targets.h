/*
 * What an action will be done to, as ids: names and numbers, never rows. They are frozen when the
 * dialog opens; whatever the lists do after that, nothing else is acted on.
 */
#ifndef TUI_CONSOLE_APP_TARGETS_H
#define TUI_CONSOLE_APP_TARGETS_H

#include "keys/target.h"
#include "model/model.h"

#define TUI_TARGETS_MAX 1024 /* of one action; the coordinator takes as many agents in a list */

struct tui_targets {
    enum tui_target kind;
    size_t count;
    /* An agent's, setting's or tenant's name, a job's or operation's number, a model's
     * NAME:VERSION. Each once. */
    char ids[TUI_TARGETS_MAX][TUI_NAME_SIZE];
};

/* How a target is, and which one it is: the same name may come to stand for another. */
struct tui_target_now {
    bool gone;                    /* it isn't there any more, or has ended */
    char state[TUI_WORD_SIZE];    /* "" where the console doesn't know it */
    char mark[2 * TUI_NAME_SIZE]; /* of the thing behind the name; "" unknown */
};

/* Adds one, unless it is there. False, with nothing changed: it is full. */
bool tui_targets_add(struct tui_targets *targets, const char *id);
bool tui_targets_has(const struct tui_targets *targets, const char *id);

/* "ember-03", "job 88121", "3 agents". */
void tui_targets_describe(char *ret_text, size_t size, const struct tui_targets *targets);

/* Whether the id stands for another than the one that was seen. */
bool tui_target_differs(const struct tui_target_now *seen, const struct tui_target_now *now);

/* What the model knows of the target now. */
void tui_target_look(const struct tui_model *model, enum tui_target kind, const char *id,
                     struct tui_target_now *ret_now);

#endif
