/* Which characters the terminal can show, and bars and rules made of them. */
#ifndef TUI_CONSOLE_THEME_GLYPHS_H
#define TUI_CONSOLE_THEME_GLYPHS_H

#include "theme/canvas.h"

enum tui_glyphs { TUI_GLYPHS_ASCII, TUI_GLYPHS_BLOCK, TUI_GLYPHS_BRAILLE };

/*
 * `name` is "ascii", "block", "braille", or NULL or "auto": ASCII unless the codeset is UTF-8,
 * blocks on the Linux console (`term` begins with "linux"), whose font has no braille, else
 * braille. False, with nothing set, for another name. term may be NULL.
 */
bool tui_glyphs_choose(const char *name, const char *codeset, const char *term,
                       enum tui_glyphs *ret_glyphs);

/* A horizontal rule. */
void tui_glyphs_rule(struct tui_canvas *canvas, enum tui_glyphs glyphs, int y, int x, int cols);

/* A horizontal bar of `cols` columns filled to `share` (0 to 1; NAN draws a dash). */
void tui_glyphs_bar(struct tui_canvas *canvas, enum tui_glyphs glyphs, int y, int x, int cols,
                    enum tui_role role, double share);

/* The mark in front of the selected row. */
wchar_t tui_glyphs_pointer(enum tui_glyphs glyphs);

#endif
