#include "app/order.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "text/duration.h"

static const struct tui_verb_row *row_of(const struct tui_order *order)
{
    return &tui_verb_rows[order->verb];
}

void tui_order_init(struct tui_order *order, enum tui_verb verb)
{
    order->verb = verb;
    order->targets.kind = tui_verb_rows[verb].target;
    order->targets.count = 0;
    order->all = order->force = false;
    order->confirm[0] = 0;
    for (int i = 0; i < TUI_ARGUMENT_COUNT; i++) {
        bool takes = tui_verb_rows[verb].arguments & (1u << i);
        snprintf(order->values[i], TUI_TEXT_SIZE, "%s", takes ? tui_argument_rows[i].fallback : "");
    }
}

void tui_order_look(struct tui_order *order, const struct tui_model *model)
{
    for (size_t i = 0; i < order->targets.count; i++)
        tui_target_look(model, order->targets.kind, order->targets.ids[i], &order->seen[i]);
}

bool tui_order_takes(const struct tui_order *order, enum tui_argument argument)
{
    return tui_verb_takes(order->verb, argument, order->targets.count);
}

/* A number of the argument's kind; false when it is none. */
static bool read_number(enum tui_argument argument, const char *text, double *ret_number)
{
    int64_t ms;
    char *end;

    if (tui_argument_rows[argument].kind == TUI_KIND_SPAN) {
        if (!tui_duration_parse(text, &ms))
            return false;
        *ret_number = (double)ms;
        return true;
    }
    if (text[strspn(text, "0123456789.")] != 0)
        return false; /* strtod also takes hexadecimals, infinities and blanks */
    errno = 0;
    *ret_number = strtod(text, &end);
    if (end == text || *end != 0 || errno != 0)
        return false;
    return tui_argument_rows[argument].kind == TUI_KIND_REAL || !strchr(text, '.');
}

static bool check_value(enum tui_argument argument, const char *text, const struct tui_fleet *fleet,
                        char ret_why[TUI_TEXT_SIZE])
{
    const struct tui_argument_row *row = &tui_argument_rows[argument];
    double number;

    switch (row->kind) {
    case TUI_KIND_TEXT:
    case TUI_KIND_STRATEGY:
        return true;
    case TUI_KIND_FLAG:
        if (strcmp(text, "yes") == 0 || strcmp(text, "no") == 0)
            return true;
        snprintf(ret_why, TUI_TEXT_SIZE, "%s is yes or no, not '%.40s'", row->word, text);
        return false;
    case TUI_KIND_AGENT:
        if (!fleet || tui_fleet_agent(fleet, text))
            return true;
        snprintf(ret_why, TUI_TEXT_SIZE, "no agent is named '%.80s'", text);
        return false;
    case TUI_KIND_SPAN:
        if (read_number(argument, text, &number) && number >= row->min && number <= row->max)
            return true;
        snprintf(ret_why, TUI_TEXT_SIZE, "%s is a span such as 500ms, 90s, 10m or 1h, not '%.40s'",
                 row->word, text);
        return false;
    case TUI_KIND_NUMBER:
    case TUI_KIND_REAL:
        if (read_number(argument, text, &number) && number >= row->min && number <= row->max)
            return true;
        snprintf(ret_why, TUI_TEXT_SIZE, "%s is a number from %.0f to %.0f, not '%.40s'", row->word,
                 row->min, row->max, text);
        return false;
    }
    return true;
}

static bool is_yes(const struct tui_order *order, enum tui_argument argument)
{
    return tui_order_takes(order, argument) && strcmp(order->values[argument], "yes") == 0;
}

