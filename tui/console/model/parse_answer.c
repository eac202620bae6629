/* Answers to actions, their plans, and what is told of a target before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/answer.h"
#include "model/figure.h"
#include "model/json.h"
#include "model/parse.h"
#include "model/parse_part.h"
#include "text/text.h"

enum unit { TEXT, NUMBER, BYTES, FLAG, LIST };

/* What a dialog tells of a target: a member of the reply's object, or of its first element where it
 * is a list. */
static const struct {
    const char *object, *member, *label;
    enum unit unit;
} shown[] = {
    {"job", "state", "state", TEXT},           {"job", "model", "model", TEXT},
    {"job", "agent", "agent", TEXT},           {"job", "tenant", "tenant", TEXT},
    {"job", "attempt", "attempt", NUMBER},     {"model", "state", "state", TEXT},
    {"model", "resident", "loaded on", LIST},  {"model", "pinned", "pinned on", LIST},
    {"model", "jobs", "jobs ever", NUMBER},    {"model", "bytes", "file", BYTES},
    {"settings", "value", "value", TEXT},      {"settings", "from", "from", TEXT},
    {"settings", "allowed", "allowed", TEXT},  {"settings", "default", "default", TEXT},
    {"settings", "live", "live", FLAG},        {"settings", "help", "about", TEXT},
    {"tenants", "weight", "weight", NUMBER},   {"tenants", "rate_per_s", "rate", NUMBER},
    {"tenants", "burst", "burst", NUMBER},     {"tenants", "queued", "queued", NUMBER},
    {"tenants", "running", "running", NUMBER}, {"tenants", "set", "set", LIST},
};

static uint64_t integer(const cJSON *object, const char *name)
{
    return tui_json_integer(object, name, TUI_INTEGER_MAX);
}

static struct tui_fact *add_fact(struct tui_answer *answer, const char *label)
{
    struct tui_fact *fact;

    if (answer->fact_count == TUI_FACTS_MAX)
        return NULL;
    fact = &answer->facts[answer->fact_count++];
    tui_text_clean(fact->label, sizeof(fact->label), label);
    return fact;
}

/* "ember-01, ember-02": what fits. */
static void join(const cJSON *list, char *ret_text, size_t size)
{
    const cJSON *item;
    char name[TUI_NAME_SIZE];

    cJSON_ArrayForEach(item, list)
    {
        size_t used = strlen(ret_text);
        if (!cJSON_IsString(item))
            continue;
        tui_text_clean(name, sizeof(name), item->valuestring);
        snprintf(ret_text + used, size - used, "%s%s", used > 0 ? ", " : "", name);
    }
    if (ret_text[0] == 0)
        snprintf(ret_text, size, "none");
}

static void parse_fact(const cJSON *object, size_t row, struct tui_answer *answer)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, shown[row].member);
    struct tui_fact *fact = value ? add_fact(answer, shown[row].label) : NULL;

    if (!fact)
        return;
    switch (shown[row].unit) {
    case TEXT:
        tui_json_text(object, shown[row].member, fact->text, sizeof(fact->text));
        break;
    case NUMBER:
        snprintf(fact->text, sizeof(fact->text), "%.10g", tui_json_real(object, shown[row].member));
        break;
    case BYTES:
        tui_figure_bytes(fact->text, sizeof(fact->text), integer(object, shown[row].member));
        break;
    case FLAG:
        snprintf(fact->text, sizeof(fact->text), "%s",
                 cJSON_IsTrue(value) ? "yes" : "no: only by a restart");
        break;
    case LIST:
        join(value, fact->text, sizeof(fact->text));
        break;
    }
}

static void parse_facts(const cJSON *root, struct tui_answer *answer)
{
    const cJSON *strategy;
    char now[TUI_WORD_SIZE];

    tui_json_text(root, "strategy", now, sizeof(now));
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        const cJSON *list = tui_json_array(root, shown[i].object);
        const cJSON *object = list ? list->child : tui_json_object(root, shown[i].object);
        if (object)
            parse_fact(object, i, answer);
    }
    cJSON_ArrayForEach(strategy, tui_json_array(root, "strategies"))
    {
        char name[TUI_WORD_SIZE];
        tui_json_text(strategy, "name", name, sizeof(name));
        struct tui_fact *fact = name[0] != 0 ? add_fact(answer, name) : NULL;
        if (!fact)
            continue;
        int used =
            snprintf(fact->text, sizeof(fact->text), "%s", strcmp(name, now) == 0 ? "(now) " : "");
        tui_json_text(strategy, "help", fact->text + used, sizeof(fact->text) - (size_t)used);
    }
}

static void parse_row(const cJSON *object, struct tui_plan_row *row)
{
    row->number = integer(object, "job") + integer(object, "device");
    tui_json_text(object, "model", row->name, sizeof(row->name));
    if (row->name[0] == 0)
        tui_json_text(object, "name", row->name, sizeof(row->name));
    tui_json_text(object, "state", row->state, sizeof(row->state));
    tui_json_text(object, "from", row->from, sizeof(row->from));
    if (row->from[0] == 0)
        tui_json_text(object, "agent", row->from, sizeof(row->from));
    tui_json_text(object, "to", row->to, sizeof(row->to));
    row->loads = tui_json_flag(object, "loads");
    row->can_restart = tui_json_flag(object, "can_restart");
    row->cost_ms = integer(object, "cost_ms");
    row->gain_ms = integer(object, "gain_ms") + integer(object, "gain_ms_per_min");
    row->evicts = integer(object, "evicts");
    row->lost_ms = integer(object, "lost_ms");
    row->running = integer(object, "running");
    row->waiting = integer(object, "waiting");
    row->expected_ms = integer(object, "expected_ms");
}

