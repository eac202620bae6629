/* The views: a table of functions that draw what the application holds. */
#ifndef TUI_CONSOLE_VIEWS_VIEW_H
#define TUI_CONSOLE_VIEWS_VIEW_H

#include "app/field.h"
#include "keys/keymap.h"
#include "model/limits.h"
#include "model/want.h"
#include "theme/canvas.h"

struct tui_app;

enum tui_view_id {
#define TUI_VIEW(name, lower, key, context, title, help) TUI_VIEW_##name,
#include "views/views.def"
#undef TUI_VIEW
    TUI_VIEW_COUNT
};

/* How a view is drawn. The list functions are NULL for a view without rows to select. */
struct tui_view_ops {
    /* Rows there are before the filter; id() and value() take their indexes. */
    size_t (*count)(const struct tui_app *app);
    /* Whom selection, marks and actions follow: what names the row, whatever its place. */
    void (*id)(const struct tui_app *app, size_t index, char ret_id[TUI_NAME_SIZE]);
    /* What the list is filtered and sorted by, NULL at the end. The first is its order at first,
     * and the order among equals. */
    const struct tui_field *fields;
    /* One field of a row. *ret_value is given as NAN and "", and stays so for what isn't known. */
    void (*value)(const struct tui_app *app, size_t index, size_t field,
                  struct tui_value *ret_value);
    /* A log: while its first row is selected the newest one is, and what is read stays where it is
     * while lines come in above. */
    bool follows;
    /* What Enter opens of a row, ANY: nothing; NULL: the row as an object of the view's context. */
    void (*open)(const struct tui_app *app, size_t index, enum tui_context *ret_context,
                 char ret_id[TUI_NAME_SIZE]);
    /* Rows of the list that are visible in the body; for a view without a list, lines. */
    int (*page)(const struct tui_app *app, struct tui_rect body);
    /* Lines of a view that scrolls without a list; NULL otherwise. */
    int (*lines)(const struct tui_app *app, int cols);
    /* Columns of the graphs in the body; NULL for a view without any. */
    int (*graph_cols)(const struct tui_app *app, struct tui_rect body);
    void (*draw)(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body);
    /* Sets what should be polled while the view is shown; NULL: nothing. */
    void (*want)(const struct tui_app *app, struct tui_want *want);
};

struct tui_view {
    const char *name, *title, *help;
    char key;
    enum tui_context context;
    const struct tui_view_ops *ops;
};

#define TUI_VIEW(name, lower, key, context, title, help) \
    extern const struct tui_view_ops tui_view_##lower;
#include "views/views.def"
#undef TUI_VIEW

extern const struct tui_view tui_views[TUI_VIEW_COUNT];

/* One field of a row, or NAN and "". */
void tui_view_value(const struct tui_view_ops *ops, const struct tui_app *app, size_t index,
                    size_t field, struct tui_value *ret_value);

#endif
