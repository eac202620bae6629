/* Detail panes: everything about one thing, one file detail_<name>.c and one row of details.def. */
#ifndef TUI_CONSOLE_VIEWS_DETAIL_H
#define TUI_CONSOLE_VIEWS_DETAIL_H

#include "app/app.h"
#include "views/sheet.h"

struct tui_detail {
    /* Writes the pane of app->detail_id. */
    void (*write)(const struct tui_app *app, struct tui_sheet *sheet);
    /* What it needs polled; NULL: nothing. */
    void (*want)(const struct tui_app *app, struct tui_want *ret_want);
};

#define TUI_DETAIL(context, lower, help) extern const struct tui_detail tui_detail_##lower;
#include "views/details.def"
#undef TUI_DETAIL

/* The pane of a context; NULL: there is none. */
const struct tui_detail *tui_detail_of(enum tui_context context);

/* "agent", "job"; "" where there is none. */
const char *tui_detail_name(enum tui_context context);

/* The context with that name; ANY: there is none. */
enum tui_context tui_detail_find(const char *name);

/* Parts that several panes have. */

/* Events for which `about` is true, newest first, at most `max`. */
void tui_detail_events(const struct tui_app *app, struct tui_sheet *sheet, size_t max,
                       bool (*about)(const struct tui_app *app, const struct tui_event *event));

/* What people did to it: those of the audit log whose target has the words. */
void tui_detail_acts(const struct tui_app *app, struct tui_sheet *sheet, const char *target);

/* One bar a span of a time, and a bar of them all. us[TUI_SPAN_COUNT]; NAN: not known. */
void tui_detail_split(struct tui_sheet *sheet, const double us[TUI_SPAN_COUNT]);

/* "17:21:31", and how long ago by the coordinator's clock: "17:21:31, 3m ago"; "-" for 0. */
void tui_detail_time(const struct tui_app *app, char *ret_text, size_t size, uint64_t time_ms);

#endif
