#include "app/dialog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/do.h"
#include "app/overlay.h"
#include "app/parts.h"

static const struct tui_verb_row *row_of(const struct tui_dialog *dialog)
{
    return &tui_verb_rows[dialog->order.verb];
}

static bool has_plan(const struct tui_dialog *dialog)
{
    return strcmp(row_of(dialog)->shows, "plan") == 0;
}

void tui_dialog_finish(struct tui_dialog *dialog)
{
    free(dialog->answer);
    dialog->answer = NULL;
    dialog->token = 0;
    dialog->open = false;
}

/* Something that has to be seen before anything can be confirmed. */
static void changed(struct tui_dialog *dialog)
{
    dialog->change++;
    dialog->focus = TUI_FOCUS_CANCEL;
}

/* Whether what is shown leaves something to be done. */
static bool can_confirm(const struct tui_dialog *dialog)
{
    const struct tui_plan *plan = dialog->answer ? &dialog->answer->plan : NULL;

    if (dialog->report || dialog->help || dialog->told == TUI_TOLD_REFUSAL)
        return false;
    if (!has_plan(dialog) || !plan)
        return true;
    /* Tuning takes a device away: which one is said, not guessed. */
    if (plan->kind == TUI_PLAN_TUNE)
        return plan->rows_total == 1;
    return plan->kind == TUI_PLAN_DRAIN || plan->rows_total > 0;
}

bool tui_dialog_has(const struct tui_app *app, int focus)
{
    const struct tui_dialog *dialog = &app->dialog;
    char word[TUI_TYPED_SIZE];

    if (focus == TUI_FOCUS_CANCEL)
        return true;
    if (focus == TUI_FOCUS_CONFIRM)
        return can_confirm(dialog);
    if (dialog->report || dialog->help)
        return false;
    if (focus < TUI_FOCUS_TYPED)
        return tui_order_takes(&dialog->order, (enum tui_argument)focus);
    tui_dialog_word(app, word);
    return word[0] != 0;
}

/* Without a version it may be any of them: which is the newest only the coordinator knows. */
static bool is_meant(const struct tui_served *model, const char *id)
{
    return strcmp(strchr(id, ':') ? model->id : model->name, id) == 0;
}

static bool is_in_use(const struct tui_app *app)
{
    const struct tui_targets *targets = &app->dialog.order.targets;
    const struct tui_fleet *fleet = app->model->fleet;
    bool used = false;

    for (size_t m = 0; fleet && m < fleet->model_count; m++) {
        const struct tui_served *model = &fleet->models[m];
        for (size_t i = 0; i < targets->count && model->queued + model->running > 0 && !used; i++)
            used = is_meant(model, targets->ids[i]);
    }
    return used;
}

void tui_dialog_word(const struct tui_app *app, char ret_word[TUI_TYPED_SIZE])
{
    const struct tui_dialog *dialog = &app->dialog;
    const struct tui_order *order = &dialog->order;
    enum tui_danger danger = row_of(dialog)->danger;
    bool needed = order->force || strcmp(order->values[TUI_ARGUMENT_FORCE], "yes") == 0 ||
                  (danger == TUI_DANGER_MANY && order->targets.count > 1) ||
                  (danger == TUI_DANGER_USE && is_in_use(app));

    ret_word[0] = 0;
    if (!needed)
        return;
    if (order->targets.count == 0)
        snprintf(ret_word, TUI_TYPED_SIZE, "%s", row_of(dialog)->word);
    else if (order->targets.count == 1)
        snprintf(ret_word, TUI_TYPED_SIZE, "%s", order->targets.ids[0]);
    else
        tui_targets_describe(ret_word, TUI_TYPED_SIZE, &order->targets);
}

/* Asks what it would do, or how its target is. */
static void ask(struct tui_app *app)
{
    struct tui_dialog *dialog = &app->dialog;
    enum tui_ask what = has_plan(dialog) ? TUI_ASK_PLAN : TUI_ASK_STATE;
    char why[TUI_TEXT_SIZE];

    free(dialog->answer);
    dialog->answer = NULL;
    dialog->token = 0;
    dialog->edited = false;
    dialog->told = TUI_TOLD_NOTHING;
    dialog->order.confirm[0] = 0;
    dialog->order.force = false;
    /* Of many there is no one state to ask for; each is named with what the snapshot knows. */
    if (row_of(dialog)->shows[0] == 0 || (what == TUI_ASK_STATE && dialog->order.targets.count > 1))
        return;
    if (what == TUI_ASK_PLAN && !tui_order_check(&dialog->order, app->model->fleet, why)) {
        tui_app_message(app, TUI_ROLE_WARN, "%s", why);
        dialog->edited = true;
        return;
    }
    dialog->token = tui_app_send(app, tui_order_text(&dialog->order, what, 0, app->by));
    dialog->told = dialog->token != 0 ? TUI_TOLD_WAITING : TUI_TOLD_REFUSAL;
}

