/* Rows of the current view: filter, order, selection by id. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/do.h"
#include "app/parts.h"

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

void tui_list_finish(struct tui_list *list)
{
    tui_filter_destroy(list->compiled);
    tui_marks_finish(&list->marks);
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

bool tui_app_marked(const struct tui_app *app, size_t row)
{
    const struct tui_marks *marks = &app->lists[app->view].marks;
    char id[TUI_NAME_SIZE];

    if (marks->count == 0)
        return false;
    tui_views[app->view].ops->id(app, app->rows[row], id);
    return tui_marks_has(marks, id);
}

/* So many rows have a place now; fewer when memory ran out. */
static size_t make_room(struct tui_app *app, size_t count)
{
    if (count > app->row_room) {
        size_t *rows = realloc(app->rows, count * sizeof(*rows));
        if (!rows)
            return app->row_room;
        app->rows = rows;
        app->row_room = count;
    }
    return count;
}

static void collect(struct tui_app *app, const struct tui_view_ops *ops)
{
    struct tui_list *list = &app->lists[app->view];
    struct order order = {app, ops, list};
    struct tui_marks *marks = &list->marks;
    size_t was_gone = marks->gone;
    char id[TUI_NAME_SIZE];

    list->total = ops->count(app);
    size_t room = make_room(app, list->total);
    app->row_count = 0;
    marks->shown = 0;
    marks->gone = marks->count;
    for (size_t i = 0; i < room; i++) {
        bool shown = !list->compiled || tui_filter_match(list->compiled, ops, app, i);
        if (shown)
            app->rows[app->row_count++] = i;
        if (marks->count == 0)
            continue;
        ops->id(app, i, id);
        bool marked = tui_marks_has(marks, id);
        marks->gone -= marked;
        marks->shown += marked && shown;
    }
    if (marks->gone > was_gone)
        tui_app_message(app, TUI_ROLE_WARN, "%zu of %zu marked rows %s left the list", marks->gone,
                        marks->count, marks->gone == 1 ? "has" : "have");
    if (app->row_count > 1)
        qsort_r(app->rows, app->row_count, sizeof(app->rows[0]), compare_rows, &order);
}

/* A row that left the list takes the selection with it: what slides into its place was not
 * chosen by anybody. */
static void find_selected(struct tui_app *app, const struct tui_view_ops *ops)
{
    struct tui_list *list = &app->lists[app->view];
    char id[TUI_NAME_SIZE];

    if (ops->follows && list->at == 0 && list->top == 0 && !list->gone)
        list->selected[0] = 0;
    for (size_t i = 0; list->selected[0] != 0 && i < app->row_count; i++) {
        ops->id(app, app->rows[i], id);
        if (strcmp(id, list->selected) == 0) {
            if (ops->follows && i > list->at)
                list->top += i - list->at;
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

bool tui_app_filter(struct tui_app *app, const char *text, struct tui_filter_error *ret_error)
{
    struct tui_list *list = &app->lists[app->view];
    struct tui_filter *filter = NULL;

    /* The help has lines, which know no columns. */
    if (tui_views[app->view].ops->fields &&
        !tui_filter_compile(text, tui_views[app->view].ops->fields, &filter, ret_error))
        return false;
    tui_filter_destroy(list->compiled);
    list->compiled = filter;
    snprintf(list->filter, sizeof(list->filter), "%s", text);
    tui_app_arrange(app, app->body);
    /* Who says what to show means what is shown. */
    if (list->gone && app->row_count > 0) {
        tui_views[app->view].ops->id(app, app->rows[0], list->selected);
        find_selected(app, tui_views[app->view].ops);
    }
    return true;
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
    list->back = at > 0 && (list->back || list->at + app->page >= app->row_count);
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
    move(app, -(long)app->row_count);
}

void tui_do_last(struct tui_app *app)
{
    move(app, (long)app->row_count);
}

static void sort_by(struct tui_app *app, size_t field)
{
    struct tui_list *list = &app->lists[app->view];

    list->sort = field;
    list->reverse = false;
    tui_app_message(app, TUI_ROLE_NORMAL, "sorted by %s",
                    tui_views[app->view].ops->fields[field].name);
}

bool tui_app_sort(struct tui_app *app, const char *name, struct tui_filter_error *ret_error)
{
    const struct tui_field *fields = tui_views[app->view].ops->fields;
    size_t field;

    if (!tui_field_find(fields, name, strlen(name), &field, ret_error))
        return false;
    sort_by(app, field);
    return true;
}

void tui_do_sort(struct tui_app *app)
{
    const struct tui_field *fields = tui_views[app->view].ops->fields;
    size_t sort = app->lists[app->view].sort;

    if (fields)
        sort_by(app, fields[sort + 1].name ? sort + 1 : 0);
}

void tui_do_sort_previous(struct tui_app *app)
{
    const struct tui_field *fields = tui_views[app->view].ops->fields;
    size_t sort = app->lists[app->view].sort;

    if (!fields)
        return;
    if (sort == 0)
        while (fields[sort].name)
            sort++;
    sort_by(app, sort - 1);
}

void tui_do_reverse(struct tui_app *app)
{
    app->lists[app->view].reverse = !app->lists[app->view].reverse;
}

/* Marks, or takes the marks of, what is shown. */
static void mark_shown(struct tui_app *app, bool invert)
{
    const struct tui_view_ops *ops = tui_views[app->view].ops;
    struct tui_marks *marks = &app->lists[app->view].marks;
    char id[TUI_NAME_SIZE];

    for (size_t i = 0; i < app->row_count; i++) {
        ops->id(app, app->rows[i], id);
        if (invert && tui_marks_has(marks, id)) {
            tui_marks_remove(marks, id);
        } else if (!tui_marks_add(marks, id)) {
            tui_app_message(app, TUI_ROLE_WARN, "%zu are marked; more at once is not possible",
                            marks->count);
            return;
        }
    }
    tui_app_message(app, TUI_ROLE_NORMAL, "%zu marked", marks->count);
}

void tui_do_mark(struct tui_app *app)
{
    struct tui_list *list = &app->lists[app->view];
    size_t index;

    if (!tui_app_selected(app, &index))
        return;
    if (tui_marks_has(&list->marks, list->selected))
        tui_marks_remove(&list->marks, list->selected);
    else if (!tui_marks_add(&list->marks, list->selected))
        tui_app_message(app, TUI_ROLE_WARN, "%zu are marked; more at once is not possible",
                        list->marks.count);
    move(app, 1);
}

void tui_do_mark_all(struct tui_app *app)
{
    mark_shown(app, false);
}

void tui_do_mark_invert(struct tui_app *app)
{
    mark_shown(app, true);
}

void tui_do_job_state(struct tui_app *app)
{
    app->job_state = tui_job_states[app->job_state + 1] ? app->job_state + 1 : 0;
    const char *state = tui_job_states[app->job_state];
    tui_app_message(app, TUI_ROLE_NORMAL, "jobs: %s", state[0] ? state : "all");
}
