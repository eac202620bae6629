#include "app/form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/do.h"
#include "app/form_parts.h"
#include "app/line.h"
#include "app/overlay.h"
#include "text/duration.h"

uint64_t tui_form_send(struct tui_form *form, struct tui_errand *errand)
{
    bool has_content = errand->path || errand->submission || errand->kind == TUI_ERRAND_STOP;

    if (!has_content || form->errand_count == TUI_FORM_ERRANDS_MAX) {
        tui_errand_finish(errand);
        return 0;
    }
    errand->token = ++form->token;
    form->errands[form->errand_count++] = *errand;
    return errand->token;
}

bool tui_form_take_errand(struct tui_form *form, struct tui_errand *ret_errand)
{
    if (form->errand_count == 0)
        return false;
    *ret_errand = form->errands[0];
    form->errand_count--;
    memmove(&form->errands[0], &form->errands[1], form->errand_count * sizeof(form->errands[0]));
    return true;
}

void tui_form_finish(struct tui_form *form)
{
    struct tui_errand errand;

    while (tui_form_take_errand(form, &errand))
        tui_errand_finish(&errand);
    for (size_t i = 0; i < form->marked_count; i++)
        free(form->marked[i]);
    tui_folder_destroy(form->folder);
    free(form->preview);
    free(form->preview_path);
    *form = (struct tui_form){0};
}

/* The model that contains what was typed: the chosen one if `step` is 0 and it does, else the next
 * one in that direction. */
static void choose_model(struct tui_app *app, int step)
{
    const struct tui_fleet *fleet = app->model->fleet;
    struct tui_form *form = &app->form;
    size_t count = fleet ? fleet->model_count : 0;
    size_t from = 0;

    while (from < count && strcmp(fleet->models[from].id, form->model) != 0)
        from++;
    if (from == count)
        from = 0;
    for (size_t i = step == 0 ? 0 : 1; i <= count && count > 0; i++) {
        size_t at = (step < 0 ? from + count - i : from + i) % count;
        if (strcasestr(fleet->models[at].id, form->text[TUI_FORM_MODEL])) {
            memcpy(form->model, fleet->models[at].id, sizeof(form->model));
            return;
        }
    }
    /* Nothing is chosen that doesn't match what is on the screen. */
    form->model[0] = 0;
}

void tui_form_update(struct tui_app *app)
{
    if (app->form.open && app->form.model[0] == 0)
        choose_model(app, 0);
}

void tui_form_open(struct tui_app *app)
{
    struct tui_form *form = &app->form;

    if (tui_app_refuses(app))
        return;
    if (form->token == 0)
        form->priority = TUI_PRIORITY_DEFAULT;
    form->open = true;
    form->field = TUI_FORM_MODEL;
    if (form->submit_token == 0)
        form->submitted = (struct tui_submitted){0};
    form->text[TUI_FORM_MODEL][0] = 0;
    if (!app->model->fleet || !tui_fleet_model(app->model->fleet, form->model))
        choose_model(app, 0);
    /* What lies there may have changed since the last time. */
    tui_form_read_folder(app, strdup(form->folder ? form->folder->path : ""));
}

static bool read_deadline(const struct tui_form *form, int64_t *ret_ms)
{
    const char *typed = form->text[TUI_FORM_DEADLINE];

    *ret_ms = 0;
    return typed[0] == 0 || (tui_duration_parse(typed, ret_ms) && *ret_ms > 0);
}

const char *tui_form_obstacle(const struct tui_form *form)
{
    int64_t deadline_ms;

    if (form->submit_token != 0)
        return "the last files are still being sent";
    if (form->model[0] == 0)
        return form->text[TUI_FORM_MODEL][0] ? "no model's name contains that" : "choose a model";
    if (tui_form_file_count(form) == 0)
        return "choose a file";
    if (!read_deadline(form, &deadline_ms))
        return "a deadline is a span such as 500ms, 30s or 10m";
    return NULL;
}

