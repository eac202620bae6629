/* The form's file picker. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/form_parts.h"

#define PARENT UINT16_MAX /* among the matches */

static const struct tui_folder_entry parent = {.name = "..", .folder = true};

static bool is_parent(const struct tui_folder_entry *entry)
{
    return entry == &parent;
}

/* A path that is typed whole filters nothing. */
static bool matches(const struct tui_form *form, const struct tui_folder_entry *entry)
{
    const char *typed = form->text[TUI_FORM_FILES];

    return typed[0] == 0 || tui_form_is_path(typed) || strcasestr(entry->name, typed) != NULL;
}

void tui_form_match(struct tui_form *form)
{
    form->match_count = form->at = 0;
    if (!form->folder)
        return;
    if (strcmp(form->folder->path, "/") != 0 && matches(form, &parent))
        form->matches[form->match_count++] = PARENT;
    for (size_t i = 0; i < form->folder->count; i++) {
        if (matches(form, &form->folder->entries[i]))
            form->matches[form->match_count++] = (uint16_t)i;
    }
}

const struct tui_folder_entry *tui_form_entry(const struct tui_form *form, size_t i)
{
    if (i >= form->match_count)
        return NULL;
    return form->matches[i] == PARENT ? &parent : &form->folder->entries[form->matches[i]];
}

bool tui_form_is_path(const char *typed)
{
    return typed[0] == '/' || strncmp(typed, "~/", 2) == 0 || strncmp(typed, "./", 2) == 0;
}

/* NULL when memory ran out. The caller frees it. */
static char *path_of(const struct tui_form *form, const struct tui_folder_entry *entry)
{
    char *path = NULL;
    const char *folder = form->folder->path;

    if (is_parent(entry)) {
        const char *slash = strrchr(folder, '/');
        return slash == folder ? strdup("/") : strndup(folder, (size_t)(slash - folder));
    }
    if (asprintf(&path, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, entry->name) < 0)
        return NULL;
    return path;
}

static size_t find_mark(const struct tui_form *form, const char *path)
{
    size_t i = 0;

    while (i < form->marked_count && strcmp(form->marked[i], path) != 0)
        i++;
    return i;
}

bool tui_form_is_marked(const struct tui_form *form, const struct tui_folder_entry *entry)
{
    if (entry->folder || form->marked_count == 0)
        return false;
    char *path = path_of(form, entry);
    bool marked = path && find_mark(form, path) < form->marked_count;
    free(path);
    return marked;
}

void tui_form_read_folder(struct tui_app *app, char *path)
{
    struct tui_form *form = &app->form;
    struct tui_errand errand = {.kind = TUI_ERRAND_FOLDER, .path = path};

    form->folder_token = tui_form_send(form, &errand);
    form->folder_at_ms = app->now_ms;
}

/* Asks what the entry in focus is, unless that is known. */
void tui_form_look(struct tui_app *app)
{
    struct tui_form *form = &app->form;
    const struct tui_folder_entry *entry = tui_form_entry(form, form->at);
    char *path = entry && !entry->folder ? path_of(form, entry) : NULL;

    if (path && form->preview_path && strcmp(path, form->preview_path) == 0) {
        free(path);
        return;
    }
    free(form->preview);
    free(form->preview_path);
    form->preview = NULL;
    form->preview_path = path;
    form->preview_token = 0;
    if (path) {
        struct tui_errand errand = {.kind = TUI_ERRAND_PREVIEW, .path = strdup(path)};
        form->preview_token = errand.path ? tui_form_send(form, &errand) : 0;
    }
}

void tui_form_move(struct tui_app *app, long step)
{
    struct tui_form *form = &app->form;
    long count = (long)form->match_count;
    long at = (long)form->at + step;

    form->at = (size_t)(at < 0 || count == 0 ? 0 : at >= count ? count - 1 : at);
    tui_form_look(app);
}

void tui_form_enter(struct tui_app *app)
{
    struct tui_form *form = &app->form;
    const struct tui_folder_entry *entry = tui_form_entry(form, form->at);
    const char *typed = form->text[TUI_FORM_FILES];

    if (tui_form_is_path(typed)) {
        tui_form_read_folder(app, strdup(typed));
        return;
    }
    if (entry && entry->folder)
        tui_form_read_folder(app, path_of(form, entry));
    else if (entry)
        tui_form_mark(app);
}

void tui_form_leave_folder(struct tui_app *app)
{
    if (app->form.folder && strcmp(app->form.folder->path, "/") != 0)
        tui_form_read_folder(app, path_of(&app->form, &parent));
}

void tui_form_mark(struct tui_app *app)
{
    struct tui_form *form = &app->form;
    const struct tui_folder_entry *entry = tui_form_entry(form, form->at);
    char *path = entry && !entry->folder ? path_of(form, entry) : NULL;

    if (!path)
        return;
    size_t i = find_mark(form, path);
    if (i < form->marked_count) {
        free(path);
        free(form->marked[i]);
        form->marked_count--;
        memmove(&form->marked[i], &form->marked[i + 1],
                (form->marked_count - i) * sizeof(form->marked[0]));
    } else if (form->marked_count == TUI_SUBMIT_FILES_MAX) {
        free(path);
        tui_app_message(app, TUI_ROLE_WARN, "%d files a submission; `stoker submit` takes more",
                        TUI_SUBMIT_FILES_MAX);
        return;
    } else {
        form->marked[form->marked_count++] = path;
    }
    tui_form_move(app, 1);
}

size_t tui_form_file_count(const struct tui_form *form)
{
    const struct tui_folder_entry *entry = tui_form_entry(form, form->at);

    if (form->marked_count > 0)
        return form->marked_count;
    return entry && !entry->folder ? 1 : 0;
}

bool tui_form_take_files(const struct tui_form *form, struct tui_submission *submission)
{
    size_t count = tui_form_file_count(form);
    const struct tui_folder_entry *entry = tui_form_entry(form, form->at);

    for (size_t i = 0; i < count; i++) {
        char *path = form->marked_count > 0 ? strdup(form->marked[i]) : path_of(form, entry);
        if (!path)
            return false;
        submission->paths[submission->count++] = path;
    }
    return true;
}

/* A folder that was asked for has come, or can't be read: then the old one stays. */
void tui_form_take_folder(struct tui_app *app, struct tui_news *news)
{
    struct tui_form *form = &app->form;

    form->folder_token = 0;
    snprintf(form->folder_error, sizeof(form->folder_error), "%s", news->error);
    if (!news->folder)
        return;
    tui_folder_destroy(form->folder);
    form->folder = news->folder;
    news->folder = NULL;
    form->text[TUI_FORM_FILES][0] = 0;
    tui_form_match(form);
    tui_form_look(app);
}
