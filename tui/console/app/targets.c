#include "app/targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"

/* The lists whose rows are of a kind; ANY: none are. */
static const enum tui_context contexts[TUI_TARGET_COUNT] = {
    [TUI_TARGET_AGENT] = TUI_CONTEXT_AGENT,
    [TUI_TARGET_JOB] = TUI_CONTEXT_JOB,
    [TUI_TARGET_OPERATION] = TUI_CONTEXT_OPERATION,
    [TUI_TARGET_MODEL] = TUI_CONTEXT_MODEL,
};

bool tui_targets_has(const struct tui_targets *targets, const char *id)
{
    for (size_t i = 0; i < targets->count; i++) {
        if (strcmp(targets->ids[i], id) == 0)
            return true;
    }
    return false;
}

bool tui_targets_add(struct tui_targets *targets, const char *id)
{
    if (tui_targets_has(targets, id))
        return true;
    if (targets->count == TUI_TARGETS_MAX)
        return false;
    snprintf(targets->ids[targets->count++], TUI_NAME_SIZE, "%s", id);
    return true;
}

void tui_targets_describe(char *ret_text, size_t size, const struct tui_targets *targets)
{
    bool number = targets->kind == TUI_TARGET_JOB || targets->kind == TUI_TARGET_OPERATION;

    if (targets->count != 1)
        snprintf(ret_text, size, "%zu %s", targets->count,
                 tui_target_word(targets->kind, targets->count));
    else if (number)
        snprintf(ret_text, size, "%s %s", tui_target_word(targets->kind, 1), targets->ids[0]);
    else
        snprintf(ret_text, size, "%s", targets->ids[0]);
}

static void look_agent(const struct tui_model *model, const char *id,
                       struct tui_target_now *ret_now)
{
    const struct tui_agent *agent = tui_fleet_agent(model->fleet, id);

    ret_now->gone = model->fleet && !agent;
    if (!agent)
        return;
    snprintf(ret_now->state, sizeof(ret_now->state), "%s", agent->state);
    snprintf(ret_now->mark, sizeof(ret_now->mark), "%s", agent->instance);
}

static void look_operation(const struct tui_model *model, const char *id,
                           struct tui_target_now *ret_now)
{
    const struct tui_operation *operation =
        tui_fleet_operation(model->fleet, strtoull(id, NULL, 10));

    ret_now->gone = model->fleet && (!operation || strcmp(operation->state, "running") != 0);
    if (!operation)
        return;
    snprintf(ret_now->state, sizeof(ret_now->state), "%s", operation->state);
    snprintf(ret_now->mark, sizeof(ret_now->mark), "%s %s", operation->kind, operation->target);
}

static const struct tui_job *find_job(const struct tui_model *model, uint64_t id)
{
    const struct tui_job_page *page = tui_model_jobs(model);
    const struct tui_job_detail *detail = tui_model_job(model);

    if (detail && detail->job.id == id)
        return &detail->job;
    for (size_t i = 0; page && i < page->count; i++) {
        if (page->jobs[i].id == id)
            return &page->jobs[i];
    }
    return NULL;
}

/* A job that the console hasn't in sight may still be there: only the coordinator knows. */
static void look_job(const struct tui_model *model, const char *id, struct tui_target_now *ret_now)
{
    const struct tui_job *job = find_job(model, strtoull(id, NULL, 10));

    if (!job)
        return;
    snprintf(ret_now->state, sizeof(ret_now->state), "%s", job->state);
    snprintf(ret_now->mark, sizeof(ret_now->mark), "%s", job->model);
}

static void look_model(const struct tui_model *model, const char *id,
                       struct tui_target_now *ret_now)
{
    const struct tui_served *served = tui_fleet_model(model->fleet, id);

    if (served)
        snprintf(ret_now->state, sizeof(ret_now->state), "%s",
                 served->queued + served->running > 0 ? "in use" : "idle");
}

bool tui_target_differs(const struct tui_target_now *seen, const struct tui_target_now *now)
{
    return seen->mark[0] != 0 && now->mark[0] != 0 && strcmp(seen->mark, now->mark) != 0;
}

void tui_target_look(const struct tui_model *model, enum tui_target kind, const char *id,
                     struct tui_target_now *ret_now)
{
    memset(ret_now, 0, sizeof(*ret_now));
    if (kind == TUI_TARGET_AGENT)
        look_agent(model, id, ret_now);
    else if (kind == TUI_TARGET_OPERATION)
        look_operation(model, id, ret_now);
    else if (kind == TUI_TARGET_JOB)
        look_job(model, id, ret_now);
    else if (kind == TUI_TARGET_MODEL)
        look_model(model, id, ret_now);
}

void tui_app_targets(const struct tui_app *app, enum tui_target kind,
                     struct tui_targets *ret_targets)
{
    const struct tui_marks *marks = &app->lists[app->view].marks;
    enum tui_context context = contexts[kind];
    const char *selected = tui_app_target(app, context);

    ret_targets->kind = kind;
    ret_targets->count = 0;
    if (context == TUI_CONTEXT_ANY)
        return;
    /* Marks are of the list; in a detail pane it is what the pane shows that is meant. */
    for (size_t i = 0; tui_views[app->view].context == context && i < marks->count; i++)
        tui_targets_add(ret_targets, marks->ids[i]);
    if (ret_targets->count == 0 && selected[0] != 0)
        tui_targets_add(ret_targets, selected);
}

void tui_app_unmark(struct tui_app *app, const struct tui_targets *targets)
{
    for (size_t view = 0; view < TUI_VIEW_COUNT; view++) {
        if (contexts[targets->kind] == TUI_CONTEXT_ANY ||
            tui_views[view].context != contexts[targets->kind])
            continue;
        for (size_t i = 0; i < targets->count; i++)
            tui_marks_remove(&app->lists[view].marks, targets->ids[i]);
    }
}
