#include "theme/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "text/text.h"
#include "theme/zone.h"

bool tui_canvas_resize(struct tui_canvas *canvas, int rows, int cols)
{
    rows = rows < 1 ? 1 : rows > TUI_CANVAS_ROWS_MAX ? TUI_CANVAS_ROWS_MAX : rows;
    cols = cols < 1 ? 1 : cols > TUI_CANVAS_COLS_MAX ? TUI_CANVAS_COLS_MAX : cols;
    struct tui_cell *cells = calloc((size_t)rows * (size_t)cols, sizeof(*cells));
    if (!cells)
        return false;
    free(canvas->cells);
    canvas->cells = cells;
    canvas->rows = rows;
    canvas->cols = cols;
    tui_canvas_clear(canvas);
    return true;
}

void tui_canvas_finish(struct tui_canvas *canvas)
{
    free(canvas->cells);
    canvas->cells = NULL;
    canvas->rows = canvas->cols = 0;
}

void tui_canvas_clear(struct tui_canvas *canvas)
{
    struct tui_cell blank = {.ch = L' ', .role = TUI_ROLE_NORMAL};

    for (int i = 0; i < canvas->rows * canvas->cols; i++)
        canvas->cells[i] = blank;
    if (canvas->zones)
        canvas->zones->count = 0;
}

struct tui_cell *tui_canvas_at(struct tui_canvas *canvas, int y, int x)
{
    if (y < 0 || y >= canvas->rows || x < 0 || x >= canvas->cols)
        return NULL;
    return &canvas->cells[y * canvas->cols + x];
}

void tui_canvas_put(struct tui_canvas *canvas, int y, int x, wchar_t ch, enum tui_role role)
{
    struct tui_cell *cell = tui_canvas_at(canvas, y, x);

    if (cell)
        *cell = (struct tui_cell){.ch = ch, .role = (uint8_t)role};
}

/* The character as this canvas can show it, and its columns. */
static wchar_t visible(const struct tui_canvas *canvas, uint32_t cp, int *ret_width)
{
    int width = cp < 0x7f ? 1 : wcwidth((wchar_t)cp);

    *ret_width = 1;
    if (width < 1 || (canvas && canvas->ascii && cp > 0x7e))
        return L'?';
    *ret_width = width;
    return (wchar_t)cp;
}

int tui_canvas_width(const struct tui_canvas *canvas, const char *text)
{
    int total = 0;

    for (uint32_t cp = tui_text_next(&text); cp != 0; cp = tui_text_next(&text)) {
        int width;
        visible(canvas, cp, &width);
        total += width;
    }
    return total;
}

const char *tui_canvas_tail(const struct tui_canvas *canvas, const char *text, int cols)
{
    while (*text && tui_canvas_width(canvas, text) > cols)
        tui_text_next(&text);
    return text;
}

size_t tui_canvas_wrap(const struct tui_canvas *canvas, const char *text, int cols)
{
    const char *at = text;
    size_t space = 0;
    int used = 0;

    for (;;) {
        const char *before = at;
        uint32_t cp = tui_text_next(&at);
        int width;
        if (cp == 0)
            return (size_t)(before - text);
        visible(canvas, cp, &width);
        used += width;
        if (used > cols)
            return cp == ' ' || space == 0 ? (size_t)(before - text) : space;
        if (cp == ' ')
            space = (size_t)(before - text);
    }
}

void tui_canvas_pixels(struct tui_canvas *canvas, int y, int x, uint32_t upper, uint32_t lower)
{
    struct tui_cell *cell = tui_canvas_at(canvas, y, x);

    if (cell)
        *cell = (struct tui_cell){0x2580, TUI_ROLE_PIXELS, 0, upper, lower};
}

int tui_canvas_text(struct tui_canvas *canvas, int y, int x, int cols, enum tui_role role,
                    const char *text)
{
    int used = 0;
    bool cut;

    if (cols <= 0)
        return 0;
    cut = tui_canvas_width(canvas, text) > cols;
    for (uint32_t cp = tui_text_next(&text); cp != 0; cp = tui_text_next(&text)) {
        int width;
        wchar_t ch = visible(canvas, cp, &width);
        if (used + width > (cut ? cols - 1 : cols))
            break;
        /* Half of a wide character at the edge would push the line along. */
        if (x + used + width > canvas->cols)
            break;
        tui_canvas_put(canvas, y, x + used, ch, role);
        if (width == 2)
            tui_canvas_put(canvas, y, x + used + 1, 0, role);
        used += width;
    }
    if (cut && used < cols)
        tui_canvas_put(canvas, y, x + used++, L'~', role);
    return used;
}

int tui_canvas_print(struct tui_canvas *canvas, int y, int x, int cols, enum tui_role role,
                     const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return tui_canvas_text(canvas, y, x, cols, role, text);
}

int tui_canvas_right(struct tui_canvas *canvas, int y, int x, int cols, enum tui_role role,
                     const char *text)
{
    int width = tui_canvas_width(canvas, text);

    if (width < cols)
        return tui_canvas_text(canvas, y, x + cols - width, width, role, text);
    return tui_canvas_text(canvas, y, x, cols, role, text);
}

void tui_canvas_fill(struct tui_canvas *canvas, struct tui_rect rect, enum tui_role role)
{
    for (int y = rect.y; y < rect.y + rect.rows; y++) {
        for (int x = rect.x; x < rect.x + rect.cols; x++)
            tui_canvas_put(canvas, y, x, L' ', role);
    }
}

void tui_canvas_select(struct tui_canvas *canvas, int y, int x, int cols)
{
    for (int i = x; i < x + cols; i++) {
        struct tui_cell *cell = tui_canvas_at(canvas, y, i);
        if (cell)
            cell->selected = 1;
    }
}
