#include "views/detail.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/line.h"
#include "views/work.h"

enum field { TEXT };

static const struct tui_field fields[] = {
    [TEXT] = {"text", TUI_FIELD_TEXT, false},
    {NULL, TUI_FIELD_TEXT, false},
};

static const struct tui_detail *const details[TUI_CONTEXT_COUNT] = {
#define TUI_DETAIL(context, lower, help) [TUI_CONTEXT_##context] = &tui_detail_##lower,
#include "views/details.def"
#undef TUI_DETAIL
};

const struct tui_detail *tui_detail_of(enum tui_context context)
{
    return details[context];
}

static const char *const names[TUI_CONTEXT_COUNT] = {
#define TUI_DETAIL(context, lower, help) [TUI_CONTEXT_##context] = #lower,
#include "views/details.def"
#undef TUI_DETAIL
};

const char *tui_detail_name(enum tui_context context)
{
    return names[context] ? names[context] : "";
}

enum tui_context tui_detail_find(const char *name)
{
    for (int i = 0; i < TUI_CONTEXT_COUNT; i++) {
        if (names[i] && strcmp(names[i], name) == 0)
            return (enum tui_context)i;
    }
    return TUI_CONTEXT_ANY;
}

/* Room for the pointer, for the mark of a link, and a margin. */
static int text_cols(struct tui_rect body)
{
    return body.cols > 10 ? body.cols - 4 : body.cols;
}

static size_t count(const struct tui_app *app)
{
    const struct tui_detail *detail = tui_detail_of(app->detail);
    struct tui_sheet *sheet = &app->work->sheet;

    if (!detail || !tui_sheet_begin(sheet, text_cols(app->body), app->glyphs))
        return 0;
    detail->write(app, sheet);
    return sheet->count;
}

static void id(const struct tui_app *app, size_t index, char ret_id[TUI_NAME_SIZE])
{
    memcpy(ret_id, app->work->sheet.lines[index].id, TUI_NAME_SIZE);
}

/* The line as it is read, so that a pane can be filtered, too. */
static void value(const struct tui_app *app, size_t index, size_t field,
                  struct tui_value *ret_value)
{
    struct tui_canvas *canvas = &app->work->sheet.canvas;

    (void)field;
    ret_value->room[0] = 0;
    for (int x = 0; x < canvas->cols; x++) {
        wchar_t ch = tui_canvas_at(canvas, (int)index, x)->ch;
        if (ch != 0)
            tui_line_type(ret_value->room, TUI_VALUE_SIZE, (uint32_t)ch);
    }
    ret_value->text = ret_value->room;
    ret_value->number = (double)index; /* lines stay in their order */
}

static void open(const struct tui_app *app, size_t index, enum tui_context *ret_context,
                 char ret_id[TUI_NAME_SIZE])
{
    const struct tui_sheet_line *line = &app->work->sheet.lines[index];

    *ret_context = line->to;
    memcpy(ret_id, line->to_id, TUI_NAME_SIZE);
}

static int page(const struct tui_app *app, struct tui_rect body)
{
    (void)app;
    return body.rows;
}

static void draw_line(const struct tui_app *app, struct tui_canvas *canvas, int y, int x,
                      size_t index)
{
    struct tui_canvas *sheet = &app->work->sheet.canvas;

    for (int i = 0; i < sheet->cols; i++) {
        const struct tui_cell *from = tui_canvas_at(sheet, (int)index, i);
        struct tui_cell *to = tui_canvas_at(canvas, y, x + i);
        if (to)
            *to = *from;
    }
    if (app->work->sheet.lines[index].to != TUI_CONTEXT_ANY)
        tui_canvas_put(canvas, y, x - 1, app->glyphs == TUI_GLYPHS_ASCII ? L'+' : L'\u203a',
                       TUI_ROLE_KEY);
}

static void draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
    const struct tui_list *list = &app->lists[TUI_VIEW_DETAIL];

    for (int i = 0; i < body.rows && list->top + (size_t)i < app->row_count; i++) {
        size_t row = list->top + (size_t)i;
        draw_line(app, canvas, body.y + i, body.x + 2, app->rows[row]);
        if (list->gone || list->at != row)
            continue;
        tui_canvas_put(canvas, body.y + i, body.x, tui_glyphs_pointer(app->glyphs),
                       TUI_ROLE_STRONG);
        /* Only what leads somewhere looks as if it could be pressed. */
        if (app->work->sheet.lines[app->rows[row]].to != TUI_CONTEXT_ANY)
            tui_canvas_select(canvas, body.y + i, body.x, body.cols);
    }
}

static void want(const struct tui_app *app, struct tui_want *ret_want)
{
    const struct tui_detail *detail = tui_detail_of(app->detail);

    if (detail && detail->want)
        detail->want(app, ret_want);
}

const struct tui_view_ops tui_view_detail = {
    .count = count,
    .id = id,
    .fields = fields,
    .value = value,
    .open = open,
    .page = page,
    .draw = draw,
    .want = want,
};
