#include "app/app.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/parts.h"

const unsigned int tui_app_span_minutes[TUI_SPANS] = {1, 2, 5, 15};
const char *const tui_job_states[] = {"",       "queued",    "assigned", "running", "done",
                                      "failed", "cancelled", "expired",  NULL};

struct tui_app *tui_app_create(void)
{
    struct tui_app *app = calloc(1, sizeof(*app));
    if (!app)
        return NULL;
    app->model = tui_model_create();
    if (!app->model) {
        free(app);
        return NULL;
    }
    tui_keymap_init(&app->keymap);
    app->glyphs = TUI_GLYPHS_ASCII;
    app->span = 1;
    return app;
}

void tui_app_destroy(struct tui_app *app)
{
    if (!app)
        return;
    tui_model_destroy(app->model);
    free(app);
}

void tui_app_message(struct tui_app *app, enum tui_role role, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(app->message, sizeof(app->message), format, args);
    va_end(args);
    app->message_role = role;
    app->message_at_ms = app->now_ms;
}

uint64_t tui_app_send(struct tui_app *app, const struct tui_request *request)
{
    if (app->outbox_count == TUI_REQUESTS_MAX) {
        tui_app_message(app, TUI_ROLE_BAD,
                        "%d requests are waiting for the coordinator already; nothing was sent",
                        TUI_REQUESTS_MAX);
        return 0;
    }
    struct tui_request *slot = &app->outbox[app->outbox_count++];
    *slot = *request;
    slot->token = ++app->token;
    snprintf(slot->by, sizeof(slot->by), "%s", app->by);
    return slot->token;
}

bool tui_app_take_request(struct tui_app *app, struct tui_request *ret_request)
{
    if (app->outbox_count == 0)
        return false;
    *ret_request = app->outbox[0];
    app->outbox_count--;
    memmove(&app->outbox[0], &app->outbox[1], app->outbox_count * sizeof(app->outbox[0]));
    return true;
}

struct tui_want tui_app_want(const struct tui_app *app)
{
    struct tui_want want = {.job_state = ""};

    if (app->view == TUI_VIEW_JOBS) {
        want.jobs = true;
        want.job_state = tui_job_states[app->job_state];
    }
    if (app->view == TUI_VIEW_DETAIL && app->detail == TUI_CONTEXT_JOB)
        want.job = strtoull(app->detail_id, NULL, 10);
    return want;
}

static void show_answer(struct tui_app *app, const struct tui_answer *answer)
{
    const struct tui_refusal *refusal = &answer->refusal;

    if (!answer->ok) {
        tui_app_message(app, TUI_ROLE_BAD, "%s: %s%s%s%s", app->pending,
                        refusal->message[0] ? refusal->message : "refused without a reason",
                        refusal->hint[0] ? " (" : "", refusal->hint, refusal->hint[0] ? ")" : "");
        return;
    }
    if (answer->has_operation && answer->operation.id != 0)
        tui_app_message(app, TUI_ROLE_OK, "%s: accepted as operation %llu, %s", app->pending,
                        (unsigned long long)answer->operation.id,
                        answer->operation.state[0] ? answer->operation.state : "started");
    else
        tui_app_message(app, TUI_ROLE_OK, "%s: done", app->pending);
}

void tui_app_update(struct tui_app *app, struct tui_update *update)
{
    if (update->answer && !tui_dialog_answer(app, update) && update->token == app->pending_token) {
        show_answer(app, update->answer);
        app->pending_token = 0;
    }
    tui_model_apply(app->model, update);
}

enum tui_context tui_app_context(const struct tui_app *app)
{
    if (app->dialog.open)
        return TUI_CONTEXT_DIALOG;
    if (app->prompt.kind != TUI_PROMPT_NONE)
        return TUI_CONTEXT_PROMPT;
    if (app->view == TUI_VIEW_DETAIL)
        return app->detail;
    return tui_views[app->view].context;
}

