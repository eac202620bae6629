/* Lines of a text that is longer than its place, and scrolls. */
#ifndef TUI_CONSOLE_VIEWS_PEN_H
#define TUI_CONSOLE_VIEWS_PEN_H

#include "theme/canvas.h"

/* With canvas NULL it only counts. */
struct tui_pen {
    struct tui_canvas *canvas;
    struct tui_rect rect;
    int skip; /* lines above the rectangle */
    int line; /* the next one; the count at the end */
};

void tui_pen_print(struct tui_pen *pen, enum tui_role role, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A text as it is, whose further lines begin at column `indent`. */
void tui_pen_wrap(struct tui_pen *pen, int indent, enum tui_role role, const char *text);

/* A label in its own column, and a text that is wrapped beside it. */
void tui_pen_field(struct tui_pen *pen, const char *label, enum tui_role role, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));

#endif
