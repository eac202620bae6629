#include "app/action.h"

#include <stdio.h>
#include <string.h>

#include "app/do.h"
#include "app/parts.h"
#include "model/figure.h"

static void describe(const struct tui_action *action, char ret_text[TUI_TEXT_SIZE])
{
    tui_order_describe(ret_text, TUI_TEXT_SIZE, &action->order);
}

static void send_next(struct tui_app *app)
{
    struct tui_action *action = &app->action;
    char *text = tui_order_text(&action->order, TUI_ASK_DO, action->next, app->by);

    action->token = tui_app_send(app, text);
    if (action->token != 0)
        action->next++;
}

bool tui_action_start(struct tui_app *app, const struct tui_order *order)
{
    struct tui_action *action = &app->action;
    char text[TUI_TEXT_SIZE];

    if (action->token != 0) {
        describe(action, text);
        tui_app_message(app, TUI_ROLE_WARN, "the coordinator has not answered to %s yet", text);
        return false;
    }
    action->order = *order;
    action->total = tui_order_requests(order);
    action->next = action->done = action->refused = 0;
    for (size_t i = 0; i < action->total; i++) {
        action->results[i].outcome = TUI_OUTCOME_WAITING;
        action->results[i].text[0] = 0;
    }
    describe(action, text);
    tui_app_message(app, TUI_ROLE_NORMAL, "%s: sent, waiting for the coordinator", text);
    send_next(app);
    if (action->token != 0)
        tui_app_unmark(app, &order->targets);
    return action->token != 0;
}

static void refusal_text(const struct tui_refusal *refusal, char ret_text[TUI_TEXT_SIZE])
{
    snprintf(ret_text, TUI_TEXT_SIZE, "%.160s%s%.80s%s",
             refusal->message[0] ? refusal->message : "refused without a reason",
             refusal->hint[0] ? " (" : "", refusal->hint, refusal->hint[0] ? ")" : "");
}

static void tell_one(struct tui_app *app, const struct tui_answer *answer)
{
    const struct tui_action *action = &app->action;
    char text[TUI_TEXT_SIZE];

    describe(action, text);
    if (!answer->ok)
        tui_app_message(app, TUI_ROLE_BAD, "%s: %s", text, action->results[0].text);
    else if (action->operation != 0)
        tui_app_message(app, TUI_ROLE_OK, "%s: accepted as operation %llu", text,
                        (unsigned long long)action->operation);
    else if (action->order.verb == TUI_VERB_RETRY && answer->job != 0)
        tui_app_message(app, TUI_ROLE_OK, "%s: done, as job %llu", text,
                        (unsigned long long)answer->job);
    else
        tui_app_message(app, TUI_ROLE_OK, "%s: done", text);
}

/* "cancel 12 jobs: 10 done, 2 refused; 88121: it has ended" */
static void tell_all(struct tui_app *app)
{
    const struct tui_action *action = &app->action;
    size_t unsent = action->total - action->done - action->refused;
    char text[TUI_TEXT_SIZE];
    char rest[64] = "";
    size_t first = 0;

    describe(action, text);
    if (unsent > 0)
        snprintf(rest, sizeof(rest), ", %zu not sent", unsent);
    while (first < action->total && action->results[first].outcome != TUI_OUTCOME_REFUSED)
        first++;
    if (first < action->total)
        tui_app_message(app, TUI_ROLE_BAD, "%s: %zu done, %zu refused%s; %s: %s", text,
                        action->done, action->refused, rest, action->order.targets.ids[first],
                        action->results[first].text);
    else
        tui_app_message(app, unsent > 0 ? TUI_ROLE_BAD : TUI_ROLE_OK, "%s: %zu done%s", text,
                        action->done, rest);
}

/* Shows the operation that was started: its view names what holds it, and keeps it after this
 * console has ended. */