static void submit(struct tui_app *app)
{
    struct tui_form *form = &app->form;
    const char *obstacle = tui_form_obstacle(form);
    const struct tui_served *model = tui_fleet_model(app->model->fleet, form->model);
    struct tui_errand errand = {.kind = TUI_ERRAND_SUBMIT};
    int64_t deadline_ms = 0;

    if (!obstacle && !model)
        obstacle = "that model has left the cluster; choose another";
    if (obstacle) {
        tui_app_message(app, TUI_ROLE_WARN, "%s", obstacle);
        return;
    }
    struct tui_submission *submission = calloc(1, sizeof(*submission));
    if (!submission || !tui_form_take_files(form, submission)) {
        tui_submission_destroy(submission);
        tui_app_message(app, TUI_ROLE_BAD, "out of memory; nothing was submitted");
        return;
    }
    read_deadline(form, &deadline_ms);
    submission->version = model->version;
    submission->priority = form->priority;
    submission->deadline_ms = (uint64_t)deadline_ms;
    snprintf(submission->model, sizeof(submission->model), "%s", model->name);
    snprintf(submission->tenant, sizeof(submission->tenant), "%.*s", TUI_NAME_SIZE - 1,
             form->text[TUI_FORM_TENANT]);
    form->submitted = (struct tui_submitted){.total = submission->count};
    memcpy(form->submit_model, form->model, sizeof(form->submit_model));
    errand.submission = submission;
    form->submit_token = tui_form_send(form, &errand);
}

static void take_submitted(struct tui_app *app, const struct tui_news *news)
{
    struct tui_form *form = &app->form;
    const struct tui_submitted *s = &form->submitted;

    form->submitted = news->submitted;
    if (!s->over)
        return;
    form->submit_token = 0;
    if (s->failed > 0 || s->sent == 0) {
        tui_app_message(app, TUI_ROLE_BAD, "%zu of %zu submitted to %s%s%s", s->sent, s->total,
                        form->submit_model, s->error[0] ? "; " : "", s->error);
        return;
    }
    if (s->sent < s->total) {
        tui_app_message(app, TUI_ROLE_WARN, "stopped: %zu of %zu submitted to %s", s->sent,
                        s->total, form->submit_model);
        return;
    }
    for (size_t i = 0; i < form->marked_count; i++)
        free(form->marked[i]);
    form->marked_count = 0;
    if (form->open)
        tui_app_show(app, TUI_VIEW_JOBS);
    form->open = false;
    if (s->sent == 1)
        tui_app_message(app, TUI_ROLE_OK, "submitted to %s as job %llu", form->submit_model,
                        (unsigned long long)s->last_id);
    else
        tui_app_message(app, TUI_ROLE_OK, "%zu jobs submitted to %s, the last is %llu", s->sent,
                        form->submit_model, (unsigned long long)s->last_id);
}

void tui_form_news(struct tui_app *app, struct tui_news *news)
{
    struct tui_form *form = &app->form;

    if (news->kind == TUI_ERRAND_FOLDER && news->token == form->folder_token) {
        tui_form_take_folder(app, news);
    } else if (news->kind == TUI_ERRAND_PREVIEW && news->token == form->preview_token) {
        free(form->preview);
        form->preview = news->preview;
        news->preview = NULL;
    } else if (news->kind == TUI_ERRAND_SUBMIT && news->token == form->submit_token) {
        take_submitted(app, news);
    }
    tui_news_destroy(news);
}

/* ---- keys */

bool tui_overlay_form_open(const struct tui_app *app)
{
    return app->form.open;
}

/* What follows from a field's text that has changed. */
static void changed(struct tui_app *app)
{
    struct tui_form *form = &app->form;

    if (form->field == TUI_FORM_MODEL)
        choose_model(app, 0);
    if (form->field == TUI_FORM_FILES) {
        tui_form_match(form);
        tui_form_look(app);
    }
}

