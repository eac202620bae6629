/* Screens as files: what is on the canvas, or, for JSON, what it was drawn from. */
#ifndef TUI_CONSOLE_EXPORT_EXPORT_H
#define TUI_CONSOLE_EXPORT_EXPORT_H

#include <stdio.h>

#include "app/app.h"
#include "theme/theme.h"

enum tui_format {
#define TUI_FORMAT(name, lower, suffix, help) TUI_FORMAT_##name,
#include "export/formats.def"
#undef TUI_FORMAT
    TUI_FORMAT_COUNT
};

struct tui_format_row {
    const char *name, *suffix, *help;
    void (*write)(FILE *out, const struct tui_app *app, const struct tui_canvas *canvas,
                  const struct tui_theme *theme);
};

extern const struct tui_format_row tui_formats[TUI_FORMAT_COUNT];

#define TUI_FORMAT(name, lower, suffix, help)                                                      \
    void tui_export_##lower(FILE *out, const struct tui_app *app, const struct tui_canvas *canvas, \
                            const struct tui_theme *theme);
#include "export/formats.def"
#undef TUI_FORMAT

/* By name, and by the end of a path; TUI_FORMAT_COUNT if there is none of that name. */
enum tui_format tui_format_find(const char *name);
enum tui_format tui_format_of_path(const char *path);

/* The file as text, which the caller frees; NULL when memory ran out. */
char *tui_export(enum tui_format format, const struct tui_app *app, const struct tui_canvas *canvas,
                 const struct tui_theme *theme, size_t *ret_len);

/* The columns of a row up to its last character that can be seen. */
int tui_export_cols(const struct tui_canvas *canvas, int y);

/* One past the cells of a row that look as the one at x does. */
int tui_export_run(const struct tui_canvas *canvas, int y, int x, int cols);

/* How a cell looks, at 24 bits a colour: TUI_COLOR_DEFAULT where that is the terminal's own. */
struct tui_ink tui_export_ink(const struct tui_theme *theme, const struct tui_cell *cell);

/* The colours of a page for the theme: 0xrrggbb. */
uint32_t tui_export_paper(const struct tui_theme *theme);
uint32_t tui_export_text_color(const struct tui_theme *theme);

/* A character as UTF-8, and with &, <, > and quotes written so that XML takes them. */
void tui_export_char(FILE *out, wchar_t ch);
void tui_export_xml(FILE *out, wchar_t ch);

#endif
