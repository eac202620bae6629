#include "views/pen.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LABEL_COLS 14

static void pen_text(struct tui_pen *pen, int x, enum tui_role role, const char *text)
{
    int y = pen->line - pen->skip;

    if (pen->canvas && y >= 0 && y < pen->rect.rows)
        tui_canvas_text(pen->canvas, pen->rect.y + y, pen->rect.x + x, pen->rect.cols - x, role,
                        text);
}

void tui_pen_print(struct tui_pen *pen, enum tui_role role, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    pen_text(pen, 0, role, text);
    pen->line++;
}

void tui_pen_field(struct tui_pen *pen, const char *label, enum tui_role role, const char *format,
                   ...)
{
    char text[512];
    char part[512];
    const char *at = text;
    int cols = pen->rect.cols - LABEL_COLS;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (cols < 8)
        cols = 8;
    pen_text(pen, 0, TUI_ROLE_DIM, label);
    do {
        size_t bytes = tui_canvas_wrap(pen->canvas, at, cols);
        snprintf(part, sizeof(part), "%.*s", (int)bytes, at);
        pen_text(pen, LABEL_COLS, role, part);
        pen->line++;
        at += bytes;
        at += strspn(at, " ");
    } while (*at != 0);
}

void tui_pen_wrap(struct tui_pen *pen, int indent, enum tui_role role, const char *text)
{
    char part[512];
    int x = 0;

    do {
        int cols = pen->rect.cols - x < 8 ? 8 : pen->rect.cols - x;
        size_t bytes = tui_canvas_wrap(pen->canvas, text, cols);
        snprintf(part, sizeof(part), "%.*s", (int)bytes, text);
        pen_text(pen, x, role, part);
        pen->line++;
        text += bytes;
        text += strspn(text, " ");
        x = indent;
    } while (*text != 0);
}
