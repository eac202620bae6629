#include "model/parse_walk.h"

#include <stdlib.h>
#include <string.h>

#include "model/parse_part.h"

#define AGENTS_MIN 16

struct walk {
    const char *at, *end;
};

/* The next character that is no white space, or 0 at the end. */
static char peek(struct walk *walk)
{
    while (walk->at < walk->end && memchr(" \t\r\n", *walk->at, 4))
        walk->at++;
    return walk->at < walk->end ? *walk->at : 0;
}

static bool take(struct walk *walk, char wanted)
{
    if (peek(walk) != wanted)
        return false;
    walk->at++;
    return true;
}

/* The next value, or NULL. */
static cJSON *value(struct walk *walk)
{
    const char *end = NULL;
    cJSON *item;

    if (peek(walk) == 0)
        return NULL;
    item = cJSON_ParseWithLengthOpts(walk->at, (size_t)(walk->end - walk->at), &end, false);
    if (item)
        walk->at = end;
    return item;
}

static bool reserve_agent(struct tui_fleet *fleet, size_t *capacity)
{
    if (fleet->agent_count < *capacity)
        return true;
    size_t grown = *capacity == 0 ? AGENTS_MIN : 2 * *capacity;
    struct tui_agent *agents = realloc(fleet->agents, grown * sizeof(*agents));
    if (!agents)
        return false;
    fleet->agents = agents;
    *capacity = grown;
    return true;
}

static enum tui_parse take_agent(const cJSON *item, struct tui_fleet *fleet, size_t *capacity)
{
    if (fleet->agent_count == TUI_AGENTS_MAX)
        return TUI_PARSE_OK;
    if (!reserve_agent(fleet, capacity))
        return TUI_PARSE_NO_MEMORY;
    struct tui_agent *agent = &fleet->agents[fleet->agent_count];
    memset(agent, 0, sizeof(*agent));
    if (!tui_parse_agent(item, agent))
        return TUI_PARSE_NO_MEMORY;
    /* The name is the identity of everything that the operator does to an agent. */
    if (agent->name[0] != 0)
        fleet->agent_count++;
    return TUI_PARSE_OK;
}

/* Gives back what grew for nothing. The agents lie still from here on. */
static void fit_agents(struct tui_fleet *fleet)
{
    struct tui_agent *fitted =
        realloc(fleet->agents, (fleet->agent_count + 1) * sizeof(*fleet->agents));

    if (fitted)
        fleet->agents = fitted;
    for (size_t i = 0; i < fleet->agent_count; i++)
        tui_agent_settle(&fleet->agents[i]);
}

static enum tui_parse walk_agents(struct walk *walk, struct tui_fleet *fleet)
{
    size_t capacity = 0;
    enum tui_parse status = TUI_PARSE_OK;

    if (fleet->agents || !take(walk, '['))
        return TUI_PARSE_MALFORMED;
    if (!reserve_agent(fleet, &capacity))
        return TUI_PARSE_NO_MEMORY;
    bool more = !take(walk, ']');
    while (more && status == TUI_PARSE_OK) {
        cJSON *item = value(walk);
        if (!item)
            return TUI_PARSE_MALFORMED;
        status = take_agent(item, fleet, &capacity);
        cJSON_Delete(item);
        more = take(walk, ',');
        if (!more && !take(walk, ']'))
            return TUI_PARSE_MALFORMED;
    }
    fit_agents(fleet);
    return status;
}

/* One member, behind its key. */
static enum tui_parse walk_member(struct walk *walk, const char *key, cJSON *root,
                                  struct tui_fleet *fleet)
{
    if (!take(walk, ':'))
        return TUI_PARSE_MALFORMED;
    if (strcmp(key, "agents") == 0)
        return walk_agents(walk, fleet);
    cJSON *item = value(walk);
    if (!item)
        return TUI_PARSE_MALFORMED;
    if (cJSON_AddItemToObject(root, key, item))
        return TUI_PARSE_OK;
    cJSON_Delete(item);
    return TUI_PARSE_NO_MEMORY;
}

enum tui_parse tui_parse_walk(const char *text, size_t len, cJSON **ret_root,
                              struct tui_fleet *fleet)
{
    struct walk walk = {text, text + len};
    enum tui_parse status = TUI_PARSE_OK;

    *ret_root = cJSON_CreateObject();
    if (!*ret_root)
        return TUI_PARSE_NO_MEMORY;
    if (len > TUI_MESSAGE_BYTES_MAX || !take(&walk, '{'))
        return TUI_PARSE_MALFORMED;
    bool more = !take(&walk, '}');
    while (more && status == TUI_PARSE_OK) {
        cJSON *key = peek(&walk) == '"' ? value(&walk) : NULL;
        if (!key)
            return TUI_PARSE_MALFORMED;
        status = walk_member(&walk, key->valuestring, *ret_root, fleet);
        cJSON_Delete(key);
        more = status == TUI_PARSE_OK && take(&walk, ',');
        if (!more && status == TUI_PARSE_OK && !take(&walk, '}'))
            return TUI_PARSE_MALFORMED;
    }
    if (status == TUI_PARSE_OK && cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(*ret_root, "ok")))
        return TUI_PARSE_REFUSED;
    return status;
}
