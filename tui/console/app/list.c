/* Rows of the current view: filter, order, selection by id. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/do.h"

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

void tui_do_up(struct tui_app *app)
{
    move(app, -1);
}

void tui_do_down(struct tui_app *app)
{
    move(app, 1);
}

void tui_do_page_up(struct tui_app *app)
{
    move(app, -(long)app->page);
}

void tui_do_page_down(struct tui_app *app)
{
    move(app, (long)app->page);
}

void tui_do_first(struct tui_app *app)
{
    move(app, -TUI_AGENTS_MAX);
}

void tui_do_last(struct tui_app *app)
{
    move(app, TUI_AGENTS_MAX);
}

void tui_do_sort(struct tui_app *app)
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

void tui_do_reverse(struct tui_app *app)
{
    app->lists[app->view].reverse = !app->lists[app->view].reverse;
}

void tui_do_job_state(struct tui_app *app)
{
    app->job_state = tui_job_states[app->job_state + 1] ? app->job_state + 1 : 0;
    const char *state = tui_job_states[app->job_state];
    tui_app_message(app, TUI_ROLE_NORMAL, "jobs: %s", state[0] ? state : "all");
}