/* What no table says: of some arguments one has to be given, and only one. */
static bool check_choice(const struct tui_order *order, char ret_why[TUI_TEXT_SIZE])
{
    const char(*values)[TUI_TEXT_SIZE] = order->values;
    bool value = values[TUI_ARGUMENT_VALUE][0] != 0;

    if (order->verb == TUI_VERB_SETTINGS && value == is_yes(order, TUI_ARGUMENT_UNSET)) {
        snprintf(ret_why, TUI_TEXT_SIZE, "give either a value, or unset");
        return false;
    }
    if (order->verb == TUI_VERB_TENANT_SET && values[TUI_ARGUMENT_WEIGHT][0] == 0 &&
        values[TUI_ARGUMENT_RATE][0] == 0 && values[TUI_ARGUMENT_BURST][0] == 0) {
        snprintf(ret_why, TUI_TEXT_SIZE, "give a weight, a rate or a burst");
        return false;
    }
    return true;
}

bool tui_order_check_values(const struct tui_order *order, const struct tui_fleet *fleet,
                            char ret_why[TUI_TEXT_SIZE])
{
    for (int i = 0; i < TUI_ARGUMENT_COUNT; i++) {
        if (tui_order_takes(order, (enum tui_argument)i) && order->values[i][0] != 0 &&
            !check_value((enum tui_argument)i, order->values[i], fleet, ret_why))
            return false;
    }
    return true;
}

bool tui_order_check(const struct tui_order *order, const struct tui_fleet *fleet,
                     char ret_why[TUI_TEXT_SIZE])
{
    for (int i = 0; i < TUI_ARGUMENT_COUNT; i++) {
        const char *word = tui_argument_rows[i].word;
        if (order->values[i][0] != 0 || !(row_of(order)->required & (1u << i)))
            continue;
        snprintf(ret_why, TUI_TEXT_SIZE, "%s: give %s %s", row_of(order)->word,
                 strchr("aeiou", word[0]) ? "an" : "a", word);
        return false;
    }
    return tui_order_check_values(order, fleet, ret_why) && check_choice(order, ret_why);
}

void tui_order_describe(char *ret_text, size_t size, const struct tui_order *order)
{
    const char(*values)[TUI_TEXT_SIZE] = order->values;
    char targets[TUI_NAME_SIZE + 32] = "";
    size_t used;

    if (order->targets.kind != TUI_TARGET_NOTHING)
        tui_targets_describe(targets, sizeof(targets), &order->targets);
    snprintf(ret_text, size, "%s%s%s", row_of(order)->word, targets[0] ? " " : "", targets);
    used = strlen(ret_text);
    if (values[TUI_ARGUMENT_AGENT][0] != 0)
        snprintf(ret_text + used, size - used, " on %s", values[TUI_ARGUMENT_AGENT]);
    else if (values[TUI_ARGUMENT_STRATEGY][0] != 0)
        snprintf(ret_text + used, size - used, " %s", values[TUI_ARGUMENT_STRATEGY]);
    else if (is_yes(order, TUI_ARGUMENT_UNSET))
        snprintf(ret_text + used, size - used, " unset");
    else if (values[TUI_ARGUMENT_VALUE][0] != 0)
        snprintf(ret_text + used, size - used, " %s", values[TUI_ARGUMENT_VALUE]);
}

size_t tui_order_requests(const struct tui_order *order)
{
    return row_of(order)->how == TUI_HOW_EACH ? order->targets.count : 1;
}

/* A model's id is NAME:VERSION; without a version it is the newest one that is meant. */
static bool add_model(cJSON *root, const char *key, const char *id)
{
    char name[TUI_NAME_SIZE];
    const char *colon = strrchr(id, ':');
    size_t len = colon ? (size_t)(colon - id) : strlen(id);

    snprintf(name, sizeof(name), "%.*s", (int)len, id);
    return cJSON_AddStringToObject(root, key, name) &&
           (!colon || cJSON_AddNumberToObject(root, "version", strtod(colon + 1, NULL)));
}

static bool add_target(cJSON *root, const struct tui_order *order, const char *key, size_t index)
{
    const char *id = order->targets.ids[index];

    switch (order->targets.kind) {
    case TUI_TARGET_JOB:
    case TUI_TARGET_OPERATION:
        return cJSON_AddNumberToObject(root, key, (double)strtoull(id, NULL, 10));
    case TUI_TARGET_MODEL:
        return add_model(root, key, id);
    default:
        return cJSON_AddStringToObject(root, key, id);
    }
}