static void remember_coordinator(struct tui_app *app)
{
    const struct tui_fleet *fleet = app->model->fleet;

    app->dialog.epoch = fleet ? fleet->epoch : 0;
    app->dialog.uptime_ms = fleet ? fleet->uptime_ms : 0;
}

/* Every agent that the verb can mean. */
static void take_all(const struct tui_fleet *fleet, struct tui_order *order)
{
    const char *not_meant = order->verb == TUI_VERB_RESTART ? "lost" : "drained";

    order->targets.count = 0;
    for (size_t i = 0; fleet && i < fleet->agent_count; i++) {
        if (strcmp(fleet->agents[i].state, not_meant) != 0)
            tui_targets_add(&order->targets, fleet->agents[i].name);
    }
}

/* Whether there is somebody to do it to; false after a message. */
static bool check_targets(struct tui_app *app, bool named)
{
    const struct tui_order *order = &app->dialog.order;
    const struct tui_targets *targets = &order->targets;
    char usage[TUI_TEXT_SIZE];

    if (targets->kind == TUI_TARGET_NOTHING)
        return true;
    if (targets->count == 0) {
        tui_verb_usage(usage, sizeof(usage), order->verb);
        tui_app_message(app, TUI_ROLE_WARN, named ? "usage: %s" : "nothing is selected; :%s",
                        usage);
        return false;
    }
    if (targets->count > 1 && tui_verb_rows[order->verb].how == TUI_HOW_ONE) {
        tui_app_message(app, TUI_ROLE_WARN, "%s takes one %s, and %zu are marked",
                        tui_verb_rows[order->verb].word, tui_target_word(targets->kind, 1),
                        targets->count);
        return false;
    }
    for (size_t i = 0; i < targets->count; i++) {
        const char *id = targets->ids[i];
        if (targets->kind == TUI_TARGET_AGENT && app->model->fleet &&
            !tui_fleet_agent(app->model->fleet, id)) {
            if (named)
                tui_app_message(app, TUI_ROLE_BAD, "no agent is named '%s'; Tab completes names",
                                id);
            else
                tui_app_message(app, TUI_ROLE_BAD, "%s has left the cluster%s", id,
                                targets->count > 1 ? "; Esc clears the marks" : "");
            return false;
        }
        /* A name that fills its place may have been cut, and then it is another's. */
        if (targets->kind == TUI_TARGET_MODEL && strlen(id) == TUI_NAME_SIZE - 1) {
            tui_app_message(app, TUI_ROLE_BAD, "%s...: too long a name for this; use stoker %s", id,
                            tui_verb_rows[order->verb].word);
            return false;
        }
    }
    return true;
}

void tui_act(struct tui_app *app, enum tui_verb verb, const char *line)
{
    struct tui_dialog *dialog = &app->dialog;
    char why[TUI_TEXT_SIZE];

    if (tui_app_refuses(app))
        return;
    tui_dialog_finish(dialog);
    tui_order_init(&dialog->order, verb);
    if (dialog->order.targets.kind != TUI_TARGET_NOTHING)
        tui_app_targets(app, dialog->order.targets.kind, &dialog->order.targets);
    if (line && !tui_order_read(&dialog->order, line, why)) {
        tui_app_message(app, TUI_ROLE_WARN, "%s", why);
        return;
    }
    if (dialog->order.all)
        take_all(app->model->fleet, &dialog->order);
    if (!check_targets(app, line != NULL))
        return;
    if (!tui_order_check_values(&dialog->order, app->model->fleet, why)) {
        tui_app_message(app, TUI_ROLE_BAD, "%s", why);
        return;
    }
    tui_order_look(&dialog->order, app->model);
    remember_coordinator(app);
    dialog->open = true;
    dialog->help = dialog->report = dialog->seen = false;
    dialog->typed[0] = 0;
    dialog->top = 0;
    changed(dialog);
    ask(app);
}

/* A model without a version means the newest: from here on that one, whatever is added later. */
static void freeze_version(struct tui_order *order, uint64_t version)
{
    char *id = order->targets.ids[0];
    size_t used = strlen(id);

    if (order->targets.kind == TUI_TARGET_MODEL && !strchr(id, ':') && version != 0)
        snprintf(id + used, TUI_NAME_SIZE - used, ":%llu", (unsigned long long)version);
}

