/* Rows of the current view: filter, order, selection by id. */
#include "app/app.h"

#include <stdlib.h>
#include <string.h>

struct order {
    const struct tui_app *app;
    int (*compare)(const struct tui_app *app, size_t a, size_t b);
    int sign;
};

static int compare_rows(const void *a, const void *b, void *user)
{
    const struct order *order = user;

    return order->sign * order->compare(order->app, *(const size_t *)a, *(const size_t *)b);
}

static bool matches(const char *filter, const char *text)
{
    if (filter[0] == '!')
        return filter[1] == 0 || strcasestr(text, filter + 1) == NULL;
    return strcasestr(text, filter) != NULL;
}

struct tui_list *tui_app_list(struct tui_app *app)
{
    return &app->lists[app->view];
}

bool tui_app_selected(const struct tui_app *app, size_t *ret_index)
{
    const struct tui_list *list = &app->lists[app->view];

    if (!tui_views[app->view].ops->count || list->gone || list->at >= app->row_count)
        return false;
    *ret_index = app->rows[list->at];
    return true;
}

const char *tui_app_target(const struct tui_app *app, enum tui_context context)
{
    const struct tui_list *list = &app->lists[app->view];

    if (app->view == TUI_VIEW_DETAIL)
        return app->detail == context ? app->detail_id : "";
    if (tui_views[app->view].context != context || list->gone || list->at >= app->row_count)
        return "";
    return list->selected;
}

static void collect(struct tui_app *app, const struct tui_view_ops *ops)
{
    const struct tui_list *list = &app->lists[app->view];
    size_t count = ops->count(app);
    struct tui_row_text row;

    app->row_count = 0;
    for (size_t i = 0; i < count && app->row_count < TUI_AGENTS_MAX; i++) {
        if (list->filter[0] != 0) {
            ops->describe(app, i, &row);
            if (!matches(list->filter, row.text))
                continue;
        }
        app->rows[app->row_count++] = i;
    }
    if (ops->compare) {
        struct order order = {app, ops->compare, list->reverse ? -1 : 1};
        qsort_r(app->rows, app->row_count, sizeof(app->rows[0]), compare_rows, &order);
    } else if (list->reverse) {
        for (size_t i = 0; i < app->row_count / 2; i++) {
            size_t other = app->row_count - 1 - i;
            size_t swap = app->rows[i];
            app->rows[i] = app->rows[other];
            app->rows[other] = swap;
        }
    }
}

/* A row that left the list takes the selection with it: what slides into its place was not
 * chosen by anybody. */
static void find_selected(struct tui_app *app, const struct tui_view_ops *ops)
{
    struct tui_list *list = &app->lists[app->view];
    struct tui_row_text row;

    for (size_t i = 0; i < app->row_count; i++) {
        ops->describe(app, app->rows[i], &row);
        if (strcmp(row.id, list->selected) == 0) {
            list->at = i;
            list->gone = false;
            return;
        }
    }
    if (list->selected[0] == 0 && app->row_count > 0) {
        ops->describe(app, app->rows[0], &row);
        memcpy(list->selected, row.id, sizeof(list->selected));
        list->at = 0;
        list->gone = false;
        return;
    }
    list->gone = true;
    if (list->at >= app->row_count)
        list->at = app->row_count > 0 ? app->row_count - 1 : 0;
}

void tui_app_arrange(struct tui_app *app, struct tui_rect body)
{
    const struct tui_view_ops *ops = tui_views[app->view].ops;
    struct tui_list *list = &app->lists[app->view];
    int page = ops->page ? ops->page(app, body) : 1;
    size_t visible = page > 0 ? (size_t)page : 1;
    size_t total;

    app->body = body;
    app->page = visible;
    if (ops->count) {
        collect(app, ops);
        find_selected(app, ops);
        total = app->row_count;
        if (list->at < list->top)
            list->top = list->at;
        if (list->at >= list->top + visible)
            list->top = list->at - visible + 1;
    } else {
        app->row_count = 0;
        total = ops->lines ? (size_t)ops->lines(app, body.cols) : 0;
    }
    size_t last = total > visible ? total - visible : 0;
    if (list->top > last)
        list->top = last;
}