/* Each agent with the process that was seen behind its name: the coordinator refuses another. */
static bool add_agents(cJSON *root, const struct tui_order *order)
{
    cJSON *names = cJSON_AddArrayToObject(root, "agents");
    cJSON *instances = cJSON_AddArrayToObject(root, "instances");
    bool ok = names && instances;

    for (size_t i = 0; ok && i < order->targets.count; i++) {
        cJSON *name = cJSON_CreateString(order->targets.ids[i]);
        cJSON *instance = cJSON_CreateString(order->seen[i].mark);
        ok = cJSON_AddItemToArray(names, name) && cJSON_AddItemToArray(instances, instance);
    }
    return ok;
}

static bool add_targets(cJSON *root, const struct tui_order *order, size_t index)
{
    const struct tui_verb_row *row = row_of(order);

    if (order->targets.kind == TUI_TARGET_NOTHING)
        return true;
    if (row->how == TUI_HOW_ROLL || (row->how == TUI_HOW_LIST && order->targets.count > 1))
        return add_agents(root, order);
    if (order->targets.kind == TUI_TARGET_AGENT && order->seen[index].mark[0] != 0 &&
        !cJSON_AddStringToObject(root, "instance", order->seen[index].mark))
        return false;
    return add_target(root, order, tui_target_rows[order->targets.kind].key, index);
}

static bool add_arguments(cJSON *root, const struct tui_order *order)
{
    double number;
    bool ok = true;

    for (int i = 0; i < TUI_ARGUMENT_COUNT; i++) {
        const struct tui_argument_row *row = &tui_argument_rows[i];
        const char *value = order->values[i];
        if (value[0] == 0 || !tui_order_takes(order, (enum tui_argument)i))
            continue;
        if (row->kind == TUI_KIND_FLAG)
            ok = ok && (strcmp(value, "yes") != 0 || cJSON_AddTrueToObject(root, row->key));
        else if (row->kind == TUI_KIND_TEXT || row->kind == TUI_KIND_AGENT ||
                 row->kind == TUI_KIND_STRATEGY)
            ok = ok && cJSON_AddStringToObject(root, row->key, value);
        else if (read_number((enum tui_argument)i, value, &number))
            ok = ok && cJSON_AddNumberToObject(root, row->key, number);
    }
    return ok;
}

static bool add_rest(cJSON *root, const struct tui_order *order, enum tui_ask ask)
{
    const struct tui_verb_row *row = row_of(order);

    if (ask == TUI_ASK_PLAN)
        return cJSON_AddTrueToObject(root, "plan");
    if (row->confirms[0] != 0 && order->confirm[0] != 0 &&
        !cJSON_AddStringToObject(root, row->confirms, order->confirm))
        return false;
    if (row->flag[0] != 0 && !cJSON_AddTrueToObject(root, row->flag))
        return false;
    return !order->force || cJSON_HasObjectItem(root, "force") ||
           cJSON_AddTrueToObject(root, "force");
}

char *tui_order_text(const struct tui_order *order, enum tui_ask ask, size_t index, const char *by)
{
    const struct tui_verb_row *row = row_of(order);
    cJSON *root = cJSON_CreateObject();
    char *text = NULL;
    bool ok = cJSON_AddNumberToObject(root, "v", 1) != NULL;

    if (ask == TUI_ASK_STATE) {
        ok = ok && cJSON_AddStringToObject(root, "op", row->shows);
        if (order->targets.kind != TUI_TARGET_NOTHING)
            ok = ok && add_target(root, order, tui_target_rows[order->targets.kind].asked, index);
    } else {
        ok = ok && cJSON_AddStringToObject(root, "op", row->op) &&
             cJSON_AddStringToObject(root, "by", by) && add_targets(root, order, index) &&
             add_arguments(root, order) && add_rest(root, order, ask);
    }
    if (ok)
        text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    return text;
}
