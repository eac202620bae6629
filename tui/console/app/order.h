/*
 * What is to be done: a verb, its targets and what it was told beside them. Made once, when the
 * dialog opens; everything that is sent is made of it.
 */
#ifndef TUI_CONSOLE_APP_ORDER_H
#define TUI_CONSOLE_APP_ORDER_H

#include "app/targets.h"
#include "keys/verbs.h"

struct tui_order {
    enum tui_verb verb;
    bool all; /* the line said --all: the targets are every agent that can be meant */
    struct tui_targets targets;
    struct tui_target_now seen[TUI_TARGETS_MAX];    /* how each was when it was agreed to */
    char values[TUI_ARGUMENT_COUNT][TUI_TEXT_SIZE]; /* as typed; "" is not told */
    char confirm[TUI_WORD_SIZE];                    /* the plan that was shown; "" none */
    bool force;                                     /* what it warned of is wanted */
};

/* What is asked of the coordinator: what it would do, how the target is, or to do it. */
enum tui_ask { TUI_ASK_PLAN, TUI_ASK_STATE, TUI_ASK_DO };

/* An order without targets, with the defaults of what the verb takes. */
void tui_order_init(struct tui_order *order, enum tui_verb verb);

/* How the targets are now becomes how they were seen. */
void tui_order_look(struct tui_order *order, const struct tui_model *model);

/* Whether the argument means something for these targets. */
bool tui_order_takes(const struct tui_order *order, enum tui_argument argument);

/*
 * Reads what follows a verb's word: `ember-01 --deadline 90s --reason 'new fan'`. The order was
 * initialized; targets that it has are replaced by those of the line, if that names any. On
 * failure false, and ret_why[TUI_TEXT_SIZE] says what is wrong.
 */
bool tui_order_read(struct tui_order *order, const char *line, char ret_why[TUI_TEXT_SIZE]);

/* Whether what was told is in its range and names somebody; if not, ret_why says what is wrong. */
bool tui_order_check_values(const struct tui_order *order, const struct tui_fleet *fleet,
                            char ret_why[TUI_TEXT_SIZE]);

/* Whether nothing is missing or out of its range; if not, ret_why[TUI_TEXT_SIZE] says what. */
bool tui_order_check(const struct tui_order *order, const struct tui_fleet *fleet,
                     char ret_why[TUI_TEXT_SIZE]);

/* "drain ember-03", "cancel 12 jobs", "pin digits:1 on ember-02", "strategy round-robin" */
void tui_order_describe(char *ret_text, size_t size, const struct tui_order *order);

/* How many requests carry it out: one for each target, or one. */
size_t tui_order_requests(const struct tui_order *order);

/*
 * One of them as the coordinator's JSON; `by` is who. `index` is of the target where each has its
 * own. NULL when memory ran out. The caller frees it.
 */
char *tui_order_text(const struct tui_order *order, enum tui_ask ask, size_t index, const char *by);

#endif