static void follow(struct tui_app *app, const struct tui_operation *operation)
{
    struct tui_action *action = &app->action;
    char id[TUI_WORD_SIZE];

    action->operation = operation->id;
    snprintf(action->operation_text, sizeof(action->operation_text), "%s %s", operation->kind,
             operation->target);
    snprintf(id, sizeof(id), "%llu", (unsigned long long)operation->id);
    tui_app_select(app, TUI_VIEW_OPERATIONS, id);
}

bool tui_action_answer(struct tui_app *app, uint64_t token, const struct tui_answer *answer)
{
    struct tui_action *action = &app->action;
    size_t index = action->next - 1;

    if (action->token == 0 || token != action->token)
        return false;
    action->token = 0;
    if (answer->ok) {
        action->done++;
        action->results[index].outcome = TUI_OUTCOME_DONE;
    } else {
        action->refused++;
        action->results[index].outcome = TUI_OUTCOME_REFUSED;
        refusal_text(&answer->refusal, action->results[index].text);
    }
    app->dialog.change++;
    /* Who doesn't answer to one is not sent the others: nobody would know what became of them. */
    if (action->next < action->total && strcmp(answer->refusal.code, "no_answer") != 0)
        send_next(app);
    if (action->token != 0)
        return true;
    for (size_t i = action->next; i < action->total; i++)
        action->results[i].outcome = TUI_OUTCOME_UNSENT;
    if (answer->ok && answer->has_operation && action->order.verb != TUI_VERB_STOP)
        follow(app, &answer->operation);
    if (action->total == 1)
        tell_one(app, answer);
    else
        tell_all(app);
    return true;
}

void tui_action_watch(struct tui_app *app)
{
    struct tui_action *action = &app->action;
    const struct tui_operation *operation =
        action->operation != 0 ? tui_fleet_operation(app->model->fleet, action->operation) : NULL;

    if (!operation || strcmp(operation->state, "running") == 0 ||
        strcmp(operation->state, "pending") == 0)
        return;
    /* What a drain ends with is mostly just that. */
    bool drained = strcmp(operation->kind, "drain") == 0 && strcmp(operation->state, "done") == 0;
    bool told = strstr(operation->text, "safe to remove") != NULL;
    const char *safe = told                        ? ""
                       : operation->safe_to_remove ? "; safe to remove"
                       : drained                   ? "; not safe to remove"
                                                   : "";
    tui_app_message(app, strcmp(operation->state, "done") == 0 ? TUI_ROLE_OK : TUI_ROLE_BAD,
                    "operation %llu, %s: %s%s%s%s", (unsigned long long)operation->id,
                    action->operation_text, operation->state, safe, operation->text[0] ? ": " : "",
                    operation->text);
    action->operation = 0;
}

bool tui_action_progress(const struct tui_app *app, char *ret_text, size_t size)
{
    const struct tui_action *action = &app->action;
    const struct tui_operation *operation =
        action->operation != 0 ? tui_fleet_operation(app->model->fleet, action->operation) : NULL;
    char left[TUI_FIGURE_SIZE];
    size_t used;

    if (!operation)
        return false;
    snprintf(ret_text, size, "operation %llu, %s", (unsigned long long)operation->id,
             action->operation_text);
    used = strlen(ret_text);
    if (operation->parts > 0)
        used += (size_t)snprintf(ret_text + used, size - used, ": %llu of %llu",
                                 (unsigned long long)operation->parts_done,
                                 (unsigned long long)operation->parts);
    else if (operation->remaining > 0)
        used += (size_t)snprintf(ret_text + used, size - used, ": %llu jobs left",
                                 (unsigned long long)operation->remaining);
    if (used < size && operation->blocker_count > 0) {
        const struct tui_blocker *blocker = &operation->blockers[0];
        tui_figure_age(left, sizeof(left), blocker->left_ms);
        snprintf(ret_text + used, size - used, ", held by job %llu (%s)%s%s",
                 (unsigned long long)blocker->job, blocker->model,
                 blocker->has_left ? ", about " : "", blocker->has_left ? left : "");
    } else if (used < size && operation->text[0] != 0) {
        snprintf(ret_text + used, size - used, "; %s", operation->text);
    }
    return true;
}