bool tui_dialog_answer(struct tui_app *app, struct tui_update *update)
{
    struct tui_dialog *dialog = &app->dialog;
    struct tui_order *order = &dialog->order;

    if (dialog->token == 0 || update->token != dialog->token)
        return false;
    dialog->token = 0;
    free(dialog->answer);
    dialog->answer = update->answer;
    update->answer = NULL;
    dialog->told = dialog->answer->ok ? TUI_TOLD_ANSWER : TUI_TOLD_REFUSAL;
    /* What is confirmed is this plan, with what it warns of. */
    snprintf(order->confirm, sizeof(order->confirm), "%s", dialog->answer->plan.id);
    order->force = dialog->answer->plan.needs_force;
    freeze_version(order, dialog->answer->version);
    dialog->change++;
    if (!tui_dialog_has(app, dialog->focus))
        dialog->focus = TUI_FOCUS_CANCEL;
    return true;
}

void tui_dialog_drawn(struct tui_app *app, size_t last)
{
    struct tui_dialog *dialog = &app->dialog;

    if (dialog->top > last)
        dialog->top = last;
    dialog->seen = true;
    if (dialog->drawn == dialog->change)
        return;
    dialog->drawn = dialog->change;
    dialog->drawn_ms = app->now_ms;
}

/* Whether the dialog, as it is now, has been on the screen for long enough to be read. */
static bool has_settled(const struct tui_app *app)
{
    return app->dialog.drawn == app->dialog.change &&
           app->now_ms - app->dialog.drawn_ms >= TUI_DIALOG_SETTLE_MS;
}

static void drop_target(struct tui_order *order, size_t index)
{
    struct tui_targets *targets = &order->targets;
    size_t behind = --targets->count - index;

    memmove(targets->ids[index], targets->ids[index + 1], behind * sizeof(targets->ids[0]));
    memmove(&order->seen[index], &order->seen[index + 1], behind * sizeof(order->seen[0]));
}

/* What is different from when it was last looked at, in words; "" nothing. Who is gone is left out
 * from here on. Jobs and models go from state to state by themselves: that is not news. */
static void find_changes(struct tui_app *app, char ret_text[TUI_TEXT_SIZE])
{
    struct tui_order *order = &app->dialog.order;
    bool by_state = order->targets.kind == TUI_TARGET_AGENT;
    struct tui_target_now now;
    size_t used = 0;

    ret_text[0] = 0;
    for (size_t i = 0; i < order->targets.count;) {
        const char *id = order->targets.ids[i];
        const struct tui_target_now *seen = &order->seen[i];
        int n = 0;
        tui_target_look(app->model, order->targets.kind, id, &now);
        if (now.gone)
            n = snprintf(ret_text + used, TUI_TEXT_SIZE - used, "%s%s %s", used > 0 ? ", " : "", id,
                         order->targets.kind == TUI_TARGET_AGENT ? "has left the cluster"
                                                                 : "has ended");
        else if (tui_target_differs(seen, &now))
            n = snprintf(ret_text + used, TUI_TEXT_SIZE - used, "%s%s is another one now",
                         used > 0 ? ", " : "", id);
        else if (by_state && strcmp(seen->state, now.state) != 0)
            n = snprintf(ret_text + used, TUI_TEXT_SIZE - used, "%s%s is %s now",
                         used > 0 ? ", " : "", id, now.state);
        used = used + (size_t)n < TUI_TEXT_SIZE ? used + (size_t)n : TUI_TEXT_SIZE - 1;
        if (now.gone)
            drop_target(order, i);
        else
            order->seen[i++] = now;
    }
}

static bool coordinator_changed(const struct tui_app *app)
{
    const struct tui_fleet *fleet = app->model->fleet;

    return fleet && app->dialog.epoch != 0 &&
           (fleet->epoch != app->dialog.epoch || fleet->uptime_ms < app->dialog.uptime_ms);
}

/* Looks at the targets again, by their ids. False, after a message, when something else would be
 * done than was shown: the dialog shows it then, and has to be confirmed anew. */
static bool still_true(struct tui_app *app)
{
    struct tui_dialog *dialog = &app->dialog;
    char text[TUI_TEXT_SIZE];

    find_changes(app, text);
    if (dialog->order.targets.kind != TUI_TARGET_NOTHING && dialog->order.targets.count == 0) {
        tui_dialog_finish(dialog);
        tui_app_message(app, TUI_ROLE_BAD, "%s; nothing was sent", text);
        return false;
    }
    if (text[0] == 0 && coordinator_changed(app))
        snprintf(text, sizeof(text), "the coordinator was started again");
    if (text[0] == 0)
        return true;
    remember_coordinator(app);
    changed(dialog);
    ask(app);
    tui_app_message(app, TUI_ROLE_BAD, "%s; nothing was sent: look again", text);
    return false;
}

