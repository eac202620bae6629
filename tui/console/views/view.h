/* The views: a table of functions that draw what the application holds. */
#ifndef TUI_CONSOLE_VIEWS_VIEW_H
#define TUI_CONSOLE_VIEWS_VIEW_H

#include "keys/keymap.h"
#include "model/limits.h"
#include "theme/canvas.h"

struct tui_app;

enum tui_view_id {
#define TUI_VIEW(name, lower, key, context, title, help) TUI_VIEW_##name,
#include "views/views.def"
#undef TUI_VIEW
    TUI_VIEW_COUNT
};

/* What a list is filtered by and selected by. */
struct tui_row_text {
    char id[TUI_NAME_SIZE];
    char text[1024];
};

/* How a view is drawn. The list functions are NULL for a view without rows to select. */
struct tui_view_ops {
    /* Rows there are before the filter; describe() and compare() take their indexes. */
    size_t (*count)(const struct tui_app *app);
    void (*describe)(const struct tui_app *app, size_t index, struct tui_row_text *ret_row);
    /* Order by app's sort column; NULL keeps the order of the data. Never 0 for two rows. */
    int (*compare)(const struct tui_app *app, size_t a, size_t b);
    const char *const *sorts; /* names of the sort columns, NULL at the end; may be NULL */
    /* Rows of the list that are visible in the body; for a view without a list, lines. */
    int (*page)(const struct tui_app *app, struct tui_rect body);
    /* Lines of a view that scrolls without a list; NULL otherwise. */
    int (*lines)(const struct tui_app *app, int cols);
    void (*draw)(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body);
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

#endif