void tui_app_show(struct tui_app *app, enum tui_view_id view)
{
    bool from_pane = app->view == TUI_VIEW_HELP || app->view == TUI_VIEW_DETAIL;

    if (view == app->view)
        return;
    /* Help over a detail pane leads back to it; everything else to the list it came from. */
    if (!from_pane || (view == TUI_VIEW_HELP && app->view == TUI_VIEW_DETAIL))
        app->back = app->view;
    app->view = view;
    if (view == TUI_VIEW_HELP || view == TUI_VIEW_DETAIL)
        app->lists[view].top = 0;
}

static void next_view(struct tui_app *app, int step)
{
    int view = (int)app->view;

    do {
        view = (view + step + TUI_VIEW_COUNT) % TUI_VIEW_COUNT;
    } while (tui_views[view].key == 0);
    tui_app_show(app, (enum tui_view_id)view);
}

/* True if there was something to close. */
static bool close_pane(struct tui_app *app)
{
    enum tui_view_id from = app->view;

    if (from != TUI_VIEW_HELP && from != TUI_VIEW_DETAIL)
        return false;
    app->view = app->back;
    /* A detail pane behind the help was reached from the list that its target belongs to. */
    if (app->view == TUI_VIEW_DETAIL)
        app->back = app->detail == TUI_CONTEXT_JOB ? TUI_VIEW_JOBS : TUI_VIEW_FLEET;
    return true;
}

static void open_detail(struct tui_app *app)
{
    enum tui_context context = tui_views[app->view].context;
    const char *target = tui_app_target(app, context);

    if (context != TUI_CONTEXT_AGENT && context != TUI_CONTEXT_JOB)
        return;
    if (target[0] == 0) {
        tui_app_message(app, TUI_ROLE_WARN, "nothing is selected");
        return;
    }
    snprintf(app->detail_id, sizeof(app->detail_id), "%s", target);
    app->detail = context;
    tui_app_show(app, TUI_VIEW_DETAIL);
}

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

static void next_sort(struct tui_app *app)
{
    const char *const *sorts = tui_views[app->view].ops->sorts;
    struct tui_list *list = &app->lists[app->view];

    if (!sorts) {
        tui_app_message(app, TUI_ROLE_DIM, "this list has one order; r turns it round");
        return;
    }
    list->sort = sorts[list->sort + 1] ? list->sort + 1 : 0;
    tui_app_message(app, TUI_ROLE_NORMAL, "sorted by %s", sorts[list->sort]);
}

static void next_job_state(struct tui_app *app)
{
    app->job_state = tui_job_states[app->job_state + 1] ? app->job_state + 1 : 0;
    const char *state = tui_job_states[app->job_state];
    tui_app_message(app, TUI_ROLE_NORMAL, "jobs: %s", state[0] ? state : "all");
}

static void move(struct tui_app *app, long step)
{
    struct tui_list *list = &app->lists[app->view];

    if (!tui_views[app->view].ops->count) {
        /* Text scrolls; arrange() stops it at the end. */
        long top = (long)list->top + step;
        list->top = top < 0 ? 0 : (size_t)top;
        return;
    }
    if (app->row_count == 0)
        return;
    long at = (long)list->at + (list->gone && step > 0 ? step - 1 : step);
    at = at < 0 ? 0 : at >= (long)app->row_count ? (long)app->row_count - 1 : at;
    struct tui_row_text row;
    tui_views[app->view].ops->describe(app, app->rows[at], &row);
    snprintf(list->selected, sizeof(list->selected), "%s", row.id);
    list->at = (size_t)at;
    list->gone = false;
}

static void go_back(struct tui_app *app)
{
    if (!close_pane(app))
        app->lists[app->view].filter[0] = 0;
}

