#include "export/export.h"

#include <stdlib.h>
#include <string.h>

#include "text/text.h"

const struct tui_format_row tui_formats[TUI_FORMAT_COUNT] = {
#define TUI_FORMAT(name, lower, suffix, help) {#lower, suffix, help, tui_export_##lower},
#include "export/formats.def"
#undef TUI_FORMAT
};

enum tui_format tui_format_find(const char *name)
{
    int i = 0;

    while (i < TUI_FORMAT_COUNT && strcmp(tui_formats[i].name, name) != 0)
        i++;
    return (enum tui_format)i;
}

enum tui_format tui_format_of_path(const char *path)
{
    size_t len = strlen(path);
    int i = 0;

    for (; i < TUI_FORMAT_COUNT; i++) {
        size_t suffix = strlen(tui_formats[i].suffix);
        if (len > suffix && strcmp(path + len - suffix, tui_formats[i].suffix) == 0)
            break;
    }
    return (enum tui_format)i;
}

char *tui_export(enum tui_format format, const struct tui_app *app, const struct tui_canvas *canvas,
                 const struct tui_theme *theme, size_t *ret_len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_len);

    if (!out)
        return NULL;
    tui_formats[format].write(out, app, canvas, theme);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}

static const struct tui_cell *cell_at(const struct tui_canvas *canvas, int y, int x)
{
    return &canvas->cells[y * canvas->cols + x];
}

int tui_export_cols(const struct tui_canvas *canvas, int y)
{
    int cols = canvas->cols;

    while (cols > 0) {
        const struct tui_cell *cell = cell_at(canvas, y, cols - 1);
        if (cell->ch != L' ' || cell->selected || cell->role == TUI_ROLE_BAR)
            break;
        cols--;
    }
    return cols;
}

int tui_export_run(const struct tui_canvas *canvas, int y, int x, int cols)
{
    const struct tui_cell *first = cell_at(canvas, y, x);

    for (x++; x < cols; x++) {
        const struct tui_cell *cell = cell_at(canvas, y, x);
        if (cell->role != first->role || cell->selected != first->selected ||
            cell->fg != first->fg || cell->bg != first->bg)
            break;
    }
    return x;
}

struct tui_ink tui_export_ink(const struct tui_theme *theme, const struct tui_cell *cell)
{
    struct tui_ink ink;

    if (cell->role == TUI_ROLE_PIXELS)
        return (struct tui_ink){(int)cell->fg, (int)cell->bg, 0};
    ink = tui_theme_ink(theme, TUI_DEPTH_TRUE, (enum tui_role)cell->role, cell->selected);
    if ((ink.attributes & TUI_ATTRIBUTE_REVERSE) != 0) {
        int fg = ink.fg == TUI_COLOR_DEFAULT ? (int)tui_export_text_color(theme) : ink.fg;
        ink.fg = ink.bg == TUI_COLOR_DEFAULT ? (int)tui_export_paper(theme) : ink.bg;
        ink.bg = fg;
        ink.attributes &= (uint8_t)~TUI_ATTRIBUTE_REVERSE;
    }
    return ink;
}

/* Which background a theme was made for shows in what it makes the strongest text. */
static bool is_light(const struct tui_theme *theme)
{
    const struct tui_color *strong = &theme->styles[TUI_ROLE_STRONG].fg;

    return strong->set && tui_color_contrast(strong->rgb, 0xffffff) > 4.5;
}

uint32_t tui_export_paper(const struct tui_theme *theme)
{
    return is_light(theme) ? 0xffffff : 0x14181d;
}

uint32_t tui_export_text_color(const struct tui_theme *theme)
{
    return is_light(theme) ? 0x202020 : 0xd0d0d0;
}

void tui_export_char(FILE *out, wchar_t ch)
{
    char bytes[4];

    fwrite(bytes, 1, tui_text_put(bytes, (uint32_t)ch), out);
}

void tui_export_xml(FILE *out, wchar_t ch)
{
    switch (ch) {
    case L'&':
        fputs("&amp;", out);
        break;
    case L'<':
        fputs("&lt;", out);
        break;
    case L'>':
        fputs("&gt;", out);
        break;
    case L'"':
        fputs("&quot;", out);
        break;
    default:
        tui_export_char(out, ch);
        break;
    }
}