static void parse_warnings(const cJSON *list, struct tui_plan *plan)
{
    const cJSON *warning;

    cJSON_ArrayForEach(warning, list)
    {
        if (plan->warning_count == TUI_WARNINGS_MAX)
            break;
        if (cJSON_IsString(warning))
            tui_text_clean(plan->warnings[plan->warning_count++], TUI_TEXT_SIZE,
                           warning->valuestring);
    }
}

/* Which kind of plan it is can be told by the list that it has. */
static const cJSON *find_rows(const cJSON *root, enum tui_plan_kind *ret_kind)
{
    const struct {
        enum tui_plan_kind kind;
        const cJSON *list;
    } lists[] = {
        {TUI_PLAN_DRAIN, tui_json_array(root, "moves")},
        {TUI_PLAN_REBALANCE, tui_json_array(tui_json_object(root, "plan"), "moves")},
        {TUI_PLAN_ROLL, tui_json_array(root, "agents")},
        {TUI_PLAN_TUNE, tui_json_array(root, "targets")},
    };

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (lists[i].list) {
            *ret_kind = lists[i].kind;
            return lists[i].list;
        }
    }
    return NULL;
}

static void parse_plan(const cJSON *root, struct tui_plan *plan)
{
    const cJSON *object = tui_json_object(root, "plan");

    tui_json_text(object, "id", plan->id, sizeof(plan->id));
    plan->running = integer(object, "running");
    plan->waiting = integer(object, "waiting");
    plan->overdue = integer(object, "overdue");
    plan->unmeasured = integer(object, "unmeasured");
    plan->expected_ms = integer(object, "expected_ms");
    plan->gain_ms = integer(object, "gain_ms");
    plan->cost_ms = integer(object, "cost_ms");
    plan->through_ms = integer(object, "through_ms");
    plan->through_after_ms = integer(object, "through_after_ms");
    plan->rests_ms = integer(object, "rests_ms");
    plan->needs_force = tui_json_flag(object, "needs_force") || plan->rests_ms > 0;
    parse_warnings(tui_json_array(object, "warnings"), plan);
    parse_warnings(tui_json_array(root, "warnings"), plan);
}

/* Up to the end of the list, or of the room. */
static void add_rows(const cJSON *list, size_t room, struct tui_answer *answer)
{
    const cJSON *at = list ? list->child : NULL;

    for (; at && answer->row_count < room; at = at->next)
        parse_row(at, &answer->rows[answer->row_count++]);
}

static void fill(const cJSON *root, struct tui_answer *answer)
{
    const cJSON *operation = tui_json_object(root, "operation");
    const cJSON *model = tui_json_object(root, "model");

    if (operation) {
        answer->has_operation = true;
        tui_parse_operation(operation, &answer->operation);
    }
    answer->job = integer(tui_json_object(root, "job"), "id");
    answer->version = integer(model, "version");
    parse_plan(root, &answer->plan);
    parse_facts(root, answer);
}

enum tui_parse tui_parse_answer(const char *text, size_t len, struct tui_answer **ret_answer)
{
    enum tui_plan_kind kind = TUI_PLAN_NONE;
    struct tui_refusal refusal = {0};
    struct tui_answer *answer;
    cJSON *root = NULL;
    enum tui_parse status = tui_parse_open(text, len, &root, &refusal);

    if (status != TUI_PARSE_OK && status != TUI_PARSE_REFUSED)
        return status;
    const cJSON *rows = find_rows(root, &kind);
    const cJSON *models =
        kind == TUI_PLAN_REBALANCE ? tui_json_array(tui_json_object(root, "plan"), "loads") : NULL;
    size_t total = tui_json_count(rows, SIZE_MAX) + tui_json_count(models, SIZE_MAX);
    size_t count = total < TUI_PLAN_ROWS_MAX ? total : TUI_PLAN_ROWS_MAX;
    answer = calloc(1, sizeof(*answer) + count * sizeof(answer->rows[0]));
    if (!answer) {
        cJSON_Delete(root);
        return TUI_PARSE_NO_MEMORY;
    }
    /* Unlike a publication, an answer counts as done only if it says so. */
    answer->ok = tui_json_flag(root, "ok");
    answer->refusal = refusal;
    answer->plan.kind = kind;
    answer->plan.rows_total = total;
    answer->plan.models_total = tui_json_count(models, SIZE_MAX);
    /* A model that makes others go is not to be missed behind a thousand jobs. */
    add_rows(models, count, answer);
    add_rows(rows, count, answer);
    fill(root, answer);
    cJSON_Delete(root);
    *ret_answer = answer;
    return TUI_PARSE_OK;
}
