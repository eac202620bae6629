#include "views/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/figure.h"
#include "theme/zone.h"

#define TITLE_ROWS_MIN 14 /* in a lower body each line is a row's */
#define TALLY_WORDS_MAX 10

static void show_number(enum tui_field_kind kind, double number, struct tui_shown *ret_shown)
{
    char *text = ret_shown->text;
    size_t size = sizeof(ret_shown->text);

    switch (kind) {
    case TUI_FIELD_ID:
        snprintf(text, size, "%.0f", number);
        break;
    case TUI_FIELD_SHARE:
        tui_figure_percent(text, size, number);
        ret_shown->share = number;
        break;
    case TUI_FIELD_US:
        tui_figure_us(text, size, number);
        break;
    case TUI_FIELD_MS:
        tui_figure_age(text, size, number > 0 ? (uint64_t)number : 0);
        break;
    case TUI_FIELD_BYTES:
        tui_figure_bytes(text, size, (uint64_t)number);
        break;
    case TUI_FIELD_CELSIUS:
        snprintf(text, size, "%.0f C", number);
        break;
    case TUI_FIELD_WATT:
        snprintf(text, size, "%.0f W", number);
        break;
    default:
        /* Counts are whole, rates are not. */
        if (number == floor(number))
            tui_figure_count(text, size, (uint64_t)number);
        else
            tui_figure_rate(text, size, number);
        break;
    }
}

void tui_value_show(const struct tui_field *field, const struct tui_value *value,
                    struct tui_shown *ret_shown)
{
    ret_shown->share = NAN;
    ret_shown->role = TUI_ROLE_NORMAL;
    if (field->kind == TUI_FIELD_TEXT) {
        snprintf(ret_shown->text, sizeof(ret_shown->text), "%.*s", TUI_TEXT_SIZE - 1, value->text);
    } else if (isnan(value->number)) {
        snprintf(ret_shown->text, sizeof(ret_shown->text), "-");
        ret_shown->role = TUI_ROLE_DIM;
    } else {
        show_number(field->kind, value->number, ret_shown);
    }
}

/* The column that the list is sorted by; `count` if that is shown in none. */
static size_t sorted_column(const struct tui_table *table, const struct tui_list *list)
{
    size_t i = 0;

    while (i < table->count && table->columns[i].field != list->sort)
        i++;
    return i;
}

static void draw_head(const struct tui_table *table, const struct tui_grid *grid,
                      const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect)
{
    const struct tui_list *list = &app->lists[app->view];
    size_t sorted = sorted_column(table, list);
    bool since = sorted < table->count && table->columns[sorted].since;
    bool falling = tui_list_descending(list, tui_views[app->view].ops) != since;
    bool ascii = app->glyphs == TUI_GLYPHS_ASCII;
    const char *mark = falling ? (ascii ? "v" : "\u25be") : (ascii ? "^" : "\u25b4");

    for (size_t i = 0; i < grid->count; i++) {
        char title[32];
        snprintf(title, sizeof(title), "%s%s", grid->columns[i].title, i == sorted ? mark : "");
        tui_grid_cell(grid, canvas, rect.y, i, TUI_ROLE_TITLE, title);
        tui_zone_add(canvas, (struct tui_rect){rect.y, grid->x[i], 1, grid->width[i]},
                     TUI_ZONE_SORT, (int)grid->columns[i].field, NULL);
    }
    if (grid->hidden > 0) {
        char hidden[24];
        snprintf(hidden, sizeof(hidden), "+%zu", grid->hidden);
        tui_canvas_right(canvas, rect.y, rect.x + rect.cols - 4, 3, TUI_ROLE_DIM, hidden);
    }
}

/* A cell as the table shows it. */
static void show(const struct tui_table *table, const struct tui_app *app, size_t index,
                 size_t column, struct tui_shown *ret_shown)
{
    const struct tui_view_ops *ops = tui_views[app->view].ops;
    size_t field = table->columns[column].field;
    struct tui_value value;

    tui_view_value(ops, app, index, field, &value);
    tui_value_show(&ops->fields[field], &value, ret_shown);
    if (table->adorn)
        table->adorn(app, index, column, ret_shown);
}

/* How wide the columns that are fitted to their rows have to be. All rows count, not those in
 * sight: columns don't move while the list is scrolled. */
static void measure(const struct tui_table *table, const struct tui_app *app,
                    const struct tui_canvas *canvas, int ret_need[TUI_COLUMNS_MAX])
{
    struct tui_shown shown;

    for (size_t column = 0; column < table->count; column++) {
        int fit = table->columns[column].fit;
        ret_need[column] = 0;
        for (size_t row = 0; row < app->row_count && ret_need[column] < fit; row++) {
            show(table, app, app->rows[row], column, &shown);
            int cols = tui_canvas_width(canvas, shown.text);
            if (cols > ret_need[column])
                ret_need[column] = cols;
        }
    }
}

static void draw_row(const struct tui_table *table, const struct tui_grid *grid,
                     const struct tui_app *app, struct tui_canvas *canvas, int y, size_t index)
{
    struct tui_shown shown;

    for (size_t i = 0; i < grid->count; i++) {
        if (grid->width[i] == 0)
            continue;
        show(table, app, index, i, &shown);
        tui_grid_show(grid, canvas, app->glyphs, y, i, &shown);
    }
}

/* Whether the row is marked, and the pointer if it is the selected one. `row` is a place in
 * app->rows. */
static void draw_selected(const struct tui_app *app, struct tui_canvas *canvas,
                          struct tui_rect rect, int y, size_t row)
{
    const struct tui_list *list = &app->lists[app->view];

