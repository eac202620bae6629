/*
 * Canvas to bytes: what takes a terminal from what it shows to what the canvas says, in as few as
 * is simple. Nothing but the sequences written here (cursor position, erase, attributes) and
 * printable characters comes out, whatever the canvas holds. No terminal is touched.
 */
#ifndef TUI_CONSOLE_TERMINAL_CODEC_PAINT_H
#define TUI_CONSOLE_TERMINAL_CODEC_PAINT_H

#include "terminal/codec/bytes.h"
#include "theme/theme.h"

/* Starts zeroed, then tui_paint_style. */
struct tui_paint {
    struct tui_canvas shown;                /* what the terminal has */
    struct tui_ink inks[2][TUI_ROLE_COUNT]; /* [1]: in the selected row */
    enum tui_depth depth;
    struct tui_ink pen; /* the terminal's present attributes */
    int y, x;           /* where its cursor is; x is -1 where that isn't sure */
    int next_row;       /* where the last frame was cut; 0: it was whole */
    bool unknown;       /* what the terminal shows is not known: everything is to be painted */
};

void tui_paint_finish(struct tui_paint *paint);

/* Takes a theme at a depth; everything is painted anew after it. */
void tui_paint_style(struct tui_paint *paint, const struct tui_theme *theme, enum tui_depth depth);

/* The terminal shows something else than was painted. */
void tui_paint_forget(struct tui_paint *paint);

/*
 * Appends the bytes of a frame, whole rows until there are `bytes_max` of them or more. True if the
 * terminal then shows the canvas, false if rows are left for the next call, which begins with them
 * and may bring another canvas.
 */
bool tui_paint_frame(struct tui_paint *paint, const struct tui_canvas *canvas, size_t bytes_max,
                     struct tui_bytes *out);

#endif
