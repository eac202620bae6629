/* Rows of the current view: filter, order, selection by id. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/do.h"

struct order {
    const struct tui_app *app;
    const struct tui_view_ops *ops;
    const struct tui_list *list;
};

/* What isn't known comes last, whichever way the list is turned. */
static int compare_numbers(double a, double b, bool descending)
{
    if (isnan(a) || isnan(b))
        return (int)isnan(a) - (int)isnan(b);
    return descending ? (a < b) - (a > b) : (a > b) - (a < b);
}

static int compare_field(const struct order *order, size_t a, size_t b, size_t field,
                         bool descending)
{
    struct tui_value x;
    struct tui_value y;

    tui_view_value(order->ops, order->app, a, field, &x);
    tui_view_value(order->ops, order->app, b, field, &y);
    if (order->ops->fields[field].kind != TUI_FIELD_TEXT || !isnan(x.number) || !isnan(y.number))
        return compare_numbers(x.number, y.number, descending);
    if (x.text[0] == 0 || y.text[0] == 0)
        return (x.text[0] == 0) - (y.text[0] == 0);
    int by = strverscmp(x.text, y.text);
    return descending ? -by : by;
}

static bool natural(const struct tui_field *field)
{
    return field->kind != TUI_FIELD_TEXT && !field->least_first;
}

bool tui_list_descending(const struct tui_list *list, const struct tui_view_ops *ops)
{
    return natural(&ops->fields[list->sort]) != list->reverse;
}

/* Never 0: equal rows stay in the order of the first field, and then of the data. */
static int compare_rows(const void *a, const void *b, void *user)
{
    const struct order *order = user;
    const struct tui_list *list = order->list;
    size_t x = *(const size_t *)a;
    size_t y = *(const size_t *)b;
    int by = compare_field(order, x, y, list->sort, tui_list_descending(list, order->ops));

    if (by == 0 && list->sort != 0)
        by = compare_field(order, x, y, 0, natural(&order->ops->fields[0]));
    return by != 0 ? by : x < y ? -1 : 1;
}

bool tui_app_filter(struct tui_app *app, const char *text, struct tui_filter_error *ret_error)
{
    struct tui_list *list = &app->lists[app->view];
    struct tui_filter *filter;

    if (!tui_filter_compile(text, tui_views[app->view].ops->fields, &filter, ret_error))
        return false;
    tui_filter_destroy(list->compiled);
    list->compiled = filter;
    snprintf(list->filter, sizeof(list->filter), "%s", text);
    return true;
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
    struct tui_list *list = &app->lists[app->view];
    struct order order = {app, ops, list};

    list->total = ops->count(app);
    app->row_count = 0;
    for (size_t i = 0; i < list->total && app->row_count < TUI_AGENTS_MAX; i++) {
        if (!list->compiled || tui_filter_match(list->compiled, ops, app, i))
            app->rows[app->row_count++] = i;
    }
    qsort_r(app->rows, app->row_count, sizeof(app->rows[0]), compare_rows, &order);
}

/* A row that left the list takes the selection with it: what slides into its place was not
 * chosen by anybody. */
static void find_selected(struct tui_app *app, const struct tui_view_ops *ops)
{
    struct tui_list *list = &app->lists[app->view];
    char id[TUI_NAME_SIZE];

    for (size_t i = 0; i < app->row_count; i++) {
        ops->id(app, app->rows[i], id);
        if (strcmp(id, list->selected) == 0) {
            list->at = i;
            list->gone = false;
            return;
        }
    }
    if (list->selected[0] == 0 && app->row_count > 0) {
        ops->id(app, app->rows[0], list->selected);
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
    tui_views[app->view].ops->id(app, app->rows[at], list->selected);
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
    const struct tui_field *fields = tui_views[app->view].ops->fields;
    struct tui_list *list = &app->lists[app->view];

    if (!fields)
        return;
    list->sort = fields[list->sort + 1].name ? list->sort + 1 : 0;
    list->reverse = false;
    tui_app_message(app, TUI_ROLE_NORMAL, "sorted by %s", fields[list->sort].name);
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