    if (canvas->zones && row < app->row_count) {
        char id[TUI_NAME_SIZE];
        tui_views[app->view].ops->id(app, app->rows[row], id);
        tui_zone_add(canvas, (struct tui_rect){y, rect.x, 1, rect.cols}, TUI_ZONE_ROW, 0, id);
    }
    if (tui_app_marked(app, row))
        tui_canvas_put(canvas, y, rect.x + 1, L'*', TUI_ROLE_KEY);
    if (list->gone || list->at != row)
        return;
    tui_canvas_put(canvas, y, rect.x, tui_glyphs_pointer(app->glyphs), TUI_ROLE_STRONG);
    tui_canvas_select(canvas, y, rect.x, rect.cols);
}

void tui_table_empty(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect,
                     const char *text)
{
    const char *filter = app->lists[app->view].filter;

    if (filter[0] != 0)
        tui_canvas_print(canvas, rect.y + 1, rect.x + 2, rect.cols - 2, TUI_ROLE_DIM,
                         "nothing matches the filter '%s'; Esc clears it", filter);
    else
        tui_canvas_text(canvas, rect.y + 1, rect.x + 2, rect.cols - 2, TUI_ROLE_DIM, text);
}

/* Words of a field, and how many rows have them. */
struct word {
    char text[TUI_WORD_SIZE];
    double rank;
    size_t count;
};

static size_t collect_words(const struct tui_app *app, size_t field,
                            struct word ret_words[TALLY_WORDS_MAX])
{
    struct tui_value value;
    size_t words = 0;

    for (size_t row = 0; row < app->row_count; row++) {
        size_t i = 0;
        tui_view_value(tui_views[app->view].ops, app, app->rows[row], field, &value);
        while (i < words && strncmp(ret_words[i].text, value.text, TUI_WORD_SIZE - 1) != 0)
            i++;
        if (i == TALLY_WORDS_MAX)
            continue;
        if (i == words) {
            ret_words[words++] = (struct word){.rank = value.number};
            snprintf(ret_words[i].text, TUI_WORD_SIZE, "%.*s", TUI_WORD_SIZE - 1, value.text);
        }
        ret_words[i].count++;
    }
    return words;
}

static int compare_words(const void *a, const void *b)
{
    const struct word *x = a;
    const struct word *y = b;

    return (x->rank > y->rank) - (x->rank < y->rank);
}

/* "1-24 of 53", ending at column x; returns where it begins. */
static int draw_place(const struct tui_app *app, struct tui_canvas *canvas, int y, int x)
{
    const struct tui_list *list = &app->lists[app->view];
    size_t last = list->top + app->page;
    char text[80];

    if (app->row_count <= app->page)
        return x;
    if (last > app->row_count)
        last = app->row_count;
    int cols = snprintf(text, sizeof(text), "%zu-%zu of %zu", list->top + 1, last, app->row_count);
    tui_canvas_text(canvas, y, x - cols, cols, TUI_ROLE_DIM, text);
    return x - cols;
}

static bool has_title(struct tui_rect body)
{
    return body.rows >= TITLE_ROWS_MIN;
}

int tui_table_page(struct tui_rect body)
{
    return body.rows - 1 - has_title(body);
}

struct tui_rect tui_table_title(const struct tui_app *app, struct tui_canvas *canvas,
                                struct tui_rect body, const struct tui_tally *tally,
                                const char *also)
{
    struct word words[TALLY_WORDS_MAX];
    size_t total = app->lists[app->view].total;
    char count[TUI_FIGURE_SIZE];
    int x = body.x + 2;

    if (!has_title(body))
        return body;
    int end = draw_place(app, canvas, body.y, body.x + body.cols - 1) - 2;
    tui_figure_count(count, sizeof(count), app->row_count);
    x += tui_canvas_print(canvas, body.y, x, end - x, TUI_ROLE_STRONG, "%s %s", count,
                          app->row_count == 1 ? tally->one : tally->many);
    if (app->row_count < total)
        x += tui_canvas_print(canvas, body.y, x, end - x, TUI_ROLE_DIM, " of %zu", total);
    size_t found = collect_words(app, tally->field, words);
    qsort(words, found, sizeof(words[0]), compare_words);
    for (size_t i = 0; i < found; i++)
        x += 2 + tui_canvas_print(canvas, body.y, x + 2, end - x - 2, tui_state_role(words[i].text),
                                  "%zu %s", words[i].count, words[i].text);
    if (also)
        tui_canvas_text(canvas, body.y, x + 3, end - x - 3, TUI_ROLE_DIM, also);
    body.y++;
    body.rows--;
    return body;
}

void tui_table_draw(const struct tui_table *table, const struct tui_app *app,
                    struct tui_canvas *canvas, struct tui_rect rect)
{
    const struct tui_list *list = &app->lists[app->view];
    int need[TUI_COLUMNS_MAX];
    struct tui_grid grid;

    measure(table, app, canvas, need);
    tui_grid_layout(&grid, table->columns, table->count, sorted_column(table, list), need,
                    rect.x + 2, rect.cols - 3);
    draw_head(table, &grid, app, canvas, rect);
    rect.y++;
    rect.rows--;
    for (int i = 0; i < rect.rows && list->top + (size_t)i < app->row_count; i++) {
        size_t row = list->top + (size_t)i;
        draw_row(table, &grid, app, canvas, rect.y + i, app->rows[row]);
        draw_selected(app, canvas, rect, rect.y + i, row);
    }
    if (app->row_count == 0)
        tui_table_empty(app, canvas, rect, table->empty);
}
