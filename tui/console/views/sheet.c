#include "views/sheet.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_COLS 14
#define TABLE_X 2
#define BAR_COLS 20

bool tui_sheet_begin(struct tui_sheet *sheet, int cols, enum tui_glyphs glyphs)
{
    sheet->count = 0;
    sheet->block = 0;
    sheet->section[0] = 0;
    sheet->glyphs = glyphs;
    if (!sheet->lines)
        sheet->lines = calloc(TUI_SHEET_LINES_MAX, sizeof(*sheet->lines));
    if (sheet->lines && sheet->canvas.cols != cols)
        tui_canvas_resize(&sheet->canvas, TUI_SHEET_LINES_MAX, cols);
    sheet->canvas.ascii = glyphs == TUI_GLYPHS_ASCII;
    return sheet->lines && sheet->canvas.cells;
}

void tui_sheet_finish(struct tui_sheet *sheet)
{
    tui_canvas_finish(&sheet->canvas);
    free(sheet->lines);
    memset(sheet, 0, sizeof(*sheet));
}

/* Whether a line of the section has that id already. */
static bool taken(const struct tui_sheet *sheet, const char *id)
{
    for (size_t i = sheet->count; i > 0; i--) {
        if (strcmp(sheet->lines[i - 1].id, id) == 0)
            return true;
    }
    return false;
}

/* The next line, blank. The id is made of the section and what the line is about; lines that have
 * both the same are numbered. */
static int append(struct tui_sheet *sheet, const char *about)
{
    if (!sheet->lines || !sheet->canvas.cells || sheet->count == TUI_SHEET_LINES_MAX)
        return -1;
    struct tui_sheet_line *line = &sheet->lines[sheet->count];
    struct tui_rect rect = {(int)sheet->count, 0, 1, sheet->canvas.cols};

    tui_canvas_fill(&sheet->canvas, rect, TUI_ROLE_NORMAL);
    line->to = TUI_CONTEXT_ANY;
    line->to_id[0] = 0;
    snprintf(line->id, sizeof(line->id), "%.20s/%.32s", sheet->section, about);
    size_t used = strlen(line->id);
    for (size_t n = 2; taken(sheet, line->id); n++)
        snprintf(line->id + used, sizeof(line->id) - used, ".%zu", n);
    return (int)sheet->count++;
}

int tui_sheet_line(struct tui_sheet *sheet, const char *id)
{
    sheet->block = sheet->count;
    return append(sheet, id);
}

void tui_sheet_title(struct tui_sheet *sheet, const char *format, ...)
{
    char text[TUI_TEXT_SIZE];
    va_list args;

    if (sheet->count > 0)
        append(sheet, "end");
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    snprintf(sheet->section, sizeof(sheet->section), "%.*s", TUI_WORD_SIZE - 1, text);
    int y = tui_sheet_line(sheet, "title");
    if (y >= 0)
        tui_canvas_text(&sheet->canvas, y, 0, sheet->canvas.cols, TUI_ROLE_TITLE, text);
}

/* Writes a text from column x on, over as many lines as it takes; the first is there already. */
static void wrap(struct tui_sheet *sheet, int y, int x, const char *about, enum tui_role role,
                 const char *text)
{
    int cols = sheet->canvas.cols - x;
    char part[512];

    while (y >= 0) {
        size_t bytes = tui_canvas_wrap(&sheet->canvas, text, cols > 8 ? cols : 8);
        /* A character wider than the pane must not stop it. */
        if (bytes == 0 && *text != 0)
            break;
        snprintf(part, sizeof(part), "%.*s", (int)bytes, text);
        tui_canvas_text(&sheet->canvas, y, x, cols, role, part);
        text += bytes;
        text += strspn(text, " ");
        if (*text == 0)
            break;
        y = append(sheet, about);
    }
}

void tui_sheet_field(struct tui_sheet *sheet, const char *label, enum tui_role role,
                     const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    int y = tui_sheet_line(sheet, label);
    if (y < 0)
        return;
    tui_canvas_text(&sheet->canvas, y, 0, LABEL_COLS - 2, TUI_ROLE_DIM, label);
    wrap(sheet, y, LABEL_COLS, label, role, text);
}

void tui_sheet_bar(struct tui_sheet *sheet, const char *label, double share, enum tui_role bar,
                   const char *format, ...)
{
    char text[TUI_TEXT_SIZE];
    int cols = sheet->canvas.cols < 80 ? BAR_COLS / 2 : BAR_COLS;
    int x = LABEL_COLS;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    int y = tui_sheet_line(sheet, label);
    if (y < 0)
        return;
    tui_canvas_text(&sheet->canvas, y, 0, LABEL_COLS - 2, TUI_ROLE_DIM, label);
    if (!isnan(share)) {
        tui_glyphs_bar(&sheet->canvas, sheet->glyphs, y, x, cols, bar, share);
        x += cols + 2;
    }
    tui_canvas_text(&sheet->canvas, y, x, sheet->canvas.cols - x, TUI_ROLE_NORMAL, text);
}

void tui_sheet_text(struct tui_sheet *sheet, enum tui_role role, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    wrap(sheet, tui_sheet_line(sheet, "text"), TABLE_X, "text", role, text);
}

void tui_sheet_head(struct tui_sheet *sheet, const struct tui_column *columns, size_t count)
{
    tui_grid_layout(&sheet->grid, columns, count, count, NULL, TABLE_X,
                    sheet->canvas.cols - TABLE_X);
    int y = tui_sheet_line(sheet, "head");
    for (size_t i = 0; y >= 0 && i < sheet->grid.count; i++)
        tui_grid_cell(&sheet->grid, &sheet->canvas, y, i, TUI_ROLE_DIM, columns[i].title);
}

void tui_sheet_row(struct tui_sheet *sheet, const char *id)
{
    tui_sheet_line(sheet, id);
}

void tui_sheet_cell(struct tui_sheet *sheet, size_t column, enum tui_role role, const char *format,
                    ...)
{
    char text[TUI_TEXT_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (sheet->block < sheet->count)
        tui_grid_cell(&sheet->grid, &sheet->canvas, (int)sheet->block, column, role, text);
}

void tui_sheet_cell_bar(struct tui_sheet *sheet, size_t column, double share, const char *text)
{
    struct tui_shown shown = {.role = TUI_ROLE_NORMAL, .share = share};

    snprintf(shown.text, sizeof(shown.text), "%s", text);
    if (sheet->block < sheet->count)
        tui_grid_show(&sheet->grid, &sheet->canvas, sheet->glyphs, (int)sheet->block, column,
                      &shown);
}

void tui_sheet_link(struct tui_sheet *sheet, enum tui_context context, const char *id)
{
    if (id[0] == 0)
        return;
    for (size_t i = sheet->block; i < sheet->count; i++) {
        sheet->lines[i].to = context;
        snprintf(sheet->lines[i].to_id, TUI_NAME_SIZE, "%.*s", TUI_NAME_SIZE - 1, id);
    }
}
