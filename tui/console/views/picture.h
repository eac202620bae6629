/* Pictures in cells: two pixels each where there are colours, shades of grey where there are none.
 */
#ifndef TUI_CONSOLE_VIEWS_PICTURE_H
#define TUI_CONSOLE_VIEWS_PICTURE_H

#include "theme/glyphs.h"

/* 8-bit RGB, (height, width, 3), borrowed. */
struct tui_picture {
    uint32_t width, height;
    const uint8_t *pixels;
};

/*
 * Draws the whole picture into the upper left of the rectangle, as large as fits in its proportions
 * (a cell is taken to be twice as high as wide); a tiny one is enlarged. Returns the rows used.
 * Without `colors`, or in ASCII, brightness becomes shades.
 */
int tui_picture_draw(struct tui_canvas *canvas, struct tui_rect rect, enum tui_glyphs glyphs,
                     bool colors, const struct tui_picture *picture);

#endif
