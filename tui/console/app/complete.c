#include "app/complete.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/ex.h"
#include "app/fuzzy.h"
#include "app/parts.h"
#include "app/quantity.h"

#define VALUES_MAX 256

const char *const tui_choice_kinds[TUI_CHOICE_KIND_COUNT] = {
    [TUI_CHOICE_VIEW] = "view",       [TUI_CHOICE_VERB] = "act",
    [TUI_CHOICE_COMMAND] = "command", [TUI_CHOICE_COLUMN] = "column",
    [TUI_CHOICE_VALUE] = "value",     [TUI_CHOICE_AGENT] = "agent",
    [TUI_CHOICE_MODEL] = "model",     [TUI_CHOICE_JOB] = "job",
    [TUI_CHOICE_TENANT] = "tenant",   [TUI_CHOICE_OPERATION] = "operation",
    [TUI_CHOICE_SHELL] = "shell",
};

/* Keeps it if it fits and is among the best. `name` is what the pattern is held against. */
__attribute__((format(printf, 7, 8))) static void
offer(struct tui_completion *completion, const char *pattern, enum tui_choice_kind kind,
      const char *name, const char *text, const char *arguments, const char *help, ...)
{
    int score = tui_fuzzy(pattern, name);
    size_t at = completion->count;
    va_list args;

    if (score == 0)
        return;
    completion->total++;
    while (at > 0 &&
           (completion->all[at - 1].score < score ||
            (completion->all[at - 1].score == score && completion->all[at - 1].kind > kind)))
        at--;
    if (at == TUI_CHOICES_MAX)
        return;
    if (completion->count < TUI_CHOICES_MAX)
        completion->count++;
    memmove(&completion->all[at + 1], &completion->all[at],
            (completion->count - 1 - at) * sizeof(completion->all[0]));
    struct tui_choice *choice = &completion->all[at];
    choice->kind = kind;
    choice->score = score;
    snprintf(choice->arguments, sizeof(choice->arguments), "%s", arguments);
    snprintf(choice->text, sizeof(choice->text), "%s", text);
    va_start(args, help);
    vsnprintf(choice->help, sizeof(choice->help), help, args);
    va_end(args);
}

static void offer_agents(const struct tui_app *app, struct tui_completion *completion,
                         const char *pattern)
{
    const struct tui_fleet *fleet = app->model->fleet;

    for (size_t i = 0; fleet && i < fleet->agent_count; i++) {
        const struct tui_agent *agent = &fleet->agents[i];
        offer(completion, pattern, TUI_CHOICE_AGENT, agent->name, agent->name, "",
              "%s, %zu devices, %" PRIu64 " running", agent->state, agent->device_count,
              agent->running);
    }
}

static void offer_models(const struct tui_app *app, struct tui_completion *completion,
                         const char *pattern)
{
    const struct tui_fleet *fleet = app->model->fleet;

    for (size_t i = 0; fleet && i < fleet->model_count; i++) {
        const struct tui_served *model = &fleet->models[i];
        offer(completion, pattern, TUI_CHOICE_MODEL, model->id, model->id, "",
              "%" PRIu64 " running, %" PRIu64 " queued", model->running, model->queued);
    }
}

static void offer_jobs(const struct tui_app *app, struct tui_completion *completion,
                       const char *pattern)
{
    const struct tui_job_page *page = tui_model_jobs(app->model);
    char text[TUI_NAME_SIZE];

    for (size_t i = 0; page && i < page->count; i++) {
        const struct tui_job *job = &page->jobs[i];
        snprintf(text, sizeof(text), "%" PRIu64, job->id);
        offer(completion, pattern, TUI_CHOICE_JOB, text, text, "", "%s, %s%s%s", job->state,
              job->model, job->agent[0] ? " on " : "", job->agent);
    }
}

static void offer_operations(const struct tui_app *app, struct tui_completion *completion,
                             const char *pattern, const char *before)
{
    const struct tui_fleet *fleet = app->model->fleet;
    char id[TUI_NAME_SIZE];
    char text[TUI_NAME_SIZE * 2];

    for (size_t i = 0; fleet && i < fleet->operation_count; i++) {
        const struct tui_operation *operation = &fleet->operations[i];
        snprintf(id, sizeof(id), "%" PRIu64, operation->id);
        snprintf(text, sizeof(text), "%s%s", before, id);
        offer(completion, pattern, TUI_CHOICE_OPERATION, id, text, "", "%s %s, %s", operation->kind,
              operation->target, operation->state);
    }
}

static void offer_tenants(const struct tui_app *app, struct tui_completion *completion,
                          const char *pattern)
{
    const struct tui_tenant_page *page = tui_model_tenants(app->model);

    for (size_t i = 0; page && i < page->count; i++)
        offer(completion, pattern, TUI_CHOICE_TENANT, page->tenants[i].name, page->tenants[i].name,
              "", "%" PRIu64 " queued", page->tenants[i].queued);
}

