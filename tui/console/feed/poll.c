#include "feed/poll.h"

#include <cjson/cJSON.h>

enum members { MEMBERS_NOTHING, MEMBERS_JOB, MEMBERS_MODEL, MEMBERS_JOBS, MEMBERS_AUDIT };

static const struct {
    const char *op;
    enum members members;
    int limit;
} polls[TUI_POLL_COUNT] = {
#define TUI_POLL(name, lower, op, type, members, limit, help) {op, MEMBERS_##members, limit},
#include "feed/polls.def"
#undef TUI_POLL
};

bool tui_poll_wanted(enum tui_poll poll, const struct tui_want *want)
{
    if (!want->polls[poll])
        return false;
    if (polls[poll].members == MEMBERS_JOB)
        return want->job != 0;
    return polls[poll].members != MEMBERS_MODEL || want->model[0] != 0;
}

static bool add_filter(cJSON *root, const char *name, const char *value)
{
    return value[0] == 0 || cJSON_AddStringToObject(root, name, value);
}

static bool add_members(cJSON *root, enum members members, const struct tui_want *want)
{
    switch (members) {
    case MEMBERS_JOB:
        return cJSON_AddNumberToObject(root, "id", (double)want->job);
    case MEMBERS_MODEL:
        return cJSON_AddStringToObject(root, "name", want->model) &&
               cJSON_AddNumberToObject(root, "version", (double)want->version);
    case MEMBERS_JOBS:
        return add_filter(root, "state", want->jobs.state) &&
               add_filter(root, "model", want->jobs.model) &&
               add_filter(root, "agent", want->jobs.agent) &&
               add_filter(root, "tenant", want->jobs.tenant);
    case MEMBERS_AUDIT:
        return add_filter(root, "who", want->audit.who) &&
               add_filter(root, "what", want->audit.what) &&
               add_filter(root, "target", want->audit.target);
    case MEMBERS_NOTHING:
        break;
    }
    return true;
}

char *tui_poll_text(enum tui_poll poll, const struct tui_want *want)
{
    cJSON *root = cJSON_CreateObject();
    char *text = NULL;
    bool ok = cJSON_AddNumberToObject(root, "v", 1) &&
              cJSON_AddStringToObject(root, "op", polls[poll].op) &&
              add_members(root, polls[poll].members, want);

    if (polls[poll].limit > 0)
        ok = ok && cJSON_AddNumberToObject(root, "limit", polls[poll].limit);
    if (ok)
        text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    return text;
}
