#include "app/app.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/do.h"
#include "app/overlay.h"
#include "app/parts.h"

const char *const tui_job_states[] = {"",       "queued",    "assigned", "running", "done",
                                      "failed", "cancelled", "expired",  NULL};

struct tui_app *tui_app_create(void)
{
    struct tui_app *app = calloc(1, sizeof(*app));
    if (!app)
        return NULL;
    app->model = tui_model_create();
    app->work = tui_work_create();
    if (!app->model || !app->work) {
        tui_app_destroy(app);
        return NULL;
    }
    tui_keymap_init(&app->keymap);
    app->glyphs = TUI_GLYPHS_ASCII;
    app->graphs.span = 1;
    return app;
}

void tui_app_destroy(struct tui_app *app)
{
    if (!app)
        return;
    for (size_t i = 0; i < TUI_VIEW_COUNT; i++)
        tui_list_finish(&app->lists[i]);
    tui_form_finish(&app->form);
    tui_dialog_finish(&app->dialog);
    for (size_t i = 0; i < app->outbox_count; i++)
        free(app->outbox[i].text);
    tui_work_destroy(app->work);
    tui_model_destroy(app->model);
    free(app->rows);
    free(app);
}

void tui_app_message(struct tui_app *app, enum tui_role role, const char *format, ...)
{
    va_list args;

    bool fresh = app->now_ms - app->message_at_ms < TUI_MESSAGE_MS;

    if (app->message_role == TUI_ROLE_BAD && app->message[0] != 0 && fresh) {
        memcpy(app->error, app->message, sizeof(app->error));
        app->error_at_ms = app->message_at_ms;
    }
    va_start(args, format);
    vsnprintf(app->message, sizeof(app->message), format, args);
    va_end(args);
    app->message_role = role;
    app->message_at_ms = app->now_ms;
}

bool tui_app_refuses(struct tui_app *app)
{
    if (app->replay.active)
        tui_app_message(app, TUI_ROLE_WARN,
                        "this is a recording: what has been can be looked at, not changed");
    else if (app->read_only)
        tui_app_message(app, TUI_ROLE_WARN,
                        "this console was started read-only (stoker console --read-only); "
                        "nothing is changed from it");
    return app->replay.active || app->read_only;
}

uint64_t tui_app_send(struct tui_app *app, char *text)
{
    if (!text || app->outbox_count == TUI_REQUESTS_MAX) {
        tui_app_message(app, TUI_ROLE_BAD,
                        text ? "too many requests are waiting for the coordinator already; nothing "
                               "was sent"
                             : "out of memory; nothing was sent");
        free(text);
        return 0;
    }
    struct tui_request *slot = &app->outbox[app->outbox_count++];
    slot->text = text;
    slot->token = ++app->token;
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
    struct tui_want want;

    /* As bytes, because it is compared as bytes. */
    memset(&want, 0, sizeof(want));
    if (tui_views[app->view].ops->want)
        tui_views[app->view].ops->want(app, &want);
    tui_palette_want(&app->palette, &want);
    return want;
}

/* Who is at the top follows the newest; a recording shows what there was at its time. */
static enum tui_keep keep_jobs(const struct tui_app *app)
{
    const struct tui_list *list = &app->lists[TUI_VIEW_JOBS];

    if (app->replay.active)
        return TUI_KEEP_NEWEST_PAGE;
    if (list->back)
        return TUI_KEEP_OLDEST;
    return list->compiled ? TUI_KEEP_NEWEST : TUI_KEEP_NEWEST_PAGE;
}

void tui_app_update(struct tui_app *app, struct tui_update *update)
{
    bool snapshot = update->kind == TUI_UPDATE_FLEET;

    if (update->answer && !tui_dialog_answer(app, update))
        tui_action_answer(app, update->token, update->answer);
    app->model->jobs_keep = keep_jobs(app);
    tui_model_apply(app->model, update);
    tui_form_update(app);
    if (snapshot)
        tui_action_watch(app);
}

enum tui_context tui_app_context(const struct tui_app *app)
{
    const struct tui_overlay *overlay = tui_overlay_top(app);

    if (overlay)
        return overlay->context;
    if (app->view == TUI_VIEW_DETAIL)
        return app->detail;
    return tui_views[app->view].context;
}

static void (*const commands[TUI_COMMAND_COUNT])(struct tui_app *app) = {
#define TUI_KEY(context, command, lower, keys, hint, help) [TUI_COMMAND_##command] = tui_do_##lower,
#include "keys/keys.def"
#undef TUI_KEY
};

static void view_key(struct tui_app *app, uint32_t key)
{
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

void tui_app_command(struct tui_app *app, enum tui_command command)
{
    commands[command](app);
}

void tui_app_key(struct tui_app *app, uint32_t key)
{
    const struct tui_overlay *overlay = tui_overlay_top(app);
    enum tui_command command = TUI_COMMAND_NONE;

    /* The second of two keys belongs to the first. */
    if (app->replay.active && !overlay && app->keymap.pending == TUI_KEY_NONE)
        command = tui_keymap_find(&app->keymap, TUI_CONTEXT_REPLAY, 0, key);
    if (command == TUI_COMMAND_NONE)
        command = tui_keymap_find(&app->keymap, tui_app_context(app), 1, key);
    /* Data and view may have changed since the last frame, and rows are indexes into both. */
    tui_app_arrange(app, app->body);
    if (command == TUI_COMMAND_PREFIX)
        return;
    /* That the last key did nothing is no news any more. */
    if (app->message_role == TUI_ROLE_DIM)
        app->message[0] = 0;
    if (command != TUI_COMMAND_NONE)
        commands[command](app);
    else if (overlay)
        overlay->type(app, key);
    else
        view_key(app, key);
}
