/*
 * The form that submits files as jobs: its fields, its file picker, and how far a submission is.
 * Pure state: it makes errands for the submitter's thread and takes its news.
 */
#ifndef TUI_CONSOLE_APP_FORM_H
#define TUI_CONSOLE_APP_FORM_H

#include "app/errand.h"

#define TUI_FORM_ERRANDS_MAX 4
#define TUI_FORM_TEXT_SIZE 160
/* Entries that the picker shows in a body of so many rows. */
#define TUI_FORM_ROWS(body_rows) ((body_rows) > 9 ? (body_rows)-8 : 1)
#define TUI_PRIORITY_MAX 3
#define TUI_PRIORITY_DEFAULT 2

struct tui_app;

/* In the order of Tab. */
enum tui_form_field {
    TUI_FORM_MODEL,
    TUI_FORM_FILES,
    TUI_FORM_PRIORITY,
    TUI_FORM_DEADLINE,
    TUI_FORM_TENANT,
    TUI_FORM_CANCEL,
    TUI_FORM_SUBMIT,
    TUI_FORM_FIELDS
};

struct tui_form {
    bool open;
    enum tui_form_field field;
    char text[TUI_FORM_FIELDS][TUI_FORM_TEXT_SIZE]; /* what was typed into each */
    char model[TUI_NAME_SIZE];                      /* chosen, NAME:VERSION; "" none */
    unsigned int priority;

    struct tui_folder *folder; /* owned; NULL until it was read */
    char folder_error[TUI_TEXT_SIZE];
    uint64_t folder_token;                        /* of the one that is being read; 0: none */
    int64_t folder_at_ms;                         /* since when */
    uint16_t matches[TUI_FOLDER_ENTRIES_MAX + 1]; /* entries that match what was typed */
    size_t match_count;
    size_t at;                          /* among these */
    char *marked[TUI_SUBMIT_FILES_MAX]; /* owned paths */
    size_t marked_count;

    char *preview_path; /* owned; what `preview` is, or will be, about */
    uint64_t preview_token;
    struct tui_preview *preview; /* owned; NULL until it was read */

    uint64_t submit_token; /* of the submission under way; 0: none */
    char submit_model[TUI_NAME_SIZE];
    struct tui_submitted submitted;

    struct tui_errand errands[TUI_FORM_ERRANDS_MAX];
    size_t errand_count;
    uint64_t token;
};

/* Opens it, with what was chosen the last time. Refused read-only. */
void tui_form_open(struct tui_app *app);
void tui_form_finish(struct tui_form *form);

/* After a snapshot: a model that has come can be chosen. */
void tui_form_update(struct tui_app *app);

/* The oldest errand, whose content goes to the caller; false if there is none. */
bool tui_form_take_errand(struct tui_form *form, struct tui_errand *ret_errand);

/* Takes the news over. What nobody waits for any more is dropped. */
void tui_form_news(struct tui_app *app, struct tui_news *news);

/* The i-th of match_count entries; NULL beyond the last. With a folder that is not the root the
 * parent comes first, as "..". */
const struct tui_folder_entry *tui_form_entry(const struct tui_form *form, size_t i);
bool tui_form_is_marked(const struct tui_form *form, const struct tui_folder_entry *entry);

/* What the button would send: the marked files, or else the one in focus. 0: nothing. */
size_t tui_form_file_count(const struct tui_form *form);

/* Why the button can't be pressed now; NULL: it can. */
const char *tui_form_obstacle(const struct tui_form *form);

#endif