static bool check_typed(struct tui_app *app)
{
    char word[TUI_TYPED_SIZE];

    tui_dialog_word(app, word);
    if (word[0] == 0 || strcmp(word, app->dialog.typed) == 0)
        return true;
    app->dialog.focus = TUI_FOCUS_TYPED;
    tui_app_message(app, TUI_ROLE_WARN, "type '%s' to confirm that this is what is meant", word);
    return false;
}

static void confirm(struct tui_app *app)
{
    struct tui_dialog *dialog = &app->dialog;
    char why[TUI_TEXT_SIZE];

    if (!has_settled(app)) {
        tui_app_message(app, TUI_ROLE_WARN, "this has only just come up: look, then press again");
        return;
    }
    if (dialog->told == TUI_TOLD_WAITING || (has_plan(dialog) && dialog->edited)) {
        tui_app_message(app, TUI_ROLE_WARN, "the coordinator has not said yet what would happen");
        return;
    }
    if (!tui_order_check(&dialog->order, app->model->fleet, why)) {
        tui_app_message(app, TUI_ROLE_WARN, "%s", why);
        return;
    }
    if (!check_typed(app) || !still_true(app) || !tui_action_start(app, &dialog->order))
        return;
    if (dialog->order.targets.count > 1 && row_of(dialog)->how == TUI_HOW_EACH) {
        dialog->report = true;
        dialog->top = 0;
        changed(dialog);
        return;
    }
    tui_dialog_finish(dialog);
}

/* Moves the focus; a plan that the fields don't belong to any more is asked for again. */
static void move_focus(struct tui_app *app, int step)
{
    struct tui_dialog *dialog = &app->dialog;

    if (!dialog->seen)
        return;
    if (dialog->edited && has_plan(dialog)) {
        dialog->change++;
        ask(app);
    }
    do {
        dialog->focus = (dialog->focus + step + TUI_FOCUS_COUNT) % TUI_FOCUS_COUNT;
    } while (!tui_dialog_has(app, dialog->focus));
}

static void scroll(struct tui_app *app, int step)
{
    struct tui_dialog *dialog = &app->dialog;

    if (step < 0)
        dialog->top = dialog->top > (size_t)-step ? dialog->top - (size_t)-step : 0;
    else
        dialog->top += (size_t)step; /* a frame stops it at the end */
}

bool tui_overlay_dialog_open(const struct tui_app *app)
{
    return app->dialog.open;
}

void tui_overlay_dialog_type(struct tui_app *app, uint32_t key)
{
    (void)app, (void)key; /* nothing is typed into the buttons */
}

void tui_do_dialog_next(struct tui_app *app)
{
    move_focus(app, 1);
}

void tui_do_dialog_previous(struct tui_app *app)
{
    move_focus(app, -1);
}

void tui_do_dialog_switch(struct tui_app *app)
{
    struct tui_dialog *dialog = &app->dialog;

    if (!dialog->seen)
        return;
    dialog->focus = dialog->focus != TUI_FOCUS_CONFIRM && can_confirm(dialog) ? TUI_FOCUS_CONFIRM
                                                                              : TUI_FOCUS_CANCEL;
}

void tui_do_dialog_up(struct tui_app *app)
{
    scroll(app, -1);
}

void tui_do_dialog_down(struct tui_app *app)
{
    scroll(app, 1);
}

void tui_do_dialog_page_up(struct tui_app *app)
{
    scroll(app, -8);
}

void tui_do_dialog_page_down(struct tui_app *app)
{
    scroll(app, 8);
}

void tui_do_dialog_help(struct tui_app *app)
{
    struct tui_dialog *dialog = &app->dialog;

    dialog->help = !dialog->help;
    dialog->top = 0;
    changed(dialog);
}

void tui_do_dialog_abort(struct tui_app *app)
{
    bool report = app->dialog.report;

    if (app->dialog.help) {
        tui_do_dialog_help(app);
        return;
    }
    tui_dialog_finish(&app->dialog);
    if (!report)
        tui_app_message(app, TUI_ROLE_NORMAL, "nothing was done");
}

void tui_do_dialog_accept(struct tui_app *app)
{
    if (!app->dialog.seen)
        return;
    if (app->dialog.focus == TUI_FOCUS_CONFIRM)
        confirm(app);
    else
        tui_do_dialog_abort(app);
}
