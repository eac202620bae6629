/*
 * The text of a detail pane: lines drawn on a canvas of their own, that is as long as the text.
 * Each line has an id, so that the cursor stays on it while values change, and may lead to
 * something.
 */
#ifndef TUI_CONSOLE_VIEWS_SHEET_H
#define TUI_CONSOLE_VIEWS_SHEET_H

#include "keys/keymap.h"
#include "views/grid.h"

#define TUI_SHEET_LINES_MAX TUI_CANVAS_ROWS_MAX

struct tui_sheet_line {
    char id[TUI_NAME_SIZE];
    enum tui_context to; /* what Enter opens; ANY: nothing */
    char to_id[TUI_NAME_SIZE];
};

struct tui_sheet {
    struct tui_canvas canvas;
    enum tui_glyphs glyphs;
    struct tui_sheet_line *lines; /* [TUI_SHEET_LINES_MAX] */
    size_t count;
    size_t block; /* the first line of what was written last: where a link goes */
    char section[TUI_WORD_SIZE];
    struct tui_grid grid; /* of the table that is being written */
};

/* Empties it for a pane of that width. False, and no line can be written, when memory ran out. */
bool tui_sheet_begin(struct tui_sheet *sheet, int cols, enum tui_glyphs glyphs);
void tui_sheet_finish(struct tui_sheet *sheet);

/* A heading, with a blank line above unless it is the first. */
void tui_sheet_title(struct tui_sheet *sheet, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A label in its own column, and a text that is wrapped beside it. */
void tui_sheet_field(struct tui_sheet *sheet, const char *label, enum tui_role role,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same with a bar of `share` (0 to 1) before the text. */
void tui_sheet_bar(struct tui_sheet *sheet, const char *label, double share, enum tui_role bar,
                   const char *format, ...) __attribute__((format(printf, 5, 6)));

/* A line of text that is wrapped. */
void tui_sheet_text(struct tui_sheet *sheet, enum tui_role role, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A table: its headings, then for each row a line whose id is `id` and its cells. */
void tui_sheet_head(struct tui_sheet *sheet, const struct tui_column *columns, size_t count);
void tui_sheet_row(struct tui_sheet *sheet, const char *id);
void tui_sheet_cell(struct tui_sheet *sheet, size_t column, enum tui_role role, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));
void tui_sheet_cell_bar(struct tui_sheet *sheet, size_t column, double share, const char *text);

/* An empty line to draw on; -1 if there is no room for one. */
int tui_sheet_line(struct tui_sheet *sheet, const char *id);

/* What was written last leads to that; an id "" leads nowhere. */
void tui_sheet_link(struct tui_sheet *sheet, enum tui_context context, const char *id);

#endif