/* The commands of AGENT, JOB, OPERATION and LIST. */
static void list_command(struct tui_app *app, enum tui_command command)
{
    enum tui_context context = tui_app_context(app);

    switch (command) {
    case TUI_COMMAND_DRAIN:
        act(app, TUI_VERB_DRAIN, context);
        break;
    case TUI_COMMAND_CORDON:
        act(app, TUI_VERB_CORDON, context);
        break;
    case TUI_COMMAND_UNCORDON:
        act(app, TUI_VERB_UNCORDON, context);
        break;
    case TUI_COMMAND_CANCEL:
        act(app, TUI_VERB_CANCEL, context);
        break;
    case TUI_COMMAND_STOP:
        act(app, TUI_VERB_STOP, context);
        break;
    case TUI_COMMAND_JOB_STATE:
        next_job_state(app);
        break;
    case TUI_COMMAND_OPEN:
        open_detail(app);
        break;
    case TUI_COMMAND_FILTER:
        tui_prompt_open(app, TUI_PROMPT_FILTER);
        break;
    case TUI_COMMAND_SORT:
        next_sort(app);
        break;
    case TUI_COMMAND_REVERSE:
        app->lists[app->view].reverse = !app->lists[app->view].reverse;
        break;
    case TUI_COMMAND_UP:
        move(app, -1);
        break;
    case TUI_COMMAND_DOWN:
        move(app, 1);
        break;
    case TUI_COMMAND_PAGE_UP:
        move(app, -(long)app->page);
        break;
    case TUI_COMMAND_PAGE_DOWN:
        move(app, (long)app->page);
        break;
    case TUI_COMMAND_FIRST:
        move(app, -TUI_AGENTS_MAX);
        break;
    case TUI_COMMAND_LAST:
        move(app, TUI_AGENTS_MAX);
        break;
    default:
        break;
    }
}

static void any_command(struct tui_app *app, enum tui_command command)
{
    switch (command) {
    case TUI_COMMAND_COMMAND:
        tui_prompt_open(app, TUI_PROMPT_COMMAND);
        break;
    case TUI_COMMAND_HELP:
        tui_app_show(app, TUI_VIEW_HELP);
        break;
    case TUI_COMMAND_QUIT:
        app->quit = !close_pane(app);
        break;
    case TUI_COMMAND_BACK:
        go_back(app);
        break;
    case TUI_COMMAND_NEXT_VIEW:
        next_view(app, 1);
        break;
    case TUI_COMMAND_PREVIOUS_VIEW:
        next_view(app, -1);
        break;
    case TUI_COMMAND_SPAN:
        app->span = (app->span + 1) % TUI_SPANS;
        tui_app_message(app, TUI_ROLE_NORMAL, "graphs show %u min",
                        tui_app_span_minutes[app->span]);
        break;
    case TUI_COMMAND_REDRAW:
        app->redraw = true;
        break;
    default:
        list_command(app, command);
        break;
    }
}

void tui_app_key(struct tui_app *app, uint32_t key)
{
    enum tui_context context = tui_app_context(app);
    enum tui_command command = tui_keymap_find(&app->keymap, context, 1, key);

    /* Data and view may have changed since the last frame, and rows are indexes into both. */
    tui_app_arrange(app, app->body);
    if (context == TUI_CONTEXT_DIALOG) {
        tui_dialog_command(app, command);
        return;
    }
    if (context == TUI_CONTEXT_PROMPT) {
        tui_prompt_key(app, command, key);
        return;
    }
    if (command != TUI_COMMAND_NONE) {
        any_command(app, command);
        return;
    }
    for (size_t i = 0; i < TUI_VIEW_COUNT; i++) {
        if (tui_views[i].key != 0 && key == (uint32_t)tui_views[i].key) {
            tui_app_show(app, (enum tui_view_id)i);
            return;
        }
    }
    char name[16];
    tui_key_name(name, sizeof(name), key);
    tui_app_message(app, TUI_ROLE_DIM, "%s does nothing here; ? shows the keys", name);
}