static void offer_columns(enum tui_view_id view, struct tui_completion *completion,
                          const char *pattern, const char *behind)
{
    const struct tui_field *fields = tui_views[view].ops->fields;
    char text[TUI_NAME_SIZE];

    for (size_t i = 0; fields && fields[i].name; i++) {
        snprintf(text, sizeof(text), "%s%s", fields[i].name, behind);
        offer(completion, pattern, TUI_CHOICE_COLUMN, fields[i].name, text, "", "%s",
              tui_quantity_help(fields[i].kind));
    }
}

/* What rows have in the field now, each once. */
static void offer_values(const struct tui_app *app, enum tui_view_id view, size_t field,
                         struct tui_completion *completion, const char *pattern)
{
    const struct tui_view_ops *ops = tui_views[view].ops;
    struct tui_value value;
    char text[TUI_NAME_SIZE + 2];
    size_t count = ops->count(app);

    for (size_t i = 0; i < count && completion->total < VALUES_MAX; i++) {
        bool known = false;
        tui_view_value(ops, app, i, field, &value);
        bool quote = strpbrk(value.text, " ,") != NULL;
        if (value.text[0] == 0 || strlen(value.text) >= TUI_NAME_SIZE || strchr(value.text, '"'))
            continue;
        snprintf(text, sizeof(text), "%s%s%s", quote ? "\"" : "", value.text, quote ? "\"" : "");
        for (size_t k = 0; !known && k < completion->count; k++)
            known = strcmp(completion->all[k].text, text) == 0;
        if (!known)
            offer(completion, pattern, TUI_CHOICE_VALUE, value.text, text, "", "%s", "");
    }
}

static void offer_all(const struct tui_app *app, struct tui_completion *completion,
                      enum tui_complete what, const char *pattern)
{
    switch (what) {
    case TUI_COMPLETE_NOTHING:
        break;
    case TUI_COMPLETE_AGENT:
        offer_agents(app, completion, pattern);
        break;
    case TUI_COMPLETE_MODEL:
        offer_models(app, completion, pattern);
        break;
    case TUI_COMPLETE_JOB:
        offer_jobs(app, completion, pattern);
        break;
    case TUI_COMPLETE_OPERATION:
        offer_operations(app, completion, pattern, "");
        break;
    case TUI_COMPLETE_TENANT:
        offer_tenants(app, completion, pattern);
        break;
    case TUI_COMPLETE_COLUMN:
        offer_columns(app->view, completion, pattern, "");
        break;
    }
}

/* Whether the console has a command, verb or view of that name itself. */
static bool is_own(const char *name)
{
    for (size_t i = 0; tui_ex_commands[i].name; i++) {
        if (strcmp(tui_ex_commands[i].name, name) == 0)
            return true;
    }
    for (size_t i = 0; i < TUI_VERB_COUNT; i++) {
        size_t len = strcspn(tui_verb_rows[i].word, " ");
        if (strlen(name) == len && strncmp(tui_verb_rows[i].word, name, len) == 0)
            return true;
    }
    for (size_t i = 0; i < TUI_VIEW_COUNT; i++) {
        if (strcmp(tui_views[i].name, name) == 0)
            return true;
    }
    return false;
}

/* The first word of a line: what can be done, and, once something is typed, what has a name. */
static void complete_first(const struct tui_app *app, struct tui_completion *completion,
                           const char *pattern)
{
    for (size_t i = 0; i < TUI_VIEW_COUNT; i++) {
        if (i != TUI_VIEW_DETAIL)
            offer(completion, pattern, TUI_CHOICE_VIEW, tui_views[i].name, tui_views[i].name,
                  tui_views[i].ops->fields ? "[FILTER]" : "", "%s", tui_views[i].help);
    }
    for (size_t i = 0; i < TUI_VERB_COUNT; i++) {
        const struct tui_verb_row *row = &tui_verb_rows[i];
        char usage[TUI_TEXT_SIZE];
        tui_verb_usage(usage, sizeof(usage), (enum tui_verb)i);
        offer(completion, pattern, TUI_CHOICE_VERB, row->word, row->word,
              usage + strlen(row->word) + strspn(usage + strlen(row->word), " "), "%s", row->help);
    }
    for (size_t i = 0; tui_ex_commands[i].name; i++)
        offer(completion, pattern, TUI_CHOICE_COMMAND, tui_ex_commands[i].name,
              tui_ex_commands[i].name, tui_ex_commands[i].arguments, "%s", tui_ex_commands[i].help);
    if (pattern[0] == 0)
        return;
    offer_agents(app, completion, pattern);
    offer_models(app, completion, pattern);
    if (isdigit((unsigned char)pattern[0])) {
        offer_jobs(app, completion, pattern);
        offer_operations(app, completion, pattern, "operation ");
    }
    for (const struct tui_shell_command *shell = tui_shell_commands; shell->name; shell++) {
        if (!is_own(shell->name))
            offer(completion, pattern, TUI_CHOICE_SHELL, shell->name, shell->name, shell->arguments,
                  "%s", shell->help);
    }
}

