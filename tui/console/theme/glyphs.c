#include "theme/glyphs.h"

#include <math.h>
#include <string.h>
#include <strings.h>

bool tui_glyphs_choose(const char *name, const char *codeset, const char *term,
                       enum tui_glyphs *ret_glyphs)
{
    if (!name || strcmp(name, "auto") == 0) {
        bool utf8 =
            codeset && (strcasecmp(codeset, "UTF-8") == 0 || strcasecmp(codeset, "UTF8") == 0);
        if (!utf8)
            *ret_glyphs = TUI_GLYPHS_ASCII;
        else if (term && strncmp(term, "linux", 5) == 0)
            *ret_glyphs = TUI_GLYPHS_BLOCK;
        else
            *ret_glyphs = TUI_GLYPHS_BRAILLE;
        return true;
    }
    if (strcmp(name, "ascii") == 0)
        *ret_glyphs = TUI_GLYPHS_ASCII;
    else if (strcmp(name, "block") == 0)
        *ret_glyphs = TUI_GLYPHS_BLOCK;
    else if (strcmp(name, "braille") == 0)
        *ret_glyphs = TUI_GLYPHS_BRAILLE;
    else
        return false;
    return true;
}

void tui_glyphs_rule(struct tui_canvas *canvas, enum tui_glyphs glyphs, int y, int x, int cols)
{
    wchar_t ch = glyphs == TUI_GLYPHS_ASCII ? L'-' : L'\u2500';

    for (int i = 0; i < cols; i++)
        tui_canvas_put(canvas, y, x + i, ch, TUI_ROLE_DIM);
}

void tui_glyphs_bar(struct tui_canvas *canvas, enum tui_glyphs glyphs, int y, int x, int cols,
                    enum tui_role role, double share)
{
    if (isnan(share)) {
        tui_canvas_put(canvas, y, x, L'-', TUI_ROLE_DIM);
        return;
    }
    int parts = glyphs == TUI_GLYPHS_ASCII ? 1 : 8;
    int filled = (int)lround(fmin(fmax(share, 0), 1) * cols * parts);
    for (int i = 0; i < cols; i++) {
        int here = filled - i * parts;
        if (here <= 0)
            tui_canvas_put(canvas, y, x + i, L' ', role);
        else if (glyphs == TUI_GLYPHS_ASCII)
            tui_canvas_put(canvas, y, x + i, L'#', role);
        else
            /* U+2588 is the full block, U+258F one eighth of it. */
            tui_canvas_put(canvas, y, x + i, (wchar_t)(0x2590 - (here < 8 ? here : 8)), role);
    }
}

wchar_t tui_glyphs_pointer(enum tui_glyphs glyphs)
{
    return glyphs == TUI_GLYPHS_ASCII ? L'>' : L'\u25b8';
}
