#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/do.h"
#include "app/overlay.h"
#include "app/parts.h"

/* What the target's state is now; "" where the console doesn't know it. */
static void target_state(const struct tui_app *app, const struct tui_request *request,
                         char ret_state[TUI_WORD_SIZE])
{
    const struct tui_agent *agent = tui_fleet_agent(app->model->fleet, request->agent);
    const struct tui_operation *operation;

    ret_state[0] = 0;
    if (request->agent[0] != 0 && agent)
        snprintf(ret_state, TUI_WORD_SIZE, "%s", agent->state);
    if (request->verb == TUI_VERB_STOP) {
        operation = tui_fleet_operation(app->model->fleet, request->id);
        if (operation)
            snprintf(ret_state, TUI_WORD_SIZE, "%s", operation->state);
    }
}

void tui_dialog_open(struct tui_app *app, enum tui_verb verb, const char *agent, uint64_t id,
                     uint64_t deadline_ms, const char *reason)
{
    struct tui_dialog *dialog = &app->dialog;

    if (app->read_only) {
        tui_app_message(app, TUI_ROLE_WARN,
                        "this console was started read-only; nothing is changed from it");
        return;
    }
    memset(dialog, 0, sizeof(*dialog));
    dialog->open = true;
    dialog->request.verb = verb;
    dialog->request.id = id;
    dialog->request.deadline_ms = deadline_ms;
    snprintf(dialog->request.agent, sizeof(dialog->request.agent), "%s", agent);
    snprintf(dialog->request.reason, sizeof(dialog->request.reason), "%s", reason);
    target_state(app, &dialog->request, dialog->state);
    if (verb == TUI_VERB_DRAIN) {
        struct tui_request plan = dialog->request;
        plan.plan = true;
        dialog->plan_token = tui_app_send(app, &plan);
        dialog->plan = dialog->plan_token != 0 ? TUI_PLAN_WAITING : TUI_PLAN_FAILED;
    }
}

bool tui_dialog_answer(struct tui_app *app, const struct tui_update *update)
{
    struct tui_dialog *dialog = &app->dialog;

    if (!dialog->open || dialog->plan_token == 0 || update->token != dialog->plan_token)
        return false;
    dialog->plan = update->answer->ok ? TUI_PLAN_SHOWN : TUI_PLAN_FAILED;
    dialog->answer = *update->answer;
    /* What is confirmed is this plan, with what it warns of. */
    snprintf(dialog->request.confirm, sizeof(dialog->request.confirm), "%s",
             dialog->answer.plan_id);
    dialog->request.force = dialog->answer.needs_force;
    return true;
}

static void confirm(struct tui_app *app)
{
    struct tui_dialog *dialog = &app->dialog;

    if (dialog->plan == TUI_PLAN_WAITING) {
        tui_app_message(app, TUI_ROLE_WARN, "the coordinator has not said yet what would happen");
        return;
    }
    if (dialog->plan == TUI_PLAN_FAILED)
        return;
    /* The list may have moved on while the dialog stood: look at the target again, by its name. */
    if (dialog->request.agent[0] != 0 && app->model->fleet &&
        !tui_fleet_agent(app->model->fleet, dialog->request.agent)) {
        dialog->open = false;
        tui_app_message(app, TUI_ROLE_BAD, "%s has left the cluster; nothing was sent",
                        dialog->request.agent);
        return;
    }
    uint64_t token = tui_app_send(app, &dialog->request);
    dialog->open = false;
    if (token == 0)
        return;
    app->pending_token = token;
    tui_request_describe(app->pending, sizeof(app->pending), &dialog->request);
    tui_app_message(app, TUI_ROLE_NORMAL, "%s: sent, waiting for the coordinator", app->pending);
}

bool tui_overlay_dialog_open(const struct tui_app *app)
{
    return app->dialog.open;
}

void tui_overlay_dialog_type(struct tui_app *app, uint32_t key)
{
    (void)app, (void)key; /* nothing is typed into a dialog */
}

void tui_do_dialog_switch(struct tui_app *app)
{
    /* There is nothing to confirm about a plan that was refused. */
    app->dialog.confirm = !app->dialog.confirm && app->dialog.plan != TUI_PLAN_FAILED;
}

void tui_do_dialog_abort(struct tui_app *app)
{
    app->dialog.open = false;
    tui_app_message(app, TUI_ROLE_NORMAL, "nothing was done");
}

void tui_do_dialog_accept(struct tui_app *app)
{
    if (app->dialog.confirm && app->dialog.plan != TUI_PLAN_FAILED)
        confirm(app);
    else
        tui_do_dialog_abort(app);
}

/* Opens the dialog for what is selected. */
static void act(struct tui_app *app, enum tui_verb verb, enum tui_context context)
{
    const char *target = tui_app_target(app, context);

    if (target[0] == 0) {
        tui_app_message(app, TUI_ROLE_WARN, "nothing is selected");
        return;
    }
    if (context == TUI_CONTEXT_AGENT)
        tui_dialog_open(app, verb, target, 0, TUI_DEADLINE_MS_DEFAULT, "");
    else
        tui_dialog_open(app, verb, "", strtoull(target, NULL, 10), 0, "");
}

void tui_do_drain(struct tui_app *app)
{
    act(app, TUI_VERB_DRAIN, tui_app_context(app));
}

void tui_do_cordon(struct tui_app *app)
{
    act(app, TUI_VERB_CORDON, tui_app_context(app));
}

void tui_do_uncordon(struct tui_app *app)
{
    act(app, TUI_VERB_UNCORDON, tui_app_context(app));
}

void tui_do_cancel(struct tui_app *app)
{
    act(app, TUI_VERB_CANCEL, tui_app_context(app));
}

void tui_do_stop(struct tui_app *app)
{
    act(app, TUI_VERB_STOP, tui_app_context(app));
}
