#include "views/state.h"

#include <string.h>

/* In the order of how much a state needs the operator. */
static const struct {
    const char *state;
    enum tui_role role;
} states[] = {
    {"lost", TUI_ROLE_BAD},        {"failed", TUI_ROLE_BAD},        {"invalid", TUI_ROLE_BAD},
    {"expired", TUI_ROLE_BAD},     {"suspect", TUI_ROLE_WARN},      {"draining", TUI_ROLE_WARN},
    {"drained", TUI_ROLE_WARN},    {"cordoned", TUI_ROLE_WARN},     {"tuning", TUI_ROLE_WARN},
    {"starting", TUI_ROLE_WARN},   {"connecting", TUI_ROLE_NORMAL}, {"running", TUI_ROLE_STRONG},
    {"fetching", TUI_ROLE_STRONG}, {"loading", TUI_ROLE_STRONG},    {"assigned", TUI_ROLE_NORMAL},
    {"queued", TUI_ROLE_NORMAL},   {"waiting", TUI_ROLE_NORMAL},    {"ready", TUI_ROLE_OK},
    {"resident", TUI_ROLE_OK},     {"done", TUI_ROLE_OK},           {"cancelled", TUI_ROLE_WARN},
    {"cold", TUI_ROLE_DIM},
};

#define STATES (sizeof(states) / sizeof(states[0]))

static size_t place(const char *state)
{
    size_t i = 0;

    while (i < STATES && strcmp(states[i].state, state) != 0)
        i++;
    return i;
}

enum tui_role tui_state_role(const char *state)
{
    size_t i = place(state);

    return i < STATES ? states[i].role : TUI_ROLE_NORMAL;
}

double tui_state_rank(const char *state)
{
    return (double)place(state);
}

enum tui_role tui_severity_role(const char *severity)
{
    static const enum tui_role roles[] = {TUI_ROLE_NORMAL, TUI_ROLE_WARN, TUI_ROLE_BAD};

    return roles[(int)tui_severity_rank(severity)];
}

double tui_severity_rank(const char *severity)
{
    if (strcmp(severity, "error") == 0 || strcmp(severity, "critical") == 0)
        return 2;
    return strcmp(severity, "warning") == 0 ? 1 : 0;
}

const char *tui_severity_mark(const char *severity)
{
    static const char *const marks[] = {"  ", "! ", "!!"};

    return marks[(int)tui_severity_rank(severity)];
}
