/*
 * A grid of character cells that views draw on. Only screen.c turns it into terminal output, so a
 * view can be drawn, and looked at, without a terminal.
 */
#ifndef TUI_CONSOLE_THEME_CANVAS_H
#define TUI_CONSOLE_THEME_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

#define TUI_CANVAS_ROWS_MAX 512
#define TUI_CANVAS_COLS_MAX 1024

/* What a cell means; the theme gives it colours and attributes. */
enum tui_role {
#define TUI_ROLE(name, lower, fallback, help) TUI_ROLE_##name,
#include "theme/roles.def"
#undef TUI_ROLE
    TUI_ROLE_COUNT
};

struct tui_cell {
    wchar_t ch; /* 0: the right half of a wide character */
    uint8_t role;
    uint8_t selected;
    uint32_t fg, bg; /* 0xrrggbb, where the role is PIXELS; else 0 */
};

struct tui_canvas {
    int rows, cols;
    bool ascii; /* show every character outside of ASCII as '?' */
    struct tui_cell *cells;
    struct tui_zones *zones; /* theme/zone.h; of the caller, or NULL */
};

struct tui_rect {
    int y, x, rows, cols;
};

/* Makes it rows x cols (clamped to the maxima), blank. False, unchanged, when memory ran out. */
bool tui_canvas_resize(struct tui_canvas *canvas, int rows, int cols);
void tui_canvas_finish(struct tui_canvas *canvas);

void tui_canvas_clear(struct tui_canvas *canvas);

/* NULL outside of the canvas. */
struct tui_cell *tui_canvas_at(struct tui_canvas *canvas, int y, int x);

void tui_canvas_put(struct tui_canvas *canvas, int y, int x, wchar_t ch, enum tui_role role);

/* Two pixels of a picture, 0xrrggbb, one above the other. */
void tui_canvas_pixels(struct tui_canvas *canvas, int y, int x, uint32_t upper, uint32_t lower);

/*
 * Writes UTF-8 text, at most `cols` columns of it, clipped to the canvas. Text that doesn't fit
 * ends in '~', so that a cut name is never taken for a whole one. Returns the columns used.
 */
int tui_canvas_text(struct tui_canvas *canvas, int y, int x, int cols, enum tui_role role,
                    const char *text);

/* As tui_canvas_text with printf's formatting, cut at 511 bytes. */
int tui_canvas_print(struct tui_canvas *canvas, int y, int x, int cols, enum tui_role role,
                     const char *format, ...) __attribute__((format(printf, 6, 7)));

/* As tui_canvas_text, ending at column x + cols. */
int tui_canvas_right(struct tui_canvas *canvas, int y, int x, int cols, enum tui_role role,
                     const char *text);

/* The columns that the text takes, uncut. */
int tui_canvas_width(const struct tui_canvas *canvas, const char *text);

/* The end of the text that `cols` columns hold: of a line that is being typed, and of a path. */
const char *tui_canvas_tail(const struct tui_canvas *canvas, const char *text, int cols);

/* The bytes of the text that fill a line of `cols` columns: up to the last space, or all that fit.
 * Without a canvas (NULL) as on one that shows every character. */
size_t tui_canvas_wrap(const struct tui_canvas *canvas, const char *text, int cols);

/* Blanks a rectangle. */
void tui_canvas_fill(struct tui_canvas *canvas, struct tui_rect rect, enum tui_role role);

/* Marks [x, x + cols) of a row as the selected one. */
void tui_canvas_select(struct tui_canvas *canvas, int y, int x, int cols);

#endif