void tui_overlay_form_type(struct tui_app *app, uint32_t key)
{
    struct tui_form *form = &app->form;

    if (form->field == TUI_FORM_PRIORITY && key >= '0' && key <= '0' + TUI_PRIORITY_MAX) {
        form->priority = (unsigned int)(key - '0');
        return;
    }
    if (form->field == TUI_FORM_PRIORITY || form->field >= TUI_FORM_CANCEL)
        return;
    tui_line_type(form->text[form->field], TUI_FORM_TEXT_SIZE, key);
    changed(app);
}

void tui_do_form_open(struct tui_app *app)
{
    tui_form_open(app);
}

void tui_do_form_next(struct tui_app *app)
{
    app->form.field = (app->form.field + 1) % TUI_FORM_FIELDS;
}

void tui_do_form_previous(struct tui_app *app)
{
    app->form.field = (app->form.field + TUI_FORM_FIELDS - 1) % TUI_FORM_FIELDS;
}

void tui_do_form_accept(struct tui_app *app)
{
    struct tui_form *form = &app->form;

    if (form->field == TUI_FORM_FILES)
        tui_form_enter(app);
    else if (form->field == TUI_FORM_CANCEL)
        tui_do_form_abort(app);
    else if (form->field == TUI_FORM_SUBMIT)
        submit(app);
    else
        tui_do_form_next(app);
}

/* While files are being sent it stops those first. */
void tui_do_form_abort(struct tui_app *app)
{
    struct tui_form *form = &app->form;
    struct tui_errand stop = {.kind = TUI_ERRAND_STOP};

    form->open = false;
    if (form->submit_token != 0) {
        tui_form_send(form, &stop);
        tui_app_message(app, TUI_ROLE_WARN, "stopping; what was taken stays submitted");
    }
}

void tui_do_form_up(struct tui_app *app)
{
    if (app->form.field == TUI_FORM_FILES)
        tui_form_move(app, -1);
    else
        tui_do_form_previous(app);
}

void tui_do_form_down(struct tui_app *app)
{
    if (app->form.field == TUI_FORM_FILES)
        tui_form_move(app, 1);
    else
        tui_do_form_next(app);
}

void tui_do_form_page_up(struct tui_app *app)
{
    tui_form_move(app, -TUI_FORM_ROWS(app->body.rows));
}

void tui_do_form_page_down(struct tui_app *app)
{
    tui_form_move(app, TUI_FORM_ROWS(app->body.rows));
}

/* Left and right: another value, the other button, out of a folder and into one. */
static void sideways(struct tui_app *app, int step)
{
    struct tui_form *form = &app->form;

    switch (form->field) {
    case TUI_FORM_MODEL:
        choose_model(app, step);
        break;
    case TUI_FORM_FILES:
        if (step < 0)
            tui_form_leave_folder(app);
        else if (tui_form_entry(form, form->at) && tui_form_entry(form, form->at)->folder)
            tui_form_enter(app);
        break;
    case TUI_FORM_PRIORITY:
        if (step < 0 ? form->priority > 0 : form->priority < TUI_PRIORITY_MAX)
            form->priority = step < 0 ? form->priority - 1 : form->priority + 1;
        break;
    case TUI_FORM_CANCEL:
    case TUI_FORM_SUBMIT:
        form->field = form->field == TUI_FORM_CANCEL ? TUI_FORM_SUBMIT : TUI_FORM_CANCEL;
        break;
    default:
        break;
    }
}

void tui_do_form_left(struct tui_app *app)
{
    sideways(app, -1);
}

void tui_do_form_right(struct tui_app *app)
{
    sideways(app, 1);
}

void tui_do_form_mark(struct tui_app *app)
{
    if (app->form.field == TUI_FORM_FILES && app->form.text[TUI_FORM_FILES][0] == 0)
        tui_form_mark(app);
    else
        tui_overlay_form_type(app, ' ');
}

void tui_do_form_erase(struct tui_app *app)
{
    struct tui_form *form = &app->form;

    if (tui_line_erase(form->text[form->field]))
        changed(app);
    else if (form->field == TUI_FORM_FILES)
        tui_form_leave_folder(app);
}

void tui_do_form_clear(struct tui_app *app)
{
    app->form.text[app->form.field][0] = 0;
    changed(app);
}
