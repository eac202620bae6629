/* What the screen asks of the feed. */
#ifndef TUI_CONSOLE_APP_REQUEST_H
#define TUI_CONSOLE_APP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/limits.h"

enum tui_verb {
#define TUI_VERB(name, word, target, arguments, help) TUI_VERB_##name,
#include "keys/verbs.def"
#undef TUI_VERB
    TUI_VERB_COUNT
};

/* One action. Plain values: copied between the threads. */
struct tui_request {
    enum tui_verb verb;
    bool plan;                   /* say what would happen, change nothing */
    bool force;                  /* what the plan warned of is wanted */
    char confirm[TUI_WORD_SIZE]; /* the plan that was shown; "" none */
    char agent[TUI_NAME_SIZE];
    uint64_t id; /* of the job or operation */
    uint64_t deadline_ms;
    char reason[TUI_TEXT_SIZE];
    char by[TUI_NAME_SIZE];
    uint64_t token; /* comes back with the answer */
};

#define TUI_DEADLINE_MS_DEFAULT 60000
#define TUI_DEADLINE_MS_MAX 86400000

/* The request as the coordinator's JSON; NULL when memory ran out. The caller frees it. */
char *tui_request_text(const struct tui_request *request);

/* "drain ember-03", "cancel job 88121" */
void tui_request_describe(char *ret_text, size_t size, const struct tui_request *request);

#endif