void tui_complete_filter(const struct tui_app *app, enum tui_view_id view, const char *line,
                         size_t from, struct tui_completion *ret_completion)
{
    const struct tui_field *fields = tui_views[view].ops->fields;
    const char *last = strrchr(line + from, ' ');
    size_t start = last ? (size_t)(last - line) + 1 : from;
    size_t field;

    memset(ret_completion, 0, sizeof(*ret_completion));
    start += strspn(line + start, "!");
    const char *colon = strchr(line + start, ':');
    if (!colon) {
        ret_completion->start = start;
        offer_columns(view, ret_completion, line + start, ":");
        return;
    }
    if (!tui_field_find(fields, line + start, (size_t)(colon - line) - start, &field, NULL) ||
        fields[field].kind != TUI_FIELD_TEXT)
        return;
    const char *comma = strrchr(colon, ',');
    const char *value = comma ? comma + 1 : colon + 1;
    value += *value == '=';
    ret_completion->start = (size_t)(value - line);
    offer_values(app, view, field, ret_completion, value);
}

/* The options of a verb, what an option takes, or its targets. */
static void complete_verb(const struct tui_app *app, const char *line, const char *pattern,
                          struct tui_completion *completion)
{
    static const enum tui_complete targets[TUI_TARGET_COUNT] = {
        [TUI_TARGET_AGENT] = TUI_COMPLETE_AGENT,   [TUI_TARGET_JOB] = TUI_COMPLETE_JOB,
        [TUI_TARGET_MODEL] = TUI_COMPLETE_MODEL,   [TUI_TARGET_OPERATION] = TUI_COMPLETE_OPERATION,
        [TUI_TARGET_TENANT] = TUI_COMPLETE_TENANT,
    };
    static const char agent[] = "--agent ";
    const char *rest;
    enum tui_verb verb = tui_verb_find(line, &rest);
    size_t before = (size_t)(pattern - line);

    if (before >= sizeof(agent) - 1 &&
        strncmp(pattern - (sizeof(agent) - 1), agent, sizeof(agent) - 1) == 0) {
        offer_all(app, completion, TUI_COMPLETE_AGENT, pattern);
        return;
    }
    if (pattern[0] != '-') {
        offer_all(app, completion, targets[tui_verb_rows[verb].target], pattern);
        return;
    }
    for (int i = 0; i < TUI_ARGUMENT_COUNT; i++) {
        const struct tui_argument_row *row = &tui_argument_rows[i];
        char option[TUI_NAME_SIZE];
        snprintf(option, sizeof(option), "--%s", row->word);
        if ((tui_verb_rows[verb].arguments & (1u << i)) && row->where != TUI_WHERE_WORD)
            offer(completion, pattern, TUI_CHOICE_COMMAND, option, option, "", "%s", row->help);
    }
}

/* What the argument of the line's command could be. */
static void complete_argument(const struct tui_app *app, const char *line,
                              struct tui_completion *completion)
{
    const char *pattern = strrchr(line, ' ') + 1;
    char word[TUI_NAME_SIZE];
    const char *rest = line;

    tui_ex_word(&rest, word, sizeof(word));
    completion->start = (size_t)(pattern - line);
    if (tui_command_is_verb(line))
        complete_verb(app, line, pattern, completion);
    for (size_t i = 0; tui_ex_commands[i].name; i++) {
        if (strcmp(tui_ex_commands[i].name, word) == 0)
            offer_all(app, completion, tui_ex_commands[i].completes, pattern);
    }
    for (size_t i = 0; i < TUI_VIEW_COUNT; i++) {
        if (strcmp(tui_views[i].name, word) == 0 && tui_views[i].ops->fields)
            tui_complete_filter(app, (enum tui_view_id)i, line, (size_t)(rest - line), completion);
    }
    if (strcmp(word, "filter") == 0 && tui_views[app->view].ops->fields)
        tui_complete_filter(app, app->view, line, (size_t)(rest - line), completion);
}

void tui_complete_line(const struct tui_app *app, const char *line,
                       struct tui_completion *ret_completion)
{
    size_t blanks = strspn(line, " ");

    memset(ret_completion, 0, sizeof(*ret_completion));
    if (strchr(line + blanks, ' ')) {
        complete_argument(app, line, ret_completion);
        return;
    }
    ret_completion->start = blanks;
    complete_first(app, ret_completion, line + blanks);
}

bool tui_completion_take(struct tui_completion *completion, char *line, size_t size, int step)
{
    size_t count = completion->count;

    if (count == 0 || completion->start >= size)
        return false;
    if (completion->stepping)
        completion->chosen = (completion->chosen + (step < 0 ? count - 1 : 1)) % count;
    else if (step < 0)
        completion->chosen = count - 1;
    const char *text = completion->all[completion->chosen].text;
    /* The only one that begins so is what was meant. */
    bool only =
        count == 1 || (completion->chosen == 0 && completion->all[1].score < TUI_FUZZY_PREFIX &&
                       completion->all[0].score >= TUI_FUZZY_PREFIX);
    snprintf(line + completion->start, size - completion->start, "%s%s", text,
             only && text[strlen(text) - 1] != ':' ? " " : "");
    completion->stepping = !only;
    return true;
}
