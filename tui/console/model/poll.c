#include "model/poll.h"

#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "model/json.h"

enum members {
    MEMBERS_NOTHING,
    MEMBERS_JOB,
    MEMBERS_MODEL,
    MEMBERS_JOBS,
    MEMBERS_JOBS_OLDER,
    MEMBERS_AUDIT,
};

static const struct {
    const char *op;
    enum members members;
    int limit;
} polls[TUI_POLL_COUNT] = {
#define TUI_POLL(name, lower, op, type, members, limit, help) {op, MEMBERS_##members, limit},
#include "feed/polls.def"
#undef TUI_POLL
};

/* "jobs" of the poll "jobs.older" */
static void name_operation(enum tui_poll poll, char ret_op[TUI_WORD_SIZE])
{
    snprintf(ret_op, TUI_WORD_SIZE, "%.*s", (int)strcspn(polls[poll].op, "."), polls[poll].op);
}

static bool pages_back(enum tui_poll poll)
{
    return polls[poll].members == MEMBERS_JOBS_OLDER;
}

size_t tui_poll_limit(enum tui_poll poll)
{
    return (size_t)polls[poll].limit;
}

bool tui_poll_wanted(enum tui_poll poll, const struct tui_want *want)
{
    if (!want->polls[poll])
        return false;
    if (polls[poll].members == MEMBERS_JOB)
        return want->job != 0;
    if (pages_back(poll))
        return want->before != 0;
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
    case MEMBERS_JOBS_OLDER:
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
    char op[TUI_WORD_SIZE];

    name_operation(poll, op);
    bool ok = cJSON_AddNumberToObject(root, "v", 1) && cJSON_AddStringToObject(root, "op", op) &&
              add_members(root, polls[poll].members, want);
    if (pages_back(poll))
        ok = ok && cJSON_AddNumberToObject(root, "before", (double)want->before);
    if (polls[poll].limit > 0)
        ok = ok && cJSON_AddNumberToObject(root, "limit", polls[poll].limit);
    if (ok)
        text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    return text;
}

void tui_poll_read(const char *text, struct tui_want *ret_want)
{
    cJSON *root = cJSON_Parse(text);
    char op[TUI_WORD_SIZE];
    char name[TUI_WORD_SIZE];

    memset(ret_want, 0, sizeof(*ret_want));
    tui_json_text(root, "op", op, sizeof(op));
    ret_want->before = tui_json_integer(root, "before", TUI_INTEGER_MAX);
    for (enum tui_poll i = 0; i < TUI_POLL_COUNT; i++) {
        name_operation(i, name);
        ret_want->polls[i] = strcmp(name, op) == 0 && pages_back(i) == (ret_want->before != 0);
    }
    ret_want->job = tui_json_integer(root, "id", TUI_INTEGER_MAX);
    tui_json_text(root, "name", ret_want->model, sizeof(ret_want->model));
    ret_want->version = tui_json_integer(root, "version", TUI_INTEGER_MAX);
    tui_json_text(root, "state", ret_want->jobs.state, sizeof(ret_want->jobs.state));
    tui_json_text(root, "model", ret_want->jobs.model, sizeof(ret_want->jobs.model));
    tui_json_text(root, "agent", ret_want->jobs.agent, sizeof(ret_want->jobs.agent));
    tui_json_text(root, "tenant", ret_want->jobs.tenant, sizeof(ret_want->jobs.tenant));
    tui_json_text(root, "who", ret_want->audit.who, sizeof(ret_want->audit.who));
    tui_json_text(root, "what", ret_want->audit.what, sizeof(ret_want->audit.what));
    tui_json_text(root, "target", ret_want->audit.target, sizeof(ret_want->audit.target));
    cJSON_Delete(root);
}
