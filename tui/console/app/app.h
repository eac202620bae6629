/*
 * What the operator is doing: view, selection, filter, prompt, dialog. Turns keys into changes of
 * that state and into requests. Pure state like the model: no curses, socket, clock or thread.
 */
#ifndef TUI_CONSOLE_APP_APP_H
#define TUI_CONSOLE_APP_APP_H

#include "app/action.h"
#include "app/bookmarks.h"
#include "app/capture.h"
#include "app/dialog.h"
#include "app/filter.h"
#include "app/form.h"
#include "app/graphs.h"
#include "app/marks.h"
#include "app/palette.h"
#include "app/pointer.h"
#include "app/replay.h"
#include "app/request.h"
#include "app/save.h"
#include "app/tour.h"
#include "keys/keymap.h"
#include "model/model.h"
#include "theme/glyphs.h"
#include "views/view.h"
#include "views/work.h"

#define TUI_REQUESTS_MAX 8
#define TUI_MESSAGE_SIZE 512
#define TUI_MESSAGE_MS 20000
#define TUI_ROWS_MIN 16
#define TUI_COLS_MIN 60
#define TUI_COLS_WIDE 90

struct tui_list {
    char selected[TUI_NAME_SIZE]; /* "" until the list has had a row */
    size_t at;                    /* where the selection was last seen */
    size_t top;                   /* the first visible row, or line */
    char filter[TUI_FILTER_SIZE]; /* one that was understood; "" shows all */
    struct tui_filter *compiled;  /* of it; NULL: all */
    size_t total;                 /* rows without the filter */
    size_t sort;                  /* index of the view's fields */
    bool reverse;                 /* not the field's own direction */
    bool back;                    /* its end was gone to: what is before that is wanted */
    bool gone;                    /* the selected row is not in the list now: nothing is selected */
    struct tui_marks marks;
};

struct tui_prompt {
    bool open;
    char text[TUI_FILTER_SIZE];
    char before[TUI_FILTER_SIZE];     /* the filter to go back to */
    char selected[TUI_NAME_SIZE];     /* the row that was selected with it */
    struct tui_filter_error error;    /* why the filter that was typed isn't the list's; "" it is */
    struct tui_completion completion; /* of the last word, once Tab was pressed */
};

struct tui_app {
    struct tui_model *model; /* owned */
    struct tui_work *work;   /* owned; a cache of what views make of the model */
    struct tui_keymap keymap;
    enum tui_glyphs glyphs;
    bool pixels; /* cells can have any colour: pictures are shown as they are */
    char address[TUI_ADDRESS_SIZE];
    char agents_address[TUI_ADDRESS_SIZE]; /* that agents dial; "" not known */
    char by[TUI_NAME_SIZE];                /* who: recorded with each action */
    bool read_only;
    uint64_t slo_us; /* instead of the cluster's; 0: that */
    bool quit;
    struct tui_replay replay;
    struct tui_capture capture;
    struct tui_save save;
    struct tui_tour tour;
    bool mouse;      /* the mouse acts here */
    bool next_theme; /* another theme is wanted */
    bool redraw;     /* the operator wants the whole screen drawn again */

    int64_t now_ms;    /* monotonic; set before every call that needs it */
    uint64_t clock_ms; /* the wall clock, for showing only */

    enum tui_view_id view;
    struct tui_list lists[TUI_VIEW_COUNT];
    enum tui_context detail; /* AGENT or JOB */
    char detail_id[TUI_NAME_SIZE];
    struct tui_pointer pointer; /* what the mouse did last */
    struct tui_graphs graphs;
    unsigned int job_state; /* index of tui_job_states */

    size_t *rows; /* the current view's rows, filtered and sorted; owned */
    size_t row_count, row_room;
    struct tui_rect body; /* what the rows were last arranged for */
    size_t page;          /* rows, or lines, visible in it; at least 1 */

    struct tui_nav nav;
    struct tui_bookmarks bookmarks;
    struct tui_prompt prompt;
    struct tui_palette palette;
    struct tui_form form;
    struct tui_dialog dialog;
    char message[TUI_MESSAGE_SIZE];
    enum tui_role message_role;
    int64_t message_at_ms;
    char error[TUI_MESSAGE_SIZE]; /* the newest that another message came after */
    int64_t error_at_ms;

    struct tui_request outbox[TUI_REQUESTS_MAX];
    size_t outbox_count;
    uint64_t token;
    struct tui_action action; /* the newest that was confirmed */
};

/* "" (all) first, NULL at the end. */
extern const char *const tui_job_states[];

/* NULL when memory ran out. */
struct tui_app *tui_app_create(void);
void tui_app_destroy(struct tui_app *app);

/* Takes an update over: answers go to the dialog or the message line, the rest to the model. */
void tui_app_update(struct tui_app *app, struct tui_update *update);

/* One key; or what a key would do. */
void tui_app_key(struct tui_app *app, uint32_t key);
void tui_app_command(struct tui_app *app, enum tui_command command);

/*
 * Filters and sorts the current view's rows, finds the selection among them by its id, and keeps
 * it visible in a body of that size. Call it before drawing.
 */
void tui_app_arrange(struct tui_app *app, struct tui_rect body);

/* The oldest request that has not been taken; false if there is none. */
bool tui_app_take_request(struct tui_app *app, struct tui_request *ret_request);

/* What the current view needs polled. */
struct tui_want tui_app_want(const struct tui_app *app);

/*
 * Shows a line until it is TUI_MESSAGE_MS old. An error (TUI_ROLE_BAD) that it takes the place of
 * goes on being shown beside it, for its own time.
 */
void tui_app_message(struct tui_app *app, enum tui_role role, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* True, with a message why, where nothing may be changed from here. */
bool tui_app_refuses(struct tui_app *app);

/* The keys' context now. */
enum tui_context tui_app_context(const struct tui_app *app);

/* The list of the current view, and the index of its selected row; false if there is none. */
struct tui_list *tui_app_list(struct tui_app *app);
bool tui_app_selected(const struct tui_app *app, size_t *ret_index);

/*
 * Filters the current view's list; where that hides the selected row, the first is selected. False,
 * with *ret_error set and the list as it was, when the filter can't be understood.
 */
bool tui_app_filter(struct tui_app *app, const char *text, struct tui_filter_error *ret_error);

/* Sorts the current view's list by the field of that name (or its beginning); as above. */
bool tui_app_sort(struct tui_app *app, const char *name, struct tui_filter_error *ret_error);

/* Whether the list shows the largest of its order first. */
bool tui_list_descending(const struct tui_list *list, const struct tui_view_ops *ops);

/* Whether the row at that place of app->rows is marked. */
bool tui_app_marked(const struct tui_app *app, size_t row);

/* Opens the detail pane of an agent or a job. */
void tui_app_open(struct tui_app *app, enum tui_context context, const char *id);

/* Goes to a list and selects a row; a filter that hides it is cleared. */
void tui_app_select(struct tui_app *app, enum tui_view_id view, const char *id);

/* Goes to a view; where one was can be gone back to. */
void tui_app_show(struct tui_app *app, enum tui_view_id view);

/* What an action of that kind would be done to now: what is marked, or else what is selected. */
void tui_app_targets(const struct tui_app *app, enum tui_target kind,
                     struct tui_targets *ret_targets);

/* Takes the marks off what an action was sent for: the next one is about other rows. */
void tui_app_unmark(struct tui_app *app, const struct tui_targets *targets);

/* The agent or job that keys act on in the current view; "" if there is none. */
const char *tui_app_target(const struct tui_app *app, enum tui_context context);

#endif
